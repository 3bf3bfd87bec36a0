"""Backup and inspection of the database from outside, also while the bot runs.

Nothing here writes to it: the connections are read-only. SQLite may leave `bot.db-wal` and
`bot.db-shm` beside it, as for every reader; the next start of the bot picks them up.
"""

import asyncio
import os
import sqlite3
import tarfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from storage.audit import broken_invariants
from storage.catalogue import Catalogue, Model
from storage.connection import Connection
from storage.database import MIGRATIONS_DIR, ROWS, Database
from storage.errors import StorageError, storage_error
from storage.kie_models import KieModel, KieModels
from storage.migrate import scripts_in
from storage.owner import owner_of
from storage.payments import Payments, StarReading
from storage.referrals import ReferralTerms
from storage.stats import Stats, Taken

BUSY_TIMEOUT_S = 10.0
DATABASE_MEMBER, FILES_MEMBER = "bot.db", "files"  # of an archive
PAGES_A_STEP = 256  # 1 MB; between two steps a copy can be given up
GIVEN_UP = "the copy was given up"
STEPS_A_LOOK = 10_000  # of SQLite's machine: some milliseconds


class BackupError(StorageError):
    """There is no copy, and nothing was left behind; the text is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """The result of inspecting a database.

    `version` is the file's, `newest` the one that a start of this program brings it to. `damage`
    is in SQLite's words; where there is any, or the version is not the newest, nothing further was
    asked. `broken` has a line for each broken invariant, `unfinished` counts items by state.
    """

    version: int
    newest: int
    damage: Sequence[str]
    broken: Sequence[str] = ()
    unfinished: Mapping[str, int] | None = None
    owner: int | None = None  # the id of the bot whose it is


async def inspect(path: Path) -> Inspection:
    """Check the whole file, without migrating it.

    Raises:
        StorageError: it cannot be opened, or is no database.
    """
    async with _read(path) as database:
        return await _inspect(database)


async def on_sale(path: Path) -> tuple[list[Model], list[KieModel]]:
    """The models on sale, and what KIE said of its own when it was last asked.

    Raises:
        StorageError: the file cannot be opened, or is no database of this version.
    """
    async with _read(path) as database:
        rows = [each for each in await Catalogue(database).all() if each.enabled]
        return rows, await KieModels(database).all()


async def taken(path: Path) -> dict[str, Taken]:
    """What KIE took of late for an item of each model.

    Raises:
        StorageError: the file cannot be opened, or is no database of this version.
    """
    async with _read(path) as database:
        return await Stats(database).taken()


@dataclass(frozen=True, slots=True)
class StarBooks:
    """Stars of a bot that are booked: those that came, and of them the ones that went back; and
    how far Telegram's own list was read."""

    came: int
    went: int
    reading: StarReading


async def star_books(path: Path, bot_id: int) -> StarBooks:
    """What is booked of the Stars that were paid to the bot.

    Raises:
        StorageError: the file cannot be opened, or is no database of this version.
    """
    async with _read(path, bot_id) as database:
        payments = Payments(database, ReferralTerms())
        reading = await payments.star_reading()  # first: what is booked meanwhile is in both
        return StarBooks(*await payments.booked_stars(), reading)


@asynccontextmanager
async def _read(path: Path, bot_id: int = 0) -> AsyncIterator[Database]:
    try:
        connect = partial(
            sqlite3.connect,
            _for_reading(path),
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
        )
        reader = Connection(connect, ROWS)
        async with reader:
            reader.row_factory = sqlite3.Row
            try:
                yield Database(reader, reader, bot_id)
            finally:
                # A query hears nothing of a cancelled task, and closing would wait for its end.
                await reader.interrupt()
    except sqlite3.Error as error:
        raise storage_error(error) from error


def newest_version() -> int:
    """The version to which a start of this program brings a database."""
    return max(scripts_in(MIGRATIONS_DIR))


async def _inspect(database: Database) -> Inspection:
    version = int((await database.fetch_all("PRAGMA user_version"))[0][0])
    newest = newest_version()
    damage = [str(row[0]) for row in await database.fetch_all("PRAGMA quick_check")]
    if damage != ["ok"]:
        return Inspection(version, newest, damage)
    if version != newest:
        return Inspection(version, newest, [])
    rows = await database.fetch_all(
        "SELECT status, count(*) AS n FROM items"
        " WHERE status NOT IN ('delivered', 'failed', 'cancelled') GROUP BY status"
    )
    return Inspection(
        version,
        newest,
        damage=[],
        broken=await broken_invariants(database),
        unfinished={row["status"]: row["n"] for row in rows},
        owner=await database.read(owner_of),
    )


async def back_up(database_path: Path, target: Path, files: Path | None = None) -> int:
    """Copy the database as it is at this moment, and return the size of the copy in bytes.

    With `files`, the folder of the pictures, `target` is a tar archive of both.

    The bot may run and write meanwhile: readers hold no writer up. `target` appears when the copy
    is whole and checked, or not at all; when cancelled, nothing is left.

    Raises:
        BackupError: no source, a target that is there already, a damaged database, a full disk.
    """
    stop = Event()
    copying = asyncio.ensure_future(asyncio.to_thread(_back_up, database_path, target, files, stop))
    try:
        return await asyncio.shield(copying)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.gather(copying, return_exceptions=True)  # it clears away what it wrote
        raise


def _back_up(source: Path, target: Path, files: Path | None, stop: Event) -> int:
    try:
        if not source.is_file():
            raise BackupError(f"there is no database at {source}: check DATA_DIR")
        _refuse_existing(target)
        if not target.parent.is_dir():
            raise BackupError(f"there is no folder {target.parent} for the copy")
        # Beside the target, so that it can be renamed, and in a folder, because SQLite makes more
        # than one file.
        with TemporaryDirectory(prefix=".backup-", dir=target.parent) as folder:
            copy = Path(folder) / "copy"
            copy_database(source, copy, stop)
            if files is not None:
                archive = copy.with_name("archive")
                with tarfile.open(archive, "w") as tar:
                    put_into(tar, copy, files, stop)
                copy = archive
            copy.chmod(0o600)  # it holds what people asked for
            sync(copy)
            size = copy.stat().st_size
            _refuse_existing(target)
            copy.rename(target)
        sync(target.parent)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror or error}") from error
    except sqlite3.Error as error:
        raise BackupError(f"no copy could be made: {error}") from error
    return size


def put_into(tar: tarfile.TarFile, copy: Path, files: Path, stop: Event) -> None:
    """Add the copy and the pictures to an archive. A missing picture was moved to Supabase."""
    tar.add(copy, DATABASE_MEMBER)
    for path in sorted(files.glob("??/*")):
        if stop.is_set():
            raise BackupError(GIVEN_UP)
        with suppress(FileNotFoundError):
            tar.add(path, f"{FILES_MEMBER}/{path.parent.name}/{path.name}", recursive=False)


def copy_database(source: Path, target: Path, stop: Event) -> None:
    """Copy page by page and check the copy, its indexes as well."""

    def look(_status: int, _remaining: int, _total: int) -> None:
        if stop.is_set():
            raise BackupError(GIVEN_UP)

    with (
        closing(
            sqlite3.connect(
                _for_reading(source), uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
            )
        ) as origin,
        closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        # One reading transaction around all steps: else SQLite would begin anew after every
        # commit of the bot, and never end while it is busy.
        origin.execute("BEGIN")
        origin.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        origin.backup(copy, pages=PAGES_A_STEP, progress=look)
        copy.set_progress_handler(stop.is_set, STEPS_A_LOOK)
        # WAL would want more files beside the copy to read it; the bot turns it on again.
        copy.execute("PRAGMA journal_mode = DELETE")
        damage = [str(row[0]) for row in copy.execute("PRAGMA integrity_check(1)")]
        if damage != ["ok"]:
            said = " ".join(damage[0].split())
            raise BackupError(f"the database is damaged, the copy was thrown away: {said}")


def _for_reading(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"


def _refuse_existing(target: Path) -> None:
    if os.path.lexists(target):
        raise BackupError(f"{target} is there already: remove it, or choose another name")


def sync(path: Path) -> None:
    """fsync a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
