"""Pruning: rows that have outlived their use are deleted, a few hundred at a time.

What else could grow is bounded where it is written: `picture_messages` (storage/jobs.py) and
`handled_updates` (storage/handled_updates.py); of other tables a person has one row each.
"""

from storage.database import Database
from storage.questions import ASKED_FOR_S

WEEK_S = 7 * 86_400.0
MONTH_S = 30 * 86_400.0
BATCH = 500  # a transaction of some milliseconds: nobody's prompt waits for it

# The statement, and for how long its rows are of use.
RULES = (
    (
        (
            "DELETE FROM transfers WHERE order_id IN (SELECT order_id FROM transfers"
            " WHERE state = 'awaiting' AND made_at < ? LIMIT ?)"
        ),
        WEEK_S,
    ),
    (
        (
            "DELETE FROM payment_orders WHERE order_id IN (SELECT order_id FROM payment_orders"
            " AS old WHERE paid_at IS NULL AND made_at < ?"
            " AND NOT EXISTS (SELECT 1 FROM payments WHERE payments.order_id = old.order_id)"
            " AND NOT EXISTS (SELECT 1 FROM transfers WHERE transfers.order_id = old.order_id)"
            " LIMIT ?)"
        ),
        MONTH_S,
    ),
    (
        (
            "DELETE FROM questions WHERE (chat_id, message_id) IN"
            " (SELECT chat_id, message_id FROM questions WHERE asked_at < ? LIMIT ?)"
        ),
        ASKED_FOR_S,
    ),
    (
        (
            "DELETE FROM broadcasts WHERE broadcast_id IN (SELECT broadcast_id FROM broadcasts"
            " WHERE status IN ('asked', 'dropped') AND created_at < ? LIMIT ?)"
        ),
        WEEK_S,
    ),
    (
        (
            "DELETE FROM album_items WHERE (chat_id, message_id) IN"
            " (SELECT chat_id, message_id FROM album_items WHERE received_at < ? LIMIT ?)"
        ),
        WEEK_S,  # an album is used a second after it came; what is left, a fault left
    ),
)


class Pruning:
    """Keeps tables from growing for ever."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prune(self) -> int:
        """Delete rows that have outlived their use; returns how many."""
        removed = 0
        for sql, kept_s in RULES:
            rows = BATCH
            while rows == BATCH:
                rows = await self._database.execute(sql, (self._database.now() - kept_s, BATCH))
                removed += rows
        return removed
