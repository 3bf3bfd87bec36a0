"""What takes longer than a handler may: a chart, a question to KIE, a long check."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from storage.errors import StorageError

logger = logging.getLogger(__name__)


class Errands:
    """Things that run beside the handlers. What is under way at the end is dropped: the person
    asks again, for nothing of this changes anything."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    def run(self, errand: Coroutine[Any, Any, None], sorry: Callable[[], None]) -> None:
        """Have it done; it answers by itself. `sorry` is called where it could not."""
        task = asyncio.create_task(errand)
        self._under_way.add(task)
        task.add_done_callback(partial(self._over, sorry))

    async def close(self) -> None:
        """Drop what is under way."""
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
