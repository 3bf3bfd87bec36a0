"""aiosqlite's connection, extended to run a whole function in its thread: a bet on its insides."""

import logging
import sqlite3
from collections.abc import Callable
from typing import TypeVar

import aiosqlite

KNOWN = "0.22.1"  # of aiosqlite: whose insides were looked at

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Connection(aiosqlite.Connection):
    """Runs whole functions, because one trip to the connection's thread costs as much as ten
    statements there."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], iter_chunk_size: int) -> None:
        if aiosqlite.__version__ != KNOWN:
            logger.warning(
                "aiosqlite %s is not the %s that %s knows: install that if nothing can be stored",
                *(aiosqlite.__version__, KNOWN, __name__),
            )
        super().__init__(connector, iter_chunk_size)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns, called in the connection's thread."""
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result
