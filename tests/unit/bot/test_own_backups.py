"""When the bot makes a backup by itself, and what it knows afterwards."""

import asyncio
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from bot.admin import backups as module
from bot.admin.backups import Backups, longest_days
from bot.settings import Settings
from bot.tools.clock import Clock
from storage.backup_folder import HOUR_S, name_of
from storage.backups import UNFINISHED, alone_in
from tests.support import GivenSettings
from tests.unit.storage.shop import open_shop
from tests.unit.storage.test_backup import write

DAY_S = 24 * HOUR_S


class Wrong(Clock):
    """A clock that is off by so much."""

    off_s = 0.0

    def now(self) -> float:
        return time.time() + self.off_s


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    """One person with 1000 tokens."""
    async with open_shop(tmp_path / "data" / "bot.db") as shop:
        await shop.customer()
    return given(tmp_path)


def given(tmp_path: Path, **values: Any) -> Settings:
    values = {"data_dir": tmp_path / "data", "backup_dir": tmp_path / "backups", **values}
    return GivenSettings(_env_file=None, bot_token="7:token", kie_api_key="key", **values)


def there(settings: Settings) -> list[str]:
    assert settings.backup_dir is not None
    return sorted(path.name for path in settings.backup_dir.glob("*") if path.name[0] != ".")


async def look(backups: Backups, settings: Settings) -> float:
    assert settings.backup_dir is not None
    return await backups.look(settings.backup_dir, settings.backup_every_hours * HOUR_S)


async def test_one_is_made_when_there_is_none_and_none_while_it_is_young(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Wrong()
    backups = Backups(settings, clock=clock)
    before = await backups.read()
    assert before is not None
    assert (before.last, before.is_old) == (None, False), "it has only begun"
    with caplog.at_level("INFO"):
        assert await look(backups, settings) == HOUR_S
    (name,) = there(settings)
    assert f"{name}, 0.0 MB; 0 older one(s) removed" in caplog.text
    clock.off_s = 23.5 * HOUR_S
    assert 0 < await look(backups, settings) <= HOUR_S / 2, "just in time for the next"
    assert there(settings) == [name]
    seen = await backups.read()
    assert seen is not None
    assert seen.last is not None
    assert (seen.last.path.name, seen.is_old, seen.trouble) == (name, False, "")


async def test_after_a_clock_was_put_back_one_is_made_all_the_same(settings: Settings) -> None:
    assert settings.backup_dir is not None
    settings.backup_dir.mkdir()
    ahead = name_of(time.time() + 9 * DAY_S, archive=False, unsound=False)
    (settings.backup_dir / ahead).write_bytes(b"\x1f\x8b")
    await look(Backups(settings), settings)
    assert len(there(settings)) == 2
    assert ahead in there(settings)


async def test_a_failure_is_told_and_tried_again_in_an_hour(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    backups = Backups(settings)
    write(settings.data_dir / "bot.db", "UPDATE users SET balance = 7")
    assert await look(backups, settings) == HOUR_S
    assert "no good backup was made, trying again in an hour: its books do not agree" in caplog.text
    seen = await backups.read()
    assert seen is not None
    assert (seen.last, seen.trouble[:22]) == (None, "its books do not agree")
    (settings.data_dir / "bot.db").unlink()
    await look(backups, settings)
    seen = await backups.read()
    assert seen is not None
    assert "there is no database at" in seen.trouble
    async with open_shop(settings.data_dir / "bot.db"):
        await look(backups, settings)
    seen = await backups.read()
    assert seen is not None
    assert (seen.last is not None, seen.trouble) == (True, "")


async def test_a_process_that_cannot_begin_or_says_nothing_is_a_failure(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    backups = Backups(settings)
    for program, said in (("/none", "No such file"), ("/bin/false", "the process ended with 1")):
        monkeypatch.setattr(sys, "executable", program)
        await look(backups, settings)
        seen = await backups.read()
        assert seen is not None
        assert said in seen.trouble


async def test_a_stop_ends_the_process_and_nothing_half_is_left(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.backup_dir is not None
    settings.backup_dir.mkdir()
    with alone_in(settings.backup_dir, Event()):  # so it waits
        task = asyncio.create_task(Backups(settings).run())
        processes = []
        real = asyncio.create_subprocess_exec

        async def watched(*given: Any, **options: Any) -> Any:
            processes.append(await real(*given, **options))
            return processes[0]

        monkeypatch.setattr(asyncio, "create_subprocess_exec", watched)
        while not processes:  # noqa: ASYNC110 - it rings no bell
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert processes[0].returncode is not None
    assert there(settings) == []
    assert not list(settings.backup_dir.glob(f"{UNFINISHED}*"))


async def test_one_that_takes_for_ever_is_given_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.backup_dir is not None
    settings.backup_dir.mkdir()
    monkeypatch.setattr(module, "LIMIT_S", 0.01)
    backups = Backups(settings)
    with alone_in(settings.backup_dir, Event()):
        await look(backups, settings)
    seen = await backups.read()
    assert seen is not None
    assert seen.trouble.startswith("it was not done in ")


@pytest.mark.parametrize("off", [{"backup_dir": None}, {"backup_every_hours": 0}])
async def test_it_makes_none_where_it_is_not_to(settings: Settings, off: dict[str, Any]) -> None:
    await Backups(settings.model_copy(update=off)).run()
    assert there(settings) == []


@pytest.mark.parametrize(
    ("keep", "every_hours", "days"),
    [("24 7 4", 24, 29), ("24 7 4", 1, 29), ("24 7 4", 0, 29), ("24 0 0", 6, 2), ("1 0 0", 48, 6)],
)
def test_for_how_long_something_stays_in_backups(
    tmp_path: Path, keep: str, every_hours: float, days: int
) -> None:
    assert longest_days(given(tmp_path, backup_keep=keep, backup_every_hours=every_hours)) == days


async def test_while_another_process_makes_one_the_bot_makes_no_second(settings: Settings) -> None:
    """It waits for that, and then the last is young enough."""
    assert settings.backup_dir is not None
    settings.backup_dir.mkdir()
    with alone_in(settings.backup_dir, Event()):
        looking = asyncio.create_task(look(Backups(settings), settings))
        await asyncio.sleep(0)
        path = settings.backup_dir / name_of(time.time(), archive=False, unsound=False)
        path.write_bytes(b"\x1f\x8b")
    await looking
    assert there(settings) == [path.name]


async def test_books_that_do_not_agree_are_told(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    write(settings.data_dir / "bot.db", "UPDATE users SET balance = balance + 1")
    heard: list[int] = []
    backups = Backups(settings, books_checked=heard.append)
    await look(backups, settings)
    assert heard == [1]
    assert "its books do not agree, it is kept apart" in caplog.text
    reading = await backups.read()
    assert reading is not None
    assert reading.last is None
