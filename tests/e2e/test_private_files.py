"""Whoever else may use the machine does not read what people asked for."""

from pathlib import Path

import pytest

from tests.e2e.test_nothing_lost import process
from tests.support import World, open_world, png


def rights(folder: Path) -> dict[str, int]:
    """The rights of everything in a folder, and of itself."""
    return {str(path): path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}


def open_to_all(folder: Path) -> None:
    """As an older version, under a usual umask, made them."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


async def test_files_and_folders_are_their_owner_s_alone(tmp_path: Path) -> None:
    """The real process, under a umask that hides nothing."""
    async with open_world(tmp_path / "data") as world:
        anna = world.person(1001, "Анна")
        async with process(world, umask=0) as bot:
            anna.send("/start")
            await world.said(anna, lambda text: "79" in text)
            anna.send_photo(png(), caption="кот")
            await world.pictures(anna, 1)
            await world.closed()
            found = rights(world.data_dir)
            bot.terminate()
            await bot.ended()
        assert any(path.endswith(".png") for path in found)
        assert any(path.endswith("bot.db-wal") for path in found)
        wrong = {path: oct(mode) for path, mode in found.items() if mode & 0o077}
        assert wrong == {}


async def test_what_an_older_version_made_is_tightened_at_the_start(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await world.customer()
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    await world.stop()
    open_to_all(world.data_dir)
    caplog.set_level("INFO")
    await world.start()
    anna.send("/balance")
    await world.said(anna, lambda text: "Это 11 картинок" in text)
    wrong = {path for path, mode in rights(world.data_dir).items() if mode & 0o077}
    assert {Path(path).suffix for path in wrong} == {".png"}, wrong  # their folders let nobody in
    assert "bot.db is now readable by its owner only" in caplog.text
