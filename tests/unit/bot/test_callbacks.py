"""What a callback does to polling: it wakes a question, and changes how often one is asked."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from bot.pipeline.durations import Durations
from bot.pipeline.polling import Poller, PollPolicy
from bot.tools.rate_limits import RateLimit
from providers.base import Done, Failed, Pending, TaskState
from providers.errors import GenerationFailedError, OutcomeUnknownError
from providers.order import Order
from tests.unit.bot.fake_clock import FakeClock

URL = "https://example.com/1.png"
POLICY = PollPolicy()
PROOFS, PATIENCE_S = POLICY.callbacks.proofs, POLICY.callbacks.patience_s
INTERVAL_S = 3.0


@dataclass
class Kie:
    """Tasks that end at times of their own; its record knows of the end `lag_s` later."""

    clock: FakeClock
    ends: dict[str, float] = field(default_factory=dict)
    fails: set[str] = field(default_factory=set)
    lag_s: float = 0.0
    travel_s: float = 0.0
    down_until: float = 0.0
    name: str = "Kie"
    poll_interval_s: float = INTERVAL_S
    poll_timeout_s: float = 900.0
    least_poll_pause_s: float = 0.0
    asked: list[tuple[str, float]] = field(default_factory=list)

    async def submit(self, order: Order, *, picture_urls: Sequence[str] = ()) -> str:
        raise AssertionError("nothing is created while polling")

    async def check(self, task_id: str) -> TaskState:
        now = self.clock.now()
        self.asked.append((task_id, now))
        if self.travel_s:
            await self.clock.sleep(self.travel_s)
        if now < self.down_until:
            raise OutcomeUnknownError("down")
        if now < self.ends[task_id] + self.lag_s:
            return Pending()
        return Failed("no") if task_id in self.fails else Done((URL,))

    def asked_about(self, task_id: str = "task") -> list[float]:
        return [at for asked, at in self.asked if asked == task_id]


@dataclass
class Scene:
    clock: FakeClock
    kie: Kie
    poller: Poller

    async def play(self, *acts: Awaitable[object]) -> None:
        everything = asyncio.gather(*acts)
        await self.clock.run(everything.done)
        await everything

    async def task(
        self, task_id: str = "task", *, begins: float = 0.0, lasts: float, age_s: float = 0.0
    ) -> float:
        """Have it drawn; returns for how long its end was not known."""
        await self.clock.sleep(begins)
        end = self.kie.ends[task_id] = self.clock.now() + lasts
        await self.poller.wait_until_done(self.kie, task_id, model="m", age_s=age_s)
        return self.clock.now() - end

    async def callback(self, *times: float, task_id: str = "task") -> None:
        for at in times:
            await self.clock.sleep(at - self.clock.now())
            self.poller.wake(task_id)

    async def prove(self) -> None:
        """Let callbacks come until they are relied on."""
        for _ in range(PROOFS):
            end = self.clock.now() + 5
            name = f"proof at {end}"
            await self.play(self.task(name, lasts=5), self.callback(end, task_id=name))


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def make_scene(*, polls: tuple[int, float] = (1000, 1.0)) -> Scene:
    clock = FakeClock()
    poller = Poller(RateLimit(*polls, clock=clock), POLICY, Durations(), clock)
    return Scene(clock, Kie(clock), poller)


def pauses(times: Sequence[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


async def test_a_callback_is_followed_by_a_question_at_once(scene: Scene) -> None:
    await scene.play(scene.task(lasts=7.5), scene.callback(7.5))
    assert scene.clock.now() == 7.5


async def test_what_a_callback_says_is_not_believed(scene: Scene) -> None:
    """Forged, or of another's task: the task goes on, and is asked about as before."""
    await scene.play(scene.task(lasts=100), scene.callback(10.0))
    assert scene.clock.now() >= 100
    assert len([at for at in scene.kie.asked_about() if 10 <= at < 20]) <= (
        len(POLICY.woken_pauses_s) + 10 / INTERVAL_S + 1
    )


async def test_a_failure_is_told_as_soon(scene: Scene) -> None:
    scene.kie.fails.add("task")
    with pytest.raises(GenerationFailedError):
        await scene.play(scene.task(lasts=7.5), scene.callback(7.5))
    assert scene.clock.now() == 7.5


@pytest.mark.parametrize("lag_s", [0.2, 0.9, 5.0])
async def test_a_record_that_comes_after_its_callback_is_asked_for_again(
    scene: Scene, lag_s: float
) -> None:
    scene.kie.lag_s = lag_s
    await scene.play(scene.task(lasts=7.5), scene.callback(7.5))
    assert scene.clock.now() <= 7.5 + lag_s + max(POLICY.woken_pauses_s)
    assert len([at for at in scene.kie.asked_about() if at >= 7.5]) <= len(POLICY.woken_pauses_s)


async def test_copies_of_a_callback_change_nothing(scene: Scene) -> None:
    scene.kie.lag_s = 1.0
    await scene.play(scene.task(lasts=7.5), scene.callback(*[7.5] * 50))
    alone = make_scene()
    alone.kie.lag_s = 1.0
    await alone.play(alone.task(lasts=7.5), alone.callback(7.5))
    after = [[at for at in each.kie.asked_about() if at >= 7.5] for each in (scene, alone)]
    assert len(after[0]) == len(after[1])


async def test_a_flood_of_callbacks_makes_few_questions(scene: Scene) -> None:
    await scene.prove()  # else the usual questions are most of them
    scene.kie.asked.clear()
    start = scene.clock.now()
    flood = [start + number / 20 for number in range(20 * 60)]
    await scene.play(scene.task(lasts=60), scene.callback(*flood))
    assert len(scene.kie.asked) <= len(POLICY.woken_pauses_s) + 60 / POLICY.woken_again_s + 2


async def test_a_flood_leaves_every_other_question_to_the_rest() -> None:
    """Callbacks of all running tasks are forged; one is done, and nobody tells."""
    every_s, tasks = 0.5, 10
    scene = make_scene(polls=(1, every_s))
    forged = [f"forged-{number}" for number in range(tasks)]
    running = [scene.task(name, lasts=30) for name in forged]
    times = [5 + number / 2 for number in range(40)]
    flood = [scene.callback(*times, task_id=name) for name in forged]
    late: list[float] = []

    async def quiet() -> None:
        late.append(await scene.task("quiet", lasts=10))

    await scene.play(quiet(), *running, *flood)
    assert late[0] <= (tasks + 1) * 2 * every_s, "all of them in turn, and callbacks between"


async def test_a_callback_for_a_task_of_yesterday(scene: Scene) -> None:
    """The bot was started anew meanwhile, and knows its age."""
    scene.kie.poll_interval_s, scene.kie.poll_timeout_s = 60.0, 90_000.0
    await scene.play(scene.task(lasts=7.5, age_s=80_000.0), scene.callback(7.5))
    assert scene.clock.now() == 7.5


async def test_a_callback_that_comes_before_the_task_is_known(scene: Scene) -> None:
    await scene.play(scene.callback(1.0), scene.task(begins=2.0, lasts=0.0))
    assert scene.kie.asked_about() == [2.0]


async def test_a_callback_that_came_long_before_is_forgotten(scene: Scene) -> None:
    begins = POLICY.callbacks.early_for_s + 2.0
    await scene.play(scene.callback(1.0), scene.task(begins=begins, lasts=0.0))
    assert scene.kie.asked_about()[0] > begins + 1


async def test_callbacks_of_unknown_tasks_are_kept_in_bounds(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.pipeline.callbacks.KEPT", 10)
    for number in range(100):
        scene.poller.wake(f"unknown-{number}")
    assert [n for n in range(100) if await known_early(scene, f"unknown-{n}")] == [*range(90, 100)]


async def known_early(scene: Scene, task_id: str) -> bool:
    asked = len(scene.kie.asked)
    begun = scene.clock.now()
    await scene.play(scene.task(task_id, lasts=0.0))
    return scene.kie.asked[asked][1] == begun


async def test_a_callback_while_a_question_is_under_way(scene: Scene) -> None:
    """The question was answered before the end, its answer comes after the callback."""
    scene.kie.travel_s = 1.0
    await scene.play(scene.task(lasts=4.0), scene.callback(4.0), scene.callback(4.2))
    assert scene.clock.now() <= 6.2


async def test_a_callback_ends_the_long_pauses_of_an_outage(scene: Scene) -> None:
    scene.kie.down_until = 500.0
    await scene.play(scene.task(lasts=500.0), scene.callback(500.0))
    assert scene.clock.now() == 500.0


# --- How often to ask meanwhile


async def test_polling_is_slower_while_callbacks_come(scene: Scene) -> None:
    await scene.prove()
    begun = scene.clock.now()
    await scene.play(scene.task(lasts=100), scene.callback(begun + 100))
    assert scene.clock.now() == begun + 100
    assert len(scene.kie.asked_about()) <= 100 / (POLICY.told_pause_s * 0.9) + 1


async def test_a_lost_callback_costs_one_slow_pause_and_the_usual_pace_is_back(
    scene: Scene,
) -> None:
    await scene.prove()
    late: dict[str, float] = {}

    async def drawn(task_id: str, lasts: float) -> None:
        late[task_id] = await scene.task(task_id, lasts=lasts)

    await scene.play(drawn("lost", 25.0), drawn("other", 100.0))
    assert late["lost"] <= POLICY.told_pause_s * 1.1
    assert late["other"] <= INTERVAL_S * 1.1
    found = scene.kie.asked_about("lost")[-1]
    again = [at for at in scene.kie.asked_about("other") if at > found + PATIENCE_S]
    assert min(pauses(again)) <= INTERVAL_S * 1.1
    assert again[0] <= found + PATIENCE_S + POLICY.told_pause_s * 1.1


async def test_callbacks_prove_themselves_again(scene: Scene) -> None:
    await scene.prove()
    await scene.play(scene.task("lost", lasts=25.0))
    await scene.play(scene.clock.sleep(PATIENCE_S + 1))
    end = scene.clock.now() + 50
    await scene.play(scene.task("usual", lasts=50), scene.callback(end, task_id="usual"))
    assert max(pauses(scene.kie.asked_about("usual"))) <= INTERVAL_S * 1.1
    await scene.prove()
    begun = scene.clock.now()
    await scene.play(scene.task(lasts=100), scene.callback(begun + 100))
    assert min(pauses(scene.kie.asked_about())[:-1]) >= POLICY.told_pause_s * 0.9


async def test_a_callback_that_comes_just_after_its_end_was_found_is_not_missing(
    scene: Scene,
) -> None:
    """The question was quicker; and it counts once, however many copies come."""
    for number in range(PROOFS):
        end = scene.clock.now() + 5
        name = f"raced-{number}"
        await scene.play(
            scene.task(name, lasts=5), scene.callback(*[end + PATIENCE_S] * 5, task_id=name)
        )
    begun = scene.clock.now()
    await scene.play(scene.task(lasts=100), scene.callback(begun + 100))
    assert min(pauses(scene.kie.asked_about())[:-1]) >= POLICY.told_pause_s * 0.9


async def test_a_callback_that_comes_too_late_is_missing(scene: Scene) -> None:
    for number in range(PROOFS):
        end = scene.clock.now() + 5
        name = f"late-{number}"
        await scene.play(
            scene.task(name, lasts=5), scene.callback(end + 2 * PATIENCE_S, task_id=name)
        )
    await scene.play(scene.task(lasts=50))
    assert max(pauses(scene.kie.asked_about())) <= INTERVAL_S * 1.1


async def test_questions_about_a_known_result_miss_no_callback(scene: Scene) -> None:
    """Its address is asked for once more."""
    await scene.prove()
    done = scene.kie.asked[-1][0]
    scene.kie.ends[done] = 0.0
    await scene.play(scene.poller.wait_until_done(scene.kie, done, model="m", age_s=500.0))
    await scene.play(scene.clock.sleep(2 * PATIENCE_S))
    begun = scene.clock.now()
    await scene.play(scene.task(lasts=100), scene.callback(begun + 100))
    assert min(pauses(scene.kie.asked_about())[:-1]) >= POLICY.told_pause_s * 0.9
