"""Health: what the bot lives by, as it reads now, for /healthz and for admins.

Of what the bot needs to serve people that it can be judged by alone: the database takes writes, the
loops move, there is room on the disk. Not whether KIE or Telegram can be reached.
"""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot import __version__
from bot.tools.clock import CLOCK, Clock
from bot.tools.heartbeats import DATABASE, POLLER, UPDATES, Heartbeats
from storage.errors import StorageError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HealthPolicy:
    """How often it is looked, and what is too long or too little."""

    probe_pause_s: float = 20.0  # between two small writes
    look_pause_s: float = 15.0  # between two looks at the disk
    silent_s: float = 120.0  # a loop that moves is never silent for so long
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
        policy: HealthPolicy = HEALTH,
        clock: Clock = CLOCK,
    ) -> None:
        self._heartbeats = heartbeats
        self._write_probe = write_probe
        self._data_dir = data_dir
        self._policy = policy
        self._clock = clock
        self._silent_s = {
            UPDATES: policy.silent_s,
            POLLER: max(policy.silent_s, kie_timeout_s + policy.silent_s / 2),
            DATABASE: policy.silent_s,
        }
        self._write_failure = ""
        self._free_bytes: int | None = None

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

    async def run(self) -> None:
        """Look again and again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._probe())
            group.create_task(self._look())

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
            usage = await asyncio.to_thread(shutil.disk_usage, self._data_dir)
            self._free_bytes = usage.free
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
        said = f"disk: {free / 1e9:.1f} GB free"
        return Reading("disk", free >= self._policy.least_free_bytes, free, said)
