"""Albums: Telegram sends one update per item and no end mark, so an album ends with a pause.

Until then its items are in the database: an album that began before a crash is picked up at the
next start.
"""

import asyncio
import logging
from collections.abc import Mapping

from bot.shop.orders import Orders
from bot.telegram.buttons import held_keyboard
from bot.telegram.messenger import Messenger
from bot.telegram.telegram_time import IsLate
from bot.texts import Texts
from bot.tools.retry import insist
from providers.order import Origin
from storage.errors import StorageError
from storage.inputs import AlbumItem, Inputs

PAUSE_S = 1.0  # after the last item that came

logger = logging.getLogger(__name__)


class Albums:
    """Collects the items of each album and orders with its pictures.

    A late album waited while the bot was down: it is not charged unasked.
    """

    def __init__(
        self,
        inputs: Inputs,
        orders: Orders,
        messenger: Messenger,
        texts: Mapping[str, Texts],
        *,
        is_late: IsLate,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._inputs = inputs
        self._orders = orders
        self._messenger = messenger
        self._texts = texts
        self._is_late = is_late
        self._pause_s = pause_s
        self._arrived: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        self._waiting: dict[tuple[int, str], asyncio.Task[None]] = {}
        self._keeping: set[tuple[int, str]] = set()  # of which an item is being stored

    async def add(self, item: AlbumItem) -> None:
        """Keep an item; safe to repeat. The album is not whole while one is being kept, however
        long the database is held."""
        album = item.chat_id, item.media_group_id
        self._keeping.add(album)
        try:
            await self._inputs.add_album_item(item)
        finally:
            self._keeping.discard(album)
            self._arrived.put_nowait(album)

    async def run(self) -> None:
        """Process albums left by an earlier process, and all new ones."""
        for album in await insist(self._inputs.albums):
            self._arrived.put_nowait(album)
        async with asyncio.TaskGroup() as group:
            while True:
                album = await self._arrived.get()
                if album in self._waiting:  # one more item: the pause starts over
                    self._waiting[album].cancel()
                self._waiting[album] = group.create_task(self._finish(album))

    async def _finish(self, album: tuple[int, str]) -> None:
        await asyncio.sleep(self._pause_s)
        del self._waiting[album]  # from here on it is not cancelled; a late item comes alone
        if album in self._keeping:
            return  # that item starts the pause over
        try:
            items = await self._inputs.album(*album)
            if items:
                await self._use(list(items))
                await insist(lambda: self._inputs.drop_album(items))
        except StorageError as error:
            logger.error("an album waits for the next start: %s", error)
        except Exception:  # part of the handlers' boundary: one bad album must not stop the bot
            logger.exception("an album could not be ordered from")

    async def _use(self, items: list[AlbumItem]) -> None:
        first = items[0]
        texts = self._texts[first.language]
        usable = [item for item in items if item.file_id is not None]
        if not usable:
            self._messenger.say(first.chat_id, texts.cannot_use(), reply_to=first.message_id)
            return
        pictures = [item.file_id for item in usable if item.file_id is not None]
        caption = next((item.caption for item in items if item.caption), "")
        if not caption:
            last = items[-1].message_id  # none of the others holds anything when it comes again
            if await insist(lambda: self._inputs.hold(first.user_id, pictures, last)):
                said = texts.what_to_make(len(pictures))
                if len(pictures) < len(items):
                    said = f"{texts.left_out(len(pictures), len(items))} {said}"
                self._messenger.say(
                    first.chat_id,
                    said,
                    reply_to=usable[0].message_id,
                    keyboard=held_keyboard(texts.drop_picture_button(), last),
                )
            return

        async def order() -> None:
            late = self._is_late(first.received_at)  # by the time that it can be stored
            origin = Origin(
                first.user_id, first.chat_id, first.message_id, first.language, late=late
            )
            await self._orders.take(caption, origin, pictures=pictures, given=len(items))

        await insist(order)
