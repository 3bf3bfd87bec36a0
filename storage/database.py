"""The SQLite file: one connection that writes, one that reads, and the migrations."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiosqlite

from storage.errors import SchemaError, StorageFullError, storage_error

MIGRATIONS_DIR = Path(__file__).parent / "migrations"
SQLITE_NEEDED = (3, 37)  # STRICT tables; RETURNING is older
BUSY_TIMEOUT_MS = 10_000  # a backup tool may hold the file for some seconds

logger = logging.getLogger(__name__)


class Database:
    """One writer at a time: every write goes through `transaction()`.

    aiosqlite runs statements one by one, but coroutines can interleave inside a transaction, so
    the writing connection belongs to whoever holds the lock. Reads have a connection of their
    own: under WAL they see what is committed and nothing else.
    """

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._writer = writer
        self._reader = reader
        self._write_lock = asyncio.Lock()

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
            async with (
                aiosqlite.connect(path, isolation_level=None) as writer,
                aiosqlite.connect(path, isolation_level=None) as reader,
            ):
                for connection in (writer, reader):
                    connection.row_factory = aiosqlite.Row
                    await connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
                await writer.execute("PRAGMA journal_mode = WAL")
                await writer.execute("PRAGMA synchronous = FULL")  # money survives a power cut
                await writer.execute("PRAGMA foreign_keys = ON")
                await _migrate(writer)
                await reader.execute("PRAGMA query_only = ON")
                yield cls(writer, reader)
        except sqlite3.Error as error:
            raise storage_error(error) from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """Commit on success; roll back on any exception, cancellation included.

        Never await the network inside: everybody else's write waits meanwhile.
        """
        async with self._write_lock:
            try:
                await self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                await self._writer.execute("COMMIT")
            except BaseException as error:
                # Shielded: a second Ctrl-C must not leave the transaction open for the next one.
                await asyncio.shield(self._writer.rollback())
                if isinstance(error, sqlite3.Error):
                    raise storage_error(error) from error
                raise

    async def fetch_all(self, sql: str, params: Iterable[Any] = ()) -> list[aiosqlite.Row]:
        """Every row of a query over what is committed."""
        try:
            return list(await self._reader.execute_fetchall(sql, params))
        except sqlite3.Error as error:
            raise storage_error(error) from error

    async def fetch_one(self, sql: str, params: Iterable[Any] = ()) -> aiosqlite.Row | None:
        """The first row of a query over what is committed, or None."""
        rows = await self.fetch_all(sql, params)
        return rows[0] if rows else None


async def fetch_one(
    tx: aiosqlite.Connection, sql: str, params: Iterable[Any] = ()
) -> aiosqlite.Row | None:
    """The first row of a statement inside a transaction, or None."""
    rows = list(await tx.execute_fetchall(sql, params))
    return rows[0] if rows else None


async def _migrate(connection: aiosqlite.Connection) -> None:
    """Apply `migrations/NNNN_name.sql` newer than PRAGMA user_version, each in one transaction."""
    row = await fetch_one(connection, "PRAGMA user_version")
    applied = int(row[0]) if row else 0
    scripts = {int(path.name[:4]): path for path in MIGRATIONS_DIR.glob("*.sql")}
    if applied > max(scripts):
        raise SchemaError(
            f"the database is at version {applied}, this program knows {max(scripts)}:"
            " start the newer program, or restore a copy from before the upgrade"
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
