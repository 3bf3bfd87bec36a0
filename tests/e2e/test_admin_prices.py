"""What KIE takes, and the prices that admins make of it, over HTTP."""

import pytest

from bot.demo.telegram import Message, Person
from tests.asking import answer, ask, journal
from tests.support import ADMIN, World

TOKENS = 100_000


async def customer(world: World) -> Person:
    """Somebody rich in a shop where everything is on sale."""
    anna = await world.customer(tokens=TOKENS)
    await world.until(lambda: bool(world.rows("SELECT 1 FROM models WHERE slug = 'cutout'")))
    await world.write("UPDATE models SET enabled = 1")
    await world.answered()
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


async def test_a_loss_with_what_is_not_known_beforehand_is_told_once(world: World) -> None:
    await world.stop()
    await world.start(token_price_usd=0.002)
    anna, admin = await customer(world), world.telegram.person(ADMIN)
    for taken in (8, 80, 80):
        await draw(world, anna, "кот", taken)
    told = [each.words for each in world.bot_messages(admin) if "⚠️" in each.words]
    (alert,) = told
    assert alert.replace("\xa0", " ") == (
        "⚠️ midjourney-v7-fast: за одну задачу KIE списал 80 кредитов, это $0,40, а принесла она"
        " $0,16. Измените цену: /price midjourney-v7-fast"
    )


# --- /price


@pytest.fixture
async def admin(world: World) -> Person:
    await customer(world)
    return world.telegram.person(ADMIN)


async def told(world: World, admin: Person, line: str) -> str:
    """What the bot says to the admin, with plain blanks."""
    return (await ask(world, admin, line)).replace("\xa0", " ")


async def test_all_prices_of_a_row_are_shown_with_what_they_cost(
    world: World, admin: Person
) -> None:
    await world.write("DELETE FROM model_prices WHERE slug = 'topaz' OR value = '4'")
    assert await told(world, admin, "/price upscale-x2") == (
        "Topaz Upscale · upscale-x2 · включена\n"
        "40 токенов · KIE: 10 кредитов\n"
        "factor=4: не продаётся · KIE: 20 кредитов\n"
        "Изменить: /price upscale-x2 40, /price upscale-x2 factor=4 400,"
        " /price upscale-x2 factor=4 off"
    )
    assert await told(world, admin, "/price midjourney-v7-fast") == (
        "Midjourney V6 · midjourney-v7-fast · включена\n79 токенов\n"
        "Изменить: /price midjourney-v7-fast 79"
    )
    words = await told(world, admin, "/price clip")
    assert "duration=10: 152 токена · KIE: 38 кредитов\n" in words
    assert "q=high: 164 токена · KIE: 41 кредит\n" in words
    assert (
        "Несколько значений умножаются: duration=15 q=high — это 228 × 164 ÷ 76 = 492 токена.\n"
    ) in words


async def test_a_price_of_a_value_is_paid_by_the_next_request(world: World, admin: Person) -> None:
    anna = world.telegram.person(1001)
    world.telegram.updates.repeat_next()
    assert await told(world, admin, "/price kling duration=10 400") == (
        "kling: с duration=10 теперь стоит 400 токенов, раньше было 336."
        " Уже принятые запросы идут по старой цене."
    )
    await world.answered()
    anna.send("лиса бежит --model kling --duration 10")
    await world.until(lambda: world.balance(1001) == TOKENS - 400)
    assert await told(world, admin, "/price kling --duration = 10 off") == (
        "kling: duration=10 больше не продаётся, раньше было 400."
        " Уже принятые запросы будут выполнены."
    )
    said = await ask(world, anna, "кот --model kling --duration 10")
    assert said == "--duration 10 сейчас не продаётся. Можно: 5. Ничего не списано."
    words = await told(world, admin, "/price kling duration=10 390")
    assert words == "kling: duration=10 теперь продаётся, цена — 390 токенов."
    assert journal(world) == [
        (ADMIN, "price", "kling duration=10", "336", "400"),
        (ADMIN, "price", "kling duration=10", "400", "off"),
        (ADMIN, "price", "kling duration=10", "off", "390"),
    ]


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        ("kling-3 sound=on 500", "kling-3 sound=on"),
        ("kling-3 SOUND=да 500", "kling-3 sound=on"),
        ("kling-3 mode=pro 500", "kling-3 q=high"),
        ("kling-3 quality=High 500", "kling-3 q=high"),
        ("clip resolution=720p 500", "clip q=high"),
        ("upscale-x2 upscale_factor=4 500", "upscale-x2 factor=4"),
    ],
)
async def test_fields_and_values_are_known_by_each_of_their_names(
    world: World, admin: Person, said: str, subject: str
) -> None:
    assert "теперь стоит 500 токенов" in await told(world, admin, f"/price {said}")
    assert [entry[2] for entry in journal(world)] == [subject]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (
            "kling durration=10 400",
            "Цена модели kling не зависит от durration. Ближайшие: duration.",
        ),
        ("cutout q=high 400", "Цена модели cutout не зависит от q."),
        (
            "kling duration=9 400",
            "У модели kling нет duration=9. Есть: 5, 10. Ближайшие: duration=10.",
        ),
        ("clip q=hihg off", "У модели clip нет q=hihg. Есть: standard, high. Ближайшие: q=high."),
        ("kling-3 sound=loud 5", "У модели kling-3 нет sound=loud. Есть: on."),
        (
            "kling duration=5 100",
            (
                "duration=5 у модели kling — значение по умолчанию и стоит столько, сколько сама"
                " модель: /price kling 168."
            ),
        ),
        (
            "kling duration=10 0",
            "Цена — целое число от 1 до 1000000 токенов.",
        ),
        ("klling duration=10 9", "Модели klling нет. Ближайшие: kling, kling-3, clip."),
    ],
)
async def test_what_is_wrong_is_answered_with_what_there_is(
    world: World, admin: Person, said: str, answer: str
) -> None:
    assert await told(world, admin, f"/price {said}") == f"{answer} Ничего не изменилось."
    assert journal(world) == []


@pytest.mark.parametrize("said", ["kling off", "kling duration=10", "kling =10 5", "kling 5 5"])
async def test_wrong_use_gets_the_form(world: World, admin: Person, said: str) -> None:
    words = await told(world, admin, f"/price {said}")
    assert words.startswith("Нужно так: /price SLUG [FIELD=VALUE] TOKENS, например /price mid")
    assert journal(world) == []


async def test_a_new_price_of_the_row_says_that_values_keep_theirs(
    world: World, admin: Person
) -> None:
    words = await told(world, admin, "/price kling 200")
    assert words.splitlines()[1:] == [
        "Цены отдельных значений остались прежними: duration=10 336. Все цены: /price kling"
    ]


async def test_with_the_price_of_a_token_the_money_is_seen(world: World) -> None:
    await world.stop()
    await world.start(token_price_usd=0.005)
    anna, admin = await customer(world), world.telegram.person(ADMIN)
    assert await told(world, admin, "/price kling duration=10 80") == (
        "kling: с duration=10 теперь стоит 80 токенов, раньше было 336."
        " Уже принятые запросы идут по старой цене.\n"
        "⚠️ Ниже себестоимости: duration=10 приносит $0,40, а KIE списывает 84 кредита, это $0,42."
    )
    assert await told(world, admin, "/price kling") == (
        "Kling 2.5 Turbo · kling · включена\n"
        "168 токенов · KIE: 42 кредита · $0,84 при расходе $0,21, маржа 75,0 %\n"
        "duration=10: 80 токенов · KIE: 84 кредита · ⚠️ маржа -5,0 %\n"
        "Изменить: /price kling 168, /price kling duration=10 80, /price kling duration=10 off"
    )
    await draw(world, anna, "кот --model gpt", 6)
    await draw(world, anna, "кот --model gpt", 12)
    await draw(world, anna, "кот", 8)
    words = await told(world, admin, "/models")
    assert (
        "24 токена · принимает картинку · нарисовано: 2\n"
        "KIE: 6 кредитов, в последнее время 9 кредитов\n"
        "$0,12 при расходе $0,03, маржа 75,0 %, в последнее время 62,5 %\n"
    ) in words
    assert "нарисовано: 1\nKIE: в последнее время 8 кредитов\n2." in words
    assert "KIE: до 6,3 кредита\n" in words


async def test_values_that_lose_together_are_warned_of(world: World) -> None:
    await world.stop()
    await world.start(token_price_usd=0.005)
    await customer(world)
    admin = world.telegram.person(ADMIN)
    await told(world, admin, "/price clip duration=15 60")
    words = await told(world, admin, "/price clip q=high 60")
    assert words.splitlines()[1] == (
        "⚠️ Ниже себестоимости: duration=15 q=high приносит $0,24,"
        " а KIE списывает 123 кредита, это $0,61."
    )


async def test_a_default_that_has_a_price_of_its_own_is_told_with_what_it_costs_now(
    world: World,
) -> None:
    await world.stop()
    await world.start(token_price_usd=0.002)
    anna = await customer(world)
    admin = world.telegram.person(ADMIN)
    words = await told(world, admin, '/options kling {"duration": "10"}')
    assert words.splitlines()[1:] == [
        "duration=10 теперь идёт по цене самой модели — 168 токенов. Все цены: /price kling",
        "⚠️ Ниже себестоимости: kling приносит $0,34, а KIE списывает 84 кредита, это $0,42.",
    ]
    await told(world, admin, "/price kling duration=5 90")
    await draw(world, anna, "лиса бежит --model kling --duration 5")
    assert world.rows("SELECT price FROM jobs")[0]["price"] == 90


# --- The buttons of /admin


async def open_card(world: World, *buttons: str) -> Message:
    """The panel, and what its buttons lead to."""
    panel = await answer(world, world.telegram.person(ADMIN), "/admin")
    for button in buttons:
        await pressed(world, panel, button)
    return panel


async def pressed(world: World, card: Message, button: str) -> str:
    """Press it, and wait for what the card says then; with plain blanks."""
    before = (card.words, card.buttons)
    press = world.telegram.person(ADMIN).press(card, button)
    await world.telegram.wait_for(
        lambda: press.answer and (card.words, card.buttons) != before, timeout_s=20
    )
    return card.words.replace("\xa0", " ")


def labels(card: Message) -> list[str]:
    return [each["text"] for each in card.buttons]


async def test_a_price_is_changed_with_a_thumb(world: World, admin: Person) -> None:
    card = await open_card(world, "Модели", "▶", "✅ Kling 2.5 Turbo")
    assert card.words.startswith("Kling 2.5 Turbo · kling · включена\n168 токенов")
    assert labels(card) == ["Скрыть", "Цена · 168", "duration=10 · 336", "Назад"]
    words = await pressed(world, card, "duration=10 · 336")
    assert words.startswith("Kling 2.5 Turbo · kling · включена\nduration=10: 336 токенов")
    assert labels(card) == [
        "−10 % · 303",
        "+10 % · 369",
        "Снять с продажи",
        "Скопировать команду для другой цены",
        "Назад",
    ]
    assert card.buttons[3]["copy_text"] == {"text": "/price kling duration=10 "}
    words = await pressed(world, card, "+10 % · 369")
    assert words.startswith("kling: с duration=10 теперь стоит 369 токенов, раньше было 336.")
    await pressed(world, card, "Снять с продажи")
    assert labels(card)[0] == "Продавать за 336 токенов"
    await pressed(world, card, "Продавать за 336 токенов")
    await pressed(world, card, "Назад")
    await pressed(world, card, "Цена · 168")
    assert labels(card)[:2] == ["−10 % · 152", "+10 % · 184"]
    words = await pressed(world, card, "−10 % · 152")
    assert "Цены отдельных значений остались прежними: duration=10 336." in words
    for back in ("Назад", "Назад", "Назад"):
        words = await pressed(world, card, back)
    assert words == "Чем займёмся?"
    assert journal(world) == [
        (ADMIN, "price", "kling duration=10", "336", "369"),
        (ADMIN, "price", "kling duration=10", "369", "off"),
        (ADMIN, "price", "kling duration=10", "off", "336"),
        (ADMIN, "price", "kling", "168", "152"),
    ]


async def test_a_model_goes_on_sale_and_off_it_by_a_press(world: World, admin: Person) -> None:
    card = await open_card(world, "Модели", "✅ GPT Image 2.5")
    words = await pressed(world, card, "Скрыть")
    assert words.startswith("Модель gpt скрыта.")
    assert labels(card)[0] == "Включить"
    await pressed(world, card, "Включить")
    assert [entry[1:] for entry in journal(world)] == [
        ("enabled", "gpt", "1", "0"),
        ("enabled", "gpt", "0", "1"),
    ]


async def test_presses_count_once_and_old_cards_change_nothing(world: World, admin: Person) -> None:
    card = await open_card(world, "Модели", "✅ GPT Image 2.5", "q=high · 40")
    up = card.buttons[1]["callback_data"]
    world.telegram.updates.repeat_next()
    await pressed(world, card, up)
    await world.answered()
    admin.forge(card, up)
    await world.answered()
    await world.write("UPDATE model_prices SET price = 50 WHERE slug = 'gpt' AND value = 'high'")
    admin.forge(card, up)
    await world.said(admin, lambda text: text.startswith("Цена уже не та"))
    for data in (
        "model:set:1:gpt:q=low:50:60",
        "model:set:1:gpt::24:0",
        "model:set:1:gpt:q=high:50:99999999",
        "model:set:1:nothing::24:30",
        "model:on:1:gpt",
        "model:set:x",
        "model:",
    ):
        press = admin.forge(card, data)
        await world.telegram.wait_for(lambda press=press: press.answer)  # type: ignore[misc]
    assert journal(world) == [(ADMIN, "price", "gpt q=high", "40", "44")]
