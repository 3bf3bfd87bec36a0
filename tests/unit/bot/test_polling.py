"""Waiting for a task: a script of answers on a clock of our own."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, median
from typing import Any, TypeVar

import pytest

from bot.pipeline.durations import Durations
from bot.pipeline.polling import Poller, PollPolicy
from bot.tools.rate_limits import RateLimit
from providers.base import Done, Failed, Pending, TaskState
from providers.errors import (
    AccessError,
    DeadlineError,
    GenerationFailedError,
    NoResultError,
    NotTakenError,
    OutcomeUnknownError,
    ProviderError,
    RecordGoneError,
    RefusedError,
)
from providers.order import Order
from tests.bench.bound import best_delays, uniform_rate
from tests.unit.bot.fake_clock import FakeClock

URL = "https://example.com/1.png"
POLICY = PollPolicy()
INTERVAL_S, TIMEOUT_S = 3.0, 900.0
JITTER = 1.1
LOST = OutcomeUnknownError("lost")
GONE = RefusedError("gone", detail="recordInfo is null", code=422)

Answer = TaskState | ProviderError
T = TypeVar("T")


@dataclass
class Script:
    """A provider that answers what it is told, the last answer for ever."""

    answers: list[Answer]
    clock: FakeClock
    poll_interval_s: float = INTERVAL_S
    poll_timeout_s: float = TIMEOUT_S
    least_poll_pause_s: float = 0.0
    name: str = "Script"
    asked_at: list[float] = field(default_factory=list)

    async def submit(self, order: Order, *, picture_urls: Sequence[str] = ()) -> str:
        raise AssertionError("nothing is created while polling")

    async def check(self, task_id: str) -> TaskState:
        assert task_id == "task-1"
        self.asked_at.append(self.clock.now())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, ProviderError):
            raise answer
        return answer


@dataclass
class Scene:
    clock: FakeClock
    limit: RateLimit
    poller: Poller
    interval_s: float
    timeout_s: float
    durations: Durations

    def script(self, *answers: Answer) -> Script:
        return Script(list(answers), self.clock, self.interval_s, self.timeout_s)

    async def wait(self, script: Script, **options: Any) -> str:
        done = await self.run(
            lambda: self.poller.wait_until_done(script, "task-1", model="m", **options)
        )
        return done.urls[0]

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        task = asyncio.ensure_future(work())
        await self.clock.run(task.done)
        return await task


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def make_scene(
    interval_s: float = INTERVAL_S, timeout_s: float = TIMEOUT_S, polls: int = 1000
) -> Scene:
    clock = FakeClock()
    limit = RateLimit(polls, 1.0, clock=clock)
    durations = Durations()
    poller = Poller(limit, POLICY, durations, clock)
    return Scene(clock, limit, poller, interval_s, timeout_s, durations)


async def test_from_pending_to_done(scene: Scene) -> None:
    script = scene.script(Pending(), Pending(), Done((URL, "https://example.com/2.png")))
    assert await scene.wait(script) == URL
    assert len(script.asked_at) == 3
    pauses = [
        later - earlier
        for earlier, later in zip([0.0, *script.asked_at], script.asked_at, strict=False)
    ]
    assert all(2.5 <= pause <= 3.3 for pause in pauses), "about the interval, with a jitter"
    assert len(set(pauses)) == 3, "no march in step"


async def test_a_film_is_asked_about_no_more_often_than_is_allowed() -> None:
    """However well it is known when films are done."""
    scene = make_scene(interval_s=10.0)
    for seconds in (119.0, 120.0, 121.0):
        scene.durations.add("m", seconds)
    script = scene.script(*[Pending()] * 40, Done((URL,)))
    script.least_poll_pause_s = 5.0
    await scene.wait(script)
    pauses = [later - earlier for earlier, later in pairwise(script.asked_at)]
    assert min(pauses) >= 4.999
    assert any(pause < 6 for pause in pauses), "as often as it may, around the likely end"


async def test_tasks_are_polled_side_by_side(scene: Scene) -> None:
    scripts = [scene.script(Pending(), Pending(), Done((URL,))) for _ in range(4)]

    async def all_of_them() -> str:
        await asyncio.gather(
            *(scene.poller.wait_until_done(script, "task-1", model="m") for script in scripts)
        )
        return ""

    await scene.run(all_of_them)
    assert scene.clock.now() <= 3 * 3 * JITTER, "four take the time of one"


async def test_all_pollers_share_one_limit() -> None:
    scene = make_scene(interval_s=0.1, polls=10)
    scripts = [scene.script(*[Pending()] * 4, Done((URL,))) for _ in range(20)]

    async def all_of_them() -> str:
        await asyncio.gather(
            *(scene.poller.wait_until_done(script, "task-1", model="m") for script in scripts)
        )
        return ""

    await scene.run(all_of_them)
    times = sorted(at for script in scripts for at in script.asked_at)
    assert len(times) == 100
    assert all(later - earlier >= 1.0 for earlier, later in zip(times, times[10:], strict=False))


@pytest.mark.parametrize(
    "error", [LOST, OutcomeUnknownError("HTML", code=502), RefusedError("x", code=500)]
)
async def test_a_failed_check_is_not_a_failed_task(scene: Scene, error: ProviderError) -> None:
    told: list[ProviderError] = []
    script = scene.script(*[error] * 50, Done((URL,)))
    assert await scene.wait(script, on_error=told.append) == URL
    assert told == [error] * 50


async def test_a_wrong_key_is_told_and_asked_on(scene: Scene) -> None:
    told: list[ProviderError] = []
    error = AccessError("key", code=401)
    assert await scene.wait(scene.script(error, Done((URL,))), on_error=told.append) == URL
    assert told == [error]


async def test_429_pauses_everybody(scene: Scene) -> None:
    refused = scene.script(NotTakenError("429", code=429, retry_after_s=20), Done((URL,)))
    other = scene.script(*[Pending()] * 3, Done((URL,)))

    async def both() -> str:
        await asyncio.gather(
            scene.poller.wait_until_done(refused, "task-1", model="m"),
            scene.poller.wait_until_done(other, "task-1", model="m"),
        )
        return ""

    await scene.run(both)
    paused_at = refused.asked_at[0]
    assert refused.asked_at[1] >= paused_at + 20
    assert not [at for at in other.asked_at if paused_at < at < paused_at + 20]


@pytest.mark.parametrize(("asked_s", "paused_s"), [(None, 3), (86_400.0, POLICY.max_pause_s)])
async def test_how_long_a_429_pauses(scene: Scene, asked_s: float | None, paused_s: float) -> None:
    error = NotTakenError("429", code=429, retry_after_s=asked_s)
    script = scene.script(error, Done((URL,)))
    await scene.wait(script)
    pause = round(script.asked_at[1] - script.asked_at[0], 6)
    assert paused_s <= pause <= paused_s + 3 * JITTER


async def test_success_without_urls_is_asked_again_for_some_minutes(scene: Scene) -> None:
    late = int(POLICY.without_urls_for_s / (INTERVAL_S * JITTER))
    script = scene.script(*[Done(())] * late, Done((URL,)))
    assert await scene.wait(script) == URL


async def test_success_without_urls_ends(scene: Scene) -> None:
    script = scene.script(Done(()))
    with pytest.raises(NoResultError):
        await scene.wait(script)
    asked_for_s = script.asked_at[-1] - script.asked_at[0]
    assert 0 <= asked_for_s - POLICY.without_urls_for_s <= 3 * JITTER


async def test_success_without_urls_ends_after_several_answers_whatever_the_pauses() -> None:
    scene = make_scene(interval_s=600)
    script = scene.script(Done(()))
    with pytest.raises(NoResultError):
        await scene.wait(script)
    assert len(script.asked_at) == POLICY.checks_without_urls


async def test_fail_gives_the_provider_s_reason(scene: Scene) -> None:
    script = scene.script(Pending(), Failed("Invalid prompt: nudity", "422"))
    with pytest.raises(GenerationFailedError) as caught:
        await scene.wait(script)
    assert caught.value.detail == "Invalid prompt: nudity"
    assert "422" in str(caught.value)
    assert len(script.asked_at) == 2


UNKNOWN_CHECKS = int(POLICY.unknown_for_s / (INTERVAL_S * JITTER))  # too few to end it


@pytest.mark.parametrize("age_s", [0.0, 200.0, 86_400.0])
async def test_a_task_may_be_unknown_for_minutes(scene: Scene, age_s: float) -> None:
    script = scene.script(*[GONE] * UNKNOWN_CHECKS, Done((URL,)))
    assert await scene.wait(script, age_s=age_s) == URL


@pytest.mark.parametrize("age_s", [0.0, 200.0, 86_400.0])
async def test_unknown_for_good_is_gone(scene: Scene, age_s: float) -> None:
    script = scene.script(GONE)
    with pytest.raises(RecordGoneError) as caught:
        await scene.wait(script, age_s=age_s)
    assert (caught.value.detail, caught.value.code) == ("recordInfo is null", 422)
    asked_for_s = script.asked_at[-1] - script.asked_at[0]
    assert 0 <= asked_for_s - POLICY.unknown_for_s <= 3 * JITTER


async def test_unknown_takes_several_answers_whatever_the_pauses() -> None:
    scene = make_scene(interval_s=600)
    script = scene.script(GONE)
    with pytest.raises(RecordGoneError):
        await scene.wait(script)
    assert len(script.asked_at) == POLICY.checks_unknown


async def test_who_knows_the_task_takes_back_that_it_is_unknown(scene: Scene) -> None:
    script = scene.script(*([GONE] * UNKNOWN_CHECKS + [Pending()]) * 2, Done((URL,)))
    assert await scene.wait(script) == URL


@pytest.mark.parametrize("between", [LOST, NotTakenError("429", code=429)])
async def test_a_failed_question_neither_tells_nor_takes_back_that_a_task_is_unknown(
    scene: Scene, between: Answer
) -> None:
    """The time about which nobody spoke is not counted: an outage makes no record disappear."""
    outage = [between] * 200
    script = scene.script(GONE, *outage, *[GONE] * UNKNOWN_CHECKS, Done((URL,)))
    assert await scene.wait(script) == URL
    script = scene.script(*[GONE, GONE, between] * UNKNOWN_CHECKS, GONE)
    with pytest.raises(RecordGoneError):
        await scene.wait(script)


@pytest.mark.parametrize(
    "error",
    [OutcomeUnknownError("a page", code=404), AccessError("key", code=401), RefusedError("HTTP")],
)
async def test_what_is_not_the_provider_s_word_on_the_task_ends_nothing(
    scene: Scene, error: ProviderError
) -> None:
    script = scene.script(*[error] * 500, Done((URL,)))
    assert await scene.wait(script, age_s=200) == URL


async def test_another_refusal_is_no_unknown_task(scene: Scene) -> None:
    script = scene.script(*[RefusedError("x", code=500)] * 10, Done((URL,)))
    assert await scene.wait(script, age_s=200) == URL


async def test_the_deadline(scene: Scene) -> None:
    script = scene.script(Pending())
    with pytest.raises(DeadlineError):
        await scene.wait(script)
    assert scene.clock.now() == pytest.approx(TIMEOUT_S)
    assert script.asked_at[-1] == pytest.approx(TIMEOUT_S), "asked at the very end"


@pytest.mark.parametrize("age_s", [0.0, 100_000.0])
async def test_a_failed_question_is_no_deadline(scene: Scene, age_s: float) -> None:
    """An outage of hours is waited out, and what was finished meanwhile is there."""
    script = scene.script(*[LOST] * 300, Done((URL,)))
    assert await scene.wait(script, age_s=age_s) == URL
    assert scene.clock.now() > 4 * 3600
    pauses = [later - earlier for earlier, later in pairwise(script.asked_at)]
    assert max(pauses) <= POLICY.max_pause_s * JITTER
    for pause, doubled in zip(pauses, (3, 6, 12), strict=False):
        assert pause == pytest.approx(doubled, rel=JITTER - 1)


async def test_the_first_answer_after_an_outage_may_be_the_end(scene: Scene) -> None:
    with pytest.raises(DeadlineError):
        await scene.wait(scene.script(*[LOST] * 100, Pending()))
    assert scene.clock.now() > TIMEOUT_S + 3600


async def test_pauses_are_as_before_once_there_was_an_answer(scene: Scene) -> None:
    script = scene.script(*[LOST] * 5, Pending(), Pending(), Done((URL,)))
    await scene.wait(script)
    assert script.asked_at[-1] - script.asked_at[-2] <= 3 * JITTER


async def test_the_age_counts(scene: Scene) -> None:
    with pytest.raises(DeadlineError):
        await scene.wait(scene.script(Pending()), age_s=500)
    assert scene.clock.now() == pytest.approx(TIMEOUT_S - 500)


async def test_an_old_task_is_asked_at_once(scene: Scene) -> None:
    script = scene.script(Done((URL,)))
    assert await scene.wait(script, age_s=10) == URL
    assert script.asked_at == [0.0]


async def test_a_task_past_its_deadline_is_asked_during_the_grace_time(scene: Scene) -> None:
    assert await scene.wait(scene.script(LOST, Pending(), Done((URL,))), age_s=100_000) == URL
    started = scene.clock.now()
    script = scene.script(Pending())
    with pytest.raises(DeadlineError):
        await scene.wait(script, age_s=100_000)
    assert scene.clock.now() - started == pytest.approx(POLICY.grace_s)
    assert len(script.asked_at) > POLICY.grace_s / (INTERVAL_S * JITTER)


async def test_the_grace_time_is_never_longer_than_the_time_itself() -> None:
    scene = make_scene(interval_s=1, timeout_s=10)
    with pytest.raises(DeadlineError):
        await scene.wait(scene.script(Pending()), age_s=100_000)
    assert scene.clock.now() == pytest.approx(10)


# --- When to ask


@dataclass
class Draws:
    """A provider whose tasks end at ages of their own, on the scene's clock."""

    clock: FakeClock
    ends: dict[str, float]
    name: str = "Draws"
    poll_interval_s: float = INTERVAL_S
    poll_timeout_s: float = TIMEOUT_S
    least_poll_pause_s: float = 0.0
    questions: int = 0
    known_after: list[float] = field(default_factory=list)

    async def submit(self, order: Order, *, picture_urls: Sequence[str] = ()) -> str:
        raise AssertionError("nothing is created while polling")

    async def check(self, task_id: str) -> TaskState:
        self.questions += 1
        if self.clock.now() < self.ends[task_id]:
            return Pending()
        self.known_after.append(self.clock.now() - self.ends[task_id])
        return Done((URL,))


@pytest.mark.parametrize("tasks", [20, 120])
async def test_what_is_done_is_known_about_as_soon_as_it_can_be(tasks: int) -> None:
    """Ten questions a second, tasks of 48 to 128 s: close to what the best schedule reaches."""
    random.seed(tasks)  # the jitter's
    rng = random.Random(tasks)
    clock = FakeClock(settle=8)
    durations = Durations()
    for _ in range(200):
        durations.add("m", rng.uniform(48, 128))
    limit = RateLimit(1, 0.1, clock=clock)
    poller = Poller(limit, POLICY, durations, clock)
    created = [number * 0.525 for number in range(tasks)]
    ended = [begun + rng.uniform(48, 128) for begun in created]
    draws = Draws(clock, {str(number): end for number, end in enumerate(ended)})

    async def walk(number: int) -> None:
        await clock.sleep(created[number])
        await poller.wait_until_done(draws, str(number), model="m")

    everything = asyncio.gather(*map(walk, range(tasks)))
    await clock.run(everything.done)
    bound = best_delays(list(zip(created, ended, strict=True)), uniform_rate(48, 128), 10)
    assert median(draws.known_after) < 1.3 * bound.median_s
    assert fmean(draws.known_after) < 1.3 * bound.mean_s
    assert draws.questions <= 10 * clock.now() + 1
