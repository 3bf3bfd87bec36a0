"""The result host: serves pictures and films without a key, but not to every user agent."""

from __future__ import annotations

from aiohttp import hdrs, web

from bot.demo.base import cut, page

from . import pictures, wire
from .account import Account

CHUNK = b"\0" * 65_536


def routes(kie: Account) -> list[web.RouteDef]:
    async def fetch(request: web.Request) -> web.StreamResponse:
        # Cloudflare's 1010 bans a browser signature: urllib's default was seen to be refused.
        agent = request.headers.get(hdrs.USER_AGENT, "").strip().lower()
        if not agent or agent.startswith("python"):
            return page(403, "error code: 1010")
        found = kie.result_at(request.path)
        if found is None:
            return page(404, kie.front)
        served = found[0].result
        if served.hang:
            await kie.closing.wait()
            return cut(request)
        if served.redirect is not None:
            return web.Response(status=302, headers={hdrs.LOCATION: served.redirect})
        if served.status is not None:
            return page(served.status, kie.front)
        if served.endless:
            return await endless(request)
        if served.data is not None:
            return web.Response(body=served.data, headers={hdrs.CONTENT_TYPE: served.content_type})
        data = await kie.result(*found)
        if served.size_bytes is not None:
            data = pictures.pad(data, served.size_bytes)
        return web.Response(body=data, content_type=pictures.type_of(data))

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "image/png"})
        wire.front(response)
        await response.prepare(request)
        await response.write(pictures.PNG_SIGNATURE)
        while not kie.closing.is_set():
            # Waits for the reader, and raises once it has gone.
            await response.write(CHUNK)
        return cut(request)

    return [web.get(path, fetch, allow_head=False) for path in ("/r/{_}", "/k/{_}", "/d/{_}")]
