"""Faults that only Telegram has, and its flood limits."""

from __future__ import annotations

import dataclasses
import math

from aiohttp import web
from pydantic.dataclasses import dataclass

from bot.demo import base

from .refusal import RefusedError, too_many_requests
from .webhook import DELIVERY

DOWNLOAD = "download"  # the name under which downloads of files fail
OF_UPDATES = ("getUpdates", DELIVERY)  # fail only when they are named


@dataclass(kw_only=True, eq=False, config=base.CHECKED)
class Fault(base.Fault):
    """One thing that goes wrong with calls of a method, of any but getUpdates, with downloads, or
    with what a webhook brings (which then does not come, or its answer is lost or late).

    `status` answers that error with this `description`, `retry_after` a 429. `without` leaves these
    fields out of a result that is right otherwise; that call is done, and so is one that is only
    late. With `chat_id` it is for calls about this chat.
    """

    status: int | None = None
    retry_after: int | None = None
    description: str = ""
    without: frozenset[str] = frozenset()
    chat_id: int | None = None

    def __post_init__(self) -> None:
        if self.retry_after is not None:
            self.status = 429
        super().__post_init__()
        self.effect = self.effect or not self.spoils

    def ways(self) -> list[bool]:
        return [*super().ways(), self.status is not None, bool(self.without)]

    def fits(self, name: str, where: object) -> bool:
        fits = self.name == name or (self.name == base.ANY and name not in OF_UPDATES)
        return fits and self.chat_id in (None, where)

    def instead(self) -> web.Response | None:
        return None if self.refused is None else self.refused.response()

    @property
    def refused(self) -> RefusedError | None:
        """The error that is answered, if that is the fault."""
        if self.status == 429:
            return too_many_requests(self.retry_after or 1)
        return None if self.status is None else RefusedError(self.description, self.status)

    @property
    def spoils(self) -> bool:
        """Whether the right answer will not be given."""
        return any(self.ways()) and not self.without


@dataclasses.dataclass(eq=False, slots=True)
class FloodRules:
    """How much is sent and edited before 429. Telegram publishes the first and the third number
    only as advice (FAQ)."""

    per_chat_per_s: float = 1.0
    burst: int = 3  # messages that pass at once in a chat that was quiet
    overall_per_s: float = 30.0
    per_group_per_min: int = 20
    _buckets: dict[object, tuple[float, float]] = dataclasses.field(  # level, since
        default_factory=dict, init=False
    )

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
