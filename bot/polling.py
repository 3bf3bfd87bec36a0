"""Waiting for tasks at the provider: each is asked about when its answer is worth most.

All tasks share one budget of questions. A question is due when the task's age makes it worth
asking (`durations`); of those that are due, the next goes to the one where it is worth most.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.durations import Curve, Durations
from bot.rate import RateLimit, Turns
from providers.base import Done, Failed, Provider
from providers.errors import (
    DeadlineError,
    GenerationFailedError,
    NoResultError,
    NotTakenError,
    ProviderError,
    RecordGoneError,
    RefusedError,
)

MAX_PAUSE_S = 60.0  # a Retry-After of a day is not waited for

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PollPolicy:
    """When to ask, and when to stop asking. Seconds."""

    interval_s: float  # the longest pause; shorter where the end is likely
    timeout_s: float
    # A task that was made just now may not be known yet; after this, unknown several times
    # running means gone.
    unknown_for_s: float = 90.0
    checks_unknown: int = 3
    checks_without_urls: int = 4
    # After a restart the deadline may be long past and the result be there: ask at least so long.
    grace_s: float = 60.0


@dataclass(eq=False, slots=True)
class _Wait:
    """A task that a question is due for. `asked_at` is its age when it was asked last."""

    curve: Curve
    created: float  # on the poller's clock
    asked_at: float


class Poller:
    """Asks the provider, within one budget for the whole process.

    `limit` should give its turns evenly: two questions at once are worth little more than one.
    """

    def __init__(
        self,
        limit: RateLimit,
        policy: PollPolicy,
        durations: Durations,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._policy = policy
        self._durations = durations
        self._sleep = sleep
        self._clock = clock
        self._turns = Turns(limit, self._worth)

    async def wait_until_done(
        self,
        provider: Provider,
        task_id: str,
        *,
        model: str,
        age_s: float = 0.0,
        on_error: Callable[[ProviderError], None] = lambda _: None,
    ) -> Done:
        """Return the task's end, which has a URL; a failed question is not a failed task.

        `model` is whose durations tell when to ask; `age_s` is how long ago the task was created,
        maybe by an earlier process.

        Raises:
            GenerationFailedError, NoResultError, RecordGoneError, DeadlineError
        """
        policy = self._policy
        start = self._clock()
        created = start - age_s
        deadline = start + min(max(policy.timeout_s - age_s, policy.grace_s), policy.timeout_s)
        empty = unknown = 0
        asked_at = 0.0  # the age up to which it is known to have gone on
        while (now := self._clock()) < deadline:
            curve = self._durations.curve(model)
            # Jitter keeps tasks of one job out of step; KIE is reported to answer a march with 429.
            pause_s = curve.pause_s(asked_at, policy.interval_s) * random.uniform(0.9, 1.1)  # noqa: S311
            await self._sleep(max(min(created + asked_at + pause_s, deadline) - now, 0.0))
            await self._turns.wait(_Wait(curve, created, asked_at))
            asked_at = self._clock() - created
            try:
                state = await provider.check(task_id)
            except ProviderError as error:
                on_error(error)
                unknown = unknown + 1 if _is_unknown(error) else 0
                old = asked_at > policy.unknown_for_s
                if old and unknown >= policy.checks_unknown:
                    raise RecordGoneError(
                        str(error), detail=error.detail, code=error.code
                    ) from error
                if isinstance(error, NotTakenError):
                    self._limit.pause(min(error.retry_after_s or policy.interval_s, MAX_PAUSE_S))
                logger.warning("task %s: check failed, asking again: %s", task_id, error)
                continue
            unknown = 0
            match state:
                case Done(urls=(_, *_)):
                    if state.seconds is not None:
                        self._durations.add(model, state.seconds)
                    return state
                case Done():
                    empty += 1
                    if empty >= policy.checks_without_urls:
                        raise NoResultError(f"task {task_id}: success without URLs")
                case Failed(reason=reason, code=code):
                    raise GenerationFailedError(
                        f"task {task_id} failed: {code} {reason}", detail=reason
                    )
                case _:
                    pass
        raise DeadlineError(f"task {task_id}: no result after {policy.timeout_s:.0f} s")

    def _worth(self, wait: _Wait) -> float:
        return wait.curve.worth(wait.asked_at, self._clock() - wait.created)


def _is_unknown(error: ProviderError) -> bool:
    """Whether the provider says that it has no such task."""
    return isinstance(error, RefusedError) and error.code in {404, 422}
