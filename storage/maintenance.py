"""Maintenance: no order is taken until an admin ends it; a row of the table `flags`."""

import sqlite3

from storage.database import Database, fetch_one
from storage.errors import MaintenanceError
from storage.journal import Act, Entry, record, recorded

MAINTENANCE = "maintenance"  # no new prompts; the value is the admins' text, or nothing
OFF = "off"  # the journal's word


class Maintenance:
    """Under way while its row is there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def text(self) -> str | None:
        """The text that people read in place of an order being taken; None: orders are taken."""
        row = await self._database.fetch_one(
            "SELECT value FROM flags WHERE name = ?", (MAINTENANCE,)
        )
        return row["value"] if row else None

    async def set_text(self, text: str | None, act: Act) -> Entry:
        """Start it (or change its text), or end it with None; once for each act."""

        def work(tx: sqlite3.Connection) -> Entry:
            if done := recorded(tx, act):
                return done
            row = fetch_one(tx, "SELECT value FROM flags WHERE name = ?", (MAINTENANCE,))
            if text is None:
                tx.execute("DELETE FROM flags WHERE name = ?", (MAINTENANCE,))
            else:
                tx.execute(
                    "INSERT INTO flags (name, value) VALUES (?, ?)"
                    " ON CONFLICT DO UPDATE SET value = excluded.value",
                    (MAINTENANCE, text),
                )
            return record(
                tx,
                act,
                MAINTENANCE,
                subject="",
                before=_word(row["value"] if row else None),
                after=_word(text),
                now=self._database.now(),
            )

        return await self._database.write(work)


def check_open(tx: sqlite3.Connection) -> None:
    """Ask before an order is taken.

    Raises:
        MaintenanceError: none are.
    """
    row = fetch_one(tx, "SELECT value FROM flags WHERE name = ?", (MAINTENANCE,))
    if row is not None:
        raise MaintenanceError(row["value"])


def _word(text: str | None) -> str:
    return OFF if text is None else f"on {text}".rstrip()
