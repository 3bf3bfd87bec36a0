"""Refunds of payments: an outbox of money to be given back, and what went back without us.

The tokens are taken in the transaction that writes the row; whoever empties the outbox then asks
the gateway, as often as it takes. What cannot be taken, for it was spent, is noted as short and
never collected: a balance is never negative (decision 0050).
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database, fetch_one
from storage.errors import (
    ForeignPaymentError,
    InsufficientTokensError,
    UnknownPaymentError,
    UnknownUserError,
)
from storage.journal import Act, record, recorded
from storage.ledger import balance_in, book, take_back
from storage.payment_orders import MANUAL, STARS
from storage.payments import Payment, payment_in, payment_of
from storage.referrals import Reward, undo

REFUND = "payment refund"  # the journal's word
NO_PAUSE_S = 86_400.0  # what is due later than in so long: the clock was put back since


@dataclass(frozen=True, slots=True)
class Refund:
    """Money of one payment on its way back, or gone back."""

    refund_id: int
    payment_id: int
    state: str  # pending, done, failed
    tokens_taken: int
    tokens_short: int  # spent before, and so not taken
    reason: str
    asked_by: int | None  # the admin; None: it was made elsewhere
    pay_to: int | None  # Telegram's id of the payer, while it is pending
    attempts: int
    error: str


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund as it is now, with the payer's balance. `new` is False where nothing was changed;
    `undone` is the reward of who invited the payer, when that was undone just now."""

    refund: Refund
    payment: Payment
    balance: int
    language: str
    undone: Reward | None
    new: bool


class PaymentRefunds:
    """The table `payment_refunds`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, payment_id: int, act: Act, *, reason: str = "", force: bool = False
    ) -> Refunded:
        """Take the payment's tokens and have its money given back; once, until that failed.

        With `force`, also when the person has spent some of them: what is left is taken. A
        transfer by hand goes back by hand, and so is done at once.

        Raises:
            UnknownPaymentError: there is no such payment.
            ForeignPaymentError: the Stars were paid to another bot.
            UnknownUserError: the payer was forgotten, and Telegram would not know to whom.
            InsufficientTokensError: the balance does not cover them; ask the admin.
        """

        def work(tx: sqlite3.Connection) -> Refunded:
            payment = payment_in(tx, payment_id)
            if payment is None:
                raise UnknownPaymentError(str(payment_id))
            last = _last(tx, payment_id)
            if last is not None and (last.state != "failed" or recorded(tx, act)):
                return _refunded(tx, last.refund_id, None, new=False)
            if payment.gateway == STARS and payment.bot_id != self._database.bot_id:
                raise ForeignPaymentError(f"bot {payment.bot_id}")
            if payment.user_id < 0:
                raise UnknownUserError(f"user {payment.user_id}")
            balance, now = balance_in(tx, payment.user_id), self._database.now()
            if balance < payment.tokens and not force:
                raise InsufficientTokensError(needed=payment.tokens, balance=balance)
            refund_id = _begin(tx, payment, reason, act.admin_id, now)
            undone = _end(tx, payment, refund_id, now) if payment.gateway == MANUAL else None
            refunded = _refunded(tx, refund_id, undone, new=True)
            record(
                tx,
                act,
                REFUND,
                subject=str(payment.user_id),
                before=str(balance),
                after=str(refunded.balance),
                now=now,
            )
            return refunded

        return await self._database.write(work)

    async def due(self, limit: int) -> Sequence[tuple[Refund, Payment]]:
        """Refunds that the gateways are to be asked for now."""

        def work(connection: sqlite3.Connection) -> list[tuple[Refund, Payment]]:
            rows = connection.execute(
                f"{REFUNDS} WHERE state = 'pending'"
                " AND (next_attempt_at <= ?1 OR next_attempt_at > ?1 + ?2)"
                " ORDER BY next_attempt_at LIMIT ?3",
                (self._database.now(), NO_PAUSE_S, limit),
            ).fetchall()
            refunds = [Refund(**dict(row)) for row in rows]
            payments = [payment_in(connection, refund.payment_id) for refund in refunds]
            return [
                (refund, payment)
                for refund, payment in zip(refunds, payments, strict=True)
                if payment is not None
            ]

        return await self._database.read(work)

    async def due_in_s(self) -> float | None:
        """Seconds until the next attempt is due; None: there is none."""
        row = await self._database.fetch_one(
            "SELECT min(next_attempt_at) AS at FROM payment_refunds WHERE state = 'pending'"
        )
        return row["at"] - self._database.now() if row and row["at"] is not None else None

    async def again(self, refund_id: int, pause_s: float, error: str) -> None:
        """The gateway's answer was lost, or none: ask again after a pause."""
        await self._database.execute(
            "UPDATE payment_refunds SET attempts = attempts + 1, next_attempt_at = ?, error = ?"
            " WHERE refund_id = ? AND state = 'pending'",
            (self._database.now() + pause_s, error, refund_id),
        )

    async def done(self, refund_id: int) -> Refunded:
        """The money went back. Safe to repeat."""

        def work(tx: sqlite3.Connection) -> Refunded:
            refund, payment = _both(tx, refund_id)
            if refund.state != "pending":
                return _refunded(tx, refund_id, None, new=False)
            undone = _end(tx, payment, refund_id, self._database.now())
            return _refunded(tx, refund_id, undone, new=True)

        return await self._database.write(work)

    async def failed(self, refund_id: int, error: str) -> Refunded:
        """The gateway refused for good: the tokens are given again. Safe to repeat."""

        def work(tx: sqlite3.Connection) -> Refunded:
            return give_up(tx, refund_id, error, self._database.now())

        return await self._database.write(work)

    async def made_elsewhere(self, gateway: str, external_id: str) -> Refunded | None:
        """The gateway tells that a payment's money went back: by a refund of ours, which is done
        then, or without us (a chargeback), which is booked now. None: there is no such payment,
        so it has to be credited first."""

        def work(tx: sqlite3.Connection) -> Refunded | None:
            payment = payment_of(tx, gateway, external_id)
            if payment is None:
                return None
            last, now = _last(tx, payment.payment_id), self._database.now()
            if last is not None and last.state == "done":
                return _refunded(tx, last.refund_id, None, new=False)
            if last is not None and last.state == "pending":
                refund_id = last.refund_id
            else:
                refund_id = _begin(tx, payment, "", None, now)
            return _refunded(tx, refund_id, _end(tx, payment, refund_id, now), new=True)

        return await self._database.write(work)


REFUNDS = (
    "SELECT refund_id, payment_id, state, tokens_taken, tokens_short, reason, asked_by, pay_to,"
    " attempts, error FROM payment_refunds"
)


def give_up(tx: sqlite3.Connection, refund_id: int, error: str, now: float) -> Refunded:
    """End a pending refund whose money does not go back, inside a transaction of the caller's."""
    refund, payment = _both(tx, refund_id)
    if refund.state != "pending":
        return _refunded(tx, refund_id, None, new=False)
    tx.execute(
        "UPDATE payment_refunds SET state = 'failed', pay_to = NULL, next_attempt_at = NULL,"
        " attempts = attempts + 1, error = ?, ended_at = ? WHERE refund_id = ?",
        (error, now, refund_id),
    )
    if refund.tokens_taken:
        key = f"payment_refund_undo:{refund_id}"
        book(tx, payment.user_id, "payment_refund_undo", refund.tokens_taken, key, now)
    return _refunded(tx, refund_id, None, new=True)


def _begin(
    tx: sqlite3.Connection, payment: Payment, reason: str, asked_by: int | None, now: float
) -> int:
    """Write the row and take the tokens, as far as there are."""
    taken = min(payment.tokens, balance_in(tx, payment.user_id))
    cursor = tx.execute(
        "INSERT INTO payment_refunds (payment_id, state, tokens_taken, tokens_short, reason,"
        " asked_by, pay_to, next_attempt_at, made_at) VALUES (?, 'pending', ?, ?, ?, ?, ?, ?, ?)",
        (
            payment.payment_id,
            taken,
            payment.tokens - taken,
            reason,
            asked_by,
            payment.user_id,
            now,
            now,
        ),
    )
    refund_id = int(cursor.lastrowid or 0)  # an INSERT has one
    key = f"payment_refund:{refund_id}"
    take_back(tx, payment.user_id, "payment_refund", payment.tokens, key, now)
    return refund_id


def _end(tx: sqlite3.Connection, payment: Payment, refund_id: int, now: float) -> Reward | None:
    """The money went back."""
    tx.execute(
        "UPDATE payment_refunds SET state = 'done', pay_to = NULL, next_attempt_at = NULL,"
        " ended_at = ? WHERE refund_id = ?",
        (now, refund_id),
    )
    tx.execute(
        "UPDATE payments SET refunded_at = ? WHERE payment_id = ?", (now, payment.payment_id)
    )
    return undo(tx, payment.payment_id, now)


def _last(tx: sqlite3.Connection, payment_id: int) -> Refund | None:
    row = fetch_one(
        tx, f"{REFUNDS} WHERE payment_id = ? ORDER BY refund_id DESC LIMIT 1", (payment_id,)
    )
    return Refund(**dict(row)) if row else None


def _both(tx: sqlite3.Connection, refund_id: int) -> tuple[Refund, Payment]:
    row = fetch_one(tx, f"{REFUNDS} WHERE refund_id = ?", (refund_id,))
    payment = payment_in(tx, row["payment_id"]) if row else None
    if row is None or payment is None:
        raise UnknownPaymentError(f"refund {refund_id}")
    return Refund(**dict(row)), payment


def _refunded(
    tx: sqlite3.Connection, refund_id: int, undone: Reward | None, *, new: bool
) -> Refunded:
    refund, payment = _both(tx, refund_id)
    row = fetch_one(tx, "SELECT language FROM users WHERE user_id = ?", (payment.user_id,))
    balance = balance_in(tx, payment.user_id)
    return Refunded(refund, payment, balance, row["language"] if row else "", undone, new)
