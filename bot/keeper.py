"""Keeping results: from the disk into Supabase, when there is time, for as long as it takes.

Delivery does not wait for this: a result lies on disk as soon as it was fetched, goes to the chat
from there, and is moved beside or after that, across restarts, with growing pauses.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from storage.errors import StorageError
from storage.files import DiskFiles
from storage.images import Image
from storage.jobs import Jobs
from storage.supabase import (
    FileStoreError,
    FileStoreRefusedError,
    FileStoreSetupError,
    SupabaseStorage,
)
from storage.to_store import ToStore

FIRST_PAUSE_S = 10.0
MAX_PAUSE_S = 3600.0
AT_ONCE = 3
DAY_S = 86_400.0
HOUR_S = 3600.0
CONTENT_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}

logger = logging.getLogger(__name__)


class Keeper:
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
        self._jobs = jobs
        self._to_store = to_store
        self._files = files
        self._storage = storage
        self._bucket = bucket
        self._first_pause_s = first_pause_s
        self._now = now
        self._more = asyncio.Event()

    def wake(self) -> None:
        """There is a new file."""
        self._more.set()

    async def run(self) -> None:
        """Move what is due, then wait for more, until cancelled."""
        while True:
            self._more.clear()
            try:
                due = await self._to_store.due(AT_ONCE)
                await asyncio.gather(*(self._store(image) for image in due))
                pause_s = 0.0 if due else await self._pause_s()
            except StorageError as error:
                logger.error("results wait on disk: %s", error)
                pause_s = self._first_pause_s
            try:
                async with asyncio.timeout(pause_s):
                    await self._more.wait()
            except TimeoutError:
                continue

    async def _pause_s(self) -> float | None:
        """Seconds until something is due; None: until somebody says so."""
        at = await self._to_store.next_at()
        return None if at is None else max(at - self._now(), 0.01)

    async def _store(self, image: Image) -> None:
        assert image.file_key is not None  # noqa: S101 - only such are due
        path = self._files.path(image.file_key)
        try:
            data = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            logger.error("image %d is gone from the disk and was never stored", image.image_id)
            await self._to_store.later(image, None)
            return
        kind = CONTENT_TYPES[path.suffix.removeprefix(".")]
        try:
            url = await self._storage.put(self._bucket, image.file_key, data, kind)
        except FileStoreError as error:
            await self._not_stored(image, error)
            return
        await self._to_store.stored(image, url)
        await self.tidy(image.image_id)

    async def tidy(self, image_id: int) -> None:
        """Remove the copy on disk, once the picture is both kept elsewhere and delivered."""
        image = await self._jobs.image(image_id)
        if image.file_key and image.stored_url and image.status.ended:
            await asyncio.to_thread(self._files.remove, image.file_key)

    async def _not_stored(self, image: Image, error: FileStoreError) -> None:
        if isinstance(error, FileStoreRefusedError) and not isinstance(error, FileStoreSetupError):
            logger.error("image %d stays on disk: %s; %s", image.image_id, error, error.advice)
            await self._to_store.later(image, None)
            return
        pause_s = min(self._first_pause_s * 2**image.store_attempts, MAX_PAUSE_S)
        logger.warning(
            "image %d waits on disk, again in %.0f s: %s; %s",
            image.image_id,
            pause_s,
            error,
            error.advice,
        )
        await self._to_store.later(image, pause_s)


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
        await asyncio.sleep(HOUR_S)
