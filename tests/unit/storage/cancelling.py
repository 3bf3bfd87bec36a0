"""Cancelling a writer, early or late."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def cancelled_after(turns: int, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Run the work, cancelled after so many turns of the loop; it has ended."""
    task = asyncio.create_task(work)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return task
