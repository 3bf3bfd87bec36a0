"""Waiting for a task at the provider, with time as a parameter."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.rate import RateLimit
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

    interval_s: float
    timeout_s: float
    # A task that was made just now may not be known yet; after this, unknown several times
    # running means gone.
    unknown_for_s: float = 90.0
    checks_unknown: int = 3
    checks_without_urls: int = 4
    # After a restart the deadline may be long past and the result be there: ask at least so long.
    grace_s: float = 60.0


class Poller:
    """Asks the provider, within one budget for the whole process."""

    def __init__(
        self,
        limit: RateLimit,
        policy: PollPolicy,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._policy = policy
        self._sleep = sleep
        self._clock = clock

    async def wait_until_done(
        self,
        provider: Provider,
        task_id: str,
        *,
        age_s: float = 0.0,
        on_error: Callable[[ProviderError], None] = lambda _: None,
    ) -> str:
        """Return the URL of the task's first result; a failed check is not a failed task.

        `age_s` is how long ago the task was created, maybe by an earlier process.

        Raises:
            GenerationFailedError, NoResultError, RecordGoneError, DeadlineError
        """
        policy = self._policy
        start = self._clock()
        left_s = min(max(policy.timeout_s - age_s, policy.grace_s), policy.timeout_s)
        empty = unknown = 0
        pause_s = max(policy.interval_s - age_s, 0.0)
        while (now := self._clock()) < start + left_s:
            # Jitter keeps the pollers out of step; KIE is reported to answer a march with 429.
            await self._sleep(min(pause_s * random.uniform(0.9, 1.1), start + left_s - now))  # noqa: S311
            pause_s = policy.interval_s
            await self._limit.wait()
            try:
                state = await provider.check(task_id)
            except ProviderError as error:
                on_error(error)
                unknown = unknown + 1 if _is_unknown(error) else 0
                old = age_s + self._clock() - start > policy.unknown_for_s
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
                case Done(urls=(url, *_)):
                    return url
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


def _is_unknown(error: ProviderError) -> bool:
    """Whether the provider says that it has no such task."""
    return isinstance(error, RefusedError) and error.code in {404, 422}
