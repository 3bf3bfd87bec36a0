"""A bot of aiogram's at the emulator, and how calls come over the wire."""

import json
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from aiogram.exceptions import TelegramForbiddenError, TelegramNotFound
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BufferedInputFile,
    ForceReply,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
    TelegramObject,
)

from tests.unit.demo.telegram_talk import BUTTON, Talk, keyboard, png

SEED = {"text": "Seed", "copy_text": {"text": "42"}}
BUTTONS = InlineKeyboardMarkup.model_validate(keyboard({**BUTTON, "style": "success"}, SEED))


def plain(given: TelegramObject | None) -> dict[str, Any]:
    """An object of aiogram's without the bot it is tied to, for comparing."""
    assert given is not None
    return given.model_dump(exclude_none=True)


async def test_a_bot_that_sends_all_it_can(talk: Talk) -> None:
    bot, anna = talk.bot, talk.anna
    me = await bot.get_me()
    assert (me.id, me.is_bot, me.can_read_all_group_messages) == (123456, True, False)
    first = anna.send("привет")
    text = await bot.send_message(
        1001,
        "<b>Привет</b>, <a href='https://example.com/a'>вот</a> &amp; /start",
        parse_mode="HTML",
        reply_markup=BUTTONS,
        reply_parameters=ReplyParameters(message_id=first, quote_parse_mode=None),
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    assert text.text == anna.messages[-1].text == "Привет, вот & /start"
    assert [each.type for each in text.entities or []] == ["bold", "text_link", "bot_command"]
    assert plain(text.reply_markup) == plain(BUTTONS)
    assert plain(text.reply_to_message)["text"] == "привет"
    assert plain(text.link_preview_options)["is_disabled"] is True

    picture = BufferedInputFile(png(), "cat.png")
    photo = await bot.send_photo(1001, picture, caption="кот")
    assert photo.photo is not None
    assert (photo.photo[-1].width, photo.photo[-1].height) == (64, 48)
    again = await bot.send_photo(1001, photo.photo[-1].file_id)
    assert plain(again)["photo"] == plain(photo)["photo"]
    document = await bot.send_document(1001, picture, caption="<i>файл</i>", parse_mode="HTML")
    assert plain(document.document)["file_name"] == "cat.png"
    assert plain(document.document)["mime_type"] == "image/png"
    copied = await bot.copy_message(1001, 1001, photo.message_id, reply_markup=BUTTONS)
    shown = anna.messages[-1]
    assert (shown.message_id, shown.caption) == (copied.message_id, "кот")
    assert [button["text"] for button in shown.buttons] == ["Ещё", "Seed"]

    edited = await bot.edit_message_text("2 %", chat_id=1001, message_id=text.message_id)
    assert isinstance(edited, Message)
    assert (edited.text, edited.reply_markup) == ("2 %", None)  # the edit did not name it again
    assert edited.edit_date is not None
    question = ForceReply(input_field_placeholder="Что нарисовать?", selective=True)
    asked = await bot.send_message(1001, "?", reply_markup=question)
    assert asked.reply_markup is None
    assert anna.messages[-1].reply_markup == plain(question)
    assert await bot.send_chat_action(1001, "upload_photo")
    assert [action for _, action in anna.chat.actions] == ["upload_photo"]
    assert anna.chat.action_until == pytest.approx(talk.telegram.clock() + 5, abs=1)
    await talk.say()
    assert anna.chat.action_until == 0
    scope, commands = BotCommandScopeAllPrivateChats(), [BotCommand(command="a", description="b")]
    assert await bot.set_my_commands(commands, scope=scope, language_code="ru")
    assert talk.telegram.commands == {("all_private_chats", "ru"): [plain(commands[0])]}
    assert await bot.delete_my_commands(scope=scope, language_code="ru")
    assert talk.telegram.commands == {}


async def test_who_is_there(talk: Talk) -> None:
    talk.telegram.add_person(1002, "Борис")
    assert await talk.refusal("sendMessage", chat_id=404, text="x") == "chat not found"
    assert await talk.refusal("sendMessage", chat_id=1002, text="he is silent") == "chat not found"
    talk.anna.block()
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await talk.bot.send_message(1001, "x")
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await talk.bot.send_chat_action(1001, "typing")
    talk.anna.unblock()
    await talk.say()
    assert [update.kind for update in talk.telegram.pending_updates] == ["my_chat_member"] * 2


async def test_unknown_method_and_wrong_token(talk: Talk) -> None:
    with pytest.raises(TelegramNotFound, match="Not Found: method not found"):
        await talk.bot.set_my_name("Ботик")
    for path, code, words in (
        ("/bot123456:OTHER/getMe", 401, "Unauthorized"),
        ("/botnonsense/getMe", 401, "Unauthorized: invalid token specified"),
        ("/elsewhere", 404, "Not Found"),
    ):
        status, body = await talk.get(path)
        assert status == code
        assert json.loads(body) == {"ok": False, "error_code": code, "description": words}


async def test_waiting_in_vain_tells_the_story(talk: Talk) -> None:
    await talk.say("единственное")
    await talk.refusal("sendMessage", chat_id=1001)
    with pytest.raises(TimeoutError) as caught:
        await talk.telegram.wait_for(lambda: False, timeout_s=0.01)
    assert "bot: единственное" in str(caught.value)
    assert "sendMessage Bad Request: message text is empty" in str(caught.value)
    good, bad = talk.telegram.calls_of("sendmessage")
    assert (good.ok, good.params["text"]) == (True, "единственное")
    assert (bad.ok, bad.error) == (False, "Bad Request: message text is empty")


async def test_arguments_come_in_the_query_a_form_json_or_both(talk: Talk) -> None:
    url = f"{talk.api}SENDmessage"
    coded = url.replace(":TEST", "%3ATEST")  # as some clients write tokens
    markup: dict[str, Any] = {"inline_keyboard": []}
    for given in (
        talk.http.get(url, params={"chat_id": "1001", "text": "0"}),
        talk.http.post(url, json={"chat_id": 1001, "text": "1", "reply_markup": markup}),
        talk.http.post(url, json={"chat_id": "1001", "text": "2", "reply_markup": "{}"}),
        talk.http.post(f"{coded}?chat_id=1001", data={"text": "3"}),
        talk.http.post(url, data=b"[]", headers={"Content-Type": "application/json"}),
        talk.http.post(url, data=b"{", headers={"Content-Type": "application/json"}),
    ):
        async with given as response:
            await response.read()
    answers = [call.error for call in talk.telegram.calls]
    no_object = "Bad Request: can't parse JSON object"
    no_markup = 'Bad Request: can\'t find field "force_reply" of ForceReply'
    assert answers == [None, None, no_markup, None, no_object, no_object]
    assert [message.text for message in talk.anna.messages] == ["0", "1", "3"]
    assert talk.telegram.calls[0].method == "sendMessage"


async def test_every_answer_is_dated_by_the_clock_that_dates_messages(talk: Talk) -> None:
    talk.telegram.stop_clock()
    talk.telegram.move_clock(7200)
    now = int(talk.telegram.clock())
    for method in ("sendMessage?chat_id=1001&text=x", "none"):
        async with talk.http.get(talk.api + method) as response:
            assert parsedate_to_datetime(response.headers["Date"]).timestamp() == now
    assert int(talk.anna.messages[-1].sent_at) == now
