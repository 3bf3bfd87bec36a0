"""Backups that the bot makes by itself, and what is known of them."""

import asyncio
import json
import logging
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.settings import Settings
from bot.tools.clock import CLOCK, Clock
from storage.backup import BackupError
from storage.backup_folder import ALWAYS_KEPT, Backup, Keep, last_backup

PROJECT = Path(__file__).parents[2]
HOUR_S = 3600.0
USUAL_HOURS = 24.0  # where a timer makes them, nobody here knows how often
GRACE_S = 2 * HOUR_S
LOOK_S = HOUR_S  # one may have failed, the clock be set, the folder cleared
LIMIT_S = 3 * HOUR_S
END_S = 2.0  # in which the process clears away what it wrote

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackupReading:
    """The last good backup, None: there is none; whether there should be a newer one; and why the
    bot's own last attempt failed, if it did."""

    last: Backup | None
    age_s: float | None
    is_old: bool
    trouble: str = ""


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


def longest_days(settings: Settings) -> int:
    """How long something that was deleted stays in backups at most, while they are made."""
    every_days = (settings.backup_every_hours or USUAL_HOURS) / 24
    kept = Keep(*settings.backups_kept).longest_days
    return math.ceil(max(kept, (ALWAYS_KEPT - 1) * every_days) + every_days)


class Backups:
    """Makes a backup whenever the last good one is old enough; `books_checked` hears how many rows
    of the copy break a rule. The work is done by a process of its
    own that gives way to others: it takes a processor for seconds, and the loop must not wait."""

    def __init__(
        self,
        settings: Settings,
        *,
        books_checked: Callable[[int], None] = lambda _: None,
        clock: Clock = CLOCK,
    ) -> None:
        self._settings = settings
        self._books_checked = books_checked
        self._clock = clock
        self._since = clock.now()
        self._trouble = ""

    async def read(self) -> BackupReading | None:
        """What is known of backups; None: they are off."""
        seen = await asyncio.to_thread(
            read_backups, self._settings, self._clock.now(), since=self._since
        )
        return seen and replace(seen, trouble=self._trouble)

    async def run(self) -> None:
        """Until cancelled; not at all where the bot is to make none."""
        folder, every_s = self._settings.backup_dir, self._settings.backup_every_hours * HOUR_S
        if folder is not None and every_s:
            while True:
                await self._clock.sleep(await self.look(folder, every_s))

    async def look(self, folder: Path, every_s: float) -> float:
        """Make one if it is time; return the seconds until the next look."""
        now = self._clock.now()
        last = await asyncio.to_thread(last_backup, folder, now)
        due_s = last.made_at + every_s - now if last is not None else 0.0
        if due_s <= 0:
            await self._try(folder, every_s)
            due_s = every_s
        else:
            self._trouble = ""
        return min(due_s, LOOK_S)

    async def _try(self, folder: Path, every_s: float) -> None:
        try:
            made = await self._make(folder, every_s)
        except TimeoutError:
            self._trouble = f"it was not done in {LIMIT_S / HOUR_S:g} hours"
        except (BackupError, OSError) as error:
            self._trouble = str(error)
        except Exception as error:  # nothing here must stop the bot
            logger.exception("no backup was made, trying again in an hour")
            self._trouble = repr(error)
            return
        else:
            backup = made["backup"]
            self._books_checked(len(made["broken"]))
            if not made["broken"]:
                self._trouble = ""
                logger.info(
                    "backup %s, %.1f MB; %d older one(s) removed",
                    *(backup["path"], backup["size_bytes"] / 1e6, made["removed"]),
                )
                return
            self._trouble = f"its books do not agree, it is kept apart: {backup['path']}"
        logger.error("no good backup was made, trying again in an hour: %s", self._trouble)

    async def _make(self, folder: Path, every_s: float) -> Any:
        settings = self._settings
        files = settings.data_dir / "files" if settings.backs_up_files else None
        given = (settings.data_dir / "bot.db", folder, settings.backups_kept, every_s, files)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "storage.backups", json.dumps(given, default=str)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": str(PROJECT)},  # and no secrets
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                said, warnings = await process.communicate()
        finally:
            if process.returncode is None:
                await _end(process)
        if warnings:
            logger.warning("backup: %s", warnings.decode(errors="replace").strip())
        try:
            answer = json.loads(said)
        except ValueError:
            raise BackupError(f"the process ended with {process.returncode}") from None
        if "error" in answer:
            raise BackupError(answer["error"])
        return answer


async def _end(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    try:
        async with asyncio.timeout(END_S):
            await process.wait()
    except TimeoutError:  # the next one clears away what it leaves
        process.kill()
        await process.wait()
