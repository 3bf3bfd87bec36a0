"""Time that passes only when everybody sleeps."""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

from bot.tools.clock import Clock


class FakeClock(Clock):
    """For what takes a clock; `run` lets the time pass.

    `settle` turns of the loop are enough for everything that can go on to go on.
    """

    def __init__(self, settle: int = 20) -> None:
        self._now = 0.0
        self._settle = settle
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self.slept: list[float] = []

    def now(self) -> float:
        return self._now

    def steady(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._numbers), woken))
        await woken

    async def run(self, done: Callable[[], object]) -> None:
        """Go from sleeper to sleeper until `done()` holds."""
        while True:
            for _ in range(self._settle):
                await asyncio.sleep(0)
            if done():
                return
            assert self._sleepers, "nobody sleeps, and it is not done"
            at, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                self._now = max(self._now, at)
                woken.set_result(None)
