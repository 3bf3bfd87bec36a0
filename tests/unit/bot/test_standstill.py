"""Who moves is told from who stands still; a process that was frozen has not stood still."""

from collections.abc import Mapping

import pytest

from bot.tools.clock import Clock
from bot.tools.heartbeats import Heartbeats
from bot.tools.standstill import Standstill
from bot.tools.systemd import Systemd


class SetClock(Clock):
    time_s = 1000.0

    def steady(self) -> float:
        return self.time_s


class Watched:
    """Heartbeats, and who looks every 5 s whether they stop for more than a minute."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.beats = Heartbeats(self.clock)
        self.standstill = Standstill(self.beats, {"loop": 60.0}, print, pause_s=5.0)

    def look(self, times: int = 1, passed_s: float = 5.0) -> str:
        said = ""
        for _ in range(times):
            self.clock.time_s += passed_s
            said = said or self.standstill.look(passed_s)
        return said


def test_who_is_silent_for_too_long_stands_still() -> None:
    watched = Watched()
    assert watched.look(100) == "", "it has not begun"
    watched.beats.beat("loop")
    assert watched.look(13) == ""
    assert watched.look() == "loop: stands still for 65 s"


def test_who_moves_now_and_then_does_not() -> None:
    watched = Watched()
    for _ in range(10):
        watched.beats.beat("loop")
        assert watched.look(12) == ""


def test_a_process_that_was_frozen_has_time_to_move_again() -> None:
    watched = Watched()
    watched.beats.beat("loop")
    assert watched.look() == ""
    assert watched.look(passed_s=3600) == ""
    assert watched.look(5) == ""
    watched.beats.beat("loop")
    assert watched.look(13) == ""


def test_a_pause_that_is_meant_is_none() -> None:
    watched = Watched()
    watched.beats.beat("loop", rest_s=300)
    watched.beats.beat("loop")  # what else moves in it does not end it
    assert watched.look(60) == ""
    assert watched.beats.silent_s("loop") == 0
    assert watched.look(13) != ""
    watched.beats.rest("loop")
    assert watched.look(100) == ""


def test_who_has_several_things_to_do_is_silent_while_none_ends() -> None:
    watched = Watched()
    with watched.beats.busy("loop"):
        watched.clock.time_s += 10
        with watched.beats.busy("loop"):
            watched.clock.time_s += 10
            assert watched.beats.silent_s("loop") == 20
        assert watched.beats.silent_s("loop") == 0
        watched.clock.time_s += 10
        assert watched.beats.silent_s("loop") == 10
    watched.clock.time_s += 10
    assert watched.beats.silent_s("loop") == 0


@pytest.mark.parametrize(
    ("given", "watchdog_s"),
    [
        ({}, 0),
        ({"WATCHDOG_USEC": "60000000"}, 60),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, 0),  # meant for another
        ({"WATCHDOG_USEC": "soon"}, 0),
    ],
)
def test_what_systemd_wants(given: Mapping[str, str], watchdog_s: float) -> None:
    assert Systemd(given).watchdog_s == watchdog_s
    assert not Systemd(given).is_watching, "there is nobody to tell"
    Systemd(given).tell(READY="1")


def test_a_systemd_that_does_not_listen_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    Systemd({"NOTIFY_SOCKET": "/nowhere/at/all"}).tell(READY="1", STATUS="healthy")
    (line,) = caplog.messages
    assert line.startswith("systemd could not be told READY, STATUS: ")
