"""Faults on demand and flood limits, as aiogram sees them."""

import asyncio
from typing import Any

import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)

from bot.demo.telegram import FloodRules
from tests.unit.demo.telegram_talk import Talk


@pytest.mark.parametrize(
    ("form", "error", "words"),
    [
        ({"status": 500}, TelegramServerError, "Internal Server Error"),
        ({"status": 413}, TelegramEntityTooLarge, "Request Entity Too Large"),
        ({"status": 503}, TelegramServerError, "Service Unavailable"),
        (
            {"status": 400, "description": "Bad Request: CHAT_RESTRICTED"},
            TelegramBadRequest,
            "Bad Request: CHAT_RESTRICTED",
        ),
        ({"retry_after": 3}, TelegramRetryAfter, "retry after 3"),
        ({"html": 502}, ClientDecodeError, "(?i)decode"),
        ({"html": 502, "effect": True}, ClientDecodeError, "(?i)decode"),
        ({"without": ["date"]}, ClientDecodeError, "result.date"),
        ({"cut_before_effect": True}, TelegramNetworkError, "disconnected"),
        ({"cut_after_effect": True}, TelegramNetworkError, "disconnected"),
    ],
)
async def test_what_aiogram_makes_of_each(
    talk: Talk, form: dict[str, Any], error: type[Exception], words: str
) -> None:
    fault = talk.telegram.fault("sendMessage", **form)
    with pytest.raises(error, match=words):
        await talk.bot.send_message(1001, "x")
    effect = {"effect", "without", "cut_after_effect"} & form.keys() != set()
    assert (len(talk.anna.messages), fault.hits) == (effect, 1)
    (call,) = talk.telegram.calls
    assert (call.had_effect, call.ok) == (effect, "without" in form)
    await talk.bot.send_message(1001, "y")


async def test_429_with_retry_after_in_body_and_header(talk: Talk) -> None:
    talk.telegram.fault("sendMessage", retry_after=7)
    async with talk.http.get(f"{talk.api}sendMessage?chat_id=1001&text=x") as response:
        assert response.headers["Retry-After"] == "7"
        assert await response.json() == {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 7",
            "parameters": {"retry_after": 7},
        }


async def test_no_answer_at_all(talk: Talk) -> None:
    fault = talk.telegram.fault("sendMessage", hang=True)
    with pytest.raises(TelegramNetworkError, match="timeout"):
        await talk.bot.send_message(1001, "x", request_timeout=0.05)  # type: ignore[arg-type]
    assert fault.hits == 1
    hanging = asyncio.create_task(talk.call("getMe"))
    talk.telegram.fault("getMe", hang=True)
    await talk.telegram.wait_for(lambda: talk.telegram.calls_of("getMe"))
    talk.telegram.closing.set()  # does not wait for it
    with pytest.raises(Exception, match=r"disconnected|reset|closed"):
        await hanging


async def test_a_slow_answer_comes_late_but_the_effect_at_once(talk: Talk) -> None:
    talk.telegram.fault("sendMessage", delay_s=0.1)
    sending = asyncio.create_task(talk.bot.send_message(1001, "x"))
    await talk.telegram.wait_for(lambda: talk.anna.messages)
    assert not sending.done()
    assert (await sending).text == "x"


async def test_faults_choose_their_calls(talk: Talk) -> None:
    talk.telegram.add_person(1002, "Борис", started=True)
    lasting = talk.telegram.fault("*", status=500, chat_id=1002, times=None)
    for _ in range(2):
        assert not (await talk.call("sendMessage", chat_id=1002, text="x"))["ok"]
        await talk.say()
    assert lasting.hits == 2
    talk.telegram.withdraw(lasting)
    await talk.done("sendMessage", chat_id=1002, text="x")
    twice = talk.telegram.fault("sendMessage", status=500, times=2)
    assert await talk.refusal("sendMessage", chat_id=1001) == "message text is empty"
    assert twice.hits == 0  # a wrong call does not use it up
    for _ in range(2):
        assert not (await talk.call("sendMessage", chat_id=1001, text="x"))["ok"]
    await talk.say()
    talk.telegram.fault("*", status=500)
    assert await talk.updates() == []
    assert not (await talk.call("getMe"))["ok"]
    with pytest.raises(ValueError, match="there is no sendSmell"):
        talk.telegram.fault("sendSmell", status=500)


async def test_downloads_fail_too(talk: Talk) -> None:
    talk.anna.send_document(b"1", filename="a.txt")
    file_id = talk.anna.messages[-1].wire()["document"]["file_id"]
    path = (await talk.done("getFile", file_id=file_id))["file_path"]
    talk.telegram.fault("download", status=500)
    talk.telegram.fault("download", html=502)
    for status in (500, 502, 200):
        assert (await talk.get(f"/file/bot{talk.telegram.token}/{path}"))[0] == status


async def test_flood_limits(talk: Talk) -> None:
    async def waits(chat_id: int = 1001) -> int:
        body = await talk.call("sendMessage", chat_id=chat_id, text="x")
        seconds: int = body.get("parameters", {}).get("retry_after", 0)
        return seconds

    talk.telegram.stop_clock()
    talk.telegram.flood = FloodRules(per_chat_per_s=1, burst=2, overall_per_s=30)
    assert [await waits() for _ in range(3)] == [0, 0, 1]
    talk.telegram.move_clock(1)
    assert [await waits() for _ in range(2)] == [0, 1]
    await talk.done("sendChatAction", chat_id=1001, action="typing")  # does not count
    talk.telegram.add_group(-100500, "Группа", [talk.anna])
    talk.telegram.flood = FloodRules(100, burst=100, overall_per_s=100, per_group_per_min=2)
    assert [await waits(-100500) for _ in range(3)] == [0, 0, 30]
    talk.telegram.flood = FloodRules(100, burst=100, overall_per_s=3)
    talk.telegram.add_person(1002, "Борис", started=True)
    assert [await waits(chat_id) for chat_id in (1001, 1001, 1002, 1002)] == [0, 0, 0, 1]
    talk.telegram.flood = None
    await talk.say()
