"""Trying again: stamina's backoff and jitter, in the terms of this bot; and what must be stored."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from storage.errors import StorageBusyError, StorageFullError

MAX_DOUBLINGS = 64  # far beyond any longest pause, and far below what a float can hold
STORAGE_PAUSE_S = 5.0  # until the database is tried again

T = TypeVar("T")
Again = Callable[[Exception], bool | float] | type[Exception] | tuple[type[Exception], ...]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How what may be tried again is tried again; pauses grow from the first to the longest."""

    first_pause_s: float
    max_pause_s: float
    timeout_s: float
    attempts: int | None = None

    def context(self, what: str, on: Again) -> AsyncIterator[Any]:
        """stamina's attempts at `what`, in the log's words; `on`: which errors, or a hook that says
        whether or after how long."""
        return aiter(
            stamina.retry_context(
                on=on,
                attempts=self.attempts,
                timeout=self.timeout_s,
                wait_initial=self.first_pause_s,
                wait_max=self.max_pause_s,
                wait_jitter=self.first_pause_s,
            ).with_name(what, (), {})
        )


def _log(details: RetryDetails) -> None:
    error = details.caused_by
    logger.warning(
        "%s failed, again in %.1f s (retry %d): %s",
        details.name,
        details.wait_for,
        details.retry_num,
        str(error) or type(error).__name__,
    )


set_on_retry_hooks([_log])  # in place of stamina's own, which names neither


def pause_after(attempts: int, *, first_s: float, longest_s: float) -> float:
    """Seconds to wait after so many attempts before this one: doubled each time, to the longest."""
    return min(first_s * 2.0 ** min(attempts, MAX_DOUBLINGS), longest_s)


async def insist(do: Callable[[], Awaitable[T]]) -> T:
    """Do it, however long the disk is full or the database is held; no repeat mends all else."""
    while True:
        try:
            return await do()
        except (StorageBusyError, StorageFullError) as error:
            logger.error("nothing can be stored, again in %.0f s: %s", STORAGE_PAUSE_S, error)
            await asyncio.sleep(STORAGE_PAUSE_S)
