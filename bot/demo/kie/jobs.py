"""The jobs API itself: createTask, recordInfo, credits, download links."""

from __future__ import annotations

from dataclasses import astuple

from aiohttp import web

from bot.demo.base import CALL

from . import models, wire
from .account import Account


def routes(kie: Account) -> list[web.RouteDef]:
    def refuse(what: str) -> None:
        if refusal := kie.take(what):
            raise wire.RefusedError(*astuple(refusal))

    async def create(request: web.Request) -> web.Response:
        if limits := kie.limits:
            limits.keep(kie.creates, kie.clock(), limits.creates, limits.create_window_s)
        refuse("create")
        body = request[CALL].body
        if not isinstance(body, dict):
            raise wire.RefusedError(500)
        model, callback_url = body.get("model"), body.get("callBackUrl")
        if model is None:
            raise wire.RefusedError(500, wire.REQUIRED)
        if not isinstance(model, str) or model not in kie.models:
            raise wire.RefusedError(422, wire.UNKNOWN_MODEL)
        if callback_url is not None and (wrong := models.address(callback_url)):
            raise wire.RefusedError(422, f"callBackUrl {wrong}")
        known = kie.model_of(model)
        known.check(body.get("input"))
        if kie.credits < known.cost(body["input"]):
            raise wire.RefusedError(402)
        task_id = kie.take("task id") or kie.create(model, body["input"], callback_url).task_id
        request[CALL].task_id = task_id
        return wire.success({"taskId": task_id, "recordId": task_id})

    async def record(request: web.Request) -> web.Response:
        now = kie.clock()
        task_id = request.query.get("taskId", "")
        task = kie.find(task_id)
        if task is not None:
            task.polls.append(now)
        if limits := kie.limits:
            limits.keep(kie.polls, now, limits.polls_per_s)
        refuse("poll")
        if not task_id:
            raise wire.RefusedError(400)
        if task is None or now - task.created_at < kie.record_delay_s:
            raise wire.RefusedError(422)
        # A clock set by hand may have reached the end unseen by the task's own follower.
        task.woken.set()
        return wire.success(task.record())

    async def credit(_: web.Request) -> web.Response:
        return wire.success(float(kie.credits))

    async def download_link(request: web.Request) -> web.Response:
        body = request[CALL].body
        url = body.get("url") if isinstance(body, dict) else None
        link = kie.link(url) if isinstance(url, str) else None
        if link is None:
            raise wire.RefusedError(422, "url is wrong")
        return wire.success(link)

    return [
        web.post("/api/v1/jobs/createTask", create),
        web.get("/api/v1/jobs/recordInfo", record, allow_head=False),
        web.get("/api/v1/chat/credit", credit, allow_head=False),
        web.post("/api/v1/common/download-url", download_link),
    ]
