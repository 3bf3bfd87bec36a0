"""Updates brought by a webhook: nothing is lost, doubled, or taken from anybody but Telegram."""

import asyncio
import io
import json
import shutil
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from storage.audit import broken_invariants
from storage.database import Database
from storage.errors import StorageBusyError
from storage.handled_updates import HandledUpdates
from storage.jobs import Jobs
from storage.ledger import Ledger
from tests.e2e.test_nothing_lost import slow
from tests.e2e.test_till_buying import offer, outcome
from tests.support import PUBLIC_URL, World, open_world, reserved_port

SECRET = "X-Telegram-Bot-Api-Secret-Token"


@pytest.fixture
async def world(tmp_path: Path, new_database: Path) -> AsyncIterator[World]:
    """As everywhere, but that Telegram brings the updates."""
    shutil.copy(new_database, tmp_path)
    with reserved_port() as port:
        async with open_world(tmp_path) as world:
            world.use_webhook(port)
            await world.start()
            yield world
            await world.stop()
            async with Database.open(tmp_path / "bot.db") as database:
                assert await broken_invariants(database) == []


def statuses(world: World, update_ids: Iterable[int] | None = None) -> list[int]:
    """What was answered to the deliveries, of these updates or of all."""
    return [
        each.status
        for each in world.telegram.updates.webhook.deliveries
        if update_ids is None or each.update["update_id"] in update_ids
    ]


async def post(world: World, path: str | None = None, **request: Any) -> int:
    """Somebody posts to the bot; returns the status."""
    path = f"/telegram/{world.settings.telegram_path}" if path is None else path
    origin = world.telegram.updates.webhook.hosts[PUBLIC_URL]
    async with aiohttp.ClientSession() as http, http.post(origin + path, **request) as answer:
        return answer.status


def secret(world: World) -> dict[str, str]:
    return {SECRET: world.settings.telegram_secret}


async def test_a_prompt_becomes_a_picture(world: World) -> None:
    anna = await world.customer()
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 921
    (call,) = world.telegram.calls_of("setWebhook")
    assert call.params["max_connections"] == 100
    assert {"message", "pre_checkout_query", "my_chat_member"} <= set(
        call.params["allowed_updates"]
    )
    assert len(call.params["secret_token"]) >= 32
    assert not call.params.get("drop_pending_updates")
    assert world.telegram.calls_of("getUpdates") == []
    assert set(statuses(world)) == {200}


async def test_answers_that_are_lost_double_nothing(world: World) -> None:
    anna = await world.customer()
    world.telegram.fault("webhook", cut_after_effect=True, times=3)
    world.telegram.updates.repeat_next(2)
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.answered()
    await world.closed()
    assert world.balance(anna.user_id) == 921
    assert len(world.rows("SELECT 1 FROM jobs")) == 1


async def test_nobody_else_is_heard(world: World) -> None:
    anna = await world.customer()
    await world.answered()
    said = len(world.bot_messages(anna))
    update = json.loads(
        json.dumps(next(iter(world.telegram.updates.webhook.deliveries)).update).replace(
            "/start", "/balance"
        )
    )
    right = world.settings.telegram_secret
    for headers in ({}, {SECRET: ""}, {SECRET: right[:-1]}, {SECRET: right + "x"}, {SECRET: "ä"}):
        assert await post(world, json=update, headers=headers) == 401
    for path in ("/telegram/", "/telegram/x", "/telegram/%D0%B9", f"/telegram/{right}", "/x", "/"):
        assert await post(world, path, json=update, headers=secret(world)) == 404
    anna.send("/help")
    await world.telegram.wait_for(lambda: len(world.bot_messages(anna)) == said + 1)


async def test_what_is_no_update_is_refused_and_one_that_nobody_can_read_is_left_out(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await world.customer()
    for body in (b"", b"{", b"[]", b"\xff", b'{"update_id": "1"}', b"[" * 100_000):
        assert await post(world, data=body, headers=secret(world)) == 400
    assert await post(world, data=io.BytesIO(bytes(2**20 + 1)), headers=secret(world)) == 413
    wrong = {"update_id": 1, "message": {"message_id": "?"}}
    assert await post(world, json=wrong, headers=secret(world)) == 200
    assert "update 1 is left out" in caplog.text
    anna.send("/balance")
    await world.said(anna, lambda text: text.startswith("1000 токенов"))


async def test_killed_in_a_handler(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис", tokens=500)
    await world.answered()
    with slow(monkeypatch, anna.user_id):
        anna.send("кот")
        boris.send("пёс")
        await world.pictures(boris, 1)
        await world.closed()
        await world.kill()
    assert [each.body["text"] for each in world.telegram.pending_updates] == ["кот"]
    await world.start()
    await world.pictures(anna, 1)
    await world.answered()
    await world.closed()
    assert (world.balance(anna.user_id), world.balance(boris.user_id)) == (921, 421)
    assert len(world.rows("SELECT 1 FROM jobs")) == 2


async def test_one_that_comes_again_while_it_is_under_way_is_not_taken_early(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor handled twice: whether the bot says that it is not done yet, or Telegram waits no
    longer."""
    await world.stop()
    world.tune(updates_kept=100)
    await world.start()
    anna = await world.customer()
    await world.answered()
    begun, go_on = list[int](), asyncio.Event()
    balance = Ledger.balance

    async def held(self: Ledger, user_id: int) -> int:
        begun.append(user_id)
        await go_on.wait()
        return await balance(self, user_id)

    webhook = world.telegram.updates.webhook
    before = len(webhook.deliveries)
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "balance", held)
        webhook.answer_s = 0.05
        anna.send("/balance")
        await world.telegram.wait_for(lambda: len(webhook.deliveries) >= before + 3)
        webhook.answer_s = 60.0
        patch.setattr("bot.telegram.updates.HOLD_S", 0.02)
        await world.telegram.wait_for(lambda: statuses(world)[before:].count(503) >= 3)
        assert set(statuses(world)[before:]) <= {0, 503}
        go_on.set()
        await world.answered()
    assert begun == [anna.user_id]
    assert statuses(world)[-1] == 200
    said = [m for m in world.bot_messages(anna) if m.words.startswith("1000 токенов")]
    assert len(said) == 1


async def test_what_the_database_refuses_comes_again_and_is_done_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await world.customer()
    await world.answered()
    before = len(statuses(world))
    place, refusals = Jobs.place, [1, 2, 3]

    async def refuse(self: Jobs, *args: Any, **values: Any) -> Any:
        if refusals:
            refusals.pop()
            raise StorageBusyError("held by another program")
        return await place(self, *args, **values)

    monkeypatch.setattr(Jobs, "place", refuse)
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    await world.answered()
    assert statuses(world)[before:] == [503, 503, 503, 200]
    assert world.balance(anna.user_id) == 921
    told = [m for m in world.bot_messages(anna) if "попробую ещё раз сам" in m.words]
    assert len(told) == 1, "once, however often it is refused"


async def test_what_could_not_be_remembered_comes_again_and_is_not_handled_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await world.customer()
    await world.answered()
    before, said = len(statuses(world)), len(world.bot_messages(anna))
    remember, refusals = HandledUpdates.remember, [1, 2]

    async def refuse(self: HandledUpdates, *args: Any, **values: Any) -> None:
        if refusals:
            refusals.pop()
            raise StorageBusyError("held by another program")
        await remember(self, *args, **values)

    monkeypatch.setattr(HandledUpdates, "remember", refuse)
    anna.send("/balance")
    await world.answered()
    assert statuses(world)[before:] == [503, 503, 200]
    assert len(world.bot_messages(anna)) == said + 1


async def test_a_stopping_bot_takes_nothing_new_and_the_next_start_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис", tokens=500)
    await world.answered()
    before = len(statuses(world))
    with slow(monkeypatch, anna.user_id) as go_on:
        anna.send("кот")
        await world.telegram.wait_for(lambda: len(statuses(world)) > before)
        await asyncio.sleep(0.05)  # until it is there: nothing tells of that
        stopping = asyncio.create_task(world.stop())
        await asyncio.sleep(0)
        boris.send("/balance")
        await world.telegram.wait_for(lambda: 503 in statuses(world))
        go_on.set()
        await stopping
    waiting = [each.body["text"] for each in world.telegram.pending_updates]
    assert waiting == ["/balance"], "what was under way was finished, and taken"
    assert world.telegram.updates.webhook_url, "it stays: what comes meanwhile waits"
    await world.start()
    await world.said(boris, lambda text: text.startswith("500 токенов"))
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 921


async def test_pay_is_answered_while_twenty_handlers_hang(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram opens no new connections by then: one is given back in time."""
    anna = await world.customer()
    anna.stars = 500
    message = await offer(world, anna)
    many = [world.person(2000 + number, f"Кто-то {number}") for number in range(19)]
    hanging, go_on = set[int](), asyncio.Event()

    async def balance(self: Ledger, user_id: int) -> int:
        hanging.add(user_id)
        await go_on.wait()
        return 0

    monkeypatch.setattr("bot.telegram.updates.HOLD_S", 0.3)
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "balance", balance)
        for each in [anna, *many]:
            each.send("/balance")
        await world.telegram.wait_for(lambda: len(hanging) == 20)
        assert await outcome(world, anna.pay(message)) == "paid"
        go_on.set()
        await world.answered()


async def test_to_polling_and_back(world: World) -> None:
    anna = await world.customer()
    await world.stop()
    anna.send("кот")
    await world.start(webhook="off")
    await world.pictures(anna, 1)
    assert world.telegram.updates.webhook_url == ""
    await world.answered()
    await world.stop()
    anna.send("пёс")
    await world.start(webhook="on")
    await world.pictures(anna, 2)
    assert world.telegram.updates.webhook_url.startswith(f"{PUBLIC_URL}/telegram/")
    await world.answered()
    await world.closed()
    assert world.balance(anna.user_id) == 1000 - 2 * 79
    assert len(world.rows("SELECT 1 FROM jobs")) == 2


async def test_two_starts_within_a_second(world: World) -> None:
    """Telegram takes no webhook twice in a second; the one that is set brings updates all the
    same."""
    anna = await world.customer()
    await world.answered()
    await world.stop()
    webhook = world.telegram.updates.webhook
    await asyncio.sleep(webhook.pace)  # a second, at this pace
    webhook.pace = 1.0
    webhook.count()  # this very moment
    await world.start()
    await world.telegram.wait_for(lambda: len(world.telegram.calls_of("setWebhook")) == 2)
    refused = world.telegram.calls_of("setWebhook")[-1].refused
    assert refused is not None
    assert refused.code == 429
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()


@pytest.mark.parametrize("trouble", ["refused", "unreachable"])
async def test_a_webhook_that_cannot_be_set_yet_is_tried_again(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    trouble: str,
) -> None:
    monkeypatch.setattr("bot.telegram.webhook.FIRST_PAUSE_S", 0.02)
    anna = await world.customer()
    await world.stop()
    webhook = world.telegram.updates.webhook
    webhook.set(None)
    hosts = webhook.hosts
    if trouble == "refused":
        webhook.hosts = {}
    else:
        world.telegram.fault("setWebhook", cut_before_effect=True, times=None)
    anna.send("кот")
    await world.start()
    if trouble == "refused":
        await world.until(lambda: "Telegram refuses the webhook" in caplog.text)
        assert "mend PUBLIC_URL, or set WEBHOOK=off" in caplog.text
        assert "Failed to resolve host" in caplog.text
        webhook.hosts = hosts
    else:
        await world.until(lambda: "Telegram did not take the webhook" in caplog.text)
        world.telegram.mend()
    assert world.settings.telegram_path not in caplog.text
    await world.pictures(anna, 1)
    await world.closed()


async def test_a_webhook_that_another_program_changed_is_set_again(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.telegram.webhook.LOOK_S", 0.02)
    await world.stop()
    await world.start()
    anna = await world.customer()
    await world.answered()
    world.telegram.updates.webhook_url = "https://example.org/hook"
    await world.until(lambda: "another program with this bot's token changed" in caplog.text)
    anna.send("/help")
    await world.said(anna, lambda text: "--cfg" in text)


async def test_why_telegram_could_not_bring_something_is_logged_once(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.telegram.webhook.LOOK_S", 0.02)
    await world.stop()
    await world.start()
    world.telegram.fault("webhook", cut_before_effect=True)
    await world.customer()
    await world.until(lambda: "Telegram could not bring an update: Connection reset" in caplog.text)
    looks = len(world.telegram.calls_of("getWebhookInfo"))
    await world.until(lambda: len(world.telegram.calls_of("getWebhookInfo")) > looks + 1)
    assert caplog.text.count("could not bring an update") == 1
