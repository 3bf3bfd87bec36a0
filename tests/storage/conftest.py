"""Fixtures of the storage tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.storage.shop import Shop, open_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A new database."""
    async with open_shop(tmp_path / "bot.db") as shop:
        yield shop
