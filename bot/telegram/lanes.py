"""One lane a chat: what is to be said goes one by one, within Telegram's limits, until it is said.

A 429 stops the chat it concerns for as long as it says, and is never answered with another
message. Within a chat and among all, answers come first, then pictures, then progress, then what
goes to everybody.
"""

import asyncio
import contextlib
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable
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
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)

from bot.telegram.errors import ChatClosedError, DeliveryError
from bot.tools.rate_limits import RateLimit, Turns

# A network fault, a 5xx, or a gateway's page in place of an answer.
PASSING_FAULTS = (TelegramNetworkError, TelegramServerError, ClientDecodeError)
FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 60.0
SAY_ATTEMPTS = 8  # about two minutes; a picture is tried for as long as it takes
MAX_RETRY_AFTER_S = 3600.0

CHAT_GONE = ("chat not found", "user not found", "peer_id_invalid")

logger = logging.getLogger(__name__)


class Priority(IntEnum):
    """Who goes first in a chat."""

    ANSWER = 0
    PICTURE = 1
    PROGRESS = 2
    BULK = 3


@dataclass(order=True, slots=True)
class _Call:
    """Something to be said, in the order of `priority` and `number`."""

    priority: int
    number: int
    request: Callable[[], Awaitable[Any]] = field(compare=False)
    done: asyncio.Future[Any] = field(compare=False)
    attempts_left: float = field(compare=False)
    pause_s: float = field(compare=False, default=FIRST_PAUSE_S)


class _Lane:
    """One chat: its calls, one at a time."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self.calls: list[_Call] = []
        self.server: asyncio.Task[None] | None = None

    @property
    def urgency(self) -> tuple[int, int]:
        """More than another's where this is to be said first."""
        return -self.calls[0].priority, -self.calls[0].number


class Lanes:
    """The lanes of all chats that something is to be said in.

    `chat_limit` makes the limit of one chat; `overall` is shared by all.
    """

    def __init__(self, overall: RateLimit, chat_limit: Callable[[], RateLimit]) -> None:
        self._turns = Turns[_Lane](overall, lambda lane: lane.urgency)
        self._chat_limit = chat_limit
        self._lanes: dict[int, _Lane] = {}
        self._numbers = itertools.count()
        self._finishing = False
        self._moved: dict[int, int] = {}  # groups that became supergroups; Telegram tells anew

    def chat(self, chat_id: int) -> int:
        """The chat as Telegram has it now."""
        return self._moved.get(chat_id, chat_id)

    def is_busy(self, chat_id: int) -> bool:
        """Whether anything is to be said in the chat."""
        lane = self._lanes.get(chat_id)
        return lane is not None and bool(lane.calls)

    def finish(self) -> None:
        """Begin nothing but answers any more."""
        self._finishing = True
        for lane in self._lanes.values():
            for call in lane.calls:
                self._put_off(call)

    def _put_off(self, call: _Call) -> None:
        if self._finishing and call.priority != Priority.ANSWER:
            call.done.cancel()

    async def close(self) -> None:
        """Stop; what was not said is not."""
        servers = [lane.server for lane in self._lanes.values() if lane.server]
        for server in servers:
            server.cancel()
        await asyncio.gather(*servers, return_exceptions=True)

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
            DeliveryError: Telegram refused it, or could not be reached so often.
        """
        lane = self._lanes.get(chat_id)
        if lane is None:
            lane = self._lanes[chat_id] = _Lane(self._chat_limit())
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        call = _Call(priority, next(self._numbers), request, done, attempts)
        self._put_off(call)
        heapq.heappush(lane.calls, call)
        if lane.server is None:
            lane.server = asyncio.create_task(self._serve(chat_id, lane))
        return await done

    async def _serve(self, chat_id: int, lane: _Lane) -> None:
        """Say what is to be said in a chat, best first; the lane ends when there is nothing."""
        try:
            while lane.calls:
                # Wait first, choose then: a picture may come while an edit waits.
                await lane.limit.wait()
                await self._turns.wait(lane)
                call = heapq.heappop(lane.calls)
                if not call.done.done():
                    await self._make(lane, call)
        finally:
            lane.server = None
            for call in lane.calls:
                call.done.cancel()
            # The lane stays for as long as its limit remembers; then it says nothing any more.
            asyncio.get_running_loop().call_later(lane.limit.window_s, self._forget, chat_id, lane)

    def _forget(self, chat_id: int, lane: _Lane) -> None:
        if lane.server is None and self._lanes.get(chat_id) is lane:
            del self._lanes[chat_id]

    async def _make(self, lane: _Lane, call: _Call) -> None:
        """One attempt. A call that may succeed later goes back to its place in the lane."""
        call.attempts_left -= 1
        try:
            result = await call.request()
        except TelegramMigrateToChat as error:
            logger.info("a group is %d now", error.migrate_to_chat_id)
            self._moved[getattr(error.method, "chat_id", 0)] = error.migrate_to_chat_id
            heapq.heappush(lane.calls, call)
        except TelegramRetryAfter as error:
            wait_s = min(float(error.retry_after), MAX_RETRY_AFTER_S)
            logger.warning("Telegram asks for a pause of %.0f s", wait_s)
            lane.limit.pause(wait_s)
            call.attempts_left += 1  # it was not tried, it was turned away
            self._put_off(call)
            heapq.heappush(lane.calls, call)
        except TelegramEntityTooLarge as error:  # a network error by class, not by nature
            _fail(call, DeliveryError(error.message), error)
        except PASSING_FAULTS as error:
            if call.attempts_left <= 0:
                _fail(call, DeliveryError(f"Telegram could not be reached: {error}"), error)
                return
            logger.warning("Telegram did not answer, again in %.0f s: %s", call.pause_s, error)
            lane.limit.pause(call.pause_s)
            call.pause_s = min(call.pause_s * 2, MAX_PAUSE_S)
            self._put_off(call)
            heapq.heappush(lane.calls, call)
        except (TelegramForbiddenError, TelegramUnauthorizedError) as error:
            _fail(call, ChatClosedError(error.message), error)
        except TelegramBadRequest as error:
            gone = any(words in error.message.lower() for words in CHAT_GONE)
            _fail(call, (ChatClosedError if gone else DeliveryError)(error.message), error)
        except TelegramAPIError as error:
            _fail(call, DeliveryError(str(error)), error)
        except asyncio.CancelledError:
            call.done.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - not ours to judge: whole to the one who waits
            _fail(call, error, None)
        else:
            if not call.done.done():
                call.done.set_result(result)


def _fail(call: _Call, error: Exception, cause: Exception | None) -> None:
    error.__cause__ = error.__cause__ or cause
    with contextlib.suppress(asyncio.InvalidStateError):
        call.done.set_exception(error)
