"""Pictures that were delivered, sent once more: as they were shown, or the file as it was drawn.

Telegram has what it was sent, and gives it again by its file id. Else the picture comes from
where we keep it: the disk, Supabase, and at last the provider, for as long as that keeps it.
"""

import asyncio
import itertools
import logging
import shutil
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.cards.result import picture_keyboard
from bot.media.kinds import NotAPictureError, Picture, inspect
from bot.telegram.errors import ChatClosedError, DeliveryError
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from providers.download import Downloader
from providers.errors import DownloadError, ResultRefusedError
from storage.errors import StorageError
from storage.files import DiskFiles
from storage.items import Item, JobView
from storage.jobs import Jobs
from storage.supabase import FileStoreError, SupabaseStorage

AT_ONCE = 3  # files that are fetched

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """An item that somebody wants to have again: as a picture, or as the original file."""

    item: Item
    chat_id: int
    reply_to: int | None
    language: str
    as_file: bool


class Archive:
    """Sends delivered pictures again; costs nothing, and is not made up for after a restart.

    One after the other in a chat, and no chat waits for another: Telegram may keep one waiting.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        files: DiskFiles,
        downloader: Downloader,
        supabase: SupabaseStorage | None,
        bucket: str,
        messenger: Messenger,
        texts: Mapping[str, Texts],
    ) -> None:
        self._jobs = jobs
        self._files = files
        self._downloader = downloader
        self._supabase = supabase
        self._bucket = bucket
        self._messenger = messenger
        self._texts = texts
        self._wishes: asyncio.Queue[Wish] = asyncio.Queue()
        self._chats: dict[int, deque[Wish]] = {}  # with a wish under way: those that follow it
        self._fetching = asyncio.Semaphore(AT_ONCE)
        self._numbers = itertools.count()

    def send(self, wish: Wish) -> None:
        """Have it sent when its turn comes."""
        self._wishes.put_nowait(wish)

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                wish = await self._wishes.get()
                if wish.chat_id in self._chats:
                    self._chats[wish.chat_id].append(wish)
                else:
                    self._chats[wish.chat_id] = deque([wish])
                    group.create_task(self._serve(wish.chat_id))

    async def _serve(self, chat_id: int) -> None:
        wishes = self._chats[chat_id]
        while wishes:
            wish = wishes.popleft()
            try:
                await self._grant(wish)
            except (DeliveryError, StorageError) as error:
                logger.warning("item %d was not sent again: %s", wish.item.item_id, error)
            except Exception:  # part of the handlers' boundary: one bad file must not stop the bot
                logger.exception("item %d was not sent again", wish.item.item_id)
        del self._chats[chat_id]

    async def _grant(self, wish: Wish) -> None:
        view = await self._jobs.view(wish.item.job_id)
        if not wish.as_file and await self._send_known(wish, view):
            return
        async with self._fetched(wish.item) as picture:
            if picture is None:
                texts = self._texts[wish.language]
                self._messenger.say(wish.chat_id, texts.picture_gone(), reply_to=wish.reply_to)
            elif wish.as_file:
                name = f"{view.order.model}-{wish.item.item_id}.{picture.extension}"
                sent = await self._messenger.send_file(
                    wish.chat_id, picture.path, name=name, reply_to=wish.reply_to
                )
                await self._jobs.stands_for(sent.chat_id, sent.message_id, wish.item.item_id)
            else:
                await self._send_fetched(wish, view, picture)

    async def _send_known(self, wish: Wish, view: JobView) -> bool:
        """Whether Telegram still has it."""
        item, texts = wish.item, self._texts[wish.language]
        if not item.sent_file_id:
            return False
        try:
            sent = await self._messenger.send_known(
                wish.chat_id,
                item.sent_file_id,
                "document" if item.sent_as == "document" else "photo",
                caption=texts.caption(view, item),
                reply_to=wish.reply_to,
                keyboard=picture_keyboard(texts, view, item),
            )
        except ChatClosedError:
            raise
        except DeliveryError as error:
            logger.info("item %d has to be uploaded again: %s", item.item_id, error)
            return False
        await self._jobs.sent_again(item, sent)
        return True

    async def _send_fetched(self, wish: Wish, view: JobView, picture: Picture) -> None:
        item, texts = wish.item, self._texts[wish.language]
        sent = await self._messenger.send_picture(
            wish.chat_id,
            picture,
            caption=texts.caption(view, item),
            reply_to=wish.reply_to,
            keyboard=picture_keyboard(texts, view, item),
        )
        await self._jobs.sent_again(item, sent)

    @asynccontextmanager
    async def _fetched(self, item: Item) -> AsyncIterator[Picture | None]:
        """A copy of the picture for as long as it is sent; None: it is nowhere any more."""
        suffix = Path(item.file_key or "").suffix
        path = self._files.incoming(f"again-{item.item_id}-{next(self._numbers)}{suffix}")
        try:
            async with self._fetching:
                picture = await self._fetch(item, path)
            yield picture
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _fetch(self, item: Item, path: Path) -> Picture | None:
        """From the first place that has it whole: what is kept for long may be damaged."""
        for place in self._places(item, path):
            try:
                await place()
                return await asyncio.to_thread(inspect, path)
            except (
                DownloadError,
                ResultRefusedError,
                FileStoreError,
                NotAPictureError,
                OSError,
            ) as error:
                logger.info("item %d is gone from one place: %s", item.item_id, error)
        return None

    def _places(self, item: Item, path: Path) -> Iterator[Callable[[], Awaitable[object]]]:
        """What puts the picture at `path`, the nearest place first."""
        if item.file_key is not None:
            # A copy: the one on disk may be moved away while it is sent.
            yield partial(asyncio.to_thread, shutil.copyfile, self._files.path(item.file_key), path)
            if item.stored_url and self._supabase is not None:
                yield partial(self._from_bucket, self._supabase, item.file_key, path)
        for url in filter(None, (item.stored_url, item.result_url)):
            yield partial(self._downloader.fetch, url, path)

    async def _from_bucket(self, supabase: SupabaseStorage, key: str, path: Path) -> None:
        data = await supabase.get(self._bucket, key)
        await asyncio.to_thread(path.write_bytes, data)
