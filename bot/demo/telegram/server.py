"""The Bot API over HTTP: routing, decoding what comes over the wire, the envelope of the answer.

Bot API, "Making requests"; github.com/tdlib/telegram-bot-api, telegram-bot-api/ClientManager.cpp.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import BodyPartReader, web

from .faults import DOWNLOAD, Fault, Faults, Flood
from .media import Upload
from .methods import METHODS, Method, Params
from .refusal import RefusedError
from .shapes import Reader
from .state import Call, State

_TOKEN = re.compile(r"[0-9]{1,19}:[A-Za-z0-9_-]{1,}")


class BotApi:
    """The two doors of the Bot API: methods and downloads."""

    def __init__(self, state: State, token: str, faults: Faults, flood: Flood) -> None:
        self._state = state
        self._token = token
        self._faults = faults
        self._flood = flood

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/bot{token}/{method}", self._call, allow_head=False),
            web.post("/bot{token}/{method}", self._call),
            web.get("/file/bot{token}/{path:.+}", self._download, allow_head=False),
            web.route("*", "/{path:.*}", self._nothing),
        ]

    async def _nothing(self, request: web.Request) -> web.StreamResponse:
        return refusal(RefusedError("", 404))

    def _check_token(self, request: web.Request) -> None:
        token = request.match_info["token"]
        if not _TOKEN.fullmatch(token):
            raise RefusedError("invalid token specified", 401)
        if token != self._token:
            raise RefusedError("", 401)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        """One call of a method, whatever becomes of it."""
        name = request.match_info["method"]
        params: Params = {}
        files: dict[str, Upload] = {}
        fault: Fault | None = None
        result: Any = None
        refused: RefusedError | None = None
        at = self._state.clock()
        try:
            self._check_token(request)
            method = METHODS.get(name.lower())
            if method is None or method.since > self._state.version:
                raise RefusedError("method not found", 404)
            name = method.name
            values, files = await read_request(request, method, self._state.max_request_bytes)
            reader = Reader(self._state.version, self._state.strict, files)
            params = method.read(reader, values)
            fault = self._faults.take(name, params.get("chat_id"))
            if fault is None or fault.after_effect or not fault.spoils:
                result = await self._do(method, params)
        except RefusedError as error:
            refused = error
        if fault is not None and fault.refusal is not None and refused is None:
            refused = fault.refusal
        self._record(Call(name, params, files, at, refused, fault, result))
        if fault is not None:
            await asyncio.sleep(fault.delay_s)
            if spoilt := await _spoil(request, fault):
                return spoilt
            if isinstance(result, dict):
                result = {key: result[key] for key in result if key not in fault.without}
        return envelope(result) if refused is None else refusal(refused)

    async def _do(self, method: Method, params: Params) -> Any:
        if method.counts:
            items = params.get("media")
            self._flood.count(params.get("chat_id"), len(items) if isinstance(items, list) else 1)
        result = method.do(self._state, params)
        return await result if inspect.isawaitable(result) else result

    def _record(self, call: Call) -> None:
        self._state.calls.append(call)
        self._state.changed("call", call.show)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_token(request)
        except RefusedError as error:
            return refusal(error)
        if fault := self._faults.take(DOWNLOAD, None):
            await asyncio.sleep(fault.delay_s)
            if fault.refusal is not None:
                return refusal(fault.refusal)
            if spoilt := await _spoil(request, fault):
                return spoilt
        file = self._state.files.at(request.match_info["path"])
        if file is None or self._state.clock() >= file.link_until:
            return refusal(RefusedError("", 404))
        return web.Response(body=file.data, content_type="application/octet-stream")


async def _spoil(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    if fault.hang:
        await asyncio.Event().wait()  # until the client gives up or the server is closed
    if fault.cut:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    if fault.html is not None:
        page = f"<html><head><title>{fault.html}</title></head><body>nginx</body></html>"
        return web.Response(status=fault.html, text=page, content_type="text/html")
    return None


def envelope(result: Any) -> web.Response:
    return _json({"ok": True, "result": result}, 200)


def refusal(error: RefusedError) -> web.Response:
    body: dict[str, Any] = {
        "ok": False,
        "error_code": error.code,
        "description": error.description,
    }
    if error.parameters:
        body["parameters"] = error.parameters
    response = _json(body, error.code)
    if "retry_after" in error.parameters:
        response.headers["Retry-After"] = str(error.parameters["retry_after"])
    return response


def _json(body: dict[str, Any], status: int) -> web.Response:
    encoded = json.dumps(body, separators=(",", ":")).encode()
    return web.Response(status=status, body=encoded, content_type="application/json")


async def read_request(
    request: web.Request, method: Method, max_bytes: int
) -> tuple[dict[str, Any], dict[str, Upload]]:
    """The arguments as they came, from the query and a form, multipart or JSON body, and the files.

    Raises RefusedError.
    """
    values: dict[str, Any] = dict(request.query)
    files: dict[str, Upload] = {}
    match request.content_type if request.body_exists else "":
        case "application/json":
            values |= _json_object(await request.read())
        case "multipart/form-data":
            await _read_parts(request, values, files, max_bytes)
        case "application/x-www-form-urlencoded":
            values |= _fields(await request.post())
        case _:
            await request.read()
    for name in files:
        # A file may also simply be sent under the name of its parameter.
        if name in method.shape:
            values.setdefault(name, f"attach://{name}")
    return values, files


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        raise RefusedError("can't parse JSON object") from None
    if not isinstance(value, dict):
        raise RefusedError("can't parse JSON object")
    return value


def _fields(form: Mapping[str, Any]) -> dict[str, Any]:
    return dict(form.items())


async def _read_parts(
    request: web.Request, values: dict[str, Any], files: dict[str, Upload], max_bytes: int
) -> None:
    too_large = False
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise RefusedError("can't parse multipart/form-data")
        data = bytearray()
        while chunk := await part.read_chunk(1 << 16):
            too_large = too_large or request.content.total_bytes > max_bytes
            if not too_large:  # the rest is read, so that the client gets the answer, and dropped
                data += chunk
        if part.filename is None:
            values[part.name] = data.decode("utf-8", "surrogateescape")
        else:
            kind = part.headers.get("Content-Type", "")
            files[part.name] = Upload(part.filename, kind, bytes(data))
    if too_large:
        raise RefusedError("", 413)
