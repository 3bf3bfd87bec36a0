"""Faults on demand and flood limits, as aiogram sees them."""

import asyncio
import time

import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import BufferedInputFile

from bot.demo.telegram import FloodRules
from tests.unit.demo.test_telegram_basics import png, talking


async def test_429_with_retry_after_in_body_and_header() -> None:
    async with talking() as talk:
        talk.telegram.fault("sendPhoto", status=429, retry_after=3)
        with pytest.raises(TelegramRetryAfter) as caught:
            await talk.bot.send_photo(1001, BufferedInputFile(png(), "a.png"))
        assert caught.value.retry_after == 3
        await talk.bot.send_photo(1001, BufferedInputFile(png(), "a.png"))
        talk.telegram.fault("sendMessage", retry_after=7)
        url = f"{talk.telegram.url}/bot{talk.telegram.token}/sendMessage?chat_id=1001&text=x"
        async with talk.http.get(url) as response:
            assert response.headers["Retry-After"] == "7"
            assert await response.json() == {
                "ok": False,
                "error_code": 429,
                "description": "Too Many Requests: retry after 7",
                "parameters": {"retry_after": 7},
            }
    assert len(talk.anna.messages) == 1


async def test_errors_as_json() -> None:
    async with talking() as talk:
        talk.telegram.fault("sendMessage", status=500)
        with pytest.raises(TelegramServerError, match="Internal Server Error"):
            await talk.bot.send_message(1001, "x")
        talk.telegram.fault("sendMessage", status=413)
        with pytest.raises(TelegramEntityTooLarge):
            await talk.bot.send_message(1001, "x")
        talk.telegram.fault("sendMessage", status=503)
        with pytest.raises(TelegramServerError, match="Service Unavailable"):
            await talk.bot.send_message(1001, "x")
        talk.telegram.fault("sendMessage", status=400, description="Bad Request: CHAT_RESTRICTED")
        with pytest.raises(TelegramBadRequest, match="Bad Request: CHAT_RESTRICTED"):
            await talk.bot.send_message(1001, "x")
    assert not talk.anna.messages
    assert [call.had_effect for call in talk.telegram.calls] == [False] * 4


async def test_an_error_page_with_and_without_effect() -> None:
    async with talking() as talk:
        talk.telegram.fault("sendMessage", html=502)
        with pytest.raises(ClientDecodeError):
            await talk.bot.send_message(1001, "lost")
        talk.telegram.fault("sendMessage", html=502, effect=True)
        with pytest.raises(ClientDecodeError):
            await talk.bot.send_message(1001, "arrived")
    assert [message.text for message in talk.anna.messages] == ["arrived"]
    assert [(call.ok, call.had_effect) for call in talk.telegram.calls] == [
        (False, False),
        (False, True),
    ]


async def test_a_result_that_lacks_a_field() -> None:
    async with talking() as talk:
        talk.telegram.fault("sendMessage", without=["date", "chat"])
        body = await talk.call("sendMessage", chat_id=1001, text="arrived")
        assert body["ok"]
        assert body["result"].keys() == {"message_id", "from", "text"}
        talk.telegram.fault("sendMessage", without=["date"])
        with pytest.raises(ClientDecodeError):
            await talk.bot.send_message(1001, "arrived")
    assert len(talk.anna.messages) == 2


async def test_connections_that_are_cut() -> None:
    async with talking() as talk:
        talk.telegram.fault("sendMessage", cut_before_effect=True)
        with pytest.raises(TelegramNetworkError):
            await talk.bot.send_message(1001, "lost")
        talk.telegram.fault("sendMessage", cut_after_effect=True)
        with pytest.raises(TelegramNetworkError):
            await talk.bot.send_message(1001, "arrived")
        await talk.bot.send_message(1001, "fine")
    assert [message.text for message in talk.anna.messages] == ["arrived", "fine"]


async def test_no_answer_at_all() -> None:
    async with talking() as talk:
        fault = talk.telegram.fault("sendMessage", hang=True)
        with pytest.raises(TelegramNetworkError, match="timeout"):
            await talk.bot.send_message(1001, "x", request_timeout=0.05)  # type: ignore[arg-type]
        assert fault.hits == 1
        hanging = asyncio.create_task(talk.call("getMe"))
        talk.telegram.fault("getMe", hang=True)
        await talk.telegram.wait_for(lambda: talk.telegram.calls_of("getMe"))
        started = time.monotonic()
    assert time.monotonic() - started < 3, "a hanging call does not hold up the end"
    with pytest.raises(Exception, match=r"disconnected|reset|closed"):
        await hanging


async def test_a_slow_answer_comes_late_but_the_effect_at_once() -> None:
    async with talking() as talk:
        talk.telegram.fault("sendMessage", delay_s=0.1)
        sending = asyncio.create_task(talk.bot.send_message(1001, "x"))
        await talk.telegram.wait_for(lambda: talk.anna.messages)
        assert not sending.done()
        assert (await sending).text == "x"


async def test_faults_choose_their_calls() -> None:
    async with talking() as talk:
        talk.telegram.add_person(1002, "Борис", started=True)
        lasting = talk.telegram.fault("*", status=500, chat_id=1002, times=None)
        for _ in range(3):
            with pytest.raises(TelegramServerError):
                await talk.bot.send_message(1002, "x")
            await talk.bot.send_message(1001, "x")
        assert lasting.hits == 3
        talk.telegram.withdraw(lasting)
        await talk.bot.send_message(1002, "x")
        twice = talk.telegram.fault("sendMessage", status=500, times=2)
        for _ in range(2):
            with pytest.raises(TelegramServerError):
                await talk.bot.send_message(1001, "x")
        await talk.bot.send_message(1001, "x")
        assert twice.hits == 2
        talk.telegram.fault("*", status=500)
        assert await talk.bot.get_updates() == []
        with pytest.raises(TelegramServerError):
            await talk.bot.get_me()


async def test_a_wrong_call_does_not_use_up_a_fault() -> None:
    async with talking() as talk:
        fault = talk.telegram.fault("sendMessage", status=500)
        assert await talk.refusal("sendMessage", chat_id=1001) == "message text is empty"
        assert fault.hits == 0


async def test_downloads_fail_too() -> None:
    async with talking() as talk:
        talk.anna.send_document(b"1", filename="a.txt")
        document = talk.anna.messages[-1].document
        assert document is not None
        path = (await talk.bot.get_file(document.file_id)).file_path
        url = f"{talk.telegram.url}/file/bot{talk.telegram.token}/{path}"
        talk.telegram.fault("download", status=500)
        talk.telegram.fault("download", html=502)
        for status in (500, 502, 200):
            async with talk.http.get(url) as response:
                assert response.status == status


async def test_flood_limits_of_a_chat() -> None:
    async with talking() as talk:
        talk.telegram.flood = FloodRules(per_chat_per_s=1, burst=2, overall_per_s=30)
        talk.telegram.stop_clock()
        await talk.say()
        await talk.say()
        body = await talk.call("sendMessage", chat_id=1001, text="x")
        assert (body["error_code"], body["parameters"]) == (429, {"retry_after": 1})
        talk.telegram.move_clock(1)
        await talk.say()
        assert (await talk.call("sendMessage", chat_id=1001, text="x"))["error_code"] == 429
        assert (await talk.call("sendChatAction", chat_id=1001, action="typing"))["ok"]
        talk.telegram.flood = None
        await talk.say()


async def test_flood_limits_of_groups_and_overall() -> None:
    async with talking() as talk:
        talk.telegram.add_group(-100500, "Группа", [talk.anna])
        talk.telegram.stop_clock()
        talk.telegram.flood = FloodRules(100, burst=100, overall_per_s=100, per_group_per_min=2)
        for _ in range(2):
            assert (await talk.call("sendMessage", chat_id=-100500, text="x"))["ok"]
        body = await talk.call("sendMessage", chat_id=-100500, text="x")
        assert body["parameters"] == {"retry_after": 30}
        talk.telegram.flood = FloodRules(100, burst=100, overall_per_s=3)
        for _ in range(2):
            await talk.say()
        talk.telegram.add_person(1002, "Борис", started=True)
        answers = [await talk.call("sendMessage", chat_id=1002, text="x") for _ in range(2)]
        assert [answer.get("error_code") for answer in answers][-1] == 429
