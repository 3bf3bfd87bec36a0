"""Ids of handled updates, by which a repeated update is recognised: the table `handled_updates`."""

import sqlite3
from collections.abc import Iterable

from storage.database import Database

KEPT = 10_000  # Telegram repeats updates for a day at most; few bots get more in one


class HandledUpdates:
    """This bot's, by Telegram's `update_id`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recent(self) -> list[int]:
        """The last ones, oldest first."""
        rows = await self._database.fetch_all(
            "SELECT update_id FROM handled_updates WHERE bot_id = ? ORDER BY number",
            (self._database.bot_id,),
        )
        return [row["update_id"] for row in rows]

    async def remember(self, update_ids: Iterable[int], *, keep: int = KEPT) -> None:
        """Remember these updates, and forget all but the last `keep`; safe to repeat."""

        def work(tx: sqlite3.Connection) -> None:
            tx.executemany(
                "INSERT INTO handled_updates (bot_id, update_id) VALUES (?, ?)"
                " ON CONFLICT DO NOTHING",
                [(self._database.bot_id, update_id) for update_id in update_ids],
            )
            tx.execute(
                "DELETE FROM handled_updates"
                " WHERE number <= (SELECT max(number) FROM handled_updates) - ?",
                (keep,),
            )

        await self._database.write(work)
