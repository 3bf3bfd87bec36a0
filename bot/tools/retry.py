"""Retries: stamina's in the log, doubling pauses, and writes that must not be lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from storage.errors import StorageBusyError, StorageFullError

MAX_DOUBLINGS = 64  # far beyond any longest pause, and far below what a float can hold
STORAGE_PAUSE_S = 5.0  # until the database is tried again

T = TypeVar("T")
logger = logging.getLogger(__name__)


def _log(details: RetryDetails) -> None:
    error = details.caused_by
    logger.warning(
        "failed, again in %.1f s (retry %d): %s",
        details.wait_for,
        details.retry_num,
        str(error) or type(error).__name__,
    )


set_on_retry_hooks([_log])  # in place of stamina's own, which does not quote the error


def pause_after(attempts: int, *, first_s: float, longest_s: float) -> float:
    """Seconds to wait after so many attempts before this one: doubled each time, to the longest."""
    return min(first_s * 2.0 ** min(attempts, MAX_DOUBLINGS), longest_s)


async def insist(do: Callable[[], Awaitable[T]]) -> T:
    """Repeat it while the disk is full or the database is locked; other errors are raised."""
    while True:
        try:
            return await do()
        except (StorageBusyError, StorageFullError) as error:
            logger.error(
                "the database cannot be written, retrying in %.0f s: %s", STORAGE_PAUSE_S, error
            )
            await asyncio.sleep(STORAGE_PAUSE_S)
