"""The database: charges a second, and what lists cost when there is much to list.

A charge is `Jobs.place` as a prompt calls it: the charge, the job and its item in one
transaction, at synchronous=FULL. One after another, and a hundred at once. `commits` is what the
disk allows: the smallest transaction that SQLite can make, by itself and from one thread.

The queries are those of /history, /balance and /stats (30 days), each for people in turn, over
1,000 and 1,000,000 items that have ended, of a thousand people. They were asked once before.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from providers.order import Order, Origin
from storage.catalogue import Catalogue
from storage.database import Database
from storage.gallery import Gallery
from storage.jobs import Jobs
from storage.ledger import Ledger
from storage.preferences import PreferenceStore
from storage.stats import Stats
from tests.bench import stock
from tests.bench.results import Line, Runs, percentile

TITLE = "Database"
AT_ONCE = 100
FEW = 1000
ASKED = 100
PAGE, MOVEMENTS, DAYS = 5, 8, 30


async def measure(folder: Path, *, quick: bool) -> list[Line]:
    """The lines of the table."""
    runs = Runs()
    charges = 100 if quick else 500
    for number in range(1 if quick else 5):
        per_s = await asyncio.to_thread(_commits_per_s, folder / f"commits-{number}.db", charges)
        runs.add({"what": "commits"}, times_per_s=per_s)
        path = folder / f"charges-{number}" / "bot.db"
        await stock.make(path, AT_ONCE)
        async with Database.open(path) as database:
            for at_once in (1, AT_ONCE):
                per_s, each_ms = await _charges_per_s(database, charges, at_once)
                runs.add({"what": "charges", "at once": at_once}, times_per_s=per_s, p50_ms=each_ms)
    for items in (FEW, 10_000 if quick else stock.MANY):
        path = await stock.big(folder.parent, items)
        async with Database.open(path) as database:
            for what, ask in _queries(database).items():
                for _ in range(3):
                    p50_ms, p99_ms = await _ask(ask)
                    runs.add({"what": what, "images": items}, p50_ms=p50_ms, p99_ms=p99_ms)
    return runs.lines()


def _commits_per_s(path: Path, count: int) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for sql in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "CREATE TABLE numbers (number INTEGER PRIMARY KEY)",
        ):
            connection.execute(sql)
        begun = time.perf_counter()
        for _ in range(count):
            connection.execute("INSERT INTO numbers DEFAULT VALUES")
        return count / (time.perf_counter() - begun)


async def _charges_per_s(database: Database, count: int, at_once: int) -> tuple[float, float]:
    jobs = Jobs(database)
    model = await Catalogue(database).first()
    assert model is not None
    took_ms: list[float] = []

    async def place(user_id: int, message_id: int) -> None:
        begun = time.perf_counter()
        order = Order(model.slug, "рыжая лиса в осеннем лесу", params={"aspect_ratio": "16:9"})
        origin = Origin(user_id, user_id, message_id, "ru")
        await jobs.place(order, origin, max_active_items=1_000_000)
        took_ms.append((time.perf_counter() - begun) * 1000)

    async def one_by_one(user_id: int) -> None:
        for number in range(count // at_once):
            await place(user_id, 10 * number + at_once)

    begun = time.perf_counter()
    people = range(stock.FIRST_PERSON, stock.FIRST_PERSON + at_once)
    await asyncio.gather(*map(one_by_one, people))
    return len(took_ms) / (time.perf_counter() - begun), percentile(took_ms, 50)


def _queries(database: Database) -> dict[str, Callable[[int], Awaitable[Any]]]:
    gallery, ledger, stats = Gallery(database), Ledger(database), Stats(database)
    catalogue, preferences = Catalogue(database), PreferenceStore(database)

    async def balance(user_id: int) -> None:
        await catalogue.on_sale((await preferences.get(user_id)).model)
        await ledger.balance(user_id)
        await ledger.movements(user_id, MOVEMENTS)

    return {
        "/history": lambda user_id: gallery.page(user_id, PAGE),
        "/balance": balance,
        "/stats": lambda _: stats.last(DAYS),
    }


async def _ask(ask: Callable[[int], Awaitable[Any]]) -> tuple[float, float]:
    took_ms = []
    for number in range(-1, ASKED):
        begun = time.perf_counter()
        await ask(stock.FIRST_PERSON + max(number, 0))
        if number >= 0:
            took_ms.append((time.perf_counter() - begun) * 1000)
    return percentile(took_ms, 50), percentile(took_ms, 99)
