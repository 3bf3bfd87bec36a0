"""The limits on texts, captions, keyboards, replies, presses and commands, in Telegram's words."""

from typing import Any

import pytest

from tests.unit.demo.test_telegram_basics import Talk, talking


def keyboard(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"inline_keyboard": [list(buttons)]}


BUTTON = {"text": "Ещё", "callback_data": "more"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x" * 4097, "message is too long"),
        ("ж" * 4097, "message is too long"),
        ("🙂" * 2049, "message is too long"),  # 4098 UTF-16 units
        ("x" * 32_769, "text is too long"),
        ("ж" * 16_385, "text is too long"),  # in bytes
        (" \n ", "text must be non-empty"),
        ("\r", "text must be non-empty"),
    ],
)
async def test_texts_that_do_not_fit(text: str, words: str) -> None:
    async with talking() as talk:
        assert await talk.refusal("sendMessage", chat_id=1001, text=text) == words
        message_id = await talk.say()
        assert words == await talk.refusal(
            "editMessageText", chat_id=1001, message_id=message_id, text=text
        )


@pytest.mark.parametrize("text", ["x" * 4096, "ж" * 4096, "🙂" * 2048, " x" + " " * 5000])
async def test_texts_that_just_fit(text: str) -> None:
    async with talking() as talk:
        await talk.say(text)
    assert talk.anna.messages[-1].text == text.strip()


async def test_length_counts_after_parsing() -> None:
    async with talking() as talk:
        await talk.say("<b>" + "&lt;" * 4096 + "</b>", parse_mode="HTML")
        refusal = await talk.refusal(
            "sendMessage", chat_id=1001, text="<b>" + "&lt;" * 4097 + "</b>", parse_mode="HTML"
        )
    assert refusal == "message is too long"


async def test_captions() -> None:
    async with talking() as talk:
        body = await talk.upload("sendDocument", "document", b"1", "a.txt", chat_id=1001)
        file_id = body["result"]["document"]["file_id"]
        message_id = body["result"]["message_id"]

        async def refused(caption: str) -> str:
            return await talk.refusal(
                "sendDocument", chat_id=1001, document=file_id, caption=caption
            )

        assert await refused("x" * 1025) == "message caption is too long"
        assert await refused("🙂" * 513) == "message caption is too long"
        assert await refused("x" * 32_769) == "text is too long"
        for caption in ("x" * 1024, "🙂" * 512, " "):
            body = await talk.call("sendDocument", chat_id=1001, document=file_id, caption=caption)
            assert body["ok"]
        assert "caption" not in body["result"]
        assert (
            await talk.refusal(
                "editMessageCaption", chat_id=1001, message_id=message_id, caption="x" * 1025
            )
            == "message caption is too long"
        )
        assert (
            await talk.refusal(
                "copyMessage",
                chat_id=1001,
                from_chat_id=1001,
                message_id=message_id,
                caption="x" * 1025,
            )
            == "message caption is too long"
        )


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        (keyboard({"text": "x", "callback_data": "x" * 65}), "BUTTON_DATA_INVALID"),
        (keyboard({"text": "x", "callback_data": "ж" * 33}), "BUTTON_DATA_INVALID"),
        (keyboard({"text": "x", "callback_data": ""}), "BUTTON_DATA_INVALID"),
        (
            keyboard({"text": "x", "url": "http://localhost:8080/"}),
            "inline keyboard button URL 'http://localhost:8080/' is invalid: Wrong HTTP URL",
        ),
        (
            keyboard({"text": "x", "url": "javascript://a.b"}),
            "inline keyboard button URL 'javascript://a.b' is invalid: Unsupported URL protocol",
        ),
        (
            keyboard({"text": "x", "url": "https:///x"}),
            "inline keyboard button URL 'https:///x' is invalid: URL host is empty",
        ),
        (
            keyboard({"text": "x", "web_app": {"url": "http://"}}),
            "inline keyboard button Web App URL 'http://' is invalid: Only HTTPS links are allowed",
        ),
        (keyboard({"text": "x", "copy_text": {"text": "x" * 257}}), "BUTTON_COPY_TEXT_INVALID"),
        (
            keyboard({"text": "", "callback_data": "x"}),
            "inline keyboard button text must be non-empty",
        ),
        (
            keyboard({"text": "x"}),
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            keyboard({"text": "x", "callback_data": "x", "url": "https://a.b"}),
            "inline keyboard button must have exactly one action, not ['url', 'callback_data']",
        ),
        (
            keyboard({"text": "x", "callback_data": "x", "colour": "red"}),
            'unknown field "colour" of InlineKeyboardButton',
        ),
        (
            keyboard({"text": "x", "callback_data": "x", "style": "red"}),
            'wrong type of "style": primary or success or danger expected',
        ),
        (
            keyboard({"text": "x", "pay": True}),
            "BUTTON_TYPE_INVALID (pay is not made by this emulator)",
        ),
        (
            {"inline_keyboard": [BUTTON]},
            'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
        ),
        ({"inline_keyboard": [[BUTTON] * 8] * 13}, "reply markup is too long"),
        (
            {"keyboard": ["x"]},
            'field "keyboard" must be an Array of Arrays',
        ),
    ],
)
async def test_keyboards_that_are_refused(markup: dict[str, Any], words: str) -> None:
    async with talking() as talk:
        refusal = await talk.refusal("sendMessage", chat_id=1001, text="x", reply_markup=markup)
        assert refusal == words


@pytest.mark.parametrize(
    "button",
    [
        {"callback_data": "x" * 64},
        {"callback_data": "ж" * 32},
        {"url": "https://example.com/a?b=c"},
        {"copy_text": {"text": "x" * 256}},
        {"switch_inline_query_current_chat": ""},
        {"disabled": {}},
    ],
)
async def test_buttons_that_pass(button: dict[str, Any]) -> None:
    async with talking() as talk:
        await talk.say(reply_markup=keyboard({"text": "x"} | button))
        (shown,) = talk.anna.messages[-1].buttons
        assert shown == {"text": "x"} | button


async def test_an_empty_keyboard_is_none_and_an_edit_takes_inline_ones_only() -> None:
    async with talking() as talk:
        message_id = await talk.say(reply_markup={"inline_keyboard": []})
        assert talk.anna.messages[-1].reply_markup is None
        assert "unknown field" in await talk.refusal(
            "editMessageText",
            chat_id=1001,
            message_id=message_id,
            text="x",
            reply_markup={"keyboard": [["x"]]},
        )


async def test_replies() -> None:
    async with talking() as talk:
        gone = talk.anna.send("gone")
        talk.anna.delete(gone)
        for message_id in (gone, 12_345):
            reply = {"message_id": message_id}
            assert (
                await talk.refusal("sendMessage", chat_id=1001, text="x", reply_parameters=reply)
                == "message to be replied not found"
            )
            lenient = reply | {"allow_sending_without_reply": True}
            body = await talk.call("sendMessage", chat_id=1001, text="x", reply_parameters=lenient)
            assert "reply_to_message" not in body["result"]
        there = talk.anna.send("hello")
        assert (
            await talk.refusal(
                "sendMessage",
                chat_id=1001,
                text="x",
                reply_parameters={"message_id": there, "quote": "bye"},
            )
            == "QUOTE_TEXT_INVALID"
        )


async def test_what_is_documented_no_more_is_refused_while_it_is_strict() -> None:
    async with talking() as talk:
        there = talk.anna.send("hello")
        outdated: tuple[dict[str, Any], ...] = (
            {"disable_web_page_preview": True},
            {"reply_to_message_id": there},
            {"reply_parameters": {"message_id": there, "quote_parse_mode": "HTML"}},
        )
        for more in outdated:
            refusal = await talk.refusal("sendMessage", chat_id=1001, text="x", **more)
            assert "field" in refusal
        talk.telegram.strict = False
        for more in outdated:
            await talk.say(**more)
        assert (
            await talk.refusal("sendMessage", chat_id=1001, text="x", reply_to_message_id=7)
        ) == ("message to be replied not found")


async def test_effects_are_for_private_chats_and_broadcasts_cost_stars() -> None:
    async with talking() as talk:
        talk.telegram.add_group(-100500, "Группа", [talk.anna])
        assert (
            await talk.refusal("sendMessage", chat_id=-100500, text="x", message_effect_id="1")
            == "EFFECT_ID_INVALID"
        )
        assert (
            await talk.refusal("sendMessage", chat_id=1001, text="x", allow_paid_broadcast=True)
            == "BALANCE_TOO_LOW"
        )


async def _pressed(talk: Talk) -> str:
    message_id = await talk.say(reply_markup=keyboard(BUTTON))
    return talk.anna.press(message_id, "more").query_id


TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


async def test_a_press_is_answered_once_and_soon() -> None:
    async with talking() as talk:
        query_id = await _pressed(talk)
        body = await talk.call("answerCallbackQuery", callback_query_id=query_id)
        assert body["result"] is True
        assert await talk.refusal("answerCallbackQuery", callback_query_id=query_id) == TOO_OLD
        assert await talk.refusal("answerCallbackQuery", callback_query_id="17") == TOO_OLD
        assert await talk.refusal("answerCallbackQuery") == TOO_OLD
        late = await _pressed(talk)
        talk.telegram.move_clock(15)
        assert await talk.refusal("answerCallbackQuery", callback_query_id=late) == TOO_OLD
        long = await _pressed(talk)
        assert (
            await talk.refusal("answerCallbackQuery", callback_query_id=long, text="x" * 201)
            == "MESSAGE_TOO_LONG"
        )
        assert (
            await talk.refusal(
                "answerCallbackQuery", callback_query_id=long, url="https://example.com"
            )
            == "URL_INVALID"
        )
        body = await talk.call("answerCallbackQuery", callback_query_id=long, text="x" * 200)
        assert body["ok"]


async def test_presses_are_input_of_the_client() -> None:
    async with talking() as talk:
        message_id = await talk.say(
            reply_markup=keyboard(BUTTON, {"text": "Seed", "copy_text": {"text": "1"}})
        )
        with pytest.raises(LookupError, match="has no button 'less', only"):
            talk.anna.press(message_id, "less")
        with pytest.raises(LookupError, match="does not reach the bot"):
            talk.anna.press(message_id, "Seed")
        message = talk.anna.messages[-1]
        assert talk.anna.forge(message, "made up").data == "made up"
        talk.anna.delete(message)
        talk.anna.press(message, "Ещё")  # a client that has not heard of it yet
        made_up, inaccessible = await talk.bot.get_updates()
    assert made_up.callback_query is not None
    assert made_up.callback_query.data == "made up"
    assert inaccessible.callback_query is not None
    assert inaccessible.callback_query.message is not None
    assert inaccessible.callback_query.message.date == 0


COMMAND = {"command": "start", "description": "Начать"}


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        ([COMMAND | {"command": "Start"}], "BOT_COMMAND_INVALID"),
        ([COMMAND | {"command": "старт"}], "BOT_COMMAND_INVALID"),
        ([COMMAND | {"command": "x" * 33}], "command length must not exceed 32"),
        ([COMMAND | {"command": "/"}], "command must be non-empty"),
        ([COMMAND | {"description": " "}], "command description must be non-empty"),
        (
            [COMMAND | {"description": "x" * 257}],
            "command description length must not exceed 256",
        ),
        ([COMMAND] * 101, "BOT_COMMANDS_TOO_MUCH"),
        ([{"command": "start"}], 'can\'t find field "description" of BotCommand'),
    ],
)
async def test_commands_that_are_refused(commands: list[dict[str, str]], words: str) -> None:
    async with talking() as talk:
        assert await talk.refusal("setMyCommands", commands=commands) == words


async def test_other_settings_that_are_refused() -> None:
    async with talking() as talk:
        refusal = talk.refusal
        assert (
            await refusal("setMyCommands", commands=[COMMAND], language_code="russian")
            == "invalid language code specified"
        )
        assert (
            await refusal("setMyCommands", commands=[COMMAND], scope={"type": "all"})
            == "can't parse BotCommandScope: type is unsupported"
        )
        assert (
            await refusal("setMyCommands", commands=[COMMAND], scope={"type": "chat", "chat_id": 5})
            == "chat not found"
        )
        assert await refusal("setMyDescription", description="x" * 513)
        assert await refusal("setMyShortDescription", short_description="x" * 121)
        assert (
            await refusal(
                "setChatMenuButton",
                menu_button={"type": "web_app", "text": "x", "web_app": {"url": "http://a.b"}},
            )
            == "menu button Web App URL 'http://a.b' is invalid: Only HTTPS links are allowed"
        )


async def test_drafts() -> None:
    async with talking() as talk:
        talk.telegram.add_group(-100500, "Группа", [talk.anna])
        draft: dict[str, Any] = {"chat_id": 1001, "draft_id": 3}
        assert (await talk.call("sendMessageDraft", **draft))["result"] is True
        assert (await talk.call("sendMessageDraft", **draft, text="<b>5 %</b>", parse_mode="HTML"))[
            "ok"
        ]
        assert "(draft 3) 5 %" in talk.telegram.transcript(1001)
        with pytest.raises(LookupError, match="Stop"):
            talk.anna.stop()
        assert (await talk.call("sendMessageDraft", **draft, text="9 %", can_stop=True))["ok"]
        talk.anna.stop()
        (update,) = await talk.bot.get_updates()
        assert update.stopped_message_generation is not None
        assert update.stopped_message_generation.draft_id == 3
        assert "stopped by the user" in await talk.refusal("sendMessageDraft", **draft, text="10 %")
        refusal = await talk.refusal("sendMessageDraft", chat_id=1001, draft_id=0, text="x")
        assert refusal == "draft identifier must be non-zero"
        assert "private chats" in await talk.refusal(
            "sendMessageDraft", chat_id=-100500, draft_id=1, text="x"
        )
        assert (
            await talk.refusal("sendMessageDraft", chat_id=1001, draft_id=1, text="x" * 4097)
            == "message is too long"
        )
        assert (await talk.call("sendMessageDraft", chat_id=1001, draft_id=4, text="y"))["ok"]
        talk.telegram.move_clock(30)
        assert "draft" not in talk.telegram.transcript(1001)


async def test_chat_actions_last_five_seconds_or_until_the_next_message() -> None:
    async with talking() as talk:
        assert (await talk.call("sendChatAction", chat_id=1001, action="upload_photo"))["ok"]
        chat = talk.anna.chat
        assert [action for _, action in chat.actions] == ["upload_photo"]
        assert chat.action_until == pytest.approx(talk.telegram.clock() + 5, abs=1)
        await talk.say()
        assert chat.action_until == 0


async def test_rich_messages() -> None:
    async with talking() as talk:

        async def refusal(**rich: Any) -> str:
            return await talk.refusal("sendRichMessage", chat_id=1001, rich_message=rich)

        assert "exactly one of" in await refusal()
        assert "exactly one of" in await refusal(html="<p>x</p>", markdown="x")
        assert "unsupported tag" in await refusal(html="<p>x <blink>y</blink></p>")
        assert "unclosed tag" in await refusal(html="<p>x")
        assert 'unknown field "blocks"' in await refusal(blocks=[])
        markdown = {"markdown": "# Цены\n\nПять токенов\n\n---"}
        body = await talk.call("sendRichMessage", chat_id=1001, rich_message=markdown)
        kinds = [block["type"] for block in body["result"]["rich_message"]["blocks"]]
        assert kinds == ["heading", "paragraph", "divider"]
        assert talk.anna.messages[-1].words == "Цены\nПять токенов"
        message_id = await talk.say("text")
        body = await talk.call(
            "editMessageText", chat_id=1001, message_id=message_id, rich_message=markdown
        )
        assert "text" not in body["result"]
