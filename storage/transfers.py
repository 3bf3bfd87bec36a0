"""Transfers by hand: paid past Telegram, with a receipt that an admin confirms or refuses."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database, fetch_one
from storage.errors import UnknownPaymentError
from storage.journal import Act, record
from storage.payment_orders import MANUAL, PaymentOrder, make_order, order_in
from storage.payments import Credited, Payments

TRANSFER = "transfer"  # the journal's word


@dataclass(frozen=True, slots=True)
class Transfer:
    """An order paid by hand. Times are Unix seconds."""

    order: PaymentOrder
    state: str  # awaiting (the receipt), open, confirmed, refused
    file_id: str | None  # Telegram's, of the receipt
    sent_as: str | None  # photo, document
    opened_at: float | None
    decided_by: int | None


@dataclass(frozen=True, slots=True)
class Decided:
    """A transfer as it is now; `credited` where it is confirmed. `new` is False for who came too
    late: it had been decided before."""

    transfer: Transfer
    credited: Credited | None
    new: bool


class Transfers:
    """The table `transfers`; named by their orders."""

    def __init__(self, database: Database, payments: Payments) -> None:
        self._database = database
        self._payments = payments

    async def begin(
        self, user_id: int, pack: str, *, language: str, waiting: tuple[int, int] | None = None
    ) -> PaymentOrder:
        """Offer a pack for a transfer; its receipt is awaited, and of no earlier one.

        Raises:
            PackUnavailableError: it is not on sale.
        """

        def work(tx: sqlite3.Connection) -> PaymentOrder:
            now = self._database.now()
            tx.execute("DELETE FROM transfers WHERE user_id = ? AND state = 'awaiting'", (user_id,))
            order = make_order(tx, user_id, pack, MANUAL, language, waiting, now)
            tx.execute(
                "INSERT INTO transfers (order_id, user_id, state, made_at)"
                " VALUES (?, ?, 'awaiting', ?)",
                (order.order_id, user_id, now),
            )
            return order

        return await self._database.write(work)

    async def awaited(
        self, user_id: int, max_age_s: float, file_id: str = ""
    ) -> PaymentOrder | None:
        """The order whose receipt the person's next file may be, begun so long ago at most; or
        whose receipt this very file is, and is not decided on: its update came again."""

        def work(connection: sqlite3.Connection) -> PaymentOrder | None:
            row = fetch_one(
                connection,
                "SELECT order_id FROM transfers"
                " WHERE user_id = ? AND (state = 'awaiting' AND made_at > ?"
                " OR state = 'open' AND file_id = ?) ORDER BY state DESC",
                (user_id, self._database.now() - max_age_s, file_id),
            )
            return order_in(connection, row["order_id"]) if row else None

        return await self._database.read(work)

    async def drop(self, user_id: int) -> None:
        """The person sends no receipt."""
        await self._database.execute(
            "DELETE FROM transfers WHERE user_id = ? AND state = 'awaiting'", (user_id,)
        )

    async def receipt(self, order_id: str, file_id: str, sent_as: str) -> Transfer | None:
        """The receipt has come: the admins are to be asked. None: it was not awaited. The same
        file again, while nobody has decided, is the same receipt."""

        def work(tx: sqlite3.Connection) -> Transfer | None:
            cursor = tx.execute(
                "UPDATE transfers SET state = 'open', file_id = ?, sent_as = ?, opened_at = ?"
                " WHERE order_id = ? AND state = 'awaiting'",
                (file_id, sent_as, self._database.now(), order_id),
            )
            again = fetch_one(
                tx,
                "SELECT 1 FROM transfers WHERE order_id = ? AND state = 'open' AND file_id = ?",
                (order_id, file_id),
            )
            return _transfer_in(tx, order_id) if cursor.rowcount or again else None

        return await self._database.write(work)

    async def open(self, limit: int) -> Sequence[Transfer]:
        """Those that wait for an admin, the oldest first."""

        def work(connection: sqlite3.Connection) -> list[Transfer]:
            rows = connection.execute(
                "SELECT order_id FROM transfers WHERE state = 'open' ORDER BY opened_at LIMIT ?",
                (limit,),
            )
            return [_transfer_in(connection, row["order_id"]) for row in rows.fetchall()]

        return await self._database.read(work)

    async def to_remind_of(self, pause_s: float) -> Sequence[Transfer]:
        """Those that have waited so long since the admins were asked, or reminded; which they
        count as from now on."""

        def work(tx: sqlite3.Connection) -> list[Transfer]:
            now = self._database.now()
            rows = tx.execute(
                "UPDATE transfers SET reminded_at = ?1 WHERE state = 'open'"
                " AND coalesce(reminded_at, opened_at) <= ?1 - ?2 RETURNING order_id",
                (now, pause_s),
            ).fetchall()
            return [_transfer_in(tx, row["order_id"]) for row in rows]

        return await self._database.write(work)

    async def confirm(self, order_id: str, act: Act) -> Decided:
        """The money is there: credit the order; once, whoever presses.

        Raises:
            UnknownPaymentError: no transfer of that order waits, or ever did.
        """
        return await self._decide(order_id, act, "confirmed")

    async def refuse(self, order_id: str, act: Act) -> Decided:
        """The money is not there.

        Raises:
            UnknownPaymentError: no transfer of that order waits, or ever did.
        """
        return await self._decide(order_id, act, "refused")

    async def _decide(self, order_id: str, act: Act, state: str) -> Decided:
        def work(tx: sqlite3.Connection) -> Decided:
            now = self._database.now()
            cursor = tx.execute(
                "UPDATE transfers SET state = ?, decided_at = ?, decided_by = ?"
                " WHERE order_id = ? AND state = 'open'",
                (state, now, act.admin_id, order_id),
            )
            transfer = _transfer_in(tx, order_id)
            if transfer.state == "awaiting":
                raise UnknownPaymentError(order_id)
            new, order = cursor.rowcount == 1, transfer.order
            credited = None
            if transfer.state == "confirmed":
                # Once more it finds the payment that it made.
                credited = self._payments.credit_in(
                    tx,
                    MANUAL,
                    order_id,
                    order_id=order_id,
                    user_id=order.user_id,
                    amount=order.amount,
                    currency=order.currency,
                    credited_by=transfer.decided_by,
                )
            if new:
                record(
                    tx,
                    act,
                    TRANSFER,
                    subject=str(order.user_id),
                    before=order_id,
                    after=state,
                    now=now,
                )
            return Decided(transfer, credited, new)

        return await self._database.write(work)


def _transfer_in(tx: sqlite3.Connection, order_id: str) -> Transfer:
    order = order_in(tx, order_id)
    row = fetch_one(
        tx,
        "SELECT state, file_id, sent_as, opened_at, decided_by FROM transfers WHERE order_id = ?",
        (order_id,),
    )
    if order is None or row is None:
        raise UnknownPaymentError(order_id)
    return Transfer(order, **dict(row))
