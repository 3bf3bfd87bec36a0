"""Payments: money that came in, each credited once by what its order says.

Every gateway ends in `credit`: it verifies what it was told and hands over its own id of the
payment, by which one that comes twice is known. What fits no order is kept, for the admins.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from storage.database import Database, fetch_one
from storage.ledger import balance_in, book
from storage.payment_orders import STARS, PaymentOrder, order_in
from storage.referrals import ReferralTerms, Reward, promise

SHORT_ID_CHARS = 8


class Problem(StrEnum):
    """Why a payment was kept and not credited."""

    NO_ORDER = "no_order"
    OTHER_PERSON = "other_person"
    OTHER_AMOUNT = "other_amount"


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that somebody paid. Times are Unix seconds."""

    payment_id: int
    bot_id: int
    gateway: str
    external_id: str  # Telegram's charge id
    order_id: str | None
    user_id: int  # who paid; below 0: they were forgotten
    amount: int
    currency: str
    tokens: int  # credited
    problem: Problem | None
    paid_at: float
    refunded_at: float | None
    refund: str | None  # pending or done

    @property
    def short_id(self) -> str:
        """The end of the gateway's id, for people; `Payments.meant` finds the payment by it."""
        return self.external_id.rstrip("=")[-SHORT_ID_CHARS:]


@dataclass(frozen=True, slots=True)
class Credited:
    """A payment as it is booked, with the payer's balance. `new` is False for a repeat; `reward`
    is promised to who invited the payer."""

    payment: Payment
    order: PaymentOrder | None
    balance: int
    language: str
    reward: Reward | None
    new: bool


@dataclass(frozen=True, slots=True)
class StarReading:
    """How far Telegram's list of Star transactions was read, and what that came to."""

    next_offset: int
    stars_in: int
    stars_out: int


class Payments:
    """The tables `payments` and `star_readings`."""

    def __init__(self, database: Database, terms: ReferralTerms) -> None:
        self._database = database
        self._terms = terms

    async def credit(
        self,
        gateway: str,
        external_id: str,
        *,
        order_id: str,
        user_id: int,
        amount: int,
        currency: str,
        language: str = "en",
    ) -> Credited:
        """Book a payment, once for its `external_id`, and credit what the order says.

        Whatever became of the pack since: the money is there. A second payment of an order is a
        second credit. One that fits no order, or was made by another person or of another amount,
        is kept with its `problem` and credits nothing. `language` is for a payer who has no row.
        """
        return await self._database.write(
            lambda tx: self.credit_in(
                tx,
                gateway,
                external_id,
                order_id=order_id,
                user_id=user_id,
                amount=amount,
                currency=currency,
                language=language,
            )
        )

    def credit_in(
        self,
        tx: sqlite3.Connection,
        gateway: str,
        external_id: str,
        *,
        order_id: str,
        user_id: int,
        amount: int,
        currency: str,
        language: str = "en",
        credited_by: int | None = None,
    ) -> Credited:
        """`credit` inside a transaction of the caller's."""
        payment = payment_of(tx, gateway, external_id)
        if payment is not None:
            return _credited(tx, payment, reward=None, new=False)
        order, now = order_in(tx, order_id), self._database.now()
        problem = _problem(order, gateway, user_id, amount, currency)
        tokens = order.tokens if order is not None and problem is None else 0
        tx.execute(
            "INSERT INTO users (user_id, language, created_at) VALUES (?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (user_id, language, now),
        )
        cursor = tx.execute(
            "INSERT INTO payments (bot_id, gateway, external_id, order_id, user_id, amount,"
            " currency, tokens, problem, credited_by, paid_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._database.bot_id,
                gateway,
                external_id,
                order.order_id if order else None,
                user_id,
                amount,
                currency,
                tokens,
                problem or "",
                credited_by,
                now,
            ),
        )
        payment_id, reward = int(cursor.lastrowid or 0), None  # an INSERT has one
        if tokens:
            tx.execute(
                "UPDATE payment_orders SET paid_at = ? WHERE order_id = ? AND paid_at IS NULL",
                (now, order_id),
            )
            book(tx, user_id, "purchase", tokens, f"payment:{payment_id}", now)
            reward = promise(tx, payment_id, user_id, tokens, self._terms, now)
        payment = payment_of(tx, gateway, external_id)
        assert payment is not None  # noqa: S101 - written just now
        return _credited(tx, payment, reward=reward, new=True)

    async def get(self, payment_id: int) -> Payment | None:
        """The payment of that number."""
        return await self._database.read(lambda connection: payment_in(connection, payment_id))

    async def find(self, gateway: str, external_id: str) -> Payment | None:
        """The payment of that gateway and id: a charge of Telegram's."""
        return await self._database.read(
            lambda connection: payment_of(connection, gateway, external_id)
        )

    async def meant(self, word: str) -> Sequence[Payment]:
        """Those of the gateway's id that holds these characters, two at most: `short_id` tells one
        from the others, as good as always."""
        rows = await self._database.fetch_all(
            f"{PAYMENTS} WHERE instr(external_id, ?) ORDER BY payment_id DESC LIMIT 2", (word,)
        )
        return [_payment(row) for row in rows]

    async def of_person(self, user_id: int, limit: int) -> Sequence[Payment]:
        """A person's last payments, the latest first."""
        return await self._database.read(lambda connection: payments_of(connection, user_id, limit))

    async def kept(self, limit: int) -> Sequence[Payment]:
        """Payments that credited nothing and were not given back, the latest first."""
        rows = await self._database.fetch_all(
            f"{PAYMENTS} WHERE problem <> '' AND refunded_at IS NULL"
            " ORDER BY payment_id DESC LIMIT ?",
            (limit,),
        )
        return [_payment(row) for row in rows]

    async def star_reading(self) -> StarReading:
        """Where to read Telegram's list of this bot's transactions on, and what was read."""
        row = await self._database.fetch_one(
            "SELECT next_offset, stars_in, stars_out FROM star_readings WHERE bot_id = ?",
            (self._database.bot_id,),
        )
        return StarReading(**dict(row)) if row else StarReading(0, 0, 0)

    async def read_on(
        self, reading: StarReading, count: int, *, stars_in: int, stars_out: int
    ) -> bool:
        """Note that `count` transactions after `reading` were read and each was booked: among them
        so many Stars paid for invoices, and given back. Returns False, and notes nothing, when
        somebody else has read on meanwhile."""
        bot_id, now = self._database.bot_id, self._database.now()

        def work(tx: sqlite3.Connection) -> bool:
            tx.execute(
                "INSERT INTO star_readings (bot_id, next_offset, stars_in, stars_out, read_at)"
                " VALUES (?, 0, 0, 0, ?) ON CONFLICT DO NOTHING",
                (bot_id, now),
            )
            cursor = tx.execute(
                "UPDATE star_readings SET next_offset = next_offset + ?, stars_in = stars_in + ?,"
                " stars_out = stars_out + ?, read_at = ? WHERE bot_id = ? AND next_offset = ?",
                (count, stars_in, stars_out, now, bot_id, reading.next_offset),
            )
            return cursor.rowcount == 1

        return await self._database.write(work)

    async def booked_stars(self) -> tuple[int, int]:
        """Stars of this bot's payments, and of those the ones that went back: as much as
        `star_reading` has once everything was read."""
        row = await self._database.fetch_one(
            "SELECT coalesce(sum(amount), 0) AS came,"
            " coalesce(sum(amount) FILTER (WHERE refunded_at IS NOT NULL), 0) AS went"
            " FROM payments WHERE gateway = ? AND bot_id = ?",
            (STARS, self._database.bot_id),
        )
        return (row["came"], row["went"]) if row else (0, 0)


PAYMENTS = (
    "SELECT payment_id, bot_id, gateway, external_id, order_id, user_id, amount, currency, tokens,"
    " problem, paid_at, refunded_at, (SELECT state FROM payment_refunds WHERE"
    " payment_refunds.payment_id = payments.payment_id AND state <> 'failed') AS refund"
    " FROM payments"
)


def payment_in(tx: sqlite3.Connection, payment_id: int) -> Payment | None:
    """The payment of that number, as this transaction sees it."""
    row = fetch_one(tx, f"{PAYMENTS} WHERE payment_id = ?", (payment_id,))
    return _payment(row) if row else None


def payments_of(tx: sqlite3.Connection, user_id: int, limit: int) -> list[Payment]:
    """A person's last payments, the latest first."""
    rows = tx.execute(
        f"{PAYMENTS} WHERE user_id = ? ORDER BY payment_id DESC LIMIT ?", (user_id, limit)
    )
    return [_payment(row) for row in rows.fetchall()]


def payment_of(tx: sqlite3.Connection, gateway: str, external_id: str) -> Payment | None:
    """The payment of that gateway and id, as this transaction sees it."""
    row = fetch_one(tx, f"{PAYMENTS} WHERE gateway = ? AND external_id = ?", (gateway, external_id))
    return _payment(row) if row else None


def _payment(row: sqlite3.Row) -> Payment:
    return Payment(**{**dict(row), "problem": Problem(row["problem"]) if row["problem"] else None})


def _problem(
    order: PaymentOrder | None, gateway: str, user_id: int, amount: int, currency: str
) -> Problem | None:
    if order is None or order.gateway != gateway:
        return Problem.NO_ORDER
    if order.user_id != user_id:
        return Problem.OTHER_PERSON
    if (order.amount, order.currency) != (amount, currency):
        return Problem.OTHER_AMOUNT
    return None


def _credited(
    tx: sqlite3.Connection, payment: Payment, *, reward: Reward | None, new: bool
) -> Credited:
    row = fetch_one(tx, "SELECT language FROM users WHERE user_id = ?", (payment.user_id,))
    return Credited(
        payment,
        order_in(tx, payment.order_id) if payment.order_id is not None else None,
        balance_in(tx, payment.user_id),
        row["language"] if row else "",
        reward,
        new,
    )
