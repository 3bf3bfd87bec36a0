"""Hourly housekeeping: files and rows that are no longer needed are deleted."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from storage.errors import StorageError
from storage.files import DiskFiles
from storage.pruning import Pruning
from storage.result_uploads import ResultUploads

HOUR_S = 3600.0
DAY_S = 86_400.0
COPIES_KEPT_S = 14 * DAY_S  # of the database before an upgrade; people may ask to be forgotten

logger = logging.getLogger(__name__)


class Housekeeping:
    """Removes old pictures from disk (after `keep_days`; 0: never), copies and rows."""

    def __init__(
        self,
        result_uploads: ResultUploads,
        files: DiskFiles,
        pruning: Pruning,
        data_dir: Path,
        *,
        keep_days: int,
    ) -> None:
        self._result_uploads = result_uploads
        self._files = files
        self._pruning = pruning
        self._data_dir = data_dir
        self._keep_days = keep_days

    async def run(self) -> None:
        """Now and every hour, until cancelled."""
        while True:
            for chore in (self._remove_files, self._prune, self._remove_copies):
                await self._try(chore)
            await asyncio.sleep(HOUR_S)

    async def _try(self, chore: Callable[[], Awaitable[None]]) -> None:
        try:
            await chore()
        except (StorageError, OSError) as error:
            logger.error("housekeeping failed, retrying in an hour: %s", error)
        except Exception:  # part of the worker's boundary: nothing here must stop the bot
            logger.exception("housekeeping failed, retrying in an hour")

    async def _remove_files(self) -> None:
        """What is still to be delivered or moved stays, however old it is."""
        if not self._keep_days:
            return
        needed = await self._result_uploads.needed_files()
        removed = await asyncio.to_thread(
            self._files.remove_older, self._keep_days * DAY_S, time.time(), needed
        )
        logger.info("%d file(s) older than %d day(s) removed from disk", removed, self._keep_days)

    async def _prune(self) -> None:
        if removed := await self._pruning.prune():
            logger.info("%d row(s) no longer needed removed", removed)

    async def _remove_copies(self) -> None:
        await asyncio.to_thread(self._remove_old_copies)

    def _remove_old_copies(self) -> None:
        for path in self._data_dir.glob("bot.db.before-*"):
            try:
                if path.stat().st_mtime < time.time() - COPIES_KEPT_S:
                    path.unlink()
                    logger.info("%s, from before an upgrade, was removed", path)
            except OSError as error:
                logger.warning("%s is old and cannot be removed: %s", path, error.strerror)
