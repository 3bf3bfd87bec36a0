"""Callbacks: a POST when a task ends, repeated until somebody says 200 quickly."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from . import wire
from .loopback import is_loopback
from .state import Task

if TYPE_CHECKING:
    from .simulator import KieSimulator


@dataclass(frozen=True, slots=True)
class Sent:
    """One callback sent. `status` None: no answer, or not in time."""

    task_id: str
    url: str
    at: float
    headers: dict[str, str]
    body: dict[str, Any]
    status: int | None


async def deliver(kie: KieSimulator, task: Task) -> None:
    """Send a task's callback as `kie.callbacks` says; other machines are never called."""
    url = task.callback_url
    if url is None or not is_loopback(url):
        return
    plan = kie.callbacks
    for _ in range(plan.copies):
        for wait_s in (0.0, *plan.retry_waits_s):
            await asyncio.sleep(wait_s)
            if await _post(kie, task, url) == 200:
                break


async def _post(kie: KieSimulator, task: Task, url: str) -> int | None:
    body = payload(kie, task)
    headers = {"Content-Type": "application/json"} | _signed(kie, task.task_id)
    status = None
    at = kie.clock()
    try:
        async with kie.session.post(
            url,
            data=wire.compact(body).encode(),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=kie.callbacks.timeout_s),
            allow_redirects=False,
        ) as response:
            status = response.status
    except (aiohttp.ClientError, TimeoutError):
        pass  # no answer is an outcome, and is written down as one
    kie.sent.append(Sent(task.task_id, url, at, headers, body, status))
    kie.changed()
    return status


def payload(kie: KieSimulator, task: Task) -> dict[str, Any]:
    """The documented body (docs.kie.ai, Kling 2.6), or one of its poorer relations."""
    if kie.callbacks.shape == "id_only":
        return {"task_id": task.task_id, "callbackType": "task_completed"}
    if task.fail is not None:
        failed = {
            "completeTime": task.complete_time,
            "consumeCredits": 0,
            "failCode": task.fail.code,
            "failMsg": task.fail.msg,
            "model": task.model,
            "state": "fail",
            "taskId": task.task_id,
        }
        return {"code": 501, "data": failed, "msg": "Playground task failed."}
    data: dict[str, Any] = {
        "completeTime": task.complete_time,
        "consumeCredits": task.credits,
        "costTime": task.cost_time,
        "createTime": int(task.created_at * 1000),
        "model": task.model,
        "param": wire.compact(
            {"callBackUrl": task.callback_url, "input": task.input, "model": task.model}
        ),
        "remainedCredits": kie.credits,
        "resultJson": task.result_json,
        "state": "success",
        "taskId": task.task_id,
        "updateTime": task.complete_time,
    }
    if kie.callbacks.shape == "no_result":
        del data["resultJson"]
    return {"code": 200, "data": data, "msg": "Playground task completed successfully."}


def _signed(kie: KieSimulator, task_id: str) -> dict[str, str]:
    """The two signature headers, when a key is set: HMAC-SHA256 of taskId.timestamp, no body."""
    key = kie.callbacks.hmac_key
    if key is None or kie.callbacks.signature == "none":
        return {}
    timestamp = str(int(kie.clock()))
    if kie.callbacks.signature == "wrong":
        key += "-not"
    digest = hmac.digest(key.encode(), f"{task_id}.{timestamp}".encode(), hashlib.sha256)
    return {
        "X-Webhook-Timestamp": timestamp,
        "X-Webhook-Signature": base64.b64encode(digest).decode(),
    }
