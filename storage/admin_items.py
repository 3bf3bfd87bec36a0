"""Unfinished items as the admins see them: whose they are, their age and state."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from storage.database import Database, fetch_one
from storage.items import ItemStatus


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An unfinished item. Times are Unix seconds."""

    item_id: int
    job_id: int
    user_id: int
    username: str | None
    first_name: str
    model_name: str
    prompt: str
    cost: int
    status: ItemStatus
    task_id: str | None
    created_at: float  # when it was asked for


@dataclass(frozen=True, slots=True)
class OpenNow:
    """Unfinished items at a glance: how many by state, and when the oldest was asked for."""

    by_status: Mapping[ItemStatus, int]
    oldest_at: float | None  # Unix seconds; None: there are none


class OpenItems:
    """Reads what is queued and running."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self) -> int:
        """How many items are unfinished."""
        row = await self._database.fetch_one(
            "SELECT count(*) AS n FROM items"
            " WHERE status NOT IN ('delivered', 'failed', 'cancelled')"
        )
        return int(row["n"]) if row else 0

    async def now(self) -> OpenNow:
        """All of them at a glance."""
        return await self._database.read(_now)

    async def page(self, limit: int, offset: int) -> list[OpenItem]:
        """A page of unfinished items, oldest first."""
        rows = await self._database.fetch_all(
            f"{_SELECT} WHERE items.status NOT IN ('delivered', 'failed', 'cancelled')"
            " ORDER BY item_id LIMIT ? OFFSET ?",
            (limit, offset),
        )
        return [_open_item(row) for row in rows]

    async def get(self, item_id: int) -> OpenItem | None:
        """One item, ended or not; None: there is none."""
        rows = await self._database.fetch_all(f"{_SELECT} WHERE item_id = ?", (item_id,))
        return _open_item(rows[0]) if rows else None


BY_STATUS = (
    "SELECT status, count(*) AS n FROM items"
    " WHERE status NOT IN ('delivered', 'failed', 'cancelled') GROUP BY status"
)
OLDEST = (
    "SELECT created_at FROM jobs WHERE job_id = (SELECT job_id FROM items"
    " WHERE status NOT IN ('delivered', 'failed', 'cancelled') ORDER BY item_id LIMIT 1)"
)
_SELECT = (
    "SELECT item_id, items.job_id, items.user_id, username, first_name,"
    " models.name AS model_name, prompt, cost, items.status, task_id, jobs.created_at"
    " FROM items JOIN jobs USING (job_id) JOIN models ON models.slug = jobs.model"
    " JOIN users ON users.user_id = items.user_id"
)


def _now(connection: sqlite3.Connection) -> OpenNow:
    oldest = fetch_one(connection, OLDEST)
    return OpenNow(
        {ItemStatus(row["status"]): row["n"] for row in connection.execute(BY_STATUS)},
        oldest["created_at"] if oldest else None,
    )


def _open_item(row: sqlite3.Row) -> OpenItem:
    return OpenItem(**{**dict(row), "status": ItemStatus(row["status"])})
