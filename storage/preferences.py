"""People's preferences, overall and for each product: the tables `preferences`,
`product_preferences` and `awaited_words`."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from storage.database import Database, fetch_one

WORDS_AWAITED_S = 600.0
ALWAYS, NEVER = "always", "never"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What one person set; None where the default applies."""

    model: str | None = None  # a slug; it may not be on sale
    quantity: int | None = None
    ask: str | None = None  # before a charge: ALWAYS or NEVER; None is when in doubt
    language: str | None = None
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by product

    def of(self, product: str) -> Mapping[str, Any]:
        """What they set of a product, by the names in `input`."""
        return self.params.get(product, {})


@dataclass(frozen=True, slots=True)
class Awaited:
    """The setting that a person's next message is for."""

    product: str
    param: str


class PreferenceStore:
    """Reads and keeps what people set."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: int) -> Preferences:
        """What the person set, so far."""
        row = await self._database.fetch_one(SELECT, (user_id,))
        return _preferences(row)

    async def language(self, user_id: int) -> str | None:
        """The language the person chose; None: whatever their Telegram speaks."""
        row = await self._database.fetch_one(
            "SELECT language FROM preferences WHERE user_id = ?", (user_id,)
        )
        return row["language"] if row else None

    async def change(self, user_id: int, **changes: Any) -> None:
        """Set some of a person's own, by the names of `Preferences`; the same again changes
        nothing."""

        def work(tx: sqlite3.Connection) -> None:
            _change(tx, user_id, changes)

        await self._database.write(work)

    async def change_params(self, user_id: int, product: str, params: Mapping[str, Any]) -> None:
        """Set some of what a person can set of a product; None is as if it was never set."""

        def work(tx: sqlite3.Connection) -> None:
            _change_params(tx, user_id, product, params)

        await self._database.write(work)

    async def set_language(self, user_id: int, chosen: str | None, spoken: str) -> None:
        """Set the language; `spoken` is the one that this comes to, for what is said unasked."""

        def work(tx: sqlite3.Connection) -> None:
            _change(tx, user_id, {"language": chosen})
            tx.execute("UPDATE users SET language = ? WHERE user_id = ?", (spoken, user_id))

        await self._database.write(work)

    # --- A negative prompt, say, is written as a message of its own

    async def await_words(
        self, user_id: int, card_message_id: int, awaited: Awaited, asked_at: float
    ) -> None:
        """The person's next words are for this, for a while. Telegram's time, as that of their
        message will be."""
        await self._database.execute(
            "INSERT INTO awaited_words (user_id, card_message_id, asked_at, product, param)"
            " VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET card_message_id = excluded.card_message_id,"
            " asked_at = excluded.asked_at, product = excluded.product, param = excluded.param",
            (user_id, card_message_id, asked_at, awaited.product, awaited.param),
        )

    async def stop_awaiting(self, user_id: int) -> None:
        """The person's next words are a prompt again."""
        await self._database.execute(
            "UPDATE awaited_words SET asked_at = 0 WHERE user_id = ? AND asked_at > 0",
            (user_id,),
        )

    async def awaited(self, user_id: int, message_id: int, sent_at: float) -> Awaited | None:
        """What a message's words are for, or were: it may come again. None: they are a prompt.

        Updates of a chat are handled in order, so what is older than the last answer was handled.
        """
        row = await self._database.fetch_one(
            "SELECT * FROM awaited_words WHERE user_id = ?", (user_id,)
        )
        if row is None or (
            message_id > row["answer_message_id"]
            and abs(sent_at - row["asked_at"]) >= WORDS_AWAITED_S
        ):
            return None
        return Awaited(row["product"], row["param"])

    async def take_words(self, user_id: int, message_id: int, words: str) -> int | None:
        """Keep the words as what they were awaited for and return the message id of the card that
        asked. None, and nothing is changed, when they come again."""

        def work(tx: sqlite3.Connection) -> int | None:
            row = fetch_one(
                tx,
                "UPDATE awaited_words SET asked_at = 0, answer_message_id = ?1"
                " WHERE user_id = ?2 AND answer_message_id < ?1"
                " RETURNING card_message_id, product, param",
                (message_id, user_id),
            )
            if row is None:
                return None
            _change_params(tx, user_id, row["product"], {row["param"]: words})
            return int(row["card_message_id"])

        return await self._database.write(work)


SELECT = (
    "SELECT model, quantity, ask, language, (SELECT json_group_object(product, json(params))"
    " FROM product_preferences WHERE user_id = ?1) AS params FROM preferences WHERE user_id = ?1"
)


def _change(tx: sqlite3.Connection, user_id: int, changes: Mapping[str, Any]) -> None:
    before = _preferences(fetch_one(tx, SELECT, (user_id,)))
    after = replace(before, **changes)
    if after != before:
        tx.execute(
            "INSERT OR REPLACE INTO preferences (user_id, model, quantity, ask, language)"
            " VALUES (?, ?, ?, ?, ?)",
            (user_id, after.model, after.quantity, after.ask, after.language),
        )


def _change_params(
    tx: sqlite3.Connection, user_id: int, product: str, params: Mapping[str, Any]
) -> None:
    tx.execute("INSERT INTO preferences (user_id) VALUES (?) ON CONFLICT DO NOTHING", (user_id,))
    before = _preferences(fetch_one(tx, SELECT, (user_id,))).of(product)
    after = {name: each for name, each in {**before, **params}.items() if each is not None}
    tx.execute(
        "INSERT OR REPLACE INTO product_preferences (user_id, product, params) VALUES (?, ?, ?)",
        (user_id, product, json.dumps(after, ensure_ascii=False)),
    )


def _preferences(row: sqlite3.Row | None) -> Preferences:
    return Preferences(**{**dict(row), "params": json.loads(row["params"])}) if row else UNSET


UNSET = Preferences()
