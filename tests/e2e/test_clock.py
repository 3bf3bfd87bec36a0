"""A machine whose clock is wrong, or is set while the bot runs: over HTTP."""

import time

import pytest

from bot.tools.clock import Clock
from tests.e2e.test_settings_card import card, pressed
from tests.support import World, png

HOUR_S = 3600.0
DAY_S = 86_400.0


class WrongClock(Clock):
    """The machine's clock, so many seconds ahead."""

    def __init__(self, ahead_s: float) -> None:
        self.ahead_s = ahead_s

    def now(self) -> float:
        return time.time() + self.ahead_s


async def start_with(world: World, ahead_s: float) -> WrongClock:
    clock = WrongClock(ahead_s)
    await world.stop()
    world.tune(clock=clock)
    await world.start()
    return clock


@pytest.mark.parametrize("ahead_s", [2 * HOUR_S, -2 * HOUR_S])
async def test_what_comes_in_time_is_drawn_whatever_the_clock_says(
    world: World, ahead_s: float
) -> None:
    await start_with(world, ahead_s)
    anna = await world.customer()
    anna.send("кот")
    await world.pictures(anna, 1)
    anna.send_photo(png(), caption="комикс")
    await world.pictures(anna, 2)
    anna.send_album([(png(), "афиша"), (png(50, 50), None)])
    await world.pictures(anna, 3)
    group = world.telegram.add_group(-100, "Рисуем", [anna])
    anna.send("/draw лес", chat=group)
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 4)


@pytest.mark.parametrize("ahead_s", [2 * HOUR_S, -2 * HOUR_S])
async def test_what_waited_too_long_is_asked_about_whatever_the_clock_says(
    world: World, ahead_s: float
) -> None:
    anna = await world.customer()
    await world.stop()
    anna.send("кот", sent_at=time.time() - 61 * 60)
    await start_with(world, ahead_s)
    await world.said(anna, lambda text: text.startswith("Я был недоступен"))
    assert world.balance(anna.user_id) == 1000


@pytest.mark.parametrize("ahead_s", [2 * HOUR_S, -2 * HOUR_S])
async def test_a_negative_prompt_that_was_asked_for_is_taken_and_not_drawn(
    world: World, ahead_s: float
) -> None:
    await start_with(world, ahead_s)
    anna = await world.customer()
    message = await card(world, anna)
    await pressed(world, anna, message, "set:no")
    await world.telegram.wait_for(lambda: len(message.buttons) == 2)
    await pressed(world, anna, message, "set:no:?")
    anna.send("рамка")
    await world.said(anna, lambda text: "«рамка»" in text)
    assert world.balance(anna.user_id) == 1000


async def test_a_clock_put_back_does_not_block_again(world: World) -> None:
    clock = await start_with(world, HOUR_S)
    anna = await world.customer()
    anna.send("кот")
    (picture,) = await world.pictures(anna, 1)
    anna.press(picture, "Ещё раз · 79")
    await world.pictures(anna, 2)
    clock.ahead_s = 0.0
    for _ in range(2):  # and a thumb that presses twice is still one press
        anna.press(picture, "Ещё раз · 79")
    await world.pictures(anna, 3)
    await world.answered()
    assert world.balance(anna.user_id) == 1000 - 3 * 79


async def test_a_picture_held_before_the_clock_was_put_back_is_not_used_hours_later(
    world: World,
) -> None:
    clock = await start_with(world, DAY_S)
    anna = await world.customer()
    anna.send_photo(png())
    await world.said(anna, lambda text: text.startswith("Картинка у меня"))
    clock.ahead_s = 0.0
    anna.send("кот")
    await world.pictures(anna, 1)
    assert world.kie.tasks[0].source is None
