"""An older database is brought up to date with all that is in it, and a copy stays."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storage import database as database_module
from storage import migrate as module
from storage.audit import broken_invariants
from storage.database import MIGRATIONS_DIR, Database
from storage.errors import SchemaError, StorageError
from storage.ids import LEAP, given_ids, skip_ids
from storage.items import ItemStatus
from storage.migrate import scripts_in
from storage.preferences import ALWAYS, Awaited, Preferences, PreferenceStore
from tests.unit.storage.shop import Shop, open_shop

BOT = 123456
OLD = 10  # before ids were given once
VERSIONS = sorted(scripts_in(MIGRATIONS_DIR))
ITEMS = 21  # by which images became items
# Rows of every table that was ever written anew, and of what leads to them, by the version that
# has a place for them.
FILLS = {
    1: """
INSERT INTO users (user_id, language, created_at) VALUES (1, 'ru', 0), (2, 'ru', 0);
INSERT INTO ledger (user_id, kind, amount, grant_key, created_at)
    VALUES (1, 'welcome', 1000, 'welcome:1', 0);
INSERT INTO ledger (user_id, kind, amount, grant_key, granted_by, created_at)
    VALUES (2, 'grant', 500, '9:7', 9, 0);
INSERT INTO jobs (job_id, user_id, chat_id, message_id, model, prompt, params, options, price,
    language, created_at) VALUES
    (5, 1, 1, 10, 'midjourney-v7-fast', 'кот', '{}', '{}', 79, 'ru', 86400),
    (6, 1, 1, 11, 'midjourney-v7-fast', 'пёс', '{}', '{}', 79, 'ru', 172800);
INSERT INTO images (image_id, job_id, user_id, position, cost) VALUES (41, 5, 1, 1, 79),
    (42, 6, 1, 1, 79);
INSERT INTO ledger (user_id, kind, amount, image_id, created_at) VALUES (1, 'charge', -79, 41, 0),
    (1, 'charge', -79, 42, 0);
UPDATE images SET status = 'submitting', attempts = 1 WHERE image_id = 41;
UPDATE images SET status = 'generating', task_id = 't', submitted_at = 1 WHERE image_id = 41;
UPDATE images SET status = 'ready', result_url = 'u', file_key = 'aa/1.png' WHERE image_id = 41;
UPDATE images SET status = 'delivered', message_id = 500, finished_at = 86500 WHERE image_id = 41;
""",
    4: """
INSERT INTO journal (act_key, admin_id, action, subject, before, after, created_at)
    VALUES ('9:7', 9, 'grant', '2', '0', '500', 0);
""",
    5: """
INSERT INTO broadcasts (broadcast_id, asked_key, admin_id, language, message_id, created_at)
    VALUES (3, '9:8', 9, 'ru', 1, 0);
UPDATE broadcasts SET status = 'running' WHERE broadcast_id = 3;
INSERT INTO broadcast_recipients (broadcast_id, user_id) VALUES (3, 1);
""",
    7: """
UPDATE jobs SET again_of = 41 WHERE job_id = 6;
UPDATE images SET sent_file_id = 'f', sent_as = 'photo' WHERE image_id = 41;
INSERT INTO picture_messages (chat_id, message_id, image_id)
    SELECT 1, 500 + value, 41 FROM json_each('[0, 1, 2, 3, 4, 5, 6, 7, 8]');
""",
}
TABLES = (
    "users",
    "models",
    "jobs",
    "images",
    "ledger",
    "journal",
    "broadcasts",
    "broadcast_recipients",
    "daily_images",
    "daily_people",
    "daily_seconds",
    "daily_tokens",
)


def make_old(path: Path, version: int = OLD) -> None:
    """A database as an older version left it."""
    with closing(sqlite3.connect(path)) as connection:
        for number, script in sorted(scripts_in(MIGRATIONS_DIR).items()):
            if number <= version:
                connection.execute("PRAGMA foreign_keys = OFF")
                connection.executescript(
                    f"BEGIN; {script.read_text()}\n PRAGMA user_version = {number}; COMMIT;"
                )
                connection.execute("PRAGMA foreign_keys = ON")
            if number == min(version, ITEMS - 1):  # the names of now are for what is new since
                for since, fill in FILLS.items():
                    if since <= number:
                        connection.executescript(fill)


def now(name: str) -> str:
    """What a table or a column is called that had another name in older versions."""
    return name.replace("image", "item")


def ask(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def contents(path: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows of the tables that are there, by their columns; all under the names of now."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        there = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
        return {
            now(table): [
                {now(name): row[name] for name in row.keys() if name != "input_images"}  # noqa: SIM118 - else values
                for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608
            ]
            for table in {*TABLES, *map(now, TABLES)} & there
        }


def copies(folder: Path) -> list[Path]:
    return list(folder.glob("bot.db.before-*"))


def schema(path: Path) -> set[tuple[str, str]]:
    """Tables, indexes and triggers, by name."""
    return set(ask(path, "SELECT type, name FROM sqlite_schema"))


@pytest.mark.parametrize("version", VERSIONS[:-1])
async def test_nothing_is_lost_on_the_way_from_any_older_version(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, version: int
) -> None:
    path = tmp_path / "bot.db"
    caplog.set_level("INFO")
    make_old(path, version)
    before = contents(path)
    async with Database.open(path) as database:
        assert await broken_invariants(database) == []
    assert ("about a minute" if version < 12 else "some seconds") in caplog.messages[0]
    after = contents(path)
    for table, rows in before.items():
        kept = [{name: row[name] for name in rows[0]} for row in after[table]] if rows else []
        assert kept == rows, table
    async with Database.open(tmp_path / "new.db"):
        pass
    assert schema(path) == schema(tmp_path / "new.db")
    assert ask(path, "PRAGMA foreign_key_check") == []
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    (copy,) = copies(tmp_path)
    assert copy.name == f"bot.db.before-{VERSIONS[VERSIONS.index(version) + 1]:04d}"
    assert contents(copy) == before


async def test_of_the_messages_of_a_picture_its_own_stays_and_the_last_few(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    make_old(path)
    async with Database.open(path):
        pass
    messages = [row[0] for row in ask(path, "SELECT message_id FROM picture_messages")]
    assert messages == [500, 504, 505, 506, 507, 508]


@pytest.mark.parametrize("version", [OLD, ITEMS - 1])
async def test_what_triggers_did_before_they_do_after(tmp_path: Path, version: int) -> None:
    path = tmp_path / "bot.db"
    make_old(path, version)
    async with open_shop(path) as shop:
        used = (await shop.rows("SELECT used FROM models"))[0]["used"]
        for sql, because in (
            ("UPDATE items SET status = 'queued' WHERE item_id = 41", "stays ended"),
            ("UPDATE items SET job_id = 99 WHERE item_id = 42", "FOREIGN KEY"),
            ("UPDATE items SET item_id = 99 WHERE item_id = 41", "FOREIGN KEY"),
            ("DELETE FROM jobs WHERE job_id = 5", "FOREIGN KEY"),
            ("UPDATE ledger SET amount = -1 WHERE item_id = 42", "append-only"),
            ("UPDATE ledger SET user_id = -1, item_id = 41 WHERE item_id = 42", "append-only"),
            ("DELETE FROM ledger WHERE item_id = 42", "append-only"),
        ):
            with pytest.raises(StorageError, match=because):
                await shop.run(sql)
        await shop.item(ItemStatus.DELIVERED, message_id=12)
        assert (await shop.rows("SELECT used FROM models"))[0]["used"] == used + 1
        assert len(await shop.rows("SELECT * FROM daily_items")) == 2
        counted = await shop.rows("SELECT sum(items) AS items FROM daily_models")
        assert counted == await shop.rows("SELECT sum(items) AS items FROM daily_items")
        await shop.run("UPDATE items SET sent_as = 'video' WHERE item_id = 41")


async def test_an_upgrade_that_ends_half_way_changes_nothing_and_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, folder = tmp_path / "bot.db", tmp_path / "migrations"
    make_old(path, ITEMS - 1)
    version, before, parts = ask(path, "PRAGMA user_version"), contents(path), schema(path)
    shutil.copytree(MIGRATIONS_DIR, folder)
    with scripts_in(folder)[ITEMS].open("a") as script:
        script.write("\nINSERT INTO items SELECT * FROM items;\n")
    with monkeypatch.context() as patch:
        patch.setattr(database_module, "MIGRATIONS_DIR", folder)
        with pytest.raises(StorageError, match="UNIQUE"):
            async with Database.open(path):
                pass
    assert (ask(path, "PRAGMA user_version"), contents(path), schema(path)) == (
        version,
        before,
        parts,
    )
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    async with Database.open(path) as database:
        assert await broken_invariants(database) == []
    assert contents(path).keys() == before.keys()


SET = """
INSERT INTO preferences (user_id, model, aspect_ratio, quantity, cfg_scale, negative_prompt,
    ask_first, language) VALUES (1, 'midjourney-v7-fast', '16:9', 3, 1.0, 'снег "и" лёд', 1, 'en'),
    (2, NULL, NULL, NULL, NULL, NULL, 0, 'ru');
INSERT INTO awaited_words (user_id, card_message_id, asked_at) VALUES (1, 15, 1000.0);
"""


async def test_what_people_set_of_the_product_stays_set(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    make_old(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SET)
    async with open_shop(path) as shop:
        store = PreferenceStore(shop.database)
        of_midjourney = {
            "aspect_ratio": "16:9",
            "cfg_scale": 1.0,
            "negative_prompt": 'снег "и" лёд',
        }
        expected = Preferences("midjourney-v7-fast", 3, ALWAYS, "en", {"midjourney": of_midjourney})
        assert await store.get(1) == expected
        assert await store.get(2) == Preferences(language="ru")
        assert await store.awaited(1, 20, 1001.0) == Awaited("midjourney", "negative_prompt")


def test_no_two_migrations_have_one_number() -> None:
    assert len(VERSIONS) == len(list(MIGRATIONS_DIR.glob("*.sql")))


async def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    make_old(path)
    async with open_shop(path) as shop:
        placed = await shop.place(message_id=20)
        assert placed is not None
        assert (placed.job_id, placed.items[0].item_id) == (7, 43)


async def test_a_restored_backup_gives_no_number_that_was_given_since(
    tmp_path: Path, shop: Shop
) -> None:
    await shop.customer()
    for number in range(3):
        await shop.item(message_id=10 + number)
    given = await shop.database.write(given_ids)
    none = {"broadcasts": 0, "payments": 0, "payment_refunds": 0}
    assert given == {"jobs": 3, "items": 3, **none}
    async with open_shop(tmp_path / "older.db") as restored:
        await restored.customer()
        newer = {**given, "broadcasts": 7, "payments": 5}
        await restored.database.write(lambda tx: skip_ids(tx, newer))
        placed = await restored.place()
        assert placed is not None
        assert (placed.job_id, placed.items[0].item_id) == (4, 4)
        await restored.database.write(lambda tx: skip_ids(tx, {"jobs": 1}))
        after = {"jobs": 4, "items": 4, "broadcasts": 7, "payments": 5, "payment_refunds": 0}
        assert await restored.database.write(given_ids) == after
        await restored.database.write(lambda tx: skip_ids(tx, None))
        assert await restored.database.write(given_ids) == {
            table: last + LEAP for table, last in after.items()
        }


async def test_rows_that_lead_nowhere_stop_the_upgrade_and_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    make_old(path)
    with closing(sqlite3.connect(path)) as connection:  # by hand, with foreign keys off
        connection.execute("DELETE FROM users WHERE user_id = 2")
        connection.commit()
    before = contents(path)
    with pytest.raises(SchemaError, match="names something in users that is not there"):
        async with Database.open(path):
            pass
    assert ask(path, "PRAGMA user_version") == [(11,)]
    after = contents(path)
    assert before == {
        table: [{k: v for k, v in row.items() if k in before[table][0]} for row in rows]
        for table, rows in after.items()
    }


async def test_a_copy_from_before_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "bot.db"
    make_old(path)
    before = contents(path)
    caplog.set_level("INFO")
    async with Database.open(path):
        pass
    (copy,) = copies(tmp_path)
    assert copy.name == "bot.db.before-0011"
    assert contents(copy) == before
    assert copy.stat().st_mode & 0o777 == 0o600
    assert "is brought from version 10" in caplog.text
    async with Database.open(path):
        pass
    assert len(copies(tmp_path)) == 1


async def test_without_room_there_is_no_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "bot.db"
    make_old(path)
    monkeypatch.setattr(module, "ROOM", 10**9)
    async with Database.open(path):
        pass
    assert copies(tmp_path) == []
    assert "no room for a copy" in caplog.text


async def test_a_new_database_is_copied_by_nobody(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "bot.db"):
        pass
    assert copies(tmp_path) == []
