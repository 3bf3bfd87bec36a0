"""A circuit breaker for creates at a provider that has stopped answering."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from bot.tools.retry import pause_after
from providers.errors import NotTakenError, OutcomeUnknownError, ProviderError

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 120.0


class CircuitBreaker:
    """Lets requests through. After a lost answer they go one at a time, each after twice the pause
    of the one before, until an answer comes: an outage is probed with one request, not with all
    that wait."""

    def __init__(
        self,
        first_pause_s: float = FIRST_PAUSE_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
    ) -> None:
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._lost = 0  # answers in a row
        self._closed_until = 0.0
        self._trial = asyncio.Lock()
        self._answered = asyncio.Event()

    @property
    def pause_s(self) -> float:
        """The current pause; 0: the circuit is closed."""
        if not self._lost:
            return 0.0
        return pause_after(
            self._lost - 1, first_s=self._first_pause_s, longest_s=self._longest_pause_s
        )

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """Make the request inside, when its turn comes; its error tells whether an answer came."""
        async with AsyncExitStack() as trial:
            if self._lost:
                await trial.enter_async_context(self._trial)
                await self._pause()
                if not self._lost:  # all may go, and nobody need wait for this one
                    await trial.aclose()
            lost = self._lost
            try:
                yield
            except OutcomeUnknownError:
                if self._lost == lost:  # those that were under way together count once
                    self._lost += 1
                    self._closed_until = time.monotonic() + self.pause_s
                    self._answered.clear()
                raise
            except NotTakenError as error:
                if error.code is not None:  # no connection is no answer
                    self._answer()
                raise
            except ProviderError:
                self._answer()
                raise
            else:
                self._answer()

    async def _pause(self) -> None:
        while self._lost and (left_s := self._closed_until - time.monotonic()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._answered.wait()

    def _answer(self) -> None:
        self._lost = 0
        self._answered.set()
