"""The switches as JSON over HTTP, for who is not in this process: a demo, a shell, a load test.

POST /_sim/NAME calls a switch of the simulator with the body's fields as its arguments:
fail_create, fail_poll, fail_task, next_task_id, next_result (`data_base64` for `data`), fault,
finish and move_result (`task_id`). POST /_sim/settings sets what the body names; GET shows it. GET
/_sim/tasks and /_sim/calls list what happened, `?since=N` without the first N. Calls to it are not
recorded.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from .loopback import is_loopback_host
from .state import Call, KieLimits, Task
from .switches import Callbacks, Endpoint

if TYPE_CHECKING:
    from .simulator import KieSimulator

PREFIX = "/_sim/"

# What may be set from outside, and what it must be.
SETTINGS: dict[str, TypeAdapter[Any]] = {
    "task_seconds": TypeAdapter(float),
    "states": TypeAdapter(list[str | tuple[str, float]]),
    "limits": TypeAdapter(KieLimits | None),
    "credits": TypeAdapter(float),
    "credits_per_task": TypeAdapter(float),
    "refund_failed": TypeAdapter(bool),
    "show_credits_consumed": TypeAdapter(bool),
    "record_delay_s": TypeAdapter(float),
    "models": TypeAdapter(set[str]),
    "unlisted_models": TypeAdapter(set[str]),
    "unknown_model": TypeAdapter(tuple[int, str]),
    "results_live_s": TypeAdapter(float),
    "down": TypeAdapter(dict[Endpoint, int]),
    "callbacks": TypeAdapter(Callbacks),
}


TOLD = (
    "task_id", "model", "input", "state", "callback_url", "created_at", "credits", "polls",
    "result_urls",
)  # fmt: skip


def routes(kie: KieSimulator) -> list[web.RouteDef]:
    switches: dict[str, Callable[..., object]] = {
        "fail_create": kie.fail_create,
        "fail_poll": kie.fail_poll,
        "fail_task": kie.fail_task,
        "next_task_id": kie.next_task_id,
        "next_result": kie.next_result,
        "fault": kie.fault,
        "finish": lambda task_id: kie.finish(_task(kie, task_id)),
        "move_result": lambda task_id: kie.move_result(_task(kie, task_id)),
    }

    async def switch(request: web.Request) -> web.Response:
        _only_from_here(request)
        name = request.match_info["name"]
        if name not in switches:
            raise web.HTTPNotFound(text=f"no switch {name}; there are {', '.join(switches)}\n")
        given = await _fields(request)
        try:
            if "data_base64" in given:
                given["data"] = base64.b64decode(given.pop("data_base64"), validate=True)
            switches[name](**given)
        except (TypeError, ValueError, binascii.Error) as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        return web.json_response({"ok": True})

    async def change(request: web.Request) -> web.Response:
        _only_from_here(request)
        given = await _fields(request)
        try:
            checked = {name: SETTINGS[name].validate_python(v) for name, v in given.items()}
        except KeyError as error:
            raise web.HTTPBadRequest(text=f"no setting {error}\n") from error
        except ValidationError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        for name, value in checked.items():
            setattr(kie, name, value)
        return web.json_response(_settings(kie))

    async def show(request: web.Request) -> web.Response:
        _only_from_here(request)
        return web.json_response(_settings(kie))

    async def tasks(request: web.Request) -> web.Response:
        _only_from_here(request)
        return web.json_response([_told(task) for task in kie.tasks[_since(request) :]])

    async def calls(request: web.Request) -> web.Response:
        _only_from_here(request)
        return web.json_response([_written(call) for call in kie.calls[_since(request) :]])

    return [
        web.get(f"{PREFIX}settings", show),
        web.post(f"{PREFIX}settings", change),
        web.get(f"{PREFIX}tasks", tasks),
        web.get(f"{PREFIX}calls", calls),
        web.post(f"{PREFIX}{{name}}", switch),
    ]


def _only_from_here(request: web.Request) -> None:
    if not is_loopback_host(request.remote or ""):
        raise web.HTTPForbidden(text="only from this machine\n")


async def _fields(request: web.Request) -> dict[str, Any]:
    # A web page may post text to loopback unasked, but not this content type.
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json\n")
    try:
        given = await request.json()
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"{error}\n") from error
    if not isinstance(given, dict):
        raise web.HTTPBadRequest(text="send an object\n")
    return given


def _since(request: web.Request) -> int:
    since = request.query.get("since", "0")
    if not since.isdecimal():
        raise web.HTTPBadRequest(text="since must be a number\n")
    return int(since)


def _task(kie: KieSimulator, task_id: str) -> Task:
    task = kie.find(task_id)
    if task is None:
        raise ValueError(f"no task {task_id}")
    return task


def _settings(kie: KieSimulator) -> dict[str, Any]:
    values = {name: getattr(kie, name) for name in SETTINGS}
    # A function of the task cannot be told in JSON.
    told = {name: value for name, value in values.items() if not callable(value)}
    return {name: SETTINGS[name].dump_python(value, mode="json") for name, value in told.items()}


def _told(task: Task) -> dict[str, Any]:
    fail = dataclasses.asdict(task.fail) if task.fail else None
    return {name: getattr(task, name) for name in TOLD} | {"fail": fail}


def _written(call: Call) -> dict[str, Any]:
    return dataclasses.asdict(call)
