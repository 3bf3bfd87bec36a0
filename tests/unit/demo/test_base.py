"""What all stand-ins have, shown with one that counts."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import aiohttp
import pytest
from aiohttp import web

from bot.demo.base import StandIn

PICTURE = bytes(1000)


class Switches(StandIn):
    step: int = 1


class Counter(Switches):
    """`count` goes up by `step` with each request."""

    names = frozenset({"count", "picture"})
    answers: ClassVar = {"teapot": lambda: web.Response(status=418)}
    switches = Switches
    count = 0

    def name_of(self, request: web.Request) -> str:
        return request.path.strip("/")

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/count", self._count), web.post("/picture", self._picture)]

    def actions(self) -> dict[str, Callable[..., object]]:
        return super().actions() | {"sizes": self._sizes}

    async def _count(self, _: web.Request) -> web.Response:
        self.count += self.step
        return web.Response(text=str(self.count))

    async def _picture(self, _: web.Request) -> web.Response:
        self.count += self.step
        return web.Response(body=PICTURE, content_type="image/png")

    async def _sizes(self, data: bytes, times: int = 1) -> dict[str, int]:
        return {"bytes": len(data) * times}


@asynccontextmanager
async def counting() -> AsyncIterator[tuple[Counter, aiohttp.ClientSession]]:
    async with (
        Counter(time.time).serving(0) as counter,
        aiohttp.ClientSession(counter.url) as session,
    ):
        yield counter, session


async def get(
    session: aiohttp.ClientSession, path: str = "/count", timeout_s: float = 60
) -> tuple[int, str]:
    async with asyncio.timeout(timeout_s), session.post(path) as response:
        return response.status, await response.text()


@pytest.mark.parametrize(
    ("form", "status", "text", "count"),
    [
        ({"html": 502}, 502, "<center><h1>502</h1></center>", 0),
        ({"html": 540, "effect": True}, 540, "<h1>540</h1>", 1),
        ({"body": "{broken"}, 200, "{broken", 0),
        ({"body": {"ok": True}}, 200, '{"ok": true}', 0),
        ({"body": [], "effect": True}, 200, "[]", 1),
        ({"answer": "teapot"}, 418, "", 0),
        ({"delay_s": 0.01}, 200, "1", 1),
        ({"delay_s": 0.01, "html": 502}, 502, "502", 0),
        ({"drip_s": 0.0001}, 200, "1", 1),
    ],
)
async def test_an_answer_suffers_as_ordered(
    form: dict[str, Any], status: int, text: str, count: int
) -> None:
    async with counting() as (counter, session):
        counter.fault("count", **form)
        got = await get(session)
        assert (got[0], counter.count) == (status, count)
        assert text in got[1]
        assert await counter.wait_for(lambda: counter.calls[0].status) == status
        assert await get(session) == (200, str(count + 1))


@pytest.mark.parametrize(
    ("path", "form", "error", "count"),
    [
        ("/count", {"hang": True}, TimeoutError, 0),
        ("/count", {"hang": True, "effect": True}, TimeoutError, 1),
        ("/count", {"cut_before_effect": True}, aiohttp.ClientConnectionError, 0),
        ("/count", {"cut_after_effect": True}, aiohttp.ClientConnectionError, 1),
        ("/picture", {"cut_after_effect": True}, aiohttp.ClientPayloadError, 1),
        ("/picture", {"drip_s": 0.02}, TimeoutError, 1),
    ],
)
async def test_an_answer_stays_away_as_ordered(
    path: str, form: dict[str, Any], error: type[Exception], count: int
) -> None:
    async with counting() as (counter, session):
        counter.fault(path.strip("/"), **form)
        with pytest.raises(error):
            await get(session, path, timeout_s=0.3 if error is TimeoutError else 60)
        assert counter.count == count
        assert (counter.calls[0].status, counter.calls[0].code) == (0, None)
        assert (await get(session, path))[0] == 200


async def test_faults_come_in_the_order_and_as_often_as_ordered() -> None:
    async with counting() as (counter, session):
        counter.fault("picture", html=500)
        counter.fault("count", html=502, times=2)
        lasting = counter.fault(html=503, times=None)
        assert [(await get(session))[0] for _ in range(4)] == [502, 502, 503, 503]
        assert [(await get(session, "/picture"))[0] for _ in range(2)] == [500, 503]
        assert lasting.hits == 3
        counter.withdraw(lasting)
        counter.withdraw(lasting)
        assert (await get(session))[0] == 200
        counter.fault(html=503, times=None)
        counter.mend()
        assert (await get(session))[0] == 200


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("count", {}),
        ("count", {"effect": True}),
        ("count", {"html": 502, "hang": True}),
        ("count", {"html": 502, "body": ""}),
        ("count", {"cut_before_effect": True, "cut_after_effect": True}),
        ("cuont", {"hang": True}),
    ],
)
async def test_a_wrong_fault_is_an_error(name: str, form: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"one fault at a time|there is no cuont"):
        Counter(time.time).fault(name, **form)


async def test_waiting_for_what_calls_bring_about() -> None:
    async with counting() as (counter, session), asyncio.TaskGroup() as group:
        waiting = group.create_task(counter.wait_for(lambda: counter.count))
        group.create_task(get(session))
        assert await waiting == 1
        with pytest.raises(
            TimeoutError, match=r"not within 0\.01 s; last calls \['count 200 None'\]"
        ):
            await counter.wait_for(lambda: False, timeout_s=0.01)


async def post(session: aiohttp.ClientSession, name: str, **given: Any) -> tuple[int, Any]:
    async with session.post(f"/_emu/{name}", **given) as response:
        return response.status, await response.json()


async def test_the_control_sets_breaks_and_tells() -> None:
    async with counting() as (counter, session):
        assert await post(session, "set", json={"step": 5}) == (200, None)
        await post(session, "fault", json={"name": "count", "html": 502})
        assert [(await get(session))[0] for _ in range(2)] == [502, 200]
        assert counter.count == 5
        _, calls = await post(session, "calls", json={"since": 1})
        assert [(call["name"], call["status"]) for call in calls] == [("count", 200)]
        await post(session, "fault", json={"hang": True, "times": None})
        await post(session, "mend")
        assert (await get(session))[0] == 200
        data = base64.b64encode(b"four").decode()
        assert await post(session, "sizes", json={"data": data, "times": 2}) == (200, {"bytes": 8})


@pytest.mark.parametrize(
    ("name", "given", "error"),
    [
        ("nothing", "{}", "LookupError: no such action"),
        ("set", '{"colour": "red"}', "KeyError: 'colour'"),
        ("set", '{"step": "many"}', "Input should be a valid integer"),
        ("set", "[]", "TypeError"),
        ("set", "{", "JSONDecodeError"),
        ("fault", '{"html": "many"}', "Input should be a valid integer"),
        ("fault", '{"htlm": 502}', "Unexpected keyword argument"),
        ("fault", '{"answer": "coffee"}', "there is no coffee"),
        ("sizes", '{"data": "?"}', "valid base64"),
    ],
)
async def test_the_control_refuses_what_is_wrong(name: str, given: str, error: str) -> None:
    async with counting() as (counter, session):
        status, told = await post(session, name, data=given)
        assert status == 400
        assert error in told["error"]
        assert (counter.step, await get(session)) == (1, (200, "1"))


@pytest.mark.parametrize(
    "header", [{"Origin": "https://example.com"}, {"Host": "example.com"}, {"Origin": "null"}]
)
async def test_the_control_is_for_this_machine(header: dict[str, str]) -> None:
    async with counting() as (counter, session):
        refused = await post(session, "set", data=json.dumps({"step": 5}), headers=header)
        assert refused == (403, {"error": "for this machine only"})
        own = {"Origin": counter.url}
        assert (await post(session, "set", json={"step": 5}, headers=own))[0] == 200


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("telegram", "/bot{key}/getMe"),
        ("kie", "/api/v1/chat/credit"),
        ("supabase", "/storage/v1/bucket/images"),
    ],
)
async def test_each_runs_as_a_program(name: str, asked: str) -> None:
    program = (sys.executable, "-m", "bot.demo", name, "--port", "0")
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(60):
        url, key = [(await process.stdout.readline()).decode().strip() for _ in range(2)]
        headers = {"Authorization": f"Bearer {key}"}
        async with aiohttp.ClientSession(url) as session:
            if name == "supabase":
                await post(session, "add_bucket", json={"name": "images"})
            async with session.get(asked.format(key=key), headers=headers) as response:
                assert response.status == 200
                assert (await response.json()).get("code", 200) == 200
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
