"""The result host: pictures and films without a key, but not for every user agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from . import pictures, wire
from .calls import cut
from .models import makes_film
from .state import Served, Task

if TYPE_CHECKING:
    from .simulator import KieSimulator

CHUNK = b"\0" * 65_536


def routes(kie: KieSimulator) -> list[web.RouteDef]:
    async def fetch(request: web.Request) -> web.StreamResponse:
        # Cloudflare's 1010 bans a browser signature: urllib's default was seen to be refused.
        agent = request.headers.get(hdrs.USER_AGENT, "").strip().lower()
        if not agent or agent.startswith("python"):
            return wire.page(403, "403 Forbidden", "error code: 1010")
        # Links given by download-url stand beside the addresses of the task itself.
        task = kie.linked(request.path) or kie.result_at(request.path)
        if task is None:
            return wire.page(404, "404 Not Found", "cloudflare")
        return await _serve(kie, request, task, task.result.served)

    paths = ("/r/{file}", "/k/{file}", "/d/{file}")
    return [web.get(path, fetch, allow_head=False) for path in paths]


async def _serve(
    kie: KieSimulator, request: web.Request, task: Task, served: Served
) -> web.StreamResponse:
    if served.hang:
        await kie.closing.wait()
        return cut(request)
    if served.redirect is not None:
        return web.Response(status=302, headers={hdrs.LOCATION: served.redirect})
    if served.status is not None:
        return wire.page(served.status, str(served.status), "cloudflare")
    if served.endless:
        return await _serve_endless(kie, request)
    if served.data is not None:
        return web.Response(body=served.data, headers={hdrs.CONTENT_TYPE: served.content_type})
    if makes_film(task.model):
        return web.Response(body=pictures.FILM, content_type="video/mp4")
    data = await kie.pictures.png(task)
    if served.size_bytes is not None:
        data = pictures.pad(data, served.size_bytes)
    return web.Response(body=data, content_type="image/png")


async def _serve_endless(kie: KieSimulator, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "image/png"})
    wire.front(request, response)
    await response.prepare(request)
    await response.write(pictures.PNG_SIGNATURE)
    while not kie.closing.is_set():
        # Waits for the reader, and raises once it has gone.
        await response.write(CHUNK)
    return cut(request)
