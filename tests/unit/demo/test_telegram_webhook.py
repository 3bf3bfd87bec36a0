"""setWebhook: what it takes, how updates are brought, repeats, and what getWebhookInfo tells."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web

from tests.unit.demo.telegram_talk import BUTTON, Talk, keyboard

ORIGIN = "https://bot.example.org"
URL = f"{ORIGIN}/telegram/hook?a=b"


@dataclass
class Bot:
    """What answers behind the proxy: `statuses` in turn, then 200; holds back while `gate` is
    there."""

    came: list[dict[str, Any]] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    gate: Callable[[dict[str, Any]], asyncio.Event | None] = lambda _: None

    async def take(self, request: web.Request) -> web.Response:
        update = await request.json()
        self.came.append(update)
        self.requests.append(request)
        status = self.statuses.pop(0) if self.statuses else 200
        if (event := self.gate(update)) is not None:
            await event.wait()
        return web.Response(status=status, headers=self.headers if status != 200 else {})

    @property
    def texts(self) -> list[str]:
        return [each["message"]["text"] for each in self.came]


@asynccontextmanager
async def listening(talk: Talk) -> AsyncIterator[Bot]:
    """A bot at ORIGIN, to which nothing is brought yet; pauses are short."""
    bot = Bot()
    app = web.Application()
    app.router.add_post("/telegram/hook", bot.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    webhook = talk.telegram.updates.webhook
    webhook.hosts = {ORIGIN: f"http://127.0.0.1:{runner.addresses[0][1]}"}
    webhook.pace = 0.01
    try:
        yield bot
    finally:
        await runner.cleanup()


@pytest.fixture
async def bot(talk: Talk) -> AsyncIterator[Bot]:
    async with listening(talk) as bot:
        yield bot


async def all_brought(talk: Talk) -> None:
    await talk.telegram.wait_for(lambda: not talk.telegram.pending_updates, 5)


def statuses(talk: Talk) -> list[int]:
    return [each.status for each in talk.telegram.updates.webhook.deliveries]


async def test_updates_are_brought_with_the_secret(talk: Talk, bot: Bot) -> None:
    talk.anna.send("waited")
    assert await talk.done("setWebhook", url=URL, secret_token="s-_3", max_connections=100) is True
    talk.anna.send("new")
    await all_brought(talk)
    assert bot.texts == ["waited", "new"]
    (first, _) = bot.requests
    assert first.headers["X-Telegram-Bot-Api-Secret-Token"] == "s-_3"
    assert (first.method, first.path_qs) == ("POST", "/telegram/hook?a=b")
    assert (first.host, first.content_type) == ("bot.example.org", "application/json")
    info = await talk.bot.get_webhook_info()
    assert (info.url, info.pending_update_count, info.max_connections) == (URL, 0, 100)
    assert info.last_error_date is None
    assert await talk.refusal("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; "
        "use deleteWebhook to delete the webhook first"
    )


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"url": "http://bot.example.org/x"}, "bad webhook: An HTTPS URL must be provided for"),
        ({"url": f"{ORIGIN}:8080/x"}, "bad webhook: Webhook can be set up only on ports 80, 88,"),
        ({"url": "https://127.0.0.1/x"}, "bad webhook: IP address 127.0.0.1 is reserved"),
        ({"url": "https://else.example.org/x"}, "bad webhook: Failed to resolve host: Name or"),
        ({"url": "ftp://bot.example.org"}, "invalid webhook URL specified"),
        ({"url": "https://bot.example.org:x"}, "invalid webhook URL specified"),
        ({"url": URL, "secret_token": "a" * 257}, "secret token is too long"),
        ({"url": URL, "secret_token": "a b"}, "secret token contains unallowed characters"),
        ({"url": URL, "max_connections": 101}, "setWebhook takes max_connections of 1-100"),
        ({"url": URL, "ip_adress": "1"}, 'unknown field "ip_adress" of setWebhook'),
    ],
)
async def test_what_is_refused(talk: Talk, bot: Bot, params: dict[str, Any], words: str) -> None:
    assert (await talk.refusal("setWebhook", **params)).startswith(words)
    assert (await talk.done("getWebhookInfo"))["url"] == ""


async def test_twice_in_a_second_is_too_often(talk: Talk, bot: Bot) -> None:
    talk.telegram.updates.webhook.pace = 1.0
    await talk.done("setWebhook", url=URL)
    refused = await talk.call("setWebhook", url=URL)
    assert (refused["error_code"], refused["parameters"]) == (429, {"retry_after": 1})
    assert await talk.done("setWebhook") is True, "to take it away is always possible"
    assert await talk.done("deleteWebhook") is True


async def test_a_refused_one_comes_again_and_the_rest_of_its_chat_waits(
    talk: Talk, bot: Bot
) -> None:
    boris = talk.telegram.add_person(1002, "Борис", started=True)
    bot.statuses = [503, 404, 302, 500]
    talk.anna.send("a1")
    talk.anna.send("a2")
    await talk.done("setWebhook", url=URL)
    await talk.telegram.wait_for(lambda: len(bot.came) > 1, 5)
    boris.send("b")
    await all_brought(talk)
    anna = [text for text in bot.texts if text != "b"]
    assert anna[-1] == "a2"
    assert set(anna[:-1]) == {"a1"}
    assert sorted(statuses(talk)) == [200, 200, 200, 302, 404, 500, 503]
    info = await talk.bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
    assert info.last_error_date is not None, "it stays, though all got through since"


async def test_pauses_double_and_retry_after_is_obeyed(talk: Talk, bot: Bot) -> None:
    webhook = talk.telegram.updates.webhook
    webhook.pace = 0.02
    bot.statuses = [503, 503, 503, 503]
    await talk.done("setWebhook", url=URL)
    talk.anna.send("a")
    await all_brought(talk)
    at = [each.at for each in webhook.deliveries]
    pauses = [later - earlier for earlier, later in pairwise(at)]
    for least, pause in zip((0, 0.04, 0.08, 0.16), pauses, strict=True):
        assert pause >= least * 0.99
    bot.statuses, bot.headers = [503], {"Retry-After": "6"}
    talk.anna.send("b")
    await all_brought(talk)
    first, second = webhook.deliveries[-2:]
    assert second.at - first.at >= 0.12 * 0.99


async def test_side_by_side_but_for_one_chat_and_kind(talk: Talk, bot: Bot) -> None:
    boris = talk.telegram.add_person(1002, "Борис", started=True)
    message = await talk.say(reply_markup=keyboard(BUTTON))
    await talk.done("setWebhook", url=URL)
    talk.anna.send("first")  # from now on something gets through
    await all_brought(talk)
    held = asyncio.Event()
    bot.gate = lambda _: held
    talk.anna.send("a1")
    talk.anna.send("a2")
    talk.anna.press(message, "more")
    boris.send("b")
    await talk.telegram.wait_for(lambda: len(bot.came) == 4, 5)
    kinds = [each["message"]["text"] if "message" in each else "press" for each in bot.came]
    assert sorted(kinds) == ["a1", "b", "first", "press"]
    held.set()
    await all_brought(talk)
    assert bot.came[-1]["message"]["text"] == "a2"


async def test_no_new_connections_while_nothing_gets_through(talk: Talk, bot: Bot) -> None:
    """Who does not answer gets nothing more: even a press of Pay waits for a free connection."""
    people = [talk.telegram.add_person(2000 + n, "Кто-то", started=True) for n in range(3)]
    await talk.done("setWebhook", url=URL)
    held = asyncio.Event()
    bot.gate = lambda _: held
    for person in people:
        person.send("x")
    await talk.telegram.wait_for(lambda: len(bot.came) == 1, 5)
    await asyncio.sleep(0.05)  # what does not come rings no bell
    assert len(bot.came) == 1
    held.set()
    await all_brought(talk)
    assert len(bot.came) == 3


async def test_at_most_as_many_at_once_as_the_bot_wants(talk: Talk, bot: Bot) -> None:
    people = [talk.telegram.add_person(2000 + n, "Кто-то", started=True) for n in range(6)]
    talk.telegram.updates.webhook.pace = 0.05
    await talk.done("setWebhook", url=URL, max_connections=2)
    talk.anna.send("first")
    await all_brought(talk)
    held = asyncio.Event()
    bot.gate = lambda _: held
    for person in people:
        person.send("x")
    await talk.telegram.wait_for(lambda: len(bot.came) == 3, 5)
    await asyncio.sleep(0.05)
    assert len(bot.came) == 3
    held.set()
    await all_brought(talk)


async def test_an_answer_that_is_lost_or_late_means_once_more(talk: Talk, bot: Bot) -> None:
    webhook = talk.telegram.updates.webhook
    await talk.done("setWebhook", url=URL)
    talk.telegram.fault("webhook", cut_after_effect=True)
    talk.anna.send("lost")
    await all_brought(talk)
    assert bot.texts == ["lost", "lost"]
    talk.telegram.fault("webhook", cut_before_effect=True)
    talk.anna.send("never came")
    await all_brought(talk)
    assert bot.texts.count("never came") == 1
    held = asyncio.Event()
    bot.gate = lambda _: None if held.is_set() else held
    webhook.answer_s = 0.05
    talk.anna.send("late")
    await talk.telegram.wait_for(lambda: bot.texts.count("late") == 2, 5)
    assert "Read timeout expired" in [each.error for each in webhook.deliveries]
    held.set()
    await all_brought(talk)


async def test_nobody_listens(talk: Talk) -> None:
    async with listening(talk) as bot:
        await talk.done("setWebhook", url=URL)
    talk.anna.send("kept")
    await talk.telegram.wait_for(lambda: talk.telegram.updates.webhook.last_error, 5)
    info = await talk.bot.get_webhook_info()
    assert info.last_error_message == "Connection refused"
    assert (info.pending_update_count, bot.came) == (1, [])
    await talk.done("deleteWebhook")
    assert len(await talk.updates()) == 1, "what could not be brought can be asked for"


async def test_a_change_breaks_off_what_is_under_way(talk: Talk, bot: Bot) -> None:
    await talk.done("setWebhook", url=URL)
    held = asyncio.Event()
    bot.gate = lambda _: held
    talk.anna.send("a")
    await talk.telegram.wait_for(lambda: bot.came, 5)
    await asyncio.sleep(0.02)
    assert await talk.done("setWebhook", url=URL) is True, "the same changes nothing"
    await asyncio.sleep(0.02)
    await talk.done("setWebhook", url=URL, secret_token="other")
    await talk.telegram.wait_for(lambda: len(bot.came) == 2, 5)
    held.set()
    await all_brought(talk)
    assert bot.texts == ["a", "a"]


async def test_a_refused_change_leaves_none(talk: Talk, bot: Bot) -> None:
    await talk.done("setWebhook", url=URL)
    await asyncio.sleep(0.02)
    await talk.refusal("setWebhook", url="https://else.example.org/x")
    assert (await talk.done("getWebhookInfo"))["url"] == ""


async def test_what_is_too_old_is_brought_no_more(talk: Talk, bot: Bot) -> None:
    bot.statuses = [500] * 1000
    await talk.done("setWebhook", url=URL)
    talk.anna.send("old")
    await talk.telegram.wait_for(lambda: bot.came, 5)
    talk.telegram.move_clock(24 * 3600)
    await all_brought(talk)


async def test_who_is_gone_for_a_day_has_no_webhook_any_more(talk: Talk, bot: Bot) -> None:
    bot.statuses = [410] * 1000
    await talk.done("setWebhook", url=URL)
    talk.anna.send("x")
    await talk.telegram.wait_for(lambda: bot.came, 5)
    assert talk.telegram.updates.webhook_url == URL
    talk.telegram.move_clock(23 * 3600 + 1)
    await talk.telegram.wait_for(lambda: not talk.telegram.updates.webhook_url, 5)
    assert len(talk.telegram.pending_updates) == 1


async def test_only_allowed_kinds_are_brought(talk: Talk, bot: Bot) -> None:
    await talk.done("setWebhook", url=URL, allowed_updates=["message"])
    talk.anna.press(await talk.say(reply_markup=keyboard(BUTTON)), "more")
    talk.anna.send("a")
    await all_brought(talk)
    assert bot.texts == ["a"]
    assert (await talk.bot.get_webhook_info()).allowed_updates == ["message"]
    talk.telegram.updates.repeat_next()
    talk.telegram.updates.add_unknown_fields(brand_new=1)
    talk.anna.send("b")
    await talk.telegram.wait_for(lambda: len(bot.came) == 3, 5)
    assert bot.texts[1:] == ["b", "b"]
    assert bot.came[1]["brand_new"] == 1
