"""The file itself: migrations, who sees what, and what is left when a writer is cancelled."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from storage import database as module
from storage.audit import broken_invariants
from storage.database import MIGRATIONS_DIR, Database
from storage.errors import SchemaError, StorageBusyError, StorageError, StorageFullError
from storage.people import People
from tests.unit.storage.shop import PRICE, Shop, held_open, open_shop

LATEST = max(int(path.name[:4]) for path in MIGRATIONS_DIR.glob("*.sql"))


def ask(path: Path, sql: str) -> list[tuple[object, ...]]:
    """What another program sees in the file, or does to it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(sql).fetchall()


async def test_a_new_file_is_brought_up_to_date_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "bot.db"
    async with open_shop(path) as shop:
        await shop.customer(tokens=5)
    async with open_shop(path) as shop:
        assert await shop.ledger.balance(1) == 5
    assert ask(path, "PRAGMA user_version") == [(LATEST,)]
    assert ask(path, "PRAGMA journal_mode") == [("wal",)]


async def test_a_commit_is_on_the_disk(shop: Shop) -> None:
    assert await _pragma(shop, "synchronous") == 2, "FULL"
    assert await _pragma(shop, "foreign_keys") == 1


async def _pragma(shop: Shop, name: str) -> int:
    return await shop.database.write(lambda tx: int(tx.execute(f"PRAGMA {name}").fetchone()[0]))


async def test_a_migration_that_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = tmp_path / "migrations"
    scripts.mkdir()
    monkeypatch.setattr(module, "MIGRATIONS_DIR", scripts)
    path = tmp_path / "bot.db"
    (scripts / "0001_first.sql").write_text("CREATE TABLE first (n INTEGER) STRICT;")
    second = scripts / "0002_second.sql"
    second.write_text(
        "CREATE TABLE second (n INTEGER) STRICT; INSERT INTO first VALUES (1);"
        " INSERT INTO no_such VALUES (1);"
    )
    for _ in range(2):
        with pytest.raises(StorageError, match="no_such"):
            async with Database.open(path):
                pass
        assert ask(path, "PRAGMA user_version") == [(1,)]
        assert ask(path, "SELECT name FROM sqlite_master") == [("first",)]
        assert ask(path, "SELECT * FROM first") == []
    second.write_text("CREATE TABLE second (n INTEGER) STRICT; INSERT INTO first VALUES (1);")
    async with Database.open(path) as database:
        assert len(await database.fetch_all("SELECT * FROM first")) == 1
    async with Database.open(path) as database:
        assert len(await database.fetch_all("SELECT * FROM first")) == 1, "not applied again"
    assert ask(path, "PRAGMA user_version") == [(2,)]


async def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    ask(path, f"PRAGMA user_version = {LATEST + 1}")
    with pytest.raises(SchemaError, match=f"version {LATEST + 1}, this program knows {LATEST}"):
        async with Database.open(path):
            pass
    assert ask(path, "PRAGMA user_version") == [(LATEST + 1,)]
    assert ask(path, "SELECT * FROM sqlite_master") == []


async def test_an_sqlite_that_is_too_old_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SQLITE_NEEDED", (99, 0))
    with pytest.raises(SchemaError):
        async with Database.open(tmp_path / "bot.db"):
            pass
    assert not (tmp_path / "bot.db").exists()


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    path.write_bytes(b"no database at all\n" * 1000)
    with pytest.raises(StorageError, match="NOTADB") as caught:
        async with Database.open(path):
            pass
    assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)
    assert path.read_bytes() == b"no database at all\n" * 1000


async def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "bot.db").mkdir()
    before = set(threading.enumerate())
    with pytest.raises(StorageFullError, match="cannot be used: Is a directory"):
        async with Database.open(tmp_path / "bot.db"):
            pass
    # aiosqlite's thread reports its end to this loop, which must still be open then.
    for thread in set(threading.enumerate()) - before:
        await asyncio.to_thread(thread.join, 5)


async def test_reads_see_what_is_committed_and_nothing_else(shop: Shop) -> None:
    await shop.customer(tokens=5)
    async with held_open(shop.database, "UPDATE users SET balance = 77"):
        assert await shop.ledger.balance(1) == 5
    assert await shop.ledger.balance(1) == 77


async def test_reads_cannot_write(shop: Shop) -> None:
    await shop.customer(tokens=5)
    with pytest.raises(StorageError, match="READONLY"):
        await shop.database.fetch_all("UPDATE users SET balance = 77")
    assert await shop.ledger.balance(1) == 5


async def test_writers_take_turns(shop: Shop) -> None:
    await shop.customer(tokens=0)

    def add_one(tx: sqlite3.Connection) -> None:
        (balance,) = tx.execute("SELECT balance FROM users").fetchone()
        tx.execute("UPDATE users SET balance = ?", (balance + 1,))

    await asyncio.gather(*(shop.database.write(add_one) for _ in range(20)))
    assert await shop.ledger.balance(1) == 20


async def test_those_who_come_together_share_a_commit(shop: Shop) -> None:
    commits = []

    def watch(tx: sqlite3.Connection) -> None:
        tx.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)

    await shop.database.write(watch)
    commits.clear()
    granted = [shop.database.execute("INSERT INTO flags VALUES (?, '')", (n,)) for n in range(20)]
    await asyncio.gather(*granted)
    assert len(commits) < 3
    assert await shop.rows("SELECT count(*) AS n FROM flags") == [{"n": 20}]


async def test_an_error_undoes_its_own_work_and_nobody_else_s(shop: Shop) -> None:
    await shop.customer(tokens=5)

    def add_and_raise(tx: sqlite3.Connection) -> None:
        tx.execute("UPDATE users SET balance = balance + 77")
        raise ZeroDivisionError

    add = "UPDATE users SET balance = balance + 1"
    outcomes = await asyncio.gather(
        shop.database.execute(add),
        shop.database.write(add_and_raise),
        shop.database.execute("INSERT INTO no_such VALUES (1)"),
        shop.database.execute(add),
        return_exceptions=True,
    )
    assert [type(each) for each in outcomes] == [int, ZeroDivisionError, StorageError, int]
    assert await shop.ledger.balance(1) == 7


async def test_somebody_else_holds_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_S", 0.05)
    monkeypatch.setattr(module, "BUSY_STILL_S", 0.0)
    monkeypatch.setattr(module, "ATTEMPT_S", 0.001)
    path = tmp_path / "bot.db"
    async with open_shop(path) as shop:
        await shop.customer()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageBusyError):
                await shop.place()
            assert await shop.ledger.balance(1) == 1000, "reading goes on"
        assert await shop.place() is not None


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another program holds the file for writing."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for another program waits for an hour, and is looked at all the time."""
    monkeypatch.setattr(module, "BUSY_S", 3600.0)
    monkeypatch.setattr(module, "ATTEMPT_S", 0.001)


@pytest.mark.usefixtures("endless")
async def test_writes_wait_together_until_the_file_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "SLOW_S", 0.0)
    async with open_shop(tmp_path / "bot.db") as shop:
        await shop.customer()
        with held(tmp_path / "bot.db"):
            first = asyncio.create_task(shop.place(message_id=1))
            while "holds the database" not in caplog.text:  # noqa: ASYNC110 - no bell rings
                await asyncio.sleep(0.001)
            gone = asyncio.create_task(shop.place(message_id=2))
            late = asyncio.create_task(shop.place(message_id=3))
            assert await shop.ledger.balance(1) == 1000, "reading goes on"
            gone.cancel()
            assert not first.done()
        assert await first is not None
        assert await late is not None
        assert [row["message_id"] for row in await shop.rows("SELECT * FROM jobs")] == [1, 3]
        assert len(caplog.records) == 2, "once that it waits, once that it is over"
        assert "is unlocked again after" in caplog.text
        assert await shop.ledger.balance(1) == 1000 - 2 * PRICE


@pytest.mark.usefixtures("endless")
async def test_who_comes_when_the_file_was_held_for_long_is_not_kept_as_long_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_STILL_S", 0.0)
    async with open_shop(tmp_path / "bot.db") as shop:
        await shop.customer()
        with held(tmp_path / "bot.db"):
            writes = shop.database._writes  # noqa: SLF001
            now = asyncio.get_running_loop().time()
            writes._held_since, writes._held_last = now - 3600, now  # noqa: SLF001
            with pytest.raises(StorageBusyError):
                await shop.place()
        assert await shop.place() is not None


@pytest.mark.usefixtures("endless")
async def test_a_note_is_waited_for_by_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_shop(tmp_path / "bot.db") as shop:
        await shop.customer()
        with held(tmp_path / "bot.db"):
            await People(shop.database).note_name(1, "anna", "Анна")
            assert (await shop.rows("SELECT username FROM users")) == [{"username": None}]

        def broken(tx: sqlite3.Connection) -> None:
            tx.execute("no SQL")

        shop.database.note(broken, "this")
        await shop.customer(2)
        assert (await shop.rows("SELECT username FROM users"))[0] == {"username": "anna"}
        assert "this was not stored" in caplog.text


async def test_a_full_disk_charges_nothing(shop: Shop) -> None:
    await shop.customer()
    await _limit_pages(shop, await _pragma(shop, "page_count"))
    before = await shop.everything()
    with pytest.raises(StorageFullError):
        await shop.place(prompt="x" * 100_000)
    assert await shop.everything() == before
    await _limit_pages(shop, 1_000_000)
    assert await shop.place(prompt="x" * 100_000) is not None


async def test_a_full_disk_is_told_to_everybody_who_writes_then(shop: Shop) -> None:
    await shop.customer(tokens=1_000_000)
    await _limit_pages(shop, await _pragma(shop, "page_count"))
    asked = [shop.place(message_id=n, prompt="x" * 100_000 * (n % 2) or "кот") for n in range(6)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    await _limit_pages(shop, 1_000_000)
    full = [isinstance(each, StorageFullError) for each in outcomes]
    assert full[1]
    assert await shop.rows("SELECT count(*) AS n FROM jobs") == [{"n": full.count(False)}]
    assert await broken_invariants(shop.database) == []


async def _limit_pages(shop: Shop, count: int) -> None:
    await _pragma(shop, f"max_page_count = {count}")


@pytest.mark.parametrize("cancels", [1, 2])
async def test_a_cancelled_writer_leaves_all_or_nothing(shop: Shop, cancels: int) -> None:
    """After each number of turns of the loop; a second cancel comes while the first is handled."""
    await shop.customer(tokens=1_000_000)
    done_in_a_row = turns = tried = 0
    while done_in_a_row < 5:
        task = asyncio.create_task(
            shop.place(message_id=turns, quantity=2, max_active_items=100_000)
        )
        for _ in range(turns):
            await asyncio.sleep(0)
        done_in_a_row = done_in_a_row + 1 if task.done() else 0
        for _ in range(cancels):
            task.cancel()
            await asyncio.sleep(0)
        with suppress(asyncio.CancelledError):
            await task
        # The next writer's BEGIN fails if a transaction is left open.
        await shop.ledger.grant(1, 1, grant_key=f"9:{turns}", granted_by=9)
        placed = await shop.rows("SELECT * FROM jobs WHERE message_id = ?", turns)
        if task.cancelled() and not placed:
            assert await shop.place(message_id=turns, quantity=2, max_active_items=100_000)
        tried += 1
        turns += 1 + turns // 10
    assert tried > 10, "it was cancelled in the middle"
    assert await broken_invariants(shop.database) == []
    assert await shop.ledger.balance(1) == 1_000_000 + tried * (1 - 2 * PRICE)
