"""/livez: the loop turns. /healthz: what the bot lives by moves, for those who watch from outside.

That KIE or Telegram cannot be reached makes nothing unhealthy: a restart would not help, and
would be one more thing that goes wrong that day.
"""

from collections.abc import Iterator

from aiohttp import web

from bot.admin.health import Health
from bot.web.server import Route, is_from_outside

FRESH = {"Cache-Control": "no-store"}


def routes(health: Health) -> Iterator[Route]:
    """Both; the readings are for those only who ask on this machine, or on its network."""

    async def live(_: web.Request) -> web.Response:
        return web.Response(text="alive\n", headers=FRESH)

    async def ready(request: web.Request) -> web.Response:
        status = 503 if health.problems else 200
        if is_from_outside(request):
            said = "healthy\n" if status == 200 else "unhealthy\n"
            return web.Response(text=said, status=status, headers=FRESH)
        return web.json_response(health.report, status=status, headers=FRESH)

    yield web.get("/livez", live)
    yield web.get("/healthz", ready)
