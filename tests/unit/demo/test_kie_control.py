from __future__ import annotations

import asyncio
import base64
import signal
import sys

import aiohttp
import pytest

from bot.demo.kie import KieLimits
from tests.unit.demo.kie_api import KEY, TEXT_MODEL, made, running


async def test_switches_are_set_over_http() -> None:
    async with running() as (kie, api):
        for name, given in {
            "fail_create": {"code": 402},
            "fail_poll": {"code": 429, "http_status": 200},
            "fail_task": {"code": "422", "msg": "no"},
            "next_task_id": {"task_id": "known"},
            "next_result": {"data_base64": base64.b64encode(b"bytes").decode()},
            "fault": {"endpoint": "credit", "html": 502},
        }.items():
            answer = await api.call("POST", f"/_sim/{name}", json=given)
            assert (answer.status, answer.body) == (200, {"ok": True})

        assert (await api.create()).body["code"] == 402
        assert (await api.create()).body["data"] == {"taskId": "known", "recordId": "known"}
        assert kie.tasks == []
        failed = await made(kie, api)
        assert failed.state == "fail"
        assert (await api.poll(failed.task_id)).body["code"] == 429
        task = await made(kie, api)
        assert (await api.call("GET", task.result_urls[0])).raw == b"bytes"
        assert (await api.call("GET", "/api/v1/chat/credit")).status == 502


async def test_settings_are_read_and_set() -> None:
    async with running() as (kie, api):
        given = {
            "task_seconds": 3600,
            "states": ["queuing", ["generating", 2]],
            "limits": {"creates": 5, "http_status": 200},
            "credits": 40,
            "models": [TEXT_MODEL],
            "callbacks": {"hmac_key": "secret", "retry_waits_s": [0]},
        }
        answer = await api.call("POST", "/_sim/settings", json=given)
        assert answer.status == 200
        assert answer.body == (await api.call("GET", "/_sim/settings")).body

        assert kie.limits == KieLimits(creates=5, http_status=200)
        assert kie.callbacks.hmac_key == "secret"
        await api.create()
        assert kie.tasks[0].state == "queuing"
        await api.call("POST", "/_sim/finish", json={"task_id": kie.tasks[0].task_id})
        await kie.wait_for(lambda: kie.tasks[0].state == "success")


async def test_tasks_and_calls_are_listed() -> None:
    async with running() as (kie, api):
        first, second = await made(kie, api), await made(kie, api, prompt="cat")
        tasks = (await api.call("GET", "/_sim/tasks")).body
        calls = (await api.call("GET", "/_sim/calls?since=1")).body

    assert [task["task_id"] for task in tasks] == [first.task_id, second.task_id]
    assert tasks[1]["input"] == {"prompt": "cat"}
    assert tasks[1]["state"] == "success"
    assert [(call["name"], call["code"]) for call in calls] == [("createTask", 200)]
    # The switches themselves are no calls of the API.
    assert len(kie.calls) == 2


@pytest.mark.parametrize(
    ("name", "given", "status"),
    [
        ("nothing", {}, 404),
        ("fail_create", {"cod": 402}, 400),
        ("fault", {"endpoint": "nothing"}, 400),
        ("next_result", {"data_base64": "?"}, 400),
        ("finish", {"task_id": "x"}, 400),
        ("settings", {"colour": "red"}, 400),
        ("settings", {"credits": "many"}, 400),
        ("settings", [], 400),
    ],
)
async def test_a_wrong_switch_is_refused(name: str, given: object, status: int) -> None:
    async with running() as (_, api):
        assert (await api.call("POST", f"/_sim/{name}", json=given)).status == status


async def test_a_web_page_cannot_post_to_the_switches() -> None:
    async with running() as (_, api):
        answer = await api.call(
            "POST", "/_sim/fail_create", data=b"{}", headers={"Content-Type": "text/plain"}
        )

    assert answer.status == 415


async def test_it_runs_as_a_program() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot.demo.kie", "--port", "0", "--key", KEY, "--seconds", "0"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        url = (await process.stdout.readline()).decode().strip()
        headers = {"Authorization": f"Bearer {KEY}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{url}/api/v1/chat/credit") as response,
        ):
            assert (await response.json())["code"] == 200
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
