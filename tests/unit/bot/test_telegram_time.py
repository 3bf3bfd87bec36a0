"""Telegram's time, whatever the machine's clock says."""

import pytest

from bot.telegram.telegram_time import TelegramTime
from bot.tools.clock import Clock

DATE = "Tue, 24 Nov 2026 12:00:00 GMT"
AT = 1_795_521_600.0


class Clocks(Clock):
    """The machine's clock, which is wrong, and the one that nobody sets."""

    def __init__(self) -> None:
        self.machine_s = 5.0
        self.steady_s = 100.0

    def now(self) -> float:
        return self.machine_s

    def steady(self) -> float:
        return self.steady_s


def test_time_goes_on_from_the_last_date_that_was_heard() -> None:
    clocks = Clocks()
    time = TelegramTime(clocks)
    time.hear(DATE)
    clocks.machine_s = 10**9
    clocks.steady_s += 7
    assert time() == AT + 7
    clocks.steady_s += 30
    time.hear("Tue, 24 Nov 2026 12:00:36 GMT")
    assert time() == AT + 36


@pytest.mark.parametrize("date", ["", "soon", "Tue, 99 Nov 2026 12:00:00 GMT"])
def test_without_a_date_it_is_the_machine_s_own(date: str) -> None:
    time = TelegramTime(Clocks())
    time.hear(date)
    assert time() == 5.0


def test_a_date_that_cannot_be_read_changes_nothing() -> None:
    time = TelegramTime(Clocks())
    time.hear(DATE)
    time.hear("")
    assert time() == AT
