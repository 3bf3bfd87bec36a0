"""Updates that were dealt with."""

from pathlib import Path

from storage.database import Database
from storage.handled_updates import HandledUpdates


async def test_only_the_last_updates_are_remembered(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "bot.db") as database:
        handled = HandledUpdates(database)
        await handled.remember([5, 6], keep=3)
        await handled.remember([6, 7], keep=3)
        assert await handled.recent() == [5, 6, 7]
        await handled.remember([8], keep=3)
        assert await handled.recent() == [6, 7, 8]
        database.bot_id = 2
        assert await handled.recent() == []
