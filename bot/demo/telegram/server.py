"""The Bot API over HTTP: routing, decoding what comes over the wire, the envelope of the answer.

Bot API, "Making requests"; github.com/tdlib/telegram-bot-api, telegram-bot-api/ClientManager.cpp.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from typing import Any

from aiohttp import BodyPartReader, web

from .faults import DOWNLOAD, Fault
from .media import Upload
from .methods import METHODS, Method
from .refusal import RefusedError
from .shapes import Reader, read_fields, version
from .state import Call
from .telegram import Telegram

_TOKEN = re.compile(r"[0-9]{1,19}:[A-Za-z0-9_-]{1,}")


def routes(telegram: Telegram) -> list[web.RouteDef]:
    """The two doors of the Bot API, methods and downloads, and a wall beside them."""
    api = _BotApi(telegram)
    return [
        web.get("/bot{token}/{method}", api.call, allow_head=False),
        web.post("/bot{token}/{method}", api.call),
        web.get("/file/bot{token}/{path:.+}", api.download, allow_head=False),
        web.route("*", "/{path:.*}", api.nothing),
    ]


class _BotApi:
    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    async def nothing(self, request: web.Request) -> web.StreamResponse:
        return _refusal(RefusedError("", 404))

    def _check_token(self, request: web.Request) -> None:
        token = request.match_info["token"]
        if not _TOKEN.fullmatch(token):
            raise RefusedError("invalid token specified", 401)
        if token != self._telegram.token:
            raise RefusedError("", 401)

    async def call(self, request: web.Request) -> web.StreamResponse:
        """One call of a method, whatever becomes of it."""
        telegram = self._telegram
        name = request.match_info["method"]
        params: dict[str, Any] = {}
        files: dict[str, Upload] = {}
        fault: Fault | None = None
        result: Any = None
        refused: RefusedError | None = None
        at = telegram.clock()
        try:
            self._check_token(request)
            method = METHODS.get(name.lower())
            if method is None:
                raise RefusedError("method not found", 404)
            name = method.name
            values, files = await _read_request(request, method, telegram.max_request_bytes)
            reader = Reader(version(telegram.server_version), files)
            params = read_fields(reader, values, method.shape, name)
            fault = telegram.faults.take(name, params.get("chat_id"))
            if fault is None or fault.after_effect or not fault.spoils:
                if telegram.flood is not None and method.counts:
                    telegram.flood.count(params["chat_id"], telegram.clock())
                result = method.do(telegram, params)
                if inspect.isawaitable(result):
                    result = await result
        except RefusedError as error:
            refused = error
        if fault is not None and fault.refusal is not None and refused is None:
            refused = fault.refusal
        call = Call(name, params, files, at, refused, fault, result)
        telegram.calls.append(call)
        telegram.changed("call", call.show)
        if fault is not None:
            await asyncio.sleep(fault.delay_s)
            if spoilt := await _spoil(request, fault):
                return spoilt
            if isinstance(result, dict):
                result = {key: result[key] for key in result if key not in fault.without}
        return _refusal(refused) if refused else _json({"ok": True, "result": result}, 200)

    async def download(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_token(request)
            if fault := self._telegram.faults.take(DOWNLOAD, None):
                await asyncio.sleep(fault.delay_s)
                if fault.refusal is not None:
                    raise fault.refusal
                if spoilt := await _spoil(request, fault):
                    return spoilt
            file = self._telegram.files.at(request.match_info["path"])
            if file is None or self._telegram.clock() >= file.link_until:
                raise RefusedError("", 404)
        except RefusedError as error:
            return _refusal(error)
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


def _refusal(error: RefusedError) -> web.Response:
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


async def _read_request(
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
            values |= dict(await request.post())
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
