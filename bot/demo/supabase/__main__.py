"""Serve the emulator by itself: `python -m bot.demo.supabase --port 0 --bucket images`.

The first line on standard output is its URL, the second its service key. It ends with SIGINT or
SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from .emulator import SupabaseEmulator


async def _serve(port: int, service_key: str | None, buckets: list[str]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    async with SupabaseEmulator.start(port, service_key) as supabase:
        for bucket in buckets:
            supabase.add_bucket(bucket)
        sys.stdout.write(f"{supabase.url}\n{supabase.service_key}\n")
        sys.stdout.flush()
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.demo.supabase", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--key", help="sb_secret_...; without it, a JWT is made")
    parser.add_argument("--bucket", action="append", default=[], help="a public bucket to make")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.port, arguments.key, arguments.bucket))


if __name__ == "__main__":
    main()
