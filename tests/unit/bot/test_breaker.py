"""An outage is tried with one request, after pauses that grow."""

import asyncio

import pytest

from bot.pipeline.breaker import CircuitBreaker
from providers.errors import NotTakenError, OutcomeUnknownError, ProviderError, RefusedError


async def make(breaker: CircuitBreaker, error: Exception | None = None) -> None:
    async with breaker.request():
        if error is not None:
            raise error


async def lose(breaker: CircuitBreaker) -> None:
    with pytest.raises(OutcomeUnknownError):
        await make(breaker, OutcomeUnknownError("lost"))


async def test_the_pause_doubles_up_to_the_longest() -> None:
    breaker = CircuitBreaker(0.001, 0.008)
    pauses = []
    for _ in range(6):
        await lose(breaker)
        pauses.append(breaker.pause_s)
    assert pauses == [0.001, 0.002, 0.004, 0.008, 0.008, 0.008]


async def test_a_thousand_losses_overflow_nothing() -> None:
    breaker = CircuitBreaker(1e-9, 1e-6)
    for _ in range(2000):
        await lose(breaker)
    assert breaker.pause_s == 1e-6


async def test_those_under_way_together_count_once() -> None:
    breaker = CircuitBreaker(2, 120)
    gate = asyncio.Event()

    async def one() -> None:
        async with breaker.request():
            await gate.wait()
            raise OutcomeUnknownError("lost")

    tasks = [asyncio.create_task(one()) for _ in range(8)]
    await asyncio.sleep(0)
    gate.set()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in ended] == [OutcomeUnknownError] * 8
    assert breaker.pause_s == 2


@pytest.mark.parametrize(
    ("error", "pause_s"),
    [
        (None, 0),
        (RefusedError("no", code=422), 0),
        (NotTakenError("too often", code=429), 0),
        (NotTakenError("no connection"), 0.001),
        (RuntimeError("ours"), 0.001),
    ],
)
async def test_what_is_an_answer(error: Exception | None, pause_s: float) -> None:
    breaker = CircuitBreaker(0.001, 120)
    await lose(breaker)
    if error is None:
        await make(breaker)
    else:
        with pytest.raises((ProviderError, RuntimeError)):
            await make(breaker, error)
    assert breaker.pause_s == pause_s


async def test_one_tries_and_the_others_follow_its_answer() -> None:
    breaker = CircuitBreaker(0.001, 3600)
    await lose(breaker)
    begun: asyncio.Queue[None] = asyncio.Queue()
    gate = asyncio.Event()

    async def one() -> None:
        async with breaker.request():
            begun.put_nowait(None)
            await gate.wait()

    tasks = [asyncio.create_task(one()) for _ in range(5)]
    await begun.get()
    for _ in range(10):
        await asyncio.sleep(0)
    assert begun.empty(), "one at a time"
    gate.set()
    await asyncio.gather(*tasks)
    gate.clear()
    tasks = [asyncio.create_task(one()) for _ in range(5)]
    for _ in range(5 + 4):  # the four who waited, and five at once
        await begun.get()
    gate.set()
    await asyncio.gather(*tasks)


async def test_a_late_answer_ends_the_pause() -> None:
    breaker = CircuitBreaker(3600, 3600)
    answered = asyncio.Event()

    async def late() -> None:
        async with breaker.request():
            await answered.wait()

    first = asyncio.create_task(late())
    await asyncio.sleep(0)
    await lose(breaker)
    waiting = asyncio.create_task(make(breaker))
    await asyncio.sleep(0)
    assert not waiting.done()
    answered.set()
    await asyncio.wait_for(asyncio.gather(first, waiting), 60)


async def test_who_gives_up_waiting_holds_nobody_up() -> None:
    breaker = CircuitBreaker(0.05, 3600)
    await lose(breaker)
    first = asyncio.create_task(make(breaker))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    await asyncio.wait_for(make(breaker), 60)
