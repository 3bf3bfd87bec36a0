"""What the bot says: one lane a chat, within Telegram's limits, tried again until it is through.

A 429 stops the chat it concerns for as long as it says, and is never answered with another
message. Within a chat answers come first, then pictures, then progress.
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

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import (
    FSInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    ReplyParameters,
)

from bot.errors import ChatClosedError, DeliveryError
from bot.keyboards import Keyboard
from bot.pictures import Picture
from bot.rate import RateLimit

# A network fault, a 5xx, or a gateway's page in place of an answer.
PASSING_FAULTS = (TelegramNetworkError, TelegramServerError, ClientDecodeError)
FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 60.0
SAY_ATTEMPTS = 8  # about two minutes; a picture is tried for as long as it takes
MAX_RETRY_AFTER_S = 3600.0

# 400s that say that a picture does not fit as a photo; as a document it does.
NOT_A_PHOTO = ("photo", "image_process_failed", "wrong file type", "extension")
# 400s about a message that somebody removed or that already says so: no fault.
HARMLESS_EDITS = ("message is not modified", "message to edit not found", "can't be edited")
CHAT_GONE = ("chat not found", "user not found", "peer_id_invalid")

logger = logging.getLogger(__name__)


class Priority(IntEnum):
    """Who goes first in a chat."""

    ANSWER = 0
    PICTURE = 1
    PROGRESS = 2


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


class Messenger:
    """Everything that is said to people goes through here, except answers to button presses.

    `chat_limit` makes the limit of one chat; `overall_limit` is shared by all.
    """

    def __init__(
        self,
        bot: Bot,
        *,
        overall_limit: RateLimit | None = None,
        chat_limit: Callable[[], RateLimit] = lambda: RateLimit(1, 1.0),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._bot = bot
        self._overall = overall_limit or RateLimit(30, 1.0)
        self._chat_limit = chat_limit
        self._sleep = sleep
        self._lanes: dict[int, _Lane] = {}
        self._numbers = itertools.count()
        self._said: set[asyncio.Task[None]] = set()

    def say(
        self,
        chat_id: int,
        text: str,
        *,
        reply_to: int | None = None,
        keyboard: Keyboard = (),
    ) -> None:
        """Have an answer sent, in order, without waiting for it: handlers do no slow work."""
        task = asyncio.create_task(self._say(chat_id, text, reply_to, keyboard))
        self._said.add(task)
        task.add_done_callback(self._said.discard)

    def answer_press(self, query_id: str, text: str = "", *, alert: bool = False) -> None:
        """Answer a press of a button, at once; one that is too old needs no answer any more."""
        task = asyncio.create_task(self._answer_press(query_id, text, alert=alert))
        self._said.add(task)
        task.add_done_callback(self._said.discard)

    async def _answer_press(self, query_id: str, text: str, *, alert: bool) -> None:
        try:
            await self._bot.answer_callback_query(query_id, text or None, show_alert=alert)
        except (TelegramAPIError, ClientDecodeError) as error:
            logger.info("a press could not be answered: %s", error)

    async def _say(
        self,
        chat_id: int,
        text: str,
        reply_to: int | None,
        keyboard: Keyboard,
    ) -> None:
        try:
            await self.send(chat_id, text, reply_to=reply_to, keyboard=keyboard)
        except DeliveryError as error:
            logger.warning("an answer could not be sent to chat %d: %s", chat_id, error)

    async def send(
        self,
        chat_id: int,
        text: str,
        *,
        reply_to: int | None = None,
        keyboard: Keyboard = (),
        priority: Priority = Priority.ANSWER,
    ) -> int:
        """Send a text and return its message id.

        Raises:
            ChatClosedError: nothing can be said in that chat.
            DeliveryError: Telegram refused the text, or could not be reached for minutes.
        """
        message: Message = await self._call(
            chat_id,
            priority,
            lambda: self._bot.send_message(
                chat_id, text, reply_parameters=_reply(reply_to), reply_markup=_markup(keyboard)
            ),
        )
        return message.message_id

    async def edit(
        self,
        chat_id: int,
        message_id: int,
        text: str,
        *,
        keyboard: Keyboard = (),
        priority: Priority = Priority.PROGRESS,
    ) -> None:
        """Change a text of the bot's. One that is gone, or already reads so, is no fault."""
        try:
            await self._call(
                chat_id,
                priority,
                lambda: self._bot.edit_message_text(
                    text, chat_id=chat_id, message_id=message_id, reply_markup=_markup(keyboard)
                ),
            )
        except DeliveryError as error:
            if not any(words in str(error) for words in HARMLESS_EDITS):
                raise

    async def send_picture(
        self, chat_id: int, picture: Picture, *, caption: str, reply_to: int | None
    ) -> int:
        """Send a picture, as a photo where Telegram takes it so, and return its message id.

        Tried for as long as it takes; sent twice only when the answer to the first was lost.

        Raises:
            ChatClosedError: nothing can be sent to that chat now.
            DeliveryError: Telegram takes it neither as a photo nor as a document.
        """
        file = FSInputFile(picture.path)
        options: dict[str, Any] = {"caption": caption, "reply_parameters": _reply(reply_to)}
        if picture.fits_photo:
            try:
                return await self._send_file(
                    chat_id, lambda: self._bot.send_photo(chat_id, file, **options)
                )
            except ChatClosedError:
                raise
            except DeliveryError as error:
                if not any(words in str(error).lower() for words in NOT_A_PHOTO):
                    raise
                logger.warning("not taken as a photo, sent as a document: %s", error)
        return await self._send_file(
            chat_id, lambda: self._bot.send_document(chat_id, file, **options)
        )

    async def _send_file(self, chat_id: int, request: Callable[[], Awaitable[Message]]) -> int:
        message: Message = await self._call(
            chat_id, Priority.PICTURE, request, attempts=float("inf")
        )
        return message.message_id

    async def close(self, timeout_s: float) -> None:
        """Let the answers that are under way be said, for so long, and stop."""
        if self._said:
            await asyncio.wait(self._said, timeout=timeout_s)
        servers = [lane.server for lane in self._lanes.values() if lane.server]
        for server in servers:
            server.cancel()
        await asyncio.gather(*servers, return_exceptions=True)
        for task in set(self._said):
            task.cancel()

    async def _call(
        self,
        chat_id: int,
        priority: Priority,
        request: Callable[[], Awaitable[Any]],
        *,
        attempts: float = SAY_ATTEMPTS,
    ) -> Any:
        lane = self._lanes.get(chat_id)
        if lane is None:
            lane = self._lanes[chat_id] = _Lane(self._chat_limit())
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        heapq.heappush(lane.calls, _Call(priority, next(self._numbers), request, done, attempts))
        if lane.server is None:
            lane.server = asyncio.create_task(self._serve(chat_id, lane))
        return await done

    async def _serve(self, chat_id: int, lane: _Lane) -> None:
        """Say what is to be said in a chat, best first; the lane ends when there is nothing."""
        try:
            while lane.calls:
                # Wait first, choose then: a picture may come while an edit waits.
                await lane.limit.wait()
                await self._overall.wait()
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
        except TelegramRetryAfter as error:
            wait_s = min(float(error.retry_after), MAX_RETRY_AFTER_S)
            logger.warning("Telegram asks for a pause of %.0f s", wait_s)
            lane.limit.pause(wait_s)
            call.attempts_left += 1  # it was not tried, it was turned away
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


def _markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    """None removes the buttons of an edited message: they are sent again with every edit."""
    if not keyboard:
        return None
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=each.text, callback_data=each.data) for each in row]
            for row in keyboard
        ]
    )


def _reply(message_id: int | None) -> ReplyParameters | None:
    """A reply that is sent all the same when the person removed the message."""
    if message_id is None:
        return None
    return ReplyParameters(message_id=message_id, allow_sending_without_reply=True)
