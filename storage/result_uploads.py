"""Results that are still to be moved from the disk into a bucket: columns of `items`."""

from storage.database import Database
from storage.items import Item, read_item

NO_PAUSE_S = 86_400.0  # what is due later than in so long: the clock was put back since


class ResultUploads:
    """What is to be moved and when, and what must stay on disk till then."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def needed_files(self) -> set[str]:
        """The keys of files that are still to be delivered or moved."""
        rows = await self._database.fetch_all(
            "SELECT file_key FROM items WHERE file_key IS NOT NULL AND store_after IS NOT NULL"
            # The plus keeps SQLite from walking all files in place of the unfinished items.
            " UNION SELECT file_key FROM items WHERE +file_key IS NOT NULL"
            " AND status NOT IN ('delivered', 'failed', 'cancelled')"
            " UNION SELECT file_key FROM items INDEXED BY items_given_up WHERE stored_url IS NULL"
            " AND store_after IS NULL AND store_attempts > 0 AND file_key IS NOT NULL"
        )
        return {row["file_key"] for row in rows}

    async def due(self, limit: int) -> list[Item]:
        """Items whose file is to be moved from disk now, those due longest first."""
        rows = await self._database.fetch_all(
            "SELECT * FROM items WHERE (store_after <= ?1 OR store_after > ?1 + ?2)"
            " AND file_key IS NOT NULL ORDER BY store_after LIMIT ?3",
            (self._database.now(), NO_PAUSE_S, limit),
        )
        return [read_item(row) for row in rows]

    async def due_in_s(self) -> float | None:
        """Seconds until the next file is due to be moved; None: there is none."""
        row = await self._database.fetch_one(
            "SELECT min(store_after) AS at FROM items WHERE store_after IS NOT NULL"
        )
        return row["at"] - self._database.now() if row and row["at"] is not None else None

    async def stored(self, item: Item, url: str) -> None:
        """Store the file's final URL."""
        await self._database.execute(
            "UPDATE items SET stored_url = ?, store_after = NULL"
            " WHERE item_id = ? AND file_key IS ?",
            (url, item.item_id, item.file_key),  # its person may be forgotten meanwhile
        )

    async def given_up(self, after: int, limit: int = 500) -> list[tuple[int, str]]:
        """Items beyond that number, with their files, which were tried and are not tried any more:
        older versions gave up too soon; else the file was gone."""
        rows = await self._database.fetch_all(
            "SELECT item_id, file_key FROM items WHERE store_after IS NULL"
            " AND store_attempts > 0 AND stored_url IS NULL AND file_key IS NOT NULL"
            " AND item_id > ? ORDER BY item_id LIMIT ?",
            (after, limit),
        )
        return [(row["item_id"], row["file_key"]) for row in rows]

    async def take_up(self, item_id: int) -> None:
        """Schedule the file to be moved after all."""
        await self._database.execute(
            "UPDATE items SET store_after = ?, store_attempts = 0 WHERE item_id = ?"
            " AND store_after IS NULL AND stored_url IS NULL AND file_key IS NOT NULL",
            (self._database.now(), item_id),
        )

    async def later(self, item: Item, pause_s: float | None) -> None:
        """It could not be moved: try again after a pause, or never (it stays on disk)."""
        await self._database.execute(
            "UPDATE items SET store_attempts = store_attempts + 1, store_after = ?"
            " WHERE item_id = ? AND file_key IS ?",  # its person may be forgotten meanwhile
            (
                None if pause_s is None else self._database.now() + pause_s,
                item.item_id,
                item.file_key,
            ),
        )
