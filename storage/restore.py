"""Restore of a backup: checked first, then put in place of the current database.

A database is three files, and no system renames three files at once. So the new one is written in
full beside the old one, under a name of its own: from then on it is the one that counts. The rest
(setting the old files aside, moving the new one into place) is done at once or by the next start.
"""

import asyncio
import gzip
import os
import re
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from storage.audit import broken_invariants
from storage.backup import DATABASE_MEMBER, FILES_MEMBER, copy_database, sync
from storage.backup_folder import is_compressed
from storage.backups import read_to_the_end
from storage.database import Database
from storage.errors import StorageError, StorageFullError
from storage.ids import given_ids, last_ids, skip_ids
from storage.lock import hold_lock

WORKSHOP = ".restore-"
RESTORED = "restored.db"  # in DATA_DIR: it counts, and is not in its place yet
SHOWN_LINES = 5
UNREADABLE = (StorageError, OSError, sqlite3.Error, tarfile.TarError, EOFError, zlib.error)
OURS = {"users", "ledger", "jobs"}
PICTURE = re.compile(re.escape(FILES_MEMBER) + r"/([0-9a-f]{2}/[0-9a-f]{32}\.[a-z0-9]{1,5})")


class RestoreError(StorageError):
    """Nothing was changed; the text is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What is in the database now, and where the one is that was there before, if any.

    `last_item_id`: new items get higher ids than this.
    """

    people: int
    tokens: int
    items: Mapping[str, int]
    newest_entry_at: float | None
    broken: Sequence[str]
    last_item_id: int
    pictures: int = 0
    set_aside: Path | None = None


def restore(source: Path, data_dir: Path, *, anyway: bool = False) -> Restored:
    """Put a backup in place of the database, and the pictures in it beside those that are there.

    With `anyway` also one whose books do not agree. When it is killed, either the old database or
    the new one is there at the next start.

    Raises:
        RestoreError: no backup, a damaged one, one of a newer program, books that do not agree.
        DatabaseInUseError: the bot runs.
    """
    with hold_lock(data_dir / "lock"):
        finish_restore(data_dir)
        try:
            for left in data_dir.glob(f"{WORKSHOP}*"):  # of one that was killed
                shutil.rmtree(left)
            return _restore(source, data_dir, anyway=anyway)
        except UNREADABLE as error:
            raise RestoreError(f"{source} is not restored: {error}") from error


def pending(data_dir: Path) -> bool:
    """Whether an interrupted restore is left for the next start to finish."""
    return (data_dir / RESTORED).exists()


def finish_restore(data_dir: Path) -> Path | None:
    """Put a database that was restored in its place; the caller holds the lock.

    Returns where the old one is now. May be broken off at any point, and called again. Raises
    StorageFullError where DATA_DIR cannot be written to.
    """
    try:
        return _finish(data_dir / RESTORED, data_dir / "bot.db")
    except OSError as error:
        raise StorageFullError(f"{data_dir} cannot be written to: {error}") from error


def _finish(restored: Path, old: Path) -> Path | None:
    if not restored.exists():
        return None
    # By the time of the restored file, which stays: all three get the same name, whenever that is.
    while old.exists() and _aside(restored).exists():
        os.utime(restored, (0, restored.stat().st_mtime + 1))
    aside = _aside(restored)
    for suffix in ("-shm", "-wal", ""):
        path = old.with_name(old.name + suffix)
        if path.exists():
            path.rename(aside.with_name(aside.name + suffix))
    sync(old.parent)
    restored.rename(old)
    sync(old.parent)
    return aside if aside.exists() else None


def _aside(restored: Path) -> Path:
    moment = datetime.fromtimestamp(restored.stat().st_mtime, UTC)
    return restored.with_name(f"bot-{moment:%Y%m%d-%H%M%S}.db")


def _restore(source: Path, data_dir: Path, *, anyway: bool) -> Restored:
    if not source.is_file():
        raise RestoreError("there is no such file")
    # In DATA_DIR, so that it can be renamed, and in a folder, because SQLite makes more files.
    with TemporaryDirectory(prefix=WORKSHOP, dir=data_dir) as name:
        folder = Path(name)
        copy = folder / RESTORED
        archive = tarfile.is_tarfile(source)  # compressed or not
        copy_database(_database_of(source, folder, archive=archive), copy, Event())
        _check(copy)
        contents = asyncio.run(_bring_up_to_date(copy, last_ids(data_dir / "bot.db")))
        if contents.broken and not anyway:
            lines = "\n".join(contents.broken[:SHOWN_LINES])
            raise RestoreError(
                f"its books do not agree (--anyway restores it all the same)\n{lines}"
            )
        pictures = _put_pictures(source, data_dir / "files", folder / "picture") if archive else 0
        copy.chmod(0o600)
        sync(copy)
        copy.rename(data_dir / RESTORED)  # from here on it counts
        sync(data_dir)
    aside = finish_restore(data_dir)
    return replace(contents, pictures=pictures, set_aside=aside)


def _database_of(source: Path, folder: Path, *, archive: bool) -> Path:
    """The database in a backup of whatever kind, which its content tells and not its name."""
    target = folder / "given.db"
    if not archive:
        if not is_compressed(source):
            return source
        with gzip.open(source) as plain, target.open("wb") as file:
            shutil.copyfileobj(plain, file)
        return target
    if is_compressed(source):
        read_to_the_end(source, Event())  # who reads an archive never comes to its sum
    with tarfile.open(source) as tar:
        members = (each for each in tar if each.name == DATABASE_MEMBER and each.isreg())
        member = next(members, None)
        content = tar.extractfile(member) if member else None
        if content is None:
            raise RestoreError(f"there is no {DATABASE_MEMBER} in it")
        with content, target.open("wb") as file:
            shutil.copyfileobj(content, file)
    return target


def _check(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if not tables >= OURS:
            raise RestoreError("it is not a database of this bot")


async def _bring_up_to_date(copy: Path, given: Mapping[str, int] | None) -> Restored:
    """Migrate the copy as a start would, move its numbers on beyond those that were `given` since,
    and look at what is in it."""
    async with Database.open(copy) as database:
        if given is not None and given.get("items", 0) < (await _last_item_id(database)):
            given = None  # begun anew after a loss: what was given after the backup it cannot know
        await database.write(lambda tx: skip_ids(tx, given))
        last_item_id = await _last_item_id(database)
        items = await database.fetch_all("SELECT status, count(*) FROM items GROUP BY 1")
        people, tokens, newest = (
            await database.fetch_all(
                "SELECT count(*), coalesce(sum(balance), 0), (SELECT max(created_at) FROM ledger)"
                " FROM users WHERE user_id > 0"
            )
        )[0]
        broken = await broken_invariants(database)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # one file is all of it
    counts = {row[0]: row[1] for row in items}
    return Restored(people, tokens, counts, newest, broken, last_item_id)


async def _last_item_id(database: Database) -> int:
    return (await database.write(given_ids)).get("items", 0)


def _put_pictures(archive: Path, files: Path, incoming: Path) -> int:
    """Unpack an archive's pictures, and return how many; existing ones stay."""
    put = 0
    with tarfile.open(archive) as tar:
        for member in tar:
            match = PICTURE.fullmatch(member.name)
            content = tar.extractfile(member) if match and member.isreg() else None
            if match is None or content is None:
                continue
            put += 1
            target = files / match[1]
            if target.exists():
                continue
            with content, incoming.open("wb") as file:
                shutil.copyfileobj(content, file)
            incoming.chmod(0o600)
            os.utime(incoming, (member.mtime, member.mtime))  # KEEP_FILES_DAYS goes by it
            target.parent.mkdir(parents=True, exist_ok=True)
            incoming.rename(target)
    os.sync()
    return put
