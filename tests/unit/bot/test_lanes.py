"""Who is served first, when much is to be said in many chats."""

import asyncio

import bot.telegram.aiogram_patches  # noqa: F401 - before aiogram

# isort: split
import pytest
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import GetMe

from bot.telegram.lanes import Lanes, Priority
from bot.tools.rate_limits import RateLimit
from tests.unit.bot.fake_clock import FakeClock


async def test_a_picture_goes_before_a_hundred_progress_messages_of_others() -> None:
    clock = FakeClock()
    overall = RateLimit(1, 1.0, clock=clock)
    lanes = Lanes(overall, lambda: RateLimit(1000, 1.0, clock=clock))
    said: list[str] = []

    def saying(chat_id: int, what: str) -> asyncio.Future[None]:
        async def request() -> None:
            said.append(what)

        return asyncio.ensure_future(lanes.call(chat_id, Priority[what], request))

    wanted = [*["PROGRESS"] * 100, "BULK", "PICTURE", "ANSWER"]
    calls = [saying(chat_id, what) for chat_id, what in enumerate(wanted)]
    await clock.run(lambda: all(call.done() for call in calls))
    assert said[:2] == ["ANSWER", "PICTURE"]
    assert said[-1] == "BULK"
    await lanes.close()


@pytest.mark.parametrize("chats", [1, 50])
async def test_a_picture_waits_for_two_answers_in_a_row_at_most(chats: int) -> None:
    """In its chat, and among all chats."""
    clock = FakeClock()
    per_chat = 1 if chats == 1 else 1000
    lanes = Lanes(
        RateLimit(1, 1.0, clock=clock),
        lambda: RateLimit(per_chat, 1.0, clock=clock),
    )
    said: list[str] = []

    def saying(chat_id: int, what: str) -> asyncio.Future[None]:
        async def request() -> None:
            said.append(what)

        return asyncio.ensure_future(lanes.call(chat_id, Priority[what], request))

    calls = [saying(number % chats, "ANSWER") for number in range(50)]
    calls += [saying(0, "PICTURE"), saying(0, "PICTURE"), saying(0, "PROGRESS")]
    await clock.run(lambda: all(call.done() for call in calls))
    assert said == [*["ANSWER", "ANSWER", "PICTURE"] * 2, *["ANSWER"] * 46, "PROGRESS"]
    await lanes.close()


async def test_words_go_on_while_a_picture_is_sent_and_while_one_waits_after_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.telegram.lanes.FIRST_PAUSE_S", 0.05)
    lanes = Lanes(RateLimit(1000, 1.0), lambda: RateLimit(1000, 1.0))
    sent, failing = asyncio.Event(), True

    async def hang() -> None:
        await sent.wait()

    async def fail_once() -> str:
        nonlocal failing
        if failing:
            failing = False
            raise TelegramNetworkError(GetMe(), "no answer")
        return "at last"

    async def answer() -> str:
        return "an answer"

    picture = asyncio.ensure_future(lanes.call(1, Priority.PICTURE, hang))
    failed = asyncio.ensure_future(lanes.call(1, Priority.PROGRESS, fail_once))
    for _ in range(3):
        assert await lanes.call(1, Priority.ANSWER, answer) == "an answer"
    assert not picture.done()
    assert await failed == "at last"
    sent.set()
    await picture
    await lanes.close()


async def test_what_waits_after_a_fault_ends_with_the_lanes() -> None:
    lanes = Lanes(RateLimit(1000, 1.0), lambda: RateLimit(1000, 1.0))
    tried = asyncio.Event()

    async def fail() -> None:
        tried.set()
        raise TelegramNetworkError(GetMe(), "no answer")

    waiting = asyncio.ensure_future(lanes.call(1, Priority.PICTURE, fail))
    await tried.wait()
    await asyncio.sleep(0)
    await lanes.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
