"""The SQLite file: one connection that writes and one that reads."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from storage.connection import Connection
from storage.errors import SchemaError, StorageFullError, storage_error
from storage.migrate import migrate
from storage.owner import claim
from storage.private import make_private_file, make_private_folder

MIGRATIONS_DIR = Path(__file__).parent / "migrations"
SQLITE_NEEDED = (3, 37)  # STRICT tables; RETURNING is older
BUSY_S = 10.0  # a backup tool may hold the file for some seconds
BUSY_STILL_S = 1.0  # who comes when it was held for that long already waits no longer than this
ATTEMPT_S = 0.5  # after which it is looked who waits, and for how long
AGAIN_S = 0.02
SLOW_S = 1.0  # a wait that the log tells of

ROWS = 64  # aiosqlite fetches so many at once

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Outcome = tuple[Any, Exception | None]  # what a work returned, or raised
Params = Sequence[Any] | Mapping[str, Any]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[T]):
    """A function waiting for its turn."""

    work: Work[T]
    done: asyncio.Future[T]
    then: Callable[[T], None] | None = None
    context: Context = field(default_factory=copy_context)  # in which `then` is called
    since: float = field(default_factory=lambda: asyncio.get_running_loop().time())


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
        self._waiting: list[_Waiting[Any]] = []
        self._server: asyncio.Task[None] | None = None

    async def do(self, work: Work[T], then: Callable[[T], None] | None = None) -> T:
        """Run it when its turn comes; return or raise what it does."""
        try:
            return await self.put(work, then)
        except sqlite3.Error as error:
            raise storage_error(error) from error

    def put(self, work: Work[T], then: Callable[[T], None] | None = None) -> asyncio.Future[T]:
        """Queue it, to run when its turn comes."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(work, done, then))
        if self._server is None:
            # In a context of its own: it serves everybody, and not the one who came first.
            self._server = asyncio.create_task(self._serve(), context=Context())
        return done

    async def _serve(self) -> None:
        try:
            while self._waiting:
                # Who was cancelled before the turn came wants nothing any more.
                waiting = [each for each in self._waiting if not each.done.done()]
                self._waiting.clear()
                outcomes = await self._try(waiting)
                for each, (result, failure) in zip(waiting, outcomes, strict=False):
                    if failure is None and each.then is not None:
                        each.context.run(_tell, each.then, result)
                    if each.done.done():
                        continue
                    if failure is None:
                        each.done.set_result(result)
                    else:
                        each.done.set_exception(failure)
        finally:
            self._server = None

    async def _try(self, waiting: Sequence[_Waiting[Any]]) -> Sequence[Outcome]:
        """What became of them, in their order."""
        try:
            return await self._connection.run(partial(self._run, [each.work for each in waiting]))
        except Exception as error:  # noqa: BLE001 - whole to everybody who waits
            return [(None, error) for _ in waiting]

    async def settle(self) -> None:
        """Wait until the functions that have started are finished."""
        if self._server is not None:
            await asyncio.wait([self._server])


class _Writes(_Queue):
    """Works that write. While another program holds the file they wait together, each for BUSY_S at
    most; who comes after that time waits a moment only, so that a person with two writes to be done
    does not wait twice as long."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _commit)
        self._held_since: float | None = None
        self._held_last = 0.0
        self._told = False

    async def _try(self, waiting: Sequence[_Waiting[Any]]) -> Sequence[Outcome]:
        begun = asyncio.get_running_loop().time()
        outcomes = await super()._try(waiting)
        failure = outcomes[0][1] if outcomes else None
        if not (isinstance(failure, sqlite3.OperationalError) and _is_busy(failure)):
            self._note_free()
            return outcomes
        now = asyncio.get_running_loop().time()
        self._note_held(begun, now)
        assert self._held_since is not None  # noqa: S101 - noted just now
        last = self._held_since + BUSY_S
        on: list[_Waiting[Any]] = []
        for each in waiting:
            if now < max(last, each.since + BUSY_STILL_S):
                on.append(each)
            elif not each.done.done():
                each.done.set_exception(failure)
        self._waiting[:0] = on  # before those who came meanwhile
        await asyncio.sleep(AGAIN_S)
        return []

    def _note_held(self, begun: float, now: float) -> None:
        if self._held_since is None or now - self._held_last > BUSY_S:
            self._held_since, self._told = begun, False
        self._held_last = now
        if not self._told and now - self._held_since >= SLOW_S:
            self._told = True
            logger.warning(
                "another program holds the database: prompts are refused after %.0f s of that. Find"
                " it (fuser bot.db; a backup, a browser of databases) and let it end",
                BUSY_S,
            )

    def _note_free(self) -> None:
        if self._held_since is not None and self._told:
            held_s = asyncio.get_running_loop().time() - self._held_since
            logger.warning("the database is unlocked again after %.0f s", held_s)
        self._held_since, self._told = None, False


class Database:
    """One connection that writes and one that reads.

    A write is a function that is called in the writer's thread, inside a transaction, and so can
    wait for nothing but the disk. Reads have a connection of their own: under WAL they see what is
    committed and nothing else. `bot_id` is that of the bot whose data this is; `now` gives Unix
    seconds, by the one clock that all times in it are from.
    """

    def __init__(
        self,
        writer: Connection,
        reader: Connection,
        bot_id: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.bot_id = bot_id
        self.now = clock
        self._writes = _Writes(writer)
        self._reads = _Queue(reader, _read)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, bot_id: int = 0, *, clock: Callable[[], float] = time.time
    ) -> AsyncIterator[Self]:
        """Open the file, made and brought up to date where needed.

        With a bot's id it is that bot's from then on. 0: whose it is does not matter.

        Raises:
            SchemaError: SQLite is too old, or the file is newer than this program.
            ForeignDataError: it is another bot's.
            StorageError: the file cannot be opened, or is no database.
        """
        if sqlite3.sqlite_version_info < SQLITE_NEEDED:
            raise SchemaError(f"SQLite 3.37 or newer is needed; this is {sqlite3.sqlite_version}")
        try:
            make_private_folder(path.parent)
            make_private_file(path)
        except OSError as error:
            raise StorageFullError(f"{error.filename} cannot be used: {error.strerror}") from error
        try:
            # isolation_level=None: we say BEGIN ourselves.
            connect = partial(sqlite3.connect, path, isolation_level=None)
            writer, reader = Connection(connect, ROWS), Connection(connect, ROWS)
            async with writer, reader:
                for connection in (writer, reader):
                    connection.row_factory = sqlite3.Row
                    await connection.execute(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}")
                await writer.execute("PRAGMA journal_mode = WAL")
                await writer.execute("PRAGMA synchronous = FULL")  # money survives a power cut
                await migrate(writer, path, MIGRATIONS_DIR)
                await writer.execute("PRAGMA foreign_keys = ON")
                if bot_id:
                    await writer.run(partial(claim, bot_id))
                await writer.execute(f"PRAGMA busy_timeout = {int(ATTEMPT_S * 1000)}")
                await reader.execute("PRAGMA query_only = ON")
                database = cls(writer, reader, bot_id, clock)
                try:
                    yield database
                finally:
                    await database._writes.settle()
                    await database._reads.settle()
        except sqlite3.Error as error:
            raise storage_error(error) from error

    async def write(self, work: Work[T], then: Callable[[T], None] | None = None) -> T:
        """Call `work` in one transaction; return what it returns, once it is on the disk.

        `then` is called with that in the loop, before this returns, and also where the caller was
        cancelled since.

        An exception undoes what this work did. Those that come while the disk is busy share the
        next commit, which costs each of them nothing and the disk one wait in place of many. Who
        is cancelled does not know whether the work was done, as after a crash.
        """
        return await self._writes.do(work, then)

    def note(self, work: Work[None], what: str) -> None:
        """Write when there is time: nobody waits for it. If it fails, a line in the log says
        `what` was not noted."""
        self._writes.put(work).add_done_callback(partial(_noted, what))

    async def execute(self, sql: str, params: Params = ()) -> int:
        """Write with one statement; returns how many rows it changed."""
        return await self.write(lambda tx: tx.execute(sql, params).rowcount)

    async def fetch_all(self, sql: str, params: Params = ()) -> list[sqlite3.Row]:
        """Every row of a query over what is committed."""
        return await self.read(lambda connection: connection.execute(sql, params).fetchall())

    async def read(self, work: Work[T]) -> T:
        """What a function that only reads returns."""
        return await self._reads.do(work)

    async def fetch_one(self, sql: str, params: Params = ()) -> sqlite3.Row | None:
        """The first row of a query over what is committed, or None."""
        rows = await self.fetch_all(sql, params)
        return rows[0] if rows else None


def fetch_one(tx: sqlite3.Connection, sql: str, params: Params = ()) -> sqlite3.Row | None:
    """The first row of a statement inside a transaction, or None."""
    rows = tx.execute(sql, params).fetchall()  # all: RETURNING writes as far as it is read
    return rows[0] if rows else None


def _tell(then: Callable[[T], None], result: T) -> None:
    try:
        then(result)
    except Exception:  # the rest of the queue has nothing to do with it
        logger.exception("what was written could not be told")


def _noted(what: str, done: asyncio.Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        logger.warning("%s was not stored: %s", what, error)


def _is_busy(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # the rest says why


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
