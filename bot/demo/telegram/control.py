"""The control interface: what a Python test does with the emulator, over HTTP for other processes.

GET  /_emu/state, /_emu/events (SSE: first a snapshot, then everything that happens),
     /_emu/calls?since=N, /_emu/transcript?chat_id=N, /_emu/files/FILE_ID
POST /_emu/ACTION with a JSON object; the actions are the functions below. Bytes are base64.

For programs on this machine only: other addresses, names and web pages are turned away.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from .faults import FloodRules
from .media import Upload
from .people import Person
from .state import Call, Message

if TYPE_CHECKING:
    from .emulator import TelegramEmulator

Body = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_LOCAL = ("127.0.0.1", "localhost", "::1")


class Control:
    """Routes under /_emu/ for one emulator."""

    def __init__(self, emulator: TelegramEmulator) -> None:
        self._emulator = emulator

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/_emu/state", _guarded(self._state)),
            web.get("/_emu/events", _guarded(self._events), allow_head=False),
            web.get("/_emu/calls", _guarded(self._calls)),
            web.get("/_emu/transcript", _guarded(self._transcript)),
            web.get("/_emu/files/{file_id}", _guarded(self._file)),
            web.post("/_emu/{action}", _guarded(self._act)),
        ]

    async def _state(self, request: web.Request) -> web.StreamResponse:
        return _json(self._emulator.show())

    async def _calls(self, request: web.Request) -> web.StreamResponse:
        since = int(request.query.get("since", "0"))
        return _json([call.show() for call in self._emulator.calls[since:]])

    async def _transcript(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=self._emulator.transcript(int(request.query["chat_id"])))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self._emulator.file(request.match_info["file_id"])
        kind = "image/jpeg" if file.kind == "Photo" else file.mime_type
        response = web.Response(body=file.data, content_type=kind)
        # Whatever a bot sent is shown as what it says it is, and never runs as a page of ours.
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "sandbox"
        return response

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Cache-Control": "no-store"})
        response.content_type = "text/event-stream"
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        listeners = self._emulator.state.listeners
        listeners.add(queue)
        try:
            await response.prepare(request)
            await response.write(_event("snapshot", self._emulator.show()))
            while True:
                message = await queue.get()
                await response.write(_event(message["event"], message))
        finally:
            listeners.discard(queue)

    async def _act(self, request: web.Request) -> web.StreamResponse:
        act = ACTIONS.get(request.match_info["action"])
        if act is None:
            raise LookupError(f"no such action; there are {sorted(ACTIONS)}")
        body = json.loads(await request.read() or b"{}")
        if not isinstance(body, dict):
            raise TypeError("a JSON object is expected")
        result = act(self._emulator, body)
        if isinstance(result, Awaitable):
            result = await result
        if body:
            raise ValueError(f"unknown fields: {sorted(body)}")
        return _json(result)


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


# Each action takes its fields out of the body; what is left over is refused.


def _person(emulator: TelegramEmulator, body: Body) -> Person:
    return emulator.person(body.pop("user_id"))


def _add_person(emulator: TelegramEmulator, body: Body) -> dict[str, Any]:
    fields = {name: body.pop(name) for name in list(body)}
    return emulator.add_person(fields.pop("user_id"), fields.pop("first_name"), **fields).user


def _add_group(emulator: TelegramEmulator, body: Body) -> dict[str, Any]:
    members = [emulator.person(user_id) for user_id in body.pop("members")]
    return emulator.add_group(body.pop("chat_id"), body.pop("title"), members).wire()


def _where(body: Body) -> dict[str, Any]:
    """The optional arguments that everything a person sends has."""
    return {name: body.pop(name) for name in ("reply_to", "sent_at", "chat") if name in body}


def _send(emulator: TelegramEmulator, body: Body) -> dict[str, int]:
    person = _person(emulator, body)
    return {"message_id": person.send(body.pop("text"), **_where(body))}


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _send_photo(emulator: TelegramEmulator, body: Body) -> dict[str, int]:
    person = _person(emulator, body)
    data, caption = _bytes(body.pop("data")), body.pop("caption", None)
    return {"message_id": person.send_photo(data, caption=caption, **_where(body))}


def _send_document(emulator: TelegramEmulator, body: Body) -> dict[str, int]:
    person = _person(emulator, body)
    data = _bytes(body.pop("data"))
    about = {name: body.pop(name) for name in ("filename", "mime_type", "caption") if name in body}
    return {"message_id": person.send_document(data, **about, **_where(body))}


def _send_album(emulator: TelegramEmulator, body: Body) -> dict[str, list[int]]:
    person = _person(emulator, body)
    items = [(_bytes(item["data"]), item.get("caption")) for item in body.pop("items")]
    return {"message_ids": person.send_album(items, **_where(body))}


def _press(emulator: TelegramEmulator, body: Body) -> Awaitable[dict[str, Any]]:
    """Press, and wait for the answer at most `wait_s` seconds, by default not at all."""
    person = _person(emulator, body)
    chat, message_id = body.pop("chat", None), body.pop("message_id")
    query = (
        person.forge(message_id, body.pop("data"), chat=chat)
        if "data" in body
        else person.press(message_id, body.pop("button"), chat=chat)
    )
    wait_s = body.pop("wait_s", 0.0)

    async def answered() -> dict[str, Any]:
        if wait_s:
            await emulator.wait_for(lambda: query.answer, wait_s)
        answer = query.answer and {"text": query.answer.text, "alert": query.answer.alert}
        return {"query_id": query.query_id, "answer": answer}

    return answered()


def _edit(emulator: TelegramEmulator, body: Body) -> None:
    person = _person(emulator, body)
    person.edit(body.pop("message_id"), body.pop("text"), chat=body.pop("chat", None))


def _delete(emulator: TelegramEmulator, body: Body) -> None:
    person = _person(emulator, body)
    person.delete(body.pop("message_id"), chat=body.pop("chat", None))


def _stop(emulator: TelegramEmulator, body: Body) -> None:
    _person(emulator, body).stop(body.pop("draft_id", None))


def _fail(emulator: TelegramEmulator, body: Body) -> None:
    fields = {name: body.pop(name) for name in list(body)}
    emulator.fail(fields.pop("method"), **fields)


def _settings(emulator: TelegramEmulator, body: Body) -> None:
    """Any of strict, privacy_mode, server_version, webhook_url, flood."""
    if "flood" in body:
        rules = body.pop("flood")
        emulator.flood = None if rules is None else FloodRules(**rules)
    for name in ("strict", "privacy_mode", "server_version", "webhook_url"):
        if name in body:
            setattr(emulator, name, body.pop(name))


def _wait(emulator: TelegramEmulator, body: Body) -> Awaitable[dict[str, Any]]:
    """The first message, or call, that fits; a 400 with the transcript when there is none in time.

    Messages: chat_id, contains, from_bot (true), after (a message_id). Calls: method, since.
    """
    timeout_s = body.pop("timeout_s", 10.0)
    find = _call_like(emulator, body) if "method" in body else _message_like(emulator, body)

    async def found() -> dict[str, Any]:
        return (await emulator.wait_for(find, timeout_s)).show()

    return found()


def _call_like(emulator: TelegramEmulator, body: Body) -> Callable[[], Call]:
    method, since = body.pop("method"), body.pop("since", 0)

    def find() -> Call | None:
        fitting = (call for call in emulator.calls[since:] if call.method == method)
        return next(fitting, None)

    return find  # type: ignore[return-value]  # wait_for goes on until it is a call


def _message_like(emulator: TelegramEmulator, body: Body) -> Callable[[], Message]:
    chat_id, contains = body.pop("chat_id"), body.pop("contains", "")
    from_bot, after = body.pop("from_bot", True), body.pop("after", 0)

    def find() -> Message | None:
        for message in emulator.chat(chat_id).messages:
            fits = message.from_bot == from_bot and message.message_id > after
            if fits and contains in message.words:
                return message
        return None

    return find  # type: ignore[return-value]  # wait_for goes on until it is a message


def _add_unknown_fields(emulator: TelegramEmulator, body: Body) -> None:
    emulator.add_unknown_fields(**body.pop("fields"))


ACTIONS: dict[str, Callable[[TelegramEmulator, Body], Any]] = {
    "add_person": _add_person,
    "add_group": _add_group,
    "send": _send,
    "send_photo": _send_photo,
    "send_document": _send_document,
    "send_album": _send_album,
    "press": _press,
    "edit": _edit,
    "delete": _delete,
    "stop": _stop,
    "block": lambda emulator, body: _person(emulator, body).block(),
    "unblock": lambda emulator, body: _person(emulator, body).unblock(),
    "deactivate": lambda emulator, body: _person(emulator, body).deactivate(),
    "remove_bot": lambda emulator, body: emulator.remove_bot(body.pop("chat_id")),
    "upgrade_group": lambda emulator, body: emulator.upgrade_group(
        body.pop("chat_id"), body.pop("new_chat_id")
    ).wire(),
    "fail": _fail,
    "clear_faults": lambda emulator, body: emulator.faults.clear(),
    "repeat_next_update": lambda emulator, body: emulator.repeat_next_update(body.pop("times", 1)),
    "resend": lambda emulator, body: emulator.resend(body.pop("update_id")),
    "add_unknown_fields": _add_unknown_fields,
    "move_clock": lambda emulator, body: emulator.move_clock(body.pop("seconds")),
    "settings": _settings,
    "wait": _wait,
    "reset": lambda emulator, body: emulator.reset(),
}
