"""`main.py backup` without a file, and `main.py drill`, without a bot around them."""

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest

from bot.admin.backups import read_backups
from bot.admin.commands import back_up_data, drill, restore_data
from bot.settings import Settings
from storage.backup import BackupError
from storage.backup_folder import DAY_S, HOUR_S, last_backup, name_of
from storage.backups import UNFINISHED
from storage.database import Database
from storage.errors import StorageError
from storage.restore import RestoreError
from tests.support import GivenSettings
from tests.unit.storage.shop import open_shop
from tests.unit.storage.test_backup import write

FUTURE = 4_000_000_000.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A bot with one person, who has 1000 tokens and waits for a picture."""
    data_dir = tmp_path / "data"

    async def run() -> None:
        async with Database.open(data_dir / "bot.db", 7):
            pass
        async with open_shop(data_dir / "bot.db") as shop:
            await shop.customer()
            await shop.item("generating")

    asyncio.run(run())
    return given(data_dir=data_dir, backup_dir=tmp_path / "backups")


def given(**values: Any) -> Settings:
    values = {"bot_token": "7:token", "kie_api_key": "key", **values}
    return GivenSettings(_env_file=None, **values)


def newest(settings: Settings) -> Path:
    assert settings.backup_dir is not None
    last = last_backup(settings.backup_dir, FUTURE)
    assert last is not None
    return last.path


def left(settings: Settings) -> list[Path]:
    assert settings.backup_dir is not None
    return list(settings.backup_dir.glob(f"{UNFINISHED}*"))


def test_a_backup_without_a_name_lies_in_the_folder_and_can_be_restored(settings: Settings) -> None:
    said = back_up_data(settings, None, files=False)
    path = newest(settings)
    assert said.startswith(f"{path}: 0.0 MB. The pictures under ")
    said = drill(settings, None, FUTURE)
    assert said.startswith(f"{path}: 0.0 MB, ")
    assert "It can be restored, which took " in said
    assert "People: 1, tokens: 921, images: 1 generating; newest entry of the ledger: 2" in said
    assert "take up what was unfinished: 1 generating." in said
    assert "It is that of bot" not in said
    assert left(settings) == []
    write(settings.data_dir / "bot.db", "UPDATE users SET language = 'xx'")
    assert "tokens: 921" in restore_data(settings, path, anyway=False)


def test_with_the_pictures_where_that_is_set(settings: Settings) -> None:
    said = back_up_data(settings.model_copy(update={"backup_files": "on"}), None, files=False)
    assert newest(settings).name.endswith(".tar.gz")
    assert "not in it" not in said


def test_a_drill_of_another_bots_backup_says_so(settings: Settings) -> None:
    back_up_data(settings, None, files=False)
    other = given(data_dir=settings.data_dir, bot_token="8:token", backup_dir=settings.backup_dir)
    assert "It is that of bot 7, and BOT_TOKEN is of 8." in drill(other, None, FUTURE)


def test_a_drill_takes_a_file_that_came_from_elsewhere(settings: Settings, tmp_path: Path) -> None:
    back_up_data(settings, None, files=False)
    path = newest(settings).rename(tmp_path / "download")
    for folder in (settings.backup_dir, tmp_path / "nothing", None):
        there = given(data_dir=tmp_path / "none", backup_dir=folder)
        assert drill(there, path, FUTURE).startswith("It can be restored")
    assert not list(tmp_path.glob("no*"))


@pytest.mark.parametrize("kind", ["cut off", "changed", "books"])
def test_a_drill_says_no_to_what_cannot_be_restored(settings: Settings, kind: str) -> None:
    back_up_data(settings, None, files=False)
    path = newest(settings)
    content = path.read_bytes()
    middle = len(content) // 2
    match kind:
        case "books":
            write(settings.data_dir / "bot.db", "UPDATE users SET balance = 7")
            path.write_bytes(gzip.compress((settings.data_dir / "bot.db").read_bytes()))
        case "cut off":
            path.write_bytes(content[:-50])
        case _:
            path.write_bytes(content[:middle] + bytes(9) + content[middle + 9 :])
    before = (settings.data_dir / "bot.db").read_bytes()
    with pytest.raises(RestoreError, match=r"(?s) h old\.\nThe drill failed: .*is not restored: "):
        drill(settings, None, FUTURE)
    assert left(settings) == []
    assert (settings.data_dir / "bot.db").read_bytes() == before


def test_without_a_backup_or_a_folder_it_is_said_what_to_do(settings: Settings) -> None:
    with pytest.raises(RestoreError, match=r"there is no good backup in .*backups"):
        drill(settings, None, FUTURE)
    without = settings.model_copy(update={"backup_dir": None})
    with pytest.raises(RestoreError, match="BACKUP_DIR is not set"):
        drill(without, None, FUTURE)
    with pytest.raises(BackupError, match="BACKUP_DIR is not set"):
        back_up_data(without, None, files=False)


def test_a_backup_whose_books_do_not_agree_is_told_and_no_good_one(settings: Settings) -> None:
    write(settings.data_dir / "bot.db", "UPDATE users SET balance = 7")
    said = r"(?s)/unsound-bot-.*its books do not agree, and older backups stay\.\na balance is the"
    with pytest.raises(StorageError, match=said):
        back_up_data(settings, None, files=False)
    with pytest.raises(RestoreError, match="there is no good backup"):
        drill(settings, None, FUTURE)


def test_what_is_known_of_backups(settings: Settings) -> None:
    folder = settings.backup_dir
    assert folder is not None
    assert read_backups(settings.model_copy(update={"backup_dir": None}), 0) is None
    now = FUTURE
    for since, is_old in ((None, True), (now - 25 * HOUR_S, False), (now - 27 * HOUR_S, True)):
        none = read_backups(settings, now, since=since)
        assert none is not None
        assert (none.last, none.age_s, none.is_old) == (None, None, is_old)
    folder.mkdir()
    path = folder / name_of(now - DAY_S, archive=False, unsound=False)
    path.write_bytes(b"\x1f\x8b")
    for hours, later_s, is_old in (
        *((24, 0.0, False), (24, 2 * HOUR_S + 1, True), (0, 2 * HOUR_S, False)),
        *((1, 0.0, True), (48, DAY_S, False)),
    ):
        set_so = settings.model_copy(update={"backup_every_hours": hours})
        seen = read_backups(set_so, now + later_s)
        assert seen is not None
        assert seen.last is not None
        assert (seen.last.path, seen.age_s, seen.is_old) == (path, DAY_S + later_s, is_old)
