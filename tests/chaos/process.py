"""The bot as a process of its own: started, killed, stopped, and how each of its lives ended."""

import asyncio
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MAIN = Path(__file__).parents[2] / "main.py"
STOP_S = 10.0  # how long a stop may take
CANCEL_S = 0.3  # CANCEL_SECONDS


class End(StrEnum):
    """How a life ended."""

    KILLED = "killed"
    STOPPED = "stopped"
    BY_ITSELF = "by itself"


@dataclass
class Life:
    """One run of the process. Times are Unix seconds."""

    number: int
    started_at: float
    ended_at: float = float("inf")
    end: End | None = None
    status: int | None = None  # as subprocess has it: negative is a signal

    def __str__(self) -> str:
        if self.end is None:
            return f"life {self.number}: running"
        lasted_s = self.ended_at - self.started_at
        return f"life {self.number}: {self.end} after {lasted_s:.2f} s, status {self.status}"


class BotProcess:
    """`python main.py run` with this environment, in all its lives."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = dict(environment)
        self._folder = folder
        self.log = folder / "bot.log"
        self.lives: list[Life] = []
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._asked: End | None = None

    @property
    def life(self) -> Life:
        """The last one."""
        return self.lives[-1]

    @property
    def is_alive(self) -> bool:
        return bool(self.lives) and self.life.end is None

    async def start(self) -> None:
        """Begin another life, in a folder without a .env."""
        self._asked = None
        life = Life(len(self.lives) + 1, time.time())
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(MAIN),
                "run",
                cwd=self._folder,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.lives.append(life)
        self._watch = asyncio.create_task(self._see_end(life, self._process))

    async def _see_end(self, life: Life, process: asyncio.subprocess.Process) -> None:
        life.status = await process.wait()
        life.ended_at = time.time()
        life.end = self._asked or End.BY_ITSELF

    async def ended(self) -> None:
        """Wait until the present life has ended."""
        if self._watch is not None:
            await asyncio.shield(self._watch)

    async def kill(self) -> None:
        """SIGKILL."""
        self._signal(End.KILLED, signal.SIGKILL)
        await self.ended()

    def ask_to_stop(self) -> None:
        """SIGTERM, without waiting."""
        self._signal(End.STOPPED, signal.SIGTERM)

    async def stop(self) -> float | None:
        """SIGTERM; the seconds it took, or None when it had to be killed after all."""
        begun = time.monotonic()
        self.ask_to_stop()
        try:
            async with asyncio.timeout(2 * STOP_S):
                await self.ended()
        except TimeoutError:
            await self.kill()
            return None
        return time.monotonic() - begun

    def _signal(self, end: End, number: signal.Signals) -> None:
        if self.is_alive and self._process is not None:
            self._asked = end
            with suppress(ProcessLookupError):  # it ended just now
                self._process.send_signal(number)
