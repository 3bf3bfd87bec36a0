"""Fixtures of all tests."""

import ssl
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Any

import bot.quick_import  # noqa: F401 - before aiogram

# isort: split
import pytest
from aiogram.client.session.aiohttp import AiohttpSession

from storage.audit import broken_invariants
from storage.database import Database
from tests.support import World, open_world

CREATE_CONTEXT = ssl.create_default_context


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


@cache
def tls_context(**options: Any) -> ssl.SSLContext:
    return CREATE_CONTEXT(**options)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The bot between the emulators, started; afterwards every invariant must hold."""
    async with open_world(tmp_path) as world:
        await world.start()
        yield world
        await world.stop()
        async with Database.open(tmp_path / "bot.db") as database:
            assert await broken_invariants(database) == []
