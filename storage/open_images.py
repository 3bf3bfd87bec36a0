"""Images that have not ended, as the admins see them: whose, since when, how far."""

import sqlite3
from dataclasses import dataclass

from storage.database import Database
from storage.images import ImageStatus


@dataclass(frozen=True, slots=True)
class OpenImage:
    """One of them. Times are Unix seconds."""

    image_id: int
    job_id: int
    user_id: int
    username: str | None
    first_name: str
    model_name: str
    prompt: str
    cost: int
    status: ImageStatus
    task_id: str | None
    created_at: float  # when it was asked for


class OpenImages:
    """Reads what is queued and running."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self) -> int:
        """How many there are."""
        row = await self._database.fetch_one(
            "SELECT count(*) AS n FROM images"
            " WHERE status NOT IN ('delivered', 'failed', 'cancelled')"
        )
        return int(row["n"]) if row else 0

    async def page(self, limit: int, offset: int) -> list[OpenImage]:
        """Some of them, the oldest first."""
        rows = await self._database.fetch_all(
            f"{_SELECT} WHERE images.status NOT IN ('delivered', 'failed', 'cancelled')"
            " ORDER BY image_id LIMIT ? OFFSET ?",
            (limit, offset),
        )
        return [_open_image(row) for row in rows]

    async def get(self, image_id: int) -> OpenImage | None:
        """One image, ended or not; None: there is none."""
        rows = await self._database.fetch_all(f"{_SELECT} WHERE image_id = ?", (image_id,))
        return _open_image(rows[0]) if rows else None


_SELECT = (
    "SELECT image_id, images.job_id, images.user_id, username, first_name,"
    " models.name AS model_name, prompt, cost, images.status, task_id, jobs.created_at"
    " FROM images JOIN jobs USING (job_id) JOIN models ON models.slug = jobs.model"
    " JOIN users ON users.user_id = images.user_id"
)


def _open_image(row: sqlite3.Row) -> OpenImage:
    return OpenImage(**{**dict(row), "status": ImageStatus(row["status"])})
