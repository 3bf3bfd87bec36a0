"""The write probe: whether the database takes writes, without changing anything in it."""

import sqlite3

from storage.database import Database


class WriteProbe:
    """A transaction that reaches the disk like any other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self) -> None:
        """Write the number of the schema over itself: a page of the file, and no row.

        Raises:
            StorageError: nothing can be stored now.
        """

        def touch(tx: sqlite3.Connection) -> None:
            (version,) = tx.execute("PRAGMA user_version").fetchone()
            tx.execute(f"PRAGMA user_version = {int(version)}")

        await self._database.write(touch)
