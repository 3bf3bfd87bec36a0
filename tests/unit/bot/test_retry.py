"""Pauses that grow, and what the log says of what is tried again."""

import pytest
from stamina import AsyncRetryingCaller

from bot.tools.retry import pause_after


@pytest.mark.parametrize(
    ("attempts", "pause_s"), [(0, 10), (1, 20), (8, 2560), (9, 3600), (1024, 3600), (10**9, 3600)]
)
def test_a_pause_doubles_until_it_is_the_longest(attempts: int, pause_s: float) -> None:
    assert pause_after(attempts, first_s=10, longest_s=3600) == pause_s


async def test_the_log_says_when_it_is_tried_again_and_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors = [OSError("the upload: the host answered 503"), TimeoutError()]

    async def upload() -> str:
        if errors:
            raise errors.pop(0)
        return "done"

    retry = AsyncRetryingCaller(wait_initial=0, wait_max=0, wait_jitter=0)
    assert await retry(OSError, upload) == "done"
    assert [record.getMessage() for record in caplog.records] == [
        "failed, again in 0.0 s (retry 1): the upload: the host answered 503",
        "failed, again in 0.0 s (retry 2): TimeoutError",
    ]
