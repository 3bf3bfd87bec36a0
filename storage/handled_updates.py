"""Updates that were dealt with, so that one that comes again is known: `handled_updates`."""

import sqlite3
from collections.abc import Iterable

from storage.database import Database

KEPT = 10_000  # Telegram repeats updates for a day at most; few bots get more in one


class HandledUpdates:
    """One bot's, by Telegram's `update_id`; the last `keep` of them."""

    def __init__(self, database: Database, bot_id: int, *, keep: int = KEPT) -> None:
        self._database = database
        self._bot_id = bot_id
        self.keep = keep

    async def recent(self) -> list[int]:
        """The last ones, oldest first."""
        rows = await self._database.fetch_all(
            "SELECT update_id FROM handled_updates WHERE bot_id = ? ORDER BY number",
            (self._bot_id,),
        )
        return [row["update_id"] for row in rows]

    async def remember(self, update_ids: Iterable[int]) -> None:
        """These were dealt with; safe to repeat."""

        def work(tx: sqlite3.Connection) -> None:
            tx.executemany(
                "INSERT INTO handled_updates (bot_id, update_id) VALUES (?, ?)"
                " ON CONFLICT DO NOTHING",
                [(self._bot_id, update_id) for update_id in update_ids],
            )
            tx.execute(
                "DELETE FROM handled_updates"
                " WHERE number <= (SELECT max(number) FROM handled_updates) - ?",
                (self.keep,),
            )

        await self._database.write(work)
