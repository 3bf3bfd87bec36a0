"""The data are one bot's, and are handed over on purpose only."""

from functools import partial
from pathlib import Path

import pytest

from storage.adoption import adopt
from storage.audit import broken_invariants
from storage.database import Database
from storage.errors import ForeignDataError, StorageError
from tests.unit.storage.shop import Shop
from tests.unit.storage.test_migrate import ask, make_old

BOT, OTHER = 123456, 654321


async def test_what_was_kept_before_belongs_to_who_starts_first(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    make_old(path)
    for _ in range(2):
        async with Database.open(path, BOT) as database:
            assert await broken_invariants(database) == []
            with pytest.raises(StorageError, match="append-only"):
                await database.execute("UPDATE ledger SET note = 'x'")
            with pytest.raises(StorageError, match="append-only"):
                await database.execute("UPDATE journal SET after = 'x'")
    assert ask(path, "SELECT DISTINCT bot_id FROM jobs") == [(BOT,)]
    assert ask(path, "SELECT grant_key FROM ledger WHERE grant_key > '' ORDER BY entry_id") == [
        ("welcome:1",),  # a person has one, whichever bot gives it
        (f"{BOT}:9:7",),
    ]
    assert ask(path, "SELECT act_key FROM journal") == [(f"{BOT}:9:7",)]
    assert ask(path, "SELECT asked_key FROM broadcasts") == [(f"{BOT}:9:8",)]


async def test_another_bot_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    async with Database.open(path, BOT):
        pass
    with pytest.raises(
        ForeignDataError, match=f"belongs to bot {BOT}.*a DATA_DIR of its own.*adopt"
    ):
        async with Database.open(path, OTHER):
            pass
    async with Database.open(path, BOT):
        pass


async def test_a_message_has_one_job_of_each_bot(shop: Shop) -> None:
    await shop.customer()
    assert await shop.place() is not None
    assert await shop.place() is None
    shop.database.bot_id = OTHER
    assert not await shop.jobs.is_placed(1, 10)
    assert await shop.place() is not None
    assert await shop.jobs.is_placed(1, 10)


async def test_who_adopts_gets_people_and_money_and_nothing_that_only_the_other_understands(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bot.db"
    make_old(path)
    async with Database.open(path, BOT) as database:
        assert await database.write(partial(adopt, BOT, 1.0)) is None
        await database.execute("UPDATE items SET sent_file_id = 'f', sent_as = 'photo'")
        await database.execute("UPDATE jobs SET progress_message_id = 3")
        await database.execute(
            "INSERT INTO held_pictures (user_id, file_id, received_at) VALUES (1, 'f', 0)"
        )
        await database.execute("UPDATE users SET blocked_at = 1")
        money = [tuple(row) for row in await database.fetch_all("SELECT * FROM ledger")]
    async with Database.open(path) as database:
        assert await database.write(partial(adopt, OTHER, 2.0)) == BOT
    async with Database.open(path, OTHER) as database:
        assert await broken_invariants(database) == []
        assert [tuple(row) for row in await database.fetch_all("SELECT * FROM ledger")] == money
    assert ask(path, "SELECT user_id, balance, blocked_at FROM users") == [
        (1, 842, None),
        (2, 500, None),
    ]
    for table in ("picture_messages", "held_pictures", "questions", "album_items"):
        assert ask(path, f"SELECT * FROM {table}") == []  # noqa: S608
    assert ask(path, "SELECT DISTINCT sent_file_id, sent_as FROM items") == [(None, None)]
    assert ask(path, "SELECT DISTINCT progress_message_id, reply_to_message_id FROM jobs") == [
        (None, -1)
    ]
    assert ask(path, "SELECT status FROM broadcasts") == [("stopped",)]
    assert ask(path, "SELECT action, before, after FROM journal WHERE action = 'adopt'") == [
        ("adopt", str(BOT), str(OTHER))
    ]
