"""aiosqlite's connection, extended to run a whole function in its thread."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

import aiosqlite

T = TypeVar("T")


class Connection(aiosqlite.Connection):
    """Each trip to a connection's thread costs as much as ten statements there."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns, called in the connection's thread."""
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result
