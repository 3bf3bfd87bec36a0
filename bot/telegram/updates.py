"""Telegram's updates, by polling or webhook, each confirmed only after it was handled.

aiogram's own polling confirms updates before their handlers end. Here the offset of getUpdates,
which confirms all updates before it, stays at the first one that is not handled yet; and what a
webhook brings is not taken before it was handled, and that was remembered. One chat's
updates are handled in order, different chats side by side; a slow one does not hold up the others,
whose next updates are fetched meanwhile. A press of Pay, which has 10 s, waits for nothing in its
chat. After a crash Telegram sends again what was not confirmed, and idempotency keys made from what
Telegram sent keep it from counting twice. Handled updates are remembered too, because Telegram may
repeat them all the same.
"""

import asyncio
import logging
from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
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
from aiogram.types.update import UpdateTypeLookupError
from pydantic import ValidationError

from bot.service_limits import UPDATES_AT_ONCE
from bot.telegram.aiogram_patches import usual_types
from bot.telegram.webhook import Webhook
from bot.tools.heartbeats import UPDATES, Heartbeats
from storage.errors import StorageError
from storage.handled_updates import HandledUpdates

POLL_TIMEOUT_S = 30
# Of the first question, so that it is known soon that all is well. Not less: who asks again within
# half a second is given one update at most.
FIRST_TIMEOUT_S = 1
BUILD_AFTER_S = 0.1  # the first question is on its way by then
ME_TIMEOUT_S = 10.0
WAIT_S = 1.5  # for those who are slow, until the others' next updates are asked for
# Between questions that bring nothing new. Within so long Telegram gives one update at most, and
# some servers answer at once although there is none.
FLOOR_S = 0.5
FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 30.0
# How long an update that a webhook brought keeps its connection while it is handled. Telegram opens
# no new ones while nothing gets through, and a press of Pay has 10 s in all.
HOLD_S = 3.0

logger = logging.getLogger(__name__)


class Taken(Enum):
    """What becomes of an update that a webhook brought."""

    DONE = auto()  # handled, and remembered: it need not come again
    UNDER_WAY = auto()  # it is to come again, and will find its end
    REFUSED = auto()  # it is to come again, and will be handled anew


@dataclass(frozen=True, slots=True)
class Chance:
    """Which chance of an update this is: what the database refuses comes again by webhook."""

    is_first: bool
    is_last: bool


ONLY_CHANCE = Chance(is_first=True, is_last=True)


class _GetRawUpdates(TelegramMethod[list[dict[str, Any]]]):
    """getUpdates without aiogram's check of the whole batch: one update that does not fit its
    types would hold up all that come after it, for ever."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None = None
    limit: int = UPDATES_AT_ONCE
    timeout: int = POLL_TIMEOUT_S
    allowed_updates: list[str]


class Updates:
    """The loop that gets updates and has them handled."""

    def __init__(
        self,
        bot: Bot,
        dispatcher: Dispatcher,
        handled: HandledUpdates,
        keep: int,
        heartbeats: Heartbeats,
        webhook: Webhook | None,
    ) -> None:
        self._heartbeats = heartbeats
        self._bot = bot
        self._dispatcher = dispatcher
        self._store = handled
        self._keep = keep  # update ids that are remembered
        self._handled: dict[int, None] = {}  # the last update ids, in order
        self._taken: set[int] = set()  # came, and Telegram may not know it yet
        self._unfinished: set[int] = set()  # of these, what must not be confirmed yet
        self._idle = asyncio.Event()  # nothing is unfinished
        self._idle.set()
        self._chats: dict[Hashable, asyncio.Task[None]] = {}  # the last task of each
        self._done: list[int] = []  # handled, to be remembered
        self._remembering: asyncio.Task[None] | None = None
        self._webhook = webhook
        self._begun = asyncio.Event()  # from now on updates may be brought, or must not any more
        self._ends: dict[int, asyncio.Future[Taken]] = {}  # of what was brought, and is under way
        self._owed: set[int] = set()  # was brought and handled, and could not be remembered
        self._refused: set[int] = set()  # was brought, and the database refused it so far
        self._stop: asyncio.Event | None = None
        self._over = False

    async def run(self, stop: asyncio.Event) -> None:
        """Handle updates until `stop` is set; those under way are finished and confirmed."""
        self._handled = dict.fromkeys(await self._store.recent())
        allowed = self._dispatcher.resolve_used_update_types()
        self._stop, stopped = stop, asyncio.ensure_future(stop.wait())
        try:
            await self._introduce(stopped)
            self._begun.set()
            if self._webhook is not None:
                await self._webhook.keep(stopped, allowed, self._heartbeats)
                await self._idle.wait()
                return
            asked = await self._poll(stopped, allowed)
            await self._idle.wait()
            if (offset := self._next(asked)) is not None and offset != asked:
                await self._confirm(offset, allowed)
        finally:
            self._heartbeats.rest(UPDATES)
            stopped.cancel()
            self._over = True
            self._begun.set()
            for update_id in list(self._ends):
                self._end(update_id, Taken.REFUSED)
            tasks = [*self._chats.values(), *filter(None, [self._remembering])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def take(self, raw: dict[str, Any]) -> Taken:
        """Have an update handled that a webhook brought. One that comes again while it is under
        way has the same end as the first."""
        await self._begun.wait()
        if self._over or (self._stop is not None and self._stop.is_set()):
            return Taken.REFUSED
        update_id = raw["update_id"]
        end = self._ends.get(update_id)
        if end is None:
            end = self._ends[update_id] = asyncio.get_running_loop().create_future()
            if update_id in self._owed:
                self._unfinished.add(update_id)
                self._idle.clear()
                self._finish(update_id)
            elif not self._hand_out([raw]):
                self._end(update_id, Taken.DONE)
        await asyncio.wait([end], timeout=HOLD_S)
        return end.result() if end.done() else Taken.UNDER_WAY

    async def _introduce(self, stopped: asyncio.Future[Any]) -> None:
        """Call getMe once, so that no handler has to wait for it."""
        pause_s = 0.0
        while not stopped.done():
            ask = asyncio.ensure_future(self._ask_me())
            try:
                if not pause_s:
                    await _build_types(ask)
                await asyncio.wait([ask, stopped], return_when=asyncio.FIRST_COMPLETED)
                if ask.done():
                    ask.result()
            except (TelegramAPIError, ClientDecodeError, TimeoutError) as error:
                pause_s = _pause(error, pause_s)
                self._heartbeats.beat(UPDATES, rest_s=pause_s)
                await asyncio.wait([stopped], timeout=pause_s)
            else:
                return
            finally:
                ask.cancel()

    async def _ask_me(self) -> None:
        async with asyncio.timeout(ME_TIMEOUT_S):
            await self._bot.me()  # which keeps the answer

    async def _poll(self, stopped: asyncio.Future[Any], allowed: list[str]) -> int | None:
        """Poll until stopped; returns the last offset."""
        loop = asyncio.get_running_loop()
        offset: int | None = None  # the next update; asking for it confirms all before it
        asked: int | None = None
        pause_s = 0.0
        is_first = True
        while not stopped.done():
            asked_at, asked = loop.time(), offset
            timeout_s = FIRST_TIMEOUT_S if is_first else POLL_TIMEOUT_S
            ask = asyncio.ensure_future(self._ask(offset, allowed, timeout_s))
            try:
                await asyncio.wait([ask, stopped], return_when=asyncio.FIRST_COMPLETED)
                if not ask.done():
                    break
                batch = ask.result()
            except (TelegramAPIError, ClientDecodeError) as error:
                if "webhook is active" in str(error):
                    await self._delete_webhook()
                pause_s = _pause(error, pause_s)
                self._heartbeats.beat(UPDATES, rest_s=pause_s)
                await asyncio.wait([stopped], timeout=pause_s)
                continue
            finally:
                ask.cancel()
            pause_s = 0.0
            self._heartbeats.beat(UPDATES)
            self._taken = {each for each in self._taken if each >= (offset or 0)}
            if self._hand_out(batch) or self._unfinished:
                await self._wait_for_the_slow(stopped)
            else:
                await asyncio.wait([stopped], timeout=asked_at + FLOOR_S - loop.time())
            is_first = False
            offset = self._next(offset)
        return asked

    async def _wait_for_the_slow(self, stopped: asyncio.Future[Any]) -> None:
        """A short while; longer only when Telegram would give nothing but what came already."""
        while not (self._idle.is_set() or stopped.done()):
            idle = asyncio.ensure_future(self._idle.wait())
            try:
                await asyncio.wait(
                    [idle, stopped], timeout=WAIT_S, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                idle.cancel()
            first = min(self._unfinished, default=0)
            if sum(each >= first for each in self._taken) < UPDATES_AT_ONCE:
                return

    def _next(self, offset: int | None) -> int | None:
        """The first update that is not done."""
        if self._unfinished:
            return min(self._unfinished)
        return max(self._taken) + 1 if self._taken else offset

    async def _ask(
        self, offset: int | None, allowed: list[str], timeout_s: int, limit: int = UPDATES_AT_ONCE
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
            logger.warning("the last updates will be repeated at the next start: %s", error)

    def _hand_out(self, batch: list[dict[str, Any]]) -> bool:
        """Have updates handled, each chat's after those it has under way; whether any is new."""
        # In Telegram's own order, in which repeats may not come.
        batch.sort(key=lambda raw: raw["update_id"])
        news = [raw for raw in batch if self._is_news(raw["update_id"])]
        chats: dict[Hashable, list[Update]] = {}
        for raw in news:
            self._unfinished.add(raw["update_id"])
            self._idle.clear()
            if update := self._parse(raw):
                chats.setdefault(_lane_of(update), []).append(update)
            else:
                self._finish(raw["update_id"])
        for lane, updates in chats.items():
            task = asyncio.create_task(self._handle(updates, self._chats.get(lane)))
            self._chats[lane] = task
            task.add_done_callback(partial(self._leave, lane))
        return bool(news)

    async def _handle(self, updates: list[Update], before: asyncio.Task[None] | None) -> None:
        """One chat's updates, after `before`."""
        if before is not None:
            await asyncio.wait([before])
        for update in updates:
            try:
                await self._dispatcher.feed_update(
                    self._bot, update, chance=self._chance(update.update_id)
                )
            except Exception as error:  # the boundary of one update: it must not stop the bot
                if isinstance(error, StorageError) and update.update_id in self._ends:
                    self._refuse(update.update_id)
                    continue
                logger.exception("update %d could not be handled", update.update_id)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling():  # the bot ends: it has to come again
                    raise
                logger.exception("update %d was aborted", update.update_id)
            self._finish(update.update_id)

    def _leave(self, lane: Hashable, task: asyncio.Task[None]) -> None:
        if self._chats.get(lane) is task:
            del self._chats[lane]

    def _chance(self, update_id: int) -> Chance:
        if update_id not in self._ends:
            return ONLY_CHANCE
        return Chance(is_first=update_id not in self._refused, is_last=False)

    def _refuse(self, update_id: int) -> None:
        """Nothing came of it: it is to be handled when it comes again."""
        self._refused.add(update_id)
        self._handled.pop(update_id, None)
        self._end(update_id, Taken.REFUSED)

    def _end(self, update_id: int, taken: Taken) -> None:
        """Tell those who brought it."""
        self._unfinished.discard(update_id)
        if not self._unfinished:
            self._idle.set()
        if (end := self._ends.pop(update_id, None)) is not None:
            self._taken.discard(update_id)
            if taken is Taken.DONE:
                self._owed.discard(update_id)
                self._refused.discard(update_id)
            end.set_result(taken)

    def _finish(self, update_id: int) -> None:
        """Remember a handled update; only then may it be confirmed."""
        self._heartbeats.beat(UPDATES)  # also while it is waited for those who are slow
        self._done.append(update_id)
        if self._remembering is None:
            self._remembering = asyncio.create_task(self._remember())

    async def _remember(self) -> None:
        while self._done:
            done, self._done = self._done, []
            taken = Taken.DONE
            try:
                await self._store.remember(done, keep=self._keep)
            except Exception as error:  # what must not count twice has a key of its own
                surprising = not isinstance(error, StorageError)
                logger.warning(
                    "repeated updates may be answered again: %s", error, exc_info=surprising
                )
                taken = Taken.REFUSED
                self._owed.update(each for each in done if each in self._ends)
            for update_id in done:
                self._end(update_id, taken)
        self._remembering = None

    def _is_news(self, update_id: int) -> bool:
        """Whether the update is not a repeat. What moves money has a key of its own; this is
        for all else: a prompt that was refused must not be taken when it comes a second time."""
        known = update_id in self._taken or update_id in self._handled
        self._taken.add(update_id)
        if known:
            return False
        self._handled[update_id] = None
        if len(self._handled) > self._keep:
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
            "another program gets this bot's updates from Telegram: stop it, or use another"
            " token (%s)",
            error.message,
        )
        return MAX_PAUSE_S
    if isinstance(error, TelegramRetryAfter):
        return float(error.retry_after)
    pause_s = min(max(last_s * 2, FIRST_PAUSE_S), MAX_PAUSE_S)
    logger.warning("no updates from Telegram, again in %.0f s: %.300s", pause_s, error)
    return pause_s


def _lane_of(update: Update) -> Hashable:
    """The key that keeps updates in order: the chat, else the person."""
    if update.pre_checkout_query is not None:
        return update.pre_checkout_query.id  # a lane of its own
    try:
        event: Any = update.event
    except UpdateTypeLookupError:  # a kind that came up after this program was written
        return 0
    message = getattr(event, "message", event)
    chat = getattr(message, "chat", None) or getattr(event, "from_user", None)
    return chat.id if chat else 0
