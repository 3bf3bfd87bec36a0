"""The models on sale: the table `models`."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from storage.database import Database, fetch_one
from storage.errors import UnknownModelError
from storage.journal import Act, Entry, record, recorded


@dataclass(frozen=True, slots=True)
class Model:
    """One model as the admins set it. `price` is whole tokens for one item."""

    slug: str
    name: str
    provider: str  # the product that it sells
    description: str
    input_images: int
    price: int
    enabled: bool
    position: int
    options: Mapping[str, Any]  # that every order has, under the person's own
    used: int  # pictures delivered
    allowed_options: tuple[str, ...] = ()  # of those that are closed to people


class ModelField(StrEnum):
    """What admins set of a model."""

    NAME = "name"
    DESCRIPTION = "description"
    PRICE = "price"
    ENABLED = "enabled"
    OPTIONS = "options"  # a JSON object, encoded
    ALLOWED = "allowed_options"  # a JSON array of names, encoded


PLACE = "place"  # the journal's word for a change of `position`


class Catalogue:
    """Reads the models, and sets what admins may set of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def first(self) -> Model | None:
        """The first enabled model, or None when none is enabled."""
        rows = await self._database.fetch_all(
            "SELECT * FROM models WHERE enabled ORDER BY position, slug LIMIT 1"
        )
        return _model(rows[0]) if rows else None

    async def get(self, slug: str) -> Model | None:
        """One model, enabled or not."""
        row = await self._database.fetch_one("SELECT * FROM models WHERE slug = ?", (slug,))
        return _model(row) if row else None

    async def on_sale(self, slug: str | None) -> Model | None:
        """The model of that slug where it is enabled, else the first; None: none is enabled."""
        model = await self.get(slug) if slug is not None else None
        return model if model is not None and model.enabled else await self.first()

    async def all(self) -> list[Model]:
        """Every model, enabled or not, in the order of display."""
        rows = await self._database.fetch_all("SELECT * FROM models ORDER BY position, slug")
        return [_model(row) for row in rows]

    async def set(self, slug: str, field: ModelField, value: str | int, act: Act) -> Entry:
        """Set a field, once for each act; a repeat gets the entry of the first time.

        Raises:
            UnknownModelError: there is no such model.
        """

        def work(tx: sqlite3.Connection) -> Entry:
            if done := recorded(tx, act):
                return done
            model = fetch_one(tx, "SELECT * FROM models WHERE slug = ?", (slug,))
            if model is None:
                raise UnknownModelError(slug)
            tx.execute(
                f"UPDATE models SET {field} = ? WHERE slug = ?",  # noqa: S608 - a word of ours
                (value, slug),
            )
            return record(
                tx,
                act,
                field,
                subject=slug,
                before=str(model[field]),
                after=str(value),
                now=self._database.now(),
            )

        return await self._database.write(work)

    async def move(self, slug: str, position: int, act: Act) -> Entry:
        """Give a model its position among all, from 1; one beyond the end is the last.

        Raises:
            UnknownModelError: there is no such model.
        """

        def work(tx: sqlite3.Connection) -> Entry:
            if done := recorded(tx, act):
                return done
            rows = tx.execute("SELECT slug FROM models ORDER BY position, slug")
            slugs = [row["slug"] for row in rows]
            if slug not in slugs:
                raise UnknownModelError(slug)
            before = slugs.index(slug) + 1
            slugs.remove(slug)
            slugs.insert(position - 1, slug)
            tx.executemany(
                "UPDATE models SET position = ? WHERE slug = ?", list(enumerate(slugs, 1))
            )
            return record(
                tx,
                act,
                PLACE,
                subject=slug,
                before=str(before),
                after=str(slugs.index(slug) + 1),
                now=self._database.now(),
            )

        return await self._database.write(work)


def _model(row: sqlite3.Row) -> Model:
    return Model(
        **{
            **dict(row),
            "enabled": bool(row["enabled"]),
            "options": json.loads(row["options"]),
            "allowed_options": tuple(json.loads(row["allowed_options"])),
        }
    )
