"""Edits, deletions, copies and reactions."""

from typing import Any

from tests.unit.demo.test_telegram_basics import Talk, png, talking

BUTTONS = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


async def photo(talk: Talk, **params: Any) -> int:
    body = await talk.upload("sendPhoto", "photo", png(), "a.png", chat_id=1001, **params)
    assert body["ok"], body
    return int(body["result"]["message_id"])


async def test_an_edit_that_changes_nothing() -> None:
    async with talking() as talk:
        message_id = await talk.say("<b>x</b>", parse_mode="HTML", reply_markup=BUTTONS)
        same: dict[str, Any] = {
            "chat_id": 1001,
            "message_id": message_id,
            "text": "<b>x</b> ",
            "parse_mode": "HTML",
            "reply_markup": BUTTONS,
        }
        assert await talk.refusal("editMessageText", **same) == NOT_MODIFIED
        keyboard = {name: same[name] for name in ("chat_id", "message_id", "reply_markup")}
        assert await talk.refusal("editMessageReplyMarkup", **keyboard) == NOT_MODIFIED
        assert talk.anna.messages[-1].edits == []
        assert (await talk.call("editMessageText", **same | {"parse_mode": ""}))["ok"]
        shown = talk.anna.messages[-1]
    assert (shown.text, shown.edits) == ("<b>x</b>", ["x"])


async def test_an_edit_without_keyboard_takes_it_away() -> None:
    async with talking() as talk:
        message_id = await talk.say("x", reply_markup=BUTTONS)
        where = {"chat_id": 1001, "message_id": message_id}
        body = await talk.call("editMessageText", **where, text="y")
        assert "reply_markup" not in body["result"]
        body = await talk.call("editMessageReplyMarkup", **where, reply_markup=BUTTONS)
        assert body["result"]["reply_markup"] == BUTTONS
        assert (await talk.call("editMessageReplyMarkup", **where))["ok"]
        assert talk.anna.messages[-1].buttons == []


async def test_the_kind_must_fit() -> None:
    async with talking() as talk:
        text, picture = await talk.say(), await photo(talk, caption="x")
        refusal = talk.refusal
        assert (
            await refusal("editMessageText", chat_id=1001, message_id=picture, text="y")
            == "there is no text in the message to edit"
        )
        assert (
            await refusal("editMessageCaption", chat_id=1001, message_id=text, caption="y")
            == "there is no caption in the message to edit"
        )
        body = await talk.call("editMessageCaption", chat_id=1001, message_id=picture)
        assert "caption" not in body["result"]
        keyboard = {"keyboard": [["a"]]}
        fixed = await talk.say("x", reply_markup=keyboard)
        assert (
            await refusal("editMessageText", chat_id=1001, message_id=fixed, text="y")
            == "message can't be edited"
        )


async def test_messages_that_are_not_there_or_not_the_bots() -> None:
    async with talking() as talk:
        refusal = talk.refusal
        foreign = talk.anna.send("x")
        gone = await talk.say()
        talk.anna.delete(gone)
        assert (
            await refusal("editMessageText", chat_id=1001, message_id=foreign, text="y")
            == "message can't be edited"
        )
        for message_id in (gone, 77_777):
            assert (
                await refusal("editMessageText", chat_id=1001, message_id=message_id, text="y")
                == "message to edit not found"
            )
            assert (
                await refusal("deleteMessage", chat_id=1001, message_id=message_id)
                == "message to delete not found"
            )
        assert (
            await refusal("editMessageText", chat_id=1001, text="y") == "message to edit not found"
        )
        assert await refusal("editMessageText", text="y") == "message identifier is not specified"
        assert (
            await refusal("editMessageText", chat_id=5, message_id=1, text="y") == "chat not found"
        )


async def test_a_blocked_bot_edits_nothing() -> None:
    async with talking() as talk:
        message_id = await talk.say("x")
        talk.anna.block()
        body = await talk.call("editMessageText", chat_id=1001, message_id=message_id, text="y")
        assert body["error_code"] == 403
        assert talk.anna.messages[-1].text == "x"


async def test_a_text_becomes_a_picture_and_its_limits_count() -> None:
    async with talking() as talk:
        message_id = await talk.say("99 %", reply_markup=BUTTONS)
        media = {"type": "photo", "media": "attach://p", "caption": "готово"}
        where: dict[str, Any] = {"chat_id": 1001, "message_id": message_id, "media": media}
        body = await talk.upload("editMessageMedia", "p", b"x", "p.png", **where)
        assert body["description"] == "Bad Request: IMAGE_PROCESS_FAILED"
        body = await talk.upload("editMessageMedia", "p", png(), "p.png", **where)
        assert body["ok"], body
        shown = talk.anna.messages[-1]
        assert (shown.text, shown.caption, shown.buttons, shown.edits) == (
            None,
            "готово",
            [],
            ["99 %"],
        )


async def test_deleting() -> None:
    async with talking() as talk:
        mine, hers = await talk.say(), talk.anna.send("x")
        assert (await talk.call("deleteMessage", chat_id=1001, message_id=hers))["result"] is True
        talk.telegram.move_clock(48 * 3600)
        assert (
            await talk.refusal("deleteMessage", chat_id=1001, message_id=mine)
            == "message can't be deleted"
        )
        new = await talk.say()
        assert (await talk.call("deleteMessages", chat_id=1001, message_ids=[new, hers, 99]))["ok"]
        assert [message.message_id for message in talk.anna.messages] == [mine]
        assert talk.anna.chat.history[new].deleted
        assert await talk.refusal("deleteMessages", chat_id=1001, message_ids=[])
        assert await talk.refusal("deleteMessages", chat_id=1001, message_ids=[0])
        assert await talk.refusal("deleteMessages", chat_id=1001, message_ids=list(range(1, 102)))
        group = talk.telegram.add_group(-100500, "Группа", [talk.anna])
        foreign = talk.anna.send("x", chat=group)
        assert (
            await talk.refusal("deleteMessage", chat_id=-100500, message_id=foreign)
            == "message can't be deleted"
        )


async def test_copies() -> None:
    async with talking() as talk:
        secret = await talk.say("x", protect_content=True)
        copy: dict[str, Any] = {"chat_id": 1001, "from_chat_id": 1001}
        assert "protected content" in await talk.refusal("copyMessage", **copy, message_id=secret)
        assert (
            await talk.refusal("copyMessage", **copy, message_id=9_999)
            == "message to copy not found"
        )
        source = await photo(talk, caption="alt")
        body = await talk.call("copyMessage", **copy, message_id=source, reply_markup=BUTTONS)
        shown = talk.anna.messages[-1]
        assert body["result"] == {"message_id": shown.message_id}
        assert (shown.caption, shown.buttons) == ("alt", BUTTONS["inline_keyboard"][0])


async def test_reactions() -> None:
    async with talking() as talk:
        message_id = talk.anna.send("x")
        where = {"chat_id": 1001, "message_id": message_id}
        eyes = {"type": "emoji", "emoji": "👀"}

        async def refusal(*reactions: dict[str, str]) -> str:
            return await talk.refusal("setMessageReaction", **where, reaction=list(reactions))

        assert (await talk.call("setMessageReaction", **where, reaction=[eyes]))["ok"]
        assert talk.anna.messages[-1].reactions == ["👀"]
        assert await refusal(eyes, eyes) == "REACTIONS_TOO_MANY"
        assert await refusal({"type": "emoji", "emoji": "🍏"}) == "REACTION_INVALID"
        assert await refusal({"type": "custom_emoji", "custom_emoji_id": "1"})
        assert await refusal({"type": "paid"})
        assert "invalid reaction type" in await refusal({"type": "smile"})
        assert (await talk.call("setMessageReaction", **where))["ok"]
        assert talk.anna.messages[-1].reactions == []
        assert (
            await talk.refusal("setMessageReaction", chat_id=1001, message_id=99, reaction=[eyes])
            == "message to react not found"
        )
