"""Rows of products that this program does not have: an operator went back to an older version."""

import pytest

from tests.asking import ask
from tests.support import ADMIN, World

SORA = (
    "INSERT INTO models (slug, name, provider, input_images, price, enabled, position, declared)"
    " VALUES ('sora', 'Sora', 'sora', 1, 5, 1, 1, ?)"
)
LATER = '{"$is": "Product", "key": "sora", "name": "Sora", "what_only_a_later_version_knows": 1}'


@pytest.mark.parametrize("declared", [None, LATER])
async def test_such_a_row_is_not_on_sale_and_stops_nothing(
    world: World, declared: str | None
) -> None:
    await world.write("UPDATE models SET position = position + 1")
    await world.write(SORA, declared)
    anna, admin = await world.customer(tokens=1000), world.telegram.person(ADMIN)
    for line in ("/model", "/help", "/settings", "/start"):
        assert "Sora" not in await ask(world, anna, line), line
    assert "Sora · sora · скрыта" in await ask(world, admin, "/models")
    assert "Модели sora нет." in await ask(world, anna, "лиса --model sora")
    anna.send("лиса")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 1000 - 79


async def test_what_was_ordered_of_one_is_fetched_where_it_is_made_and_refunded_where_it_is_not(
    world: World,
) -> None:
    anna = await world.customer(tokens=1000)
    world.kie.down["recordInfo"] = 503
    anna.send("лиса")
    await world.until(lambda: bool(world.rows("SELECT 1 FROM items WHERE status = 'generating'")))
    await world.kill()
    await world.start(cancel_seconds=60)
    anna.send("кот")
    await world.until(lambda: len(world.rows("SELECT 1 FROM items")) == 2)
    await world.kill()
    await world.write(SORA, None)
    await world.write("UPDATE jobs SET model = 'sora'")
    world.kie.mend()
    await world.start(cancel_seconds=0)
    await world.pictures(anna, 1)
    await world.closed()
    assert [each["status"] for each in world.rows("SELECT status FROM items")] == [
        "delivered",
        "failed",
    ]
    assert world.balance(anna.user_id) == 1000 - 79
    assert len(world.kie.tasks) == 1
