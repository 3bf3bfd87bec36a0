"""Orders waiting for their sender to confirm them: the table `questions`.

An order is stored, not read from the chat again: Telegram sends a button's message with the one
it replies to, but not with what that one replied to, so the picture would be lost. And the order is
what the card says, whatever was edited or set meanwhile.
"""

import json
import sqlite3
from dataclasses import dataclass

from providers.order import Order, Origin
from storage.database import Database, fetch_one
from storage.errors import InsufficientTokensError
from storage.inputs import forget_held
from storage.jobs import AGAIN_PAUSE_S, SAME_BUTTON, is_placed_in
from storage.ledger import balance_in
from storage.order_rows import COLUMNS, VALUES, order_in, origin_in, row_of

ASKED_FOR_S = 7 * 86_400.0  # an older question is not answered any more
FRESH_S = 3600.0  # of one that a person is likely to think of when they buy tokens


@dataclass(frozen=True, slots=True)
class Question:
    """An order waiting for a yes, with the price per item that was shown."""

    order: Order
    origin: Origin
    price: int
    doubt: bool = False  # asked because the words may be none for a picture

    @property
    def cost(self) -> int:
        """Tokens for all items."""
        return self.order.quantity * self.price


class Questions:
    """Asks about orders, and remembers what was asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, question: Question) -> int | None:
        """Keep an order until it is answered and return its sender's balance.

        None when the message has its job already: it came again, and was answered long since; or
        when another press asked about the same item a moment ago.

        Raises:
            InsufficientTokensError: the balance does not cover it; there is nothing to ask.
        """
        origin = question.origin

        def work(tx: sqlite3.Connection) -> int | None:
            if is_placed_in(tx, self._database.bot_id, origin):
                return None
            now = self._database.now()
            if origin.again_of is not None and fetch_one(
                tx,
                f"SELECT 1 FROM questions WHERE {SAME_BUTTON} AND user_id = :user_id"  # noqa: S608 - our own words
                " AND message_id <> :message_id"
                " AND asked_at BETWEEN :now - :pause_s AND :now + :pause_s",
                {**row_of(question.order, origin), "now": now, "pause_s": AGAIN_PAUSE_S},
            ):
                return None
            balance = balance_in(tx, origin.user_id)
            if balance < question.cost:
                raise InsufficientTokensError(needed=question.cost, balance=balance)
            _keep(tx, question, now)
            # What is asked for in a group is about others; and a word of thanks is likely not what
            # a picture waits for: it waits on until that is drawn.
            if origin.in_private and not question.doubt:
                forget_held(tx, origin.user_id)
            return balance

        return await self._database.write(work)

    async def wait_for_tokens(self, question: Question) -> None:
        """Keep an order that its sender has too few tokens for, to be drawn when they have
        bought some. One whose message has its job by now is not kept."""

        def work(tx: sqlite3.Connection) -> None:
            if not is_placed_in(tx, self._database.bot_id, question.origin):
                _keep(tx, question, self._database.now())

        await self._database.write(work)

    async def get(self, chat_id: int, message_id: int, user_id: int) -> Question | None:
        """What the person was asked about; None: it was answered, is too old, or is not theirs."""
        row = await self._database.fetch_one(
            "SELECT * FROM questions WHERE chat_id = ? AND message_id = ? AND user_id = ?"
            " AND asked_at > ?",
            (chat_id, message_id, user_id, self._database.now() - ASKED_FOR_S),
        )
        return _question(row) if row else None

    async def lacking(self, user_id: int, balance: int) -> tuple[int, int] | None:
        """Chat and message of the last request of a person's that the balance does not cover; None
        where there is none of late."""
        row = await self._database.fetch_one(
            "SELECT chat_id, message_id FROM questions WHERE user_id = ? AND asked_at > ?"
            " AND quantity * price > ? ORDER BY asked_at DESC LIMIT 1",
            (user_id, self._database.now() - FRESH_S, balance),
        )
        return (row["chat_id"], row["message_id"]) if row else None

    async def drop(self, chat_id: int, message_id: int) -> None:
        """Delete a question that was answered."""
        await self._database.execute(
            "DELETE FROM questions WHERE chat_id = ? AND message_id = ?", (chat_id, message_id)
        )


def _keep(tx: sqlite3.Connection, question: Question, now: float) -> None:
    origin = question.origin
    tx.execute(
        "DELETE FROM questions WHERE user_id = ? AND asked_at < ?",
        (origin.user_id, now - ASKED_FOR_S),
    )
    tx.execute(
        f"INSERT OR REPLACE INTO questions ({COLUMNS}, quantity, named, price, doubt,"  # noqa: S608 - our own names
        f" asked_at) VALUES ({VALUES}, :quantity, :named, :price, :doubt, :now)",
        {
            **row_of(question.order, origin),
            "quantity": question.order.quantity,
            "named": json.dumps(sorted(question.order.named)),
            "price": question.price,
            "doubt": question.doubt,
            "now": now,
        },
    )


def _question(row: sqlite3.Row) -> Question:
    named = frozenset(json.loads(row["named"]))
    order = order_in(row, row["quantity"], named)
    return Question(order, origin_in(row), row["price"], bool(row["doubt"]))
