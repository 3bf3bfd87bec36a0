"""Another program holds the database: who only wants to read is answered, and nothing is lost."""

import pytest

from storage import database
from tests.e2e.test_nothing_lost import holding
from tests.support import World


async def test_others_are_answered_while_a_prompt_waits_for_the_database(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They ask in the same batch of updates. One has another name since, which would be noted: with
    the file held for as long as an hour, whoever waited for a write would not be answered here."""
    monkeypatch.setattr(database, "BUSY_S", 3600.0)
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    await world.stop()
    anna.send("кот")
    boris.user["first_name"] = "Боря"
    boris.send("/help")
    boris.send("/balance")
    with holding(world.data_dir / "bot.db"):
        await world.start()
        await world.said(boris, lambda text: "--ar" in text)
        await world.said(boris, lambda text: "Это 12 картинок" in text)
        assert world.rows("SELECT * FROM jobs") == []
    await world.pictures(anna, 1)
    await world.closed()
    await world.until(
        lambda: (
            world.rows("SELECT first_name FROM users WHERE user_id = 1002")[0]["first_name"]
            == "Боря"
        )
    )
