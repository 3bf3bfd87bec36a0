"""Voice, stickers, polls and the like: as aiogram reads them, and what no client sends."""

import base64
from typing import Any

import pytest
from aiogram.types import Message

from bot.demo.telegram import Attachment, Audio, Contact, Location, Poll, Sticker, Video, VideoNote
from bot.demo.telegram.attachments import CAPTIONED, KINDS
from tests.unit.demo.test_telegram_basics import Talk, png, talking
from tests.unit.demo.test_telegram_control import act, refused


async def received(talk: Talk) -> list[Message]:
    """The messages that come with the next updates."""
    updates = await talk.bot.get_updates(timeout=1)
    await talk.bot.get_updates(offset=updates[-1].update_id + 1)
    return [update.message for update in updates if update.message]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
async def test_the_bot_gets_each(kind: type[Attachment]) -> None:
    async with talking() as talk:
        talk.anna.send_other(kind(), sent_at=1_700_000_000)
        (message,) = await received(talk)
        assert message.content_type == kind.name
        assert message.date.timestamp() == 1_700_000_000
        content = getattr(message, kind.name)
        file_id = getattr(content, "file_id", None)
        if file_id is not None:
            file = await talk.bot.get_file(file_id)
            assert file.file_path is not None
            body = await talk.bot.download_file(file.file_path)
            assert body is not None
            assert body.read() == bytes(64)
            for method, field in (("sendPhoto", "photo"), ("sendDocument", "document")):
                words = await talk.refusal(method, chat_id=1001, **{field: file_id})
                assert words.startswith("can't use file of type ")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
async def test_captions_stand_where_they_can(kind: type[Attachment]) -> None:
    async with talking() as talk:
        if kind.name not in CAPTIONED:
            with pytest.raises(ValueError, match="has no caption"):
                talk.anna.send_other(kind(), caption="x")
            return
        number = talk.anna.send_other(kind(), caption="x")
        answer = talk.anna.send("y", reply_to=number)
        first, second = await received(talk)
        assert (first.caption, first.text) == ("x", None)
        assert second.message_id == answer
        assert second.reply_to_message is not None
        assert second.reply_to_message.content_type == kind.name


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
async def test_it_is_copied_with_its_caption(kind: type[Attachment]) -> None:
    async with talking() as talk:
        caption = "x" if kind.name in CAPTIONED else None
        number = talk.anna.send_other(kind(), caption=caption)
        await talk.call("copyMessage", chat_id=1001, from_chat_id=1001, message_id=number)
        copied = talk.anna.messages[-1]
        assert copied.from_bot
        assert kind.name in copied.wire()
        assert copied.caption == caption


async def test_an_animation_is_a_document_for_older_bots() -> None:
    async with talking() as talk:
        talk.anna.send_other(KINDS["animation"]())
        (message,) = await received(talk)
        assert message.animation is not None
        assert message.document is not None
        assert message.document.file_id == message.animation.file_id


async def test_albums() -> None:
    async with talking() as talk:
        numbers = talk.anna.send_album([(Video(), "x"), (png(), None), (Video(), None)])
        messages = await received(talk)
        assert [each.message_id for each in messages] == numbers
        assert len({each.media_group_id for each in messages}) == 1
        assert [each.content_type for each in messages] == ["video", "photo", "video"]
        talk.anna.send_album([(Audio(), None)] * 2)
        mixed: list[tuple[bytes | Attachment, str | None]] = [(Audio(), None), (png(), None)]
        stickers: list[tuple[bytes | Attachment, str | None]] = [(Sticker(), None)] * 2
        for wrong in (mixed, stickers):
            with pytest.raises(ValueError, match="do not go into one album"):
                talk.anna.send_album(wrong)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (VideoNote, {"duration_s": 61}),
        (Video, {"duration_s": -1}),
        (Video, {"data": b""}),
        (Sticker, {"width": 511, "height": 300}),
        (Contact, {"phone_number": ""}),
        (Location, {"latitude": 91.0}),
        (Poll, {"options": ("one",)}),
        (Poll, {"options": tuple("abcdefghijklm")}),
        (Poll, {"question": "x" * 301}),
        (Poll, {"options": ("x" * 101, "y")}),
    ],
)
async def test_what_no_client_sends(kind: type[Attachment], fields: dict[str, Any]) -> None:
    async with talking() as talk:
        with pytest.raises(ValueError, match=r"."):
            talk.anna.send_other(kind(**fields))
        assert not talk.anna.messages[1:]


async def test_over_the_control_interface() -> None:
    async with talking() as talk:
        data = base64.b64encode(b"ogg").decode()
        await act(talk, "send_other", user_id=1001, kind="voice", fields={"data": data})
        await act(
            talk, "send_other", user_id=1001, kind="poll", fields={"options": ["a", "b", "c"]}
        )
        voice, poll = await received(talk)
        assert voice.voice is not None
        assert voice.voice.file_size == 3
        assert poll.poll is not None
        assert [each.text for each in poll.poll.options] == ["a", "b", "c"]
        assert await refused(talk, "send_other", user_id=1001, kind="smell")
        assert await refused(talk, "send_other", user_id=1001, kind="voice", fields={"x": 1})
