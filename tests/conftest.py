"""Fixtures of all tests."""

import gc

gc.disable()  # while all is imported and collected: `pytest_collection_finish` turns it on

# isort: split
import asyncio
import os
import shutil
import ssl
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import bot.telegram.aiogram_patches  # noqa: F401 - before aiogram

# isort: split
import hypothesis
import pytest
from aiogram import Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.dispatcher.event.handler import CallableObject

import handlers
from bot.cards.menu import Menu
from storage.audit import broken_invariants
from storage.database import Database
from tests.support import World, open_world

CREATE_CONTEXT = ssl.create_default_context
LOOK_AT = CallableObject.__post_init__
CREATE_ROUTERS = handlers.create_routers
ROUTERS: dict[frozenset[int], list[tuple[Router, ...]]] = {}  # those that no bot has
SEEN: dict[CodeType, tuple[bool, set[str], bool]] = {}
# How long an example takes says how busy the machine is, and nothing else.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

MEMORY = Path("/dev/shm")  # noqa: S108 - a place for pytest to make its own folder in
MEMORY_NEEDED_BYTES = 2 * 1024**3

# Where there is room, the tests' files lie in memory: a commit asks the disk for nothing there, and
# is the same in all that a test can see.
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED_BYTES:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not look through it again and again."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def close_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """aiogram waits 0.25 s for TLS to end whenever a bot is closed; on loopback there is none."""

    async def close(self: AiohttpSession) -> None:
        if self._session is not None:
            await self._session.close()

    monkeypatch.setattr(AiohttpSession, "close", close)


@pytest.fixture(autouse=True)
def one_tls_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every bot reads the certificates of the world anew: 40 ms, and none is used on loopback."""
    monkeypatch.setattr(ssl, "create_default_context", tls_context)


@pytest.fixture(autouse=True)
def each_function_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dispatcher asks 800 times for a signature, most often for that of one lambda: 15 ms."""
    monkeypatch.setattr(CallableObject, "__post_init__", look_at)


@pytest.fixture(autouse=True)
def routers_used_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Handlers hold nothing of a bot, and to register them takes longer than all else at a start:
    what one test's bots were done with serves the next test's."""
    taken: list[tuple[frozenset[int], tuple[Router, ...]]] = []

    def take(admin_ids: frozenset[int]) -> tuple[Router, ...]:
        free = ROUTERS.setdefault(admin_ids, [])
        routers = free.pop() if free else CREATE_ROUTERS(admin_ids)
        taken.append((admin_ids, routers))
        return routers

    monkeypatch.setattr(handlers, "create_routers", take)
    yield
    for admin_ids, routers in taken:
        for router in routers:
            router._parent_router = None  # noqa: SLF001 - its dispatcher is gone
        ROUTERS[admin_ids].append(routers)


@pytest.fixture
def menus() -> None:
    """Who asks for these has a bot that sets its command menus when it starts."""


@pytest.fixture(autouse=True)
def no_menus(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it does not: nine calls at each start, a third of what it costs."""

    async def set_none(_: Menu) -> None:
        pass

    if "menus" not in request.fixturenames:
        monkeypatch.setattr(Menu, "_set_all", set_none)


def look_at(self: CallableObject) -> None:
    """What aiogram finds out about a function; it is the same for all that share the code."""
    function = self.callback
    if type(function) is not FunctionType or vars(function):  # wrapped, marked: let it look
        LOOK_AT(self)
        return
    if function.__code__ not in SEEN:
        LOOK_AT(self)
        SEEN[function.__code__] = (self.awaitable, self.params, self.varkw)
    self.awaitable, self.params, self.varkw = SEEN[function.__code__]


@cache
def tls_context(**options: Any) -> ssl.SSLContext:
    return CREATE_CONTEXT(**options)


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was migrated, to be copied: the migrations cost more than a start."""
    path = tmp_path_factory.mktemp("database") / "bot.db"

    async def make() -> None:
        async with Database.open(path):
            pass

    asyncio.run(make())
    return path


@pytest.fixture
async def world(tmp_path: Path, new_database: Path) -> AsyncIterator[World]:
    """The bot between the emulators, started; afterwards every invariant must hold."""
    shutil.copy(new_database, tmp_path)
    async with open_world(tmp_path) as world:
        await world.start()
        yield world
        await world.stop()
        async with Database.open(tmp_path / "bot.db") as database:
            assert await broken_invariants(database) == []
