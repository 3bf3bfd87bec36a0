"""What turning a person's picture into PNG costs: seconds, peak memory, event-loop lag.

python -m tests.bench.conversion
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

from PIL import Image

from bot.convert import convert

SIZES_MB = (1, 5, 20)
BYTES_PER_PIXEL = 0.48


def make_jpeg(megabytes: int, path: Path) -> None:
    """A noisy JPEG of about that many megabytes."""
    side_px = int((megabytes * 1e6 / BYTES_PER_PIXEL) ** 0.5)
    noise = Image.frombytes("RGB", (side_px, side_px), os.urandom(3 * side_px**2))
    noise.save(path, "JPEG", quality=60)


class LagMeter:
    """How late the event loop is, asked every few milliseconds."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def run(self) -> None:
        while True:
            due = time.monotonic() + 0.005
            await asyncio.sleep(0.005)
            self.longest_s = max(self.longest_s, time.monotonic() - due)


async def measure(source: Path, target: Path) -> tuple[float, float]:
    """Seconds of one conversion, and the longest lag of the loop meanwhile."""
    meter = LagMeter()
    metering = asyncio.create_task(meter.run())
    started = time.monotonic()
    await convert(source, target)
    seconds = time.monotonic() - started
    metering.cancel()
    return seconds, meter.longest_s


def peak_kb(source: Path, target: Path) -> int:
    """Peak memory of one conversion's process, from the system's own count."""
    command = [sys.executable, "-m", "bot.convert", str(source), str(target)]
    process = subprocess.Popen(command)  # noqa: S603 - our own program and files
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss


def main() -> None:
    """Print a line for each size."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, "target.png")
        for megabytes in SIZES_MB:
            # Made elsewhere: a child's peak begins with the memory of the process it came from.
            maker = get_context("spawn").Process(target=make_jpeg, args=(megabytes, source))
            maker.start()
            maker.join()
            seconds, lag_s = asyncio.run(measure(source, target))
            sys.stdout.write(
                f"{source.stat().st_size / 1e6:5.1f} MB JPEG: {seconds:5.2f} s,"
                f" peak {peak_kb(source, target) / 1024:4.0f} MB,"
                f" loop lag {lag_s * 1000:4.1f} ms\n"
            )


if __name__ == "__main__":
    main()
