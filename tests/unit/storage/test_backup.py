"""Looking at a database, and copying it, while somebody else writes to it."""

import asyncio
import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from storage import audit, backup
from storage.audit import broken_invariants
from storage.backup import BackupError, back_up, inspect, on_sale
from storage.database import Database
from storage.errors import StorageError
from tests.unit.storage.shop import PRICE, Shop, held_open, open_shop

WAIT_S = 5


class Gate(threading.Event):
    """The stop of a copy, asked between its steps: there the copy waits until it may go on."""

    reached: ClassVar[threading.Semaphore]
    passes: ClassVar[threading.Semaphore]

    def is_set(self) -> bool:
        self.reached.release()
        assert self.passes.acquire(timeout=WAIT_S)
        return super().is_set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Gate]]:
    """Copies go a page a step, through a gate."""
    monkeypatch.setattr(backup, "Event", Gate)
    monkeypatch.setattr(backup, "PAGES_A_STEP", 1)
    monkeypatch.setattr(Gate, "reached", threading.Semaphore(0), raising=False)
    monkeypatch.setattr(Gate, "passes", threading.Semaphore(0), raising=False)
    yield Gate
    Gate.passes.release(100_000)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def names(path: Path) -> list[str]:
    """What lies beside the path."""
    return files(path.parent)


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def write(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "monday.db"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the shop's database is."""
    return tmp_path / "bot.db"


# --- A copy


async def test_a_copy_is_the_database(shop: Shop, path: Path, target: Path) -> None:
    await shop.customer()
    await shop.item("failed")
    await asyncio.to_thread(path.chmod, 0o640)
    size = await back_up(path, target)
    seen = await asyncio.to_thread(target.stat)
    assert size == seen.st_size > 0
    assert seen.st_mode & 0o777 == 0o600
    assert names(target) == ["monday.db"], "one file is all of it"
    before = await shop.everything()
    async with open_shop(target) as copy:
        assert await copy.everything() == before
        assert await copy.place(message_id=99), "the bot works on with it"


async def test_a_copy_can_be_read_where_nothing_can_be_written(
    shop: Shop, path: Path, target: Path
) -> None:
    await shop.customer()
    await back_up(path, target)
    with contextlib.closing(
        sqlite3.connect(f"{target.as_uri()}?immutable=1", uri=True)
    ) as connection:
        assert connection.execute("SELECT balance FROM users").fetchall() == [(1000,)]
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("delete",)]


async def test_a_copy_while_charges_are_written(
    shop: Shop, path: Path, target: Path, gate: type[Gate]
) -> None:
    await shop.customer(tokens=1_000_000)
    for number in range(20):
        await shop.item("failed", message_id=number)
    charges = "SELECT count(*) FROM ledger WHERE kind = 'charge'"
    copying = asyncio.create_task(back_up(path, target))
    steps = 0
    while not copying.done():
        if not await asyncio.to_thread(gate.reached.acquire, timeout=0.01):
            continue
        steps += 1
        # Between two steps of the copy; it would never end if a commit made it begin anew.
        if steps <= 150:
            await shop.place(message_id=1000 + steps, max_active_items=200)
        gate.passes.release()
    await copying
    ((pages,),) = query(target, "PRAGMA page_count")
    assert 20 < steps < 150
    assert steps <= int(str(pages)) + 5, "a page a step, and the check"
    assert query(path, charges) == [(20 + steps,)]
    assert query(target, charges) == [(20,)], "the moment at which it began"
    async with Database.open(target) as copy:
        assert await broken_invariants(copy) == []


async def test_copies_one_after_another_while_charges_are_written(
    shop: Shop, path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "PAGES_A_STEP", 1)
    await shop.customer(tokens=1_000_000)
    enough, one_more = asyncio.Event(), asyncio.Event()

    async def sell() -> int:
        number = 0
        while not enough.is_set():
            number += 1
            await shop.place(message_id=number, max_active_items=10_000)
            one_more.set()
        return number

    selling = asyncio.create_task(sell())
    copies = [target.with_name(f"{number}.db") for number in range(5)]
    for copy in copies:
        one_more.clear()
        await one_more.wait()
        await back_up(path, copy)
    enough.set()
    sold = await selling
    for number, copy in enumerate(copies, 1):
        async with Database.open(copy) as database:
            assert await broken_invariants(database) == []
            (row,) = await database.fetch_all("SELECT count(*) AS n, sum(cost) AS s FROM items")
            assert row["s"] in {None, row["n"] * PRICE}
            assert number <= row["n"] <= sold


async def test_the_wal_of_a_bot_that_was_killed_is_in_the_copy(
    shop: Shop, path: Path, tmp_path: Path, target: Path
) -> None:
    await shop.customer()
    killed = tmp_path / "killed"
    killed.mkdir()
    for suffix in ("", "-wal"):  # what a SIGKILL leaves
        await asyncio.to_thread(shutil.copy, f"{path}{suffix}", killed / f"bot.db{suffix}")
    await back_up(killed / "bot.db", target)
    assert query(target, "SELECT balance FROM users") == [(1000,)]


# --- No copy


async def test_an_interrupted_copy_leaves_nothing(
    shop: Shop, path: Path, target: Path, gate: type[Gate]
) -> None:
    await shop.customer()
    copying = asyncio.create_task(back_up(path, target))
    for _ in range(5):
        assert await asyncio.to_thread(gate.reached.acquire, timeout=WAIT_S)
        gate.passes.release()
    (folder,) = names(target)
    assert folder.startswith(".backup-")
    copying.cancel()
    await asyncio.sleep(0)
    gate.passes.release(1000)
    with pytest.raises(asyncio.CancelledError):
        await copying
    assert names(target) == []
    await shop.place()  # nothing holds the bot's database


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
async def test_what_is_there_already_stays(shop: Shop, path: Path, target: Path, kind: str) -> None:
    match kind:
        case "file":
            await asyncio.to_thread(target.write_bytes, b"dear")
        case "folder":
            await asyncio.to_thread(target.mkdir)
        case _:
            await asyncio.to_thread(target.symlink_to, "nowhere")
    with pytest.raises(BackupError, match=r"monday\.db is there already"):
        await back_up(path, target)
    assert names(target) == ["monday.db"]
    if kind == "file":
        assert await asyncio.to_thread(target.read_bytes) == b"dear"


async def test_what_came_meanwhile_stays_too(
    shop: Shop, path: Path, target: Path, gate: type[Gate]
) -> None:
    copying = asyncio.create_task(back_up(path, target))
    assert await asyncio.to_thread(gate.reached.acquire, timeout=WAIT_S)
    await asyncio.to_thread(target.write_bytes, b"dear")
    gate.passes.release(100_000)
    with pytest.raises(BackupError, match="is there already"):
        await copying
    assert names(target) == ["monday.db"]
    assert await asyncio.to_thread(target.read_bytes) == b"dear"


async def test_no_source(tmp_path: Path, target: Path) -> None:
    with pytest.raises(BackupError, match=r"there is no database at .*bot\.db: check DATA_DIR"):
        await back_up(tmp_path / "bot.db", target)
    assert names(target) == []
    assert files(tmp_path) == ["backups"], "none was made by looking"


async def test_no_folder(shop: Shop, path: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="there is no folder"):
        await back_up(path, tmp_path / "none" / "monday.db")


async def test_a_folder_that_cannot_be_written(
    shop: Shop, path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(backup, "TemporaryDirectory", refuse)
    with pytest.raises(BackupError, match=r"monday\.db cannot be written: Permission denied"):
        await back_up(path, target)


async def test_a_source_that_is_no_database(tmp_path: Path, target: Path) -> None:
    source = tmp_path / "bot.db"
    await asyncio.to_thread(source.write_text, "not a database, but long enough for one\n" * 100)
    with pytest.raises(BackupError, match="no copy could be made: file is not a database"):
        await back_up(source, target)
    assert names(target) == []


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("header", "the database is damaged, the copy was thrown away: .*freelist"),
        ("table", "the database is damaged, the copy was thrown away: .*page 1"),
    ],
)
async def test_a_damaged_source(tmp_path: Path, target: Path, place: str, said: str) -> None:
    source = tmp_path / "bot.db"
    await damage(source, place)
    with pytest.raises(BackupError, match=f"(?i){said}"):
        await back_up(source, target)
    assert names(target) == []


async def test_a_full_disk(
    shop: Shop, path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sqlite3.connect

    def small(database: object, **options: object) -> sqlite3.Connection:
        connection = real(database, **options)  # type: ignore[call-overload]
        if "uri" not in options:  # the copy
            connection.execute("PRAGMA max_page_count = 2")
        assert isinstance(connection, sqlite3.Connection)
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(BackupError, match="no copy could be made: database or disk is full"):
        await back_up(path, target)
    assert names(target) == []


# --- An inspection


async def damage(path: Path, place: str) -> None:
    """Make a database that has rubbish in it."""
    async with open_shop(path) as shop:
        await shop.customer()
    (row,) = query(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'ledger'")
    page = int(str(row[0]))
    # The count of free pages, sqlite.org/fileformat2.html; or the root of the ledger.
    at, rubbish = (
        (36, bytes(3) + b"\x05") if place == "header" else ((page - 1) * 4096, b"\xff" * 99)
    )

    def spoil() -> None:
        with path.open("r+b") as file:
            file.seek(at)
            file.write(rubbish)

    await asyncio.to_thread(spoil)


async def test_a_sound_database_that_is_in_use(shop: Shop, path: Path) -> None:
    await shop.customer()
    for number, status in enumerate(["queued", "queued", "generating", "delivered", "failed"]):
        await shop.item(status, message_id=number)
    async with held_open(shop.database, "UPDATE users SET language = 'en'"):
        seen = await inspect(path)
    assert seen.version == seen.newest > 0
    assert (seen.damage, seen.broken) == ([], [])
    assert seen.unfinished == {"queued": 2, "generating": 1}


async def test_a_broken_invariant(shop: Shop, path: Path) -> None:
    await shop.customer()
    await shop.run("UPDATE users SET balance = 5")
    (line,) = (await inspect(path)).broken
    assert line.startswith("a balance is the sum of its ledger")


@pytest.mark.parametrize("version", [0, 1, 999])
async def test_another_version_is_told_and_left(tmp_path: Path, version: int) -> None:
    path = tmp_path / "bot.db"
    write(path, f"PRAGMA user_version = {version}")
    seen = await inspect(path)
    assert (seen.version, seen.damage, seen.broken) == (version, [], ())
    assert query(path, "PRAGMA user_version") == [(version,)]


async def test_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    await damage(path, "header")
    seen = await inspect(path)
    assert "freelist" in seen.damage[0].lower()
    assert seen.unfinished is None
    await damage(path.with_name("2.db"), "table")
    with pytest.raises(StorageError, match="CORRUPT"):
        await inspect(path.with_name("2.db"))


async def test_what_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with pytest.raises(StorageError, match="CANTOPEN"):
        await inspect(path)
    assert files(tmp_path) == []
    await asyncio.to_thread(path.write_text, "not a database, but long enough for one\n" * 100)
    with pytest.raises(StorageError, match="NOTADB"):
        await inspect(path)


async def test_an_odd_path(tmp_path: Path) -> None:
    folder = tmp_path / "50% of my data? #1"
    async with open_shop(folder / "bot.db") as shop:
        await shop.customer()
        assert (await inspect(folder / "bot.db")).unfinished == {}
        await back_up(folder / "bot.db", folder / "копия.db")
    assert query(folder / "копия.db", "SELECT balance FROM users") == [(1000,)]


async def test_an_inspection_can_be_given_up(
    shop: Shop, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    monkeypatch.setattr(audit, "INVARIANTS", [("endless", f"{endless} WHERE i < 0")])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await inspect(path)


async def test_what_is_on_sale_is_told_of_a_database_that_is_at_work(tmp_path: Path) -> None:
    async with open_shop(tmp_path / "bot.db") as shop:
        rows, _ = await on_sale(tmp_path / "bot.db")
        assert [each.provider for each in rows] == ["midjourney"]
        await shop.run("UPDATE models SET enabled = 0")
        assert await on_sale(tmp_path / "bot.db") == ([], [])
