"""The operator's commands (backup, restore, adopt); each returns what to print."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot.settings import Settings
from storage.adoption import adopt
from storage.backup import BackupError, back_up
from storage.database import Database
from storage.errors import StorageError
from storage.lock import hold_lock
from storage.restore import Restored, RestoreError, finish_restore, pending, restore


def back_up_data(settings: Settings, target: Path, *, files: bool) -> str:
    """Copy the database, and the pictures if wanted; the bot may be running.

    Raises:
        StorageError: there is no copy.
    """
    folder = settings.data_dir / "files"
    try:
        size = asyncio.run(back_up(settings.data_dir / "bot.db", target, folder if files else None))
    except KeyboardInterrupt:
        raise BackupError("aborted; nothing was written") from None
    left_out = "" if files else f" The pictures under {folder} are not in it: --files takes them."
    return f"{target}: {size / 1e6:.1f} MB.{left_out}"


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


def _restored(found: Restored, source: Path, data_dir: Path) -> str:
    items = ", ".join(f"{count} {status}" for status, count in sorted(found.items.items()))
    newest = "none"
    if found.newest_entry_at is not None:
        newest = f"{datetime.fromtimestamp(found.newest_entry_at, UTC):%Y-%m-%d %H:%M} UTC"
    said = (
        f"{data_dir / 'bot.db'} is {source} now. People: {found.people}, tokens: {found.tokens},"
        f" images: {items or 'none'}; newest entry of the ledger: {newest}.\n"
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
