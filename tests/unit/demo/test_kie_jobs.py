"""What the jobs API lets through, and when; its shapes are in test_kie_shapes.py."""

from __future__ import annotations

import math
import re
from typing import Any

import aiohttp
import pytest

from bot.demo.kie import KieLimits
from tests.unit.demo.kie_api import FILM_MODEL, IMAGE_MODEL, KEY, TEXT_MODEL, Clock, made, running

CREATE = "/api/v1/jobs/createTask"
REQUIRED = "This field is required"
RANGE = "is not within the range of allowed options"
FOX = {"prompt": "a fox"}


async def test_headers_are_the_recorded_ones() -> None:
    async with running() as (kie, api):
        headers = (await api.create()).headers
        assert re.fullmatch(r"[0-9a-f]{32}", kie.tasks[0].task_id)

    assert headers["Content-Type"] == "application/json;charset=UTF-8"
    assert (headers["Server"], headers["cf-cache-status"]) == ("cloudflare", "DYNAMIC")
    assert (headers["Content-Encoding"], headers["Transfer-Encoding"]) == ("gzip", "chunked")
    assert headers["cf-ray"]
    assert re.fullmatch(r"JSESSIONID=[0-9A-F]{32}; Path=/; HttpOnly", headers["Set-Cookie"])


@pytest.mark.parametrize(
    ("model", "given", "code", "msg"),
    [
        (None, {}, 500, REQUIRED),
        ("midjourney/v9", {}, 422, "The model name you specified is not supported."),
        (["a"], {}, 422, "The model name you specified is not supported."),
        (TEXT_MODEL, {"prompt": None}, 500, REQUIRED),
        (TEXT_MODEL, {"prompt": ""}, 422, "prompt must not be empty"),
        (TEXT_MODEL, {"prompt": "  "}, 422, "prompt must not be empty"),
        (TEXT_MODEL, {"prompt": 7}, 422, "prompt must be a string"),
        (TEXT_MODEL, {"prompt": "я" * 2001}, 422, "prompt cannot exceed 2000 characters"),
        (TEXT_MODEL, {"aspect_ratio": "4:5"}, 422, f"aspect_ratio {RANGE}"),
        (TEXT_MODEL, {"negative_prompt": ""}, 422, "negative_prompt must not be empty"),
        (TEXT_MODEL, {"cfg_scale": True}, 422, "cfg_scale must be a number"),
        (TEXT_MODEL, {"cfg_scale": 1.1}, 422, "cfg_scale must be between 0 and 1"),
        (TEXT_MODEL, {"cfg_scale": 0.55}, 422, "cfg_scale must be a multiple of 0.1"),
        (TEXT_MODEL, {"style": ""}, 422, "style must not be empty"),
        (TEXT_MODEL, {"refs": [{"url": ""}]}, 422, "refs must not be empty"),
        (IMAGE_MODEL, {}, 500, REQUIRED),
        (IMAGE_MODEL, {"image_url": "file:///etc/passwd"}, 422, "image_url must be an http"),
        (
            IMAGE_MODEL,
            {"image_url": "https://api.telegram.org/file/bot1:x/photos/1.jpg"},
            422,
            "image_url must not be a Telegram file URL",
        ),
        (FILM_MODEL, {"duration": 5}, 422, f"duration {RANGE}"),
    ],
)
async def test_a_wrong_input_is_refused_under_http_200(
    model: Any, given: dict[str, Any], code: int, msg: str
) -> None:
    async with running() as (kie, api):
        answer = await api.create(model, **given)

    assert answer.status == 200
    assert list(answer.body) == ["code", "msg", "data"]
    assert (answer.body["code"], answer.body["data"]) == (code, None)
    assert answer.body["msg"].startswith(msg)
    assert kie.tasks == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"model": TEXT_MODEL}, 500),
        ({"model": TEXT_MODEL, "input": None}, 500),
        ({"model": TEXT_MODEL, "input": "text"}, 422),
        ("text", 500),
        (7, 500),
        *[({"model": TEXT_MODEL, "input": FOX, "callBackUrl": url}, 422) for url in ("", "a/b", 7)],
    ],
)
async def test_a_wrong_body_is_refused(body: object, code: int) -> None:
    async with running() as (kie, api):
        assert (await api.send(body)).body["code"] == code
        assert kie.tasks == []


@pytest.mark.parametrize(
    "given",
    [
        *[{"cfg_scale": scale} for scale in (0, 0.1, 0.3, 0.6, 0.7, 0.9, 1, 1.0)],
        {"prompt": "я" * 2000, "negative_prompt": "x" * 2500, "seed": 7, "style": "raw"},
        {"prompt": "лиса", "aspect_ratio": "16:9", "quality": "high"},
    ],
)
async def test_a_right_input_is_taken(given: dict[str, Any]) -> None:
    async with running() as (kie, api):
        assert (await api.create(**given)).body["code"] == 200
        assert (kie.tasks[0].model, kie.tasks[0].input) == (TEXT_MODEL, FOX | given)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": None},
        {"Authorization": KEY},
        {"Authorization": f"bearer {KEY}"},
        {"Content-Type": "text/plain"},
    ],
)
async def test_key_and_content_type_are_needed(headers: dict[str, str | None]) -> None:
    async with running() as (kie, api):
        given = {"Content-Type": "application/json"} | headers
        answer = await api.call("POST", CREATE, headers=given, data=b'{"model":"x"}')
        assert (answer.status, answer.body["code"], kie.calls[0].code) == (200, 401, 401)
        assert (await api.call("GET", CREATE)).body["code"] == 405


async def test_more_than_twenty_creates_in_ten_seconds_are_refused() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        for _ in range(20):
            assert (await api.create()).body["code"] == 200
            clock.now += 0.25
        over = await api.create()
        assert (over.status, "Retry-After" in over.headers) == (429, False)
        # The window slides: ten seconds after the first one there is room for one more.
        clock.now = kie.tasks[0].created_at + 10
        assert [(await api.create()).status for _ in range(2)] == [200, 429]
        kie.limits = KieLimits(http_status=200, retry_after=7)
        over = await api.create()
        assert (over.status, over.body["code"], over.headers["Retry-After"]) == (200, 429, "7")
        kie.limits = None
        assert (await api.create()).status == 200


async def test_more_than_ten_polls_in_a_second_are_refused() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        await api.create()
        task = kie.tasks[0]
        answers = [await api.poll(task.task_id) for _ in range(11)]
        assert [answer.status for answer in answers] == [200] * 10 + [429]
        clock.now += 1.0
        assert (await api.poll(task.task_id)).status == 200
        assert task.polls == [clock.now - 1.0] * 11 + [clock.now]


async def test_credits_are_taken_at_creation_and_given_back_by_a_failure() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        kie.credits, kie.task_seconds = 12.5, 3600
        kie.fail_task()
        await api.create()
        assert (await api.call("GET", "/api/v1/chat/credit")).body["data"] == 4.5
        assert (await api.create()).body["code"] == 402
        clock.now += 3600
        await api.poll(kie.tasks[0].task_id)
        await kie.wait_for(lambda: kie.credits == 12.5)


async def test_trouble_is_mended() -> None:
    async with running() as (kie, api):
        task = await made(kie, api)
        for way in (kie.fail_create, kie.fail_poll, kie.fail_task, kie.next_result):
            way(times=9)
        kie.next_task_id("known")
        kie.down["result"] = 503
        assert [(await api.result(task)).status for _ in range(3)] == [503] * 3
        kie.down["result"] = 0
        with pytest.raises(aiohttp.ClientConnectionError):
            await api.result(task)
        kie.mend()
        assert (await api.result(task)).status == (await api.poll(task.task_id)).status == 200
        assert (await made(kie, api)).state == "success"


async def test_states_pass_in_order_each_task_in_its_time() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        kie.states = ("waiting", "queuing", "generating")
        kie.task_seconds = lambda task: 3 if task.input["prompt"] == "quick" else math.inf
        await api.create(prompt="quick")
        await api.create(prompt="endless")
        seen = []
        for _ in range(4):
            seen.append([task.state for task in kie.tasks])
            clock.now += 1
        assert seen == [[word, "waiting"] for word in (*kie.states, "success")]
        kie.finish(kie.tasks[1])
        assert (await api.poll(kie.tasks[1].task_id)).body["data"]["state"] == "success"


async def test_it_is_controlled_over_http() -> None:
    async with running() as (kie, api):
        settings = {"limits": {"creates": 5}, "callbacks": {"hmac_key": "secret"}, "models": ["z"]}
        assert (await api.call("POST", "/_emu/set", json=settings)).status == 200
        assert (kie.limits, kie.models) == (KieLimits(5), {"z"})
        assert kie.callbacks.hmac_key == "secret"
        await api.call("POST", "/_emu/next_result", json={"urls": ["https://a/b.png"]})
        kie.task_seconds = math.inf
        task_id = (await api.create("z")).body["data"]["taskId"]
        await api.call("POST", "/_emu/finish", json={"task_id": task_id})
        assert (kie.tasks[0].state, kie.tasks[0].result_urls) == ("success", ["https://a/b.png"])
        assert (await api.call("POST", "/_emu/finish", json={"task_id": "x"})).status == 400
        # The control is no call of KIE's.
        assert [call.task_id for call in kie.calls] == [task_id]
