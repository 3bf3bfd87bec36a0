"""Backups that the bot makes by itself, and what is known of them."""

from dataclasses import dataclass

from bot.settings import Settings
from storage.backup_folder import Backup, last_backup

HOUR_S = 3600.0
USUAL_HOURS = 24.0  # where a timer makes them, nobody here knows how often
GRACE_S = 2 * HOUR_S


@dataclass(frozen=True, slots=True)
class BackupReading:
    """The last good backup, None: there is none; and whether there should be a newer one."""

    last: Backup | None
    age_s: float | None
    is_old: bool


def read_backups(
    settings: Settings, now: float, *, since: float | None = None
) -> BackupReading | None:
    """What lies in BACKUP_DIR; None: backups are off. Lists a folder: call it in a thread.

    `since` is when somebody began to make them: before there is one, it is not late at once.
    """
    if settings.backup_dir is None:
        return None
    last = last_backup(settings.backup_dir, now)
    begun = last.made_at if last is not None else since
    limit_s = (settings.backup_every_hours or USUAL_HOURS) * HOUR_S + GRACE_S
    return BackupReading(
        last,
        age_s=None if last is None else max(now - last.made_at, 0.0),
        is_old=begun is None or now - begun > limit_s,
    )
