"""The bot as a process that somebody supervises: what systemd is told, `main.py healthcheck`, and
the end of one that hangs."""

import asyncio
import json
import logging
import os
import re
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

import pytest

from bot import healthcheck
from bot.admin.health import HealthPolicy
from bot.app import serve
from bot.tools.standstill import EXIT_STANDSTILL
from bot.tuning import TUNING
from tests.e2e.test_nothing_lost import environment
from tests.processes import Forked, run_main
from tests.support import ADMIN, World, reserved_port

HANGS = "it hangs now"
QUICK = HealthPolicy(
    probe_pause_s=0.02,
    look_pause_s=0.02,
    beat_pause_s=0.02,
    loop_standstill_s=0.5,
    last_resort_s=3600,
)


class Supervisor:
    """The socket on which systemd listens."""

    def __init__(self, name: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{name}")
        self._socket.setblocking(False)
        self.environment = {"NOTIFY_SOCKET": f"@{name}", "WATCHDOG_USEC": "60000000"}

    async def hears(self, expected: str) -> None:
        """Wait for a word; before it there may be others."""
        async with asyncio.timeout(30):
            while await self.word() != expected:
                pass

    async def word(self) -> str:
        """The next one."""
        return (await asyncio.get_running_loop().sock_recv(self._socket, 4096)).decode()

    def rest(self) -> list[str]:
        """All that was said and not heard yet."""
        words = []
        try:
            while True:
                words.append(self._socket.recv(4096).decode())
        except BlockingIOError:
            return words

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(f"mjbot-{os.getpid()}-{tmp_path.name}")
    yield supervisor
    supervisor.close()


def run_quick(environment: Mapping[str, str], health: HealthPolicy) -> int:
    """`main.py`, which looks more often. On one signal its loop hangs, on the other in a way that
    no other thread of Python's can run either."""
    quick = partial(serve, tuning=replace(TUNING, health=health))
    pytest.MonkeyPatch().setattr("main.serve", quick)
    signal.signal(signal.SIGUSR1, hang)
    signal.signal(signal.SIGUSR2, hang_with_all_threads)
    return run_main(environment, ())


def hang(_number: int, _frame: FrameType | None) -> None:
    logging.getLogger("main").error(HANGS)
    time.sleep(3600)


def hang_with_all_threads(_number: int, _frame: FrameType | None) -> None:
    re.match("(a|a)*b", "a" * 60)


def start(world: World, health: HealthPolicy = QUICK, by: Supervisor | None = None) -> Forked:
    more = by.environment if by is not None else {}
    return Forked(run_quick, {**environment(world), **more}, health)


def greet(world: World) -> None:
    """Have somebody write: then the first question for updates is answered at once."""
    world.telegram.person(ADMIN).send("/help")


async def pid(world: World) -> int:
    """That of the bot, which has noted how it is."""
    path = world.data_dir / healthcheck.FILE
    await world.until(path.exists)
    return int(json.loads(path.read_text())["pid"])


async def check(world: World) -> tuple[int, str]:
    return await Forked(run_main, environment(world), ("healthcheck",)).ended()


async def test_systemd_is_told_that_the_bot_is_ready_and_moves_and_stops(
    world: World, supervisor: Supervisor
) -> None:
    await world.stop()
    world.telegram.fault("getUpdates", html=502, delay_s=0.1)
    bot = start(world, by=supervisor)
    await world.telegram.wait_for(lambda: world.telegram.calls_of("getMe"))
    assert "READY=1" not in supervisor.rest(), "it was not answered yet"
    await supervisor.hears("READY=1")
    await supervisor.hears("STATUS=healthy")
    for _ in range(3):
        await supervisor.hears("WATCHDOG=1")
    bot.terminate()
    await supervisor.hears("STOPPING=1\nSTATUS=stopping")
    assert (await bot.ended())[0] == 0
    assert not (world.data_dir / healthcheck.FILE).exists()


async def test_a_loop_that_hangs_is_silent_and_ends_the_process(
    world: World, supervisor: Supervisor
) -> None:
    await world.stop()
    greet(world)
    bot = start(world, by=supervisor)
    await supervisor.hears("READY=1")
    os.kill(await pid(world), signal.SIGUSR1)
    await world.until(lambda: HANGS in bot.said)
    supervisor.rest()  # what was said before
    status, said = await bot.ended()
    assert status == EXIT_STANDSTILL, said
    assert supervisor.rest() == []
    assert "CRITICAL" in said
    assert "loop: stands still for " in said
    assert "in hang\n    time.sleep(3600)" in said, "where it hangs"
    assert re.search(r"^1 x Worker\.run, line \d+$", said, re.MULTILINE), "and where tasks wait"


async def test_what_hangs_with_all_threads_ends_the_process_too(world: World) -> None:
    await world.stop()
    greet(world)
    bot = start(world, replace(QUICK, last_resort_s=0.5))
    os.kill(await pid(world), signal.SIGUSR2)
    status, said = await bot.ended()
    assert status == 1, said
    assert "Timeout (0:00:00.500000)!" in said
    assert "in hang_with_all_threads" in said


async def test_loops_that_stand_still_end_the_process_though_its_own_loop_turns(
    world: World,
) -> None:
    await world.stop()
    greet(world)  # then it waits for updates, for longer than it may here
    bot = start(world, replace(QUICK, silent_s=0.4, standstill_s=0.5, loop_standstill_s=60))
    status, said = await bot.ended()
    assert status == EXIT_STANDSTILL, said
    assert "updates: stands still for " in said


@pytest.mark.parametrize("with_port", [False, True])
async def test_the_healthcheck_ends_with_0_or_1(world: World, with_port: bool) -> None:
    await world.stop()
    assert (await check(world))[0] == 1, "no bot runs"
    with reserved_port() as port:
        greet(world)
        await world.start(http_bind=f"127.0.0.1:{port}" if with_port else None)
        await world.until((world.data_dir / healthcheck.FILE).exists)
        assert await check(world) == (0, "healthy\n")
        assert (world.data_dir / healthcheck.FILE).stat().st_mode & 0o077 == 0
        await world.stop()
        status, said = await check(world)
        assert (status, said.startswith("no bot is ready here")) == (1, True)
        world.tune(health=replace(QUICK, least_free_bytes=10**18))
        greet(world)
        await world.start()
        await world.until((world.data_dir / healthcheck.FILE).exists)
        await world.until(lambda: healthcheck.check(world.data_dir) != [] or with_port)
        status, said = await check(world)
        assert (status, said.startswith("disk: ")) == (1, True)
        await world.stop()


async def test_a_note_that_is_old_or_cannot_be_read_is_no_sign_of_life(tmp_path: Path) -> None:
    healthcheck.note(tmp_path, {"readings": {}, "listens": None})
    assert healthcheck.check(tmp_path) == []
    os.utime(tmp_path / healthcheck.FILE, (time.time() - 90,) * 2)
    (said,) = healthcheck.check(tmp_path)
    assert said.startswith("the bot has not said for 90 s ")
    (tmp_path / healthcheck.FILE).write_text("{")
    (said,) = healthcheck.check(tmp_path)
    assert "cannot be read" in said


async def test_a_port_where_nobody_answers_is_no_sign_of_life(tmp_path: Path) -> None:
    with reserved_port() as port:
        healthcheck.note(tmp_path, {"readings": {}, "listens": ["0.0.0.0", port]})  # noqa: S104
        (said,) = await asyncio.to_thread(healthcheck.check, tmp_path)
    assert said.startswith(f"HTTP_BIND: no answer from 127.0.0.1:{port}: ")


def test_the_healthcheck_finds_the_folder_as_the_settings_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATA_DIR", raising=False)
    assert healthcheck.data_dir() == Path("data")
    (tmp_path / ".env").write_text("export DATA_DIR='/srv/bot data' # here\n")
    assert healthcheck.data_dir() == Path("/srv/bot data")
    monkeypatch.setenv("DATA_DIR", "")
    assert healthcheck.data_dir() == Path("/srv/bot data")
    monkeypatch.setenv("DATA_DIR", "elsewhere")
    assert healthcheck.data_dir() == Path("elsewhere")
