"""One stand-in on its own, for programs on this machine: `python -m bot.demo kie --port 0`.

The first line on standard output is its URL, the second its key (of Telegram's: the bot's token).
It ends with SIGINT or SIGTERM. What it does meanwhile is set over HTTP: bot/demo/base.py.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from contextlib import AbstractAsyncContextManager
from typing import Any

from .kie import KieSimulator
from .supabase import SupabaseEmulator
from .telegram import TelegramEmulator

_2020_S = 1_577_836_800


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.demo", description=__doc__)
    parser.add_argument("name", choices=("telegram", "kie", "supabase"))
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    given = parser.parse_args()
    asyncio.run(_serve(given.name, given.port))


async def _serve(name: str, port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    opening, key = _opening(name, port)
    async with opening as stand_in:
        sys.stdout.write(f"{stand_in.url}\n{getattr(stand_in, key)}\n")
        sys.stdout.flush()
        await stopped.wait()


def _opening(name: str, port: int) -> tuple[AbstractAsyncContextManager[Any], str]:
    """How a stand-in is opened, and which attribute is its key."""
    match name:
        case "telegram":
            # Its numbers are above those of all earlier runs.
            return TelegramEmulator.start(port=port, first_id=int(time.time()) - _2020_S), "token"
        case "kie":
            return KieSimulator.start(port=port), "key"
        case _:
            return SupabaseEmulator.start(port), "service_key"


if __name__ == "__main__":
    main()
