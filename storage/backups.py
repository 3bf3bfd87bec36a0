"""The next backup: copied, checked, compressed, read again, named; then superfluous ones go.

A copy of the database, alone or in an archive with the pictures. Where the books do not agree it is
kept apart, and nothing that passed is removed for it.

`python -m storage.backups` makes one in a process of its own, which gives way to all others.
"""

import fcntl
import gzip
import json
import logging
import os
import shutil
import signal
import sqlite3
import sys
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from storage.audit import broken_in
from storage.backup import (
    GIVEN_UP,
    STEPS_A_LOOK,
    BackupError,
    copy_database,
    newest_version,
    put_into,
    sync,
)
from storage.backup_folder import Backup, Keep, backups_in, last_backup, name_of, superfluous
from storage.private import OTHERS, keep_private, make_private_folder

UNFINISHED, LOCK = ".unfinished-backup-", ".backup.lock"

ROOM_BYTES = 200 * 1024 * 1024  # that are left on the disk: the bot itself may write there
PIECE_BYTES = 1024 * 1024
LEVEL = 6  # of gzip
OTHERS_LIMIT_S, OTHERS_PAUSE_S = 3600.0, 0.2
NICE = 10  # of 19

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made, or one that is young enough; a line for each rule that its books
    break, and how many older ones were removed."""

    backup: Backup
    broken: tuple[str, ...] = ()
    removed: int = 0
    is_new: bool = True


def make_backup(
    database: Path,
    folder: Path,
    keep: Keep,
    *,
    stop: Event,
    files: Path | None = None,
    unless_younger_s: float = 0.0,
    now: Callable[[], float] = time.time,
) -> Made:
    """Copy, check, compress, read again, name, and remove what is superfluous; with `files`, the
    folder of the pictures, an archive of both. While another process makes one, wait for its end.

    Nothing is made where the last good one is younger than that.

    Raises:
        BackupError: there is none, and nothing was left behind.
    """
    try:
        _make_folder(folder, database.parent)
        with alone_in(folder, stop):
            remove_unfinished(folder)
            last = last_backup(folder, now()) if unless_younger_s else None
            if last is not None and now() - last.made_at < unless_younger_s:
                return Made(last, is_new=False)
            if not database.is_file():
                raise BackupError(f"there is no database at {database}: check DATA_DIR")
            need_room(folder, database, files)
            backup, broken = _make(database, folder, files, stop, now())
            removed = _remove_superfluous(folder, keep, backup.made_at, good=not broken)
            return Made(backup, broken, removed)
    except OSError as error:
        raise BackupError(f"{folder} cannot be written: {error.strerror or error}") from error
    except (sqlite3.Error, EOFError, zlib.error) as error:
        raise BackupError(f"no copy could be made: {error}") from error


def remove_unfinished(folder: Path) -> None:
    """Remove what a process left that was killed; the caller is alone here."""
    for path in folder.glob(f"{UNFINISHED}*/"):
        shutil.rmtree(path)


def _make(
    database: Path, folder: Path, files: Path | None, stop: Event, moment: float
) -> tuple[Backup, tuple[str, ...]]:
    # Beside the target, so that it can be renamed, and in a folder, because SQLite makes more
    # than one file.
    with TemporaryDirectory(prefix=UNFINISHED, dir=folder) as name:
        copy, packed = Path(name) / "copy", Path(name) / "packed"
        copy_database(database, copy, stop)
        broken = _broken(copy, stop)
        if files is None:
            _pack(copy, packed, stop)
        else:
            with (  # quickly: the pictures are compressed as they are
                gzip.open(packed, "wb", compresslevel=1) as file,
                tarfile.open(fileobj=file, mode="w") as tar,
            ):
                put_into(tar, copy, files, stop)
        copy.unlink()
        read_to_the_end(packed, stop)
        packed.chmod(0o600)  # it holds what people asked for
        sync(packed)
        name_at = partial(name_of, archive=files is not None, unsound=bool(broken))
        while (target := folder / name_at(moment)).exists():
            moment += 1
        size_bytes = packed.stat().st_size
        packed.rename(target)
    sync(folder)
    return Backup(target, float(int(moment)), size_bytes), broken


def _broken(copy: Path, stop: Event) -> tuple[str, ...]:
    """A line for each rule that the books break. Those of another version than the program's are
    checked when it is brought up to date: at the next start, or in a drill."""
    with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] != newest_version():
            return ()
        connection.set_progress_handler(stop.is_set, STEPS_A_LOOK)
        return tuple(broken_in(connection))


def _pack(copy: Path, packed: Path, stop: Event) -> None:
    with copy.open("rb") as plain, gzip.open(packed, "wb", compresslevel=LEVEL) as file:
        while piece := plain.read(PIECE_BYTES):
            if stop.is_set():
                raise BackupError(GIVEN_UP)
            file.write(piece)


def read_to_the_end(packed: Path, stop: Event) -> None:
    """Decompress a file, which compares its sum.

    Raises:
        OSError, EOFError, zlib.error: it is damaged, or ends too early.
    """
    with gzip.open(packed) as file:
        while file.read(PIECE_BYTES):
            if stop.is_set():
                raise BackupError(GIVEN_UP)


def _make_folder(folder: Path, data_dir: Path) -> None:
    """Make it, for its owner alone. One that is there keeps its rights, except in DATA_DIR."""
    make_private_folder(folder)
    if folder.resolve().is_relative_to(data_dir.resolve()) and folder.stat().st_mode & OTHERS:
        folder.chmod(0o700)


@contextmanager
def alone_in(folder: Path, stop: Event) -> Iterator[None]:
    """Wait until no other process makes a backup here, and keep them out."""
    with (folder / LOCK).open("w") as file:
        until = time.monotonic() + OTHERS_LIMIT_S
        while not _locked(file.fileno()):
            if stop.wait(OTHERS_PAUSE_S):
                raise BackupError(GIVEN_UP)
            if time.monotonic() > until:
                raise BackupError(f"another process has been making a backup in {folder} for long")
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def need_room(folder: Path, database: Path, files: Path | None) -> None:
    """Room for a copy and what it is packed into, at worst: a full disk would stop the bot, too.

    Raises:
        BackupError: there is not so much.
    """
    wal = database.with_name(f"{database.name}-wal")
    size = 2 * sum(each.stat().st_size for each in (database, wal) if each.exists())
    if files is not None:
        size += sum(each.stat().st_size for each in files.glob("??/*"))
    free, needed = shutil.disk_usage(folder).free, size + ROOM_BYTES
    if free < needed:
        raise BackupError(
            f"there is no room in {folder}: {free // 10**6} MB are free, and"
            f" {needed // 10**6} MB may be needed for a while"
        )


def _remove_superfluous(folder: Path, keep: Keep, now: float, *, good: bool) -> int:
    """What passed goes only when another one that passed has come. Returns how many are gone."""
    old = superfluous(backups_in(folder, unsound=True), keep, now, always=0 if good else 1)
    if good:
        old += superfluous(backups_in(folder), keep, now)
    removed = 0
    for each in old:
        try:
            each.path.unlink(missing_ok=True)
            removed += 1
        except OSError as error:  # the new one is there all the same
            logger.warning("%s is old and cannot be removed: %s", each.path, error.strerror)
    return removed


# --- The process


@contextmanager
def stopped_by_signals() -> Iterator[Event]:
    """What SIGTERM and Ctrl-C set, so that nothing half is left behind."""
    stop = Event()
    former = {
        each: signal.signal(each, lambda *_: stop.set()) for each in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def main() -> int:
    """Make a backup as the arguments say; what became of it is a line of JSON."""
    keep_private()
    os.nice(NICE)
    database, folder, keep, unless_younger_s, files = json.loads(sys.argv[1])
    try:
        with stopped_by_signals() as stop:
            made = make_backup(
                Path(database),
                Path(folder),
                Keep(*keep),
                stop=stop,
                files=Path(files) if files else None,
                unless_younger_s=unless_younger_s,
            )
    except BackupError as error:
        sys.stdout.write(json.dumps({"error": str(error)}))
        return 1
    sys.stdout.write(json.dumps(asdict(made), default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main())
