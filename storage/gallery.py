"""A person's delivered pictures, page by page, and their unfinished jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from storage.database import Database

Side = Literal["older", "newer"]


@dataclass(frozen=True, slots=True)
class Kept:
    """One delivered picture, for a list."""

    item_id: int
    model: str  # its name
    prompt: str
    finished_at: float


@dataclass(frozen=True, slots=True)
class Page:
    """Some pictures, newest first, and whether there are others on either side."""

    pictures: Sequence[Kept]
    has_newer: bool
    has_older: bool


class Gallery:
    """Reads `jobs` and `items` for lists; never more than a page of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, user_id: int, size: int, side: Side = "older", of: int = 2**62) -> Page:
        """The person's delivered pictures next to the item `of`; the newest by default."""
        rows = await self._database.fetch_all(SIDES[side], (user_id, of, size))
        found = [Kept(**row) for row in rows]
        if side == "newer":
            found.reverse()
        if not found:
            return Page((), has_newer=False, has_older=False)
        return Page(
            found,
            has_newer=await self._has(user_id, "newer", found[0].item_id),
            has_older=await self._has(user_id, "older", found[-1].item_id),
        )

    async def unfinished_jobs(self, user_id: int, limit: int) -> list[int]:
        """The person's jobs with items under way, oldest first."""
        rows = await self._database.fetch_all(
            "SELECT DISTINCT job_id FROM items WHERE user_id = ?"
            " AND status NOT IN ('delivered', 'failed', 'cancelled') ORDER BY job_id LIMIT ?",
            (user_id, limit),
        )
        return [row["job_id"] for row in rows]

    async def _has(self, user_id: int, side: Side, item_id: int) -> bool:
        return bool(await self._database.fetch_all(SIDES[side], (user_id, item_id, 1)))


BESIDE = (
    "SELECT item_id, name AS model, prompt, finished_at FROM items JOIN jobs USING (job_id)"
    " JOIN models ON slug = jobs.model"
    " WHERE items.user_id = ? AND status = 'delivered'"
)
SIDES: Mapping[Side, str] = {
    "older": BESIDE + " AND item_id < ? ORDER BY item_id DESC LIMIT ?",
    "newer": BESIDE + " AND item_id > ? ORDER BY item_id LIMIT ?",
}
