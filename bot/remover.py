"""Removing the files of people who are forgotten: from the disk, and from the buckets."""

import asyncio
import logging
import time
from collections.abc import Callable

from storage.errors import StorageError
from storage.files import DiskFiles
from storage.forgetting import Doomed, Forgetting
from storage.supabase import FileStoreError, SupabaseStorage

AT_ONCE = 50
FIRST_PAUSE_S = 10.0
MAX_PAUSE_S = 3600.0

logger = logging.getLogger(__name__)


class Remover:
    """Goes on across restarts, with growing pauses, until a file is gone."""

    def __init__(
        self,
        forgetting: Forgetting,
        files: DiskFiles,
        supabase: SupabaseStorage | None,
        *,
        first_pause_s: float = FIRST_PAUSE_S,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._forgetting = forgetting
        self._files = files
        self._supabase = supabase
        self._first_pause_s = first_pause_s
        self._now = now
        self._more = asyncio.Event()

    def wake(self) -> None:
        """There are more files to remove."""
        self._more.set()

    async def run(self) -> None:
        """Remove what is due, then wait for more, until cancelled."""
        while True:
            self._more.clear()
            try:
                for doomed in await self._forgetting.due(AT_ONCE):
                    await self._remove(doomed)
                at = await self._forgetting.next_at()
                pause_s = None if at is None else max(at - self._now(), 0.01)
            except StorageError as error:
                logger.error("files of forgotten people wait: %s", error)
                pause_s = self._first_pause_s
            try:
                async with asyncio.timeout(pause_s):
                    await self._more.wait()
            except TimeoutError:
                continue

    async def _remove(self, doomed: Doomed) -> None:
        try:
            if not doomed.place:
                await asyncio.to_thread(self._files.remove, doomed.file_key)
            elif self._supabase is not None:
                await self._supabase.remove(doomed.place, doomed.file_key)
            else:
                raise OSError("Supabase is not set up any more")
        except (FileStoreError, OSError) as error:
            pause_s = min(self._first_pause_s * 2**doomed.attempts, MAX_PAUSE_S)
            logger.warning("a file to be removed is left for %.0f s: %s", pause_s, error)
            await self._forgetting.remove_later(doomed, pause_s)
        else:
            await self._forgetting.removed(doomed)
