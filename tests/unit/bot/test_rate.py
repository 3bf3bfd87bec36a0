"""So many in any so many seconds, on a clock of our own."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tools.rate_limits import RateLimit, Turns
from tests.unit.bot.fake_clock import FakeClock


def limited(clock: FakeClock, limit: int, window_s: float) -> RateLimit:
    return RateLimit(limit, window_s, clock=clock)


async def turns(clock: FakeClock, limit: RateLimit, arrivals: Sequence[float]) -> list[float]:
    """When each of those who come at these times gets their turn, in the order of coming."""
    given_at: list[tuple[int, float]] = []

    async def come(number: int, at: float) -> None:
        await clock.sleep(at)
        await limit.wait()
        given_at.append((number, clock.now()))

    async with asyncio.TaskGroup() as group:
        for number, at in enumerate(sorted(arrivals)):
            group.create_task(come(number, at))
        group.create_task(clock.run(lambda: len(given_at) == len(arrivals)))
    assert [number for number, _ in given_at] == list(range(len(arrivals))), "in order"
    return [at for _, at in given_at]


@given(
    arrivals=st.lists(st.floats(0, 30), min_size=1, max_size=40),
    limit=st.integers(1, 5),
    window_s=st.sampled_from([0.5, 1.0, 10.0]),
)
def test_never_more_than_the_limit_in_any_window(
    arrivals: list[float], limit: int, window_s: float
) -> None:
    async def run() -> list[float]:
        clock = FakeClock()
        return await turns(clock, limited(clock, limit, window_s), arrivals)

    times = asyncio.run(run())
    for first, over in zip(times, times[limit:], strict=False):
        assert over - first >= window_s, "a window that is closed at one end holds one too many"
    for arrived, at in zip(sorted(arrivals), times, strict=True):
        assert at >= arrived
    # Nobody waits longer than the limit asks for, but for some milliseconds of rounding.
    for number, (arrived, at) in enumerate(zip(sorted(arrivals), times, strict=True)):
        free_at = times[number - limit] + window_s if number >= limit else 0.0
        assert at <= max(arrived, free_at, times[number - 1] if number else 0.0) + 0.005


async def test_twenty_in_ten_seconds_waste_nothing() -> None:
    clock = FakeClock(settle=200)
    times = await turns(clock, limited(clock, 20, 10.0), [0.0] * 100)
    for number, at in enumerate(times):
        assert at == pytest.approx(number // 20 * 10, abs=0.02)


async def test_a_pause_holds_everybody() -> None:
    clock = FakeClock()
    limit = limited(clock, 5, 1.0)
    limit.pause(7)
    limit.pause(3)  # a shorter one does not end the longer
    assert await turns(clock, limit, [0.0, 1.0, 9.0]) == [7, 7, 9]


async def test_a_pause_reaches_who_waits_already() -> None:
    clock = FakeClock()
    limit = limited(clock, 1, 1.0)

    async def pause() -> None:
        await clock.sleep(0.5)
        limit.pause(4)

    async with asyncio.TaskGroup() as group:
        group.create_task(pause())
        first, second = await turns(clock, limit, [0.0, 0.1])
    assert first == 0
    assert second == 4.5


async def test_who_gives_up_takes_no_turn() -> None:
    clock = FakeClock()
    limit = limited(clock, 1, 10.0)
    await limit.wait()
    second = asyncio.create_task(limit.wait())
    third = asyncio.create_task(limit.wait())
    await asyncio.sleep(0)
    second.cancel()
    await clock.run(third.done)
    assert clock.now() == pytest.approx(10, abs=0.01)
    assert second.cancelled()


async def test_a_turn_goes_to_whom_it_is_worth_most() -> None:
    clock = FakeClock()
    turns = Turns[int](RateLimit(1, 1.0, clock=clock), lambda who: who)
    served: list[int] = []

    async def wait(who: int) -> None:
        await turns.wait(who)
        served.append(who)

    waiting = {who: asyncio.create_task(wait(who)) for who in (3, 1, 4, 5, 2)}
    await asyncio.sleep(0)
    waiting[4].cancel()
    await clock.run(lambda: all(task.done() for task in waiting.values()))
    assert served == [5, 3, 2, 1]
    assert clock.now() < 4


async def test_nobody_is_left_waiting_by_who_gives_up() -> None:
    clock = FakeClock()
    turns = Turns[int](RateLimit(1, 1.0, clock=clock), lambda who: who)
    await turns.wait(1)
    gone = asyncio.create_task(turns.wait(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    later = asyncio.create_task(turns.wait(3))
    await clock.run(later.done)
    assert clock.now() < 3


@given(
    journeys=st.lists(
        st.tuples(st.floats(0, 30), st.floats(0, 5), st.floats(0, 5)), min_size=1, max_size=30
    ),
    limit=st.integers(1, 4),
)
def test_never_more_than_the_limit_arrive_in_any_window(
    journeys: list[tuple[float, float, float]], limit: int
) -> None:
    """Asked for at any time, each with ways there and back of any length."""

    async def travel() -> None:
        clock = FakeClock()
        permits = RateLimit(limit, 10.0, clock=clock)
        arrivals: list[float] = []

        async def go(asked_at: float, there_s: float, back_s: float) -> None:
            await clock.sleep(asked_at)
            async with permits.held():
                await clock.sleep(there_s)
                arrivals.append(clock.now())
                await clock.sleep(back_s)

        everybody = asyncio.gather(*(go(*journey) for journey in journeys))
        await clock.run(everybody.done)
        arrivals.sort()
        assert len(arrivals) == len(journeys)
        assert all(b - a > 10 - 1e-6 for a, b in zip(arrivals, arrivals[limit:], strict=False))

    asyncio.run(travel())


async def test_permits_are_given_at_once_while_there_are_any_and_not_during_a_pause() -> None:
    clock = FakeClock()
    permits = RateLimit(2, 10.0, clock=clock)
    for _ in range(2):
        async with permits.held():
            assert clock.now() == 0
    permits.pause(15)

    async def third() -> float:
        async with permits.held():
            return clock.now()

    task = asyncio.create_task(third())
    await clock.run(task.done)
    assert task.result() == 15
