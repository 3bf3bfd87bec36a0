"""Tables do not grow for ever, and what is of use stays."""

from typing import Any

import pytest

from storage.database import Database
from storage.handled_updates import HandledUpdates
from storage.pruning import BATCH, Pruning
from tests.unit.storage.shop import NOW, Shop

MANY = 3 * BATCH + 7
DAY_S = 86_400.0

FILL = {
    "questions": (
        "INSERT INTO questions (chat_id, message_id, user_id, model, prompt, quantity, params,"
        " options, named, price, language, asked_at) SELECT 1, value + ?1, 1, 'midjourney-v7-fast',"
        " 'x', 1, '{}', '{}', '[]', 79, 'ru', ?2 FROM generate"
    ),
    "broadcasts": (
        "INSERT INTO broadcasts (asked_key, admin_id, language, message_id, status, created_at)"
        " SELECT value + ?1, 9, 'ru', 1, CASE value % 2 WHEN 1 THEN 'asked' ELSE 'dropped' END, ?2"
        " FROM generate"
    ),
    "album_items": (
        "INSERT INTO album_items (chat_id, message_id, media_group_id, user_id, caption, language,"
        " received_at) SELECT 1, value + ?1, 'a', 1, '', 'ru', ?2 FROM generate"
    ),
}
NUMBERS = (
    "WITH RECURSIVE generate (value) AS"
    " (SELECT 1 UNION ALL SELECT value + 1 FROM generate WHERE value < ?3) "
)


@pytest.mark.parametrize("table", FILL)
async def test_old_rows_go_and_young_ones_stay(
    shop: Shop, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for first, count, days in ((0, MANY, 8), (10_000, 5, 6)):
        await shop.run(NUMBERS + FILL[table], first, NOW - days * DAY_S, count)
    at_once = []
    execute = Database.execute

    async def watched(self: Database, sql: str, params: Any = ()) -> int:
        at_once.append(await execute(self, sql, params))
        return at_once[-1]

    monkeypatch.setattr(Database, "execute", watched)
    pruning = Pruning(shop.database)
    assert await pruning.prune() == MANY
    assert max(at_once) <= BATCH
    assert await shop.rows(f"SELECT count(*) AS n FROM {table}") == [{"n": 5}]  # noqa: S608
    assert await pruning.prune() == 0


async def test_a_broadcast_that_was_sent_stays_and_its_number_is_given_once(shop: Shop) -> None:
    await shop.run(
        "INSERT INTO broadcasts (asked_key, admin_id, language, message_id, status, created_at)"
        " VALUES ('a', 9, 'ru', 1, 'done', 0), ('b', 9, 'ru', 1, 'asked', 0)"
    )
    await Pruning(shop.database).prune()
    await shop.run(
        "INSERT INTO broadcasts (asked_key, admin_id, language, message_id, created_at)"
        " VALUES ('c', 9, 'ru', 1, 0)"
    )
    assert await shop.rows("SELECT broadcast_id, asked_key FROM broadcasts") == [
        {"broadcast_id": 1, "asked_key": "a"},
        {"broadcast_id": 3, "asked_key": "c"},
    ]


async def test_of_a_picture_its_message_and_the_latest_are_known(shop: Shop) -> None:
    await shop.customer()
    item = await shop.item("delivered")
    assert item.message_id is not None
    await shop.jobs.stands_for(1, item.message_id, item.item_id)
    for number in range(600, 700):
        await shop.jobs.stands_for(1, number, item.item_id)
    rows = await shop.rows("SELECT message_id FROM picture_messages ORDER BY message_id")
    assert [row["message_id"] for row in rows] == [item.message_id, *range(695, 700)]
    assert await shop.jobs.picture_at(1, item.message_id) == item.item_id


async def test_updates_are_remembered_for_two_bots_and_not_for_ever(shop: Shop) -> None:
    for bot_id in (1, 2):
        shop.database.bot_id = bot_id
        await HandledUpdates(shop.database).remember(range(MANY), keep=100)
    assert await shop.rows("SELECT count(*) AS n FROM handled_updates") == [{"n": 100}]
