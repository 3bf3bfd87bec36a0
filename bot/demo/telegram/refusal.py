"""What Telegram says no with."""

from __future__ import annotations

_PREFIXES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


class RefusedError(Exception):
    """A Bot API call that is answered with ok=false.

    The description is made as the Bot API server makes it: the prefix of the code, then the
    message with its first letter made small, unless the second one is a capital or an underscore
    (so `BUTTON_DATA_INVALID` stays).
    """

    def __init__(self, message: str, code: int = 400, **parameters: int) -> None:
        if len(message) < 2 or not (message[1] == "_" or "A" <= message[1] <= "Z"):
            message = message[:1].lower() + message[1:]
        self.code = code
        self.description = f"{_PREFIXES[code]}: {message}" if message else _PREFIXES[code]
        self.parameters = parameters
        super().__init__(f"{code} {self.description}")


def too_many_requests(retry_after_s: int) -> RefusedError:
    """The 429 that names the seconds to wait."""
    return RefusedError(f"retry after {retry_after_s}", 429, retry_after=retry_after_s)
