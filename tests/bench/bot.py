"""The bot with a tuning of its own: python -m tests.bench.bot '{"polls": [100, 1.0]}' SPEED [FILE]

SPEED is how fast time runs: limits' windows and pauses are divided by it.

Settings come from the environment alone. On SIGUSR1 garbage is collected and a line written to say
so. With FILE, the event loop's thread is profiled from SIGUSR2 on, and the profile written there.
"""

import asyncio
import cProfile
import gc
import json
import signal
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import bot.telegram.aiogram_patches  # noqa: F401 - before aiogram, as main.py has it
from bot.app import serve
from bot.logs import set_up_logging
from bot.pipeline.polling import PollPolicy
from bot.settings import load_settings
from bot.tuning import Tuning

# Those of Tuning that are how long something waits between two looks or tries.
PAUSES = frozenset({"card_pause_s", "credit_pause_s", "edit_pause_s", "album_pause_s"})


async def run(tuning: Tuning, profiler: cProfile.Profile) -> None:
    """Serve until SIGTERM."""
    settings = load_settings(None)
    set_up_logging(settings.log_level, settings.log_format, settings.secrets)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, collect)
    loop.add_signal_handler(signal.SIGUSR2, profiler.enable)
    await serve(settings, stop, tuning)


def collect() -> None:
    """Leave in memory what is needed."""
    gc.collect()
    sys.stdout.write("collected\n")
    sys.stdout.flush()


def tuned(changes: Mapping[str, Any], speed: float) -> Tuning:
    """The usual tuning at that speed, with changes that hold at any."""
    usual = {field.name: getattr(Tuning(), field.name) for field in fields(Tuning)}
    faster = {
        name: (value[0], value[1] / speed) if isinstance(value, tuple) else value / speed
        for name, value in usual.items()
        if isinstance(value, tuple) or name in PAUSES
    }
    faster["polling"] = _polling(usual["polling"], speed)
    lists = {
        name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()
    }
    return Tuning(**{**usual, **faster, **lists})


def _polling(usual: PollPolicy, speed: float) -> PollPolicy:
    """How callbacks change it; the rest is of what goes wrong."""
    return replace(
        usual,
        woken_pauses_s=tuple(pause_s / speed for pause_s in usual.woken_pauses_s),
        told_pause_s=usual.told_pause_s / speed,
    )


def start(changes: str, speed: str = "1", profile: str = "") -> None:
    """Run with these changes of the tuning, at that speed."""
    profiler = cProfile.Profile()
    asyncio.run(run(tuned(json.loads(changes), float(speed)), profiler))
    if profile:
        profiler.dump_stats(profile)


if __name__ == "__main__":
    start(*sys.argv[1:])
