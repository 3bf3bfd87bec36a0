"""So many in any so many seconds: the limits of KIE's account and of Telegram's chats."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar, cast

from pyrate_limiter import InMemoryBucket, Rate, RateItem

UNITS_PER_S = 1_000_000  # of the bucket's time; pyrate-limiter means milliseconds, but only counts

W = TypeVar("W")


class RateLimit:
    """A sliding window: at most `limit` turns in any `window_s` seconds, first come first served.

    The window is pyrate-limiter's; the waiting is ours, so that a clock can be handed in and
    turns are given in order.
    """

    def __init__(
        self,
        limit: int,
        window_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.window_s = window_s
        # The bucket counts a turn exactly `window` old as gone; one unit more keeps "in any" true
        # for turns rounded down to it.
        self._bucket = InMemoryBucket([Rate(limit, int(window_s * UNITS_PER_S) + 1)])
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._closed_until = 0.0

    async def wait(self) -> None:
        """Return when it is the caller's turn; the turn is then taken."""
        async with self._turn:  # a fair lock: waiters are served in order
            while (wait_s := self._wait_s()) > 0:
                await self._sleep(wait_s)

    def take(self) -> bool:
        """Take a turn if there is one now."""
        return self._wait_s() == 0

    def pause(self, seconds: float) -> None:
        """Nobody's turn comes for so long: the other side said that it is too much."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)

    def _wait_s(self) -> float:
        """Take a turn and return 0, or the seconds after which to try again."""
        now = self._clock()
        if now < self._closed_until:
            return self._closed_until - now
        at = int(now * UNITS_PER_S)
        self._bucket.leak(at)
        item = RateItem("", at)
        if self._bucket.put(item):
            return 0.0
        # The bucket in memory answers at once; the type is shared with those on a network.
        return max(cast("int", self._bucket.waiting(item)), 1) / UNITS_PER_S


class Permits:
    """At most `limit` requests in any `window_s` seconds, as the other side counts them.

    It counts arrivals, which lie somewhere between a request and its answer. A permit is taken
    before the one and comes back `window_s` after the other: however long each of them travels,
    never more than `limit` arrive in a window.
    """

    def __init__(
        self,
        limit: int,
        window_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._window_s = window_s
        self._free = limit
        self._answered: deque[float] = deque()  # when, of permits that are still to come back
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._returned = asyncio.Event()
        self._closed_until = 0.0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a permit; the request goes out and is answered inside."""
        async with self._turn:  # a fair lock: waiters are served in order
            while (wait_s := self._wait_s()) != 0:
                self._returned.clear()
                if wait_s is None:  # all are under way
                    await self._returned.wait()
                else:
                    await self._sleep(wait_s)
            self._free -= 1
        try:
            yield
        finally:
            self._answered.append(self._clock())
            self._returned.set()

    def pause(self, seconds: float) -> None:
        """None is given for so long: the other side said that it is too much."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)

    def _wait_s(self) -> float | None:
        """Seconds until a permit may be free; 0: one is; None: when one is answered."""
        now = self._clock()
        if now < self._closed_until:
            return self._closed_until - now
        while self._answered and self._answered[0] + self._window_s <= now:
            self._answered.popleft()
            self._free += 1
        if self._free > 0:
            return 0.0
        return self._answered[0] + self._window_s - now if self._answered else None


class Turns(Generic[W]):
    """A limit whose turns go to whoever they are worth most to when they come, not to whoever came
    first. `worth` gives what can be compared."""

    def __init__(self, limit: RateLimit, worth: Callable[[W], Any]) -> None:
        self._limit = limit
        self._worth = worth
        self._waiting: dict[W, asyncio.Future[None]] = {}
        self._server: asyncio.Task[None] | None = None

    async def wait(self, who: W) -> None:
        """Return when it is the turn of `who`, who waits here once at a time."""
        turn = self._waiting[who] = asyncio.get_running_loop().create_future()
        if self._server is None:
            self._server = asyncio.create_task(self._serve())
        try:
            await turn
        finally:
            self._waiting.pop(who, None)
            if not self._waiting and self._server is not None:
                self._server.cancel()
                self._server = None

    def choose(self, waiting: Collection[W]) -> W:
        """Whose turn it is."""
        return max(waiting, key=self._worth)

    async def _serve(self) -> None:
        while self._waiting:
            await self._limit.wait()
            turn = self._waiting.pop(self.choose(self._waiting))
            if not turn.done():
                turn.set_result(None)
        self._server = None
