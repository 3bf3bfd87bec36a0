"""What lies in the folder of backups, and which of it may go."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.backup_folder import (
    ALWAYS_KEPT,
    DAY_S,
    HOUR_S,
    WEEK_S,
    Backup,
    Keep,
    backups_in,
    last_backup,
    name_of,
    superfluous,
)

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC).timestamp()  # a Wednesday
KEEP = Keep(hours=24, days=7, weeks=4)


def made(at: float) -> Backup:
    return Backup(Path(name_of(at, archive=False, unsound=False)), at, 1)


def put(folder: Path, name: str, content: bytes = b"\x1f\x8b rest") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def at(backup: Backup) -> str:
    return f"{datetime.fromtimestamp(backup.made_at, UTC):%a %d %H}"


def kept_after(times: list[float], keep: Keep) -> list[Backup]:
    """What is left when backups were made at these times, each of which removed what it could."""
    there: list[Backup] = []
    for each in times:
        there.append(made(each))
        gone = superfluous(there, keep, each)
        there = [backup for backup in there if backup not in gone]
        assert made(each) in there, "never the newest"
    return there


def test_after_months_of_a_backup_an_hour_one_is_left_of_each_hour_day_and_week() -> None:
    kept = kept_after([NOW - hours * HOUR_S for hours in range(2400, -1, -1)], KEEP)
    hourly = [each for each in kept if each.made_at > NOW - 24 * HOUR_S]
    assert len(hourly) == 24
    assert [at(each) for each in kept if each not in hourly] == [
        *("Sun 08 23", "Sun 15 23"),  # the last of their weeks; that of the 22nd is among the days
        *("Thu 19 23", "Fri 20 23", "Sat 21 23", "Sun 22 23", "Mon 23 23"),
    ]


def test_after_months_of_a_backup_a_day_there_are_seven_days_and_the_weeks_before() -> None:
    kept = kept_after([NOW - days * DAY_S for days in range(100, -1, -1)], KEEP)
    assert [at(each)[:6] for each in kept] == [
        *("Sun 08", "Sun 15", "Thu 19", "Fri 20", "Sat 21", "Sun 22", "Mon 23", "Tue 24", "Wed 25")
    ]


@settings(max_examples=40)
@given(
    st.lists(st.integers(60, 5 * DAY_S), min_size=1, max_size=120),
    st.builds(Keep, st.integers(0, 30), st.integers(0, 10), st.integers(0, 6)),
)
def test_of_each_hour_day_and_week_that_counts_one_is_kept_however_they_come(
    pauses_s: list[int], keep: Keep
) -> None:
    times = [NOW + sum(pauses_s[: number + 1]) for number in range(len(pauses_s))]
    kept = {each.made_at for each in kept_after(times, keep)}
    now = times[-1]
    for length_s, count, offset in (
        (HOUR_S, keep.hours, 0),
        (DAY_S, keep.days, 0),
        (WEEK_S, keep.weeks, 3 * DAY_S),
    ):
        for number in range(count):
            end = ((now + offset) // length_s - number + 1) * length_s - offset
            within = {each for each in times if end - length_s <= each < end}
            assert not within or within & kept, "one of it is left"
    assert set(times[-ALWAYS_KEPT:]) <= kept
    longest_s = max(keep.hours * HOUR_S, keep.days * DAY_S, keep.weeks * WEEK_S)
    assert not [each for each in kept - set(times[-ALWAYS_KEPT:]) if each < now - longest_s]
    assert len(kept) <= keep.hours + keep.days + keep.weeks + ALWAYS_KEPT


def test_a_clock_that_leaps_ahead_leaves_the_newest_and_one_put_back_touches_nothing() -> None:
    there = [made(NOW - days * DAY_S) for days in range(9)]
    ahead = made(NOW + 30 * 365 * DAY_S)
    gone = superfluous([*there, ahead], KEEP, ahead.made_at)
    assert [each for each in there if each not in gone] == there[: ALWAYS_KEPT - 1]
    back = NOW - 5 * DAY_S
    assert not {*there[:5]} & {*superfluous([*there, made(back)], KEEP, back)}


def test_only_regular_files_of_such_names_are_backups(tmp_path: Path) -> None:
    good = put(tmp_path, "bot-20261125T120000Z.db.gz")
    older = put(tmp_path, "bot-20261124T120000Z.tar.gz")
    apart = put(tmp_path, "unsound-bot-20261125T123000Z.db.gz")
    for name in (
        *("bot.db", "bot-20261125T120000Z.db", "bot-20261125T120000Z.db.gz.part"),
        *("my-bot-20261125T120000Z.db.gz", "bot-20261399T120000Z.db.gz", "bot-2026.db.gz"),
    ):
        put(tmp_path, name)
    (tmp_path / "bot-20261125T121500Z.db.gz").mkdir()
    (tmp_path / "bot-20261125T121600Z.db.gz").symlink_to(good)
    assert [each.path for each in backups_in(tmp_path)] == [good, older]
    assert [each.path for each in backups_in(tmp_path, unsound=True)] == [apart]
    last = last_backup(tmp_path, NOW)
    assert last is not None
    assert (last.path, last.made_at, last.size_bytes) == (good, NOW - 1800, 7)


def test_the_last_good_one_is_neither_empty_nor_from_the_future(tmp_path: Path) -> None:
    assert last_backup(tmp_path, NOW) is None
    assert last_backup(tmp_path / "none", NOW) is None
    good = put(tmp_path, name_of(NOW - DAY_S, archive=False, unsound=False))
    put(tmp_path, name_of(NOW + DAY_S, archive=False, unsound=False))
    put(tmp_path, name_of(NOW - HOUR_S, archive=False, unsound=False), b"")
    last = last_backup(tmp_path, NOW)
    assert last is not None
    assert last.path == good


@pytest.mark.parametrize(
    ("archive", "unsound", "name"),
    [
        (False, False, "bot-20261125T123000Z.db.gz"),
        (True, False, "bot-20261125T123000Z.tar.gz"),
        (False, True, "unsound-bot-20261125T123000Z.db.gz"),
    ],
)
def test_a_name_says_of_which_moment_it_is(archive: bool, unsound: bool, name: str) -> None:
    assert name_of(NOW + 0.9, archive=archive, unsound=unsound) == name
