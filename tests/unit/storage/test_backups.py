"""A backup made in its folder, whatever happens meanwhile."""

import asyncio
import contextlib
import errno
import gzip
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage import backup as copying
from storage import backups as module
from storage.backup import BackupError
from storage.backup_folder import DAY_S, HOUR_S, Keep, last_backup
from storage.backups import LOCK, UNFINISHED, Made, make_backup
from storage.database import MIGRATIONS_DIR
from tests.processes import FORKS, ROOT
from tests.unit.storage.shop import open_shop
from tests.unit.storage.test_backup import damage, query, write

NOW = 1_795_600_000.0
KEEP = Keep(hours=24, days=7, weeks=4)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """One person with 1000 tokens."""

    async def run() -> None:
        async with open_shop(tmp_path / "data" / "bot.db") as shop:
            await shop.customer()
            await shop.item("failed")

    asyncio.run(run())
    return tmp_path / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where backups lie; nobody has made it yet."""
    return tmp_path / "backups"


def make(data_dir: Path, folder: Path, at: float = NOW, **options: Any) -> Made:
    options = {"stop": threading.Event(), "now": lambda: at, **options}
    return make_backup(data_dir / "bot.db", folder, KEEP, **options)


def names(folder: Path) -> list[str]:
    """What lies there, without the lock."""
    return sorted(path.name for path in folder.iterdir() if path.name != LOCK)


def balance(packed: Path) -> int:
    plain = packed.with_name("look.db")
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    ((tokens,),) = query(plain, "SELECT sum(balance) FROM users")
    plain.unlink()
    return int(str(tokens))


def test_a_backup_is_the_database_compressed_and_its_owners_alone(
    data_dir: Path, folder: Path
) -> None:
    made = make(data_dir, folder)
    assert (made.broken, made.removed, made.is_new) == ((), 0, True)
    assert names(folder) == ["bot-20261125T094640Z.db.gz"]
    assert made.backup == last_backup(folder, NOW)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir() if path.name != LOCK} == {0}
    assert balance(made.backup.path) == 1000


def test_with_the_pictures_it_is_an_archive(data_dir: Path, folder: Path) -> None:
    picture = data_dir / "files" / "3f" / f"{'3f' * 16}.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"picture")
    made = make(data_dir, folder, files=data_dir / "files")
    assert made.backup.path.name == "bot-20261125T094640Z.tar.gz"
    with tarfile.open(made.backup.path) as tar:
        assert tar.getnames() == ["bot.db", f"files/3f/{'3f' * 16}.png"]


def test_two_of_one_second_are_two(data_dir: Path, folder: Path) -> None:
    make(data_dir, folder)
    make(data_dir, folder)
    assert names(folder) == ["bot-20261125T094640Z.db.gz", "bot-20261125T094641Z.db.gz"]


def test_none_is_made_while_the_last_is_young_enough(data_dir: Path, folder: Path) -> None:
    first = make(data_dir, folder)
    again = make(data_dir, folder, NOW + HOUR_S - 1, unless_younger_s=HOUR_S)
    assert (again.backup, again.is_new) == (first.backup, False)
    assert make(data_dir, folder, NOW + HOUR_S, unless_younger_s=HOUR_S).is_new
    assert len(names(folder)) == 2


def test_a_clock_put_back_takes_no_backup_away_and_still_makes_them(
    data_dir: Path, folder: Path
) -> None:
    for days in range(5):
        make(data_dir, folder, NOW + days * DAY_S)
    before = names(folder)
    back = NOW - 10 * DAY_S
    assert make(data_dir, folder, back, unless_younger_s=DAY_S).is_new
    assert not make(data_dir, folder, back + HOUR_S, unless_younger_s=DAY_S).is_new
    assert make(data_dir, folder, back + DAY_S, unless_younger_s=DAY_S).is_new
    assert {*before} < {*names(folder)}


def test_old_ones_go_and_what_is_not_a_backup_stays(data_dir: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("dear")
    (folder / "bot-20200101T000000Z.db").write_text("by hand")
    for days in range(40):
        make(data_dir, folder, NOW + days * DAY_S)
    assert len(names(folder)) == 2 + 10
    assert {"notes.txt", "bot-20200101T000000Z.db"} < {*names(folder)}


# --- Rights


def test_in_data_dir_the_folder_is_closed_to_others_elsewhere_it_is_left(data_dir: Path) -> None:
    for place, mode in ((data_dir / "backups", 0o700), (data_dir.parent / "shared", 0o755)):
        place.mkdir()
        place.chmod(0o755)
        made = make(data_dir, place)
        assert place.stat().st_mode & 0o777 == mode
        assert made.backup.path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_made(data_dir: Path, folder: Path) -> None:
    folder.write_text("a file")
    with pytest.raises(BackupError, match="backups cannot be written: File exists"):
        make(data_dir, folder)


def test_a_folder_that_cannot_be_written(
    data_dir: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(module, "TemporaryDirectory", refuse)
    with pytest.raises(BackupError, match="backups cannot be written: Permission denied"):
        make(data_dir, folder)


def test_one_that_cannot_be_removed_does_not_undo_the_new_one(
    data_dir: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make(data_dir, folder, NOW - 100 * DAY_S)
    for days in (50, 40):
        make(data_dir, folder, NOW - days * DAY_S)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    unlink = Path.unlink

    def unlink_the_copy(self: Path, **options: Any) -> None:
        (refuse if self.parent == folder else unlink)(self, **options)

    monkeypatch.setattr(Path, "unlink", unlink_the_copy)
    made = make(data_dir, folder)
    assert made.removed == 0
    assert "is old and cannot be removed: Operation not permitted" in caplog.text
    assert len(names(folder)) == 4


# --- No backup


def test_no_database(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(BackupError, match=r"there is no database at .*bot\.db: check DATA_DIR"):
        make(tmp_path, folder)
    assert names(folder) == []


@pytest.mark.parametrize("place", ["header", "table"])
def test_a_damaged_database_takes_the_place_of_no_good_backup(
    data_dir: Path, folder: Path, place: str
) -> None:
    for days in (40, 30, 1):
        make(data_dir, folder, NOW - days * DAY_S)
    before = names(folder)
    (data_dir / "bot.db").unlink()
    asyncio.run(damage(data_dir / "bot.db", place))
    with pytest.raises(BackupError, match=r"damaged|malformed"):
        make(data_dir, folder)
    assert names(folder) == before


def test_one_whose_books_do_not_agree_is_kept_apart_and_takes_nothings_place(
    data_dir: Path, folder: Path
) -> None:
    for days in (44, 43, 42):
        make(data_dir, folder, NOW - days * DAY_S)
    good = make(data_dir, folder, NOW - 41 * DAY_S)
    before = names(folder)
    write(data_dir / "bot.db", "UPDATE users SET balance = 7")
    for days in range(40, 0, -1):
        make(data_dir, folder, NOW - days * DAY_S)
    made = make(data_dir, folder)
    assert made.broken[0].startswith("a balance is the sum of its ledger")
    assert made.backup.path.name == "unsound-bot-20261125T094640Z.db.gz"
    assert balance(made.backup.path) == 7
    apart = [name for name in names(folder) if name.startswith("unsound-")]
    assert len(apart) == 9, "they are no more than good ones would be"
    assert {*names(folder)} - {*apart} == {*before}
    assert last_backup(folder, NOW) == good.backup
    write(data_dir / "bot.db", "UPDATE users SET balance = 1000")
    make(data_dir, folder, NOW + 60 * DAY_S)
    assert [name[:4] for name in names(folder)] == ["bot-"] * 3


def test_the_books_of_an_older_version_are_left_to_the_next_start(
    data_dir: Path, folder: Path
) -> None:
    (data_dir / "bot.db").unlink()
    script = next(MIGRATIONS_DIR.glob("0001_*")).read_text(encoding="utf-8")
    with contextlib.closing(sqlite3.connect(data_dir / "bot.db")) as connection:
        connection.executescript(f"{script}; PRAGMA user_version = 1;")
    assert make(data_dir, folder).broken == ()


def test_a_disk_that_is_nearly_full_is_left_alone(
    data_dir: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROOM_BYTES", 10**15)
    with pytest.raises(BackupError, match=r"no room in .*: \d+ MB are free"):
        make(data_dir, folder)
    assert names(folder) == []


@pytest.mark.parametrize(("limit", "with_pictures"), [(50_000, False), (600_000, True)])
def test_a_disk_that_fills_up_leaves_nothing_half(
    data_dir: Path, folder: Path, limit: int, with_pictures: bool
) -> None:
    """By the system's own limit on files, in a process of its own: the copy, then the archive."""
    good = make(data_dir, folder, NOW - 60)
    picture = data_dir / "files" / "3f" / f"{'3f' * 16}.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(os.urandom(1_000_000))
    files = data_dir / "files" if with_pictures else None
    process = FORKS.Process(target=limited, args=(limit, data_dir, folder, files))
    process.start()
    process.join()
    assert process.exitcode == 7
    assert names(folder) == [good.backup.path.name]


def limited(limit: int, data_dir: Path, folder: Path, files: Path | None) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        make(data_dir, folder, files=files)
    except BackupError:
        os._exit(7)


def test_given_up_at_any_moment_it_leaves_nothing(
    data_dir: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGES_A_STEP", 20)
    monkeypatch.setattr(module, "PIECE_BYTES", 50_000)
    for steps in range(1000):
        try:
            made = make(data_dir, folder, NOW + steps, stop=Stop(steps))
        except BackupError:
            assert names(folder) == []
        else:
            assert names(folder) == [made.backup.path.name]
            break
    assert steps > 10


class Stop(threading.Event):
    """Set after it was asked so often."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


# --- Killed, and two at once


def killed_at(step: int, data_dir: Path, folder: Path) -> None:
    """A backup that ends before that step, as a kill ends it."""
    steps = iter(range(step))

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*given: Any, **named: Any) -> Any:
            if next(steps, None) is None:
                os._exit(9)
            return call(*given, **named)

        return counting

    for place, name in (
        *((Path, each) for each in ("rename", "chmod", "unlink", "open", "mkdir")),
        *((module, each) for each in ("sync", "copy_database", "broken_in", "read_to_the_end")),
        (shutil, "rmtree"),
    ):
        setattr(place, name, counted(getattr(place, name)))
    make(data_dir, folder)


def test_killed_at_any_moment_it_leaves_a_whole_one_or_none_and_the_next_clears_up(
    data_dir: Path, tmp_path: Path
) -> None:
    left = []
    for step in range(100):
        folder = tmp_path / f"killed-{step}"
        process = FORKS.Process(target=killed_at, args=(step, data_dir, folder))
        process.start()
        process.join()
        last = last_backup(folder, NOW)
        assert last is None or balance(last.path) == 1000
        left.append(last is not None)
        if process.exitcode == 0:
            break
        assert process.exitcode == 9
        make(data_dir, folder, NOW + 60)
        assert not [name for name in names(folder) if name.startswith(UNFINISHED)]
        shutil.rmtree(folder)
    assert left == sorted(left)
    assert len(left) > 9


def test_two_at_once_wait_for_each_other(
    data_dir: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OTHERS_PAUSE_S", 0.001)
    at_work, most = [0], [0]
    real = copying.copy_database

    def watched(*given: Any) -> None:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        real(*given)
        at_work[0] -= 1

    monkeypatch.setattr(module, "copy_database", watched)
    threads = [threading.Thread(target=make, args=(data_dir, folder)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, len(names(folder))) == ([1], 3)


def test_who_waits_for_another_can_be_stopped_and_does_not_wait_for_ever(
    data_dir: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    with module.alone_in(folder, threading.Event()):
        stop = threading.Event()
        stop.set()
        with pytest.raises(BackupError, match="given up"):
            make(data_dir, folder, stop=stop)
        monkeypatch.setattr(module, "OTHERS_LIMIT_S", 0.0)
        monkeypatch.setattr(module, "OTHERS_PAUSE_S", 0.001)
        with pytest.raises(BackupError, match="another process has been making a backup"):
            make(data_dir, folder)


# --- The process


def run(*given: Any) -> tuple[int, dict[str, Any]]:
    """The process, and the line that it says."""
    command = [sys.executable, "-m", "storage.backups", json.dumps(given, default=str)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603
    assert not done.stderr
    return done.returncode, json.loads(done.stdout)


def test_the_process_says_what_it_made_or_why_not(data_dir: Path, folder: Path) -> None:
    status, said = run(data_dir / "bot.db", folder, [24, 7, 4], 60, None)
    (name,) = names(folder)
    assert (status, said["is_new"], said["broken"]) == (0, True, [])
    assert said["backup"]["path"] == str(folder / name)
    status, said = run(data_dir / "none.db", folder, [24, 7, 4], 0, None)
    assert (status, [*said]) == (1, ["error"])
