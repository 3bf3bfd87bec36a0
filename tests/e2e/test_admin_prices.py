"""What KIE takes, and the prices that admins make of it, over HTTP."""

from bot.demo.telegram import Person
from tests.asking import journal
from tests.support import ADMIN, World

TOKENS = 100_000


async def customer(world: World) -> Person:
    """Somebody rich in a shop where everything is on sale."""
    anna = await world.customer(tokens=TOKENS)
    await world.until(lambda: bool(world.rows("SELECT 1 FROM models WHERE slug = 'cutout'")))
    await world.write("UPDATE models SET enabled = 1")
    return anna


async def draw(world: World, anna: Person, line: str, taken: float | None = None) -> None:
    """Have something made, for which KIE says that it took so much."""
    if taken is not None:
        world.kie.next_result(record={"creditsConsumed": taken})
    pictures = len(world.rows("SELECT 1 FROM items"))
    anna.send(line)
    await world.pictures(anna, pictures + 1)
    await world.closed()


# --- What KIE takes


async def test_what_kie_took_is_kept_with_the_item(world: World) -> None:
    anna = await customer(world)
    await draw(world, anna, "кот --model seedream-fast")
    await draw(world, anna, "кот --model gpt --q high")
    rows = world.rows("SELECT credits FROM items ORDER BY item_id")
    assert [row["credits"] for row in rows] == [3.24, 10]
    admin = world.telegram.person(ADMIN)
    assert not any("⚠️" in each.words for each in world.bot_messages(admin))


async def test_another_amount_than_expected_is_told_once(world: World) -> None:
    anna, admin = await customer(world), world.telegram.person(ADMIN)
    for taken in (12, 12, 10.04, 20):
        await draw(world, anna, "кот --model gpt --q high", taken)
    told = [each.words for each in world.bot_messages(admin) if "⚠️" in each.words]
    assert told == [
        f"⚠️ gpt: за одну задачу KIE списал {taken} кредитов, а бот рассчитывал на 10 кредитов."
        " Проверьте цены: /price gpt"
        for taken in (12, 20)
    ]
    assert journal(world) == []


async def test_a_kie_that_takes_something_else_each_time_is_told_a_few_times(world: World) -> None:
    anna, admin = await customer(world), world.telegram.person(ADMIN)
    for taken in range(20, 27):
        await draw(world, anna, "кот --model draft", taken)
    told = [each.words for each in world.bot_messages(admin) if "⚠️" in each.words]
    assert len(told) == 5


async def test_what_midjourney_takes_is_not_known_beforehand(world: World) -> None:
    anna, admin = await customer(world), world.telegram.person(ADMIN)
    await draw(world, anna, "кот", 8)
    assert [row["credits"] for row in world.rows("SELECT credits FROM items")] == [8]
    assert not any("⚠️" in each.words for each in world.bot_messages(admin))
