"""The messenger: sends texts, edits, results and copies, each through the lane of its chat."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramEntityTooLarge,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import (
    BufferedInputFile,
    ForceReply,
    FSInputFile,
    LabeledPrice,
    Message,
    ReplyParameters,
)

from bot.media.kinds import Film, Result
from bot.service_limits import CAPTION_UNITS, PRESS_UNITS
from bot.telegram.buttons import Keyboard
from bot.telegram.errors import (
    ChatClosedError,
    DeliveryError,
    MaybeSentError,
    UnreachableError,
)
from bot.telegram.html import clip_units, fit
from bot.telegram.lanes import MAX_RETRY_AFTER_S, PASSING_FAULTS, SAY_ATTEMPTS, Lanes, Priority
from bot.telegram.markup import KeyboardFallback
from bot.telegram.session import UNKNOWN_MESSAGE
from bot.tools.background import to_the_end
from bot.tools.rate_limits import RateLimit
from storage.errors import StorageError
from storage.items import Sent, SentAs

CHUNK_BYTES = 2**20  # of a file, read in a thread at once; aiogram's own are sixteen times smaller
ACTIONS_PER_S = 5  # chat actions are decoration: of Telegram's 30 calls a second, few

SEND_TIMEOUT_S = 60
UPLOAD_BYTES_PER_S = 100_000  # of a slow line: so much longer may a file take
# Until a picture is sent again whose sending may have gone through, the first and the second time;
# after a third it counts as sent. Telegram's uploads may fail for minutes while all else works.
LOST_PAUSES_S = (5.0, 120.0)

XTR = "XTR"  # Stars
INVOICE_TITLE, INVOICE_DESCRIPTION = 32, 255  # characters
START = "buy"  # of the link that stands under a forwarded invoice in place of Pay

ACTIONS: Mapping[SentAs, str] = {
    "photo": "upload_photo",
    "video": "upload_video",
    "document": "upload_document",
    "link": "typing",
}

# Telegram looks into documents, and makes a video of an mp4 or, where it is silent, an animation.
AS_IT_IS: Mapping[str, Any] = {"disable_content_type_detection": True}

# 400s about a message that somebody removed or that already says so: no fault.
HARMLESS_EDITS = ("message is not modified", "message to edit not found", "can't be edited")

logger = logging.getLogger(__name__)


class Receipt(Protocol):
    """The stored state of one sending that must not happen twice."""

    async def sending(self) -> bool:
        """Record that it is about to be sent; False: it must not be."""

    async def not_sent(self) -> None:
        """Record that it certainly was not sent."""

    async def sent(self) -> None:
        """Record that Telegram accepted it."""


@dataclass(frozen=True, slots=True)
class _How:
    """How a result is sent."""

    caption: str = ""
    reply_to: int | None = None
    keyboard: Keyboard = ()
    attempts: float = SAY_ATTEMPTS
    timeout_s: int = SEND_TIMEOUT_S


class Losses:
    """How often the answer to a result's sending was lost, and so it may have arrived;
    `store` keeps the number for the next start."""

    def __init__(
        self, count: int = 0, store: Callable[[int], Awaitable[object]] | None = None
    ) -> None:
        self.count = count
        self._store = store

    async def add(self) -> None:
        """Count one more."""
        self.count += 1
        if self._store is not None:
            await self._store(self.count)


class Messenger:
    """Every message to people goes through here; what is too long is cut.

    `chat_limit` makes the limit of one chat; `overall_limit` is shared by all.
    """

    def __init__(
        self,
        bot: Bot,
        *,
        overall_limit: RateLimit | None = None,
        chat_limit: Callable[[], RateLimit] = lambda: RateLimit(1, 1.0),
        bulk_limit: RateLimit | None = None,
        lost_pauses_s: Sequence[float] = LOST_PAUSES_S,
    ) -> None:
        self._bot = bot
        self._overall = overall_limit or RateLimit(30, 1.0)
        # What goes to all leaves a third of the whole to answers and pictures.
        self._bulk = bulk_limit or RateLimit(20, 1.0)
        self._lanes = Lanes(self._overall, chat_limit)
        self._said: set[asyncio.Task[None]] = set()
        self._lost_pauses_s = lost_pauses_s
        self._keyboards = KeyboardFallback()
        self._edits: dict[tuple[int, int], object] = {}  # by message: the last one asked for
        self._actions = RateLimit(ACTIONS_PER_S, 1.0)

    def say(
        self,
        chat_id: int,
        text: str,
        *,
        reply_to: int | None = None,
        keyboard: Keyboard = (),
        ask: str = "",
        fallback: str = "",
        then: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        """Have an answer sent, in order, without waiting for it: handlers do no slow work.

        `ask` opens the person's field for a reply, with these words in it. `fallback` is said
        where Telegram does not take the text. `then` is given the id of the message.
        """
        task = asyncio.create_task(
            self._say(chat_id, text, reply_to, keyboard, ask, fallback, then)
        )
        self._said.add(task)
        task.add_done_callback(self._said.discard)

    def change(self, chat_id: int, message_id: int, text: str, *, keyboard: Keyboard = ()) -> None:
        """Have a text of the bot's edited in answer to a press, without waiting for it."""
        task = asyncio.create_task(self._change(chat_id, message_id, text, keyboard))
        self._said.add(task)
        task.add_done_callback(self._said.discard)

    def answer_press(self, query_id: str, text: str = "", *, alert: bool = False) -> None:
        """Answer a press of a button, at once; one that is too old needs no answer any more."""
        task = asyncio.create_task(self._answer_press(query_id, text, alert=alert))
        self._said.add(task)
        task.add_done_callback(self._said.discard)

    async def _change(self, chat_id: int, message_id: int, text: str, keyboard: Keyboard) -> None:
        try:
            await self.edit(chat_id, message_id, text, keyboard=keyboard, priority=Priority.ANSWER)
        except DeliveryError as error:
            logger.warning("a message in chat %d could not be edited: %s", chat_id, error)

    def invoice(
        self, chat_id: int, *, title: str, description: str, payload: str, stars: int, sorry: str
    ) -> None:
        """Have an invoice sent in answer to a press; where Telegram does not take it, `sorry`."""
        task = asyncio.create_task(
            self._invoice(chat_id, title, description, payload, stars, sorry)
        )
        self._said.add(task)
        task.add_done_callback(self._said.discard)

    async def _invoice(
        self, chat_id: int, title: str, description: str, payload: str, stars: int, sorry: str
    ) -> None:
        title = title[:INVOICE_TITLE]

        async def request() -> Message:
            return await self._bot.send_invoice(
                chat_id,
                title,
                description[:INVOICE_DESCRIPTION],
                payload,
                XTR,
                [LabeledPrice(label=title, amount=stars)],
                start_parameter=START,
            )

        try:
            await self._lanes.call(chat_id, Priority.ANSWER, request)
        except DeliveryError as error:
            logger.warning("an invoice could not be sent to chat %d: %s", chat_id, error)
            if not isinstance(error, ChatClosedError):
                await self._say(chat_id, sorry, None, (), "", "", None)

    async def link(self, start: str) -> str:
        """A link into the private chat, where /start is given this."""
        me = await self._bot.me()
        return f"https://t.me/{me.username}?start={start}"

    async def _answer_press(self, query_id: str, text: str, *, alert: bool) -> None:
        try:
            await self._bot.answer_callback_query(
                query_id, clip_units(text, PRESS_UNITS) or None, show_alert=alert
            )
        except (TelegramAPIError, ClientDecodeError) as error:
            logger.info("a button press could not be answered: %s", error)

    async def _say(
        self,
        chat_id: int,
        text: str,
        reply_to: int | None,
        keyboard: Keyboard,
        ask: str,
        fallback: str,
        then: Callable[[int], Awaitable[None]] | None,
    ) -> None:
        try:
            message_id = await self.send(
                chat_id, text, reply_to=reply_to, keyboard=keyboard, ask=ask
            )
            if then is not None and message_id != UNKNOWN_MESSAGE:
                await then(message_id)
        except DeliveryError as error:
            logger.warning("an answer could not be sent to chat %d: %s", chat_id, error)
            if fallback and not isinstance(error, ChatClosedError):
                await self._say(chat_id, fallback, reply_to, keyboard, ask, "", then)
        except StorageError as error:
            logger.warning("a message sent to chat %d could not be recorded: %s", chat_id, error)

    def act(self, chat_id: int, action: str) -> None:
        """Show for some seconds what the bot is doing. Decoration: where anything is to be said,
        or Telegram has no room for it, it is left out, and nothing comes of a failure."""
        if self._lanes.is_busy(chat_id) or not (self._actions.take() and self._overall.take()):
            return
        task = asyncio.create_task(self._act(chat_id, action))
        self._said.add(task)
        task.add_done_callback(self._said.discard)

    async def _act(self, chat_id: int, action: str) -> None:
        try:
            await self._bot.send_chat_action(self._lanes.chat(chat_id), action)
        except TelegramRetryAfter as error:
            self._actions.pause(float(error.retry_after))
        except (TelegramAPIError, ClientDecodeError) as error:
            logger.debug("no chat action in chat %d: %s", chat_id, error)

    async def send(
        self,
        chat_id: int,
        text: str,
        *,
        reply_to: int | None = None,
        keyboard: Keyboard = (),
        ask: str = "",
        priority: Priority = Priority.ANSWER,
    ) -> int:
        """Send a text and return its message id, which may be UNKNOWN_MESSAGE.

        Raises:
            ChatClosedError: nothing can be said in that chat.
            DeliveryError: Telegram refused the text, or could not be reached for minutes.
        """
        reply = _reply(reply_to)
        # selective: in a group, only the one who is answered is asked.
        question = ForceReply(input_field_placeholder=ask, selective=True) if ask else None

        async def request() -> Message:
            chat = self._lanes.chat(chat_id)
            return await self._keyboards.send_with(
                keyboard,
                lambda markup: self._bot.send_message(
                    chat,
                    fit(text),
                    reply_parameters=reply if chat == chat_id else None,
                    reply_markup=question or markup,
                ),
            )

        message: Message = await self._lanes.call(chat_id, priority, request)
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
        """Change a text of the bot's. One that is gone, or already reads so, is no fault. Only the
        last of several is made: one that failed must not come after the next."""
        if message_id == UNKNOWN_MESSAGE:
            return
        message, this = (chat_id, message_id), object()
        self._edits[message] = this

        async def request() -> object:
            # A group that moved left behind what was said before.
            if self._lanes.chat(chat_id) != chat_id or self._edits.get(message) is not this:
                return None
            return await self._keyboards.send_with(
                keyboard,
                lambda markup: self._bot.edit_message_text(
                    fit(text), chat_id=chat_id, message_id=message_id, reply_markup=markup
                ),
            )

        try:
            await self._lanes.call(chat_id, priority, request)
        except DeliveryError as error:
            if not any(words in str(error) for words in HARMLESS_EDITS):
                raise
        finally:
            if self._edits.get(message) is this:
                del self._edits[message]

    async def send_result(
        self,
        chat_id: int,
        result: Result,
        *,
        caption: str,
        reply_to: int | None,
        keyboard: Keyboard = (),
        name: str = "",
        attempts: float = SAY_ATTEMPTS,
        losses: Losses | None = None,
    ) -> Sent:
        """Send a picture or a film: as such where Telegram takes it so and it has no `name`, which
        is that of a file, else as a document, at last as a document and nothing else.

        Sent again only when an answer was lost, and not without end (LOST_PAUSES_S): at last its
        message is unknown.

        Raises:
            ChatClosedError: no such thing can be sent to that chat now.
            UnreachableError: Telegram could not be reached so often.
            DeliveryError: Telegram does not take it.
        """
        file = FSInputFile(result.path, name or None, chunk_size=CHUNK_BYTES)
        losses = losses or Losses()
        plain = _How(attempts=attempts, timeout_s=_timeout_s(result.size_bytes))
        how = replace(plain, caption=caption, reply_to=reply_to, keyboard=keyboard)
        for kind in ("document",) if name else result.ways:
            try:
                return await self._send_file(
                    chat_id, file, kind, how, losses, **_about(result, kind)
                )
            except (ChatClosedError, UnreachableError):
                raise
            except DeliveryError as error:
                logger.warning("Telegram refused the result as a %s: %s", kind, error)
        return await self._send_file(chat_id, file, "document", plain, losses)

    async def send_link(
        self,
        chat_id: int,
        text: str,
        *,
        reply_to: int | None,
        keyboard: Keyboard = (),
        attempts: float = SAY_ATTEMPTS,
        losses: Losses | None = None,
    ) -> Sent:
        """Send, in place of a result that is too large, a text that says where it is; as
        `send_result` does, with its errors."""

        async def send(chat: int, **more: Any) -> Message:
            return await self._bot.send_message(chat, fit(text), **more)

        how = _How("", reply_to, keyboard, attempts)
        return await self._send_once(chat_id, "link", how, losses or Losses(), send)

    async def send_known(
        self,
        chat_id: int,
        file_id: str,
        kind: SentAs,
        *,
        caption: str,
        reply_to: int | None,
        keyboard: Keyboard = (),
    ) -> Sent:
        """Send again what Telegram has already, by the file id that it gave.

        Raises:
            ChatClosedError: nothing can be sent to that chat now.
            DeliveryError: Telegram does not know the file any more, or cannot be reached.
        """
        return await self._send_file(chat_id, file_id, kind, _How(caption, reply_to, keyboard))

    async def send_file(self, chat_id: int, path: Path, *, name: str, reply_to: int | None) -> Sent:
        """Send a file as it is, under this name. Raises as `send_known` does."""
        size = (await asyncio.to_thread(path.stat)).st_size
        how = _How(reply_to=reply_to, timeout_s=_timeout_s(size))
        file = FSInputFile(path, name, chunk_size=CHUNK_BYTES)
        return await self._send_file(chat_id, file, "document", how, **AS_IT_IS)

    async def _send_file(
        self,
        chat_id: int,
        file: FSInputFile | str,
        kind: SentAs,
        how: _How,
        losses: Losses | None = None,
        **about: Any,
    ) -> Sent:
        method: Any = getattr(self._bot, f"send_{kind}")

        async def send(chat: int, **more: Any) -> Message:
            caption = fit(how.caption, CAPTION_UNITS)
            message: Message = await method(chat, file, caption=caption, **about, **more)
            return message

        return await self._send_once(chat_id, kind, how, losses or Losses(), send)

    async def _send_once(
        self,
        chat_id: int,
        kind: SentAs,
        how: _How,
        losses: Losses,
        send: Callable[..., Awaitable[Message]],
    ) -> Sent:
        """Send; again only when an answer was lost, and not without end."""
        reply = _reply(how.reply_to)

        async def attempt() -> Sent:
            chat = self._lanes.chat(chat_id)
            if losses.count:  # while Telegram is out of reach, no more are lost
                await self._bot.send_chat_action(chat, ACTIONS[kind])
            try:
                message = await self._keyboards.send_with(
                    how.keyboard,
                    lambda markup: send(
                        chat,
                        reply_parameters=reply if chat == chat_id else None,
                        reply_markup=markup,
                        request_timeout=how.timeout_s,
                    ),
                )
            except PASSING_FAULTS as error:
                if _surely_not_sent(error):
                    raise
                await losses.add()
                raise MaybeSentError(f"the answer was lost: {error!s:.300}") from error
            return _sent(message)

        while losses.count <= len(self._lost_pauses_s):
            try:
                sent: Sent = await self._lanes.call(
                    chat_id, Priority.PICTURE, attempt, attempts=how.attempts
                )
            except MaybeSentError as error:
                logger.warning("sending %d of a result: %s", losses.count, error)
                for pause_s in self._lost_pauses_s[losses.count - 1 : losses.count]:
                    await asyncio.sleep(pause_s)
            else:
                return sent
        return Sent(self._lanes.chat(chat_id), UNKNOWN_MESSAGE, "", kind)

    async def copy(
        self, chat_id: int, *, from_chat_id: int, message_id: int, receipt: Receipt
    ) -> None:
        """Copy a message into a chat for as long as it takes, and never twice.

        Nothing is sent, and that is no fault, when the receipt says that it must not be.

        Raises:
            ChatClosedError: nothing can be sent to that chat.
            MaybeSentError: the answer was lost; the message may have arrived.
            DeliveryError: Telegram refused the message.
        """

        async def attempt() -> None:
            if not await receipt.sending():
                return
            try:
                await self._bot.copy_message(chat_id, from_chat_id, message_id)
            except TelegramRetryAfter as error:
                self._bulk.pause(min(float(error.retry_after), MAX_RETRY_AFTER_S))
                await receipt.not_sent()
                raise
            except TelegramUnauthorizedError as error:  # about the bot, not about this chat
                raise DeliveryError(error.message) from error
            except PASSING_FAULTS as error:
                if _surely_not_sent(error):
                    await receipt.not_sent()
                    raise
                raise MaybeSentError(f"the answer was lost: {error}") from error
            await receipt.sent()

        await self._bulk.wait()  # before it is in the chat's lane: answers there need not wait
        await self._lanes.call(
            chat_id, Priority.BULK, lambda: to_the_end(attempt()), attempts=float("inf")
        )

    def finish(self) -> None:
        """Begin nothing but answers any more: what is not under way yet is for the next start.

        A picture begun now would be torn in the middle, and be sent once more by the next start.
        """
        self._lanes.finish()

    async def close(self, timeout_s: float) -> None:
        """Let the answers that are under way be said, for so long, and stop."""
        if self._said:
            await asyncio.wait(self._said, timeout=timeout_s)
        await self._lanes.close()
        for task in set(self._said):
            task.cancel()


def _timeout_s(size_bytes: int) -> int:
    """How long the sending of a file may take, with Telegram's answer."""
    return SEND_TIMEOUT_S + size_bytes // UPLOAD_BYTES_PER_S


def _surely_not_sent(error: Exception) -> bool:
    """Whether Telegram never had what a request of ours without an answer would have done."""
    is_unconnected = isinstance(error.__cause__, aiohttp.ClientConnectorError)
    return is_unconnected or isinstance(error, TelegramEntityTooLarge)


def _about(result: Result, kind: SentAs) -> dict[str, Any]:
    """What has to stand beside a film. Telegram looks into small ones only; without it a large one
    is a grey square that lasts 0:00."""
    if not isinstance(result, Film):
        return {}
    thumbnail = BufferedInputFile(result.thumbnail, "thumbnail.jpg")
    if kind != "video":
        return {"thumbnail": thumbnail, **AS_IT_IS}
    return {
        "thumbnail": thumbnail,
        "width": result.width_px,
        "height": result.height_px,
        "duration": max(round(result.duration_s), 1),
        "supports_streaming": True,
    }


def _sent(message: Message) -> Sent:
    file_id = ""
    kind: SentAs = "link"
    if message.photo:
        file_id, kind = message.photo[-1].file_id, "photo"
    elif message.video:
        file_id, kind = message.video.file_id, "video"
    elif message.document:
        file_id, kind = message.document.file_id, "document"
    return Sent(message.chat.id, message.message_id, file_id, kind)


def _reply(message_id: int | None) -> ReplyParameters | None:
    """A reply that is sent all the same when the person removed the message."""
    if message_id is None or message_id < 0:
        return None
    return ReplyParameters(
        message_id=message_id, allow_sending_without_reply=True, quote_parse_mode=None
    )
