"""A backup put in place of a database, whatever happens meanwhile."""

import asyncio
import contextlib
import gzip
import io
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage import restore as module
from storage.backup import BackupError, back_up
from storage.database import MIGRATIONS_DIR
from storage.errors import DatabaseInUseError, StorageFullError
from storage.ids import LEAP, given_ids
from storage.lock import hold_lock
from storage.restore import RestoreError, finish_restore, pending, restore
from tests.processes import FORKS
from tests.unit.storage.shop import open_shop

KEY = f"3f/{'3f' * 16}.png"


def balance(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return int(connection.execute("SELECT sum(balance) FROM users").fetchone()[0])


def write(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)


async def make(path: Path, tokens: int, killed: Path | None = None) -> None:
    """A database with one person; with `killed`, what a SIGKILL would leave is there."""
    async with open_shop(path) as shop:
        await shop.customer(tokens=tokens)
        await shop.item("failed")
        if killed is not None:
            for suffix in ("", "-wal", "-shm"):
                await asyncio.to_thread(shutil.copy, f"{path}{suffix}", killed / f"bot.db{suffix}")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """What a bot left that was killed: 1000 tokens, and the newest of it in the WAL."""
    (tmp_path / "data").mkdir()
    asyncio.run(make(tmp_path / "bot.db", 1000, tmp_path / "data"))
    assert (tmp_path / "data" / "bot.db-wal").stat().st_size > 0
    return tmp_path / "data"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup from before: 500 tokens."""

    async def run() -> None:
        await make(tmp_path / "source.db", 500)
        await back_up(tmp_path / "source.db", tmp_path / "monday.db")

    asyncio.run(run())
    return tmp_path / "monday.db"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "lock")


def test_the_wal_of_before_is_not_replayed_over_a_backup(data_dir: Path, backup: Path) -> None:
    found = restore(backup, data_dir)
    assert (found.people, found.tokens, dict(found.items)) == (1, 500, {"failed": 1})
    assert found.newest_entry_at
    assert found.set_aside is not None
    stem = found.set_aside.name
    assert names(data_dir) == [stem, f"{stem}-shm", f"{stem}-wal", "bot.db"]
    assert (data_dir / "bot.db").stat().st_mode & 0o777 == 0o600
    assert balance(data_dir / "bot.db") == 500
    assert balance(found.set_aside) == 1000, "with its own WAL"
    assert backup.exists()
    finish_restore(data_dir)
    assert balance(data_dir / "bot.db") == 500


def test_what_was_set_aside_can_be_restored_and_is_never_overwritten(
    data_dir: Path, backup: Path
) -> None:
    first = restore(backup, data_dir).set_aside
    assert first is not None
    second = restore(first, data_dir).set_aside
    third = restore(backup, data_dir).set_aside
    assert second is not None
    assert third is not None
    assert [balance(each) for each in (first, second, third)] == [1000, 500, 1000]
    assert len({first, second, third}) == 3


def test_where_nothing_is_a_backup_is_a_beginning(tmp_path: Path, backup: Path) -> None:
    found = restore(backup, tmp_path / "new" / "data")
    assert found.set_aside is None
    assert balance(tmp_path / "new" / "data" / "bot.db") == 500


def test_a_damaged_database_does_not_keep_its_backup_out(data_dir: Path, backup: Path) -> None:
    (data_dir / "bot.db").write_bytes(b"\xff" * 9000)
    found = restore(backup, data_dir)
    assert found.set_aside is not None
    assert found.set_aside.read_bytes() == b"\xff" * 9000
    assert balance(data_dir / "bot.db") == 500


def test_an_older_backup_is_brought_up_to_date(data_dir: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    script = next(MIGRATIONS_DIR.glob("0001_*")).read_text(encoding="utf-8")
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.executescript(f"{script}; PRAGMA user_version = 1;")
    write(old, "INSERT INTO users (user_id, language, created_at) VALUES (7, 'ru', 0)")
    assert restore(old, data_dir).people == 1


def given(path: Path) -> dict[str, int]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return given_ids(connection)


def test_numbers_that_were_given_since_are_not_given_again(data_dir: Path, backup: Path) -> None:
    write(data_dir / "bot.db", "UPDATE sqlite_sequence SET seq = 50 WHERE name = 'items'")
    assert restore(backup, data_dir).last_item_id == 50
    none = {"broadcasts": 0, "payments": 0, "payment_refunds": 0}
    assert given(data_dir / "bot.db") == {"jobs": 1, "items": 50, **none}


@pytest.mark.parametrize("lost", ["damaged", "gone", "begun anew"])
def test_where_nobody_knows_what_was_given_since_numbers_leap(
    data_dir: Path, backup: Path, lost: str
) -> None:
    if lost == "damaged":
        (data_dir / "bot.db").write_bytes(b"\xff" * 9000)
        (data_dir / "bot.db-wal").unlink()  # it holds the newest pages, which could tell
    elif lost == "gone":
        data_dir = data_dir.with_name("new")
    else:
        write(data_dir / "bot.db", "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'items'")
    assert restore(backup, data_dir).last_item_id == 1 + LEAP
    assert given(data_dir / "bot.db")["items"] == 1 + LEAP


# --- Compressed


def compress(path: Path) -> Path:
    """The file compressed, under a name that says nothing of it."""
    packed = path.with_name("thing")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed


def test_a_compressed_backup_is_known_by_its_content(data_dir: Path, backup: Path) -> None:
    assert restore(compress(backup), data_dir).tokens == 500
    assert balance(data_dir / "bot.db") == 500


def test_what_is_not_compressed_is_read_whatever_it_is_called(data_dir: Path, backup: Path) -> None:
    assert restore(backup.rename(backup.with_name("monday.db.gz")), data_dir).tokens == 500


def test_a_compressed_archive_brings_the_pictures(data_dir: Path, archive: Path) -> None:
    found = restore(compress(archive), data_dir)
    assert (found.pictures, found.tokens) == (2, 500)


@pytest.mark.parametrize("kind", ["cut off", "cut off early", "changed", "sum", "two bytes"])
@pytest.mark.parametrize("with_pictures", [False, True])
def test_a_compressed_backup_that_is_not_whole_changes_nothing(
    data_dir: Path, backup: Path, archive: Path, kind: str, with_pictures: bool
) -> None:
    packed = compress(archive if with_pictures else backup)
    content = bytearray(packed.read_bytes())
    match kind:
        case "cut off":
            del content[-20:]
        case "cut off early":
            del content[300:]
        case "changed":
            content[len(content) // 2] ^= 0xFF
        case "sum":
            content[-6] ^= 0xFF
        case _:
            del content[2:]
    packed.write_bytes(content)
    with pytest.raises(RestoreError, match="thing is not restored: "):
        restore(packed, data_dir)
    untouched(data_dir)


# --- Refusals


def untouched(data_dir: Path) -> None:
    assert names(data_dir) == ["bot.db", "bot.db-shm", "bot.db-wal"]
    copy = shutil.copytree(data_dir, data_dir.with_name("look"))
    assert balance(copy / "bot.db") == 1000


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("missing", "there is no such file"),
        ("text", "file is not a database"),
        ("foreign", "it is not a database of this bot"),
        ("newer", "this program knows"),
        ("books", "its books do not agree"),
        ("table", "damaged"),
        ("header", "damaged"),
        ("empty", "not a database of this bot"),
        ("tar", r"there is no bot\.db in it"),
        ("folder", "there is no such file"),
    ],
)
def test_what_is_no_good_backup_changes_nothing(
    data_dir: Path, backup: Path, kind: str, says: str
) -> None:
    match kind:
        case "missing":
            backup.unlink()
        case "text":
            backup.write_text("words " * 1000)
        case "foreign":
            backup.unlink()
            write(backup, "CREATE TABLE users (user_id)")
        case "newer":
            write(backup, "PRAGMA user_version = 999")
        case "books":
            write(backup, "UPDATE users SET balance = 7")
        case "table" | "header":
            with contextlib.closing(sqlite3.connect(backup)) as connection:
                sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'ledger'"
                page = connection.execute(sql).fetchone()[0]
            with backup.open("r+b") as file:
                file.seek(36 if kind == "header" else (page - 1) * 4096)
                file.write(b"\0\0\0\5" if kind == "header" else b"\xff" * 99)
        case "empty":
            backup.write_bytes(b"")
        case "folder":
            backup.unlink()
            backup.mkdir()
        case _:
            with tarfile.open(backup, "w") as tar:
                tar.addfile(tarfile.TarInfo("words"))
    with pytest.raises(RestoreError, match=rf"monday\.db is not restored: (?s:.)*{says}"):
        restore(backup, data_dir)
    untouched(data_dir)


def test_books_that_do_not_agree_are_restored_when_told_so(data_dir: Path, backup: Path) -> None:
    write(backup, "UPDATE users SET balance = 7")
    found = restore(backup, data_dir, anyway=True)
    assert found.broken[0].startswith("a balance is the sum of its ledger")
    assert balance(data_dir / "bot.db") == 7


def test_nothing_is_done_while_a_bot_runs(data_dir: Path, backup: Path) -> None:
    with hold_lock(data_dir / "lock"), pytest.raises(DatabaseInUseError, match="stop it first"):
        restore(backup, data_dir)
    untouched(data_dir)


def test_a_full_disk_changes_nothing(
    data_dir: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "sync", full)
    with pytest.raises(RestoreError, match="No space left on device"):
        restore(backup, data_dir)
    untouched(data_dir)


# --- Killed at any moment


def killed_at(step: int, backup: Path, data_dir: Path) -> None:
    """A restore that ends before that step, as a kill ends it."""
    steps = iter(range(step))

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*given: Any, **named: Any) -> Any:
            if next(steps, None) is None:
                os._exit(9)
            return call(*given, **named)

        return counting

    for place, name in ((Path, "rename"), (Path, "chmod"), (module, "sync"), (shutil, "rmtree")):
        setattr(place, name, counted(getattr(place, name)))
    restore(backup, data_dir)


def test_killed_at_any_moment_it_leaves_the_old_database_or_the_new(
    data_dir: Path, backup: Path, tmp_path: Path
) -> None:
    outcomes = []
    for step in range(100):
        here = shutil.copytree(data_dir, tmp_path / f"killed-{step}")
        process = FORKS.Process(target=killed_at, args=(step, backup, here))
        process.start()
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == 9
        counts = pending(here)
        finish_restore(here)  # what a start does first
        outcomes.append(balance(here / "bot.db"))
        assert outcomes[-1] == 500 or not counts
        aside = list(here.glob("bot-*.db"))
        assert len(aside) == (outcomes[-1] == 500)
        assert all(balance(each) == 1000 for each in aside)
        restore(backup, here)
        assert balance(here / "bot.db") == 500
        assert not [name for name in names(here) if name.startswith(".")], "nothing is left lying"
    assert {1000, 500} == set(outcomes)
    assert outcomes == sorted(outcomes, reverse=True), "there is one moment from which it counts"
    assert len(outcomes) >= 9


def test_a_restore_that_was_broken_off_is_ended_before_the_next(
    data_dir: Path, backup: Path
) -> None:
    shutil.copy(backup, data_dir / module.RESTORED)
    found = restore(backup, data_dir)
    assert found.set_aside is not None
    assert balance(found.set_aside) == 500
    assert sorted(balance(each) for each in data_dir.glob("bot-*.db")) == [500, 1000]


def test_a_folder_that_cannot_be_written_stops_the_start(
    data_dir: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    shutil.copy(backup, data_dir / module.RESTORED)
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StorageFullError, match="Permission denied"):
        finish_restore(data_dir)


# --- With the pictures


@pytest.fixture
def archive(tmp_path: Path, backup: Path) -> Path:
    """A backup with two pictures."""
    files = tmp_path / "files"
    for key in (KEY, f"aa/{'aa' * 16}.jpg"):
        (files / key).parent.mkdir(parents=True)
        (files / key).write_bytes(key.encode())
    (files / "incoming").mkdir()
    (files / "incoming" / "half").write_bytes(b"half")
    asyncio.run(back_up(backup, tmp_path / "monday.tar", files))
    return tmp_path / "monday.tar"


def test_the_pictures_come_along(data_dir: Path, archive: Path) -> None:
    files = data_dir / "files"
    (files / KEY).parent.mkdir(parents=True)
    (files / KEY).write_bytes(b"there already")
    found = restore(archive, data_dir)
    assert (found.pictures, found.tokens) == (2, 500)
    assert (files / KEY).read_bytes() == b"there already", "a key is never used twice"
    other = files / f"aa/{'aa' * 16}.jpg"
    assert other.read_bytes() == f"aa/{'aa' * 16}.jpg".encode()
    assert other.stat().st_mode & 0o777 == 0o600
    with tarfile.open(archive) as tar:
        assert len(tar.getnames()) == 3


def test_a_picture_that_moves_to_supabase_meanwhile_is_left_out(
    tmp_path: Path, backup: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "files" / f"bb/{'bb' * 16}.png"
    glob = Path.glob
    monkeypatch.setattr(Path, "glob", lambda self, pattern: [*glob(self, pattern), gone])
    asyncio.run(back_up(backup, tmp_path / "tuesday.tar", tmp_path / "files"))
    with tarfile.open(tmp_path / "tuesday.tar") as tar:
        assert len(tar.getnames()) == 3


def test_an_archive_writes_nowhere_else(data_dir: Path, archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive, "a") as tar:
        for name in ("../evil", "files/../../evil", "/evil", "files/aa/evil.png", "lock"):
            member = tarfile.TarInfo(name)
            member.size = 4
            tar.addfile(member, io.BytesIO(b"evil"))
        link = tarfile.TarInfo(f"files/cc/{'cc' * 16}.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
    assert restore(archive, data_dir).pictures == 2
    assert not [path for path in tmp_path.rglob("*") if b"evil" in path.name.encode()]
    assert not list(data_dir.glob("files/cc/*"))


def test_an_archive_that_ends_too_early_changes_nothing(data_dir: Path, archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:20_000])
    with pytest.raises(RestoreError):
        restore(archive, data_dir)
    untouched(data_dir)


def test_an_archive_can_be_given_up(
    tmp_path: Path, backup: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stop:
        asked = 0

        def is_set(self) -> bool:
            return bool(list(tmp_path.glob(".backup-*/archive")))

        def set(self) -> None: ...

    monkeypatch.setattr("storage.backup.Event", Stop)
    with pytest.raises(BackupError, match="given up"):
        asyncio.run(back_up(backup, tmp_path / "tuesday.tar", tmp_path / "files"))
    assert not list(tmp_path.glob("*uesday*"))
