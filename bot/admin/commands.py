"""The operator's commands (backup, restore, drill, adopt); each returns what to print."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from bot.settings import Settings
from storage.adoption import adopt
from storage.backup import BackupError, back_up, inspect
from storage.backup_folder import Backup, Keep, last_backup
from storage.backups import UNFINISHED, alone_in, make_backup, need_room, stopped_by_signals
from storage.database import Database
from storage.errors import StorageError
from storage.lock import hold_lock
from storage.restore import Restored, RestoreError, finish_restore, pending, restore

FEW = 5
BOOKS = "its books do not agree"


def back_up_data(settings: Settings, target: Path | None, *, files: bool) -> str:
    """Copy the database, and the pictures if wanted; the bot may be running. Without a target the
    copy is compressed and lies in BACKUP_DIR, where older ones go in exchange.

    Raises:
        StorageError: there is no copy, or one that breaks the rules of money and items.
    """
    if target is None:
        return _back_up_to_folder(settings, files=files or settings.backs_up_files)
    folder = settings.data_dir / "files"
    try:
        size = asyncio.run(back_up(settings.data_dir / "bot.db", target, folder if files else None))
    except KeyboardInterrupt:
        raise BackupError("aborted; nothing was written") from None
    return f"{target}: {size / 1e6:.1f} MB.{'' if files else _left_out(folder)}"


def _left_out(folder: Path) -> str:
    return f" The pictures under {folder} are not in it: --files takes them."


def _back_up_to_folder(settings: Settings, *, files: bool) -> str:
    if settings.backup_dir is None:
        raise BackupError("BACKUP_DIR is not set: set it, or name a file: main.py backup FILE")
    folder = settings.data_dir / "files"
    with stopped_by_signals() as stop:
        made = make_backup(
            settings.data_dir / "bot.db",
            settings.backup_dir,
            Keep(*settings.backups_kept),
            stop=stop,
            files=folder if files else None,
        )
    said = f"{_sized(made.backup)}.{'' if files else _left_out(folder)}"
    if made.broken:
        raise StorageError(
            "\n".join(
                (f"{said}\nIt is kept apart: {BOOKS}, and older backups stay.", *made.broken[:FEW])
            )
        )
    return f"{said} Removed for it: {made.removed}." if made.removed else said


def _sized(backup: Backup) -> str:
    return f"{backup.path}: {backup.size_bytes / 1e6:.1f} MB"


def drill(settings: Settings, source: Path | None, now: float) -> str:
    """Restore a backup, the newest in BACKUP_DIR if none is named, into a temporary folder, and
    say what is in it. Nothing else is touched.

    Raises:
        StorageError: it cannot be restored, or there is none.
    """
    head, folder = "", settings.backup_dir
    if source is None:
        if folder is None:
            raise RestoreError("BACKUP_DIR is not set: set it, or name a file: main.py drill FILE")
        last = last_backup(folder, now)
        if last is None:
            raise RestoreError(f"there is no good backup in {folder}: main.py backup makes one")
        source, hours = last.path, (now - last.made_at) / 3600
        head = f"{_sized(last)}, {hours:.1f} h old.\n"
    begun = time.monotonic()
    try:
        with _place_for_drill(settings) as place:
            found = restore(source, place)
            seen = asyncio.run(inspect(place / "bot.db"))
    except (StorageError, OSError) as error:
        raise RestoreError(f"{head}The drill failed: {error}") from error
    except KeyboardInterrupt:
        raise RestoreError("broken off") from None
    took_s = time.monotonic() - begun
    unfinished = ", ".join(f"{count} {state}" for state, count in (seen.unfinished or {}).items())
    lines = [
        f"{head}It can be restored, which took {took_s:.1f} s: it is whole, and its books agree.",
        f"{_contents(found)}. Pictures in it: {found.pictures}.",
        f"A restore would take up what was unfinished: {unfinished or 'nothing'}.",
    ]
    if seen.owner not in {None, settings.bot_id}:
        lines.append(f"It is that of bot {seen.owner}, and BOT_TOKEN is of {settings.bot_id}.")
    return "\n".join(lines)


@contextmanager
def _place_for_drill(settings: Settings) -> Iterator[Path]:
    """Beside the backups there was room for a copy, and the next of them clears away what a drill
    left that was killed."""
    folder, database = settings.backup_dir, settings.data_dir / "bot.db"
    with ExitStack() as stack:
        if folder is None or not folder.is_dir():
            folder = None
        else:
            stack.enter_context(alone_in(folder, Event()))
            if database.is_file():
                need_room(folder, database, None)
        yield Path(stack.enter_context(TemporaryDirectory(prefix=UNFINISHED, dir=folder)))


def restore_data(settings: Settings, source: Path, *, anyway: bool) -> str:
    """Put a backup in place of the database.

    Raises:
        StorageError: it is not there; the text says what the next start does.
    """
    data_dir = settings.data_dir
    try:
        found = restore(source, data_dir, anyway=anyway)
    except StorageError as error:
        raise RestoreError(f"{error}\n{_left_by_restore(data_dir)}") from error
    except KeyboardInterrupt:
        raise RestoreError(f"broken off\n{_left_by_restore(data_dir)}") from None
    return _restored(found, source, data_dir)


def _left_by_restore(data_dir: Path) -> str:
    return "The next start finishes it." if pending(data_dir) else "Nothing was changed."


def _contents(found: Restored) -> str:
    items = ", ".join(f"{count} {status}" for status, count in sorted(found.items.items()))
    newest = "none"
    if found.newest_entry_at is not None:
        newest = f"{datetime.fromtimestamp(found.newest_entry_at, UTC):%Y-%m-%d %H:%M} UTC"
    return (
        f"People: {found.people}, tokens: {found.tokens}, images: {items or 'none'};"
        f" newest entry of the ledger: {newest}"
    )


def _restored(found: Restored, source: Path, data_dir: Path) -> str:
    said = (
        f"{data_dir / 'bot.db'} is {source} now. {_contents(found)}.\n"
        f"Pictures on disk: {found.pictures}. New images get numbers above"
        f" {found.last_item_id}: buttons in old messages name no other picture."
    )
    lines = [said, *(f"PROBLEM money, {line}" for line in found.broken)]
    if found.set_aside is not None:
        lines.append(f"The old database is now {found.set_aside}; nothing in it is lost.")
    return "\n".join(lines)


def adopt_data(settings: Settings) -> str:
    """Make the data those of this bot.

    Raises:
        StorageError: another process uses them, or they cannot be read.
    """
    former = asyncio.run(_adopt(settings))
    if former is None:
        return f"nothing to do: {settings.data_dir} belongs to no other bot than {settings.bot_id}"
    return (
        f"{settings.data_dir} was bot {former}'s and is bot {settings.bot_id}'s now: people,"
        " balances and pictures stay, buttons and questions in the old chats no longer work"
    )


async def _adopt(settings: Settings) -> int | None:
    with hold_lock(settings.data_dir / "lock"):
        await asyncio.to_thread(finish_restore, settings.data_dir)  # else its data come back
        async with Database.open(settings.data_dir / "bot.db") as database:
            return await database.write(partial(adopt, settings.bot_id, database.now()))
