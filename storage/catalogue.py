"""The models on sale: the table `models`."""

from dataclasses import dataclass

import aiosqlite

from storage.database import Database


@dataclass(frozen=True, slots=True)
class Model:
    """One model as the admins set it. `price` is whole tokens for one image."""

    slug: str
    name: str
    provider: str
    description: str
    input_images: int
    price: int
    enabled: bool
    position: int


class Catalogue:
    """Reads the models on sale."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def first(self) -> Model | None:
        """The enabled model that stands first, or None when none is enabled."""
        rows = await self._database.fetch_all(
            "SELECT * FROM models WHERE enabled ORDER BY position, slug LIMIT 1"
        )
        return _model(rows[0]) if rows else None

    async def get(self, slug: str) -> Model | None:
        """One model, enabled or not."""
        row = await self._database.fetch_one("SELECT * FROM models WHERE slug = ?", (slug,))
        return _model(row) if row else None


def _model(row: aiosqlite.Row) -> Model:
    return Model(**{**dict(row), "enabled": bool(row["enabled"])})
