"""One stand-in on its own, for programs on this machine: `python -m bot.demo kie --port 0`.

The first line on standard output is its URL, the second its key (of Telegram's: the bot's token).
It ends with SIGINT or SIGTERM. What it does meanwhile is set over HTTP: bot/demo/base.py.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from .kie import KieSimulator
from .supabase import SupabaseEmulator
from .telegram import TelegramEmulator

# How each is opened, and which attribute is its key. Telegram's numbers are above those of all
# earlier runs.
STAND_INS: dict[str, tuple[Callable[[int], AbstractAsyncContextManager[Any]], str]] = {
    "telegram": (lambda port: TelegramEmulator.start(port=port, first_id=later()), "token"),
    "kie": (lambda port: KieSimulator.start(port=port), "key"),
    "supabase": (SupabaseEmulator.start, "service_key"),
}


def later() -> int:
    return int(time.time()) - 1_577_836_800


async def serve(name: str, port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    opening, key = STAND_INS[name]
    async with opening(port) as stand_in:
        print(stand_in.url, getattr(stand_in, key), sep="\n", flush=True)  # noqa: T201 - a program
        await stopped.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bot.demo", description=__doc__)
    parser.add_argument("name", choices=STAND_INS)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    given = parser.parse_args()
    asyncio.run(serve(given.name, given.port))
