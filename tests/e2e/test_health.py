"""What is told over HTTP of the bot's health, and what makes it unhealthy."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.admin.health import HealthPolicy
from bot.app import serve
from bot.tools.clock import Clock
from bot.web.server import ListenError
from storage import database
from tests.e2e.test_nothing_lost import holding
from tests.support import World, reserved_port

LOOKING = HealthPolicy(probe_pause_s=0.02, look_pause_s=0.02)


class LeapingClock(Clock):
    """The machine's, on which long times are over at once."""

    leapt_s = 0.0

    def steady(self) -> float:
        return time.monotonic() + self.leapt_s


class Outside:
    """Who asks the bot over HTTP."""

    def __init__(self, world: World, session: aiohttp.ClientSession, port: int) -> None:
        self.world, self.session, self.url = world, session, f"http://127.0.0.1:{port}"
        self.clock = LeapingClock()

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        async with self.session.get(f"{self.url}{path}", headers=headers) as answer:
            return answer.status, await answer.text()

    async def readings(self) -> dict[str, bool]:
        """Whether each is well."""
        async with self.session.get(f"{self.url}/healthz") as answer:
            report = await answer.json()
        assert answer.status == (200 if report["healthy"] else 503)
        assert report["healthy"] == all(each["ok"] for each in report["readings"].values())
        return {name: each["ok"] for name, each in report["readings"].items()}

    async def reads(self, **expected: bool) -> None:
        """Wait until these read so; of all others nothing is wrong."""
        readings: dict[str, bool] = {}
        try:
            async with asyncio.timeout(10):
                while not readings or {**dict.fromkeys(readings, True), **expected} != readings:
                    readings = await self.readings()
        except TimeoutError:
            raise TimeoutError(f"it reads {readings}") from None

    async def start(self, **changes: Any) -> None:
        """Start anew, with another policy of health."""
        await self.world.stop()
        self.world.tune(health=replace(LOOKING, **changes), clock=self.clock)
        await started(self.world, self.url.removeprefix("http://"))


async def started(world: World, http_bind: str) -> None:
    """The bot listens."""

    def listens() -> bool:
        host, port = http_bind.split(":")
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) == 0

    await world.start(http_bind=http_bind)
    await world.until(listens)


@pytest.fixture
async def outside(world: World) -> AsyncIterator[Outside]:
    with reserved_port() as port:
        async with aiohttp.ClientSession() as session:
            outside = Outside(world, session, port)
            await outside.start()
            yield outside
            await world.stop()


async def test_a_bot_that_is_well_says_so(outside: Outside) -> None:
    assert await outside.get("/livez") == (200, "alive\n")
    await outside.reads()
    assert {*await outside.readings()} >= {"database", "updates", "poller", "disk"}
    assert (await outside.get("/"))[0] == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via"])
async def test_the_world_is_told_whether_and_not_what(outside: Outside, header: str) -> None:
    assert await outside.get("/healthz", {header: "1.2.3.4"}) == (200, "healthy\n")
    await outside.start(least_free_bytes=10**18)
    await outside.reads(disk=False)
    assert await outside.get("/healthz", {header: "1.2.3.4"}) == (503, "unhealthy\n")


async def test_a_database_that_takes_no_writes(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    with holding(outside.world.data_dir / "bot.db"):
        await outside.reads(database=False)
    await outside.reads()


async def test_loops_that_stand_still(outside: Outside) -> None:
    """KIE's answer does not come, and Telegram's neither; once KIE has nothing to be asked, that
    nobody asks it is no trouble."""
    world = outside.world
    anna = await world.customer()
    world.kie.fault("recordInfo", hang=True)
    anna.send("кот")
    await world.kie.wait_for(lambda: any(call.name == "recordInfo" for call in world.kie.calls))
    await outside.reads()
    outside.clock.leapt_s += 121
    await outside.reads(updates=False, poller=False)
    await world.pictures(anna, 1)  # which was asked about again
    await world.closed()
    asked = len(world.telegram.calls_of("getUpdates"))
    anna.send("/help")
    await world.telegram.wait_for(lambda: len(world.telegram.calls_of("getUpdates")) > asked)
    await outside.reads()
    assert world.kie.tasks, "there was something to ask about, and is no more"
    outside.clock.leapt_s += 121
    assert (await outside.readings())["poller"]


async def test_a_kie_that_is_down_is_no_reason_to_start_anew(outside: Outside) -> None:
    world = outside.world
    anna = await world.customer()
    world.kie.fault("*", html=502, times=None)
    anna.send("кот")
    await world.kie.wait_for(lambda: [call.status for call in world.kie.calls].count(502) > 0)
    await outside.reads()
    world.kie.mend()


async def test_a_telegram_that_is_down_is_no_reason_to_start_anew(outside: Outside) -> None:
    telegram = outside.world.telegram
    telegram.fault("getUpdates", html=502, times=None)
    asked = len(telegram.calls_of("getUpdates"))
    await outside.start()
    await telegram.wait_for(lambda: len(telegram.calls_of("getUpdates")) > asked)
    await outside.reads()
    telegram.mend()


async def test_an_address_that_is_taken_is_told(world: World, tmp_path: Path) -> None:
    with reserved_port() as port:
        await world.stop()
        await started(world, f"127.0.0.1:{port}")
        other = world.settings.model_copy(update={"data_dir": tmp_path / "other"})
        with pytest.raises(ListenError, match=f"HTTP_BIND: nobody can listen on 127.0.0.1:{port}"):
            await serve(other, world._stop, world.tuning)  # noqa: SLF001 - the same stop does
        await world.stop()
