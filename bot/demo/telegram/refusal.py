"""What Telegram says no with."""

from __future__ import annotations

from http import HTTPStatus


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


def too_many_requests(retry_after_s: int) -> RefusedError:
    """The 429 that names the seconds to wait."""
    return RefusedError(f"retry after {retry_after_s}", 429, retry_after=retry_after_s)
