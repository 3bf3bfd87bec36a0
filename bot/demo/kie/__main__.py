"""`python -m bot.demo.kie`: the simulator on its own, until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

from .simulator import KieSimulator


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.demo.kie", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--key", default="kie-test-key", help="the API key it accepts")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long a task takes")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.key, arguments.port, arguments.seconds))


async def _serve(key: str, port: int, task_seconds: float) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no signal handlers on its loop; Ctrl+C ends asyncio.run there.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    async with KieSimulator.start(key=key, port=port) as kie:
        kie.task_seconds = task_seconds
        sys.stdout.write(f"{kie.url}\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    main()
