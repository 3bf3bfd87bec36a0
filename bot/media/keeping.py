"""Keeping results: from the disk into Supabase, when there is time, for as long as it takes.

Delivery does not wait for this: a result lies on disk as soon as it was fetched, goes to the chat
from there, and is moved beside or after that, across restarts, with growing pauses.
"""

import asyncio
import logging
from collections.abc import Sequence

from bot.media.outbox import FIRST_PAUSE_S, Outbox
from storage.announcements import Announcement, Moved
from storage.errors import StorageError
from storage.files import DiskFiles
from storage.items import Item
from storage.jobs import Jobs
from storage.outbox import ToStore
from storage.supabase import SupabaseStorage

CONTENT_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}

logger = logging.getLogger(__name__)


class Keeper(Outbox[Item]):
    """Moves results into a bucket."""

    def __init__(
        self,
        jobs: Jobs,
        to_store: ToStore,
        files: DiskFiles,
        storage: SupabaseStorage,
        bucket: str,
        *,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        super().__init__(first_pause_s=first_pause_s)
        self._jobs = jobs
        self._to_store = to_store
        self._files = files
        self._storage = storage
        self._bucket = bucket
        self._ended: asyncio.Queue[int] = asyncio.Queue()  # items

    def hear(self, news: Announcement) -> None:
        """There is more to do when a file was fetched, and a copy may be of no more use when its
        picture was delivered."""
        if not isinstance(news, Moved):
            return
        if news.after.file_key != news.before.file_key:
            self.wake()
        if news.after.status.ended:
            self._ended.put_nowait(news.after.item_id)

    async def run(self) -> None:
        """As every outbox; first what an older version gave up for good is taken up again."""
        try:
            await self._take_up_again()
        except StorageError as error:
            logger.error("what was given up before waits for the next start: %s", error)
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run())
            while True:
                await self._tidy(await self._ended.get())

    async def _take_up_again(self) -> None:
        after = 0
        while rows := await self._to_store.given_up(after):
            for item_id, key in rows:
                if await asyncio.to_thread(self._files.has, key):
                    await self._to_store.take_up(item_id)
            after = rows[-1][0]

    async def _due(self, limit: int) -> Sequence[Item]:
        return await self._to_store.due(limit)

    async def _due_in_s(self) -> float | None:
        return await self._to_store.due_in_s()

    async def _do(self, row: Item) -> None:
        assert row.file_key is not None  # noqa: S101 - only such are due
        path = self._files.path(row.file_key)
        try:
            data = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            logger.error("item %d is gone from the disk and was never stored", row.item_id)
            await self._to_store.later(row, None)
            return
        kind = CONTENT_TYPES[path.suffix.removeprefix(".")]
        url = await self._storage.put(self._bucket, row.file_key, data, kind)
        await self._to_store.stored(row, url)
        await self._tidy(row.item_id)

    async def _put_off(self, row: Item, pause_s: float) -> None:
        await self._to_store.later(row, pause_s)

    def _describe(self, row: Item) -> tuple[str, int]:
        return f"item {row.item_id} on disk", row.store_attempts

    async def _tidy(self, item_id: int) -> None:
        """Remove the copy on disk, once the picture is both kept elsewhere and delivered."""
        try:
            item = await self._jobs.item(item_id)
            if item.file_key and item.stored_url and item.status.ended:
                await asyncio.to_thread(self._files.remove, item.file_key)
        except (StorageError, OSError) as error:  # one file too many harms nobody
            logger.warning("item %d may stay on disk: %s", item_id, error)
        except Exception:  # part of the worker's boundary: no file must stop the bot
            logger.exception("item %d may stay on disk", item_id)
