"""The jobs API itself: createTask, recordInfo, the list of models, credits, download links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from . import models, wire
from .calls import CALL
from .switches import Refusal

if TYPE_CHECKING:
    from .simulator import KieSimulator


def routes(kie: KieSimulator) -> list[web.RouteDef]:
    async def create(request: web.Request) -> web.Response:
        limits = kie.limits
        if limits and not kie.creates.admit(kie.clock(), limits.creates, limits.create_window_s):
            return _too_often(kie)
        if refusal := kie.take_create_refusal():
            return _refuse(refusal)
        body = request[CALL].body
        if not isinstance(body, dict):
            return wire.answer(wire.error(500))
        if wrong := _wrong(kie, body):
            return wire.answer(wire.error(*wrong))
        if kie.credits < kie.credits_per_task:
            return wire.answer(wire.error(402))
        task_id = kie.take_task_id()
        if task_id is None:
            task_id = kie.create(body["model"], body["input"], body.get("callBackUrl")).task_id
        request[CALL].task_id = task_id
        return wire.answer(wire.success({"taskId": task_id, "recordId": task_id}))

    async def record(request: web.Request) -> web.Response:
        now = kie.clock()
        task_id = request.query.get("taskId", "")
        task = kie.find(task_id)
        if task is not None:
            task.polls.append(now)
        if kie.limits and not kie.polls.admit(now, kie.limits.polls_per_s, 1.0):
            return _too_often(kie)
        if refusal := kie.take_poll_refusal(task_id):
            return _refuse(refusal)
        if not task_id:
            return wire.answer(wire.error(400))
        if task is None or now - task.created_at < kie.record_delay_s:
            return wire.answer(wire.error(422))
        # A clock set by hand may have reached the end unseen by the task's own follower.
        task.woken.set()
        data = task.record(credits_consumed=kie.show_credits_consumed)
        return wire.answer(wire.success(data))

    async def catalogue(_request: web.Request) -> web.Response:
        listed = [_listed(model) for model in sorted(kie.models - kie.unlisted_models)]
        return wire.answer(wire.success({"total": len(listed), "models": listed}))

    async def credit(_request: web.Request) -> web.Response:
        return wire.answer(wire.success(float(kie.credits)))

    async def download_link(request: web.Request) -> web.Response:
        body = request[CALL].body
        url = body.get("url") if isinstance(body, dict) else None
        path = kie.path_of(url) if isinstance(url, str) else None
        task = kie.result_at(path) if path is not None else None
        if task is None:
            return wire.answer(wire.error(422, "url is wrong"))
        return wire.answer(wire.success(kie.link(task)))

    return [
        web.post("/api/v1/jobs/createTask", create),
        web.get("/api/v1/jobs/recordInfo", record, allow_head=False),
        web.get("/api/v1/models", catalogue, allow_head=False),
        web.get("/api/v1/chat/credit", credit, allow_head=False),
        web.post("/api/v1/common/download-url", download_link),
    ]


def _wrong(kie: KieSimulator, body: dict[str, Any]) -> tuple[int, str] | None:
    model = body.get("model")
    if model is None:
        return 500, wire.REQUIRED
    if not isinstance(model, str) or model not in kie.models:
        return kie.unknown_model
    callback_url = body.get("callBackUrl")
    if callback_url is not None and (wrong := models.address(callback_url)):
        return 422, f"callBackUrl {wrong}"
    return models.refusal(model, body.get("input"))


def _too_often(kie: KieSimulator) -> web.Response:
    if kie.limits is None:
        raise RuntimeError("no limits are set")
    status = kie.limits.http_status
    return _refuse(Refusal(429, None, status, kie.limits.retry_after))


def _refuse(refusal: Refusal) -> web.Response:
    body = wire.error(refusal.code, refusal.msg, http_status=refusal.http_status)
    return wire.answer(body, status=refusal.http_status, retry_after=refusal.retry_after)


def _listed(model: str) -> dict[str, Any]:
    provider = "Kling" if models.makes_film(model) else model.split("/")[0].capitalize()
    verb = model.rsplit("/", 1)[-1].replace("-", " ").capitalize()
    return {
        "model": model,
        "slug": model,
        "title": f"{provider} {verb}",
        "provider": provider,
        "taskType": ["Image to Video" if models.makes_film(model) else "Text to Image"],
        "description": f"{provider} {verb}, simulated.",
        "pricingDesc": "Costs what the simulator is told.",
    }
