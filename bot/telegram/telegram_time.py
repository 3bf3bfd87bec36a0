"""Telegram's time: the machine's own clock may be an hour off, or be set at any moment.

Every response from Telegram carries a date. From there on time is counted by the monotonic clock.
With a Bot API server that sends no date, the machine's own clock is used.
"""

from collections.abc import Callable
from email.utils import parsedate_to_datetime

from bot.tools.clock import CLOCK, Clock

IsLate = Callable[[float], bool]  # whether what was sent then (Unix seconds) waited too long


class TelegramTime:
    """Called, it gives Unix seconds."""

    def __init__(self, clock: Clock = CLOCK) -> None:
        self._clock = clock
        self._ahead_s: float | None = None  # of the steady clock

    def __call__(self) -> float:
        if self._ahead_s is None:
            return self._clock.now()
        return self._clock.steady() + self._ahead_s

    def late_after(self, seconds: float) -> IsLate:
        """Whether what was sent at a time is older than so much, asked whenever it comes."""
        return lambda sent_at: sent_at < self() - seconds

    def hear(self, date: str) -> None:
        """The Date header of an answer that has come just now; empty where there was none."""
        try:
            self._ahead_s = parsedate_to_datetime(date).timestamp() - self._clock.steady()
        except ValueError:
            return
