"""The Bot API over HTTP: routing, and decoding what comes over the wire.

Bot API, "Making requests"; github.com/tdlib/telegram-bot-api, telegram-bot-api/ClientManager.cpp.
"""

from __future__ import annotations

import inspect
import json
import re
from functools import partial

from aiohttp import BodyPartReader, web

from .faults import DOWNLOAD, Fault
from .media import Upload
from .methods import METHODS, Method, Params
from .refusal import RefusedError, granted
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
        return RefusedError("", 404).response()

    async def call(self, request: web.Request) -> web.StreamResponse:
        """One call of a method, whatever becomes of it."""
        call = Call(request.match_info["method"], self._telegram.clock())
        try:
            self._check_token(request)
            method = METHODS.get(call.method.lower())
            if method is None:
                raise RefusedError("method not found", 404)
            call.method = method.name
            most = self._telegram.max_request_bytes
            values, call.files = await _read_request(request, method, most)
            reader = Reader(version(self._telegram.server_version), call.files)
            call.params = read_fields(reader, values, method.shape, method.name)
        except RefusedError as error:
            return self._answer(call, error)
        act = partial(self._do, call, method)
        fault = self._telegram.take_fault(method.name, call.params.get("chat_id"))
        if not isinstance(fault, Fault):
            return await act()
        call.fault = fault
        if not fault.effect:
            self._answer(call, fault.refused)
        return await self._telegram.spoil(fault, request, act)

    async def _do(self, call: Call, method: Method) -> web.Response:
        telegram, params = self._telegram, call.params
        try:
            if telegram.flood is not None and method.counts:
                telegram.flood.count(params["chat_id"], telegram.clock())
            result = method.do(telegram, params)
            call.result = await result if inspect.isawaitable(result) else result
        except RefusedError as error:
            return self._answer(call, error)
        return self._answer(call, call.fault.refused if call.fault else None)

    def _answer(self, call: Call, refused: RefusedError | None) -> web.Response:
        """Write the call down, and say what it came to."""
        call.refused = refused
        self._telegram.calls.append(call)
        self._telegram.changed()
        if refused is not None:
            return refused.response()
        result = call.result
        if call.fault is not None and isinstance(result, dict):
            result = {key: result[key] for key in result if key not in call.fault.without}
        return granted(result)

    async def download(self, request: web.Request) -> web.StreamResponse:
        act = partial(self._file, request)
        fault = self._telegram.take_fault(DOWNLOAD)
        return await (self._telegram.spoil(fault, request, act) if fault else act())

    async def _file(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_token(request)
        except RefusedError as error:
            return error.response()
        file = self._telegram.files.at(request.match_info["path"])
        if file is None or self._telegram.clock() >= file.link_until:
            return RefusedError("", 404).response()
        return web.Response(body=file.data, content_type="application/octet-stream")

    def _check_token(self, request: web.Request) -> None:
        token = request.match_info["token"]
        if not _TOKEN.fullmatch(token):
            raise RefusedError("invalid token specified", 401)
        if token != self._telegram.token:
            raise RefusedError("", 401)


async def _read_request(
    request: web.Request, method: Method, max_bytes: int
) -> tuple[Params, dict[str, Upload]]:
    """The arguments as they came, from the query and a form, multipart or JSON body, and the files.

    Raises RefusedError.
    """
    values: Params = dict(request.query)
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


def _json_object(body: bytes) -> Params:
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise RefusedError("can't parse JSON object")
    return value


async def _read_parts(
    request: web.Request, values: Params, files: dict[str, Upload], max_bytes: int
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
            files[part.name] = Upload(part.filename, bytes(data))
    if too_large:
        raise RefusedError("", 413)
