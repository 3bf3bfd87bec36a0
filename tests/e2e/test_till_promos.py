"""Promo codes, invitations, free tokens of the day, and the admins' packs, over HTTP."""

from typing import Any

import pytest

from bot.demo.telegram import Person
from tests.asking import ask, journal
from tests.e2e.test_clock import DAY_S, WrongClock
from tests.support import ADMIN, World

LINK = "https://t.me/emulated_bot?start="
WRONG = "Этот код не подходит"


@pytest.fixture
def admin(world: World) -> Person:
    return world.telegram.person(ADMIN)


# --- Promo codes


async def test_fifty_people_on_a_code_with_ten_uses(world: World, admin: Person) -> None:
    await ask(world, admin, "/promo TEN 100 10")
    people = [world.person(2000 + number, f"Гость {number}") for number in range(50)]
    for person in people:
        person.send("/promo ten")
    await world.telegram.wait_for(lambda: all(world.bot_messages(each) for each in people))
    await world.answered()
    answers = [world.bot_messages(each)[0].words for each in people]
    assert sum(each.startswith("Код принят. Начислено 100 токенов.") for each in answers) == 10
    assert sum(each.startswith(WRONG) for each in answers) == 40
    assert sum(world.balance(each.user_id) for each in people) == 50 * 79 + 10 * 100
    assert "применён: 10 из 10" in await ask(world, admin, "/promos")


async def test_a_code_gives_once_a_person_in_upper_or_lower_case(
    world: World, admin: Person
) -> None:
    await ask(world, admin, "/promo Summer 100")
    anna = await world.customer(tokens=79)
    assert await ask(world, anna, "/promo sUMMER") == (
        "Код принят. Начислено 100 токенов. Теперь на балансе: 179."
    )
    assert await ask(world, anna, "/promo SUMMER") == (
        "Токены по этому коду вам уже начислены: каждый может применить его один раз."
        " Теперь на балансе: 179."
    )
    assert world.balance(1001) == 179


async def test_five_wrong_codes_a_day_are_looked_at(world: World, admin: Person) -> None:
    await ask(world, admin, "/promo SUMMER 100")
    await ask(world, admin, "/promo OVER 100 1")
    await ask(world, admin, "/promooff OVER")
    anna = await world.customer(tokens=79)
    unknown = await ask(world, anna, "/promo SUMER")
    assert unknown.startswith(WRONG)
    assert await ask(world, anna, "/promo OVER") == unknown
    for _ in range(3):
        assert await ask(world, anna, "/start promo_SUMER")
    await world.answered()
    too_many = "Сегодня было слишком много неверных кодов, поэтому этот не проверен."
    assert (await ask(world, anna, "/promo SUMMER")).startswith(too_many)
    assert world.balance(1001) == 79


async def test_a_link_gives_a_new_person_the_welcome_and_the_code(
    world: World, admin: Person
) -> None:
    assert f"{LINK}promo_SUMMER" in await ask(world, admin, "/promo summer 100")
    anna = world.person(1001, "Анна")
    assert "Для начала у вас есть 79 токенов." in await ask(world, anna, "/start promo_Summer")
    await world.said(anna, lambda text: text.endswith("Теперь на балансе: 179."))
    anna.send("/start promo_SUMMER")
    await world.said(anna, lambda text: text.startswith("Токены по этому коду вам уже начислены"))
    assert world.balance(1001) == 179


async def test_a_code_is_a_first_contact_where_nobody_is_welcomed_with_tokens(
    world: World, admin: Person
) -> None:
    await world.stop()
    await world.start(welcome_tokens=0)
    await ask(world, admin, "/promo SUMMER 100")
    anna = world.person(1001, "Анна")
    assert "Теперь на балансе: 100." in await ask(world, anna, "/promo summer")
    assert "Теперь на балансе: 100." in await ask(world, admin, "/promo summer")


async def test_people_make_no_codes(world: World) -> None:
    anna = await world.customer(tokens=79)
    said = "Отправьте код сразу после команды, например /promo SUMMER"
    for text in ("/promo", "/promo SUMMER 100"):
        assert await ask(world, anna, text) == said
    for text in ("/promos", "/promooff SUMMER"):
        assert (await ask(world, anna, text)).startswith("Такой команды нет")
    assert world.rows("SELECT * FROM promo_codes") == []


async def test_a_code_is_made_once_and_switched_off_and_on(world: World, admin: Person) -> None:
    world.telegram.updates.repeat_next()
    said = await ask(world, admin, "/promo summer 100 50 31.08.2099")
    assert said == (
        "SUMMER · 100 токенов · применён: 0 из 50 · до 2099-08-31 включительно\n"
        f"Применить его можно командой /promo SUMMER или по ссылке:\n{LINK}promo_SUMMER"
    )
    await world.telegram.wait_for(
        lambda: [each.words for each in world.bot_messages(admin)] == [said, said]
    )
    assert await ask(world, admin, "/promo Summer 5") == (
        "Промокод с таким названием уже есть. Ничего не изменилось.\n"
        "SUMMER · 100 токенов · применён: 0 из 50 · до 2099-08-31 включительно"
    )
    assert "больше не работает" in await ask(world, admin, "/promooff summer")
    assert "и так выключен" in await ask(world, admin, "/promooff summer")
    assert (await ask(world, admin, "/promos")).endswith("включительно · выключен")
    assert "снова работает" in await ask(world, admin, "/promoon summer")
    assert "и так включён" in await ask(world, admin, "/promoon summer")
    assert await ask(world, admin, "/promooff sumer") == (
        "Промокода sumer нет. Ничего не изменилось. Похожие: SUMMER. Все промокоды: /promos"
    )
    assert journal(world) == [
        (ADMIN, "promo", "SUMMER", "", "100"),
        *(
            (ADMIN, "promo enabled", "SUMMER", before, after)
            for before, after in ("10", "00", "01", "11")
        ),
    ]


@pytest.mark.parametrize(
    "args",
    ["AB 100", "ЛЕТО 100", "SUMMER 0", "SUMMER 1000001", "SUMMER 100 0", "SUMMER 1 1 31.02.2099"],
)
async def test_a_wrong_code_is_not_made(world: World, admin: Person, args: str) -> None:
    assert (await ask(world, admin, f"/promo {args}")).startswith("Нужно так: /promo CODE")
    assert (await ask(world, admin, "/promo SUMMER 5 2020-01-01")).startswith(
        "Этот день уже прошёл"
    )
    assert world.rows("SELECT * FROM promo_codes") == []


async def test_many_codes_have_pages(world: World, admin: Person) -> None:
    assert await ask(world, admin, "/promos") == (
        "Промокодов пока нет. Создать: /promo SUMMER 100 50"
    )
    for number in range(9):
        await ask(world, admin, f"/promo CODE{number} 100")
    answered = len(world.bot_messages(admin))
    assert "Промокоды, новые сверху: 9\nCODE8 " in await ask(world, admin, "/promos")
    card = world.bot_messages(admin)[answered]
    admin.press(card, "▶")
    await world.telegram.wait_for(lambda: "CODE0 " in card.words)


# --- Free tokens of the day


async def restart(world: World, *, days: float = 0, **changes: Any) -> None:
    """Start again, so many days from now."""
    await world.stop()
    world.tune(clock=WrongClock(days * DAY_S))
    await world.start(**changes)


async def test_free_tokens_come_once_a_day_and_not_above_a_picture(world: World) -> None:
    await restart(world, daily_tokens=30, welcome_tokens=0)
    anna = world.person(1001, "Анна")
    tomorrow = " Следующие — завтра, после 00:00 UTC, если токенов будет меньше 79."
    said = await ask(world, anna, "/daily")
    assert said == f"Бесплатные токены на сегодня: 30. Теперь на балансе: 30.{tomorrow}"
    said = await ask(world, anna, "/daily")
    assert said == (
        f"Бесплатные токены на сегодня вы уже получили. Теперь на балансе: 30.{tomorrow}"
    )
    await restart(world, days=5)
    assert "Теперь на балансе: 60." in await ask(world, anna, "/daily")
    await restart(world, days=6)
    assert "Теперь на балансе: 90." in await ask(world, anna, "/daily")
    await restart(world, days=7)
    assert await ask(world, anna, "/daily") == (
        "У вас 90 токенов, на картинку хватает."
        " Бесплатные токены получает тот, у кого их меньше 79."
    )
    assert world.balance(1001) == 90


async def test_the_first_request_of_a_day_brings_them(world: World) -> None:
    await restart(world, daily_tokens=40)
    anna = await world.customer(tokens=39)
    anna.send("кот")
    await world.pictures(anna, 1)
    (told,) = [each for each in world.bot_messages(anna) if "на сегодня" in each.words]
    assert told.words == "Бесплатные токены на сегодня: 40."
    assert told.reply_to is not None
    await world.closed()
    assert "нужно 79, у вас 0" in await ask(world, anna, "ещё кот")
    await restart(world, days=1)
    anna.send("и ещё кот")
    await world.said(anna, lambda text: "нужно 79, у вас 40" in text)
    assert sum("на сегодня" in each.words for each in world.bot_messages(anna)) == 2
    assert world.balance(1001) == 40


async def test_a_film_is_not_saved_up_for(world: World) -> None:
    await restart(world, daily_tokens=40)
    anna = await world.customer(tokens=100)
    await world.write("UPDATE models SET enabled = 1 WHERE slug = 'kling'")
    assert "у вас 100" in await ask(world, anna, "лиса бежит --model kling")
    await world.prefer(1001, model="kling")
    assert "меньше 79" in await ask(world, anna, "/daily")
    assert world.balance(1001) == 100


async def test_without_free_tokens_they_are_not_offered(world: World) -> None:
    anna = await world.customer(tokens=0)
    assert (await ask(world, anna, "/daily")).startswith("Бесплатных токенов на день здесь нет.")
    assert "/daily" not in await ask(world, anna, "/help")
    assert "нужно 79, у вас 0" in await ask(world, anna, "кот")
    await restart(world, daily_tokens=40)
    assert "/daily /promo" in await ask(world, anna, "/help")
