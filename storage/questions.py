"""Requests that wait for their sender's yes: the table `questions`.

Kept here and not read from the chat again: what a button's message replies to comes without what
that replied to in its turn, so the picture would be lost; and what is drawn is what the card says,
whatever was edited or set meanwhile.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from storage.database import Database, fetch_one
from storage.errors import InsufficientTokensError
from storage.inputs import forget_held
from storage.jobs import AGAIN_PAUSE_S
from storage.ledger import balance_in

ASKED_FOR_S = 7 * 86_400.0  # an older question is not answered any more


@dataclass(frozen=True, slots=True)
class PricedRequest:
    """A request as it was understood, with what one image of it costs."""

    chat_id: int
    message_id: int
    user_id: int
    model: str
    prompt: str
    quantity: int
    params: Mapping[str, Any]
    options: Mapping[str, Any]
    named: AbstractSet[str]
    price: int
    language: str
    input_file_id: str | None
    doubt: bool = False  # asked because the words may be none for a picture
    reply_to_message_id: int | None = None  # of what a button asked for
    again_of: int | None = None  # the image that is repeated

    @property
    def reply_to(self) -> int:
        """The message that whatever is said of the request replies to."""
        return self.reply_to_message_id or self.message_id

    @property
    def cost(self) -> int:
        """Tokens for all of it."""
        return self.quantity * self.price


class Questions:
    """Asks about requests, and remembers what was asked."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def ask(self, request: PricedRequest) -> int | None:
        """Keep a request until it is answered and return its sender's balance.

        None when the message has its job already: it came again, and was answered long since; or
        when another press asked about the same image a moment ago.

        Raises:
            InsufficientTokensError: the balance does not cover it; there is nothing to ask.
        """

        def work(tx: sqlite3.Connection) -> int | None:
            if fetch_one(
                tx,
                "SELECT 1 FROM jobs WHERE bot_id = ? AND chat_id = ? AND message_id = ?",
                (self._database.bot_id, request.chat_id, request.message_id),
            ):
                return None
            now = self._now()
            if request.again_of is not None and fetch_one(
                tx,
                "SELECT 1 FROM questions WHERE user_id = ? AND asked_at BETWEEN ? AND ?"
                " AND again_of = ? AND message_id <> ?",
                (
                    request.user_id,
                    now - AGAIN_PAUSE_S,
                    now + AGAIN_PAUSE_S,
                    request.again_of,
                    request.message_id,
                ),
            ):
                return None
            balance = balance_in(tx, request.user_id)
            if balance < request.cost:
                raise InsufficientTokensError(needed=request.cost, balance=balance)
            tx.execute(
                "DELETE FROM questions WHERE user_id = ? AND asked_at < ?",
                (request.user_id, self._now() - ASKED_FOR_S),
            )
            tx.execute(
                "INSERT OR REPLACE INTO questions (chat_id, message_id, user_id, model, prompt,"
                " quantity, params, options, named, price, language, input_file_id, doubt,"
                " reply_to_message_id, again_of, asked_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    request.chat_id,
                    request.message_id,
                    request.user_id,
                    request.model,
                    request.prompt,
                    request.quantity,
                    json.dumps(dict(request.params), ensure_ascii=False),
                    json.dumps(dict(request.options), ensure_ascii=False),
                    json.dumps(sorted(request.named)),
                    request.price,
                    request.language,
                    request.input_file_id,
                    request.doubt,
                    request.reply_to_message_id,
                    request.again_of,
                    self._now(),
                ),
            )
            # What is asked for in a group is about others; and a word of thanks is likely not what
            # a picture waits for: it waits on until that is drawn.
            if request.chat_id == request.user_id and not request.doubt:
                forget_held(tx, request.user_id)
            return balance

        return await self._database.write(work)

    async def get(self, chat_id: int, message_id: int, user_id: int) -> PricedRequest | None:
        """What the person was asked about; None: it was answered, is too old, or is not theirs."""
        row = await self._database.fetch_one(
            "SELECT * FROM questions WHERE chat_id = ? AND message_id = ? AND user_id = ?"
            " AND asked_at > ?",
            (chat_id, message_id, user_id, self._now() - ASKED_FOR_S),
        )
        return _request(row) if row else None

    async def drop(self, chat_id: int, message_id: int) -> None:
        """It was answered."""
        await self._database.execute(
            "DELETE FROM questions WHERE chat_id = ? AND message_id = ?", (chat_id, message_id)
        )


def _request(row: sqlite3.Row) -> PricedRequest:
    fields = {name: row[name] for name in PricedRequest.__slots__}
    return PricedRequest(
        **{
            **fields,
            "params": json.loads(row["params"]),
            "options": json.loads(row["options"]),
            "named": frozenset(json.loads(row["named"])),
            "doubt": bool(row["doubt"]),
        }
    )
