"""Sending lanes, two per chat (words, pictures), within Telegram's flood limits.

In each lane messages go one by one, until each is sent. A 429 pauses the chat it concerns for as
long as it says, and is never answered with another message. Within a chat and among all, answers
come first, then pictures, then progress, then broadcasts; but no picture waits for more than two
answers in a row. A picture that takes long to send holds up no words, and what failed waits for
its next attempt outside the lane.
"""

import asyncio
import contextlib
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)

from bot.telegram.errors import ChatClosedError, DeliveryError, UnreachableError
from bot.tools.rate_limits import RateLimit, Turns

# A network fault, a 5xx, or a gateway's page in place of an answer.
PASSING_FAULTS = (TelegramNetworkError, TelegramServerError, ClientDecodeError)
FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 60.0
SAY_ATTEMPTS = 8  # about two minutes; a picture is tried for as long as it takes
MAX_RETRY_AFTER_S = 3600.0
ANSWERS_IN_A_ROW = 2  # while a picture waits

# 400s that say that nothing can be said in this chat, or not by this bot: in words of the Bot API
# server's and of tdlib's, or in the codes of Telegram's that they hand on.
CHAT_CLOSED = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "channel_private",
    "deactivated",
    "user_is_blocked",
    "not enough rights",
    "have no rights",
    "no write access",
    "need administrator rights",
    "chat_admin_required",
    "chat_restricted",
    "_forbidden",  # CHAT_WRITE_, CHAT_SEND_PHOTOS_, CHAT_SEND_DOCS_ and the like
    "user_banned_in_channel",
    "not a member",
    "was kicked",
    "topic_closed",
    "topic_deleted",
    "message thread not found",
    "payment_required",
)

logger = logging.getLogger(__name__)


class Priority(IntEnum):
    """The priority of a call in its chat."""

    ANSWER = 0
    PICTURE = 1
    PROGRESS = 2
    BULK = 3


@dataclass(order=True, slots=True)
class _Call:
    """A call to Telegram, ordered by `priority` and `number`."""

    priority: int
    number: int
    request: Callable[[], Awaitable[Any]] = field(compare=False)
    done: asyncio.Future[Any] = field(compare=False)
    attempts_left: float = field(compare=False)
    pause_s: float = field(compare=False)


class _Lane:
    """The queue of a chat's words or of its pictures: one call at a time."""

    def __init__(self) -> None:
        self.calls: list[_Call] = []
        self.server: asyncio.Task[None] | None = None

    @property
    def priority(self) -> int:
        """The priority of the next call."""
        return self.calls[0].priority

    @property
    def urgency(self) -> tuple[int, int]:
        """The greater one goes first."""
        return -self.calls[0].priority, -self.calls[0].number


class _Turns(Turns[_Lane]):
    """A rate limit's turns, most urgent first, with a picture after so many answers at most."""

    def __init__(self, limit: RateLimit) -> None:
        super().__init__(limit, lambda lane: lane.urgency)
        self._answers = 0  # in a row, while a picture waited

    def choose(self, waiting: Collection[_Lane]) -> _Lane:
        first = super().choose(waiting)
        pictures = [lane for lane in waiting if lane.priority == Priority.PICTURE]
        if not pictures or first.priority != Priority.ANSWER:
            self._answers = 0
        elif self._answers < ANSWERS_IN_A_ROW:
            self._answers += 1
        else:
            self._answers = 0
            return super().choose(pictures)
        return first


class _Chat:
    """One chat: its rate limit and its lanes."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self.turns = _Turns(limit)
        self.words, self.pictures = _Lane(), _Lane()

    @property
    def lanes(self) -> tuple[_Lane, _Lane]:
        return self.words, self.pictures


class Lanes:
    """The lanes of all chats with pending calls.

    `chat_limit` makes the limit of one chat; `overall` is shared by all.
    """

    def __init__(self, overall: RateLimit, chat_limit: Callable[[], RateLimit]) -> None:
        self._turns = _Turns(overall)
        self._chat_limit = chat_limit
        self._chats: dict[int, _Chat] = {}
        self._resting: dict[int, _Call] = {}  # by number: failed, and waits for its next attempt
        self._numbers = itertools.count()
        self._finishing = False
        self._moved: dict[int, int] = {}  # groups that became supergroups; Telegram tells anew

    def chat(self, chat_id: int) -> int:
        """The chat's current id: a group may have become a supergroup."""
        return self._moved.get(chat_id, chat_id)

    def is_busy(self, chat_id: int) -> bool:
        """Whether the chat has pending calls."""
        chat = self._chats.get(chat_id)
        return chat is not None and any(lane.calls for lane in chat.lanes)

    def finish(self) -> None:
        """From now on start nothing but answers."""
        self._finishing = True
        waiting = [call for lane in self._all() for call in lane.calls]
        for call in (*waiting, *self._resting.values()):
            self._put_off(call)

    def _all(self) -> list[_Lane]:
        return [lane for chat in self._chats.values() for lane in chat.lanes]

    def _put_off(self, call: _Call) -> None:
        if self._finishing and call.priority != Priority.ANSWER:
            call.done.cancel()

    async def close(self) -> None:
        """Stop; pending calls are dropped."""
        servers = [lane.server for lane in self._all() if lane.server]
        for server in servers:
            server.cancel()
        await asyncio.gather(*servers, return_exceptions=True)
        for call in self._resting.values():
            call.done.cancel()
        self._resting.clear()

    async def call(
        self,
        chat_id: int,
        priority: Priority,
        request: Callable[[], Awaitable[Any]],
        *,
        attempts: float = SAY_ATTEMPTS,
    ) -> Any:
        """What `request` returns when it is through, tried so often.

        Raises:
            ChatClosedError: nothing can be said in that chat.
            UnreachableError: Telegram could not be reached so often.
            DeliveryError: Telegram refused it.
        """
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        call = _Call(priority, next(self._numbers), request, done, attempts, FIRST_PAUSE_S)
        self._put_off(call)
        self._put(chat_id, call)
        return await done

    def _put(self, chat_id: int, call: _Call) -> None:
        chat = self._chats.get(chat_id)
        if chat is None:
            chat = self._chats[chat_id] = _Chat(self._chat_limit())
        lane = chat.pictures if call.priority == Priority.PICTURE else chat.words
        heapq.heappush(lane.calls, call)
        if lane.server is None:
            lane.server = asyncio.create_task(self._serve(chat_id, chat, lane))

    async def _serve(self, chat_id: int, chat: _Chat, lane: _Lane) -> None:
        """Make the chat's calls, most urgent first, until there are none."""
        try:
            while lane.calls:
                # Wait first, choose then: an answer may come while an edit waits.
                await chat.turns.wait(lane)
                await self._turns.wait(lane)
                call = heapq.heappop(lane.calls)
                if not call.done.done():
                    await self._make(chat_id, chat, call)
        finally:
            lane.server = None
            for call in lane.calls:
                call.done.cancel()
            # The chat stays for as long as its limit remembers; then it says nothing any more.
            asyncio.get_running_loop().call_later(chat.limit.window_s, self._forget, chat_id, chat)

    def _forget(self, chat_id: int, chat: _Chat) -> None:
        is_idle = all(lane.server is None for lane in chat.lanes)
        if is_idle and self._chats.get(chat_id) is chat:
            del self._chats[chat_id]

    async def _make(self, chat_id: int, chat: _Chat, call: _Call) -> None:
        """One attempt. A call that may succeed later goes back to its place, at once or after a
        pause in which the chat hears others."""
        call.attempts_left -= 1
        try:
            result = await call.request()
        except TelegramMigrateToChat as error:
            logger.info("a group is %d now", error.migrate_to_chat_id)
            self._moved[getattr(error.method, "chat_id", 0)] = error.migrate_to_chat_id
            self._put(chat_id, call)
        except TelegramRetryAfter as error:
            wait_s = min(float(error.retry_after), MAX_RETRY_AFTER_S)
            logger.warning("Telegram asks for a pause of %.0f s", wait_s)
            chat.limit.pause(wait_s)
            call.attempts_left += 1  # it was not tried, it was turned away
            self._put_off(call)
            self._put(chat_id, call)
        except TelegramEntityTooLarge as error:  # a network error by class, not by nature
            _fail(call, DeliveryError(error.message), error)
        except TelegramForbiddenError as error:
            _fail(call, ChatClosedError(error.message), error)
        except TelegramBadRequest as error:
            closed = any(words in error.message.lower() for words in CHAT_CLOSED)
            _fail(call, (ChatClosedError if closed else DeliveryError)(error.message), error)
        except (TelegramAPIError, ClientDecodeError) as error:
            self._rest(chat_id, call, error)
        except asyncio.CancelledError:
            call.done.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - not ours to judge: whole to the one who waits
            _fail(call, error, None)
        else:
            if not call.done.done():
                call.done.set_result(result)

    def _rest(self, chat_id: int, call: _Call, error: TelegramAPIError | ClientDecodeError) -> None:
        """Handle an error that is not the call's: of the network or the token."""
        if call.attempts_left <= 0:
            _fail(call, UnreachableError(f"Telegram could not be reached: {error!s:.300}"), error)
            return
        if isinstance(error, TelegramUnauthorizedError | TelegramNotFound):
            logger.error("Telegram does not know BOT_TOKEN any more: %s", error.message)
        else:
            pause_s = call.pause_s
            logger.warning("Telegram did not answer, again in %.0f s: %.300s", pause_s, error)
        self._put_off(call)
        self._resting[call.number] = call
        asyncio.get_running_loop().call_later(call.pause_s, self._go_on, chat_id, call)
        call.pause_s = min(call.pause_s * 2, MAX_PAUSE_S)

    def _go_on(self, chat_id: int, call: _Call) -> None:
        if self._resting.pop(call.number, None):
            self._put(chat_id, call)


def _fail(call: _Call, error: Exception, cause: Exception | None) -> None:
    error.__cause__ = error.__cause__ or cause
    with contextlib.suppress(asyncio.InvalidStateError):
        call.done.set_exception(error)
