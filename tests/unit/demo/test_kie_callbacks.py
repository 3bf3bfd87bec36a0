"""Callbacks: how they are signed, repeated and spoilt; their shape is in test_kie_shapes.py."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from aiohttp import web

from bot.demo.base import CALL, StandIn
from bot.demo.kie import Callbacks, KieSimulator, Task
from tests.unit.demo.kie_api import TEXT_MODEL, Api, running


class Receiver(StandIn):
    names = frozenset({"callback"})

    def name_of(self, request: web.Request) -> str:
        return "callback"

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/kie", self._receive)]

    async def _receive(self, request: web.Request) -> web.Response:
        request[CALL].body = await request.json()
        return web.Response()


async def create(kie: KieSimulator, api: Api, url: str, prompt: str = "fox") -> Task:
    body = {"model": TEXT_MODEL, "input": {"prompt": prompt}, "callBackUrl": url}
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
    async with Receiver(time.time).serving(0) as receiver, running() as (kie, api):
        kie.callbacks = callbacks
        task = await create(kie, api, f"{receiver.url}/kie")
        await kie.wait_for(lambda: kie.sent)

    headers = kie.sent[0].headers
    assert ("X-Webhook-Signature" in headers, "X-Webhook-Timestamp" in headers) == (signed, signed)
    message = f"{task.task_id}.{headers.get('X-Webhook-Timestamp')}".encode()
    digest = base64.b64encode(hmac.digest(b"secret", message, hashlib.sha256)).decode()
    assert (headers.get("X-Webhook-Signature") == digest) is right


@pytest.mark.parametrize(
    ("faults", "callbacks", "statuses"),
    [
        ([{"html": 500}, {"hang": True}], {"timeout_s": 0.05}, [500, None, 200]),
        ([{"answer": "created"}, {"cut_after_effect": True}], {}, [201, None, 200]),
        ([{"html": 500, "times": None}], {}, [500] * 4),
        ([], {"copies": 3}, [200] * 3),
    ],
)
async def test_it_is_repeated_until_a_quick_200_three_times_at_most(
    faults: list[dict[str, Any]],
    callbacks: dict[str, Any],
    statuses: list[int | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Receiver, "answers", {"created": lambda: web.Response(status=201)})
    async with Receiver(time.time).serving(0) as receiver, running() as (kie, api):
        kie.callbacks = Callbacks(**callbacks, retry_waits_s=(0, 0, 0))
        for fault in faults:
            receiver.fault(**fault)
        task = await create(kie, api, f"{receiver.url}/kie")
        await kie.wait_for(lambda: len(kie.sent) == len(statuses))
        # A second task's callback comes after all that is left of the first one's.
        await create(kie, api, f"{receiver.url}/kie")
        await kie.wait_for(lambda: len(kie.sent) > len(statuses))

    told = [(sent.task_id, sent.status) for sent in kie.sent[: len(statuses)]]
    assert told == [(task.task_id, status) for status in statuses]
    assert all(call.body in (None, kie.sent[0].body) for call in receiver.calls[: len(statuses)])


@pytest.mark.parametrize("shape", ["id_only", "both_ids", "no_result"])
async def test_it_may_say_little_and_other_machines_are_never_called(shape: Any) -> None:
    async with Receiver(time.time).serving(0) as receiver, running() as (kie, api):
        kie.callbacks = Callbacks(shape=shape)
        foreign = await create(kie, api, "https://example.com/kie")
        task = await create(kie, api, f"{receiver.url}/kie")
        await kie.wait_for(lambda: foreign.done and kie.sent)
        (sent,) = kie.sent

    told = {"task_id": task.task_id, "callbackType": "task_completed"}
    if shape == "id_only":
        assert sent.body == told
    elif shape == "both_ids":
        expected = {"taskId": task.task_id, "code": 200, "msg": "Success", "data": told}
        assert sent.body == expected
    else:
        assert "resultJson" not in sent.body["data"]


async def test_it_comes_through_the_proxy_of_a_public_address_late_or_not_at_all() -> None:
    async with Receiver(time.time).serving(0) as receiver, running() as (kie, api):
        hosts = {"https://bot.example.org": receiver.url}
        kie.callbacks = Callbacks(hosts=hosts, copies=0)
        lost = await create(kie, api, "https://bot.example.org/kie")
        await kie.wait_for(lambda: lost.done)
        kie.callbacks = Callbacks(hosts=hosts, delay_s=0.1)
        late = await create(kie, api, "https://bot.example.org/kie")
        await kie.wait_for(lambda: kie.sent)
    (sent,) = kie.sent
    assert (sent.task_id, sent.status) == (late.task_id, 200)
    assert sent.url == "https://bot.example.org/kie"
    assert sent.at >= late.ready_at + 0.05


async def test_half_an_emoji_of_a_prompt_goes_out_as_in_an_answer() -> None:
    async with Receiver(time.time).serving(0) as receiver, running() as (kie, api):
        await create(kie, api, f"{receiver.url}/kie", "fox \ud83e")
        await kie.wait_for(lambda: kie.sent)
        param = json.loads(receiver.calls[0].body["data"]["param"])
        assert json.loads(param["input"])["prompt"] == "fox \ud83e"
