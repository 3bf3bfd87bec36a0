"""The bot as a process of its own, and what it costs: CPU time, memory."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
STOP_S = 15.0

# Limits that are never reached.
LIFTED: Mapping[str, Any] = {
    "creates": (1_000_000, 1.0),
    "polls": (1_000_000, 1.0),
    "messages": (1_000_000, 1.0),
    "chat_messages": (1_000_000, 1.0),
    "bulk_messages": (1_000_000, 1.0),
}


class Bot:
    """A running bot."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.returncode is not None

    def cpu_s(self) -> float:
        """CPU time that it has used so far, in all threads (/proc/PID/stat)."""
        return _cpu_s(Path(f"/proc/{self.pid}/stat"))

    def cpu_by_thread(self) -> dict[str, float]:
        """The same, thread by thread, the busiest first."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        spent = {each.name: _cpu_s(each / "stat") for each in tasks}
        return dict(sorted(spent.items(), key=lambda item: -item[1]))

    async def memory_bytes(self) -> int:
        """Memory that is its own or its part of what is shared (Pss), garbage collected."""
        assert self._process.stdout is not None
        self._process.send_signal(signal.SIGUSR1)
        await self._process.stdout.readline()
        rollup = await asyncio.to_thread(Path(f"/proc/{self.pid}/smaps_rollup").read_text)
        (line,) = (line for line in rollup.splitlines() if line.startswith("Pss:"))
        return int(line.split()[1]) * 1024

    def begin_profile(self) -> None:
        """From here on: what came before would hide the rest."""
        self._process.send_signal(signal.SIGUSR2)

    async def stop(self) -> None:
        """SIGTERM; SIGKILL when that takes too long."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """SIGKILL."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


def _cpu_s(stat: Path) -> float:
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def environment(data_dir: Path, telegram_url: str, kie_url: str, **settings: Any) -> dict[str, str]:
    """What the bot is told; `settings` by their names in the environment, in small letters."""
    values = {
        "bot_token": "123456:TEST-token",
        "telegram_api_url": telegram_url,
        "data_dir": data_dir,
        "kie_api_key": "kie-test-key",
        "kie_base_url": kie_url,
        "kie_upload_url": kie_url,
        "user_max_active_images": 10_000,
        "user_messages_per_minute": 100_000,
        "cancel_seconds": 0,
        "log_level": "WARNING",
        "PATH": os.environ.get("PATH", ""),
    }
    return {name.upper(): str(value) for name, value in {**values, **settings}.items()}


@asynccontextmanager
async def running_bot(
    variables: Mapping[str, str],
    tuning: Mapping[str, Any],
    *,
    log: Path,
    speed: float = 1.0,
    profile: Path | None = None,
) -> AsyncIterator[Bot]:
    """A bot with these settings and changes of the tuning, stopped with the block."""
    command = [sys.executable, "-m", "tests.bench.bot", json.dumps(tuning), str(speed)]
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            *command,
            *([str(profile)] if profile else []),
            cwd=ROOT,
            env=dict(variables),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=file,
        )
    bot = Bot(process)
    try:
        yield bot
    finally:
        await bot.stop()


@asynccontextmanager
async def started_program(variables: Mapping[str, str], folder: Path) -> AsyncIterator[Bot]:
    """`main.py run` itself, in a folder without a .env, killed with the block."""
    with (folder / "bot.log").open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "main.py"),
            "run",
            cwd=folder,
            env=dict(variables),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    bot = Bot(process)
    try:
        yield bot
    finally:
        await bot.kill()
