"""Schema migrations: `migrations/NNNN_name.sql`, each in one transaction with its version."""

import asyncio
import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from storage.connection import Connection
from storage.errors import SchemaError
from storage.private import make_private_file

ROOM = 3  # times the size of the file: the copy, and the tables that are written anew beside it
LONG = 12  # the last migration that writes every picture anew

logger = logging.getLogger(__name__)


async def migrate(connection: Connection, path: Path, folder: Path) -> None:
    """Bring a database up to date; of one that holds anything a copy is kept beside it.

    Raises:
        SchemaError: the file is newer than this program, or its rows do not fit together.
    """
    applied = await connection.run(_version)
    scripts = scripts_in(folder)
    if applied > max(scripts):
        raise SchemaError(
            f"the database is at version {applied}, this program knows {max(scripts)}:"
            " start the newer program, or a backup from before the upgrade (main.py restore FILE)"
        )
    pending = sorted(number for number in scripts if number > applied)
    if pending and applied:
        logger.info(
            "the database is brought from version %d to %d; with a million pictures that takes %s",
            applied,
            pending[-1],
            "about a minute" if applied < LONG else "some seconds",
        )
        await asyncio.to_thread(
            _keep_copy, path, path.with_name(f"{path.name}.before-{pending[0]:04d}")
        )
    for number in pending:
        sql = scripts[number].read_text(encoding="utf-8")
        # A table that is written anew is dropped for a moment, with what leads to it.
        rewrites = "DROP TABLE" in sql
        await connection.execute(f"PRAGMA foreign_keys = {'OFF' if rewrites else 'ON'}")
        try:
            # executescript() commits whatever is open, so the script brings its own BEGIN, and one
            # that fails half-way leaves nothing behind.
            await connection.executescript(
                f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version = {number};"
            )
            if rewrites:
                await connection.run(_check_references)
            await connection.execute("COMMIT")
        except BaseException:
            await asyncio.shield(connection.rollback())
            raise
        logger.info("database migrated to version %d (%s)", number, scripts[number].stem)


def scripts_in(folder: Path) -> dict[int, Path]:
    """The migrations there, by their numbers."""
    return {int(script.name[:4]): script for script in folder.glob("*.sql")}


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_references(connection: sqlite3.Connection) -> None:
    """What SQLite does not look at while foreign keys are off."""
    lost = connection.execute("PRAGMA foreign_key_check").fetchone()
    if lost is not None:
        raise SchemaError(
            f"row {lost[1]} of {lost[0]} names something in {lost[2]} that is not there: the"
            " database was changed by hand or is damaged; bring back a backup: main.py restore FILE"
        )


def _keep_copy(path: Path, target: Path) -> None:
    """A copy from before the upgrade, where there is room; an older one of that name stays."""
    needed = ROOM * path.stat().st_size
    if target.exists():
        return
    if shutil.disk_usage(path.parent).free < needed:
        logger.warning(
            "there is no room for a copy from before the upgrade (%d MB): none is kept",
            needed // 10**6,
        )
        return
    half = target.with_name(f"{target.name}-half")
    try:
        half.unlink(missing_ok=True)
        make_private_file(half)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(half)) as copy:
            source.backup(copy)
        half.replace(target)
    except (OSError, sqlite3.Error) as error:
        half.unlink(missing_ok=True)
        logger.warning("no copy from before the upgrade could be kept: %s", error)
    else:
        logger.info("%s is the database as it was before the upgrade", target)
