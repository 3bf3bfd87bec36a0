"""The upload host: three ways to upload a file."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from aiohttp import web
from yarl import URL

from bot.demo.base import CALL, iso, page

from . import wire
from .account import FILES, Account

MAX_UPLOAD_BYTES = 100 * 2**20
MAX_BASE64_BYTES = 10 * 2**20


def routes(kie: Account) -> list[web.RouteDef]:
    def stored(form: Mapping[str, Any], data: bytes) -> web.Response:
        folder, name = _wanted(form, "uploadPath"), form.get("fileName")
        if not all(part.strip(".") for part in folder.split("/")):
            raise wire.RefusedError(400, "uploadPath is wrong: no slash at either end, no dots")
        if name is not None and not (isinstance(name, str) and name.strip(".") and "/" not in name):
            raise wire.RefusedError(400, "fileName is wrong")
        upload = kie.upload(folder, name, data)
        told = {
            "success": True,
            "fileName": PurePosixPath(upload.path).name,
            "filePath": upload.path.removeprefix("/"),
            "downloadUrl": str(URL(kie.url).with_path(upload.path)),
            "fileSize": len(data),
            "mimeType": upload.mime_type,
            "uploadedAt": iso(upload.at),
        }
        body = {"success": True, "code": 200, "msg": "File uploaded successfully", "data": told}
        return wire.answer(body, content_type=wire.UPLOAD_TYPE)

    async def stream(request: web.Request) -> web.Response:
        is_form = request.content_type == "multipart/form-data"
        form = dict(await request.post()) if is_form else {}
        file = form.pop("file", None)
        if not isinstance(file, web.FileField):
            raise wire.RefusedError(400, "Missing required parameter: file")
        with file.file:
            data = file.file.read()
        request[CALL].body = form | {"file": {"name": file.filename, "size": len(data)}}
        return stored(form, data)

    async def base64_data(request: web.Request) -> web.Response:
        form = _json(request)
        given = _wanted(form, "base64Data")
        # The call is kept for long; megabytes of base64 in it are of no use to anyone.
        request[CALL].body = form | {"base64Data": given[:64]}
        try:
            data = base64.b64decode(re.sub(r"^data:[^,]*;base64,", "", given), validate=True)
        except binascii.Error as error:
            raise wire.RefusedError(400, "base64Data is wrong") from error
        if len(data) > MAX_BASE64_BYTES:
            raise wire.RefusedError(400, "File size exceeds the limit of 10MB")
        return stored(form, data)

    async def url(request: web.Request) -> web.Response:
        form = _json(request)
        address = _wanted(form, "fileUrl", " (file download URL)")
        if "/file/bot" in address:
            words = "fileUrl must not be a Telegram file URL: it holds the bot's token"
            raise wire.RefusedError(400, words)
        data = await kie.fetch(address, MAX_UPLOAD_BYTES)
        if data is None:
            raise wire.RefusedError(400, "Failed to download the file from fileUrl")
        return stored(form, data)

    async def file(request: web.Request) -> web.Response:
        upload = kie.upload_at(request.path)
        if upload is None:
            return page(404, kie.front)
        return web.Response(body=upload.data, content_type=upload.mime_type)

    return [
        web.post("/api/file-stream-upload", stream),
        web.post("/api/file-base64-upload", base64_data),
        web.post("/api/file-url-upload", url),
        web.get(FILES + "{_:.+}", file, allow_head=False),
    ]


def _json(request: web.Request) -> dict[str, Any]:
    body = request[CALL].body
    return body if isinstance(body, dict) else {}


def _wanted(form: Mapping[str, Any], name: str, explained: str = "") -> str:
    value = form.get(name)
    if not isinstance(value, str) or not value:
        raise wire.RefusedError(400, f"Missing required parameter: {name}{explained}")
    return value
