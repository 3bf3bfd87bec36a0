"""What people do: how the bot gets to see it, and what no client sends."""

import pytest
from aiogram.types import Message

from bot.demo.telegram.attachments import CAPTIONED, KINDS
from tests.unit.demo.telegram_talk import BUTTON, Talk, keyboard, png


async def test_what_people_do_comes_as_updates(talk: Talk) -> None:
    anna = talk.anna
    text = anna.send("/draw кот #лис @anna https://example.com/a, 🙂", sent_at=1_700_000_000)
    anna.send("да", reply_to=text)
    anna.send_photo(png(900, 450), caption="/upscale")
    anna.send_document(b"%PDF", filename="a.pdf", caption="см.")
    anna.send_album([(png(), "первая"), (png(), None)])
    anna.edit(text, "/draw пёс")
    *sent, last = await talk.updates()
    first, reply, photo, document, *album = (update["message"] for update in sent)
    assert first["date"] == 1_700_000_000
    kinds = [entity["type"] for entity in first["entities"]]
    assert kinds == ["bot_command", "hashtag", "mention", "url"]
    assert reply["reply_to_message"]["message_id"] == text
    sizes = [(size["width"], size["height"]) for size in photo["photo"]]
    assert sizes == [(90, 45), (320, 160), (800, 400), (900, 450)]
    assert all(size["file_size"] for size in photo["photo"])
    assert photo["caption_entities"][0]["type"] == "bot_command"
    assert document["document"]["file_name"] == "a.pdf"
    assert document["document"]["mime_type"] == "application/pdf"
    assert album[0]["media_group_id"] == album[1]["media_group_id"]
    assert [message.get("caption") for message in album] == ["первая", None]
    assert last["edited_message"]["text"] == "/draw пёс"


async def test_what_no_client_sends(talk: Talk) -> None:
    for text in ("", "  \n", "x" * 4097):
        with pytest.raises(ValueError, match="a client sends"):
            talk.anna.send(text)
    with pytest.raises(ValueError, match="no picture"):
        talk.anna.send_photo(b"text")
    for one in ("sticker", "audio"):
        with pytest.raises(ValueError, match="do not go into one album"):
            talk.anna.send_album([(one, None), (png(), None)])
    with pytest.raises(ValueError, match="has no caption"):
        talk.anna.send_other("sticker", caption="x")
    with pytest.raises(ValueError, match="there is a person 1001"):
        talk.telegram.add_person(1001, "Анна")
    talk.anna.block()
    with pytest.raises(ValueError, match="has blocked the bot"):
        talk.anna.send("x")


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_else_is_sent_is_read_downloaded_and_copied(talk: Talk, kind: str) -> None:
    caption = "x" if kind in CAPTIONED else None
    number = talk.anna.send_other(kind, caption=caption)
    (sent,) = [update.message for update in await talk.bot.get_updates()]
    assert isinstance(sent, Message)
    assert (sent.content_type, sent.caption) == (kind, caption)
    assert (sent.document is not None) is (kind == "animation")  # for older bots
    if file_id := getattr(getattr(sent, kind), "file_id", None):
        assert (await talk.bot.get_file(file_id)).file_size == 64
        words = await talk.refusal("sendPhoto", chat_id=1001, photo=file_id)
        assert words.startswith("can't use file of type ")
    await talk.done("copyMessage", chat_id=1001, from_chat_id=1001, message_id=number)
    copied = talk.anna.messages[-1]
    assert (kind in copied.wire(), copied.from_bot, copied.caption) == (True, True, caption)
    with pytest.raises(LookupError, match="has no"):
        talk.anna.send_other(kind, fields={"smell": "roses"})


async def test_presses_are_input_of_the_client(talk: Talk) -> None:
    seed = {"text": "Seed", "copy_text": {"text": "1"}}
    message_id = await talk.say(reply_markup=keyboard(BUTTON, seed))
    with pytest.raises(LookupError, match="has no button 'less', only"):
        talk.anna.press(message_id, "less")
    with pytest.raises(LookupError, match="does not reach the bot"):
        talk.anna.press(message_id, "Seed")
    message = talk.anna.messages[-1]
    talk.anna.forge(message, "made up")
    talk.anna.delete(message)
    talk.anna.press(message, "Ещё")  # a client that has not heard of it yet
    made_up, inaccessible = (each["callback_query"] for each in await talk.updates())
    assert (made_up["data"], inaccessible["message"]["date"]) == ("made up", 0)


async def test_groups_and_privacy_mode(talk: Talk) -> None:
    boris = talk.telegram.add_person(1002, "Борис")
    group = talk.telegram.add_group(-100500, "Группа", [talk.anna, boris])
    for text in ("просто так", "/draw кот", "/draw@emulated_bot кот", "/draw@other_bot кот"):
        talk.anna.send(text, chat=group)
    drawing = await talk.done("sendMessage", chat_id=-100500, text="рисую")
    boris.send("спасибо", chat=group, reply_to=drawing["message_id"])
    got = [update["message"]["text"] for update in await talk.updates()]
    assert got == ["/draw кот", "/draw@emulated_bot кот", "спасибо"]
    words = await talk.refusal("sendMessage", chat_id=1002, text="x")
    assert words == "Forbidden: bot can't initiate conversation with a user"
    talk.telegram.privacy_mode = False
    talk.anna.send("всё", chat=group)
    assert (await talk.updates())[-1]["message"]["text"] == "всё"
    with pytest.raises(ValueError, match="no member"):
        talk.telegram.add_person(1003, "Вера").send("x", chat=group)


async def test_a_group_that_throws_the_bot_out_or_becomes_a_supergroup(talk: Talk) -> None:
    talk.telegram.add_group(-100500, "Группа", [talk.anna])
    new = talk.telegram.upgrade_group(-100500, -1001234567890)
    body = await talk.call("sendMessage", chat_id=-100500, text="x")
    assert body["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert body["parameters"] == {"migrate_to_chat_id": -1001234567890}
    sent = await talk.done("sendMessage", chat_id=new.chat_id, text="x")
    assert sent["chat"]["type"] == "supergroup"
    talk.telegram.remove_bot(new.chat_id)
    words = await talk.refusal("sendMessage", chat_id=new.chat_id, text="x")
    assert words == "Forbidden: bot was kicked from the supergroup chat"
    assert len(await talk.bot.get_updates()) == 3
