"""An emulator in a process of its own, so that its work is not counted as the bot's."""

import asyncio
import logging
import os
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from bot.demo.kie import KieSimulator, Window
from bot.demo.telegram import TelegramEmulator
from bot.demo.telegram.state import Call
from tests.bench.pictures import noise_png

MAX_ERROR_CHARS = 3000  # the emulators tell whole conversations

S = TypeVar("S")
R = TypeVar("R")
P = ParamSpec("P")
Opening = Callable[[], AbstractAsyncContextManager[S]]


class Elsewhere(Generic[S]):
    """A service in another process. `do` runs a function there, which is given the service."""

    def __init__(self, connection: Connection, url: str) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self.url = url

    async def do(
        self,
        work: Callable[Concatenate[S, P], Awaitable[R]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """What `work` returns. It is found by its name: a function of a module."""
        async with self._turn:
            self._connection.send((work, args, kwargs))
            went_well, outcome = await asyncio.to_thread(self._connection.recv)
        if not went_well:
            raise RuntimeError(f"in the other process:\n{outcome}")
        result: R = outcome
        return result


@asynccontextmanager
async def elsewhere(opening: Opening[S]) -> AsyncIterator[Elsewhere[S]]:
    """Open a service in a new process, and end it with the block."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(opening, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Elsewhere(ours, await asyncio.to_thread(ours.recv))
    finally:
        process.terminate()  # which ends a thread that waits for an answer, too
        await asyncio.to_thread(process.join)
        ours.close()


def _serve(opening: Opening[Any], connection: Connection) -> None:
    # Bots are killed while they are served: that is no news.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    asyncio.run(_answer(opening, connection))


async def _answer(opening: Opening[Any], connection: Connection) -> None:
    async with opening() as service:
        connection.send(service.url)
        while True:
            work, args, kwargs = await asyncio.to_thread(connection.recv)
            try:
                outcome = True, await work(service, *args, **kwargs)
            except Exception:  # noqa: BLE001 - it is raised where the work was asked for
                outcome = False, traceback.format_exc(limit=-3)[:MAX_ERROR_CHARS]
            connection.send(outcome)


class Calls(list[Call]):
    """The Bot API's calls; when each was answered, without the delay of the network; and of each
    method, how many went well."""

    def __init__(self) -> None:
        super().__init__()
        self.answered_at: list[float] = []
        self.count_of: Counter[str] = Counter()

    def append(self, call: Call) -> None:
        self.answered_at.append(time.time())
        self.count_of[call.method] += call.ok
        super().append(call)

    def clear(self) -> None:
        self.answered_at.clear()
        self.count_of.clear()
        super().clear()


def calls_of(emulator: TelegramEmulator) -> Calls:
    """Those of an emulator that `telegram` opened."""
    calls = emulator.calls
    assert isinstance(calls, Calls)
    return calls


@asynccontextmanager
async def telegram() -> AsyncIterator[TelegramEmulator]:
    """Telegram, which notes when it answers. Its `calls` are `Calls`."""
    async with TelegramEmulator.start() as emulator:
        emulator.calls = Calls()
        emulator.updates.pause_s = 0.0
        yield emulator


@asynccontextmanager
async def kie() -> AsyncIterator[KieSimulator]:
    """KIE, with one picture for all tasks."""
    async with KieSimulator.start() as simulator:
        picture = noise_png()
        simulator.paint = lambda _: picture
        simulator.credits = 1e9
        yield simulator


class ScaledWindow(Window):
    """KIE's limits where time runs `speed` times as fast: as strict as at 1."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def admit(self, now: float, most: int, window_s: float) -> bool:
        return super().admit(now * self._speed, most, window_s)


async def run_at(simulator: KieSimulator, speed: float) -> None:
    """Let KIE's limits be those of a time that runs `speed` times as fast."""
    simulator.creates, simulator.polls = ScaledWindow(speed), ScaledWindow(speed)


async def cpu_s(_service: object) -> float:
    """What the service's process has worked."""
    times = os.times()
    return times.user + times.system
