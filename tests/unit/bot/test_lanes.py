"""Who is served first, when much is to be said in many chats."""

import asyncio

from bot.telegram.lanes import Lanes, Priority
from bot.tools.rate_limits import RateLimit
from tests.unit.bot.clock import FakeClock


async def test_a_picture_goes_before_a_hundred_progress_messages_of_others() -> None:
    clock = FakeClock()
    overall = RateLimit(1, 1.0, clock=clock.now, sleep=clock.sleep)
    lanes = Lanes(overall, lambda: RateLimit(1000, 1.0, clock=clock.now, sleep=clock.sleep))
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
