"""What people do: how the bot gets to see it, and what no client sends."""

from typing import Any

import pytest
from aiogram.types import Message

from bot.demo.telegram.attachments import CAPTIONED, KINDS
from tests.unit.demo.test_telegram_basics import Talk, png, talking

BUTTONS = {
    "inline_keyboard": [
        [{"text": "Ещё", "callback_data": "b"}, {"text": "Seed", "copy_text": {"text": "1"}}]
    ]
}


async def updates(talk: Talk) -> list[dict[str, Any]]:
    """All that the bot has not confirmed."""
    talk.telegram.updates.pause_s = 0.0
    return list((await talk.call("getUpdates"))["result"])


async def test_what_people_do_comes_as_updates() -> None:
    async with talking() as talk:
        anna = talk.anna
        text = anna.send("/draw кот #лис @anna https://example.com/a, 🙂", sent_at=1_700_000_000)
        anna.send("да", reply_to=text)
        anna.send_photo(png(900, 450), caption="/upscale")
        anna.send_document(b"%PDF", filename="a.pdf", caption="см.")
        anna.send_album([(png(), "первая"), (png(), None)])
        anna.edit(text, "/draw пёс")
        got = await updates(talk)
    messages = [update["message"] for update in got[:-1]]
    assert messages[0]["date"] == 1_700_000_000
    assert [entity["type"] for entity in messages[0]["entities"]] == [
        "bot_command",
        "hashtag",
        "mention",
        "url",
    ]
    assert messages[1]["reply_to_message"]["message_id"] == text
    sizes = messages[2]["photo"]
    assert [(size["width"], size["height"]) for size in sizes] == [
        (90, 45),
        (320, 160),
        (800, 400),
        (900, 450),
    ]
    assert all(size["file_size"] for size in sizes)
    assert messages[2]["caption_entities"][0]["type"] == "bot_command"
    assert messages[3]["document"]["file_name"] == "a.pdf"
    assert messages[3]["document"]["mime_type"] == "application/pdf"
    assert messages[4]["media_group_id"] == messages[5]["media_group_id"]
    assert [message.get("caption") for message in messages[4:6]] == ["первая", None]
    assert got[-1]["edited_message"]["text"] == "/draw пёс"


async def test_what_no_client_sends() -> None:
    async with talking() as talk:
        for text in ("", "  \n", "x" * 4097):
            with pytest.raises(ValueError, match="a client sends"):
                talk.anna.send(text)
        with pytest.raises(ValueError, match="no picture"):
            talk.anna.send_photo(b"text")
        talk.anna.block()
        with pytest.raises(ValueError, match="has blocked the bot"):
            talk.anna.send("x")
        talk.anna.deactivate()
        with pytest.raises(ValueError, match="is deactivated"):
            talk.anna.send("x")
        with pytest.raises(ValueError, match="there is a person 1001"):
            talk.telegram.add_person(1001, "Анна")


async def test_groups_and_privacy_mode() -> None:
    async with talking() as talk:
        boris = talk.telegram.add_person(1002, "Борис")
        group = talk.telegram.add_group(-100500, "Группа", [talk.anna, boris])
        talk.anna.send("просто так", chat=group)
        talk.anna.send("/draw кот", chat=group)
        talk.anna.send("/draw@emulated_bot кот", chat=group)
        talk.anna.send("/draw@other_bot кот", chat=group)
        body = await talk.call("sendMessage", chat_id=-100500, text="рисую")
        boris.send("спасибо", chat=group, reply_to=body["result"]["message_id"])
        got = [update["message"]["text"] for update in await updates(talk)]
        assert got == ["/draw кот", "/draw@emulated_bot кот", "спасибо"]
        body = await talk.call("sendMessage", chat_id=1002, text="x")
        assert (body["error_code"], body["description"]) == (
            403,
            "Forbidden: bot can't initiate conversation with a user",
        )
        talk.telegram.privacy_mode = False
        talk.anna.send("всё", chat=group)
        assert (await updates(talk))[-1]["message"]["text"] == "всё"
        stranger = talk.telegram.add_person(1003, "Вера")
        with pytest.raises(ValueError, match="no member"):
            stranger.send("x", chat=group)


async def test_a_group_that_throws_the_bot_out_or_becomes_a_supergroup() -> None:
    async with talking() as talk:
        talk.telegram.add_group(-100500, "Группа", [talk.anna])
        new = talk.telegram.upgrade_group(-100500, -1001234567890)
        body = await talk.call("sendMessage", chat_id=-100500, text="x")
        assert body["description"] == ("Bad Request: group chat was upgraded to a supergroup chat")
        assert body["parameters"] == {"migrate_to_chat_id": -1001234567890}
        body = await talk.call("sendMessage", chat_id=new.chat_id, text="x")
        assert body["result"]["chat"]["type"] == "supergroup"
        talk.telegram.remove_bot(new.chat_id)
        body = await talk.call("sendMessage", chat_id=new.chat_id, text="x")
        assert (body["error_code"], body["description"]) == (
            403,
            "Forbidden: bot was kicked from the supergroup chat",
        )
        assert len(await talk.bot.get_updates()) == 3


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_else_is_sent_is_read_downloaded_and_copied(kind: str) -> None:
    async with talking() as talk:
        caption = "x" if kind in CAPTIONED else None
        number = talk.anna.send_other(kind, caption=caption, sent_at=1_700_000_000)
        talk.anna.send("y", reply_to=number)
        first, second = (update.message for update in await talk.bot.get_updates())
        assert isinstance(first, Message)
        assert isinstance(second, Message)
        assert (first.content_type, first.caption) == (kind, caption)
        assert first.date.timestamp() == 1_700_000_000
        assert second.reply_to_message is not None
        assert second.reply_to_message.content_type == kind
        if kind == "animation":
            assert first.document is not None  # too, for older bots
        if file_id := getattr(getattr(first, kind), "file_id", None):
            file = await talk.bot.get_file(file_id)
            assert file.file_size == 64
            for method, field in (("sendPhoto", "photo"), ("sendDocument", "document")):
                words = await talk.refusal(method, chat_id=1001, **{field: file_id})
                assert words.startswith("can't use file of type ")
        await talk.call("copyMessage", chat_id=1001, from_chat_id=1001, message_id=number)
        copied = talk.anna.messages[-1]
        assert kind in copied.wire()
        assert (copied.from_bot, copied.caption) == (True, caption)
        if caption is None:
            with pytest.raises(ValueError, match="has no caption"):
                talk.anna.send_other(kind, caption="x")
        with pytest.raises(LookupError, match="has no"):
            talk.anna.send_other(kind, fields={"smell": "roses"})


async def test_albums() -> None:
    async with talking() as talk:
        numbers = talk.anna.send_album([("video", "x"), (png(), None), ("video", None)])
        messages = [update["message"] for update in await updates(talk)]
        assert [each["message_id"] for each in messages] == numbers
        assert len({each["media_group_id"] for each in messages}) == 1
        assert ["photo" in each for each in messages] == [False, True, False]
        talk.anna.send_album([("audio", None)] * 2)
        wrong: list[list[tuple[bytes | str, str | None]]] = [
            [("audio", None), (png(), None)],
            [("sticker", None)] * 2,
        ]
        for items in wrong:
            with pytest.raises(ValueError, match="do not go into one album"):
                talk.anna.send_album(items)


async def test_presses_are_input_of_the_client() -> None:
    async with talking() as talk:
        message_id = await talk.say(reply_markup=BUTTONS)
        with pytest.raises(LookupError, match="has no button 'less', only"):
            talk.anna.press(message_id, "less")
        with pytest.raises(LookupError, match="does not reach the bot"):
            talk.anna.press(message_id, "Seed")
        message = talk.anna.messages[-1]
        talk.anna.forge(message, "made up")
        talk.anna.delete(message)
        talk.anna.press(message, "Ещё")  # a client that has not heard of it yet
        made_up, inaccessible = (each["callback_query"] for each in await updates(talk))
        assert made_up["data"] == "made up"
        assert inaccessible["message"]["date"] == 0
