"""Recorded bodies, texts and headers of KIE's responses; no logic.

Shapes follow public recordings of api.kie.ai (April to October 2026) and docs.kie.ai.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from bot.demo.base import CODE

REQUIRED = "This field is required"
UNKNOWN_MODEL = (
    "The model name you specified is not supported. Please verify your input and use one of the "
    "supported models provided by KIE."
)
API_TYPE = "application/json;charset=UTF-8"
UPLOAD_TYPE = "application/json"

# Recorded where there is a recording, else the wording of the documentation's list of codes.
TEXTS = {
    400: "taskId parameter is required",
    401: "Unauthorized – Authentication failed. Please check that your Authorization and "
    "Content-Type headers are correctly set.",
    402: "Credits insufficient : Your current balance isn’t enough to run this request. "
    "Please top up to continue.",
    404: "Task not found",
    408: "Upstream service did not return a result for over 10 minutes",
    422: "recordInfo is null",
    429: "Your call frequency is too high. Please try again later.",
    433: "Request limit: the sub-key is over its usage cap",
    451: "Failed to fetch the image. Please check that the URL is publicly accessible",
    455: "Service unavailable: the system is currently undergoing maintenance",
    500: "Server exception, please try again later or contact customer service",
    501: "Generation failed",
    505: "Feature disabled",
    550: "Connection refused: the task queue is full",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error; `msg` None takes the recorded or documented text of the code."""

    code: int = 402
    msg: str | None = None
    http_status: int = 200
    retry_after: float | None = None

    def answer(self, *, upload: bool = False) -> web.Response:
        """A 401, a 429 that is also the HTTP status, and the upload host's come without `data`."""
        is_plain_429 = self.code == self.http_status == 429
        known = "Rate limit exceeded" if is_plain_429 else TEXTS.get(self.code, "")
        body = {"code": self.code, "msg": known if self.msg is None else self.msg}
        if upload:
            return answer({"success": False} | body, content_type=UPLOAD_TYPE)
        if self.code != 401 and not is_plain_429:
            body["data"] = None
        response = answer(body, status=self.http_status)
        if self.retry_after is not None:
            response.headers[hdrs.RETRY_AFTER] = f"{self.retry_after:g}"
        return response


class RefusedError(Exception):
    """A request is refused. `args` are the fields of the `Refusal`."""


def compact(body: object) -> str:
    """JSON as KIE writes it: no spaces, letters of any script unescaped."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def encoded(body: object) -> bytes:
    """The same in bytes; half an emoji goes out as its escape."""
    return compact(body).encode(errors="backslashreplace")


def success(data: object) -> web.Response:
    return answer({"code": 200, "msg": "success", "data": data})


def answer(body: dict[str, Any], status: int = 200, content_type: str = API_TYPE) -> web.Response:
    """An answer with a recorded content type: the API's, or the upload host's."""
    data, headers = encoded(body), {"Content-Type": content_type}
    response = web.Response(body=data, status=status, headers=headers)
    response[CODE] = body.get("code")
    return response


def unknown_path(path: str, now: float) -> web.Response:
    body = {
        "timestamp": int(now * 1000),
        "status": 404,
        "error": "Not Found",
        "message": "No message available",
        "path": path,
    }
    return answer(body, status=404)


def dress(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Add the headers every recorded answer of the API had beside Cloudflare's."""
    if "JSESSIONID" not in request.cookies:
        session = secrets.token_hex(16).upper()
        response.headers.add(hdrs.SET_COOKIE, f"JSESSIONID={session}; Path=/; HttpOnly")
    if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        response.enable_compression(web.ContentCoding.gzip)
    response.enable_chunked_encoding()


def front(response: web.StreamResponse) -> None:
    """Add Cloudflare's own headers."""
    response.headers[hdrs.SERVER] = "cloudflare"
    response.headers["cf-ray"] = f"{secrets.token_hex(8)}-FRA"
    response.headers["cf-cache-status"] = "DYNAMIC"
