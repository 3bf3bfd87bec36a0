"""Heartbeats: who is to move all the time says so, and is silent from then on.

What counts is moving, and not success: who asks a service that cannot be reached moves.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from bot.tools.clock import CLOCK, Clock

UPDATES = "updates"  # the loop that asks Telegram for them
POLLER = "poller"  # who asks KIE about its tasks
DATABASE = "database"  # a small write, now and then
LOOP = "loop"  # the event loop itself


class Heartbeats:
    """Of each name when it moved last. Read from any thread, written in that of the loop."""

    def __init__(self, clock: Clock = CLOCK) -> None:
        self._clock = clock
        self._counts_from: dict[str, float | None] = {}  # None: it has nothing to do
        self._under_way: Counter[str] = Counter()
        self._first: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def beat(self, name: str, *, rest_s: float = 0.0) -> None:
        """It moved, and will again; a pause of `rest_s` is meant, whatever else moves in it."""
        counts_from = self._clock.steady() + rest_s
        self._counts_from[name] = max(counts_from, self._counts_from.get(name) or counts_from)
        self._first[name].set()

    def rest(self, name: str) -> None:
        """It has nothing to do until it beats again."""
        self._counts_from[name] = None
        self._first[name].set()

    @contextmanager
    def busy(self, name: str) -> Iterator[None]:
        """It has something to do inside, moves when that ends, and rests without. With several
        at once it is silent only while none of them ends."""
        if not self._under_way[name]:
            self.beat(name)
        self._under_way[name] += 1
        try:
            yield
        finally:
            self._under_way[name] -= 1
            if self._under_way[name]:
                self.beat(name)
            else:
                self.rest(name)

    def silent_s(self, name: str) -> float:
        """Seconds since it moved; 0 where it rests, or never began."""
        since = self._counts_from.get(name)
        return 0.0 if since is None else max(self._clock.steady() - since, 0.0)

    def moved_at(self, name: str) -> float | None:
        """What is another after each move; None: it rests, or never began."""
        return self._counts_from.get(name)

    async def first(self, name: str) -> None:
        """Wait until it has moved once, or has nothing to do."""
        await self._first[name].wait()
