"""What is refused, in Telegram's words, and what just passes."""

from typing import Any

import pytest

from tests.unit.demo.telegram_talk import BUTTON, Talk, keyboard, png

HI: dict[str, Any] = {"chat_id": 1001, "text": "x"}
COMMAND = {"command": "start", "description": "Начать"}
ASK, PLACE = {"force_reply": True}, "input_field_placeholder"
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
LONG = "message is too long"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
INLINE = "inline keyboard button"
PAGE = "getUpdates takes a limit of 1-100 and a timeout of 0-50 seconds"
# By method: what is sent, and the answer.
REFUSED: dict[str, list[tuple[dict[str, Any], str]]] = {
    "sendMessage": [
        ({"text": "x"}, "chat_id is empty"),
        (HI | {"chat_id": ""}, "chat_id is empty"),
        (HI | {"chat_id": "@anna"}, 'wrong type of "chat_id": an integer expected'),
        ({"chat_id": 1001}, "message text is empty"),
        (HI | {"text": ""}, "message text is empty"),
        (HI | {"txt": "y"}, 'unknown field "txt" of sendMessage'),
        (HI | {"entities": []}, 'unknown field "entities" of sendMessage'),
        (HI | {"parse_mode": "MarkdownV2"}, "unsupported parse_mode"),
        (HI | {"reply_markup": []}, "object expected as reply markup"),
        (HI | {"reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        (HI | {"reply_markup": {"keyboard": []}}, 'unknown field "keyboard" of ForceReply'),
        (HI | {"reply_markup": {"force_reply": "x"}}, 'wrong type of "force_reply": a boolean'),
        (HI | {"reply_markup": {**ASK, PLACE: "x" * 65}}, "input field placeholder is too long"),
        (HI | {"reply_parameters": {"quote": "x"}}, 'unknown field "quote" of ReplyParameters'),
    ],
    "sendPhoto": [
        ({"chat_id": 1001}, "there is no photo in the request"),
        ({"chat_id": 1001, "photo": "attach://nothing"}, "there is no photo in the request"),
        ({"chat_id": 1001, "photo": "AgAC"}, "wrong file identifier/HTTP URL specified"),
        ({"chat_id": 1001, "photo": "https://a.b/c.png"}, "failed to get HTTP URL content"),
    ],
    "sendDocument": [
        ({"chat_id": 1001}, "there is no document in the request"),
        ({"chat_id": 1001, "document": (b"", "a.png")}, "file must be non-empty"),
    ],
    "sendChatAction": [({"chat_id": 1001, "action": "paint"}, "wrong parameter action in request")],
    "getFile": [({}, "file_id not specified"), ({"file_id": "nothing"}, "invalid file_id")],
    "getUpdates": [
        ({"limit": 101}, PAGE),
        ({"limit": 0}, PAGE),
        ({"timeout": 51}, PAGE),
        ({"allowed_updates": "message"}, "can't parse allowed updates JSON object"),
        ({"allowed_updates": {}}, 'wrong type of "allowed_updates": an array expected'),
    ],
    "editMessageText": [
        ({"text": "y"}, "chat_id is empty"),
        (HI, "message to edit not found"),
        (HI | {"message_id": 77_777}, "message to edit not found"),
        (HI | {"chat_id": 5, "message_id": 1}, "chat not found"),
        (
            HI | {"message_id": 1, "reply_markup": {"force_reply": True}},
            'unknown field "force_repl',
        ),
    ],
    "copyMessage": [
        ({"chat_id": 1001, "from_chat_id": 1001, "message_id": 9}, "message to copy not found")
    ],
    "answerCallbackQuery": [({}, TOO_OLD), ({"callback_query_id": "17"}, TOO_OLD)],
    "setMyCommands": [
        ({"commands": [COMMAND], "language_code": "rus"}, "invalid language code specified"),
        ({"commands": [COMMAND], "scope": {"type": "all"}}, "can't parse BotCommandScope: type is"),
        ({"commands": [COMMAND], "scope": {"type": "chat", "chat_id": 5}}, "chat not found"),
        ({"commands": [COMMAND] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ({"commands": [COMMAND | {"command": "Start"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [COMMAND | {"command": "x" * 33}]}, "command length must not exceed 32"),
        ({"commands": [COMMAND | {"command": "/"}]}, "command must be non-empty"),
        ({"commands": [COMMAND | {"description": " "}]}, "command description must be non-empty"),
        ({"commands": [COMMAND | {"description": "x" * 257}]}, "command description length must n"),
        ({"commands": [{"command": "x"}]}, 'can\'t find field "description" of BotCommand'),
    ],
}
BUTTONS: list[tuple[dict[str, Any], str | None]] = [
    ({"callback_data": "x" * 65}, "BUTTON_DATA_INVALID"),
    ({"callback_data": "ж" * 33}, "BUTTON_DATA_INVALID"),
    ({"callback_data": "\ud83d"}, "BUTTON_DATA_INVALID"),
    ({"callback_data": ""}, "BUTTON_DATA_INVALID"),
    ({"url": "http://here:8/"}, f"{INLINE} URL 'http://here:8/' is invalid: Wrong HTTP URL"),
    ({"url": "js://a.b"}, f"{INLINE} URL 'js://a.b' is invalid: Unsupported URL protocol"),
    ({"url": "https:///x"}, f"{INLINE} URL 'https:///x' is invalid: URL host is empty"),
    ({"copy_text": {"text": "x" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
    ({"text": "", "callback_data": "x"}, f"{INLINE} text must be non-empty"),
    ({}, f"can't parse {INLINE}: Text buttons are unallowed in the inline keyboard"),
    ({"callback_data": "x", "url": "https://a.b"}, f"{INLINE} must have exactly one action, not"),
    ({"pay": True}, "BUTTON_TYPE_INVALID"),
    ({"style": "red"}, 'wrong type of "style": primary or success or danger expected'),
    ({"callback_data": "x" * 64}, None),
    ({"callback_data": "ж" * 32, "style": "danger"}, None),
    ({"url": "https://example.com/a?b=c"}, None),
    ({"copy_text": {"text": "x" * 256}}, None),
    ({"disabled": {}}, None),
]


@pytest.mark.parametrize("method", REFUSED)
async def test_what_is_not_as_documented_is_refused(talk: Talk, method: str) -> None:
    for params, words in REFUSED[method]:
        assert (await talk.refusal(method, **params)).startswith(words)
    assert not talk.anna.messages


async def test_buttons(talk: Talk) -> None:
    for button, words in BUTTONS:
        markup = keyboard({"text": "x"} | button)
        body = await talk.call("sendMessage", **HI, reply_markup=markup)
        assert str(body.get("description", "")).startswith(f"Bad Request: {words}" if words else "")
        assert body["ok"] is (words is None)
        if body["ok"]:
            assert talk.anna.messages[-1].buttons == [{"text": "x"} | button]


async def test_keyboards(talk: Talk) -> None:
    field = 'field "inline_keyboard"'
    for rows, words in (
        ("x", f"{field} must be of type Array"),
        ([BUTTON], f"{field} of the InlineKeyboardMarkup must be an Array of Arrays"),
        ([[BUTTON] * 8] * 13, "reply markup is too long"),
        ([["x"]], f"can't parse {INLINE}: InlineKeyboardButton must be an Object"),
    ):
        markup = {"inline_keyboard": rows}
        assert await talk.refusal("sendMessage", **HI, reply_markup=markup) == words
    await talk.say(reply_markup={"inline_keyboard": []})
    assert talk.anna.messages[-1].reply_markup is None  # an empty one is none


async def test_an_older_server_lacks_fields(talk: Talk) -> None:
    for version, field, value in (
        ("10.2", "disabled", {}),
        ("9.3", "style", "danger"),
        ("7.10", "copy_text", {"text": "1"}),
    ):
        talk.telegram.server_version = version
        markup = keyboard({"text": "a", field: value})
        words = await talk.refusal("sendMessage", **HI, reply_markup=markup)
        assert words == f'unknown field "{field}" of InlineKeyboardButton'


async def test_texts_that_do_not_fit_and_that_just_do(talk: Talk) -> None:
    message_id = await talk.say()
    for text, words in (
        ("x" * 4097, LONG),
        ("ж" * 4097, LONG),
        ("🙂" * 2049, LONG),  # 4098 UTF-16 units
        ("<b>" + "&lt;" * 4097 + "</b>", LONG),  # what counts is the text after parsing
        ("x" * 32_769, "text is too long"),
        ("ж" * 16_385, "text is too long"),  # in bytes
        (" \n ", "text must be non-empty"),
        ("\r", "text must be non-empty"),
    ):
        given = {"chat_id": 1001, "text": text, "parse_mode": "HTML"}
        assert await talk.refusal("sendMessage", **given) == words
        assert await talk.refusal("editMessageText", **given, message_id=message_id) == words
    for text in ("x" * 4096, "ж" * 4096, "🙂" * 2048, " x" + " " * 5000):
        await talk.say(text)
        assert talk.anna.messages[-1].text == text.strip()
    await talk.say("<b>" + "&lt;" * 4096 + "</b>", parse_mode="HTML")


async def test_captions(talk: Talk) -> None:
    where = {"chat_id": 1001, "document": (b"1", "a.txt")}
    for caption, words in (
        ("x" * 1025, "message caption is too long"),
        ("🙂" * 513, "message caption is too long"),
        ("x" * 32_769, "text is too long"),
    ):
        assert await talk.refusal("sendDocument", **where, caption=caption) == words
    for caption in ("x" * 1024, "🙂" * 512, " "):
        sent = await talk.done("sendDocument", **where, caption=caption)
        assert sent.get("caption", " ") == caption


async def test_replies(talk: Talk) -> None:
    gone = talk.anna.send("gone")
    talk.anna.delete(gone)
    for message_id in (gone, 12_345):
        reply = {"message_id": message_id}
        words = await talk.refusal("sendMessage", **HI, reply_parameters=reply)
        assert words == "message to be replied not found"
        reply["allow_sending_without_reply"] = True
        assert "reply_to_message" not in await talk.done(
            "sendMessage", **HI, reply_parameters=reply
        )


async def test_an_edit_that_changes_nothing(talk: Talk) -> None:
    same: dict[str, Any] = {"text": "<b>x</b> ", "reply_markup": keyboard(BUTTON)}
    message_id = await talk.say(**same, parse_mode="HTML")
    same |= {"chat_id": 1001, "message_id": message_id}
    assert await talk.refusal("editMessageText", **same, parse_mode="HTML") == NOT_MODIFIED
    assert talk.anna.messages[-1].edits == []
    await talk.done("editMessageText", **same)
    shown = talk.anna.messages[-1]
    assert (shown.text, shown.edits) == ("<b>x</b>", ["x"])
    del same["reply_markup"]
    assert "reply_markup" not in await talk.done("editMessageText", **same)


async def test_messages_that_cannot_be_edited(talk: Talk) -> None:
    gone = await talk.say()
    talk.anna.delete(gone)
    photo = await talk.done("sendPhoto", chat_id=1001, photo=(png(), "a.png"))
    mine = await talk.say("mine")
    for message_id, words in (
        (gone, "message to edit not found"),
        (talk.anna.send("x"), "message can't be edited"),
        (await talk.say(reply_markup={"force_reply": True}), "message can't be edited"),
        (photo["message_id"], "there is no text in the message to edit"),
    ):
        assert await talk.refusal("editMessageText", **HI, message_id=message_id) == words
    talk.anna.block()
    words = await talk.refusal("editMessageText", **HI, message_id=mine)
    assert words == "Forbidden: bot was blocked by the user"
    assert talk.anna.chat.history[mine].text == "mine"


async def test_a_press_is_answered_once_and_soon(talk: Talk) -> None:
    async def press() -> str:
        message_id = await talk.say(reply_markup=keyboard(BUTTON))
        return talk.anna.press(message_id, "more").query_id

    async def refused(query_id: str, **params: Any) -> str:
        return await talk.refusal("answerCallbackQuery", callback_query_id=query_id, **params)

    query_id = await press()
    assert await talk.done("answerCallbackQuery", callback_query_id=query_id) is True
    assert await refused(query_id) == TOO_OLD
    late = await press()
    talk.telegram.move_clock(15)
    assert await refused(late) == TOO_OLD
    long = await press()
    assert await refused(long, text="x" * 201) == "MESSAGE_TOO_LONG"
    await talk.done("answerCallbackQuery", callback_query_id=long, text="x" * 200)


async def test_a_group_that_forbids_media_and_a_closed_topic(talk: Talk) -> None:
    group = {"chat_id": -100500}
    talk.telegram.add_group(-100500, "Группа", [talk.anna])
    talk.telegram.restrict_group(-100500, "photos", "documents")
    rights = "not enough rights to send {}s to the chat"
    for method, kind in (("sendPhoto", "photo"), ("sendDocument", "document")):
        words = await talk.refusal(method, **group, **{kind: (png(), "a.png")})
        assert words == rights.format(kind)
    await talk.done("sendMessage", **group, text="x")
    talk.telegram.restrict_group(-100500, "text messages")
    words = await talk.refusal("sendMessage", **group, text="x")
    assert words == rights.format("text message")
    talk.telegram.restrict_group(-100500, topic_closed=True)
    assert await talk.refusal("sendMessage", **group, text="x") == "TOPIC_CLOSED"
