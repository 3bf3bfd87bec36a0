"""A little chaos on every run; `make chaos` has the rest."""

from pathlib import Path

from tests.chaos.__main__ import run
from tests.chaos.rounds import SHORT


async def test_killed_again_and_again(tmp_path: Path) -> None:
    [report] = await run([1], seed=4, folder=tmp_path, size=SHORT)
    assert report.kills
    assert [each.what for each in report.complaints] == []
