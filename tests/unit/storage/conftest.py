"""Fixtures of the storage tests."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.storage.shop import Shop, open_shop
from tests.unit.storage.till import Till, open_till


@pytest.fixture
async def shop(tmp_path: Path, new_database: Path) -> AsyncIterator[Shop]:
    """A new database."""
    shutil.copy(new_database, tmp_path)
    async with open_shop(tmp_path / "bot.db") as shop:
        yield shop


@pytest.fixture
async def till(tmp_path: Path, new_database: Path) -> AsyncIterator[Till]:
    """A new database, to sell tokens."""
    shutil.copy(new_database, tmp_path / "till.db")
    async with open_till(tmp_path / "till.db") as till:
        yield till
