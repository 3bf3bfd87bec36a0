"""Resending of delivered results, to be looked at or as the original files.

Telegram has what it was sent, and gives it again by its file id. Else the picture comes from
where we keep it: the disk, Supabase, and at last the provider, for as long as that keeps it.
"""

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.media.kinds import UPLOAD_MAX_BYTES, Result
from bot.media.originals import OriginalMissingError, Originals
from bot.pipeline.sending import Sender, file_name
from bot.telegram.errors import ChatClosedError, DeliveryError
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from providers.base import Media
from storage.errors import StorageError
from storage.files import DiskFiles
from storage.items import Item, JobView
from storage.jobs import Jobs

AT_ONCE = 3  # files that are fetched

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResendRequest:
    """An item that somebody wants again: to be looked at, or as the original file."""

    item: Item
    chat_id: int
    reply_to: int | None
    language: str
    as_file: bool


class Resender:
    """Sends delivered results again; costs nothing, and is not made up for after a restart.

    One after the other in a chat, and no chat waits for another: Telegram may keep one waiting.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        files: DiskFiles,
        originals: Originals,
        sender: Sender,
        messenger: Messenger,
        texts: Mapping[str, Texts],
    ) -> None:
        self._jobs = jobs
        self._files = files
        self._originals = originals
        self._sender = sender
        self._messenger = messenger
        self._texts = texts
        self._requests: asyncio.Queue[ResendRequest] = asyncio.Queue()
        # Chats with a request under way, and those that follow it.
        self._chats: dict[int, deque[ResendRequest]] = {}
        self._fetching = asyncio.Semaphore(AT_ONCE)
        self._numbers = itertools.count()

    def send(self, request: ResendRequest) -> None:
        """Queue the request."""
        self._requests.put_nowait(request)

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                request = await self._requests.get()
                if request.chat_id in self._chats:
                    self._chats[request.chat_id].append(request)
                else:
                    self._chats[request.chat_id] = deque([request])
                    group.create_task(self._serve(request.chat_id))

    async def _serve(self, chat_id: int) -> None:
        requests = self._chats[chat_id]
        while requests:
            request = requests.popleft()
            try:
                await self._resend(request)
            except (DeliveryError, StorageError) as error:
                logger.warning("item %d was not sent again: %s", request.item.item_id, error)
            except Exception:  # part of the handlers' boundary: one bad file must not stop the bot
                logger.exception("item %d was not sent again", request.item.item_id)
        del self._chats[chat_id]

    async def _resend(self, request: ResendRequest) -> None:
        view = await self._jobs.view(request.item.job_id)
        if not request.as_file and await self._send_known(request, view):
            return
        async with self._fetched(request.item, view.media) as result:
            if result is None:
                texts = self._texts[request.language]
                self._messenger.say(request.chat_id, texts.result_gone(), reply_to=request.reply_to)
            elif request.as_file and result.size_bytes <= UPLOAD_MAX_BYTES:
                name = file_name(view, request.item, result)
                sent = await self._messenger.send_file(
                    request.chat_id, result.path, name=name, reply_to=request.reply_to
                )
                await self._jobs.stands_for(sent.chat_id, sent.message_id, request.item.item_id)
            else:
                await self._send_fetched(request, view, result)

    async def _send_known(self, request: ResendRequest, view: JobView) -> bool:
        """Send it by Telegram's file id; whether Telegram still has it."""
        item, texts = request.item, self._texts[request.language]
        if not item.sent_file_id or item.sent_as is None:
            return False
        try:
            sent = await self._messenger.send_known(
                request.chat_id,
                item.sent_file_id,
                item.sent_as,
                caption=texts.caption(view, item),
                reply_to=request.reply_to,
                keyboard=await self._sender.keyboard(view, item, request.language),
            )
        except ChatClosedError:
            raise
        except DeliveryError as error:
            logger.info("item %d has to be uploaded again: %s", item.item_id, error)
            return False
        await self._jobs.sent_again(item, sent)
        return True

    async def _send_fetched(self, request: ResendRequest, view: JobView, result: Result) -> None:
        item = request.item
        sent = await self._sender.send(
            request.chat_id,
            view,
            item,
            result,
            language=request.language,
            reply_to=request.reply_to,
        )
        await self._jobs.sent_again(item, sent)

    @asynccontextmanager
    async def _fetched(self, item: Item, media: Media) -> AsyncIterator[Result | None]:
        """A copy of the result for as long as it is sent; None: it is nowhere any more."""
        suffix = Path(item.file_key or "").suffix
        path = self._files.incoming(f"again-{item.item_id}-{next(self._numbers)}{suffix}")
        try:
            async with self._fetching:
                try:
                    result = await self._originals.copy(item, path, media)
                except OriginalMissingError:
                    result = None
            yield result
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)
