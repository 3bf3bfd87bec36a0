"""The models on sale: the table `models`."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Any

from providers.base import Product
from providers.products import PRODUCTS
from storage.database import Database, fetch_one
from storage.errors import UnknownModelError
from storage.journal import Act, Entry, record, recorded


@dataclass(frozen=True, slots=True)
class Model:
    """One model as the admins set it. `price` is whole tokens for one item with all by default,
    `prices` those with other values, by the name in `input` and the word for the value."""

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
    prices: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def product(self) -> Product:
        """What it sells.

        Raises:
            KeyError: the row was made for a product that this program does not have.
        """
        return PRODUCTS[self.provider]

    def described(self, language: str) -> str:
        """What it is good for: the admins' words, or those of the product in that language."""
        return self.description or self.product.description.get(language, "")


class ModelField(StrEnum):
    """What admins set of a model."""

    NAME = "name"
    DESCRIPTION = "description"
    PRICE = "price"
    ENABLED = "enabled"
    OPTIONS = "options"  # a JSON object, encoded
    ALLOWED = "allowed_options"  # a JSON array of names, encoded


MODELS = (
    "SELECT slug, name, provider, description, input_images, price, enabled, position, options,"
    " used, allowed_options, (SELECT json_group_array(json_array(param, value, price))"
    " FROM model_prices WHERE model_prices.slug = models.slug) AS prices FROM models"
)
# What a row proposes as its price, until an admin sets another one.
TOKENS_PER_CREDIT = 4
LEAST_PRICE = 5  # a draft for next to nothing takes its place on the disk, too
PLACE = "place"  # the journal's word for a change of `position`


class Catalogue:
    """Reads the models, and sets what admins may set of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def first(self) -> Model | None:
        """The first enabled model, or None when none is enabled."""
        rows = await self._database.fetch_all(
            f"{MODELS} WHERE enabled ORDER BY position, slug LIMIT 1"
        )
        return _model(rows[0]) if rows else None

    async def get(self, slug: str) -> Model | None:
        """One model, enabled or not."""
        row = await self._database.fetch_one(f"{MODELS} WHERE slug = ?", (slug,))
        return _model(row) if row else None

    async def on_sale(self, slug: str | None) -> Model | None:
        """The model of that slug where it is enabled, else the first; None: none is enabled."""
        model = await self.get(slug) if slug is not None else None
        return model if model is not None and model.enabled else await self.first()

    async def all(self) -> list[Model]:
        """Every model, enabled or not, in the order of display."""
        rows = await self._database.fetch_all(f"{MODELS} ORDER BY position, slug")
        return [_model(row) for row in rows]

    async def seed(self) -> None:
        """A row, off, for each product that has none, at a price proposed from what it costs."""
        rows = [
            {
                "slug": product.slug,
                "name": product.name,
                "provider": product.key,
                "input_images": product.pictures,
                # The dearest order by default: what its pictures add has no price of its own.
                "price": proposed(product.credits + product.pictures * product.credits_a_picture),
            }
            for product in PRODUCTS.values()
        ]
        prices = [
            (product.slug, field.param, word, proposed(costs))
            for product in PRODUCTS.values()
            for field in product.priced
            for word, costs in field.credits.items()
        ]

        def work(tx: sqlite3.Connection) -> None:
            known = {row["provider"] for row in tx.execute("SELECT provider FROM models")}
            new = {row["slug"] for row in rows if row["provider"] not in known}
            tx.executemany(
                "INSERT INTO models (slug, name, provider, input_images, price, enabled, position)"
                " VALUES (:slug, :name, :provider, :input_images, :price, 0,"
                " (SELECT max(position) + 1 FROM models))",
                [row for row in rows if row["slug"] in new],
            )
            tx.executemany(
                "INSERT INTO model_prices (slug, param, value, price) VALUES (?, ?, ?, ?)",
                [price for price in prices if price[0] in new],
            )

        await self._database.write(work)

    async def set(self, slug: str, field: ModelField, value: str | int, act: Act) -> Entry:
        """Set a field, once for each act; a repeat gets the entry of the first time.

        Raises:
            UnknownModelError: there is no such model.
        """

        def work(tx: sqlite3.Connection) -> Entry:
            if done := recorded(tx, act):
                return done
            model = fetch_one(tx, f"{MODELS} WHERE slug = ?", (slug,))
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


def model_in(tx: sqlite3.Connection, slug: str) -> Model | None:
    """A model as it stands, in a transaction."""
    row = fetch_one(tx, f"{MODELS} WHERE slug = ?", (slug,))
    return _model(row) if row else None


def proposed(credits: float) -> int:  # noqa: A002 - KIE's word
    """Whole tokens for something that costs so many of KIE's credits."""
    return max(ceil(credits * TOKENS_PER_CREDIT), LEAST_PRICE)


def _model(row: sqlite3.Row) -> Model:
    prices: dict[str, dict[str, int]] = {}
    for param, value, price in json.loads(row["prices"]):
        prices.setdefault(param, {})[value] = price
    return Model(
        **{
            **dict(row),
            "enabled": bool(row["enabled"]),
            "options": json.loads(row["options"]),
            "allowed_options": tuple(json.loads(row["allowed_options"])),
            "prices": prices,
        }
    )
