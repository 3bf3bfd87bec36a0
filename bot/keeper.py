"""Keeping results: from the disk into Supabase, when there is time, for as long as it takes.

Delivery does not wait for this: a result lies on disk as soon as it was fetched, goes to the chat
from there, and is moved beside or after that, across restarts, with growing pauses.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from bot.outbox import FIRST_PAUSE_S, Outbox
from storage.errors import StorageError
from storage.files import DiskFiles
from storage.images import Image
from storage.jobs import Jobs
from storage.supabase import SupabaseStorage
from storage.to_store import ToStore

DAY_S = 86_400.0
HOUR_S = 3600.0
CONTENT_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}

logger = logging.getLogger(__name__)


class Keeper(Outbox[Image]):
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
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(first_pause_s=first_pause_s, now=now)
        self._jobs = jobs
        self._to_store = to_store
        self._files = files
        self._storage = storage
        self._bucket = bucket

    async def _due(self, limit: int) -> Sequence[Image]:
        return await self._to_store.due(limit)

    async def _next_at(self) -> float | None:
        return await self._to_store.next_at()

    async def _do(self, row: Image) -> None:
        assert row.file_key is not None  # noqa: S101 - only such are due
        path = self._files.path(row.file_key)
        try:
            data = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            logger.error("image %d is gone from the disk and was never stored", row.image_id)
            await self._to_store.later(row, None)
            return
        kind = CONTENT_TYPES[path.suffix.removeprefix(".")]
        url = await self._storage.put(self._bucket, row.file_key, data, kind)
        await self._to_store.stored(row, url)
        await self.tidy(row.image_id)

    async def _put_off(self, row: Image, pause_s: float) -> None:
        await self._to_store.later(row, pause_s)

    def _describe(self, row: Image) -> tuple[str, int]:
        return f"image {row.image_id} on disk", row.store_attempts

    async def tidy(self, image_id: int) -> None:
        """Remove the copy on disk, once the picture is both kept elsewhere and delivered."""
        image = await self._jobs.image(image_id)
        if image.file_key and image.stored_url and image.status.ended:
            try:
                await asyncio.to_thread(self._files.remove, image.file_key)
            except OSError as error:  # one file too many harms nobody
                logger.warning("image %d is stored and stays on disk: %s", image_id, error)


async def clean_up(to_store: ToStore, files: DiskFiles, keep_days: int) -> None:
    """Remove files from disk that are older than so many days, now and every hour; 0: never.

    What is still to be delivered or moved stays, however old it is.
    """
    while keep_days:
        try:
            needed = await to_store.needed_files()
            removed = await asyncio.to_thread(
                files.remove_older, keep_days * DAY_S, time.time(), needed
            )
            logger.info("%d file(s) older than %d day(s) removed from disk", removed, keep_days)
        except (StorageError, OSError) as error:
            logger.error("old files could not be removed, again in an hour: %s", error)
        except Exception:  # part of the worker's boundary: no file must stop the bot
            logger.exception("old files could not be removed, again in an hour")
        await asyncio.sleep(HOUR_S)
