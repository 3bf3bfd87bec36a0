"""What is refused, in Telegram's words, and what just passes."""

import json
from typing import Any

import pytest

from tests.unit.demo.test_telegram_basics import Talk, png, talking

HI: dict[str, Any] = {"chat_id": 1001, "text": "x"}
BUTTON = {"text": "Ещё", "callback_data": "more"}
COMMAND = {"command": "start", "description": "Начать"}
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
LONG = "message is too long"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def keyboard(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"inline_keyboard": [list(buttons)]}


async def photo(talk: Talk, **params: Any) -> int:
    body = await talk.upload("sendPhoto", "photo", png(), "a.png", chat_id=1001, **params)
    assert body["ok"], body
    return int(body["result"]["message_id"])


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": "", "text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": 1001}, "message text is empty"),
        ("sendMessage", {"chat_id": 1001, "text": ""}, "message text is empty"),
        ("sendMessage", HI | {"chat_id": "a"}, 'wrong type of "chat_id": an integer expected'),
        ("sendMessage", HI | {"txt": "y"}, 'unknown field "txt" of sendMessage'),
        ("sendMessage", HI | {"entities": []}, 'unknown field "entities" of sendMessage'),
        ("sendMessage", HI | {"parse_mode": "MarkdownV2"}, "unsupported parse_mode"),
        ("sendMessage", HI | {"reply_markup": []}, "object expected as reply markup"),
        (
            "sendMessage",
            HI | {"reply_markup": "{"},
            "can't parse reply keyboard markup JSON object",
        ),
        (
            "sendMessage",
            HI | {"reply_markup": {"keyboard": [["x"]]}},
            'unknown field "keyboard" of ForceReply',
        ),
        (
            "sendMessage",
            HI | {"reply_markup": {"force_reply": "perhaps"}},
            'wrong type of "force_reply": a boolean expected',
        ),
        (
            "sendMessage",
            HI | {"reply_markup": {"force_reply": True, "input_field_placeholder": "x" * 65}},
            "input field placeholder is too long",
        ),
        (
            "sendMessage",
            HI | {"reply_parameters": {"message_id": 1, "quote_parse_mode": "HTML"}},
            'unknown field "quote_parse_mode" of ReplyParameters',
        ),
        ("sendPhoto", {"chat_id": 1001}, "there is no photo in the request"),
        ("sendDocument", {"chat_id": 1001}, "there is no document in the request"),
        (
            "sendPhoto",
            {"chat_id": 1001, "photo": "attach://nothing"},
            "there is no photo in the request",
        ),
        (
            "sendChatAction",
            {"chat_id": 1001, "action": "paint"},
            "wrong parameter action in request",
        ),
        ("getFile", {}, "file_id not specified"),
        ("getFile", {"file_id": "nothing"}, "invalid file_id"),
        *[
            (
                "getUpdates",
                wrong,
                "getUpdates takes a limit of 1-100 and a timeout of 0-50 seconds",
            )
            for wrong in ({"limit": 101}, {"limit": 0}, {"timeout": 51})
        ],
        (
            "getUpdates",
            {"allowed_updates": "message"},
            "can't parse allowed updates JSON object",
        ),
        (
            "getUpdates",
            {"allowed_updates": {}},
            'wrong type of "allowed_updates": an array expected',
        ),
        ("editMessageText", {"text": "y"}, "chat_id is empty"),
        ("editMessageText", HI, "message to edit not found"),
        ("editMessageText", HI | {"message_id": 77_777}, "message to edit not found"),
        ("editMessageText", HI | {"chat_id": 5, "message_id": 1}, "chat not found"),
        (
            "copyMessage",
            {"chat_id": 1001, "from_chat_id": 1001, "message_id": 9},
            "message to copy not found",
        ),
        ("answerCallbackQuery", {}, TOO_OLD),
        ("answerCallbackQuery", {"callback_query_id": "17"}, TOO_OLD),
        (
            "setMyCommands",
            {"commands": [COMMAND], "language_code": "russian"},
            "invalid language code specified",
        ),
        (
            "setMyCommands",
            {"commands": [COMMAND], "scope": {"type": "all"}},
            "can't parse BotCommandScope: type is unsupported",
        ),
        (
            "setMyCommands",
            {"commands": [COMMAND], "scope": {"type": "chat", "chat_id": 5}},
            "chat not found",
        ),
        *[
            ("setMyCommands", {"commands": commands}, words)
            for commands, words in (
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
            )
        ],
    ],
)
async def test_what_is_not_as_documented_is_refused(
    method: str, params: dict[str, Any], words: str
) -> None:
    async with talking() as talk:
        assert await talk.refusal(method, **params) == words
    assert not talk.anna.messages


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x" * 4097, LONG),
        ("ж" * 4097, LONG),
        ("🙂" * 2049, LONG),  # 4098 UTF-16 units
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


async def test_texts_that_just_fit() -> None:
    async with talking() as talk:
        for text in ("x" * 4096, "ж" * 4096, "🙂" * 2048, " x" + " " * 5000):
            await talk.say(text)
            assert talk.anna.messages[-1].text == text.strip()
        # What counts is the text after parsing.
        await talk.say("<b>" + "&lt;" * 4096 + "</b>", parse_mode="HTML")
        longer = "<b>" + "&lt;" * 4097 + "</b>"
        words = await talk.refusal("sendMessage", chat_id=1001, text=longer, parse_mode="HTML")
        assert words == LONG


async def test_captions() -> None:
    async with talking() as talk:
        body = await talk.upload("sendDocument", "document", b"1", "a.txt", chat_id=1001)
        where = {"chat_id": 1001, "document": body["result"]["document"]["file_id"]}
        for caption, words in (
            ("x" * 1025, "message caption is too long"),
            ("🙂" * 513, "message caption is too long"),
            ("x" * 32_769, "text is too long"),
        ):
            assert await talk.refusal("sendDocument", **where, caption=caption) == words
        for caption in ("x" * 1024, "🙂" * 512, " "):
            body = await talk.call("sendDocument", **where, caption=caption)
            assert body["ok"]
        assert "caption" not in body["result"]


@pytest.mark.parametrize(
    ("button", "words"),
    [
        ({"callback_data": "x" * 65}, "BUTTON_DATA_INVALID"),
        ({"callback_data": "ж" * 33}, "BUTTON_DATA_INVALID"),
        ({"callback_data": ""}, "BUTTON_DATA_INVALID"),
        (
            {"url": "http://localhost:8080/"},
            "inline keyboard button URL 'http://localhost:8080/' is invalid: Wrong HTTP URL",
        ),
        (
            {"url": "javascript://a.b"},
            "inline keyboard button URL 'javascript://a.b' is invalid: Unsupported URL protocol",
        ),
        (
            {"url": "https:///x"},
            "inline keyboard button URL 'https:///x' is invalid: URL host is empty",
        ),
        ({"copy_text": {"text": "x" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
        (
            {"text": "", "callback_data": "x"},
            "inline keyboard button text must be non-empty",
        ),
        (
            {},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"callback_data": "x", "url": "https://a.b"},
            "inline keyboard button must have exactly one action, not ['url', 'callback_data']",
        ),
        ({"pay": True}, 'unknown field "pay" of InlineKeyboardButton'),
        (
            {"callback_data": "x", "style": "red"},
            'wrong type of "style": primary or success or danger expected',
        ),
        ({"callback_data": "x" * 64}, None),
        ({"callback_data": "ж" * 32, "style": "danger"}, None),
        ({"url": "https://example.com/a?b=c"}, None),
        ({"copy_text": {"text": "x" * 256}}, None),
        ({"disabled": {}}, None),
    ],
)
async def test_buttons(button: dict[str, Any], words: str | None) -> None:
    markup = keyboard({"text": "x"} | button)
    async with talking() as talk:
        body = await talk.call("sendMessage", **HI, reply_markup=markup)
    assert body.get("description") == (words and f"Bad Request: {words}")
    shown = [each.buttons for each in talk.anna.messages]
    assert shown == ([] if words else markup["inline_keyboard"])


async def test_keyboards() -> None:
    async with talking() as talk:
        for rows, words in (
            ("x", 'field "inline_keyboard" must be of type Array'),
            (
                [BUTTON],
                'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
            ),
            ([[BUTTON] * 8] * 13, "reply markup is too long"),
            (
                [["x"]],
                "can't parse inline keyboard button: InlineKeyboardButton must be an Object",
            ),
        ):
            markup = {"inline_keyboard": rows}
            assert await talk.refusal("sendMessage", **HI, reply_markup=markup) == words
        message_id = await talk.say(reply_markup={"inline_keyboard": []})
        assert talk.anna.messages[-1].reply_markup is None  # an empty one is none
        words = await talk.refusal(  # an edit takes inline ones only
            "editMessageText", **HI, message_id=message_id, reply_markup={"force_reply": True}
        )
        assert words == 'unknown field "force_reply" of InlineKeyboardMarkup'


async def test_an_older_server_lacks_fields() -> None:
    async with talking() as talk:
        for version, field, value in (
            ("10.2", "disabled", {}),
            ("9.3", "style", "danger"),
            ("7.10", "copy_text", {"text": "1"}),
        ):
            talk.telegram.server_version = version
            markup = keyboard({"text": "a", field: value})
            words = await talk.refusal("sendMessage", **HI, reply_markup=markup)
            assert words == f'unknown field "{field}" of InlineKeyboardButton'


async def test_replies() -> None:
    async with talking() as talk:
        gone = talk.anna.send("gone")
        talk.anna.delete(gone)
        for message_id in (gone, 12_345):
            reply = {"message_id": message_id}
            words = await talk.refusal("sendMessage", **HI, reply_parameters=reply)
            assert words == "message to be replied not found"
            reply["allow_sending_without_reply"] = True
            body = await talk.call("sendMessage", **HI, reply_parameters=reply)
            assert "reply_to_message" not in body["result"]


async def test_an_edit_that_changes_nothing() -> None:
    async with talking() as talk:
        same: dict[str, Any] = {"text": "<b>x</b> ", "reply_markup": keyboard(BUTTON)}
        message_id = await talk.say(**same, parse_mode="HTML")
        same |= {"chat_id": 1001, "message_id": message_id}
        assert await talk.refusal("editMessageText", **same, parse_mode="HTML") == NOT_MODIFIED
        assert talk.anna.messages[-1].edits == []
        assert (await talk.call("editMessageText", **same))["ok"]
        shown = talk.anna.messages[-1]
        assert (shown.text, shown.edits) == ("<b>x</b>", ["x"])
        del same["reply_markup"]
        body = await talk.call("editMessageText", **same)
        assert "reply_markup" not in body["result"]


async def test_messages_that_cannot_be_edited() -> None:
    async with talking() as talk:

        async def refused(message_id: int) -> str:
            return await talk.refusal("editMessageText", **HI, message_id=message_id)

        gone = await talk.say()
        talk.anna.delete(gone)
        assert await refused(gone) == "message to edit not found"
        assert await refused(talk.anna.send("x")) == "message can't be edited"
        question = await talk.say(reply_markup={"force_reply": True})
        assert await refused(question) == "message can't be edited"
        assert await refused(await photo(talk)) == "there is no text in the message to edit"
        mine = await talk.say("mine")
        talk.anna.block()
        assert await refused(mine) == "Forbidden: bot was blocked by the user"
        assert talk.anna.messages[-1].text == "mine"


async def test_a_press_is_answered_once_and_soon() -> None:
    async with talking() as talk:

        async def press() -> str:
            message_id = await talk.say(reply_markup=keyboard(BUTTON))
            return talk.anna.press(message_id, "more").query_id

        async def refused(query_id: str, **params: Any) -> str:
            return await talk.refusal("answerCallbackQuery", callback_query_id=query_id, **params)

        query_id = await press()
        body = await talk.call("answerCallbackQuery", callback_query_id=query_id)
        assert body["result"] is True
        assert await refused(query_id) == TOO_OLD
        late = await press()
        talk.telegram.move_clock(15)
        assert await refused(late) == TOO_OLD
        long = await press()
        assert await refused(long, text="x" * 201) == "MESSAGE_TOO_LONG"
        body = await talk.call("answerCallbackQuery", callback_query_id=long, text="x" * 200)
        assert body["ok"]


async def test_a_group_that_forbids_media_and_a_closed_topic() -> None:
    async with talking() as talk:
        talk.telegram.add_group(-100500, "Группа", [talk.anna])
        rights = "not enough rights to send {} to the chat"
        talk.telegram.restrict_group(-100500, "photos", "documents")
        assert (await talk.call("sendMessage", chat_id=-100500, text="x"))["ok"]
        for method, kind in (("sendPhoto", "photo"), ("sendDocument", "document")):
            body = await talk.upload(method, kind, png(), "a.png", chat_id=-100500)
            assert body["description"] == "Bad Request: " + rights.format(f"{kind}s")
        talk.telegram.restrict_group(-100500, "text messages")
        words = await talk.refusal("sendMessage", chat_id=-100500, text="x")
        assert words == rights.format("text messages")
        talk.telegram.restrict_group(-100500, topic_closed=True)
        assert await talk.refusal("sendMessage", chat_id=-100500, text="x") == "TOPIC_CLOSED"


async def test_a_body_that_is_no_json_object() -> None:
    async with talking() as talk:
        url = f"{talk.telegram.url}/bot{talk.telegram.token}/sendMessage"
        for body in (b"{", json.dumps([]).encode()):
            headers = {"Content-Type": "application/json"}
            async with talk.http.post(url, data=body, headers=headers) as response:
                assert response.status == 400
