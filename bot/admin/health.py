"""Health: what the bot lives by, as it reads now, for /healthz and for admins.

Of what the bot needs to serve people that it can be judged by alone: the database takes writes, the
loops move, there is room on the disk. Not whether KIE or Telegram can be reached.
"""

import asyncio
import logging
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot import __version__, healthcheck
from bot.tools.clock import CLOCK, Clock
from bot.tools.heartbeats import DATABASE, LOOP, POLLER, UPDATES, Heartbeats
from bot.tools.systemd import Systemd
from storage.errors import StorageError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HealthPolicy:
    """How often it is looked, and what is too long or too little."""

    probe_pause_s: float = 20.0  # between two small writes
    look_pause_s: float = 15.0  # between two looks at the disk
    beat_pause_s: float = 5.0  # of the event loop, and between words to systemd
    silent_s: float = 120.0  # a loop that moves is never silent for so long
    # Of those the process ends itself after; what a slow network or disk takes is well below.
    standstill_s: float = 180.0
    loop_standstill_s: float = 60.0
    last_resort_s: float = 120.0  # where no thread can look
    least_free_bytes: int = 500_000_000


HEALTH = HealthPolicy()


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing as it reads now; `said` is for people who run the bot."""

    name: str
    ok: bool
    value: float  # seconds or bytes, by the name
    said: str


class Health:
    """`write_probe` is a small write; `kie_timeout_s` is how long a question to KIE may take."""

    def __init__(
        self,
        heartbeats: Heartbeats,
        write_probe: Callable[[], Awaitable[None]],
        data_dir: Path,
        *,
        kie_timeout_s: float = 60.0,
        listens: tuple[str, int] | None = None,
        policy: HealthPolicy = HEALTH,
        clock: Clock = CLOCK,
        systemd: Systemd | None = None,
    ) -> None:
        self._heartbeats = heartbeats
        self._write_probe = write_probe
        self._data_dir = data_dir
        self._process = {"pid": os.getpid(), "listens": listens}
        self._policy = policy
        self._clock = clock
        self._systemd = systemd or Systemd()
        self._silent_s = {
            UPDATES: policy.silent_s,
            POLLER: max(policy.silent_s, kie_timeout_s + policy.silent_s / 2),
            DATABASE: policy.silent_s,
        }
        more_s = policy.standstill_s - policy.silent_s
        self.standstills_s: Mapping[str, float] = {
            LOOP: policy.loop_standstill_s,
            **{name: silent_s + more_s for name, silent_s in self._silent_s.items()},
        }
        self._is_ready = False
        self._write_failure = ""
        self._free_bytes: int | None = None
        self._disk_failure = ""

    @property
    def readings(self) -> list[Reading]:
        """All that the bot lives by."""
        return [self._database(), self._moving(UPDATES), self._moving(POLLER), self._disk()]

    @property
    def problems(self) -> list[str]:
        """What is wrong, a line each; none: the bot is healthy."""
        return [each.said for each in self.readings if not each.ok]

    @property
    def report(self) -> dict[str, Any]:
        """All of it, for machines."""
        readings = self.readings
        return {
            "healthy": all(each.ok for each in readings),
            "version": __version__,
            "readings": {
                each.name: {"ok": each.ok, "value": each.value, "said": each.said}
                for each in readings
            },
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again, and tell: systemd, and whoever calls `main.py healthcheck`. Who
        has to stop is no longer healthy."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._beat())
                group.create_task(self._probe())
                group.create_task(self._look())
                group.create_task(self._begin(stop))
                await stop.wait()
                self._systemd.tell(STOPPING="1", STATUS="stopping")
                self._is_ready = False
                healthcheck.forget(self._data_dir)
        finally:
            healthcheck.forget(self._data_dir)

    async def _beat(self) -> None:
        """Of the event loop. It is this that systemd is told from, and only while all else moves:
        a watchdog fed by a timer of its own would watch a timer."""
        pause_s = self._policy.beat_pause_s
        if self._systemd.is_watching:
            pause_s = min(pause_s, self._systemd.watchdog_s / 2)
        while True:
            self._heartbeats.beat(LOOP)
            limits_s = self.standstills_s.items()
            moves = all(self._heartbeats.silent_s(name) <= limit_s for name, limit_s in limits_s)
            if self._systemd.is_watching and moves:
                self._systemd.tell(WATCHDOG="1")
            await self._clock.sleep(pause_s)

    async def _begin(self, stop: asyncio.Event) -> None:
        """Ready is who has asked Telegram once: also where that is not to be reached."""
        await self._heartbeats.first(UPDATES)
        if stop.is_set():
            return
        self._is_ready = True
        self._systemd.tell(READY="1")
        self._note()

    def _note(self) -> None:
        self._systemd.tell(STATUS="; ".join(self.problems) or "healthy")
        try:
            healthcheck.note(self._data_dir, {**self.report, **self._process})
        except OSError as error:  # it grows old, which tells as much
            logger.warning("how the bot is could not be noted in DATA_DIR: %s", error)

    async def _probe(self) -> None:
        while True:
            self._heartbeats.beat(DATABASE)
            await self._clock.sleep(self._policy.probe_pause_s)
            try:
                await self._write_probe()
            except StorageError as error:
                self._write_failure = str(error)
            else:
                self._write_failure = ""

    async def _look(self) -> None:
        while True:
            try:
                usage = await asyncio.to_thread(shutil.disk_usage, self._data_dir)
            except OSError as error:
                self._free_bytes, self._disk_failure = 0, error.strerror or str(error)
            else:
                self._free_bytes, self._disk_failure = usage.free, ""
            if self._is_ready:
                self._note()
            await self._clock.sleep(self._policy.look_pause_s)

    def _database(self) -> Reading:
        moving = self._moving(DATABASE)
        if self._write_failure:
            said = f"the database takes no writes: {self._write_failure}"
            return Reading(DATABASE, ok=False, value=moving.value, said=said)
        return moving

    def _moving(self, name: str) -> Reading:
        silent_s = self._heartbeats.silent_s(name)
        ok = silent_s <= self._silent_s[name]
        said = (
            f"{name}: moved {silent_s:.0f} s ago" if ok else f"{name}: still for {silent_s:.0f} s"
        )
        return Reading(name, ok, silent_s, said)

    def _disk(self) -> Reading:
        free = self._free_bytes
        if free is None:
            return Reading("disk", ok=True, value=0, said="disk: not looked at yet")
        said = f"disk: {self._disk_failure or f'{free / 1e9:.1f} GB free'}"
        return Reading("disk", free >= self._policy.least_free_bytes, free, said)
