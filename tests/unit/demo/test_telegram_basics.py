"""The emulator with a real aiogram bot: what it answers passes aiogram's validation.

The other test_telegram_* modules share `talking` and `png` from here.
"""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BufferedInputFile,
    CopyTextButton,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
    TelegramObject,
)
from PIL import Image

from bot.demo.telegram import Person, TelegramEmulator


def png(width: int = 64, height: int = 48, colour: str = "orange") -> bytes:
    """A small picture."""
    target = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(target, "PNG")
    return target.getvalue()


def plain(given: TelegramObject | None) -> dict[str, Any]:
    """An object of aiogram's without the bot it is tied to, for comparing."""
    assert given is not None
    return given.model_dump(exclude_none=True)


class _Session(AiohttpSession):
    """aiogram's, without the 0.25 s it sleeps when it is closed."""

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


@dataclass
class Talk:
    """One emulator, one bot, one person who has started the bot."""

    telegram: TelegramEmulator
    bot: Bot
    anna: Person
    http: aiohttp.ClientSession

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """A call as aiogram puts it on the wire, but with any parameters."""
        form = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in params.items()
        }
        url = f"{self.telegram.url}/bot{self.telegram.token}/{method}"
        async with self.http.post(url, data=form) as response:
            body: dict[str, Any] = await response.json()
            assert response.status == (200 if body["ok"] else body["error_code"])
            return body

    async def refusal(self, method: str, **params: Any) -> str:
        """The words of the refusal, without the prefix of a 400."""
        body = await self.call(method, **params)
        assert not body["ok"], body
        return str(body["description"]).removeprefix("Bad Request: ")

    async def say(self, text: str = "hello", **params: Any) -> int:
        """A message of the bot to Anna; its id."""
        body = await self.call("sendMessage", chat_id=1001, text=text, **params)
        assert body["ok"], body
        return int(body["result"]["message_id"])

    async def upload(
        self, method: str, field: str, data: bytes, filename: str, **params: Any
    ) -> dict[str, Any]:
        """A call with one file, sent under the name of its parameter."""
        form = aiohttp.FormData()
        form.add_field(
            field, io.BytesIO(data), filename=filename, content_type="application/octet-stream"
        )
        for name, value in params.items():
            form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        url = f"{self.telegram.url}/bot{self.telegram.token}/{method}"
        async with self.http.post(url, data=form) as response:
            body: dict[str, Any] = await response.json()
            assert response.status == (200 if body["ok"] else body["error_code"])
            return body


@asynccontextmanager
async def talking(**start: Any) -> AsyncIterator[Talk]:
    """Everything set up and taken down."""
    async with TelegramEmulator.start(**start) as telegram, aiohttp.ClientSession() as http:
        session = _Session(api=TelegramAPIServer.from_base(telegram.url))
        anna = telegram.add_person(1001, "Анна", language_code="ru", username="anna", started=True)
        async with Bot(telegram.token, session=session) as bot:
            yield Talk(telegram, bot, anna, http)


BUTTONS = InlineKeyboardMarkup(
    inline_keyboard=[
        [
            InlineKeyboardButton(text="Ещё", callback_data="more", style="success"),
            InlineKeyboardButton(text="Seed", copy_text=CopyTextButton(text="42")),
        ]
    ]
)


async def test_a_bot_that_sends_all_it_can() -> None:
    async with talking() as talk:
        bot = talk.bot
        me = await bot.get_me()
        assert (me.id, me.is_bot, me.can_read_all_group_messages) == (123456, True, False)
        first = talk.anna.send("привет")
        text = await bot.send_message(
            1001,
            "<b>Привет</b>, <a href='https://example.com/a'>вот</a> &amp; /start",
            parse_mode="HTML",
            reply_markup=BUTTONS,
            reply_parameters=ReplyParameters(message_id=first, quote_parse_mode=None),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        assert text.text == talk.anna.messages[-1].text == "Привет, вот & /start"
        assert [each.type for each in text.entities or []] == ["bold", "text_link", "bot_command"]
        assert plain(text.reply_markup) == plain(BUTTONS)
        assert text.reply_to_message is not None
        assert text.reply_to_message.text == "привет"
        assert text.link_preview_options is not None
        assert text.link_preview_options.is_disabled

        picture = BufferedInputFile(png(), "cat.png")
        photo = await bot.send_photo(1001, picture, caption="кот")
        assert photo.photo is not None
        assert (photo.photo[-1].width, photo.photo[-1].height) == (64, 48)
        again = await bot.send_photo(1001, photo.photo[-1].file_id)
        assert again.photo is not None
        assert plain(again.photo[0]) == plain(photo.photo[0])
        document = await bot.send_document(1001, picture, caption="<i>файл</i>", parse_mode="HTML")
        assert document.document is not None
        assert document.document.file_name == "cat.png"
        assert document.document.mime_type == "image/png"
        copied = await bot.copy_message(1001, 1001, photo.message_id, reply_markup=BUTTONS)
        shown = talk.anna.messages[-1]
        assert (shown.message_id, shown.caption) == (copied.message_id, "кот")
        assert [button["text"] for button in shown.buttons] == ["Ещё", "Seed"]

        edited = await bot.edit_message_text("2 %", chat_id=1001, message_id=text.message_id)
        assert isinstance(edited, Message)
        assert (edited.text, edited.reply_markup) == ("2 %", None)  # the edit did not name it again
        assert edited.edit_date is not None
        question = ForceReply(input_field_placeholder="Что нарисовать?", selective=True)
        asked = await bot.send_message(1001, "?", reply_markup=question)
        assert asked.reply_markup is None
        assert talk.anna.messages[-1].reply_markup == plain(question)
        assert await bot.send_chat_action(1001, "upload_photo")
        assert [action for _, action in talk.anna.chat.actions] == ["upload_photo"]
        assert talk.anna.chat.action_until == pytest.approx(talk.telegram.clock() + 5, abs=1)
        await talk.say()
        assert talk.anna.chat.action_until == 0


async def test_commands_of_the_bot() -> None:
    async with talking() as talk:
        bot, scope = talk.bot, BotCommandScopeAllPrivateChats()
        commands = [BotCommand(command="start", description="Начать")]
        assert await bot.set_my_commands(commands, scope=scope, language_code="ru")
        kept = talk.telegram.commands
        assert kept == {("all_private_chats", "ru"): [plain(commands[0])]}
        assert await bot.delete_my_commands(scope=scope, language_code="ru")
        assert kept == {}
        info = await bot.get_webhook_info()
        assert (info.url, info.pending_update_count) == ("", 0)
        assert await bot.delete_webhook()


async def test_a_dispatcher_polls_answers_and_downloads() -> None:
    dispatcher = Dispatcher()
    got: list[bytes] = []

    @dispatcher.message()
    async def answer(message: Message, bot: Bot) -> None:
        if message.photo:
            data = await bot.download(message.photo[-1])
            assert data is not None
            got.append(data.read())
        await message.answer(f"получил {message.text or message.caption}", reply_markup=BUTTONS)

    @dispatcher.callback_query()
    async def pressed(query: Any) -> None:
        await query.answer(f"нажато {query.data}", show_alert=True)

    async with talking() as talk:
        polling = asyncio.create_task(dispatcher.start_polling(talk.bot, handle_signals=False))
        talk.anna.send("рыжая лиса --ar 16:9")
        await talk.telegram.wait_for(lambda: len(talk.anna.messages) == 2)
        query = talk.anna.press(talk.anna.messages[1], "Ещё")
        given = await talk.telegram.wait_for(lambda: query.answer)
        assert (given.text, given.alert) == ("нажато more", True)
        talk.anna.send_photo(png(2000, 1000), caption="фото")
        await talk.telegram.wait_for(lambda: talk.anna.messages[-1].text == "получил фото")
        await dispatcher.stop_polling()
        await polling
    assert Image.open(io.BytesIO(got[0])).size == (1280, 640)
    assert not talk.telegram.pending_updates


async def test_who_is_there() -> None:
    async with talking() as talk:
        talk.telegram.add_person(1002, "Борис")
        with pytest.raises(TelegramBadRequest, match="Bad Request: chat not found"):
            await talk.bot.send_message(404, "x")
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await talk.bot.send_message(1002, "he has never written")
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await talk.bot.send_message("@boris", "x")
        talk.anna.block()
        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await talk.bot.send_message(1001, "x")
        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await talk.bot.send_chat_action(1001, "typing")
        talk.anna.unblock()
        await talk.bot.send_message(1001, "x")
        talk.anna.deactivate()
        with pytest.raises(TelegramForbiddenError, match="user is deactivated"):
            await talk.bot.send_message(1001, "x")
    assert [update.kind for update in talk.telegram.pending_updates] == ["my_chat_member"] * 2


async def test_unknown_method_and_wrong_token() -> None:
    async with talking() as talk:
        with pytest.raises(TelegramNotFound, match="Not Found: method not found"):
            await talk.bot.set_webhook("https://example.com/hook")
        session = _Session(api=TelegramAPIServer.from_base(talk.telegram.url))
        async with Bot("123456:OTHER", session=session) as stranger:
            with pytest.raises(TelegramUnauthorizedError, match=r"Unauthorized$"):
                await stranger.get_me()
        url = f"{talk.telegram.url}/botnonsense/getMe"
        async with talk.http.get(url) as response:
            assert response.status == 401
            assert (await response.json())["description"] == "Unauthorized: invalid token specified"
        async with talk.http.get(f"{talk.telegram.url}/elsewhere") as response:
            assert await response.json() == {
                "ok": False,
                "error_code": 404,
                "description": "Not Found",
            }


async def test_numbers_begin_where_they_are_told_to() -> None:
    async with talking(first_id=217_000_000) as talk:
        assert talk.anna.send("x") == 217_000_000
        (update,) = talk.telegram.pending_updates
        assert 217_000_000 < update.update_id < 2**31


async def test_waiting_in_vain_tells_the_story() -> None:
    async with talking() as talk:
        await talk.say("единственное")
        await talk.refusal("sendMessage", chat_id=1001)
        with pytest.raises(TimeoutError) as caught:
            await talk.telegram.wait_for(lambda: False, timeout_s=0.01)
    story = str(caught.value)
    assert "bot: единственное" in story
    assert "sendMessage Bad Request: message text is empty" in story


async def test_calls_are_kept_as_they_came() -> None:
    async with talking() as talk:
        await talk.bot.send_photo(1001, BufferedInputFile(png(), "cat.png"), caption="кот")
        await talk.refusal("sendPhoto", chat_id=1001)
    good, bad = talk.telegram.calls_of("sendphoto")
    assert (good.ok, good.params["chat_id"], good.params["caption"]) == (True, 1001, "кот")
    assert [upload.filename for upload in good.files.values()] == ["cat.png"]
    assert (bad.ok, bad.error) == (False, "Bad Request: there is no photo in the request")
