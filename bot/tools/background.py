"""Background tasks beside the handlers, and steps that a shutdown must not interrupt."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from storage.errors import StorageError

STOP_S = 3.0  # how long an uninterruptible step may still take

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Background:
    """What takes longer than a handler may: a chart, a question to KIE, a long check. What is under
    way at the end is dropped: the person asks again, for nothing of this changes anything."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    def run(self, errand: Coroutine[Any, Any, None], sorry: Callable[[], None]) -> None:
        """Start it; it answers by itself. `sorry` is called if it fails."""
        task = asyncio.create_task(errand)
        self._under_way.add(task)
        task.add_done_callback(partial(self._over, sorry))

    async def close(self) -> None:
        """Cancel everything that is still running."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _over(self, sorry: Callable[[], None], task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, StorageError):  # a fault of the machine: a line says it all
            logger.error("an answer could not be given: %s", error)
        else:
            logger.error("an answer could not be given", exc_info=error)
        sorry()


async def to_the_end(step: Coroutine[Any, Any, T]) -> T:
    """Run a step whose effect and record belong together: told to stop, finish it first.

    What takes longer than STOP_S is torn after all; the next start knows what to do with it.
    """
    task = asyncio.ensure_future(step)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=STOP_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
