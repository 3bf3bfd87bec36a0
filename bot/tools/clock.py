"""The clock: time and sleeping in one object, so that a test can replace both everywhere."""

import asyncio
import time


class Clock:
    """The machine's clock."""

    def now(self) -> float:
        """Unix seconds: may be wrong, and be set at any time."""
        return time.time()

    def steady(self) -> float:
        """Seconds on the monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after so long."""
        await asyncio.sleep(seconds)


CLOCK = Clock()
