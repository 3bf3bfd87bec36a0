"""When an album is whole."""

import asyncio
from pathlib import Path
from unittest.mock import Mock

import pytest

from bot.shop.albums import Albums
from bot.texts import load_texts
from storage.inputs import AlbumItem, Inputs
from tests.unit.storage.shop import open_shop


async def test_an_album_is_not_whole_while_an_item_of_it_is_being_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database may be held for longer than the pause after which an album is whole."""
    pauses, go_on = [asyncio.Event()], asyncio.Event()
    keep = Inputs.add_album_item
    wait = asyncio.sleep

    async def pause(_: float) -> None:
        pauses.append(asyncio.Event())
        await pauses[-1].wait()

    async def keep_late(self: Inputs, item: AlbumItem) -> None:
        if item.message_id == 2:
            await go_on.wait()
        await keep(self, item)

    monkeypatch.setattr(Inputs, "add_album_item", keep_late)
    async with open_shop(tmp_path / "bot.db") as shop:
        monkeypatch.setattr(asyncio, "sleep", pause)
        messenger = Mock()
        albums = Albums(Inputs(shop.database), Mock(), messenger, load_texts(), is_late=Mock())
        running = asyncio.create_task(albums.run())
        await albums.add(item(1))
        while len(pauses) < 2:
            await wait(0)
        second = asyncio.create_task(albums.add(item(2)))
        await wait(0)
        pauses[1].set()
        go_on.set()
        await second
        while len(pauses) < 3:
            await wait(0)
        assert messenger.say.call_count == 0
        pauses[2].set()
        while await shop.database.fetch_all("SELECT * FROM album_items"):
            await wait(0)
        assert messenger.say.call_count == 1
        running.cancel()


def item(message_id: int) -> AlbumItem:
    return AlbumItem(1, message_id, "album", 1, None, "", "ru", 0.0)
