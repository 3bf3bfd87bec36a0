"""The one web application, on HTTP_BIND; each subject's routes stand in a file of their own."""

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

MAX_REQUEST_BYTES = 2**20  # an update is a few kB; what is larger is nobody's we know
PROXY_HEADERS = ("Forwarded", "Via", "X-Real-IP")

Route = web.RouteDef

logger = logging.getLogger(__name__)


class ListenError(Exception):
    """The address cannot be listened on; the text is a sentence for the operator."""


@asynccontextmanager
async def listen(
    address: tuple[str, int] | None, routes: Iterable[Route], *, close_s: float
) -> AsyncIterator[None]:
    """Answer requests on this host and port, if there is one; those under way at the end have
    `close_s` left.

    Raises:
        ListenError: another program listens there, or it is no address of this machine.
    """
    if address is None:
        yield
        return
    app = web.Application(client_max_size=MAX_REQUEST_BYTES)
    app.add_routes(routes)
    # No access log: paths are secrets.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=close_s)
    await runner.setup()
    try:
        host, port = address
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            why = error.strerror or error
            raise ListenError(f"HTTP_BIND: nobody can listen on {host}:{port}: {why}") from error
        logger.info("listening on %s:%d", host, port)
        yield
    finally:
        await runner.cleanup()


def is_from_outside(request: web.Request) -> bool:
    """Whether it came through a proxy, which is how the world comes: it is told nothing."""
    headers = request.headers
    return any(name in headers for name in PROXY_HEADERS) or any(
        name.lower().startswith("x-forwarded-") for name in headers
    )
