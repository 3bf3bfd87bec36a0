"""A person, a bot and the Telegram between them, for the test_telegram_* modules."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from PIL import Image

from bot.demo.telegram import Person, TelegramEmulator

BUTTON = {"text": "Ещё", "callback_data": "more"}


def keyboard(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"inline_keyboard": [list(buttons)]}


def png(width: int = 64, height: int = 48) -> bytes:
    """A small picture."""
    target = io.BytesIO()
    Image.new("RGB", (width, height), "orange").save(target, "PNG")
    return target.getvalue()


def jpeg(width: int = 64, height: int = 48, orientation: int = 1) -> bytes:
    """The same as a JPEG, turned by its Exif."""
    target = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (width, height), "teal").save(target, "JPEG", exif=exif)
    return target.getvalue()


@dataclass
class Talk:
    """One emulator, one bot, and Anna, who has started the bot."""

    telegram: TelegramEmulator
    bot: Bot
    anna: Person
    http: aiohttp.ClientSession

    @property
    def api(self) -> str:
        """Where the methods are."""
        return f"{self.telegram.url}/bot{self.telegram.token}/"

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """A call as aiogram puts it on the wire, but with any parameters; files are pairs of bytes
        and a name."""
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in params.items():
            if isinstance(value, tuple):
                form.add_field(name, io.BytesIO(value[0]), filename=value[1])
            else:
                form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        async with self.http.post(self.api + method, data=form if params else None) as response:
            body: dict[str, Any] = await response.json()
            assert response.status == (200 if body["ok"] else body["error_code"])
            return body

    async def done(self, method: str, **params: Any) -> Any:
        """The result of a call."""
        body = await self.call(method, **params)
        assert body["ok"], body
        return body["result"]

    async def refusal(self, method: str, **params: Any) -> str:
        """The words of the refusal, without the prefix of a 400."""
        body = await self.call(method, **params)
        assert not body["ok"], body
        return str(body["description"]).removeprefix("Bad Request: ")

    async def say(self, text: str = "hello", **params: Any) -> int:
        """A message of the bot to Anna; its id."""
        return int(
            (await self.done("sendMessage", chat_id=1001, text=text, **params))["message_id"]
        )

    async def updates(self, **params: Any) -> list[dict[str, Any]]:
        """What getUpdates gives, without the pause for repeated questions."""
        self.telegram.updates.pause_s = 0.0
        return list(await self.done("getUpdates", **params))

    async def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Status and body of what lies there."""
        async with self.http.get(self.telegram.url + path, headers=headers) as response:
            return response.status, await response.read()


@asynccontextmanager
async def talking() -> AsyncIterator[Talk]:
    """Everything set up and taken down."""
    async with TelegramEmulator.start() as telegram, aiohttp.ClientSession() as http:
        session = AiohttpSession(api=TelegramAPIServer.from_base(telegram.url))
        anna = telegram.add_person(1001, "Анна", language_code="ru", username="anna", started=True)
        async with Bot(telegram.token, session=session) as bot:
            yield Talk(telegram, bot, anna, http)
