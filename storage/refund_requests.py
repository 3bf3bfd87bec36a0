"""Refund requests: people who want the money of a purchase back, and whether they were answered.

The row is an outbox too: the admins get every request, whatever happens between the press and that.
"""

import sqlite3
from collections.abc import Sequence

from storage.database import Database, fetch_one
from storage.journal import Act, record, recorded
from storage.payments import Payment, payment_in

ANSWER = "refund answer"  # the journal's word


class RefundRequests:
    """The table `refund_requests`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, payment_id: int, user_id: int) -> bool:
        """Ask for the money of a payment of that person's. False: it is not theirs, is on its way
        back, or was asked for and not answered yet."""
        asked = await self._database.execute(
            "INSERT INTO refund_requests (payment_id, asked_at)"
            " SELECT payment_id, ?3 FROM payments WHERE payment_id = ?1 AND user_id = ?2"
            " AND NOT EXISTS (SELECT 1 FROM payment_refunds WHERE payment_refunds.payment_id = ?1"
            " AND state <> 'failed')"
            " ON CONFLICT DO UPDATE SET asked_at = excluded.asked_at, told_at = NULL,"
            " answered_at = NULL WHERE answered_at IS NOT NULL",
            (payment_id, user_id, self._database.now()),
        )
        return asked == 1

    async def untold(self, limit: int) -> Sequence[Payment]:
        """What the admins are to be told of now."""

        def work(connection: sqlite3.Connection) -> list[Payment]:
            rows = connection.execute(
                "SELECT payment_id FROM refund_requests JOIN payments USING (payment_id)"
                " WHERE told_at IS NULL AND user_id > 0 ORDER BY asked_at LIMIT ?",
                (limit,),
            ).fetchall()
            payments = [payment_in(connection, row["payment_id"]) for row in rows]
            return [each for each in payments if each is not None]

        return await self._database.read(work)

    async def told(self, payment_id: int) -> None:
        """The admins have it."""
        await self._database.execute(
            "UPDATE refund_requests SET told_at = ? WHERE payment_id = ? AND told_at IS NULL",
            (self._database.now(), payment_id),
        )

    async def answer(self, payment_id: int, act: Act) -> bool:
        """An admin answers in words, which are not kept. False: that message was handled before."""

        def work(tx: sqlite3.Connection) -> bool:
            if recorded(tx, act) is not None:
                return False
            now = self._database.now()
            before = fetch_one(
                tx, "SELECT answered_at FROM refund_requests WHERE payment_id = ?", (payment_id,)
            )
            tx.execute(
                "UPDATE refund_requests SET answered_at = ? WHERE payment_id = ?", (now, payment_id)
            )
            record(
                tx,
                act,
                ANSWER,
                subject=str(payment_id),
                before="answered" if before and before["answered_at"] else "open",
                after="answered",
                now=now,
            )
            return True

        return await self._database.write(work)

    async def open_of(self, user_id: int) -> set[int]:
        """Those of a person's payments whose request is not answered yet."""
        rows = await self._database.fetch_all(
            "SELECT payment_id FROM payments JOIN refund_requests USING (payment_id)"
            " WHERE user_id = ? AND answered_at IS NULL",
            (user_id,),
        )
        return {row["payment_id"] for row in rows}
