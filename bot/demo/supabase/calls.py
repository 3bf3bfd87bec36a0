"""Around every request: it is written down, let in or not, and broken if asked for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from .refusal import RefusalError, no_route
from .state import Call

if TYPE_CHECKING:
    from .emulator import SupabaseEmulator
    from .faults import Fault

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PREFIX = "/storage/v1"
CALL = web.RequestKey("call", Call)
CUT = web.RequestKey("cut", bool)


def name_of(method: str, path: str) -> str:
    """What is asked for, as `Faults.fault` calls it; "" for an unknown path."""
    if not path.startswith(f"{PREFIX}/"):
        return ""
    kind, _, rest = path.removeprefix(f"{PREFIX}/").partition("/")
    if kind != "object":
        return kind if kind == "bucket" else ""
    first = rest.partition("/")[0]
    if first in ("public", "info", "list"):
        return first
    names = {"POST": "upload", "PUT": "upload", "DELETE": "remove"}
    return names.get(method, "download")


def recorder(supabase: SupabaseEmulator) -> Middleware:
    @web.middleware
    async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        call = Call(
            name=name_of(request.method, request.path),
            method=request.method,
            path=request.path,
            query=dict(request.query),
            at=supabase.clock(),
            connection=peer[1] if peer else 0,
        )
        request[CALL] = call
        supabase.note(call)
        try:
            response = await _through(supabase, request, handler)
            if CUT not in request:
                call.status = response.status
            return response
        finally:
            supabase.changed()

    return record


async def _through(
    supabase: SupabaseEmulator, request: web.Request, handler: Handler
) -> web.StreamResponse:
    fault = supabase.take_fault(request[CALL].name)
    if fault is None:
        return await _act(supabase, request, handler)
    response = await _act(supabase, request, handler) if fault.effect else web.Response()
    if fault.hang:
        await supabase.closing.wait()
        return _cut(request)
    if fault.drip_s is not None and isinstance(response, web.Response):
        return await _drip(supabase, request, response, fault.drip_s)
    if fault.cut:
        return _cut(request, reset=not fault.effect)
    return _answer(fault)


def _answer(fault: Fault) -> web.Response:
    if fault.answer is None:
        raise RuntimeError("the fault says nothing")
    return fault.answer.response()


async def _act(
    supabase: SupabaseEmulator, request: web.Request, handler: Handler
) -> web.StreamResponse:
    call = request[CALL]
    if not call.path.startswith(f"{PREFIX}/"):
        # The gateway's own word: this is no service of the project.
        return web.json_response({"message": "no Route matched with those values"}, status=404)
    try:
        if request.match_info.http_exception is not None:
            raise RefusalError(no_route(call.method, call.path.removeprefix(PREFIX)))
        if not _for_everybody(supabase, request):
            call.role = supabase.keys.role(request.headers)
        return await handler(request)
    except RefusalError as error:
        call.code = error.refusal.code
        return error.refusal.answer()
    except web.HTTPRequestEntityTooLarge:
        return web.Response(status=413, text="413 Request Entity Too Large")


def _for_everybody(supabase: SupabaseEmulator, request: web.Request) -> bool:
    """Whether it is asked without a key for what needs none: an object of a public bucket."""
    name = request[CALL].name
    if name != "download" or supabase.keys.given(request.headers):
        return name == "public"
    bucket = supabase.buckets.get(request.match_info.get("bucket", ""))
    return bucket is not None and bucket.public and "/object/authenticated/" not in request.path


async def _drip(
    supabase: SupabaseEmulator, request: web.Request, response: web.Response, pause_s: float
) -> web.StreamResponse:
    data = response.body if isinstance(response.body, bytes) else b""
    dripping = web.StreamResponse(
        status=response.status, headers={hdrs.CONTENT_TYPE: response.headers[hdrs.CONTENT_TYPE]}
    )
    dripping.content_length = len(data)
    await dripping.prepare(request)
    for byte in data:
        try:
            await dripping.write(bytes([byte]))
        except ConnectionResetError:
            break  # who asked has gone: nobody is left to be told
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(supabase.closing.wait(), pause_s)
            return _cut(request)
    return dripping


def _cut(request: web.Request, *, reset: bool = True) -> web.Response:
    """End the connection with no further word; what is returned never gets there."""
    request[CUT] = True
    if request.transport is not None:
        if reset:
            request.transport.abort()
        else:
            request.transport.close()
    return web.Response()
