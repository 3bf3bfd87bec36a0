"""What turning a person's picture into PNG costs: seconds, peak memory, event-loop lag.

A noisy JPEG of that size is converted as the bot does it, in a process of its own; its peak
memory is the system's own count. The lag is by how much the loop came late at the most, asked
every 5 ms while it waits for that process.
"""

import asyncio
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path

from bot.media.conversion import convert
from tests.bench.pictures import make_jpeg
from tests.bench.results import Line, Runs

TITLE = "Picture work"
SIZES_MB = (1, 5, 20)


async def measure(folder: Path, *, quick: bool) -> list[Line]:
    """The lines of the table."""
    runs = Runs()
    source, target = folder / "source", folder / "target.png"
    for megabytes in SIZES_MB[:2] if quick else SIZES_MB:
        # Made elsewhere: a child's peak begins with the memory of the process it came from.
        maker = get_context("spawn").Process(target=make_jpeg, args=(megabytes, source))
        maker.start()
        await asyncio.to_thread(maker.join)
        for _ in range(1 if quick else 5):
            seconds, lag_s = await timed_conversion(source, target)
            peak_kb = await asyncio.to_thread(_peak_kb, source, target)
            runs.add(
                {"JPEG of MB": megabytes},
                seconds=seconds,
                peak_MB=peak_kb / 1024,
                loop_lag_ms=lag_s * 1000,
            )
    return runs.lines()


class LagMeter:
    """How late the event loop is, asked every few milliseconds."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def run(self) -> None:
        while True:
            due = time.monotonic() + 0.005
            await asyncio.sleep(0.005)
            self.longest_s = max(self.longest_s, time.monotonic() - due)


async def timed_conversion(source: Path, target: Path) -> tuple[float, float]:
    """Seconds of one conversion, and the longest lag of the loop meanwhile."""
    meter = LagMeter()
    metering = asyncio.create_task(meter.run())
    started = time.monotonic()
    await convert(source, target)
    seconds = time.monotonic() - started
    metering.cancel()
    return seconds, meter.longest_s


# In a small process between: a child's peak begins with that of the process it came from.
PEAK_OF = (
    "import os,subprocess as s,sys; print(os.wait4(s.Popen(sys.argv[1:]).pid, 0)[2].ru_maxrss)"
)


def _peak_kb(source: Path, target: Path) -> int:
    """Peak memory of one conversion's process."""
    limits = ["2048", "10000000"]
    command = [sys.executable, "-m", "bot.media.conversion", str(source), str(target), *limits]
    told = subprocess.check_output([sys.executable, "-c", PEAK_OF, *command])  # noqa: S603 - our own
    return int(told)
