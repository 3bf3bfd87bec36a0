"""Polling of the provider's tasks, each when a poll is worth most.

All tasks share one budget of polls. A poll is due when the task's age makes it worthwhile
(`durations`); among the tasks that are due, the one where it is worth most comes first. A callback
makes the poll of its task due at once, and does nothing else (decision 0061).
"""

import asyncio
import logging
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.pipeline.callbacks import CALLBACKS, CallbackPolicy, Callbacks
from bot.pipeline.durations import Curve, Durations
from bot.tools.clock import CLOCK, Clock
from bot.tools.heartbeats import POLLER, Heartbeats
from bot.tools.rate_limits import RateLimit, Turns
from bot.tools.retry import pause_after
from providers.base import Done, Failed, Pending, Provider, TaskState
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
    # From the last question to the one that a callback makes due: the provider's record may come
    # later than its callback. When these are used up, further callbacks of the same task are good
    # for one question each, so long after the last: sending many uses up nothing.
    woken_pauses_s: tuple[float, ...] = (0.0, 0.3, 0.7, 1.5, 3.0)
    woken_again_s: float = 10.0
    # While callbacks come, a task is asked about so seldom: it is what a lost one costs at most.
    told_pause_s: float = 20.0
    callbacks: CallbackPolicy = CALLBACKS


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


class _Answers:
    """What the provider's answers about one task come to."""

    def __init__(self, task_id: str, policy: PollPolicy) -> None:
        self._task_id = task_id
        self._unknown = _Claim(policy.checks_unknown, policy.unknown_for_s)
        self._without_urls = _Claim(policy.checks_without_urls, policy.without_urls_for_s)
        self._last: _Claim | None = None  # the last answer, if it was a claim
        self.failed = 0  # questions since the last answer

    def fail(self, error: ProviderError, since_last_s: float) -> None:
        """A question failed, or nothing is known of the task.

        Raises:
            RecordGoneError
        """
        if not _is_unknown(error):
            self.failed += 1
            self._last = None
            return
        self.failed = 0
        self._without_urls.deny()
        if self._claim(self._unknown, since_last_s):
            raise RecordGoneError(str(error), detail=error.detail, code=error.code) from error

    def take(self, state: TaskState, since_last_s: float) -> Done | None:
        """The task's end, if that is it.

        Raises:
            GenerationFailedError, NoResultError
        """
        self.failed = 0
        self._unknown.deny()
        match state:
            case Done(urls=(_, *_)):
                return state
            case Done():
                if self._claim(self._without_urls, since_last_s):
                    raise NoResultError(f"task {self._task_id}: success without URLs")
            case Failed(reason=reason, code=code):
                raise GenerationFailedError(
                    f"task {self._task_id} failed: {code} {reason}", detail=reason
                )
            case _:
                self._without_urls.deny()
                self._last = None
        return None

    def _claim(self, claim: _Claim, since_last_s: float) -> bool:
        again = self._last is claim
        self._last = claim
        return claim.give(since_last_s if again else 0.0)


@dataclass(eq=False, slots=True)
class _Watch:
    """A task in the poller's care. `asked_at` is its age when it was asked about last."""

    provider: Provider
    model: str
    curve: Curve
    created: float  # on the poller's clock
    deadline: float
    answers: _Answers
    woken: bool  # a callback came, or the question after it was too early: another is due
    questions: int = 0  # that callbacks made due
    asked_at: float = 0.0
    sleep: asyncio.Task[None] | None = None  # until the next question is due

    def wake(self) -> None:
        """A callback came."""
        self.woken = True
        self.rouse()

    def rouse(self) -> None:
        """Think anew when the next question is due."""
        if self.sleep is not None:
            self.sleep.cancel()


class _Turns(Turns[_Watch]):
    """Callbacks come first, but in every other turn only: the rest is asked about as well."""

    _was_woken = False

    def choose(self, waiting: Collection[_Watch]) -> _Watch:
        woken = next((watch for watch in waiting if watch.woken), None)
        self._was_woken = woken is not None and not self._was_woken
        return woken if woken is not None and self._was_woken else super().choose(waiting)


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
        heartbeats: Heartbeats | None = None,
    ) -> None:
        self._heartbeats = heartbeats or Heartbeats(clock)
        self._limit = limit
        self._policy = policy
        self._durations = durations
        self._clock = clock
        self._turns = _Turns(limit, self._worth)
        self._callbacks = Callbacks(policy.callbacks, clock)
        self._watches: dict[str, list[_Watch]] = {}  # by task

    def wake(self, task_id: str) -> None:
        """A callback came: ask about the task at once, or as soon as it is waited for."""
        watches = self._watches.get(task_id)
        if watches is None:
            self._callbacks.came(task_id)
            return
        for watch in watches:
            watch.wake()

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
        timeout_s, start = provider.poll_timeout_s, self._clock.steady()
        watch = _Watch(
            provider,
            model,
            self._durations.curve(model),
            created=start - age_s,
            deadline=start + min(max(timeout_s - age_s, self._policy.grace_s), timeout_s),
            answers=_Answers(task_id, self._policy),
            woken=self._callbacks.was_early(task_id),
        )
        watches = self._watches.setdefault(task_id, [])
        watches.append(watch)
        try:
            return await self._ask_until_done(task_id, watch, on_error)
        finally:
            watches.remove(watch)
            if not watches:
                del self._watches[task_id]

    async def _ask_until_done(
        self, task_id: str, watch: _Watch, on_error: Callable[[ProviderError], None]
    ) -> Done:
        while True:
            await self._until_due(watch)
            with self._heartbeats.busy(POLLER):
                done = await self._ask(task_id, watch, on_error)
            if done is not None:
                return done

    async def _ask(
        self, task_id: str, watch: _Watch, on_error: Callable[[ProviderError], None]
    ) -> Done | None:
        """Ask about the task when its turn comes; its end, if that is it."""
        provider = watch.provider
        await self._turns.wait(watch)
        asked = self._clock.steady()
        since_last_s = asked - watch.created - watch.asked_at
        watch.asked_at = asked - watch.created
        was_woken, watch.woken = watch.woken, False
        watch.questions += was_woken
        try:
            state = await provider.check(task_id)
        except ProviderError as error:
            on_error(error)
            watch.answers.fail(error, since_last_s)
            if isinstance(error, NotTakenError):
                pause_s = error.retry_after_s or provider.poll_interval_s
                self._limit.pause(min(pause_s, self._policy.max_pause_s))
            logger.warning("task %s: poll failed, retrying: %s", task_id, error)
        else:
            if not isinstance(state, Pending):
                # It may also have come while this question was under way.
                self._callbacks.ended(task_id, told=was_woken or watch.woken)
            if (done := watch.answers.take(state, since_last_s)) is not None:
                return done
            if isinstance(state, Pending) and asked >= watch.deadline:
                timeout_s = provider.poll_timeout_s
                raise DeadlineError(f"task {task_id}: still running after {timeout_s:.0f} s")
        if was_woken and watch.questions < len(self._policy.woken_pauses_s):
            watch.woken = True
        return None

    async def _until_due(self, watch: _Watch) -> None:
        """Return when the next question about a task is due."""
        watch.curve = self._durations.curve(watch.model)
        while True:
            now = self._clock.steady()
            wait_s = self._due(watch, now) - now
            if wait_s <= 0:
                return
            watch.sleep = asyncio.create_task(self._clock.sleep(wait_s))
            try:
                await asyncio.wait([watch.sleep])
                if not watch.sleep.cancelled():
                    return
            finally:
                watch.sleep.cancel()
                watch.sleep = None

    def _due(self, watch: _Watch, now: float) -> float:
        """When the next question is; in the past: at once."""
        due = self._usually_due(watch)
        if watch.woken:
            pauses_s = self._policy.woken_pauses_s
            again = watch.questions >= len(pauses_s)
            pause_s = self._policy.woken_again_s if again else pauses_s[watch.questions]
            due = min(due, watch.created + watch.asked_at + pause_s)
        # What is done by the deadline is not to be missed.
        return min(due, watch.deadline) if now < watch.deadline else due

    def _usually_due(self, watch: _Watch) -> float:
        provider, failed = watch.provider, watch.answers.failed
        interval_s = provider.poll_interval_s
        pause_s = watch.curve.pause_s(watch.asked_at, interval_s)
        if failed:
            longest_s = self._policy.max_pause_s
            grown_s = pause_after(failed - 1, first_s=interval_s, longest_s=longest_s)
            pause_s = max(pause_s, grown_s)
        if self._callbacks.are_missed():
            self._rouse_all()
        if self._callbacks.come:
            pause_s = max(pause_s, self._policy.told_pause_s)
        # Jitter keeps tasks of one job out of step; KIE is reported to answer a march with 429.
        pause_s *= random.uniform(0.9, 1.1)  # noqa: S311
        return watch.created + watch.asked_at + max(pause_s, provider.least_poll_pause_s)

    def _rouse_all(self) -> None:
        """Callbacks come no more: who waits for one asks at the usual pace again."""
        for watches in self._watches.values():
            for watch in watches:
                watch.rouse()

    def _worth(self, watch: _Watch) -> float:
        return watch.curve.worth(watch.asked_at, self._clock.steady() - watch.created)


def _is_unknown(error: ProviderError) -> bool:
    """Whether the provider says that there is no such task."""
    return type(error) is RefusedError and error.code in {404, 422}
