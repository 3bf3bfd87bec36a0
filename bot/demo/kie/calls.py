"""Around every request: it is written down, let in or not, broken if asked for, and dressed."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from . import wire
from .control import PREFIX
from .state import Call

if TYPE_CHECKING:
    from .simulator import KieSimulator
    from .switches import Fault

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

NAMES = {
    "/api/v1/jobs/createTask": "createTask",
    "/api/v1/jobs/recordInfo": "recordInfo",
    "/api/v1/models": "models",
    "/api/v1/chat/credit": "credit",
    "/api/v1/common/download-url": "download-url",
    "/api/file-stream-upload": "upload",
    "/api/file-base64-upload": "upload",
    "/api/file-url-upload": "upload",
}
HOSTS = {"/r/": "result", "/k/": "result", "/d/": "result", "/kieai/": "file"}

CALL = web.RequestKey("call", Call)
CUT = web.RequestKey("cut", bool)

# The files of the result and upload hosts are public; everything else needs the key.
FILES = ("result", "file")
PUBLIC = ("", *FILES)


def name_of(path: str) -> str:
    """What is asked for, as `Switches.fault` calls it; "" for an unknown path."""
    hosts = (name for prefix, name in HOSTS.items() if path.startswith(prefix))
    return NAMES.get(path) or next(hosts, "")


def recorder(kie: KieSimulator) -> Middleware:
    @web.middleware
    async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(PREFIX):
            return await handler(request)
        name = name_of(request.path)
        call = Call(
            name=name,
            method=request.method,
            path=request.path,
            query=dict(request.query),
            at=kie.clock(),
            user_agent=request.headers.get(hdrs.USER_AGENT, ""),
            authorized=hdrs.AUTHORIZATION in request.headers,
        )
        request[CALL] = call
        kie.note(call)
        try:
            fault = kie.take_fault(name)
            act = functools.partial(_act, kie, request, handler, name)
            response = await (act() if fault is None else _break(kie, request, fault, act))
            if not response.prepared:
                (wire.front if name in FILES else wire.dress)(request, response)
            if CUT not in request:
                call.status, call.code = response.status, response.get(wire.CODE)
            return response
        finally:
            kie.changed()

    return record


async def _act(
    kie: KieSimulator, request: web.Request, handler: Handler, name: str
) -> web.StreamResponse:
    if name not in PUBLIC and not _let_in(kie, request):
        return refuse(name, 401)
    if request.content_type == "application/json":
        with contextlib.suppress(ValueError):
            request[CALL].body = json.loads(await request.read())
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed:
        return refuse(name, 405, f"Request method '{request.method}' not supported")
    except web.HTTPNotFound:
        return wire.unknown_path(request.path, kie.clock())


def _let_in(kie: KieSimulator, request: web.Request) -> bool:
    if request.headers.get(hdrs.AUTHORIZATION) != f"Bearer {kie.key}":
        return False
    typed = request.content_type in ("application/json", "multipart/form-data")
    return typed or request.method != hdrs.METH_POST


def refuse(name: str, code: int, msg: str | None = None) -> web.Response:
    """An error under HTTP 200; the upload host puts its own `success` before the code."""
    body: dict[str, Any] = wire.error(code, msg)
    if name == "upload":
        body = {"success": False, "code": code, "msg": body["msg"]}
        return wire.answer(body, content_type=wire.UPLOAD_TYPE)
    return wire.answer(body)


async def _break(
    kie: KieSimulator,
    request: web.Request,
    fault: Fault,
    act: Callable[[], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    response = await act() if fault.effect else web.Response()
    if fault.delay_s:
        await asyncio.sleep(fault.delay_s)
    if fault.hang:
        await kie.closing.wait()
        return cut(request)
    if fault.cut:
        if fault.effect and isinstance(response, web.Response) and request[CALL].name == "result":
            await _send_half(request, response)
        return cut(request)
    if fault.html is not None:
        return wire.page(fault.html, f"{fault.html}: Bad gateway", "cloudflare")
    if fault.body is not None:
        return web.Response(text=fault.body)
    return response if fault.effect else await act()


async def _send_half(request: web.Request, response: web.Response) -> None:
    data = response.body if isinstance(response.body, bytes) else b""
    half = web.StreamResponse(headers={hdrs.CONTENT_TYPE: response.content_type})
    half.content_length = len(data)
    await half.prepare(request)
    await half.write(data[: len(data) // 2])


def cut(request: web.Request) -> web.Response:
    """Close the connection with no further word; what is returned never gets there."""
    request[CUT] = True
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
