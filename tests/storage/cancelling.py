"""Cancelling a writer in the middle, at a place that is the same every time."""

import asyncio
from collections.abc import Coroutine
from contextlib import ExitStack
from typing import Any, TypeVar
from unittest.mock import patch

import aiosqlite

STATEMENTS = ("execute", "execute_fetchall", "executemany")
T = TypeVar("T")


async def cancelled_at_statement(number: int, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Run the work, cancelled while its statement of that number is on its way; it has ended."""
    task = asyncio.create_task(work)
    count = 0

    def counted(method: Any) -> Any:
        def call(*args: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                task.cancel()
            return method(*args)

        return call

    with ExitStack() as patches:
        for name in STATEMENTS:
            method = getattr(aiosqlite.Connection, name)
            patches.enter_context(patch.object(aiosqlite.Connection, name, counted(method)))
        await asyncio.wait([task])
    return task
