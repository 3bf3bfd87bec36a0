"""Responses and errors of the Bot API."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from aiohttp import web


class RefusedError(Exception):
    """A Bot API call that is answered with ok=false.

    The description is made as the Bot API server makes it: the prefix of the code, then the
    message with its first letter made small, unless the second one is a capital or an underscore
    (so `BUTTON_DATA_INVALID` stays).
    """

    def __init__(self, message: str, code: int = 400, **parameters: int) -> None:
        # Python 3.13 calls a 413 otherwise.
        prefix = "Request Entity Too Large" if code == 413 else HTTPStatus(code).phrase
        message = message.removeprefix(f"{prefix}: ")
        if len(message) < 2 or not (message[1] == "_" or "A" <= message[1] <= "Z"):
            message = message[:1].lower() + message[1:]
        self.code = code
        self.description = f"{prefix}: {message}" if message else prefix
        self.parameters = parameters
        super().__init__(f"{code} {self.description}")

    def response(self) -> web.Response:
        body = {"ok": False, "error_code": self.code, "description": self.description}
        body |= {"parameters": self.parameters} if self.parameters else {}
        response = _json(body, self.code)
        if "retry_after" in self.parameters:
            response.headers["Retry-After"] = str(self.parameters["retry_after"])
        return response


def too_many_requests(retry_after_s: int) -> RefusedError:
    """The 429 that names the seconds to wait."""
    return RefusedError(f"retry after {retry_after_s}", 429, retry_after=retry_after_s)


def granted(result: Any) -> web.Response:
    """The answer of a call that went well."""
    return _json({"ok": True, "result": result}, 200)


def _json(body: dict[str, Any], status: int) -> web.Response:
    encoded = json.dumps(body, separators=(",", ":")).encode()
    return web.Response(status=status, body=encoded, content_type="application/json")
