"""Filled databases: people with tokens, queued items, a long history."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from storage.audit import broken_invariants
from storage.database import Database

FIRST_PERSON = 1001
TOKENS = 1_000_000_000
PRICE = 79
SLUG = "midjourney-v7-fast"


async def make(path: Path, people: int) -> None:
    """A new database of so many people, each with tokens for everything."""
    async with Database.open(path):
        pass
    await asyncio.to_thread(_invite, path, people)


def _invite(path: Path, people: int) -> None:
    ids = range(FIRST_PERSON, FIRST_PERSON + people)
    now = time.time()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO users (user_id, language, first_name, created_at) VALUES (?, 'ru', ?, ?)",
            [(each, name(each), now) for each in ids],
        )
        connection.executemany(
            "INSERT INTO ledger (user_id, kind, amount, grant_key, created_at)"
            " VALUES (?, 'welcome', ?, ?, ?)",
            [(each, TOKENS, f"welcome:{each}", now) for each in ids],
        )


def name(user_id: int) -> str:
    """What a person is called, here and in the emulator."""
    return f"N{user_id}"


def fill_history(path: Path, items: int, *, speed: float = 1.0) -> None:
    """So many items that have ended, over a year, each a job: of 50 one has failed.

    They took the 48 to 128 s that KIE's pictures take, divided by `speed`. For a database in which
    nothing has ended: what triggers count as items end is counted here as migration 0005 does.
    """
    with closing(sqlite3.connect(path)) as connection, connection:
        for pragma in ("cache_size = -1000000", "synchronous = OFF", "journal_mode = OFF"):
            connection.execute(f"PRAGMA {pragma}")  # in a minute, not in five
        (people,) = connection.execute("SELECT count(*) FROM users").fetchone()
        given = {
            "items": items,
            "first": FIRST_PERSON,
            "people": people,
            "slug": SLUG,
            "price": PRICE,
            "now": time.time(),
            "speed": speed,
        }
        for sql in HISTORY:
            connection.execute(sql, given if ":" in sql else ())
        columns = [row[1] for row in connection.execute("PRAGMA table_info (items)")]
        if "drawn_s" in columns:
            connection.execute(
                "UPDATE items SET drawn_s = finished_at - submitted_at WHERE status = 'delivered'"
            )
        if connection.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'handled_updates'"
        ).fetchone():
            updates = [(BOT_ID, number) for number in range(UPDATES_KEPT)]
            connection.executemany(
                "INSERT INTO handled_updates (bot_id, update_id) VALUES (?, ?)", updates
            )


BOT_ID = 123456
UPDATES_KEPT = 10_000
MANY = 1_000_000  # items
CROWD = 1000  # people who asked for them
HISTORY = (
    (
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :items)"
        " INSERT INTO jobs (user_id, chat_id, message_id, progress_message_id, model, prompt,"
        " params, options, price, language, created_at, closed_at)"
        " SELECT :first + i % :people, :first + i % :people, 10 + 3 * i, 11 + 3 * i, :slug,"
        " 'рыжая лиса в осеннем лесу, утренний свет, номер ' || i, '{\"aspect_ratio\": \"16:9\"}',"
        " '{}', :price, 'ru', :now - 31536000.0 * (:items - i) / :items,"
        " :now - 31536000.0 * (:items - i) / :items + 130 FROM n"
    ),
    (
        "INSERT INTO items (job_id, user_id, position, cost, status, attempts, task_id,"
        " submitted_at, result_url, file_key, message_id, sent_file_id, sent_as, failure,"
        " finished_at)"
        " SELECT job_id, user_id, 1, price, iif(job_id % 50, 'delivered', 'failed'), 1,"
        " lower(hex(randomblob(16))), created_at + 2,"
        " 'https://tempfile.aiquickdraw.com/r/' || lower(hex(randomblob(16))) || '.png',"
        " lower(hex(randomblob(17))) || '.png', iif(job_id % 50, message_id + 2, NULL),"
        " lower(hex(randomblob(36))), 'photo', iif(job_id % 50, NULL, 'refused'),"
        " created_at + 2 + (48 + job_id * 7919 % 8000 / 100.0) / :speed FROM jobs"
        " ORDER BY job_id"
    ),
    (
        "INSERT INTO picture_messages (chat_id, message_id, item_id)"
        " SELECT jobs.chat_id, items.message_id, item_id FROM items JOIN jobs USING (job_id)"
        " WHERE items.message_id IS NOT NULL"
    ),
    (
        "INSERT INTO ledger (user_id, kind, amount, item_id, created_at)"
        " SELECT items.user_id, 'charge', -cost, item_id, created_at"
        " FROM items JOIN jobs USING (job_id) ORDER BY item_id"
    ),
    (
        "INSERT INTO ledger (user_id, kind, amount, item_id, created_at)"
        " SELECT user_id, 'refund', cost, item_id, finished_at FROM items"
        " WHERE status = 'failed' ORDER BY item_id"
    ),
    (
        "INSERT INTO daily_items"
        " SELECT CAST(finished_at / 86400 AS INTEGER), status, count(*) FROM items GROUP BY 1, 2"
    ),
    (
        "INSERT INTO daily_models"
        " SELECT CAST(finished_at / 86400 AS INTEGER), model, status, count(*), sum(cost)"
        " FROM items JOIN jobs USING (job_id) GROUP BY 1, 2, 3"
    ),
    (
        "INSERT INTO daily_seconds SELECT CAST(finished_at / 86400 AS INTEGER),"
        " CAST(round(finished_at - created_at) AS INTEGER), count(*)"
        " FROM items JOIN jobs USING (job_id) WHERE status = 'delivered' GROUP BY 1, 2"
    ),
    (
        "UPDATE models SET used = (SELECT count(*) FROM items JOIN jobs USING (job_id)"
        " WHERE jobs.model = models.slug AND items.status = 'delivered')"
    ),
)


def queue_items(path: Path, items: int, *, a_job: int = 1) -> None:
    """So many items that are paid and wait, `a_job` to a job, each job another person's."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        (people,) = connection.execute("SELECT count(*) FROM users").fetchone()
        now = time.time()
        for number in range(items // a_job):
            user_id = FIRST_PERSON + number % people
            cursor = connection.execute(
                "INSERT INTO jobs (user_id, chat_id, message_id, model, prompt, params, options,"
                " price, language, created_at)"
                " VALUES (?1, ?1, ?2, ?3, ?4, '{}', '{}', ?5, 'ru', ?6)",
                (user_id, 1_000_000_000 + number, SLUG, f"рыжая лиса {number}", PRICE, now),
            )
            job_id = cursor.lastrowid
            for position in range(1, a_job + 1):
                item = connection.execute(
                    "INSERT INTO items (job_id, user_id, position, cost) VALUES (?, ?, ?, ?)",
                    (job_id, user_id, position, PRICE),
                )
                connection.execute(
                    "INSERT INTO ledger (user_id, kind, amount, item_id, created_at)"
                    " VALUES (?, 'charge', ?, ?, ?)",
                    (user_id, -PRICE, item.lastrowid, now),
                )


def count(path: Path, where: str) -> int:
    """Items in the database of which that is true."""
    with closing(sqlite3.connect(path)) as connection:
        (number,) = connection.execute(f"SELECT count(*) FROM items WHERE {where}").fetchone()  # noqa: S608 - our own words
        return int(number)


async def big(folder: Path, items: int) -> Path:
    """A database of so many items that have ended and a thousand people, made once a run."""
    path = folder / f"history-{items}" / "bot.db"
    if not path.exists():
        await make(path, CROWD)
        await asyncio.to_thread(fill_history, path, items)
        async with Database.open(path) as database:
            broken = await broken_invariants(database)
        if broken:
            raise AssertionError(f"made by the benchmark, and wrong: {broken[:3]}")
    return path
