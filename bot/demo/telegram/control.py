"""The control interface: what a Python test does with the emulator, over HTTP for other processes.

GET  /_emu/state, /_emu/events (SSE: first a snapshot, then everything that happens),
     /_emu/calls?since=N, /_emu/files/FILE_ID
POST /_emu/ACTION with a JSON object of the action's arguments; bytes are base64. What a person does
     is a method of Person and needs `user_id` as well; the rest are methods of Telegram or below.

For programs on this machine only: other addresses, names and web pages are turned away.
"""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from .faults import FloodRules
from .media import Upload
from .state import Message
from .telegram import Telegram

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_LOCAL = ("127.0.0.1", "localhost", "::1")
_OF_A_PERSON = (
    "send", "send_photo", "send_document", "send_other", "send_album", "edit", "delete", "block",
    "unblock", "deactivate",
)  # fmt: skip
_OF_TELEGRAM = (
    "add_person", "add_group", "remove_bot", "upgrade_group", "fail", "move_clock", "transcript",
)  # fmt: skip
_SETTINGS = {"privacy_mode", "server_version", "flood"}


def routes(telegram: Telegram) -> list[web.RouteDef]:
    """Routes under /_emu/ for one emulator."""
    control = _Control(telegram)
    return [
        web.get("/_emu/state", _guarded(control.state)),
        web.get("/_emu/events", _guarded(control.events), allow_head=False),
        web.get("/_emu/calls", _guarded(control.calls)),
        web.get("/_emu/files/{file_id}", _guarded(control.file)),
        web.post("/_emu/{action}", _guarded(control.act)),
    ]


class _Control:
    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    async def state(self, request: web.Request) -> web.StreamResponse:
        return _json(self._telegram.show())

    async def calls(self, request: web.Request) -> web.StreamResponse:
        since = int(request.query.get("since", "0"))
        return _json([call.show() for call in self._telegram.calls[since:]])

    async def file(self, request: web.Request) -> web.StreamResponse:
        file = self._telegram.files[request.match_info["file_id"]]
        kind = "image/jpeg" if file.kind == "Photo" else file.mime_type
        response = web.Response(body=file.data, content_type=kind)
        # Whatever a bot sent is shown as what it says it is, and never runs as a page of ours.
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "sandbox"
        return response

    async def events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Cache-Control": "no-store"})
        response.content_type = "text/event-stream"
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._telegram.listeners.add(queue)
        try:
            await response.prepare(request)
            await response.write(_event("snapshot", self._telegram.show()))
            while True:
                message = await queue.get()
                await response.write(_event(message["event"], message))
        finally:
            self._telegram.listeners.discard(queue)

    async def act(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read() or b"{}")
        if not isinstance(body, dict):
            raise TypeError("a JSON object is expected")
        result = self._action(request.match_info["action"], body)(**body)
        if inspect.isawaitable(result):
            result = await result
        # Of a person, a chat and a fault there is nothing to tell.
        return _json({"result": result if isinstance(result, int | str | list | dict) else None})

    def _action(self, name: str, body: dict[str, Any]) -> Callable[..., Any]:
        if "data" in body:
            body["data"] = _bytes(body["data"])
        if "items" in body:
            body["items"] = [(_bytes(data), caption) for data, caption in body["items"]]
        own = (self.press, self.settings, self.clear_faults, self.wait_message)
        if found := next((act for act in own if act.__name__ == name), None):
            return found
        if name in _OF_A_PERSON:
            return getattr(self._telegram.person(body.pop("user_id")), name)  # type: ignore[no-any-return]
        if name in _OF_TELEGRAM:
            return getattr(self._telegram, name)  # type: ignore[no-any-return]
        raise LookupError(f"no action {name}")

    async def press(
        self,
        user_id: int,
        message: int,
        button: str,
        chat: int | None = None,
        wait_s: float = 0.0,
    ) -> dict[str, Any] | None:
        """Press, and wait at most so long for the answer, by default not at all."""
        query = self._telegram.person(user_id).press(message, button, chat=chat)
        if not wait_s:
            return None
        answer = await self._telegram.wait_for(lambda: query.answer, wait_s)
        return {"text": answer.text, "alert": answer.alert}

    def settings(self, **settings: Any) -> None:
        """Any of privacy_mode, server_version and flood (its rules, or null)."""
        if unknown := settings.keys() - _SETTINGS:
            raise TypeError(f"no such settings: {sorted(unknown)}")
        if settings.get("flood") is not None:
            settings["flood"] = FloodRules(**settings["flood"])
        for name, value in settings.items():
            setattr(self._telegram, name, value)

    def clear_faults(self) -> None:
        self._telegram.faults.clear()

    async def wait_message(
        self, chat_id: int, contains: str = "", after: int = 0, timeout_s: float = 60
    ) -> dict[str, Any]:
        """The first message of the bot that fits; a 400 with the transcript when there is none."""

        def find() -> Message | None:
            messages = self._telegram.chat(chat_id).messages
            fitting = (each for each in messages if each.from_bot and each.message_id > after)
            return next((each for each in fitting if contains in each.words), None)

        return (await self._telegram.wait_for(find, timeout_s)).show()


def _guarded(handler: Handler) -> Handler:
    """Only for this machine, and not for pages of other sites in a browser on it."""

    async def guard(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        host = urlsplit(f"//{request.host}").hostname
        foreign = origin is not None and urlsplit(origin).netloc != request.host
        if request.remote not in _LOCAL or host not in _LOCAL or foreign:
            return web.json_response({"error": "for this machine only"}, status=403)
        try:
            return await handler(request)
        except (LookupError, ValueError, TypeError, AssertionError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return guard


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Upload):
        return f"<{value.filename}, {len(value.data)} bytes>"
    raise TypeError(f"{type(value)} is no JSON")


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _json(value: Any) -> web.Response:
    return web.json_response(value, dumps=_dumps)


def _event(name: str, value: Any) -> bytes:
    return f"event: {name}\ndata: {_dumps(value)}\n\n".encode()
