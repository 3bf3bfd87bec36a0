"""The control interface: what a Python test does with the emulator, over HTTP for other processes.

GET  /_emu/state, /_emu/events (SSE: first a snapshot, then everything that happens),
     /_emu/calls?since=N, /_emu/transcript?chat_id=N, /_emu/files/FILE_ID
POST /_emu/ACTION with a JSON object; the actions are the functions below. Bytes are base64.

For programs on this machine only: other addresses, names and web pages are turned away.
"""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from .attachments import KINDS
from .faults import FloodRules
from .media import Upload
from .state import Call, CallbackQuery, Message

if TYPE_CHECKING:
    from .emulator import SendingKind, TelegramEmulator

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
        result = act(self._emulator, **body)
        return _json(await result if inspect.isawaitable(result) else result)


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


# Each action is a function of the emulator and the fields of the body; Python checks their names.


def _add_person(emulator: TelegramEmulator, user_id: int, first_name: str, **more: Any) -> Body:
    return emulator.add_person(user_id, first_name, **more).user


def _add_group(emulator: TelegramEmulator, chat_id: int, title: str, members: list[int]) -> Body:
    people = [emulator.person(user_id) for user_id in members]
    return emulator.add_group(chat_id, title, people).wire()


def _send(emulator: TelegramEmulator, user_id: int, text: str, **where: Any) -> Body:
    return {"message_id": emulator.person(user_id).send(text, **where)}


def _send_photo(emulator: TelegramEmulator, user_id: int, data: str, **more: Any) -> Body:
    return {"message_id": emulator.person(user_id).send_photo(_bytes(data), **more)}


def _send_document(emulator: TelegramEmulator, user_id: int, data: str, **more: Any) -> Body:
    return {"message_id": emulator.person(user_id).send_document(_bytes(data), **more)}


def _send_other(
    emulator: TelegramEmulator,
    user_id: int,
    kind: str,
    fields: Body | None = None,
    **more: Any,
) -> Body:
    about = dict(fields or {})
    if "data" in about:
        about["data"] = _bytes(about["data"])
    if "options" in about:
        about["options"] = tuple(about["options"])
    attachment = KINDS[kind](**about)
    return {"message_id": emulator.person(user_id).send_other(attachment, **more)}


def _send_album(emulator: TelegramEmulator, user_id: int, items: list[Body], **where: Any) -> Body:
    pictures = [(_bytes(item["data"]), item.get("caption")) for item in items]
    return {"message_ids": emulator.person(user_id).send_album(pictures, **where)}


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


async def _press(
    emulator: TelegramEmulator,
    user_id: int,
    message_id: int,
    button: str,
    chat: int | None = None,
    wait_s: float = 0.0,
) -> Body:
    """Press, and wait at most so long for the answer, by default not at all."""
    query = emulator.person(user_id).press(message_id, button, chat=chat)
    return await _answered(emulator, query, wait_s)


async def _forge(
    emulator: TelegramEmulator,
    user_id: int,
    message_id: int,
    data: str,
    chat: int | None = None,
    wait_s: float = 0.0,
) -> Body:
    query = emulator.person(user_id).forge(message_id, data, chat=chat)
    return await _answered(emulator, query, wait_s)


async def _answered(emulator: TelegramEmulator, query: CallbackQuery, wait_s: float) -> Body:
    if wait_s:
        await emulator.wait_for(lambda: query.answer, wait_s)
    answer = query.answer and {"text": query.answer.text, "alert": query.answer.alert}
    return {"query_id": query.query_id, "answer": answer}


def _edit(
    emulator: TelegramEmulator, user_id: int, message_id: int, text: str, chat: int | None = None
) -> None:
    emulator.person(user_id).edit(message_id, text, chat=chat)


def _delete(
    emulator: TelegramEmulator, user_id: int, message_id: int, chat: int | None = None
) -> None:
    emulator.person(user_id).delete(message_id, chat=chat)


def _stop(emulator: TelegramEmulator, user_id: int, draft_id: int | None = None) -> None:
    emulator.person(user_id).stop(draft_id)


def _block(emulator: TelegramEmulator, user_id: int) -> None:
    emulator.person(user_id).block()


def _unblock(emulator: TelegramEmulator, user_id: int) -> None:
    emulator.person(user_id).unblock()


def _deactivate(emulator: TelegramEmulator, user_id: int) -> None:
    emulator.person(user_id).deactivate()


def _remove_bot(emulator: TelegramEmulator, chat_id: int) -> None:
    emulator.remove_bot(chat_id)


def _restrict_group(
    emulator: TelegramEmulator,
    chat_id: int,
    forbidden: list[SendingKind],
    topic_closed: bool = False,
) -> None:
    emulator.restrict_group(chat_id, *forbidden, topic_closed=topic_closed)


def _upgrade_group(emulator: TelegramEmulator, chat_id: int, new_chat_id: int) -> Body:
    return emulator.upgrade_group(chat_id, new_chat_id).wire()


def _fail(emulator: TelegramEmulator, method: str, **how: Any) -> None:
    emulator.fail(method, **how)


def _clear_faults(emulator: TelegramEmulator) -> None:
    emulator.faults.clear()


def _repeat_next_update(emulator: TelegramEmulator, times: int = 1) -> None:
    emulator.repeat_next_update(times)


def _resend(emulator: TelegramEmulator, update_id: int) -> None:
    emulator.resend(update_id)


def _add_unknown_fields(emulator: TelegramEmulator, fields: Body) -> None:
    emulator.add_unknown_fields(**fields)


def _move_clock(emulator: TelegramEmulator, seconds: float) -> None:
    emulator.move_clock(seconds)


def _settings(emulator: TelegramEmulator, **settings: Any) -> None:
    """Any of strict, privacy_mode, long_polling, server_version, webhook_url, flood (its rules, or
    null)."""
    unknown = settings.keys() - {
        "strict",
        "privacy_mode",
        "long_polling",
        "server_version",
        "webhook_url",
        "flood",
    }
    if unknown:
        raise TypeError(f"no such settings: {sorted(unknown)}")
    if settings.get("flood") is not None:
        settings["flood"] = FloodRules(**settings["flood"])
    for name, value in settings.items():
        setattr(emulator, name, value)


async def _wait_message(
    emulator: TelegramEmulator,
    chat_id: int,
    contains: str = "",
    after: int = 0,
    from_bot: bool = True,
    timeout_s: float = 60,
) -> Body:
    """The first message that fits; a 400 with the transcript when there is none in time."""

    def find() -> list[Message]:
        return [
            message
            for message in emulator.chat(chat_id).messages
            if message.from_bot == from_bot
            and message.message_id > after
            and contains in message.words
        ]

    return (await emulator.wait_for(find, timeout_s))[0].show()


async def _wait_call(
    emulator: TelegramEmulator, method: str, since: int = 0, timeout_s: float = 10.0
) -> Body:
    """The first call of the method that is not among the first `since` ones of all."""

    def find() -> list[Call]:
        return [call for call in emulator.calls[since:] if call.method == method]

    return (await emulator.wait_for(find, timeout_s))[0].show()


def _reset(emulator: TelegramEmulator) -> None:
    emulator.reset()


ACTIONS: dict[str, Callable[..., Any]] = {
    act.__name__.removeprefix("_"): act
    for act in (
        _add_person,
        _add_group,
        _send,
        _send_photo,
        _send_document,
        _send_other,
        _send_album,
        _press,
        _forge,
        _edit,
        _delete,
        _stop,
        _block,
        _unblock,
        _deactivate,
        _remove_bot,
        _restrict_group,
        _upgrade_group,
        _fail,
        _clear_faults,
        _repeat_next_update,
        _resend,
        _add_unknown_fields,
        _move_clock,
        _settings,
        _wait_message,
        _wait_call,
        _reset,
    )
}
