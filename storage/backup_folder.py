"""The folder of backups: what lies there, and what of it may go.

The name of a backup tells of which moment it is (UTC), and that it was checked: it is given last.
One whose books do not agree is called unsound, and nobody takes it for a good one. Files of other
names are not touched.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

NAME = re.compile(r"(unsound-)?bot-(\d{8}T\d{6})Z\.(?:db|tar)\.gz")
MOMENT = "%Y%m%dT%H%M%S"
GZIP = b"\x1f\x8b"  # what such a file begins with

HOUR_S, DAY_S, WEEK_S = 3600, 86_400, 604_800
MONDAY_S = 3 * DAY_S  # Unix time began on a Thursday
ALWAYS_KEPT = 3  # whatever the clock says: it may be what is wrong
AHEAD_S = 60.0  # a name so far ahead of the clock is still of now


@dataclass(frozen=True, slots=True)
class Backup:
    """One that lies in the folder; `made_at` is the moment (Unix seconds) that it shows."""

    path: Path
    made_at: float
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Keep:
    """Of how many hours, days and weeks, this one among them, the newest backup is kept."""

    hours: int
    days: int
    weeks: int

    @property
    def longest_days(self) -> float:
        """After which a backup is removed when the next is made."""
        return max(self.hours / 24, self.days, self.weeks * 7)


def last_backup(folder: Path, now: float) -> Backup | None:
    """The newest good backup. None: there is none, or the folder cannot be read.

    One from the future is not it: the clock was wrong when it was made, or is now.
    """
    try:
        found = [each for each in backups_in(folder) if each.made_at <= now + AHEAD_S]
    except OSError:
        return None
    return next((each for each in found if _begins_well(each.path)), None)


def backups_in(folder: Path, *, unsound: bool = False) -> list[Backup]:
    """The good ones, or those whose books do not agree; the newest first.

    Raises:
        OSError: there is no such folder, or it cannot be read.
    """
    found = []
    for path in folder.iterdir():
        match = NAME.fullmatch(path.name)
        if match is None or bool(match[1]) != unsound or not path.is_file() or path.is_symlink():
            continue
        try:
            moment = datetime.strptime(match[2], MOMENT).replace(tzinfo=UTC)
            found.append(Backup(path, moment.timestamp(), path.stat().st_size))
        except (ValueError, FileNotFoundError):  # no such day; or just removed
            continue
    return sorted(found, key=lambda each: each.made_at, reverse=True)


def superfluous(
    backups: Iterable[Backup], keep: Keep, now: float, *, always: int = ALWAYS_KEPT
) -> list[Backup]:
    """Those that may go: what is neither the newest of an hour, a day or a week that is kept, nor
    one of the newest few, nor from the future."""
    past = sorted(
        (each for each in backups if each.made_at <= now),
        key=lambda each: each.made_at,
        reverse=True,
    )
    kept = set(past[:always])
    for length_s, count in ((HOUR_S, keep.hours), (DAY_S, keep.days), (WEEK_S, keep.weeks)):
        newest: dict[int, Backup] = {}
        for each in past:
            newest.setdefault(_number(each.made_at, length_s), each)
        first = _number(now, length_s) - count + 1
        kept.update(each for number, each in newest.items() if number >= first)
    return [each for each in past if each not in kept]


def _number(at: float, length_s: int) -> int:
    return int(at + (MONDAY_S if length_s == WEEK_S else 0)) // length_s


def name_of(moment: float, *, archive: bool, unsound: bool) -> str:
    """The name of a backup of that moment."""
    kind = "tar" if archive else "db"
    at = datetime.fromtimestamp(moment, UTC)
    return f"{'unsound-' if unsound else ''}bot-{at:{MOMENT}}Z.{kind}.gz"


def is_compressed(path: Path) -> bool:
    """By its content, whatever it is called."""
    with path.open("rb") as file:
        return file.read(len(GZIP)) == GZIP


def _begins_well(path: Path) -> bool:
    try:
        return is_compressed(path)
    except OSError:
        return False
