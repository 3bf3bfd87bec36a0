"""The emulator's faults, as supabase-py tells them."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from storage3.exceptions import StorageApiError

from bot.demo.supabase import SupabaseEmulator
from tests.demo.test_supabase_storage import PNG, Project, open_project

UNREADABLE = "Unable to parse error message: "


async def upload(project: Project, data: bytes = b"x") -> object:
    return await project.storage.from_("images").upload("x.png", data, PNG)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"html": 413}, 413),
        ({"html": 502}, 502),
        ({"html": 504}, 504),
        ({"empty": 500}, 500),
        ({"redirect": "http://127.0.0.1:9/"}, 307),
        ({"unauthorized": True}, 401),
        ({"too_many": True}, "429"),
        ({"no_database": True}, "500"),
    ],
)
async def test_an_answer_that_is_not_storages(fault: dict[str, Any], status: int | str) -> None:
    async with open_project() as project:
        project.emulator.fault("upload", **fault)
        with pytest.raises(StorageApiError) as caught:
            await upload(project)
        assert caught.value.status == status
        assert caught.value.message.startswith(UNREADABLE) == isinstance(status, int)
        assert not project.emulator.objects
        await upload(project)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"html": 200}, json.JSONDecodeError),
        ({"body": {"ok": True}}, KeyError),
        ({"cut_before_effect": True}, httpx.TransportError),
        ({"cut_after_effect": True}, httpx.RemoteProtocolError),
        ({"html": 200, "effect": True}, json.JSONDecodeError),
    ],
)
async def test_other_errors(fault: dict[str, Any], error: type[Exception]) -> None:
    async with open_project() as project:
        project.emulator.fault("upload", **fault)
        with pytest.raises(error):
            await upload(project, b"x" * 300_000)
        done = "effect" in fault or "cut_after_effect" in fault
        assert bool(project.emulator.objects) == done


async def test_silence_ends_in_an_error_without_words() -> None:
    async with open_project() as project:
        project.http.timeout = httpx.Timeout(0.1)
        project.emulator.fault("bucket", hang=True)
        with pytest.raises(httpx.ReadTimeout) as caught:
            await project.storage.get_bucket("images")
        assert str(caught.value) == ""


async def test_a_drip_outlives_the_limits_of_httpx() -> None:
    async with open_project() as project:
        project.http.timeout = httpx.Timeout(0.1)
        project.emulator.fault("bucket", drip_s=0.02)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await project.storage.get_bucket("images")
        project.emulator.fault("bucket", drip_s=0.0001)
        assert (await project.storage.get_bucket("images")).public


async def test_faults_last_as_long_as_asked() -> None:
    async with open_project() as project:
        project.emulator.fault("upload", html=502, times=2)
        project.emulator.fault("*", empty=500, times=None)
        statuses = []
        for _ in range(4):
            with pytest.raises(StorageApiError) as caught:
                await upload(project)
            statuses.append(caught.value.status)
        assert statuses == [502, 502, 500, 500]
        project.emulator.mend()
        await upload(project)


async def test_a_wrong_switch_is_an_error() -> None:
    async with SupabaseEmulator.start() as emulator:
        with pytest.raises(ValueError, match="one fault"):
            emulator.fault("upload")
        with pytest.raises(ValueError, match="one fault"):
            emulator.fault("upload", html=502, hang=True)
        with pytest.raises(ValueError, match="no such endpoint"):
            emulator.fault("uplaod", hang=True)  # type: ignore[arg-type]


async def test_waiting_for_a_call() -> None:
    async with open_project() as project:
        emulator = project.emulator
        async with asyncio.TaskGroup() as group:
            group.create_task(emulator.wait_for(lambda: emulator.objects))
            group.create_task(upload(project))
        call = emulator.calls[-1]
        assert (call.name, call.status, call.role) == ("upload", 200, "service_role")
        with pytest.raises(TimeoutError, match="upload 200"):
            await emulator.wait_for(lambda: False, timeout_s=0.01)
