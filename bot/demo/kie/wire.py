"""What goes over the wire: recorded bodies, texts and headers, and nothing that decides.

Shapes follow public recordings of api.kie.ai (April to October 2026) and docs.kie.ai.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from aiohttp import hdrs, web

INSUFFICIENT = (
    "Credits insufficient : Your current balance isn’t enough to run this request. "
    "Please top up to continue."
)
REQUIRED = "This field is required"
SERVER_EXCEPTION = "Server exception, please try again later or contact customer service"
TOO_FREQUENT = "Your call frequency is too high. Please try again later."
UNAUTHORIZED = (
    "Unauthorized – Authentication failed. Please check that your Authorization and "
    "Content-Type headers are correctly set."
)
UNKNOWN_TASK = "recordInfo is null"

API_TYPE = "application/json;charset=UTF-8"
UPLOAD_TYPE = "application/json"

CODE = web.ResponseKey("code", int)

# Recorded where there is a recording, else the wording of the documentation's list of codes.
TEXTS = {
    400: "taskId parameter is required",
    401: UNAUTHORIZED,
    402: INSUFFICIENT,
    404: "Task not found",
    408: "Upstream service did not return a result for over 10 minutes",
    422: UNKNOWN_TASK,
    429: TOO_FREQUENT,
    433: "Request limit: the sub-key is over its usage cap",
    451: "Failed to fetch the image. Please check that the URL is publicly accessible",
    455: "Service unavailable: the system is currently undergoing maintenance",
    500: SERVER_EXCEPTION,
    501: "Generation failed",
    505: "Feature disabled",
    550: "Connection refused: the task queue is full",
}


def compact(body: object) -> str:
    """JSON as KIE writes it: no spaces, letters of any script unescaped."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def success(data: object) -> dict[str, Any]:
    return {"code": 200, "msg": "success", "data": data}


def error(code: int, msg: str | None = None, *, http_status: int = 200) -> dict[str, Any]:
    """The body of an error; `msg` None takes the recorded or documented text of the code.

    A 401, and a 429 that is also the HTTP status, come without `data`.
    """
    if msg is None:
        msg = "Rate limit exceeded" if (code, http_status) == (429, 429) else TEXTS.get(code, "")
    body: dict[str, Any] = {"code": code, "msg": msg}
    if code != 401 and not (code == http_status == 429):
        body["data"] = None
    return body


def answer(
    body: dict[str, Any],
    *,
    status: int = 200,
    retry_after: float | None = None,
    content_type: str = API_TYPE,
) -> web.Response:
    """An answer with a recorded content type: the API's, or the upload host's. Half an emoji goes
    out as its escape."""
    response = web.Response(
        body=compact(body).encode(errors="backslashreplace"),
        status=status,
        headers={hdrs.CONTENT_TYPE: content_type},
    )
    if retry_after is not None:
        response.headers[hdrs.RETRY_AFTER] = f"{retry_after:g}"
    if isinstance(body.get("code"), int):
        response[CODE] = body["code"]
    return response


def page(status: int, title: str, text: str) -> web.Response:
    """An HTML page, as the network in front of the API answers when the API does not."""
    html = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>{text}</center>\r\n</body>\r\n</html>\r\n"
    )
    return web.Response(body=html.encode(), status=status, content_type="text/html")


def unknown_path(path: str, now: float) -> web.Response:
    return answer(
        {
            "timestamp": int(now * 1000),
            "status": 404,
            "error": "Not Found",
            "message": "No message available",
            "path": path,
        },
        status=404,
    )


def dress(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Add the headers every recorded answer of the API had: Cloudflare's and a session's."""
    front(request, response)
    if "JSESSIONID" not in request.cookies:
        response.headers.add(
            hdrs.SET_COOKIE, f"JSESSIONID={secrets.token_hex(16).upper()}; Path=/; HttpOnly"
        )
    if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        response.enable_compression(web.ContentCoding.gzip)
    response.enable_chunked_encoding()


def front(_request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Add Cloudflare's own headers, which the files of the result host have too."""
    response.headers[hdrs.SERVER] = "cloudflare"
    response.headers["cf-ray"] = f"{secrets.token_hex(8)}-FRA"
    response.headers["cf-cache-status"] = "DYNAMIC"
