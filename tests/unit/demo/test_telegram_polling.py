"""getUpdates: waiting, confirmation, conflicts, what is sent at all."""

import asyncio
import time
from typing import Any

import pytest

from tests.unit.demo.test_telegram_basics import Talk, png, talking


async def updates(talk: Talk, **params: Any) -> list[dict[str, Any]]:
    """What getUpdates gives, without the pause for repeated questions."""
    talk.telegram.poll_pause_s = 0.0
    body = await talk.call("getUpdates", **params)
    assert body["ok"], body
    return list(body["result"])


async def test_updates_come_until_they_are_confirmed() -> None:
    async with talking() as talk:
        for text in "abc":
            talk.anna.send(text)
        first = await updates(talk)
        assert [update["message"]["text"] for update in first] == ["a", "b", "c"]
        assert await updates(talk) == first
        assert await updates(talk, limit=2) == first[:2]
        assert await updates(talk, offset=first[1]["update_id"]) == first[1:]
        assert [update.update_id for update in talk.telegram.pending_updates] == [
            update["update_id"] for update in first[1:]
        ]
        assert await updates(talk, offset=first[2]["update_id"] + 1) == []
        assert not talk.telegram.pending_updates


async def test_a_negative_offset_forgets_the_older_ones() -> None:
    async with talking() as talk:
        for text in "abc":
            talk.anna.send(text)
        (last,) = await updates(talk, offset=-1)
        assert last["message"]["text"] == "c"
        assert await updates(talk) == [last]


async def test_long_polling_waits_for_the_update() -> None:
    async with talking() as talk:
        question = asyncio.create_task(updates(talk, timeout=50))
        await talk.telegram.wait_for(lambda: talk.telegram.is_polled)
        assert not question.done()
        talk.anna.send("endlich")
        (update,) = await asyncio.wait_for(question, 5)
    assert update["message"]["text"] == "endlich"


async def test_long_polling_ends_empty() -> None:
    async with talking() as talk:
        started = time.monotonic()
        assert await updates(talk, timeout=1) == []
    assert 0.9 < time.monotonic() - started < 5


async def test_the_second_poller_ends_the_first() -> None:
    async with talking() as talk:
        talk.telegram.poll_pause_s = 0.0
        first = asyncio.create_task(talk.call("getUpdates", timeout=50))
        await talk.telegram.wait_for(lambda: talk.telegram.is_polled)
        second = asyncio.create_task(talk.call("getUpdates", timeout=50))
        body = await asyncio.wait_for(first, 5)
        assert body == {
            "ok": False,
            "error_code": 409,
            "description": "Conflict: terminated by other getUpdates request; make sure that only "
            "one bot instance is running",
        }
        talk.anna.send("x")
        assert len((await asyncio.wait_for(second, 5))["result"]) == 1


async def test_a_second_conflict_is_held_back() -> None:
    async with talking() as talk:
        talk.telegram.poll_pause_s = 0.0
        talk.telegram.state.updates.conflict_pause_s = 0.3
        questions = []
        for _ in range(3):
            questions.append(asyncio.create_task(talk.call("getUpdates", timeout=50)))
            await asyncio.sleep(0.02)
        await asyncio.wait_for(questions[0], 5)
        assert not questions[1].done()
        body = await asyncio.wait_for(questions[1], 5)
        assert body["error_code"] == 409
        talk.anna.send("x")
        await questions[2]


async def test_a_poller_that_hangs_up_leaves_no_conflict() -> None:
    async with talking() as talk:
        question = asyncio.create_task(updates(talk, timeout=50))
        await talk.telegram.wait_for(lambda: talk.telegram.is_polled)
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
        await talk.telegram.wait_for(lambda: not talk.telegram.is_polled)
        talk.anna.send("x")
        assert len(await updates(talk)) == 1


async def test_asking_for_the_same_offset_again_is_slowed_down() -> None:
    async with talking() as talk:
        talk.anna.send("a")
        talk.anna.send("b")
        talk.telegram.poll_pause_s = 0.2
        assert len((await talk.call("getUpdates"))["result"]) == 2
        assert len((await talk.call("getUpdates"))["result"]) == 1  # within half a second
        last = talk.telegram.pending_updates[-1].update_id
        started = time.monotonic()
        assert (await talk.call("getUpdates", offset=last + 1))["result"] == []
        assert (await talk.call("getUpdates", offset=last + 1))["result"] == []
    assert time.monotonic() - started > 0.15


async def test_webhook_and_polling_exclude_each_other() -> None:
    async with talking() as talk:
        question = asyncio.create_task(talk.call("getUpdates", timeout=50))
        await talk.telegram.wait_for(lambda: talk.telegram.is_polled)
        talk.telegram.webhook_url = "https://example.com/hook"
        body = await asyncio.wait_for(question, 5)
        assert body["description"] == "Conflict: terminated by setWebhook request"
        body = await talk.call("getUpdates")
        assert body["error_code"] == 409
        assert body["description"] == (
            "Conflict: can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first"
        )
        assert (await talk.call("getWebhookInfo"))["result"]["url"] == "https://example.com/hook"
        talk.anna.send("kept")
        assert (await talk.call("deleteWebhook"))["result"] is True
        assert len(await updates(talk)) == 1
        talk.telegram.webhook_url = "https://example.com/hook"
        assert (await talk.call("deleteWebhook", drop_pending_updates=True))["result"] is True
        assert await updates(talk, offset=1) == []


async def test_only_allowed_kinds_come_and_the_choice_is_remembered() -> None:
    async with talking() as talk:
        await updates(talk, allowed_updates=["callback_query"])
        talk.anna.send("not wanted")
        talk.anna.block()
        message_id = 0
        talk.anna.unblock()
        message_id = await talk.say(
            reply_markup={"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
        )
        talk.anna.press(message_id, "a")
        assert [set(update) for update in await updates(talk)] == [{"update_id", "callback_query"}]
        await updates(talk, allowed_updates=[])
        talk.anna.block()
        assert "my_chat_member" in (await updates(talk))[-1]


async def test_updates_grow_old_and_presses_sooner() -> None:
    async with talking() as talk:
        message_id = await talk.say(
            reply_markup={"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
        )
        talk.anna.send("x")
        talk.anna.press(message_id, "a")
        assert len(await updates(talk)) == 2
        talk.telegram.move_clock(151)
        assert [set(update) for update in await updates(talk)] == [{"update_id", "message"}]
        talk.telegram.move_clock(24 * 3600)
        assert await updates(talk) == []


async def test_an_update_comes_twice_although_it_was_confirmed() -> None:
    async with talking() as talk:
        talk.telegram.repeat_next_update()
        talk.anna.send("a")
        (first,) = await updates(talk)
        assert await updates(talk, offset=first["update_id"] + 1) == [first]
        assert await updates(talk, offset=first["update_id"] + 1) == []
        talk.telegram.resend(first["update_id"])
        assert await updates(talk, offset=first["update_id"] + 1) == [first]


async def test_an_update_with_fields_nobody_knows() -> None:
    async with talking() as talk:
        talk.telegram.add_unknown_fields(brand_new={"a": 1})
        talk.anna.send("a")
        (update,) = await updates(talk)
        assert update["brand_new"] == {"a": 1}
        assert len(await talk.bot.get_updates()) == 1


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


async def test_a_group_that_forbids_media_and_a_closed_topic() -> None:
    async with talking() as talk:
        group = talk.telegram.add_group(-100500, "Группа", [talk.anna])
        talk.telegram.restrict_group(-100500, "photos", "documents")
        assert await talk.say_in(group.chat_id) is None
        for method, kind in (("sendPhoto", "photo"), ("sendDocument", "document")):
            body = await talk.upload(method, kind, png(), "a.png", chat_id=-100500)
            assert (body["error_code"], body["description"]) == (
                400,
                f"Bad Request: not enough rights to send {kind}s to the chat",
            )
        talk.telegram.restrict_group(-100500, "text messages")
        assert await talk.say_in(group.chat_id) == (
            "Bad Request: not enough rights to send text messages to the chat"
        )
        talk.telegram.restrict_group(-100500, topic_closed=True)
        assert await talk.say_in(group.chat_id) == "Bad Request: TOPIC_CLOSED"


async def test_a_server_that_does_not_wait() -> None:
    async with talking() as talk:
        talk.telegram.long_polling = False
        assert await asyncio.wait_for(updates(talk, timeout=50), 5) == []


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
