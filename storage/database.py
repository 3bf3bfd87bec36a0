"""The SQLite file: one connection that writes, one that reads, and the migrations."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite

from storage.errors import SchemaError, StorageFullError, storage_error

MIGRATIONS_DIR = Path(__file__).parent / "migrations"
SQLITE_NEEDED = (3, 37)  # STRICT tables; RETURNING is older
BUSY_TIMEOUT_MS = 10_000  # a backup tool may hold the file for some seconds

ROWS = 64  # aiosqlite fetches so many at once

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Outcome = tuple[Any, Exception | None]  # what a work returned, or raised
Params = Sequence[Any] | Mapping[str, Any]

logger = logging.getLogger(__name__)


class Connection(aiosqlite.Connection):
    """aiosqlite's, with a door for more than one statement: each trip to its thread costs as much
    as ten statements there."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns, called in the connection's thread."""
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result


class _Queue:
    """Works for one connection: those that come while it is busy go there together, in one trip.

    `run` does several and returns of each what it returned or raised.
    """

    def __init__(
        self,
        connection: Connection,
        run: Callable[[Sequence[Work[Any]], sqlite3.Connection], Sequence[Outcome]],
    ) -> None:
        self._connection = connection
        self._run = run
        self._waiting: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        self._server: asyncio.Task[None] | None = None

    async def do(self, work: Work[T]) -> T:
        """What the work returns, or raises."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if self._server is None:
            self._server = asyncio.create_task(self._serve())
        try:
            return await done
        except sqlite3.Error as error:
            raise storage_error(error) from error

    async def _serve(self) -> None:
        try:
            while self._waiting:
                # Who was cancelled before the turn came wants nothing any more.
                waiting = [each for each in self._waiting if not each[1].done()]
                self._waiting.clear()
                outcomes = await self._try([work for work, _ in waiting])
                for (_, done), (result, failure) in zip(waiting, outcomes, strict=True):
                    if done.done():
                        continue
                    if failure is None:
                        done.set_result(result)
                    else:
                        done.set_exception(failure)
        finally:
            self._server = None

    async def _try(self, works: Sequence[Work[Any]]) -> Sequence[Outcome]:
        try:
            return await self._connection.run(partial(self._run, works))
        except Exception as error:  # noqa: BLE001 - whole to everybody who waits
            return [(None, error) for _ in works]

    async def settle(self) -> None:
        """Wait until the works that were begun have come to their end."""
        if self._server is not None:
            await asyncio.wait([self._server])


class Database:
    """One connection that writes and one that reads.

    A write is a function that is called in the writer's thread, inside a transaction, and so can
    wait for nothing but the disk. Reads have a connection of their own: under WAL they see what is
    committed and nothing else.
    """

    def __init__(self, writer: Connection, reader: Connection) -> None:
        self._writes = _Queue(writer, _commit)
        self._reads = _Queue(reader, _read)

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[Self]:
        """Open the file, made and brought up to date where needed.

        Raises:
            SchemaError: SQLite is too old, or the file is newer than this program.
            StorageError: the file cannot be opened, or is no database.
        """
        if sqlite3.sqlite_version_info < SQLITE_NEEDED:
            raise SchemaError(f"SQLite 3.37 or newer is needed; this is {sqlite3.sqlite_version}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageFullError(f"{path.parent} cannot be used: {error.strerror}") from error
        try:
            # isolation_level=None: we say BEGIN ourselves.
            connect = partial(sqlite3.connect, path, isolation_level=None)
            writer, reader = Connection(connect, ROWS), Connection(connect, ROWS)
            async with writer, reader:
                for connection in (writer, reader):
                    connection.row_factory = sqlite3.Row
                    await connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
                await writer.execute("PRAGMA journal_mode = WAL")
                await writer.execute("PRAGMA synchronous = FULL")  # money survives a power cut
                await writer.execute("PRAGMA foreign_keys = ON")
                await _migrate(writer)
                await reader.execute("PRAGMA query_only = ON")
                database = cls(writer, reader)
                try:
                    yield database
                finally:
                    await database._writes.settle()
                    await database._reads.settle()
        except sqlite3.Error as error:
            raise storage_error(error) from error

    async def write(self, work: Work[T]) -> T:
        """Call `work` in one transaction; return what it returns, once it is on the disk.

        An exception undoes what this work did. Those that come while the disk is busy share the
        next commit, which costs each of them nothing and the disk one wait in place of many. Who
        is cancelled does not know whether the work was done, as after a crash.
        """
        return await self._writes.do(work)

    async def execute(self, sql: str, params: Params = ()) -> int:
        """Write with one statement; returns how many rows it changed."""
        return await self.write(lambda tx: tx.execute(sql, params).rowcount)

    async def fetch_all(self, sql: str, params: Params = ()) -> list[sqlite3.Row]:
        """Every row of a query over what is committed."""
        return await self._reads.do(lambda connection: connection.execute(sql, params).fetchall())

    async def fetch_one(self, sql: str, params: Params = ()) -> sqlite3.Row | None:
        """The first row of a query over what is committed, or None."""
        rows = await self.fetch_all(sql, params)
        return rows[0] if rows else None


def fetch_one(tx: sqlite3.Connection, sql: str, params: Params = ()) -> sqlite3.Row | None:
    """The first row of a statement inside a transaction, or None."""
    rows = tx.execute(sql, params).fetchall()  # all: RETURNING writes as far as it is read
    return rows[0] if rows else None


def _commit(works: Sequence[Work[Any]], tx: sqlite3.Connection) -> list[Outcome]:
    """Every work between one BEGIN and one COMMIT."""
    try:
        tx.execute("BEGIN IMMEDIATE")
        outcomes = [_save(work, tx) for work in works]
        tx.execute("COMMIT")
    except BaseException:
        tx.rollback()
        raise
    return outcomes


def _save(work: Work[Any], tx: sqlite3.Connection) -> Outcome:
    tx.execute("SAVEPOINT work")
    result, failure = _attempt(work, tx)
    if failure is not None:
        if not tx.in_transaction:  # a full disk, say: SQLite has undone everybody's work
            raise failure
        tx.execute("ROLLBACK TO work")
    tx.execute("RELEASE work")
    return result, failure


def _read(works: Sequence[Work[Any]], connection: sqlite3.Connection) -> list[Outcome]:
    return [_attempt(work, connection) for work in works]


def _attempt(work: Work[Any], connection: sqlite3.Connection) -> Outcome:
    try:
        return work(connection), None
    except Exception as error:  # noqa: BLE001 - to the one whose work it is
        return None, error


async def _migrate(connection: Connection) -> None:
    """Apply `migrations/NNNN_name.sql` newer than PRAGMA user_version, each in one transaction."""
    applied = await connection.run(_version)
    scripts = {int(path.name[:4]): path for path in MIGRATIONS_DIR.glob("*.sql")}
    if applied > max(scripts):
        raise SchemaError(
            f"the database is at version {applied}, this program knows {max(scripts)}:"
            " start the newer program, or a backup from before the upgrade (main.py restore FILE)"
        )
    for number in sorted(scripts):
        if number <= applied:
            continue
        sql = scripts[number].read_text(encoding="utf-8")
        try:
            # executescript() commits whatever is open, so the script brings its own BEGIN and
            # COMMIT, with the version inside: one that fails half-way leaves nothing behind.
            await connection.executescript(
                f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version = {number};\nCOMMIT;"
            )
        except BaseException:
            await asyncio.shield(connection.rollback())
            raise
        logger.info("database migrated to version %d (%s)", number, scripts[number].stem)


def _version(connection: sqlite3.Connection) -> int:
    row = fetch_one(connection, "PRAGMA user_version")
    return int(row[0]) if row else 0
