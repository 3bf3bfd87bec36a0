"""/kie/PATH: KIE tells that a task has ended; whatever it says, the task is asked about (0061)."""

import asyncio
import hmac
import logging
from collections.abc import Callable

from aiohttp import web

from bot.settings import KIE_CALLBACKS, Settings
from providers.kie_callbacks import is_signed, task_of

MAX_BYTES = 256 * 1024  # the whole request is in it, twice encoded
READ_S = 10.0  # KIE waits 15 s for the answer
RECEIVED = {"status": "received"}

logger = logging.getLogger(__name__)


class KieCallbacks:
    """Answers at once, and does nothing that takes time. `wake` is told of tasks."""

    def __init__(self, settings: Settings, wake: Callable[[str], None]) -> None:
        key = settings.kie_webhook_hmac_key
        self._path = settings.kie_path.encode()
        self._key = key.get_secret_value() if key else None
        self._wake = wake
        self._warned = False

    def routes(self) -> list[web.RouteDef]:
        """For the web application."""
        return [web.post(KIE_CALLBACKS + "{path}", self._receive)]

    async def _receive(self, request: web.Request) -> web.Response:
        path = request.match_info["path"].encode(errors="surrogateescape")
        if not hmac.compare_digest(path, self._path):
            raise web.HTTPNotFound
        task_id = task_of(await _read(request))
        if task_id is None:
            raise web.HTTPBadRequest(text="no task id")
        if not self._is_from_kie(task_id, request):
            raise web.HTTPUnauthorized
        self._wake(task_id)
        return web.json_response(RECEIVED)

    def _is_from_kie(self, task_id: str, request: web.Request) -> bool:
        if self._key is None:
            return True
        timestamp = request.headers.get("X-Webhook-Timestamp", "")
        signature = request.headers.get("X-Webhook-Signature", "")
        if is_signed(task_id, timestamp, signature, self._key):
            return True
        if not self._warned:  # once: anybody may send as many as they like
            self._warned = True
            logger.warning(
                "callbacks that are not signed with KIE_WEBHOOK_HMAC_KEY are refused; the first %s",
                "was signed with another key" if signature else "was not signed",
            )
        return False


async def _read(request: web.Request) -> bytes:
    """The body, if it is not too long, and comes in time."""
    body = bytearray()
    try:
        async with asyncio.timeout(READ_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise web.HTTPRequestEntityTooLarge(MAX_BYTES, len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(body)
