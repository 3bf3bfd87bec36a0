"""getUpdates: waiting, confirmation, conflicts, what comes at all."""

import asyncio
import time

import pytest

from tests.unit.demo.telegram_talk import BUTTON, Talk, keyboard

HOOK = "https://example.com/hook"


async def test_updates_come_until_they_are_confirmed(talk: Talk) -> None:
    for text in "abc":
        talk.anna.send(text)
    first = await talk.updates()
    assert [update["message"]["text"] for update in first] == ["a", "b", "c"]
    assert await talk.updates() == first
    assert await talk.updates(limit=2) == first[:2]
    assert await talk.updates(offset=first[1]["update_id"]) == first[1:]
    assert [each.wire() for each in talk.telegram.pending_updates] == first[1:]
    assert await talk.updates(offset=-1) == await talk.updates() == first[2:]
    assert await talk.updates(offset=first[2]["update_id"] + 1) == []
    assert not talk.telegram.pending_updates


async def test_long_polling_waits_for_the_update(talk: Talk) -> None:
    question = asyncio.create_task(talk.updates(timeout=50))
    await talk.telegram.wait_for(lambda: talk.telegram.updates.is_polled)
    assert not question.done()
    talk.anna.send("endlich")
    (update,) = await asyncio.wait_for(question, 5)
    assert update["message"]["text"] == "endlich"


async def test_long_polling_ends_empty(talk: Talk) -> None:
    started = time.monotonic()
    assert await talk.updates(timeout=1) == []
    assert 0.9 < time.monotonic() - started < 5
    talk.telegram.updates.waits = False  # as a server that does not wait
    assert await asyncio.wait_for(talk.updates(timeout=50), 5) == []


async def test_the_second_poller_ends_the_first(talk: Talk) -> None:
    talk.telegram.updates.pause_s = 0.0
    first = asyncio.create_task(talk.call("getUpdates", timeout=50))
    await talk.telegram.wait_for(lambda: talk.telegram.updates.is_polled)
    second = asyncio.create_task(talk.updates(timeout=50))
    assert await asyncio.wait_for(first, 5) == {
        "ok": False,
        "error_code": 409,
        "description": "Conflict: terminated by other getUpdates request; make sure that only "
        "one bot instance is running",
    }
    talk.anna.send("x")
    assert len(await asyncio.wait_for(second, 5)) == 1


async def test_a_poller_that_hangs_up_leaves_no_conflict(talk: Talk) -> None:
    question = asyncio.create_task(talk.updates(timeout=50))
    await talk.telegram.wait_for(lambda: talk.telegram.updates.is_polled)
    question.cancel()
    with pytest.raises(asyncio.CancelledError):
        await question
    await talk.telegram.wait_for(lambda: not talk.telegram.updates.is_polled)
    talk.anna.send("x")
    assert len(await talk.updates()) == 1


async def test_asking_for_the_same_offset_again_is_slowed_down(talk: Talk) -> None:
    talk.anna.send("a")
    talk.anna.send("b")
    talk.telegram.updates.pause_s = 0.2
    assert len(await talk.done("getUpdates")) == 2
    assert len(await talk.done("getUpdates")) == 1  # within half a second
    last = talk.telegram.pending_updates[-1].update_id
    started = time.monotonic()
    for _ in range(2):
        assert await talk.done("getUpdates", offset=last + 1) == []
    assert time.monotonic() - started > 0.15


async def test_webhook_and_polling_exclude_each_other(talk: Talk) -> None:
    question = asyncio.create_task(talk.refusal("getUpdates", timeout=50))
    await talk.telegram.wait_for(lambda: talk.telegram.updates.is_polled)
    talk.telegram.updates.webhook_url = HOOK
    words = await asyncio.wait_for(question, 5)
    assert words == "Conflict: terminated by setWebhook request"
    assert await talk.refusal("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; "
        "use deleteWebhook to delete the webhook first"
    )
    talk.anna.send("kept")
    info = await talk.done("getWebhookInfo")
    assert (info["url"], info["pending_update_count"]) == (HOOK, 1)
    assert await talk.done("deleteWebhook") is True
    assert len(await talk.updates()) == 1
    talk.telegram.updates.webhook_url = HOOK
    await talk.done("deleteWebhook", drop_pending_updates=True)
    assert await talk.updates() == []


async def test_only_allowed_kinds_come_and_the_choice_is_remembered(talk: Talk) -> None:
    await talk.updates(allowed_updates=["callback_query"])
    talk.anna.send("not wanted")
    talk.anna.press(await talk.say(reply_markup=keyboard(BUTTON)), "more")
    assert [set(update) for update in await talk.updates()] == [{"update_id", "callback_query"}]
    await talk.updates(allowed_updates=[])
    talk.anna.block()
    assert "my_chat_member" in (await talk.updates())[-1]


async def test_updates_grow_old_and_presses_sooner(talk: Talk) -> None:
    message_id = await talk.say(reply_markup=keyboard(BUTTON))
    talk.anna.send("x")
    talk.anna.press(message_id, "more")
    assert len(await talk.updates()) == 2
    talk.telegram.move_clock(151)
    assert [set(update) for update in await talk.updates()] == [{"update_id", "message"}]
    talk.telegram.move_clock(24 * 3600)
    assert await talk.updates() == []


async def test_an_update_comes_twice_although_it_was_confirmed(talk: Talk) -> None:
    talk.telegram.updates.repeat_next()
    talk.anna.send("a")
    (first,) = await talk.updates()
    confirming = {"offset": first["update_id"] + 1}
    assert await talk.updates(**confirming) == [first]
    assert await talk.updates(**confirming) == []
    talk.telegram.updates.resend(first["update_id"])
    assert await talk.updates(**confirming) == [first]


async def test_an_update_with_fields_nobody_knows(talk: Talk) -> None:
    talk.telegram.updates.add_unknown_fields(brand_new={"a": 1})
    talk.anna.send("a")
    (update,) = await talk.updates()
    assert update["brand_new"] == {"a": 1}
    assert len(await talk.bot.get_updates()) == 1
