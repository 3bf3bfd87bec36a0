"""Trying again: stamina's backoff and jitter, in the terms of this bot."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import stamina

MAX_DOUBLINGS = 64  # far beyond any longest pause, and far below what a float can hold

Again = Callable[[Exception], bool | float] | type[Exception] | tuple[type[Exception], ...]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How what may be tried again is tried again; pauses grow from the first to the longest."""

    first_pause_s: float
    max_pause_s: float
    timeout_s: float
    attempts: int | None = None

    def context(self, on: Again) -> AsyncIterator[Any]:
        """stamina's attempts; `on`: which errors, or a hook that says whether or after how long."""
        return aiter(
            stamina.retry_context(
                on=on,
                attempts=self.attempts,
                timeout=self.timeout_s,
                wait_initial=self.first_pause_s,
                wait_max=self.max_pause_s,
                wait_jitter=self.first_pause_s,
            )
        )


def pause_after(attempts: int, *, first_s: float, longest_s: float) -> float:
    """Seconds to wait after so many attempts before this one: doubled each time, to the longest."""
    return min(first_s * 2.0 ** min(attempts, MAX_DOUBLINGS), longest_s)
