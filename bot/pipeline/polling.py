"""Polling of the provider's tasks, each when a poll is worth most.

All tasks share one budget of polls. A poll is due when the task's age makes it worthwhile
(`durations`); among the tasks that are due, the one where it is worth most comes first.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from bot.pipeline.durations import Curve, Durations
from bot.tools.clock import CLOCK, Clock
from bot.tools.rate_limits import RateLimit, Turns
from bot.tools.retry import pause_after
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

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PollPolicy:
    """When polling ends, apart from the provider's word on its tasks. Seconds."""

    # While polls fail, pauses grow up to this; a Retry-After of a day is not waited for either.
    max_pause_s: float = 60.0
    # A task that was made just now may not be known yet, nor may one be while the provider's own
    # database is in trouble: gone is what is unknown so often, over so long.
    unknown_for_s: float = 300.0
    checks_unknown: int = 5
    # The URLs of a success may come late.
    without_urls_for_s: float = 180.0
    checks_without_urls: int = 4
    # After a restart the deadline may be long past and the result be there: ask at least so long.
    grace_s: float = 60.0


POLLING = PollPolicy()


@dataclass(slots=True)
class _Claim:
    """An answer that counts once it was given often enough, for long enough, without another."""

    checks: int
    for_s: float
    given: int = 0
    held_s: float = 0.0  # a time in which nobody answered is not counted

    def give(self, since_last_s: float) -> bool:
        """The answer came (again), so long after the last; whether it counts now."""
        self.given += 1
        self.held_s += since_last_s
        return self.given >= self.checks and self.held_s >= self.for_s

    def deny(self) -> None:
        """Another answer came."""
        self.given, self.held_s = 0, 0.0


@dataclass(eq=False, slots=True)
class _Wait:
    """A task that a question is due for. `asked_at` is its age when it was asked last."""

    curve: Curve
    created: float  # on the poller's clock
    asked_at: float


class Poller:
    """Polls the provider, within one budget for the whole process.

    `limit` should give its turns evenly: two questions at once are worth little more than one.
    """

    def __init__(
        self,
        limit: RateLimit,
        policy: PollPolicy,
        durations: Durations,
        clock: Clock = CLOCK,
    ) -> None:
        self._limit = limit
        self._policy = policy
        self._durations = durations
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
        maybe by an earlier process. Only what the provider answers ends this: while it cannot be
        asked, it is asked again.

        Raises:
            GenerationFailedError, NoResultError, RecordGoneError, DeadlineError
        """
        policy = self._policy
        interval_s, timeout_s = provider.poll_interval_s, provider.poll_timeout_s
        start = self._clock.steady()
        created = start - age_s
        deadline = start + min(max(timeout_s - age_s, policy.grace_s), timeout_s)
        unknown = _Claim(policy.checks_unknown, policy.unknown_for_s)
        without_urls = _Claim(policy.checks_without_urls, policy.without_urls_for_s)
        last: _Claim | None = None  # the last answer, if it was a claim
        failed = 0  # polls since the last answer
        asked_at = 0.0  # the task's age then
        while True:
            now = self._clock.steady()
            curve = self._durations.curve(model)
            pause_s = curve.pause_s(asked_at, interval_s)
            if failed:
                grown_s = pause_after(failed - 1, first_s=interval_s, longest_s=policy.max_pause_s)
                pause_s = max(pause_s, grown_s)
            # Jitter keeps tasks of one job out of step; KIE is reported to answer a march with 429.
            pause_s *= random.uniform(0.9, 1.1)  # noqa: S311
            ask_at = created + asked_at + max(pause_s, provider.least_poll_pause_s)
            if now < deadline:  # what is done by then is not to be missed
                ask_at = min(ask_at, deadline)
            await self._clock.sleep(max(ask_at - now, 0.0))
            await self._turns.wait(_Wait(curve, created, asked_at))
            asked = self._clock.steady()
            since_last_s = asked - created - asked_at
            asked_at = asked - created
            try:
                state = await provider.check(task_id)
            except ProviderError as error:
                on_error(error)
                if _is_unknown(error):
                    failed = 0
                    without_urls.deny()
                    if unknown.give(since_last_s if last is unknown else 0.0):
                        raise RecordGoneError(
                            str(error), detail=error.detail, code=error.code
                        ) from error
                    last = unknown
                else:
                    failed += 1
                    last = None
                if isinstance(error, NotTakenError):
                    self._limit.pause(min(error.retry_after_s or interval_s, policy.max_pause_s))
                logger.warning("task %s: poll failed, retrying: %s", task_id, error)
                continue
            failed = 0
            unknown.deny()
            match state:
                case Done(urls=(_, *_)):
                    return state
                case Done():
                    if without_urls.give(since_last_s if last is without_urls else 0.0):
                        raise NoResultError(f"task {task_id}: success without URLs")
                    last = without_urls
                    continue
                case Failed(reason=reason, code=code):
                    raise GenerationFailedError(
                        f"task {task_id} failed: {code} {reason}", detail=reason
                    )
                case _ if asked >= deadline:
                    raise DeadlineError(f"task {task_id}: still running after {timeout_s:.0f} s")
                case _:
                    without_urls.deny()
                    last = None

    def _worth(self, wait: _Wait) -> float:
        return wait.curve.worth(wait.asked_at, self._clock.steady() - wait.created)


def _is_unknown(error: ProviderError) -> bool:
    """Whether the provider says that there is no such task."""
    return type(error) is RefusedError and error.code in {404, 422}
