"""Fixtures of the stand-ins' tests."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.demo.telegram_talk import Talk, talking


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    async with talking() as talk:
        yield talk
