"""Callbacks: a POST when a task ends, repeated until it is answered with a quick 200.

`hosts` has public origins, each with the one on this machine that its proxy would pass requests to:
{"https://bot.example.org": "http://127.0.0.1:8080"}.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp

from . import wire
from .state import Task

DONE = ("resultJson", "costTime", "completeTime", "createTime", "updateTime")


@dataclass(slots=True)
class Callbacks:
    """How callbacks are sent. Repeats and their waits are not documented for this API."""

    hmac_key: str | None = None
    signature: Literal["right", "wrong", "none"] = "right"
    # `both_ids` is the example of docs.kie.ai, common-api/webhook-verification.
    shape: Literal["full", "no_result", "both_ids", "id_only"] = "full"
    copies: int = 1  # 0: it is lost
    delay_s: float = 0.0  # after the task's end
    timeout_s: float = 15.0
    retry_waits_s: tuple[float, ...] = (1.0, 5.0, 30.0)
    hosts: dict[str, str] = field(default_factory=dict)

    def on_this_machine(self, url: str) -> str:
        """Where the proxy behind an address passes requests to; the address, if none is known."""
        for public, own in self.hosts.items():
            if url.startswith(f"{public}/"):
                return own + url.removeprefix(public)
        return url


@dataclass(frozen=True, slots=True)
class Sent:
    """One callback sent. `status` None: no answer, or not in time."""

    task_id: str
    url: str
    at: float
    headers: dict[str, str]
    body: dict[str, Any]
    status: int | None


async def deliver(
    session: aiohttp.ClientSession, how: Callbacks, task: Task, url: str
) -> AsyncIterator[Sent]:
    """Send a task's callback, and tell of each attempt."""
    body = payload(how, task)
    data = wire.encoded(body)
    timeout = aiohttp.ClientTimeout(total=how.timeout_s)
    await asyncio.sleep(how.delay_s)
    for _ in range(how.copies):
        for wait_s in (0.0, *how.retry_waits_s):
            await asyncio.sleep(wait_s)
            at = task.clock()
            headers = {"Content-Type": "application/json"} | _signed(how, task.task_id, int(at))
            status = None
            # No answer is an outcome, and is written down as one.
            with suppress(aiohttp.ClientError, TimeoutError):
                async with session.post(
                    how.on_this_machine(url),
                    data=data,
                    headers=headers,
                    timeout=timeout,
                    allow_redirects=False,
                ) as response:
                    status = response.status
            yield Sent(task.task_id, url, at, headers, body, status)
            if status == 200:
                break


def payload(how: Callbacks, task: Task) -> dict[str, Any]:
    """The documented body (docs.kie.ai, Wan 3.0), or one of its poorer relations."""
    if how.shape == "id_only":
        return {"task_id": task.task_id, "callbackType": "task_completed"}
    if how.shape == "both_ids":
        told = {"task_id": task.task_id, "callbackType": "task_completed"}
        return {"taskId": task.task_id, "code": 200, "msg": "Success", "data": told}
    told = task.record() | {"updateTime": task.complete_time}
    if task.callback_url:
        told["param"] = wire.compact(json.loads(task.param) | {"callBackUrl": task.callback_url})
    own: tuple[str, ...] = ("failCode", "failMsg", "costTime") if task.fail else DONE
    wanted = ("taskId", "model", "state", "param", *own, "creditsConsumed")
    without = {"resultJson"} if how.shape == "no_result" else {}
    data = {name: told[name] for name in wanted if name not in without}
    if task.fail is not None:
        return {"code": 501, "msg": "Playground task failed.", "data": data}
    return {"code": 200, "msg": "Playground task completed successfully.", "data": data}


def _signed(how: Callbacks, task_id: str, now: int) -> dict[str, str]:
    """The two signature headers, when a key is set: HMAC-SHA256 of taskId.timestamp, no body."""
    if how.hmac_key is None or how.signature == "none":
        return {}
    key = how.hmac_key + ("-not" if how.signature == "wrong" else "")
    digest = hmac.digest(key.encode(), f"{task_id}.{now}".encode(), hashlib.sha256)
    signature = base64.b64encode(digest).decode()
    return {"X-Webhook-Timestamp": str(now), "X-Webhook-Signature": signature}
