"""What people set for themselves: the tables `preferences` and `awaited_words`."""

import sqlite3
from dataclasses import astuple, dataclass, replace
from typing import Any

from storage.database import Database, fetch_one

WORDS_AWAITED_S = 600.0
ALWAYS, NEVER = "always", "never"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What one person set; None where they did not, and what holds for everyone holds."""

    model: str | None = None  # a slug; it may not be on sale
    aspect_ratio: str | None = None
    quality: str | None = None
    quantity: int | None = None
    cfg_scale: float | None = None
    negative_prompt: str | None = None
    ask: str | None = None  # before a charge: ALWAYS or NEVER; None is when in doubt
    language: str | None = None


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

    async def change(self, user_id: int, **changes: Any) -> Preferences:
        """Set some, by the names of `Preferences`; the same again changes nothing."""

        def work(tx: sqlite3.Connection) -> Preferences:
            return _change(tx, user_id, **changes)

        return await self._database.write(work)

    async def set_language(self, user_id: int, chosen: str | None, spoken: str) -> None:
        """Set the language; `spoken` is the one that this comes to, for what is said unasked."""

        def work(tx: sqlite3.Connection) -> None:
            _change(tx, user_id, language=chosen)
            tx.execute("UPDATE users SET language = ? WHERE user_id = ?", (spoken, user_id))

        await self._database.write(work)

    # --- A negative prompt is written as a message of its own

    async def await_words(self, user_id: int, card_message_id: int, asked_at: float) -> None:
        """The person's next words are their negative prompt, for a while. Telegram's time, as that
        of their message will be."""
        await self._database.execute(
            "INSERT INTO awaited_words (user_id, card_message_id, asked_at) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET card_message_id = excluded.card_message_id,"
            " asked_at = excluded.asked_at",
            (user_id, card_message_id, asked_at),
        )

    async def stop_awaiting(self, user_id: int) -> None:
        """The person's next words are a prompt again."""
        await self._database.execute(
            "UPDATE awaited_words SET asked_at = 0 WHERE user_id = ? AND asked_at > 0",
            (user_id,),
        )

    async def awaits(self, user_id: int, message_id: int, sent_at: float) -> bool:
        """Whether a message's words are for the negative prompt, or were: it may come again.

        Updates of a chat are handled in order, so what is older than the last answer was handled.
        """
        row = await self._database.fetch_one(
            "SELECT * FROM awaited_words WHERE user_id = ?", (user_id,)
        )
        return row is not None and (
            message_id <= row["answer_message_id"]
            or abs(sent_at - row["asked_at"]) < WORDS_AWAITED_S
        )

    async def take_words(self, user_id: int, message_id: int, words: str) -> int | None:
        """Make the words the negative prompt and return the message id of the card that asked.

        None, and nothing is changed, when they come again.
        """

        def work(tx: sqlite3.Connection) -> int | None:
            row = fetch_one(
                tx,
                "UPDATE awaited_words SET asked_at = 0, answer_message_id = ?1"
                " WHERE user_id = ?2 AND answer_message_id < ?1 RETURNING card_message_id",
                (message_id, user_id),
            )
            if row is None:
                return None
            _change(tx, user_id, negative_prompt=words)
            return int(row["card_message_id"])

        return await self._database.write(work)


COLUMNS = ", ".join(Preferences.__slots__)
SELECT = f"SELECT {COLUMNS} FROM preferences WHERE user_id = ?"  # noqa: S608 - our own names
REPLACE = (
    f"INSERT OR REPLACE INTO preferences (user_id, {COLUMNS})"  # noqa: S608 - our own names
    f" VALUES (?{', ?' * len(Preferences.__slots__)})"
)


def _change(tx: sqlite3.Connection, user_id: int, **changes: Any) -> Preferences:
    before = _preferences(fetch_one(tx, SELECT, (user_id,)))
    after = replace(before, **changes)
    if after != before:
        tx.execute(REPLACE, (user_id, *astuple(after)))
    return after


def _preferences(row: sqlite3.Row | None) -> Preferences:
    return Preferences(**dict(row)) if row else Preferences()
