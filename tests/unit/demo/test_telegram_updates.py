"""getUpdates: waiting, confirmation, conflicts, what comes at all."""

import asyncio
import time
from typing import Any

import pytest

from tests.unit.demo.test_telegram_basics import Talk, talking


async def updates(talk: Talk, **params: Any) -> list[dict[str, Any]]:
    """What getUpdates gives, without the pause for repeated questions."""
    talk.telegram.updates.pause_s = 0.0
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
        await talk.telegram.wait_for(lambda: talk.telegram.updates.is_polled)
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
        talk.telegram.updates.pause_s = 0.0
        first = asyncio.create_task(talk.call("getUpdates", timeout=50))
        await talk.telegram.wait_for(lambda: talk.telegram.updates.is_polled)
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
        talk.telegram.updates.pause_s = 0.0
        talk.telegram.updates.conflict_pause_s = 0.3
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
        await talk.telegram.wait_for(lambda: talk.telegram.updates.is_polled)
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
        await talk.telegram.wait_for(lambda: not talk.telegram.updates.is_polled)
        talk.anna.send("x")
        assert len(await updates(talk)) == 1


async def test_asking_for_the_same_offset_again_is_slowed_down() -> None:
    async with talking() as talk:
        talk.anna.send("a")
        talk.anna.send("b")
        talk.telegram.updates.pause_s = 0.2
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
        await talk.telegram.wait_for(lambda: talk.telegram.updates.is_polled)
        talk.telegram.updates.webhook_url = "https://example.com/hook"
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
        talk.telegram.updates.webhook_url = "https://example.com/hook"
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
        talk.telegram.updates.repeat_next()
        talk.anna.send("a")
        (first,) = await updates(talk)
        assert await updates(talk, offset=first["update_id"] + 1) == [first]
        assert await updates(talk, offset=first["update_id"] + 1) == []
        talk.telegram.updates.resend(first["update_id"])
        assert await updates(talk, offset=first["update_id"] + 1) == [first]


async def test_an_update_with_fields_nobody_knows() -> None:
    async with talking() as talk:
        talk.telegram.updates.add_unknown_fields(brand_new={"a": 1})
        talk.anna.send("a")
        (update,) = await updates(talk)
        assert update["brand_new"] == {"a": 1}
        assert len(await talk.bot.get_updates()) == 1


async def test_a_server_that_does_not_wait() -> None:
    async with talking() as talk:
        talk.telegram.updates.waits = False
        assert await asyncio.wait_for(updates(talk, timeout=50), 5) == []
