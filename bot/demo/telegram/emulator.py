"""The emulator: a Telegram served on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate

from aiohttp import web

from . import control, page, server
from .media import MAX_REQUEST_BYTES
from .telegram import Telegram


class TelegramEmulator(Telegram):
    """A Telegram of one bot on 127.0.0.1. Made by `start`."""

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        token: str = "123456:TEST-token",  # noqa: S107, the token of no bot
        port: int = 0,
        *,
        first_id: int = 1,
    ) -> AsyncIterator[TelegramEmulator]:
        """Serve until the block is left.

        Messages, updates and presses are numbered from `first_id` on: a bot that keeps what it has
        seen must not meet a number a second time, so each run over the same data wants a higher
        one.
        """
        emulator = cls(token, first_id)
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        app.on_response_prepare.append(emulator._say_when)
        for part in (page, control, server):
            app.add_routes(part.routes(emulator))
        runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.05
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", port)
            await site.start()
            host, bound = runner.addresses[0][:2]
            emulator.url = f"http://{host}:{bound}"
            yield emulator
        finally:
            await runner.cleanup()

    async def _say_when(self, request: web.Request, response: web.StreamResponse) -> None:
        """Put the date on an answer, as every front of Telegram's does."""
        response.headers["Date"] = formatdate(self.clock(), usegmt=True)
