"""Ids that are never reused: old buttons name jobs, items, broadcasts and payments by them."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

LEAP = 100_000  # where nobody knows what was given since the backup
TABLES = {"images": "items"}  # what an older version called a table


def given_ids(connection: sqlite3.Connection) -> dict[str, int]:
    """The highest id given so far, by table."""
    rows = connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
    return {TABLES.get(row[0], str(row[0])): int(row[1]) for row in rows}


def last_ids(path: Path) -> dict[str, int] | None:
    """The highest ids of a database that is about to be replaced; None: unreadable."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as old:
            return given_ids(old)
    except (
        sqlite3.Error
    ):  # damaged, gone, or from before numbers were kept: that is why we are here
        return None


def skip_ids(connection: sqlite3.Connection, beyond: Mapping[str, int] | None) -> None:
    """Give no number up to these again, by table; inside a transaction of the caller's.

    For a backup that is put in the place of a newer database: what that gave out since is named
    by buttons in people's chats. None: nobody knows how far it got.
    """
    if beyond is None:
        beyond = {table: last + LEAP for table, last in given_ids(connection).items()}
    for table, last in beyond.items():
        connection.execute(
            "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (last, table)
        )
