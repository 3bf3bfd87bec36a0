"""Callbacks: how they are signed, repeated and spoilt; their shape is in test_kie_shapes.py."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bot.demo.kie import Callbacks, KieSimulator, Task
from tests.unit.demo.kie_api import TEXT_MODEL, Api, running


@dataclass
class Receiver:
    url: str = ""
    statuses: list[int] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)


@asynccontextmanager
async def receiving(*statuses: int) -> AsyncIterator[Receiver]:
    """A receiver that answers these statuses in turn, then 200; 0 is no answer at all."""
    receiver = Receiver(statuses=list(statuses))
    closing = asyncio.Event()

    async def receive(request: web.Request) -> web.Response:
        receiver.bodies.append(await request.json())
        receiver.headers.append(request.headers)
        status = receiver.statuses.pop(0) if receiver.statuses else 200
        if status == 0:
            await closing.wait()
        return web.Response(status=status or 200)

    app = web.Application()
    app.router.add_post("/kie", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/kie"
    try:
        yield receiver
    finally:
        closing.set()
        await runner.cleanup()


async def create(kie: KieSimulator, api: Api, url: str) -> Task:
    body = {"model": TEXT_MODEL, "input": {"prompt": "fox"}, "callBackUrl": url}
    assert (await api.send(body)).body["code"] == 200
    return kie.tasks[-1]


@pytest.mark.parametrize(
    ("callbacks", "signed", "right"),
    [
        (Callbacks(), False, False),
        (Callbacks(hmac_key="secret"), True, True),
        (Callbacks(hmac_key="secret", signature="wrong"), True, False),
        (Callbacks(hmac_key="secret", signature="none"), False, False),
    ],
)
async def test_the_signature_is_of_task_and_time(
    callbacks: Callbacks, signed: bool, right: bool
) -> None:
    async with receiving() as receiver, running() as (kie, api):
        kie.callbacks = callbacks
        task = await create(kie, api, receiver.url)
        await kie.wait_for(lambda: kie.sent)

    headers = receiver.headers[0]
    assert ("X-Webhook-Signature" in headers) is signed
    assert ("X-Webhook-Timestamp" in headers) is signed
    message = f"{task.task_id}.{headers.get('X-Webhook-Timestamp')}".encode()
    digest = base64.b64encode(hmac.digest(b"secret", message, hashlib.sha256)).decode()
    assert (headers.get("X-Webhook-Signature") == digest) is right


async def test_it_is_repeated_until_a_quick_200() -> None:
    async with receiving(500, 0, 201) as receiver, running() as (kie, api):
        kie.callbacks = Callbacks(retry_waits_s=(0, 0, 0), timeout_s=0.05)
        await create(kie, api, receiver.url)
        await kie.wait_for(lambda: len(kie.sent) == 4)

    assert [sent.status for sent in kie.sent] == [500, None, 201, 200]
    assert len(receiver.bodies) == 4


async def test_it_is_given_up_after_three_repeats() -> None:
    async with receiving(*[500] * 9) as receiver, running() as (kie, api):
        kie.callbacks = Callbacks(retry_waits_s=(0, 0, 0))
        await create(kie, api, receiver.url)
        await kie.wait_for(lambda: len(kie.sent) == 4)
        # A second task's callback comes after all that is left of the first one's.
        await create(kie, api, receiver.url)
        await kie.wait_for(lambda: len(kie.sent) == 8)

    assert [sent.task_id for sent in kie.sent[:4]] == [kie.tasks[0].task_id] * 4


@pytest.mark.parametrize(
    ("callbacks", "count", "keys"),
    [
        (Callbacks(copies=3), 3, {"code", "data", "msg"}),
        (Callbacks(shape="id_only"), 1, {"task_id", "callbackType"}),
        (Callbacks(shape="no_result"), 1, {"code", "data", "msg"}),
    ],
)
async def test_it_may_come_again_or_say_little(
    callbacks: Callbacks, count: int, keys: set[str]
) -> None:
    async with receiving() as receiver, running() as (kie, api):
        kie.callbacks = callbacks
        await create(kie, api, receiver.url)
        await kie.wait_for(lambda: len(kie.sent) == count)

    assert [set(body) for body in receiver.bodies] == [keys] * count
    told = "resultJson" in receiver.bodies[0].get("data", {})
    assert told is (callbacks.shape == "full")


async def test_other_machines_are_never_called() -> None:
    async with running() as (kie, api):
        task = await create(kie, api, "https://example.com/kie")
        await kie.wait_for(lambda: task.done)
        assert kie.sent == []
