from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.unit.demo.kie_api import Clock, made, running

APOSTROPHE = (
    "Credits insufficient : Your current balance isn’t enough to run this request. "
    "Please top up to continue."
)


@pytest.mark.parametrize(
    ("given", "status", "body"),
    [
        ({}, 200, {"code": 402, "msg": APOSTROPHE, "data": None}),
        ({"code": 500, "msg": APOSTROPHE}, 200, {"code": 500, "msg": APOSTROPHE, "data": None}),
        (
            {"code": 429, "http_status": 429},
            429,
            {"code": 429, "msg": "Rate limit exceeded"},
        ),
        (
            {"code": 429},
            200,
            {
                "code": 429,
                "msg": "Your call frequency is too high. Please try again later.",
                "data": None,
            },
        ),
        (
            {"code": 500, "msg": "This field is required"},
            200,
            {"code": 500, "msg": "This field is required", "data": None},
        ),
    ],
)
async def test_creates_are_refused_as_told(given: Any, status: int, body: Any) -> None:
    async with running() as (kie, api):
        kie.fail_create(**given)
        answer = await api.create()
        assert (answer.status, answer.body) == (status, body)
        assert kie.tasks == []
        assert (await api.create()).body["code"] == 200


@pytest.mark.parametrize("code", [400, 401, 402, 404, 408, 422, 429, 433, 451, 455, 500, 501, 505])
async def test_every_documented_code_has_a_text(code: int) -> None:
    async with running() as (kie, api):
        kie.fail_create(code)
        body = (await api.create()).body

    assert body["code"] == code
    assert body["msg"]


async def test_polls_are_refused_as_told() -> None:
    async with running() as (kie, api):
        one, other = await made(kie, api), await made(kie, api)
        kie.fail_poll(times=2, retry_after=3, task_id=one.task_id)

        assert (await api.poll(other.task_id)).status == 200
        refused = await api.poll(one.task_id)
        assert (refused.status, refused.headers["Retry-After"]) == (429, "3")
        assert (await api.poll(one.task_id)).status == 429
        assert (await api.poll(one.task_id)).status == 200

        kie.fail_poll(code=422, http_status=200)
        assert (await api.poll(other.task_id)).body["msg"] == "recordInfo is null"


async def test_a_page_of_html_stands_in_for_an_answer() -> None:
    async with running() as (kie, api):
        kie.fault("createTask", html=502, times=2)
        kie.fault("createTask", body="not json")
        for _ in range(2):
            answer = await api.create()
            assert answer.status == 502
            assert answer.headers["Content-Type"].startswith("text/html")
            assert answer.raw.startswith(b"<html>")
        answer = await api.create()
        assert (answer.status, answer.raw) == (200, b"not json")
        assert kie.tasks == []
        assert (await api.create()).body["code"] == 200


async def test_a_request_may_take_effect_behind_an_error_page() -> None:
    async with running() as (kie, api):
        kie.fault("createTask", html=524, effect=True)
        assert (await api.create()).status == 524
        assert len(kie.tasks) == 1


@pytest.mark.parametrize(("when", "tasks"), [("cut_before_effect", 0), ("cut_after_effect", 1)])
async def test_the_connection_is_cut_before_or_after_the_task_was_made(
    when: str, tasks: int
) -> None:
    async with running() as (kie, api):
        kie.fault("createTask", **{when: True})  # type: ignore[arg-type]
        with pytest.raises(aiohttp.ClientConnectionError):
            await api.create()
        assert len(kie.tasks) == tasks
        assert (kie.calls[0].status, kie.calls[0].code) == (0, None)
        assert (await api.create()).body["code"] == 200


async def test_a_hanging_request_never_answers() -> None:
    async with running() as (kie, api):
        kie.fault("recordInfo", hang=True)
        task = await made(kie, api)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await api.poll(task.task_id)
        assert (await api.poll(task.task_id)).status == 200


async def test_a_slow_answer_comes_all_the_same() -> None:
    async with running() as (kie, api):
        kie.fault("models", delay_s=0.02)
        assert (await api.call("GET", "/api/v1/models")).body["code"] == 200


async def test_a_fault_of_one_endpoint_leaves_the_others_alone() -> None:
    async with running() as (kie, api):
        kie.fault("recordInfo", html=502)
        task = await made(kie, api)
        assert (await api.poll(task.task_id)).status == 502


async def test_an_unknown_endpoint_cannot_be_broken() -> None:
    async with running() as (kie, _):
        with pytest.raises(ValueError, match="no such endpoint"):
            kie.fault("nothing", html=502)  # type: ignore[arg-type]


async def test_an_injected_clock_does_not_stop_a_task_from_failing() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        kie.task_seconds = 3600
        kie.credits = 8
        kie.fail_task()
        await api.create()
        clock.now += 3600
        kie.tick()
        await kie.wait_for(lambda: kie.credits == 8)
