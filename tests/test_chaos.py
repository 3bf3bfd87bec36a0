"""A little chaos on every run; `make chaos` has the rest."""

from pathlib import Path

from tests.chaos.__main__ import run
from tests.chaos.rounds import SHORT


async def test_killed_again_and_again(tmp_path: Path) -> None:
    reports = await run([1, 2], seed=1, folder=tmp_path, size=SHORT, at_once=2)
    assert all(report.kills for report in reports)
    assert [each.what for report in reports for each in report.complaints] == []
