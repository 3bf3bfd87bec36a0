"""Updates from Telegram, each confirmed only after it was handled.

aiogram's own polling confirms updates before their handlers end. Here the next getUpdates, which
confirms, goes out after the whole batch: one chat's updates in order, different chats side by
side. A crash in between brings the batch again, and what it did is keyed by what Telegram sent.
What was dealt with is remembered, because Telegram may send it again all the same.
"""

import asyncio
import logging
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramRetryAfter,
)
from aiogram.methods import TelegramMethod
from aiogram.types import Update
from pydantic import ValidationError

from bot.quick_import import usual_types
from storage.errors import StorageError
from storage.updates import HandledUpdates

POLL_TIMEOUT_S = 30
BATCH = 100
BUILD_AFTER_S = 0.1  # the first question is on its way by then
FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 30.0

logger = logging.getLogger(__name__)


class _GetRawUpdates(TelegramMethod[list[dict[str, Any]]]):
    """getUpdates without aiogram's check of the whole batch: one update that does not fit its
    types would hold up all that come after it, for ever."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None = None
    limit: int = BATCH
    timeout: int = POLL_TIMEOUT_S
    allowed_updates: list[str]


class Updates:
    """The loop that asks for updates and has them handled."""

    def __init__(
        self,
        bot: Bot,
        dispatcher: Dispatcher,
        handled: HandledUpdates,
    ) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._store = handled
        self._handled: dict[int, None] = {}  # the last update ids, in order

    async def run(self, stop: asyncio.Event) -> None:
        """Handle updates until `stop` is set; those under way are finished and confirmed."""
        self._handled = dict.fromkeys(await self._store.recent())
        allowed = self._dispatcher.resolve_used_update_types()
        stopped = asyncio.ensure_future(stop.wait())
        offset: int | None = None  # the next update; asking for it confirms all before it
        confirmed: int | None = None
        pause_s = 0.0
        try:
            while not stop.is_set():
                if pause_s:
                    await asyncio.wait([stopped], timeout=pause_s)
                confirmed = offset
                ask = asyncio.ensure_future(self._ask(offset, allowed, POLL_TIMEOUT_S))
                if offset is None:
                    await _build_types(ask)
                await asyncio.wait([ask, stopped], return_when=asyncio.FIRST_COMPLETED)
                if not ask.done():
                    ask.cancel()
                    break
                try:
                    batch = ask.result()
                except (TelegramAPIError, ClientDecodeError) as error:
                    if "webhook is active" in str(error):
                        await self._delete_webhook()
                    pause_s = _pause(error, pause_s)
                    continue
                pause_s = 0.0
                if batch:
                    await self._handle(batch)
                    offset = max(raw["update_id"] for raw in batch) + 1
            if offset is not None and offset != confirmed:
                await self._confirm(offset, allowed)
        finally:
            stopped.cancel()

    async def _ask(
        self, offset: int | None, allowed: list[str], timeout_s: int, limit: int = BATCH
    ) -> list[dict[str, Any]]:
        method = _GetRawUpdates(
            offset=offset, limit=limit, timeout=timeout_s, allowed_updates=allowed
        )
        return await self._bot(method, request_timeout=timeout_s + 30)

    async def _delete_webhook(self) -> None:
        """Somebody used this bot with a webhook before; what waits there is not dropped."""
        try:
            await self._bot.delete_webhook(drop_pending_updates=False)
            logger.warning("a webhook that was set for this bot was removed")
        except (TelegramAPIError, ClientDecodeError) as error:
            logger.warning("the webhook could not be removed: %s", error)

    async def _confirm(self, offset: int, allowed: list[str]) -> None:
        """Tell Telegram that the last batch is done; if that fails it comes again, harmlessly."""
        try:
            async with asyncio.timeout(2):
                await self._ask(offset, allowed, timeout_s=0, limit=1)
        except (TelegramAPIError, ClientDecodeError, TimeoutError) as error:
            logger.warning("the last updates will come again at the next start: %s", error)

    async def _handle(self, batch: list[dict[str, Any]]) -> None:
        # In Telegram's own order, in which repeats may not come.
        batch.sort(key=lambda raw: raw["update_id"])
        news = [raw for raw in batch if self._is_news(raw["update_id"])]
        updates = [update for raw in news if (update := self._parse(raw))]
        by_chat = groupby(sorted(updates, key=_chat_of), key=_chat_of)  # sorting keeps the order
        await asyncio.gather(*(self._handle_chat(list(chat)) for _, chat in by_chat))
        if news:
            await self._remember([raw["update_id"] for raw in news])

    async def _remember(self, update_ids: list[int]) -> None:
        try:
            await self._store.remember(update_ids)
        except StorageError as error:  # what must not count twice has a key of its own
            logger.warning("updates that come again may be answered again: %s", error)

    async def _handle_chat(self, updates: Iterable[Update]) -> None:
        for update in updates:
            await self._dispatcher.feed_update(self._bot, update)

    def _is_news(self, update_id: int) -> bool:
        """Whether the update did not come before. What moves money has a key of its own; this is
        for all else: a prompt that was refused must not be taken when it comes a second time."""
        if update_id in self._handled:
            return False
        self._handled[update_id] = None
        if len(self._handled) > self._store.keep:
            del self._handled[next(iter(self._handled))]
        return True

    def _parse(self, raw: dict[str, Any]) -> Update | None:
        try:
            return Update.model_validate(raw, context={"bot": self._bot})
        except ValidationError as error:
            fields = [".".join(str(part) for part in each["loc"]) for each in error.errors()]
            logger.error("update %s is left out, wrong in %s", raw.get("update_id"), fields)
            return None


async def _build_types(ask: asyncio.Future[Any]) -> None:
    """While Telegram is asked for the first time, before anybody waits for them."""
    await asyncio.wait([ask], timeout=BUILD_AFTER_S)
    for each in usual_types():
        each.model_rebuild()
        await asyncio.sleep(0)


def _pause(error: Exception, last_s: float) -> float:
    """Seconds until Telegram is asked again."""
    if isinstance(error, TelegramConflictError) and "webhook" not in error.message:
        logger.error(
            "another program asks Telegram for this bot's updates: stop it, or use another"
            " token (%s)",
            error.message,
        )
        return MAX_PAUSE_S
    if isinstance(error, TelegramRetryAfter):
        return float(error.retry_after)
    pause_s = min(max(last_s * 2, FIRST_PAUSE_S), MAX_PAUSE_S)
    logger.warning("no updates from Telegram, again in %.0f s: %s", pause_s, error)
    return pause_s


def _chat_of(update: Update) -> int:
    """What keeps its order: the chat, or the person where there is none."""
    event: Any = update.event
    message = getattr(event, "message", event)
    chat = getattr(message, "chat", None) or getattr(event, "from_user", None)
    return chat.id if chat else 0
