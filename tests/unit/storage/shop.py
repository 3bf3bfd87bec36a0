"""A database with its tables' classes around it, and short ways to fill it."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from providers.order import Order, Origin
from storage.catalogue import Catalogue, Model
from storage.database import Database
from storage.items import Item
from storage.jobs import Jobs, PlacedJob
from storage.ledger import Ledger

NOW = 1_700_000_000.0
PRICE = 79  # of the model that the migration brings
SLUG = "midjourney-v7-fast"
ORDER = frozenset(Order.__slots__)
ASKED = ORDER | frozenset(Origin.__slots__)
TABLES = ("users", "models", "jobs", "items", "ledger")


def asked(**changes: Any) -> tuple[Order, Origin]:
    """What person 1 asked for in message 10, in its own words where they matter."""
    order: dict[str, Any] = {
        "model": SLUG,
        "prompt": "рыжая лиса",
        "params": {"aspect_ratio": "16:9"},
        "options": {"weird": [1, None]},
    }
    origin: dict[str, Any] = {"user_id": 1, "chat_id": 1, "message_id": 10, "language": "ru"}
    for name, value in changes.items():
        (order if name in ORDER else origin)[name] = value
    return Order(**order), Origin(**origin)


@dataclass(frozen=True)
class Shop:
    """What serves people, over one database."""

    database: Database
    jobs: Jobs
    ledger: Ledger
    model: Model

    async def customer(self, user_id: int = 1, tokens: int = 1000) -> int:
        """Somebody with so many tokens."""
        await self.ledger.welcome(user_id, tokens, language="ru")
        return user_id

    async def place(self, **changes: Any) -> PlacedJob | None:
        """A request for one picture, in its own words where they matter."""
        changes = {"max_active_items": 8, **changes}
        order, origin = asked(**{name: changes.pop(name) for name in ASKED & changes.keys()})
        return await self.jobs.place(order, origin, **changes)

    async def item(self, status: str = "queued", *, message_id: int = 10) -> Item:
        """An item of a new job of person 1, walked to a state."""
        placed = await self.place(message_id=message_id, max_active_items=100)
        assert placed is not None
        (item,) = placed.items
        return await self.walk(item, status)

    async def walk(self, item: Item, status: str) -> Item:
        """A queued item in that state."""
        if status == "failed":
            return await self.jobs.fail(item, "no_answer", "")
        if status != "queued":
            item = await self.jobs.begin_submit(item)
        if status in {"generating", "ready", "delivered"}:
            item = await self.jobs.task_created(item, f"task-{item.item_id}")
        if status in {"ready", "delivered"}:
            item = await self.jobs.result_ready(item, "https://example.com/1.png")
        if status == "delivered":
            item = await self.jobs.delivered(item, 500 + item.item_id)
        assert item.status == status
        return item

    async def run(self, sql: str, *params: Any) -> None:
        """A write of somebody who does not care for our functions."""
        await self.database.execute(sql, params)

    async def rows(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        """What is committed."""
        return [dict(row) for row in await self.database.fetch_all(sql, params)]

    async def everything(self) -> dict[str, list[dict[str, Any]]]:
        """All rows of all tables: two of these are equal when nothing was changed."""
        return {table: await self.rows(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES}  # noqa: S608


@asynccontextmanager
async def held_open(database: Database, sql: str) -> AsyncIterator[None]:
    """A writer that has done this and is in the middle of its work."""
    begun, go_on = threading.Event(), threading.Event()

    def work(tx: sqlite3.Connection) -> None:
        tx.execute(sql)
        begun.set()
        go_on.wait(10)

    writing = asyncio.create_task(database.write(work))
    await asyncio.to_thread(begun.wait, 10)
    try:
        yield
    finally:
        go_on.set()
        await writing


@asynccontextmanager
async def open_shop(path: Path) -> AsyncIterator[Shop]:
    """A shop over the file."""
    async with Database.open(path, clock=lambda: NOW) as database:
        model = await Catalogue(database).get(SLUG)
        assert model is not None
        yield Shop(database, Jobs(database), Ledger(database), model)
