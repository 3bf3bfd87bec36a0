"""KIE tells of a task's end: the picture comes at once, and nothing that is sent does harm.

Questions come once a minute here, so that it is the callback that brings a picture.
"""

import json
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.demo.kie import Callbacks, Task
from storage import database
from tests.e2e.test_films import film, viewer
from tests.e2e.test_nothing_lost import holding
from tests.support import FAST, PUBLIC_URL, World, open_world, reserved_port

KEY = "key-of-webhooks"
RECEIVED = {"status": "received"}
POLLING = replace(
    FAST.polling,
    woken_pauses_s=(0.0, 0.01, 0.02),
    woken_again_s=3600.0,
    told_pause_s=60.0,
)
GENERATING = {"code": 200, "msg": "success", "data": {"taskId": "", "state": "generating"}}


@pytest.fixture
async def world(tmp_path: Path, new_database: Path) -> AsyncIterator[World]:
    """The bot behind a proxy; it asks KIE by itself once a minute."""
    shutil.copy(new_database, tmp_path)
    with reserved_port() as port:
        bind = f"127.0.0.1:{port}"
        async with open_world(tmp_path) as world:
            world.kie.callbacks = Callbacks(
                hosts={PUBLIC_URL: f"http://{bind}"}, retry_waits_s=(0.0, 0.0, 0.0)
            )
            world.tune(polling=POLLING)
            await start(
                world,
                http_bind=bind,
                public_url=PUBLIC_URL,
                webhook="off",
                kie_poll_interval=60,
                kie_poll_timeout=600,
                kling_kie_poll_interval=60,
            )
            yield world


async def start(world: World, **changes: Any) -> None:
    """Start the bot, and wait until it listens."""
    await world.start(**changes)
    address = world.settings.http_address
    assert address is not None
    with socket.socket() as probe:
        await world.until(lambda: probe.connect_ex(address) == 0)


async def post(world: World, body: object, path: str = "", **options: Any) -> tuple[int, str]:
    """What somebody sends to the address of callbacks, and what they are told."""
    url = world.kie.callbacks.on_this_machine(world.settings.kie_callback_url or "") + path
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=data, **options) as answer,
    ):
        return answer.status, await answer.text()


async def forge(world: World, task: Task, times: int = 1) -> None:
    """Tell of a task's end, which is not so."""
    body = {"code": 501, "data": {"taskId": task.task_id, "state": "fail", "failMsg": "forged"}}
    for _ in range(times):
        status, _said = await post(world, body)
        assert status == 200


async def running(world: World) -> Task:
    """A task that the bot waits for."""
    await world.until(lambda: bool(world.rows("SELECT 1 FROM items WHERE status = 'generating'")))
    return world.kie.tasks[-1]


def questions(world: World) -> int:
    return sum(call.name == "recordInfo" for call in world.kie.calls)


async def told(world: World, count: int) -> list[int | None]:
    """Wait for so many callbacks; how they were answered."""
    await world.kie.wait_for(lambda: len(world.kie.sent) >= count)
    return [sent.status for sent in world.kie.sent]


async def test_a_picture_comes_when_kie_tells_of_it(world: World) -> None:
    anna = await world.customer()
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    (task,) = world.kie.tasks
    assert task.callback_url == f"{PUBLIC_URL}/kie/{world.settings.kie_path}"
    assert await told(world, 1) == [200]
    assert questions(world) == 1
    assert world.balance(anna.user_id) == 1000 - 79


async def test_without_an_address_kie_is_not_asked_to_tell(world: World) -> None:
    await world.stop()
    await world.start(public_url=None, http_bind=None, kie_poll_interval=0.02)
    anna = await world.customer()
    anna.send("кот")
    await world.pictures(anna, 1)
    assert world.kie.tasks[0].callback_url is None
    assert world.kie.sent == []


async def test_a_film_comes_as_well(world: World) -> None:
    anna = await viewer(world)
    anna.send("лиса бежит по снегу")
    await film(world, anna)
    assert questions(world) == 1


@pytest.mark.parametrize("shape", ["no_result", "both_ids", "id_only"])
async def test_the_id_alone_is_enough(world: World, shape: Any) -> None:
    world.kie.callbacks.shape = shape
    anna = await world.customer()
    anna.send("кот")
    await world.pictures(anna, 1)


async def test_a_failure_is_refunded_when_kie_tells_of_it(world: World) -> None:
    world.kie.fail_task("422", "Invalid prompt")
    anna = await world.customer()
    anna.send("кот")
    await world.said(anna, lambda text: "Invalid prompt" in text)
    assert world.balance(anna.user_id) == 1000
    assert questions(world) == 1


async def test_only_what_kie_signed_counts_where_there_is_a_key(world: World) -> None:
    await world.stop()
    await start(world, kie_webhook_hmac_key=SecretStr(KEY))
    callbacks = world.kie.callbacks
    callbacks.hmac_key, callbacks.signature = KEY, "wrong"
    anna = await world.customer()
    anna.send("кот")
    assert await told(world, 4) == [401] * 4
    callbacks.signature = "none"
    anna.send("лиса")
    assert await told(world, 8) == [401] * 8
    callbacks.signature = "right"
    anna.send("волк")
    await world.pictures(anna, 1)
    assert questions(world) == 1
    assert len(world.rows("SELECT 1 FROM items WHERE status = 'generating'")) == 2


async def test_forged_ones_end_nothing_and_are_asked_about_a_few_times(world: World) -> None:
    """Then the true one comes, after a restart: the task is known from yesterday."""
    world.kie.task_seconds = 10_000
    anna = await world.customer()
    anna.send("кот")
    task = await running(world)
    await forge(world, task, times=30)
    await world.kie.wait_for(lambda: questions(world) == len(POLLING.woken_pauses_s))
    await forge(world, task, times=30)
    assert questions(world) == len(POLLING.woken_pauses_s)
    assert task.state == "waiting"
    assert world.balance(anna.user_id) == 1000 - 79
    await world.stop()
    await start(world)
    world.kie.finish(task)
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 1000 - 79


async def test_what_tells_of_no_task_of_ours_changes_nothing(world: World) -> None:
    unknown = {"data": {"taskId": "0" * 32}, "code": 200}
    status, said = await post(world, unknown)
    assert (status, json.loads(said)) == (200, RECEIVED)
    for body, expected in [
        (b"", 400),
        (b"{", 400),
        ({"data": {}}, 400),
        ({"data": {"taskId": "a\nb"}}, 400),
        (b"[" * 100_000, 400),
        (b" " * 300_000, 413),
    ]:
        status, _said = await post(world, body)
        assert status == expected
    status, _said = await post(world, unknown, path="x")
    assert status == 404
    assert questions(world) == 0
    anna = await world.customer()
    anna.send("кот")
    await world.pictures(anna, 1)


async def test_copies_and_latecomers_bring_nothing_twice(world: World) -> None:
    world.kie.callbacks.copies = 3
    anna = await world.customer()
    anna.send("кот")
    await world.pictures(anna, 1)
    assert await told(world, 3) == [200] * 3
    await world.closed()
    await world.stop()
    await start(world)
    await forge(world, world.kie.tasks[0])
    anna.send("лиса")
    await world.pictures(anna, 2)
    assert questions(world) == 2
    assert len(await world.pictures(anna, 2)) == 2


async def test_one_that_comes_before_the_answer_to_the_create(world: World) -> None:
    world.kie.task_seconds = 0.0
    slow = world.kie.fault("createTask", delay_s=0.3, effect=True)
    anna = await world.customer()
    anna.send("кот")
    assert await told(world, 1) == [200]
    assert slow.hits == 1
    await world.pictures(anna, 1)
    assert questions(world) == 1


async def test_the_record_may_come_later_than_the_callback(world: World) -> None:
    world.kie.fault("recordInfo", body=GENERATING, times=2)
    anna = await world.customer()
    anna.send("кот")
    await world.pictures(anna, 1)
    assert questions(world) == 3


async def test_where_callbacks_stop_coming_questions_bring_the_pictures(world: World) -> None:
    await world.stop()
    policy = replace(FAST.polling.callbacks, proofs=1, patience_s=0.1)
    world.tune(polling=replace(POLLING, told_pause_s=0.3, callbacks=policy))
    await start(world, kie_poll_interval=0.02)
    anna = await world.customer()
    anna.send("кот")
    await world.pictures(anna, 1)
    world.kie.callbacks.copies = 0
    for number in (2, 3):
        anna.send("лиса")
        await world.pictures(anna, number)
    await world.closed()
    assert len(world.kie.sent) == 1


async def test_kie_is_answered_while_the_database_is_held(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_S", 3600.0)
    world.kie.task_seconds = 10_000
    anna = await world.customer()
    anna.send("кот")
    task = await running(world)
    await world.answered()
    with holding(world.data_dir / "bot.db"):
        world.kie.finish(task)
        assert await told(world, 1) == [200]
        await world.kie.wait_for(lambda: questions(world) == 1)
    await world.pictures(anna, 1)
