"""Files that are to be moved or removed: worked off as they fall due, for as long as it takes."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from bot.tools.retry import pause_after
from storage.errors import StorageError
from storage.supabase import FileStoreError

AT_ONCE = 3
FIRST_PAUSE_S = 10.0
MAX_PAUSE_S = 3600.0

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Outbox(ABC, Generic[T]):
    """Goes on across restarts, with growing pauses.

    A row that cannot be dealt with is put off, whatever is wrong with it; the others go on.
    """

    def __init__(self, *, first_pause_s: float = FIRST_PAUSE_S) -> None:
        self._first_pause_s = first_pause_s
        self._more = asyncio.Event()

    def wake(self) -> None:
        """There is more to do."""
        self._more.set()

    async def run(self) -> None:
        """Do what is due, then wait for more, until cancelled."""
        while True:
            self._more.clear()
            pause_s: float | None = self._first_pause_s
            try:
                due = await self._due(AT_ONCE)
                outcomes = await asyncio.gather(
                    *(self._try(row) for row in due), return_exceptions=True
                )
                for error in filter(None, outcomes):  # once all of them have ended
                    raise error
                pause_s = 0.0 if due else await self._pause_s()
            except StorageError as error:
                logger.error("files wait for the database, again in %.0f s: %s", pause_s, error)
            except Exception:  # part of the worker's boundary: no file must stop the bot
                logger.exception("files wait, again in %.0f s", pause_s)
            try:
                async with asyncio.timeout(pause_s):
                    await self._more.wait()
            except TimeoutError:
                continue

    async def _pause_s(self) -> float | None:
        in_s = await self._due_in_s()
        return None if in_s is None else max(in_s, 0.01)

    async def _try(self, row: T) -> None:
        try:
            await self._do(row)
        except StorageError:
            raise
        except Exception as error:
            what, attempts = self._describe(row)
            pause_s = pause_after(attempts, first_s=self._first_pause_s, longest_s=MAX_PAUSE_S)
            if isinstance(error, FileStoreError):
                logger.warning(
                    "%s waits, again in %.0f s: %s; %s", what, pause_s, error, error.advice
                )
            elif isinstance(error, OSError):
                logger.warning("%s waits, again in %.0f s: %s", what, pause_s, error)
            else:
                logger.exception("%s waits, again in %.0f s", what, pause_s)
            await self._put_off(row, pause_s)

    @abstractmethod
    async def _due(self, limit: int) -> Sequence[T]:
        """What is to be done now."""

    @abstractmethod
    async def _due_in_s(self) -> float | None:
        """Seconds until the next is due; None: there is nothing to do."""

    @abstractmethod
    async def _do(self, row: T) -> None:
        """Deal with one of them, and note that it is done."""

    @abstractmethod
    async def _put_off(self, row: T, pause_s: float) -> None:
        """It did not work: count that, and again after a pause."""

    @abstractmethod
    def _describe(self, row: T) -> tuple[str, int]:
        """A row's name in the log, and how often it was tried in vain."""
