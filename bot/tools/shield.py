"""Steps that must not be torn when the bot is to stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

STOP_S = 3.0  # how long such a step may still take

T = TypeVar("T")


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
