"""The Bot API session: aiogram's own, made lenient about responses that aiogram cannot parse.

Telegram's `ok: true` means that a message was sent, whatever else is in the response. aiogram
raises when the rest does not fit its types, as if nothing had been sent.
"""

import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import NextRequestMiddlewareType
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import (
    CopyMessage,
    EditMessageText,
    Response,
    SendDocument,
    SendInvoice,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)
from aiogram.methods.base import TelegramType
from aiogram.types import (
    Chat,
    Document,
    LinkPreviewOptions,
    Message,
    PhotoSize,
    TelegramObject,
)
from aiohttp import ClientSession, TraceConfig, TraceRequestEndParams

from bot.settings import Settings
from bot.telegram.telegram_time import TelegramTime

UNKNOWN_MESSAGE = 0  # the id of one that was sent; Telegram numbers messages from 1

# What must not be done a second time because its answer could not be read.
SENDING = (SendMessage, SendPhoto, SendDocument, SendInvoice, CopyMessage, EditMessageText)

# A request ended: its method; the answer's code, if there was one; seconds that it says to wait.
Answered = Callable[[str, int | None, float], None]

FIRST_LOOK_S = 3  # whether Telegram knows the token; who does not answer is asked again later

logger = logging.getLogger(__name__)


class TokenRefusedError(Exception):
    """Telegram knows no such bot; the text is a sentence for the operator."""


class Session(AiohttpSession):
    """Sends requests and classifies the responses; `telegram_time` gets their dates, and
    `answered` hears of each request that ended."""

    def __init__(
        self,
        *,
        telegram_time: TelegramTime | None = None,
        answered: Answered | None = None,
        **options: Any,
    ) -> None:
        super().__init__(json_loads=_loads, **options)
        self._telegram_time = telegram_time or TelegramTime()
        self._answered = answered
        self.middleware(self._request)
        self._trace = TraceConfig()
        self._trace.on_request_end.append(self._hear)
        self._trace.freeze()

    async def create_session(self) -> ClientSession:
        """aiogram's own, whose answers tell the time."""
        session = await super().create_session()
        if self._trace not in session.trace_configs:
            session.trace_configs.append(self._trace)
        return session

    async def _hear(
        self, session: ClientSession, context: SimpleNamespace, params: TraceRequestEndParams
    ) -> None:
        self._telegram_time.hear(params.response.headers.get("Date", ""))

    async def _request(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        try:
            return await make_request(bot, method)
        except TelegramNetworkError as error:
            # One by class only: a file that was too large is an answer, and was told as one.
            if not isinstance(error, TelegramEntityTooLarge):
                self._tell(method, None)
            raise

    def check_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        """The answer to a call.

        Raises:
            TelegramAPIError: Telegram refused it, or a gateway did.
            ClientDecodeError: nobody knows what became of it.
        """
        retry_after_s = 0.0
        try:
            return self._read_response(bot, method, status_code, content)
        except TelegramRetryAfter as error:
            retry_after_s = float(error.retry_after)
            raise
        finally:
            self._tell(method, status_code, retry_after_s)

    def _tell(
        self, method: TelegramMethod[Any], code: int | None, retry_after_s: float = 0.0
    ) -> None:
        if self._answered is not None:
            self._answered(method.__api_method__, code, retry_after_s)

    def _read_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        try:
            response = super().check_response(bot, method, status_code, content)
            if response.result is not None or not isinstance(method, SENDING):
                return response
        except (ClientDecodeError, TelegramAPIError) as error:
            if not (isinstance(method, SENDING) and _is_ok(content)):
                if isinstance(error, ClientDecodeError) and 400 <= status_code < 500:
                    raise _refusal(method, status_code) from error
                raise
        logger.warning("%s was done, but its response cannot be read", method.__api_method__)
        result = _dict(_dict(_loads(content)).get("result"))
        return Response.model_construct(ok=True, result=_read(method, result))


@asynccontextmanager
async def open_bot(
    settings: Settings,
    telegram_time: TelegramTime | None = None,
    answered: Answered | None = None,
) -> AsyncIterator[Bot]:
    """aiogram's Bot, over such a session."""
    session = Session(
        api=TelegramAPIServer.from_base(settings.telegram_api_url),
        telegram_time=telegram_time,
        answered=answered,
    )
    async with Bot(
        settings.bot_token.get_secret_value(),
        session=session,
        default=DefaultBotProperties(
            parse_mode="HTML", link_preview=LinkPreviewOptions(is_disabled=True)
        ),
    ) as bot:
        yield bot


async def greet(settings: Settings) -> None:
    """Check the token; that Telegram cannot be reached yet is no fault of the token.

    Raises:
        TokenRefusedError: nobody's.
    """
    async with open_bot(settings) as bot:
        try:
            me = await bot.get_me(request_timeout=FIRST_LOOK_S)
            logger.info("running as @%s", me.username)
        except (TelegramUnauthorizedError, TelegramNotFound):
            raise TokenRefusedError(
                "BOT_TOKEN: Telegram does not know it; copy it anew from @BotFather"
            ) from None
        except (TelegramAPIError, ClientDecodeError) as error:
            logger.warning("Telegram cannot be reached yet: %s", error)


def _refusal(method: TelegramMethod[Any], status_code: int) -> TelegramAPIError:
    """A gateway's page that refuses a request: Telegram never saw it."""
    if status_code == 413:
        return TelegramEntityTooLarge(method, "a gateway's limit")
    return TelegramAPIError(method, f"a gateway's answer {status_code}")


def _loads(content: str) -> Any:
    """JSON in which there is always a description; aiogram looks for words in it."""
    data = json.loads(content)
    if isinstance(data, dict) and not isinstance(data.get("description"), str):
        data["description"] = ""
    return data


def _is_ok(content: str) -> bool:
    try:
        return _dict(_loads(content)).get("ok") is True
    except ValueError:
        return False


def _read(method: TelegramMethod[Any], raw: dict[str, Any]) -> Any:
    """The readable part of a message that was sent."""
    chat_id, message_id = _dict(raw.get("chat")).get("id"), raw.get("message_id")
    if type(chat_id) is not int:
        chat_id = getattr(method, "chat_id", 0)
    sizes = raw.get("photo")
    photo = [_file_id(size) for size in sizes] if isinstance(sizes, list) else []
    document = _file_id(raw.get("document"))
    return _partial(
        Message,
        message_id=message_id if type(message_id) is int else UNKNOWN_MESSAGE,
        chat=_partial(Chat, id=chat_id),
        photo=[_partial(PhotoSize, file_id=file_id) for file_id in photo if file_id] or None,
        document=_partial(Document, file_id=document) if document else None,
    )


def _partial(type_: type[TelegramObject], **known: Any) -> Any:
    """The type with the known fields only, unvalidated."""
    return type_.model_construct(**known)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _file_id(value: object) -> str:
    file_id = _dict(value).get("file_id")
    return file_id if isinstance(file_id, str) else ""
