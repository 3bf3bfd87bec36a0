"""Pauses that grow."""

import pytest

from bot.retry import pause_after


@pytest.mark.parametrize(
    ("attempts", "pause_s"), [(0, 10), (1, 20), (8, 2560), (9, 3600), (1024, 3600), (10**9, 3600)]
)
def test_a_pause_doubles_until_it_is_the_longest(attempts: int, pause_s: float) -> None:
    assert pause_after(attempts, first_s=10, longest_s=3600) == pause_s
