"""/telegram/: updates that Telegram brings by its webhook.

The answer is 200 when an update was handled and that is remembered, and not before: until then
Telegram brings it again. Whoever does not know path and secret is told nothing, and reads nothing.
"""

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from aiohttp import web

from bot.settings import Settings
from bot.telegram.updates import Taken
from bot.telegram.webhook import PATH
from bot.web.server import Route

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
READ_S = 10.0  # a few kB, from a proxy on this machine or its network
AGAIN_S = "1"  # after what is still under way, instead of pauses that grow

logger = logging.getLogger(__name__)


def routes(
    settings: Settings, take: Callable[[dict[str, Any]], Awaitable[Taken]]
) -> Iterator[Route]:
    """The webhook, where one is used; `take` gets each update."""

    async def update(request: web.Request) -> web.Response:
        # Whatever a client may send; who compares text refuses what is not ASCII with an error.
        path = request.match_info["path"].encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(path, settings.telegram_path.encode()):
            return web.Response(status=404)
        secret = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(secret, settings.telegram_secret.encode()):
            return web.Response(status=401)
        try:
            async with asyncio.timeout(READ_S):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        raw = _read(body)
        if raw is None:
            logger.error("what Telegram brought is no update")
            return web.Response(status=400)
        match await take(raw):
            case Taken.DONE:
                return web.Response()
            case Taken.UNDER_WAY:
                return web.Response(status=503, headers={"Retry-After": AGAIN_S})
            case Taken.REFUSED:
                return web.Response(status=503)

    if settings.uses_webhook:
        yield web.post(f"{PATH}{{path}}", update)


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return None
    is_update = isinstance(raw, dict) and type(raw.get("update_id")) is int
    return raw if is_update else None
