"""Faults on demand: what goes wrong around an answer, in which form, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic, TypeVar

from aiohttp import hdrs, web

ANY = "*"
CUT = web.RequestKey("cut", bool)

Act = Callable[[], Awaitable[web.StreamResponse]]


@dataclass(eq=False, kw_only=True)
class Fault:
    """One thing that goes wrong with requests of one name, or of any; `StandIn.fault` makes it.

    With `effect` the request is carried out, and only its answer suffers. `times` None: until it
    is removed.
    """

    name: str
    answer: Callable[[], web.Response] | None = None
    hang: bool = False
    drip_s: float | None = None
    cut: bool = False
    delay_s: float = 0.0
    effect: bool = False
    times: int | None = 1
    hits: int = 0

    def fits(self, name: str, _where: object = None) -> bool:
        return self.name in (name, ANY)

    @property
    def is_over(self) -> bool:
        return self.times is not None and self.hits >= self.times

    async def spoil(
        self, request: web.Request, act: Act, closing: asyncio.Event
    ) -> web.StreamResponse:
        """Answer a request, which `act` carries out; `closing` ends silence."""
        done = await act() if self.effect else None
        await asyncio.sleep(self.delay_s)
        if self.hang:
            await closing.wait()
        elif self.cut:
            if isinstance(done, web.Response) and done.content_type.startswith("image/"):
                await _send(request, done, len(_bytes(done)) // 2)
        elif self.drip_s is not None and isinstance(done, web.Response):
            return await _drip(request, done, self.drip_s, closing)
        elif self.answer is not None:
            return self.answer()
        else:
            return await act() if done is None else done
        return cut(request, reset=done is None)


F = TypeVar("F", bound=Fault)


class Faults(Generic[F]):
    """Those that are still to come, in the order in which they were ordered."""

    def __init__(self) -> None:
        self._waiting: list[F] = []

    def add(self, fault: F) -> F:
        self._waiting.append(fault)
        return fault

    def take(self, name: str, where: object = None) -> F | None:
        """The fault of this request, which counts as one hit."""
        fault = next((each for each in self._waiting if each.fits(name, where)), None)
        if fault is not None:
            fault.hits += 1
            if fault.is_over:
                self._waiting.remove(fault)
        return fault

    def remove(self, fault: F) -> None:
        """Let it not happen any more; safe to repeat."""
        with suppress(ValueError):
            self._waiting.remove(fault)

    def clear(self) -> None:
        self._waiting.clear()


def page(status: int, text: str) -> web.Response:
    """An HTML page, as a proxy answers when what is behind it does not."""
    title = str(status)
    with suppress(ValueError):
        title += f" {HTTPStatus(status).phrase}"
    html = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>{text}</center>\r\n</body>\r\n</html>\r\n"
    )
    return web.Response(body=html.encode(), status=status, content_type="text/html")


def cut(request: web.Request, *, reset: bool = True) -> web.Response:
    """End the connection with no further word; what is returned never gets there."""
    request[CUT] = True
    if request.transport is not None:
        if reset:
            request.transport.abort()
        else:
            request.transport.close()
    return web.Response()


def _bytes(response: web.Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b""


async def _send(request: web.Request, whole: web.Response, count: int) -> web.StreamResponse:
    """Promise all of an answer, and send its first bytes."""
    kind = whole.headers[hdrs.CONTENT_TYPE]
    response = web.StreamResponse(status=whole.status, headers={hdrs.CONTENT_TYPE: kind})
    response.content_length = len(_bytes(whole))
    await response.prepare(request)
    await response.write(_bytes(whole)[:count])
    return response


async def _drip(
    request: web.Request, whole: web.Response, pause_s: float, closing: asyncio.Event
) -> web.StreamResponse:
    response = await _send(request, whole, 0)
    for byte in _bytes(whole):
        try:
            await response.write(bytes([byte]))
        except ConnectionResetError:
            break  # who asked has gone: nobody is left to be told
        with suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), pause_s)
            return cut(request)
    return response
