"""When a question about a task is worth asking, from what others took."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pipeline.durations import SAMPLE, Curve, Durations

LONGEST_S = 3.0
USUAL = [48 + 80 * number / 99 for number in range(100)]  # the recorded ones: 48 to 128 s
seconds = st.floats(min_value=0.001, max_value=1e5)


def test_of_what_is_unknown_every_second_is_as_likely() -> None:
    """Then a question is worth the rate times the pause, squared, by two."""
    curve = Curve([])
    assert curve.worth(1000, 1006) == pytest.approx(6**2 / 2 / 1060, rel=0.01)
    assert curve.pause_s(0, LONGEST_S) == pytest.approx(LONGEST_S, rel=0.05)


def test_pauses_are_short_where_the_end_is_likely() -> None:
    curve = Curve(USUAL)
    assert curve.pause_s(5, LONGEST_S) > LONGEST_S * 0.9
    assert curve.pause_s(60, LONGEST_S) < LONGEST_S / 10
    assert curve.pause_s(120, LONGEST_S) <= curve.pause_s(60, LONGEST_S)
    assert curve.pause_s(800, LONGEST_S) > LONGEST_S / 5, "one that hangs is not besieged"


def test_who_is_likely_done_goes_before_who_waits_longer() -> None:
    curve = Curve(USUAL)
    assert curve.worth(100, 104) > curve.worth(5, 35)


def test_a_picture_that_others_did_not_take_so_long_for_is_worth_a_question() -> None:
    curve = Curve([10.0] * 20)
    assert curve.worth(9, 12) > curve.worth(9, 9.5) > 0


@given(st.lists(seconds, max_size=30), seconds, seconds)
def test_whatever_is_known_there_is_a_pause(sample: list[float], asked_at: float, g: float) -> None:
    curve = Curve(sample)
    assert 0 < curve.pause_s(asked_at, LONGEST_S) <= LONGEST_S
    assert math.isfinite(curve.worth(asked_at, asked_at + g))


def test_each_model_has_its_own() -> None:
    durations = Durations()
    for each in USUAL:
        durations.add("picture", each)
        durations.add("film", 10 * each)
    assert durations.curve("film").usual_s == pytest.approx(10 * durations.curve("picture").usual_s)
    assert durations.curve("song").usual_s == Curve([]).usual_s


def test_the_last_ones_count_and_a_curve_is_not_made_for_each() -> None:
    durations = Durations()
    rng = random.Random(1)
    curves = set()
    for _ in range(SAMPLE):
        durations.add("picture", rng.uniform(48, 128))
        curves.add(id(durations.curve("picture")))
    before = durations.curve("picture")
    durations.add("picture", 500)
    assert durations.curve("picture") is before
    for _ in range(SAMPLE):
        durations.add("picture", 500)
    assert durations.curve("picture").usual_s == 500


@pytest.mark.parametrize("seconds", [0.0, -1.0, -1e300, 86_400.0, 1e300, math.inf, math.nan])
def test_what_no_task_can_take_is_left_out(seconds: float) -> None:
    durations = Durations()
    durations.add("picture", seconds)
    assert durations.curve("picture").elsewhere == Curve([]).elsewhere
