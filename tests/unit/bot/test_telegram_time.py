"""Telegram's time, whatever the machine's clock says."""

import pytest

from bot.telegram.clock import TelegramTime

DATE = "Tue, 24 Nov 2026 12:00:00 GMT"
AT = 1_795_521_600.0


class Clocks:
    """The machine's clock, which is wrong, and the one that nobody sets."""

    def __init__(self) -> None:
        self.now = 5.0
        self.monotonic = 100.0

    def time(self) -> TelegramTime:
        return TelegramTime(lambda: self.now, lambda: self.monotonic)


def test_time_goes_on_from_the_last_date_that_was_heard() -> None:
    clocks = Clocks()
    time = clocks.time()
    time.hear(DATE)
    clocks.now = 10**9
    clocks.monotonic += 7
    assert time() == AT + 7
    clocks.monotonic += 30
    time.hear("Tue, 24 Nov 2026 12:00:36 GMT")
    assert time() == AT + 36


@pytest.mark.parametrize("date", ["", "soon", "Tue, 99 Nov 2026 12:00:00 GMT"])
def test_without_a_date_it_is_the_machine_s_own(date: str) -> None:
    time = Clocks().time()
    time.hear(date)
    assert time() == 5.0


def test_a_date_that_cannot_be_read_changes_nothing() -> None:
    time = Clocks().time()
    time.hear(DATE)
    time.hear("")
    assert time() == AT
