"""Serve the emulator by itself: `python -m bot.demo.telegram --port 0 --token T`.

The first line on standard output is its URL. It ends with SIGINT or SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from .emulator import TelegramEmulator, fresh_id


async def _serve(token: str, port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    async with TelegramEmulator.start(token, port, first_id=fresh_id()) as telegram:
        sys.stdout.write(f"{telegram.url}\n")
        sys.stdout.flush()
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.demo.telegram", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--token", default="123456:TEST-token", help="the bot's token")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.token, arguments.port))


if __name__ == "__main__":
    main()
