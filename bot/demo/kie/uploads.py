"""The upload host: three ways in, one folder out."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import random
import re
import string
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from aiohttp import web
from yarl import URL

from . import wire
from .calls import CALL, refuse
from .loopback import fetch
from .state import Clock

if TYPE_CHECKING:
    from .simulator import KieSimulator

ACCOUNT = "/kieai/000000/"
MAX_UPLOAD_BYTES = 100 * 2**20
MAX_BASE64_BYTES = 10 * 2**20
KEPT_BYTES = 300 * 2**20
MULTIPART = "multipart/form-data"

Handler = Callable[[web.Request], Awaitable[web.Response]]

SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


class UploadError(Exception):
    """A refused upload; the text is the answer's `msg`."""


@dataclass(frozen=True, slots=True)
class Upload:
    path: str
    data: bytes
    mime_type: str
    at: float


class Store:
    """The uploaded files by path; the same path overwrites, the oldest go when it gets full."""

    def __init__(self, clock: Clock) -> None:
        self.live_s = 3 * 86_400.0
        self._clock = clock
        self._files: dict[str, Upload] = {}

    def get(self, path: str) -> Upload | None:
        upload = self._files.get(path)
        return upload if upload and self._clock() - upload.at < self.live_s else None

    def put(self, folder: str, name: str | None, data: bytes) -> Upload:
        mime_type = next((m for s, m in SIGNATURES.items() if data.startswith(s)), None)
        if mime_type is None:
            mime_type = mimetypes.guess_type(name or "")[0] or "application/octet-stream"
        now = self._clock()
        if not name:
            letters = random.choices(string.ascii_lowercase + string.digits, k=11)  # noqa: S311 - a name, no secret
            suffix = mimetypes.guess_extension(mime_type) or ".bin"
            name = f"{int(now * 1000)}-{''.join(letters)}{suffix}"
        upload = Upload(f"{ACCOUNT}{folder}/{name}", data, mime_type, now)
        self._files.pop(upload.path, None)
        self._files[upload.path] = upload
        while len(self._files) > 1 and sum(len(f.data) for f in self._files.values()) > KEPT_BYTES:
            del self._files[next(iter(self._files))]
        return upload


def routes(kie: KieSimulator) -> list[web.RouteDef]:
    def stored(form: Mapping[str, Any], data: bytes) -> web.Response:
        folder, name = _wanted(form, "uploadPath"), form.get("fileName")
        if not _is_folder(folder):
            raise UploadError("uploadPath is wrong: no slash at either end, no dots")
        if name is not None and (not isinstance(name, str) or not _is_name(name)):
            raise UploadError("fileName is wrong")
        upload = kie.uploads.put(folder, name, data)
        at = datetime.fromtimestamp(upload.at, UTC)
        return wire.answer(
            {
                "success": True,
                "code": 200,
                "msg": "File uploaded successfully",
                "data": {
                    "success": True,
                    "fileName": PurePosixPath(upload.path).name,
                    "filePath": upload.path.removeprefix("/"),
                    "downloadUrl": str(URL(kie.url).with_path(upload.path)),
                    "fileSize": len(data),
                    "mimeType": upload.mime_type,
                    "uploadedAt": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                },
            },
            content_type=wire.UPLOAD_TYPE,
        )

    async def stream(request: web.Request) -> web.Response:
        form = dict(await request.post()) if request.content_type == MULTIPART else {}
        file = form.pop("file", None)
        if not isinstance(file, web.FileField):
            raise UploadError("Missing required parameter: file")
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
            raise UploadError("base64Data is wrong") from error
        if len(data) > MAX_BASE64_BYTES:
            raise UploadError("File size exceeds the limit of 10MB")
        return stored(form, data)

    async def url(request: web.Request) -> web.Response:
        form = _json(request)
        address = _wanted(form, "fileUrl", " (file download URL)")
        if "/file/bot" in address:
            raise UploadError("fileUrl must not be a Telegram file URL: it holds the bot's token")
        data = await fetch(kie, address, MAX_UPLOAD_BYTES)
        if data is None:
            raise UploadError("Failed to download the file from fileUrl")
        return stored(form, data)

    async def file(request: web.Request) -> web.Response:
        upload = kie.uploads.get(request.path)
        if upload is None:
            return wire.page(404, "404 Not Found", "cloudflare")
        return web.Response(body=upload.data, content_type=upload.mime_type)

    def answering(handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except UploadError as error:
                return refuse("upload", 400, str(error))

        return handle

    return [
        web.post("/api/file-stream-upload", answering(stream)),
        web.post("/api/file-base64-upload", answering(base64_data)),
        web.post("/api/file-url-upload", answering(url)),
        web.get(ACCOUNT + "{path:.+}", file, allow_head=False),
    ]


def _json(request: web.Request) -> dict[str, Any]:
    body = request[CALL].body
    return body if isinstance(body, dict) else {}


def _wanted(form: Mapping[str, Any], name: str, explained: str = "") -> str:
    value = form.get(name)
    if not isinstance(value, str) or not value:
        raise UploadError(f"Missing required parameter: {name}{explained}")
    return value


def _is_folder(folder: str) -> bool:
    return all(part and part.strip(".") for part in folder.split("/"))


def _is_name(name: str) -> bool:
    return bool(name.strip(".")) and "/" not in name
