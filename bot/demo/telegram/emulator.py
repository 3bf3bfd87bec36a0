"""The emulator: a Telegram served on loopback, with its control interface and the chat page."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from functools import partial
from typing import Any, ClassVar

from aiohttp import hdrs, web

from bot.demo.base import CONTROL, Handler, for_this_machine

from . import page, server
from .faults import DOWNLOAD, Fault
from .methods import METHODS
from .state import State
from .telegram import Telegram
from .webhook import DELIVERY

_DONE_BY_PEOPLE = (
    *("send", "send_photo", "send_document", "send_other", "send_album"),
    *("edit", "delete", "block", "unblock"),
)


class TelegramEmulator(Telegram):
    """A Telegram of one bot on 127.0.0.1. Made by `start`."""

    names = frozenset({DOWNLOAD, DELIVERY, *(method.name for method in METHODS.values())})
    switches = State
    fault_form = Fault
    runner: ClassVar = {"shutdown_timeout": 0.05, "handler_cancellation": True}

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        token: str = "123456:TEST-token",  # noqa: S107, the token of no bot
        port: int = 0,
        *,
        first_id: int = 1,
    ) -> AsyncIterator[TelegramEmulator]:
        """Serve until the block is left.

        Messages, updates and presses are numbered from `first_id` on: over data of an earlier run
        it wants to be higher, for a bot keeps what it has seen.
        """
        async with cls(token, first_id).serving(port) as telegram:
            yield telegram

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", page.show),
            web.get(f"{CONTROL}events", self._events, allow_head=False),
            web.get(f"{CONTROL}files/{{file_id}}", self._file),
            *server.routes(self),
        ]

    @web.middleware
    async def through(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(CONTROL):
            return await for_this_machine(request, handler)
        response = await handler(request)
        # As every front of Telegram's does.
        response.headers[hdrs.DATE] = formatdate(self.clock(), usegmt=True)
        return response

    # --- The control interface, beside what every stand-in has

    def actions(self) -> dict[str, Callable[..., object]]:
        return {
            **super().actions(),
            **{name: partial(self._do, name) for name in _DONE_BY_PEOPLE},
            "press": self._press,
            "pay": self._pay,
            "charge_back": self.charge_back,
            "add_person": lambda **who: self.add_person(**who).user,
            "add_group": lambda **group: self.add_group(**group).wire(),
            "move_clock": self.move_clock,
            "transcript": self.transcript,
        }

    def _do(self, name: str, user_id: int, **fields: Any) -> object:
        """What a person does; `data` and the first of each item are base64."""
        if "data" in fields:
            fields["data"] = base64.b64decode(fields["data"], validate=True)
        if "items" in fields:
            items = fields["items"]
            fields["items"] = [(base64.b64decode(data), caption) for data, caption in items]
        done: object = getattr(self.person(user_id), name)(**fields)
        return done

    async def _press(
        self, user_id: int, message: int, button: str, chat: int | None = None, wait_s: float = 0.0
    ) -> dict[str, Any] | None:
        """Press, and wait at most so long for the answer, by default not at all."""
        query = self.person(user_id).press(message, button, chat=chat)
        if not wait_s:
            return None
        answer = await self.wait_for(lambda: query.answer, wait_s)
        return {"text": answer.text, "alert": answer.alert}

    async def _pay(
        self, user_id: int, message: int, chat: int | None = None, wait_s: float = 0.0
    ) -> dict[str, Any]:
        """Press Pay, and wait at most so long for what becomes of it, by default not at all."""
        payment = self.person(user_id).pay(message, chat=chat)
        if wait_s:
            await self.wait_for(lambda: payment.outcome, wait_s)
        return {"outcome": payment.outcome, "charge_id": payment.charge_id}

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """A snapshot, then everything that happens, as server-sent events."""
        response = web.StreamResponse(headers={hdrs.CACHE_CONTROL: "no-store"})
        response.content_type = "text/event-stream"
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        queue.put_nowait({"event": "snapshot", **self.show()})
        self.listeners.add(queue)
        try:
            await response.prepare(request)
            while True:
                event = await queue.get()
                told = f"event: {event['event']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"
                await response.write(told.encode("utf-8", "replace"))
        finally:
            self.listeners.discard(queue)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self.files[request.match_info["file_id"]]
        kind = "image/jpeg" if file.kind == "Photo" else file.mime_type
        response = web.Response(body=file.data, content_type=kind)
        # Whatever a bot sent is shown as what it says it is, and never runs as a page of ours.
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "sandbox"
        return response
