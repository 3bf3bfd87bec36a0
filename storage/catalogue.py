"""The models on sale: the table `models`."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from enum import StrEnum
from functools import lru_cache
from math import ceil
from typing import Any

from providers.base import ByInput, Field, Media, Product, sent
from providers.product_json import from_json, to_json
from providers.products import PRODUCTS
from storage.database import Database, fetch_one
from storage.errors import (
    BuiltInModelError,
    PriceNotSetError,
    SlugTakenError,
    UnknownModelError,
)
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
    declared: str | None = None  # the product of a row that an admin added, as JSON
    price_set: bool = True  # without a price nothing is sold

    @property
    def product(self) -> Product:
        """What it sells; where this program does not have it, one that takes nothing."""
        return known_product(self.provider, self.declared) or _unknown(self.provider, self.name)

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
    " used, allowed_options, declared, price_set,"
    " (SELECT json_group_array(json_array(param, value, price))"
    " FROM model_prices WHERE model_prices.slug = models.slug) AS prices FROM models"
)
ASKED_FOR = "prompt, models.name, models.provider, models.declared"  # see `asked_for_in`
# What a row proposes as its price, until an admin sets another one.
TOKENS_PER_CREDIT = 4
LEAST_PRICE = 5  # a draft for next to nothing takes its place on the disk, too
ADDED, REMOVED = "added", "removed"  # and for rows that come and go
OFF = "off"  # and for a value that is not sold
PLACE = "place"  # the journal's word for a change of `position`


class Catalogue:
    """Reads the models, and sets what admins may set of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def first(self) -> Model | None:
        """The first enabled model, one for words where there is one; None: none is enabled."""
        rows = await self._database.fetch_all(f"{MODELS} WHERE enabled ORDER BY position, slug")
        models = [model for model in map(_model, rows) if model.enabled]
        of_words = (each for each in models if not each.product.is_tool)
        return next(of_words, models[0] if models else None)

    async def for_pictures(self) -> list[Model]:
        """What is on sale to be made of a finished picture, in the order of display: every tool,
        and of the films the first."""
        rows = await self._database.fetch_all(f"{MODELS} WHERE enabled ORDER BY position, slug")
        models = [
            each for each in map(_model, rows) if each.enabled and each.product.models.picture
        ]
        tools = [each for each in models if each.product.is_tool]
        return tools + [each for each in models if each.product.media is Media.FILM][:1]

    async def get(self, slug: str) -> Model | None:
        """One model, enabled or not."""
        row = await self._database.fetch_one(f"{MODELS} WHERE slug = ? AND NOT removed", (slug,))
        return _model(row) if row else None

    async def even_removed(self, slug: str) -> Model | None:
        """One model that people may still know, though it is removed."""
        row = await self._database.fetch_one(f"{MODELS} WHERE slug = ?", (slug,))
        return _model(row) if row else None

    async def product(self, key: str) -> Product | None:
        """The product of that key, declared or added; None: there is none."""
        row = await self._database.fetch_one(
            "SELECT declared FROM models WHERE provider = ? AND declared IS NOT NULL", (key,)
        )
        return known_product(key, row["declared"] if row else None)

    async def on_sale(self, slug: str | None) -> Model | None:
        """The model of that slug where it is enabled, else the first; None: none is enabled."""
        model = await self.get(slug) if slug is not None else None
        return model if model is not None and model.enabled else await self.first()

    async def all(self) -> list[Model]:
        """Every model, enabled or not, in the order of display."""
        rows = await self._database.fetch_all(f"{MODELS} WHERE NOT removed ORDER BY position, slug")
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
            there = [*tx.execute("SELECT provider, slug FROM models")]
            known = {row["provider"] for row in there}
            taken = {row["slug"] for row in there}  # maybe by one that an admin added
            new = {row["slug"] for row in rows if row["provider"] not in known} - taken
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
            PriceNotSetError: it has no price, and is not to be on sale.
        """

        def work(tx: sqlite3.Connection) -> Entry:
            if done := recorded(tx, act):
                return done
            model = fetch_one(tx, f"{MODELS} WHERE slug = ? AND NOT removed", (slug,))
            if model is None:
                raise UnknownModelError(slug)
            if field is ModelField.ENABLED and value and not model["price_set"]:
                raise PriceNotSetError(slug)
            tx.execute(
                f"UPDATE models SET {field} = ? WHERE slug = ?",  # noqa: S608 - a word of ours
                (value, slug),
            )
            has_value = field is not ModelField.PRICE or model["price_set"]
            if field is ModelField.PRICE:
                tx.execute("UPDATE models SET price_set = 1 WHERE slug = ?", (slug,))
            return record(
                tx,
                act,
                field,
                subject=slug,
                before=str(model[field]) if has_value else "",
                after=str(value),
                now=self._database.now(),
            )

        return await self._database.write(work)

    async def set_value_price(
        self, slug: str, field: Field, word: str, price: int | None, act: Act
    ) -> Entry:
        """Set what an item with that value costs, None: it is not sold; as `set` does.

        Raises:
            UnknownModelError: there is no such model.
        """
        key = (slug, field.param, word)

        def work(tx: sqlite3.Connection) -> Entry:
            if done := recorded(tx, act):
                return done
            if fetch_one(tx, f"{MODELS} WHERE slug = ? AND NOT removed", (slug,)) is None:
                raise UnknownModelError(slug)
            row = fetch_one(
                tx,
                "SELECT price FROM model_prices WHERE slug = ? AND param = ? AND value = ?",
                key,
            )
            if price is None:
                tx.execute(
                    "DELETE FROM model_prices WHERE slug = ? AND param = ? AND value = ?", key
                )
            else:
                tx.execute("INSERT OR REPLACE INTO model_prices VALUES (?, ?, ?, ?)", (*key, price))
            return record(
                tx,
                act,
                ModelField.PRICE,
                subject=f"{slug} {field.flag}={word}",
                before=str(row["price"]) if row else OFF,
                after=OFF if price is None else str(price),
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
            rows = tx.execute("SELECT slug FROM models WHERE NOT removed ORDER BY position, slug")
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

    async def add(self, product: Product, act: Act) -> Entry:
        """A row, off and without a price, for a product that is not declared; where it is there
        already, its product as it is now, and off and without a price only where the price was for
        something else by default. A repeat gets the entry of the first time.

        Raises:
            SlugTakenError: another model is called so, or was when something was ordered of it.
        """
        declared, names = to_json(product), _names(product)

        def work(tx: sqlite3.Connection) -> Entry:
            if done := recorded(tx, act):
                return done
            row = fetch_one(tx, "SELECT * FROM models WHERE slug = ?", (product.slug,))
            old = product_in(row) if row and row["declared"] else None
            if row and (old is None or _names(old) != names) and _has_name_for_good(tx, row):
                raise SlugTakenError(product.slug)
            before = ""
            if row is None:
                tx.execute(
                    "INSERT INTO models (slug, name, provider, input_images, price, enabled,"
                    " position, price_set) VALUES (?, ?, ?, 0, 1, 0,"
                    " (SELECT max(position) + 1 FROM models), 0)",
                    (product.slug, product.name, product.key),
                )
            elif row["removed"]:
                tx.execute("DELETE FROM model_prices WHERE slug = ?", (product.slug,))
                tx.execute(
                    "UPDATE models SET removed = 0, price_set = 0, name = ?, description = '',"
                    " options = '{}', allowed_options = '[]' WHERE slug = ?",
                    (product.name, product.slug),
                )
            else:
                before = names
                if old is not None and _is_another_by_default(old, product):
                    tx.execute(
                        "UPDATE models SET enabled = 0, price_set = 0 WHERE slug = ?",
                        (product.slug,),
                    )
            tx.execute(
                "UPDATE models SET declared = ?, input_images = ? WHERE slug = ?",
                (declared, product.pictures, product.slug),
            )
            now = self._database.now()
            return record(tx, act, ADDED, subject=product.slug, before=before, after=names, now=now)

        return await self._database.write(work)

    async def remove(self, slug: str, act: Act) -> Entry:
        """Take an added row out of the catalogue; what was ordered of it stays as it is.

        Raises:
            UnknownModelError: there is no such model.
            BuiltInModelError: it was not added; it can be disabled.
        """

        def work(tx: sqlite3.Connection) -> Entry:
            if done := recorded(tx, act):
                return done
            row = fetch_one(tx, "SELECT * FROM models WHERE slug = ? AND NOT removed", (slug,))
            if row is None:
                raise UnknownModelError(slug)
            if row["declared"] is None:
                raise BuiltInModelError(slug)
            tx.execute("UPDATE models SET enabled = 0, removed = 1 WHERE slug = ?", (slug,))
            before = _names(product_in(row))
            now = self._database.now()
            return record(tx, act, REMOVED, subject=slug, before=before, after="", now=now)

        return await self._database.write(work)


def _names(product: Product | None) -> str:
    """KIE's names of what a product is made by."""
    return " | ".join(dict.fromkeys(filter(None, astuple(product.models)))) if product else ""


def _has_name_for_good(tx: sqlite3.Connection, row: sqlite3.Row) -> bool:
    """Whether a row is there, or what was or is to be made by it: no other model may stand for
    that."""
    if not row["removed"] or row["used"]:
        return True
    ordered = "SELECT 1 FROM jobs WHERE closed_at IS NULL AND model = ?"
    return fetch_one(tx, ordered, (row["slug"],)) is not None


def _is_another_by_default(old: Product, new: Product) -> bool:
    """Whether an order that says nothing has another value now of what may cost more."""
    before, after = _by_default(old), _by_default(new)
    lasting = {each.param for each in old.priced} | after.keys()
    return any(before[param] != after.get(param) for param in before.keys() & lasting)


def _by_default(product: Product) -> dict[str, Any]:
    fields = {each.param: sent(each.kind, each.default) for each in product.priced}
    return {each.param: each.value for each in product.constants} | fields


def model_in(tx: sqlite3.Connection, slug: str) -> Model | None:
    """A model as it stands, in a transaction."""
    row = fetch_one(tx, f"{MODELS} WHERE slug = ?", (slug,))
    return _model(row) if row else None


def asked_for_in(row: sqlite3.Row) -> str:
    """What was asked for, for a list, from a row that has ASKED_FOR: of a tool its name comes
    first, and there may be no words."""
    product = product_in(row)
    is_tool = product is not None and product.is_tool
    return f"{row['name']}: {row['prompt']}".removesuffix(": ") if is_tool else row["prompt"]


def product_in(row: sqlite3.Row) -> Product | None:
    """What the model in such a row sells; None: this program does not have it."""
    return known_product(row["provider"], row["declared"])


def known_product(provider: str, declared: str | None) -> Product | None:
    """What a row sells; None: this program does not have it, or not as it was written down."""
    try:
        return from_json(declared) if declared else PRODUCTS.get(provider)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _unknown(provider: str, name: str) -> Product:
    """In place of a product that is gone: its rows stay, for what was ordered of them."""
    return Product(key=provider, name=name, models=ByInput())


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
            # What this program does not have is not on sale.
            "enabled": bool(row["enabled"]) and product_in(row) is not None,
            "options": json.loads(row["options"]),
            "allowed_options": tuple(json.loads(row["allowed_options"])),
            "prices": prices,
            "price_set": bool(row["price_set"]),
        }
    )
