"""Faults on demand, and flood limits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .refusal import RefusedError, too_many_requests

DOWNLOAD = "download"  # the method name under which file downloads fail
ANY = "*"  # every method but getUpdates


@dataclass(eq=False)
class Fault:
    """One thing that goes wrong, `times` times.

    Without `after_effect` the call has no effect; with it the effect happens and only the answer
    is spoilt, which is what a bot cannot tell apart.
    """

    method: str
    status: int | None = None  # an error as JSON
    html: int | None = None  # an error page of this status, as a proxy in between makes it
    retry_after_s: int | None = None
    description: str = ""
    hang: bool = False  # no answer at all
    cut: bool = False  # the connection is closed without an answer
    delay_s: float = 0.0  # before the answer; what the call does, it has done by then
    after_effect: bool = False
    without: frozenset[str] = frozenset()  # fields that the result has not, though it was done
    chat_id: int | None = None  # only calls for this chat
    times: int | None = 1  # None: until removed
    hits: int = 0

    def fits(self, method: str, chat_id: object) -> bool:
        wanted = self.method.lower()
        if wanted != method.lower() and not (wanted == ANY and method != "getUpdates"):
            return False
        return self.chat_id is None or self.chat_id == chat_id

    @property
    def refusal(self) -> RefusedError | None:
        """The error as JSON, if that is the fault."""
        if self.status == 429:
            return too_many_requests(self.retry_after_s or 1)
        return None if self.status is None else RefusedError(self.description, self.status)

    @property
    def spoils(self) -> bool:
        """Whether the right answer will not be given."""
        return self.hang or self.cut or self.html is not None or self.status is not None

    @property
    def is_over(self) -> bool:
        return self.times is not None and self.hits >= self.times


class Faults:
    """Those that are still to come, in the order in which they were ordered."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def take(self, method: str, chat_id: object) -> Fault | None:
        """The fault of this call, which counts as one hit."""
        for fault in self._waiting:
            if fault.fits(method, chat_id):
                fault.hits += 1
                if fault.is_over:
                    self._waiting.remove(fault)
                return fault
        return None

    def remove(self, fault: Fault) -> None:
        """Let it not happen any more; safe to repeat."""
        if fault in self._waiting:
            self._waiting.remove(fault)

    def clear(self) -> None:
        self._waiting.clear()


@dataclass(eq=False, slots=True)
class FloodRules:
    """How much is sent and edited before 429. Telegram publishes the first and the third number
    only as advice (FAQ)."""

    per_chat_per_s: float = 1.0
    burst: int = 3  # messages that pass at once in a chat that was quiet
    overall_per_s: float = 30.0
    per_group_per_min: int = 20
    _buckets: dict[object, tuple[float, float]] = field(default_factory=dict)  # level, since

    def count(self, chat_id: object, now: float) -> None:
        """Let a message pass. Raises RefusedError 429, and then it does not count."""
        limits: list[tuple[object, float, float]] = [
            (chat_id, self.per_chat_per_s, self.burst),
            ("overall", self.overall_per_s, self.overall_per_s),
        ]
        if isinstance(chat_id, int) and chat_id < 0:
            per_min = self.per_group_per_min
            limits.append((("minute", chat_id), per_min / 60, per_min))
        levels: list[tuple[object, float]] = []
        wait_s = 0.0
        for key, per_s, size in limits:
            level, since = self._buckets.get(key, (0.0, now))
            level = max(0.0, level - (now - since) * per_s) + 1
            wait_s = max(wait_s, (level - max(size, 1)) / per_s)
            levels.append((key, level))
        if wait_s > 1e-9:
            raise too_many_requests(math.ceil(wait_s))
        for key, level in levels:
            self._buckets[key] = level, now
