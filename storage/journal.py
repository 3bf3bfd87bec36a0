"""The journal of admins' changes: who, when, what, before, after. Entries are never deleted."""

import sqlite3
from dataclasses import dataclass

from storage.database import Database, fetch_one


@dataclass(frozen=True, slots=True)
class Act:
    """An admin asks for a change; the key is what Telegram sent, the same when it comes again."""

    key: str
    admin_id: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A change that was made."""

    entry_id: int
    act_key: str
    admin_id: int
    action: str  # price, enabled, name, description, place, options, grant, ban, maintenance, ...
    subject: str  # a slug, a person's id
    before: str
    after: str
    created_at: float


class Journal:
    """Reads the table `journal`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, limit: int, offset: int = 0) -> list[Entry]:
        """The changes, the latest first."""
        rows = await self._database.fetch_all(
            "SELECT * FROM journal ORDER BY entry_id DESC LIMIT ? OFFSET ?", (limit, offset)
        )
        return [Entry(**dict(row)) for row in rows]

    async def count(self) -> int:
        """How many changes there are: none is ever deleted, so the last id says it."""
        row = await self._database.fetch_one("SELECT max(entry_id) AS n FROM journal")
        return int(row["n"] or 0) if row else 0


def recorded(tx: sqlite3.Connection, act: Act) -> Entry | None:
    """The entry of an act that was already done; None: it is new. Ask before changing anything."""
    row = fetch_one(tx, "SELECT * FROM journal WHERE act_key = ?", (act.key,))
    return Entry(**dict(row)) if row else None


def record(
    tx: sqlite3.Connection,
    act: Act,
    action: str,
    *,
    subject: str,
    before: str,
    after: str,
    now: float,
) -> Entry:
    """Write a change down, in the transaction that makes it."""
    row = fetch_one(
        tx,
        "INSERT INTO journal (act_key, admin_id, action, subject, before, after, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (act.key, act.admin_id, action, subject, before, after, now),
    )
    assert row is not None  # noqa: S101 - an INSERT that RETURNS has a row
    return Entry(**dict(row))
