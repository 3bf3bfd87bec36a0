"""Pauses that grow, and what the log says of what is tried again."""

import pytest

from bot.tools.retry import RetryPolicy, pause_after


@pytest.mark.parametrize(
    ("attempts", "pause_s"), [(0, 10), (1, 20), (8, 2560), (9, 3600), (1024, 3600), (10**9, 3600)]
)
def test_a_pause_doubles_until_it_is_the_longest(attempts: int, pause_s: float) -> None:
    assert pause_after(attempts, first_s=10, longest_s=3600) == pause_s


async def test_the_log_names_what_is_tried_again_and_why(caplog: pytest.LogCaptureFixture) -> None:
    policy = RetryPolicy(first_pause_s=0.0, max_pause_s=0.0, timeout_s=60)
    async for attempt in policy.context("fetching the result", OSError):
        with attempt:
            if attempt.num == 1:
                raise OSError("the host answered 503")
            if attempt.num == 2:
                raise TimeoutError
    assert [record.getMessage() for record in caplog.records] == [
        "fetching the result failed, again in 0.0 s (retry 1): the host answered 503",
        "fetching the result failed, again in 0.0 s (retry 2): TimeoutError",
    ]
