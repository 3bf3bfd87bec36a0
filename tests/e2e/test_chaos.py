"""A little chaos on every run; `make chaos` has the rest."""

from pathlib import Path

import pytest

from tests.chaos.__main__ import run
from tests.chaos.rounds import SHORT


@pytest.mark.parametrize("by_webhook", [False, True])
async def test_killed_again_and_again(tmp_path: Path, by_webhook: bool) -> None:
    [report] = await run([1], seed=4, folder=tmp_path, size=SHORT, by_webhook=by_webhook)
    assert report.kills
    assert [each.what for each in report.complaints] == []
