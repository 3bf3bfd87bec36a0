"""Updates that were dealt with."""

from pathlib import Path

from storage.database import Database
from storage.handled_updates import HandledUpdates


async def test_only_the_last_updates_are_remembered(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "bot.db") as database:
        handled, other = (HandledUpdates(database, bot_id, keep=3) for bot_id in (1, 2))
        await handled.remember([5, 6])
        await handled.remember([6, 7])
        assert await handled.recent() == [5, 6, 7]
        assert await other.recent() == []
        await handled.remember([8])
        assert await handled.recent() == [6, 7, 8]
