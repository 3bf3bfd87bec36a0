"""What time it is at Telegram: the machine's own clock may be an hour off, or be set at any time.

Every answer of Telegram's carries its date. From there on time is counted by a clock that nobody
sets. A Bot API server that sends no date leaves the machine's own clock.
"""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

IsLate = Callable[[float], bool]  # whether what was sent then (Unix seconds) waited too long


class TelegramTime:
    """Called, it gives Unix seconds."""

    def __init__(
        self, now: Callable[[], float] = time.time, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._clock = clock
        self._ahead_s: float | None = None  # of `clock`

    def __call__(self) -> float:
        return self._now() if self._ahead_s is None else self._clock() + self._ahead_s

    def hear(self, date: str) -> None:
        """The Date header of an answer that has come just now; empty where there was none."""
        try:
            self._ahead_s = parsedate_to_datetime(date).timestamp() - self._clock()
        except ValueError:
            return
