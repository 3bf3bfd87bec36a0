from __future__ import annotations

import json
import math

import pytest

from bot.demo.kie import KieLimits
from tests.unit.demo.kie_api import TEXT_MODEL, Clock, made, running

RECORDED_KEYS = [
    "taskId",
    "model",
    "state",
    "param",
    "resultJson",
    "failCode",
    "failMsg",
    "costTime",
    "completeTime",
    "createTime",
    "creditsConsumed",
]


async def test_a_waiting_task_has_the_recorded_nulls() -> None:
    async with running(clock=Clock(1_776_323_960.936)) as (kie, api):
        kie.task_seconds = 60
        await api.create(prompt="fox")
        task = kie.tasks[0]
        answer = await api.poll(task.task_id)

    assert answer.status == 200
    assert list(answer.body) == ["code", "msg", "data"]
    assert list(answer.body["data"]) == RECORDED_KEYS
    assert answer.body["data"] | {"param": "..."} == {
        "taskId": task.task_id,
        "model": TEXT_MODEL,
        "state": "waiting",
        "param": "...",
        "resultJson": "",
        "failCode": None,
        "failMsg": None,
        "costTime": None,
        "completeTime": None,
        "createTime": 1776323960936,
        "creditsConsumed": 8.0,
    }
    assert b'"creditsConsumed":8.0}' in answer.raw


async def test_success_has_the_recorded_shape() -> None:
    clock = Clock(1_787_235_578.913)
    async with running(clock=clock) as (kie, api):
        kie.task_seconds = 643.6
        await api.create(prompt="белый кот", quality="high")
        clock.now += 700
        task = kie.tasks[0]
        data = (await api.poll(task.task_id)).body["data"]

    assert list(data) == RECORDED_KEYS
    assert data["state"] == "success"
    assert data["resultJson"] == f'{{"resultUrls":["{task.result_urls[0]}"]}}'
    assert task.result_urls[0].startswith(f"{kie.url}/r/{task.task_id}_1_1787235578_")
    assert task.result_urls[0].endswith(".png")
    assert "?" not in task.result_urls[0]
    # Whole seconds, rounded down; the times in milliseconds.
    assert (data["costTime"], data["completeTime"]) == (643, 1787236222513)
    assert (data["failCode"], data["failMsg"]) == (None, None)
    assert isinstance(data["creditsConsumed"], float)


async def test_param_is_encoded_twice() -> None:
    async with running() as (kie, api):
        await api.create(prompt='"кот"', quality="high", aspect_ratio="1:1")
        data = (await api.poll(kie.tasks[0].task_id)).body["data"]

    param = json.loads(data["param"])
    assert list(param) == ["input", "model"]
    assert param["model"] == TEXT_MODEL
    assert isinstance(param["input"], str)
    inner = {"prompt": '"кот"', "quality": "high", "aspect_ratio": "1:1"}
    assert json.loads(param["input"]) == inner
    assert "кот" in param["input"]


async def test_a_failed_task_has_a_code_that_is_a_string() -> None:
    async with running() as (kie, api):
        kie.fail_task("500", "Upload failed: Server internal error.")
        task = await made(kie, api)
        data = (await api.poll(task.task_id)).body["data"]

    assert (data["state"], data["resultJson"]) == ("fail", "")
    assert (data["failCode"], data["failMsg"]) == ("500", "Upload failed: Server internal error.")
    assert data["costTime"] == 0
    assert isinstance(data["completeTime"], int)
    assert data["creditsConsumed"] == 0.0


async def test_a_task_refused_upstream_failed_at_once_and_never_ran() -> None:
    async with running() as (kie, api):
        kie.task_seconds = 60
        kie.fail_task("422", "generate playground failed, task id is blank", submit=True)
        task = await made(kie, api)
        data = (await api.poll(task.task_id)).body["data"]

    assert (data["state"], data["failCode"]) == ("fail", "422")
    assert (data["costTime"], data["completeTime"]) == (None, None)


async def test_only_as_many_tasks_fail_as_were_told_to() -> None:
    async with running() as (kie, api):
        kie.fail_task("INTERNAL", "word", times=2)
        states = [(await made(kie, api)).state for _ in range(3)]

    assert states == ["fail", "fail", "success"]


async def test_the_older_shape_has_no_credits() -> None:
    async with running() as (kie, api):
        kie.show_credits_consumed = False
        await api.create()
        data = (await api.poll(kie.tasks[0].task_id)).body["data"]

    assert list(data) == RECORDED_KEYS[:-1]


async def test_states_pass_in_order_and_in_proportion() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        kie.states = (("waiting", 0.5), ("queuing", 0.3), ("generating", 0.2))
        kie.task_seconds = 10
        await api.create()
        task = kie.tasks[0]
        seen = []
        for _ in range(11):
            seen.append(task.state)
            clock.now += 1

    words = ["waiting"] * 5 + ["queuing"] * 3 + ["generating"] * 2 + ["success"]
    assert seen == words


async def test_states_without_shares_take_equal_parts() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        kie.states = ("queuing", "generating")
        kie.task_seconds = 2
        await api.create()
        first = kie.tasks[0].state
        clock.now += 1
        assert (first, kie.tasks[0].state) == ("queuing", "generating")


async def test_each_task_may_take_its_own_time() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        kie.task_seconds = lambda task: 1 if task.input["prompt"] == "quick" else 9
        await api.create(prompt="quick")
        await api.create(prompt="slow")
        clock.now += 1
        assert [task.state for task in kie.tasks] == ["success", "waiting"]


async def test_an_endless_task_can_be_finished_by_hand() -> None:
    async with running() as (kie, api):
        kie.task_seconds = math.inf
        await api.create()
        task = kie.tasks[0]
        assert (await api.poll(task.task_id)).body["data"]["state"] == "waiting"
        kie.finish(task)
        assert (await api.poll(task.task_id)).body["data"]["state"] == "success"


async def test_an_unknown_task_is_the_recorded_422() -> None:
    async with running() as (_, api):
        answer = await api.poll("0" * 32)

    assert answer.status == 200
    assert answer.raw == b'{"code":422,"msg":"recordInfo is null","data":null}'


async def test_a_missing_task_id_is_a_400() -> None:
    async with running() as (_, api):
        answer = await api.call("GET", "/api/v1/jobs/recordInfo")

    assert (answer.status, answer.body["code"]) == (200, 400)
    assert answer.body["msg"] == "taskId parameter is required"


async def test_a_record_may_come_later_than_its_task() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        kie.record_delay_s = 5
        await api.create()
        task_id = kie.tasks[0].task_id
        assert (await api.poll(task_id)).body["msg"] == "recordInfo is null"
        clock.now += 5
        assert (await api.poll(task_id)).body["code"] == 200


async def test_more_than_ten_polls_in_a_second_are_refused() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        await api.create()
        task = kie.tasks[0]
        answers = [await api.poll(task.task_id) for _ in range(11)]
        assert [answer.status for answer in answers] == [200] * 10 + [429]
        assert answers[-1].body == {"code": 429, "msg": "Rate limit exceeded"}
        clock.now += 1.0
        assert (await api.poll(task.task_id)).status == 200
        assert task.polls == [clock.now - 1.0] * 11 + [clock.now]

        kie.limits = KieLimits(polls_per_s=1, http_status=200)
        answer = await api.poll(task.task_id)
        assert (answer.status, answer.body["code"]) == (200, 429)


async def test_waiting_tells_what_was_there_instead() -> None:
    async with running() as (kie, api):
        await api.create()
        with pytest.raises(TimeoutError, match="createTask 200"):
            await kie.wait_for(lambda: False, timeout_s=0.01)
