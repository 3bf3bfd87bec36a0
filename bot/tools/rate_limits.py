"""Sliding-window rate limits: those of KIE's account, of Telegram's chats, and of each person."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from bot.tools.clock import CLOCK, Clock

ROUNDING_S = 1e-6  # more than clocks lose in adding: "in any window" means at both its ends

W = TypeVar("W")


class RateLimit:
    """A sliding window: at most `limit` turns in any `window_s` seconds, first come first served.

    A turn comes back `window_s` after it was taken (`wait`, `take`). One that is held (`held`)
    comes back `window_s` after its end, for the other side counts arrivals, which lie somewhere
    between a request and its answer: however long each of them travels, never more than `limit`
    arrive in a window.
    """

    def __init__(self, limit: int, window_s: float, *, clock: Clock = CLOCK) -> None:
        self.window_s = window_s
        self._free = limit
        self._ended: deque[float] = deque()  # when, of turns that are still to come back
        self._clock = clock
        self._turn = asyncio.Lock()
        self._held_no_more = asyncio.Event()
        self._closed_until = 0.0

    async def wait(self) -> None:
        """Wait for the caller's turn, and take it."""
        async with self.held():
            pass

    def take(self) -> bool:
        """Take a turn if there is one now."""
        if self._wait_s() > 0:
            return False
        self._free -= 1
        self._end()
        return True

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Hold a turn; the request goes out and is answered inside."""
        async with self._turn:  # a fair lock: waiters are served in order
            while (wait_s := self._wait_s()) > 0:
                self._held_no_more.clear()
                if wait_s == math.inf:
                    await self._held_no_more.wait()
                else:
                    await self._clock.sleep(wait_s)
            self._free -= 1
        try:
            yield
        finally:
            self._end()

    def pause(self, seconds: float) -> None:
        """Give no turns for so long: the other side answered 429."""
        self._closed_until = max(self._closed_until, self._clock.steady() + seconds)

    def _end(self) -> None:
        self._ended.append(self._clock.steady())
        self._held_no_more.set()

    def _wait_s(self) -> float:
        """Seconds until a turn may be free; 0: one is; infinite: when one that is held ends."""
        now = self._clock.steady()
        if now < self._closed_until:
            return self._closed_until - now
        window_s = self.window_s + ROUNDING_S
        while self._ended and self._ended[0] + window_s <= now:
            self._ended.popleft()
            self._free += 1
        if self._free > 0:
            return 0.0
        return self._ended[0] + window_s - now if self._ended else math.inf


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
        """Whose turn it is next."""
        return max(waiting, key=self._worth)

    async def _serve(self) -> None:
        while self._waiting:
            await self._limit.wait()
            turn = self._waiting.pop(self.choose(self._waiting))
            if not turn.done():
                turn.set_result(None)
        self._server = None
