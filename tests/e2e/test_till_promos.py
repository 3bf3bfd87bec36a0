"""Promo codes, invitations, free tokens of the day, and the admins' packs, over HTTP."""

import asyncio
import time
from typing import Any

import pytest

from bot.demo.telegram import Person
from bot.shop.invitations import LOOK_PAUSE_S
from tests.asking import answer, ask, journal
from tests.e2e.test_clock import DAY_S, WrongClock
from tests.e2e.test_till_buying import offer, pay
from tests.support import ADMIN, World

LINK = "https://t.me/emulated_bot?start="
WRONG = "Этот код не подходит"


@pytest.fixture
def admin(world: World) -> Person:
    return world.telegram.person(ADMIN)


async def restart(world: World, *, days: float = 0, **changes: Any) -> None:
    """Start again, so many days from now."""
    await world.stop()
    world.tune(clock=WrongClock(days * DAY_S))
    await world.start(**changes)


async def at_noon(world: World, *, days: int = 0, **changes: Any) -> None:
    """Start again at the noon of today, or of a later day: none ends while a test looks."""
    noon = 0.5 - time.time() % DAY_S / DAY_S
    await restart(world, days=days + noon, **changes)


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
        " На балансе: 179."
    )
    assert world.balance(1001) == 179


async def test_five_wrong_codes_a_day_are_looked_at(world: World, admin: Person) -> None:
    await at_noon(world)
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


async def test_free_tokens_come_once_a_day_and_not_above_a_picture(world: World) -> None:
    await at_noon(world, daily_tokens=30, welcome_tokens=0)
    anna = world.person(1001, "Анна")
    tomorrow = " Следующие — завтра, после 00:00 UTC, если токенов будет меньше 79."
    said = await ask(world, anna, "/daily")
    assert said == f"Бесплатные токены на сегодня: 30. Теперь на балансе: 30.{tomorrow}"
    said = await ask(world, anna, "/daily")
    assert said == (f"Бесплатные токены на сегодня вы уже получили. На балансе: 30.{tomorrow}")
    await at_noon(world, days=5)
    assert "Теперь на балансе: 60." in await ask(world, anna, "/daily")
    await at_noon(world, days=6)
    assert "Теперь на балансе: 90." in await ask(world, anna, "/daily")
    await at_noon(world, days=7)
    assert await ask(world, anna, "/daily") == (
        "У вас 90 токенов, на картинку хватает."
        " Бесплатные токены получает тот, у кого их меньше 79."
    )
    assert world.balance(1001) == 90


async def test_the_first_request_of_a_day_brings_them(world: World) -> None:
    await at_noon(world, daily_tokens=40)
    anna = await world.customer(tokens=39)
    anna.send("кот")
    await world.pictures(anna, 1)
    (told,) = [each for each in world.bot_messages(anna) if "на сегодня" in each.words]
    assert told.words == "Бесплатные токены на сегодня: 40."
    assert told.reply_to is not None
    await world.closed()
    assert "нужно 79, у вас 0" in await ask(world, anna, "ещё кот")
    await at_noon(world, days=1)
    anna.send("и ещё кот")
    await world.said(anna, lambda text: "нужно 79, у вас 40" in text)
    assert sum("на сегодня" in each.words for each in world.bot_messages(anna)) == 2
    assert world.balance(1001) == 40


async def test_a_press_under_a_picture_is_a_request_too(world: World) -> None:
    await at_noon(world, daily_tokens=80)
    anna = await world.customer(tokens=79)
    anna.send("кот")
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(1001) == 0
    anna.press(picture, "Ещё раз · 79")
    await world.pictures(anna, 2)
    await world.closed()
    assert world.balance(1001) == 1


async def test_a_film_is_not_saved_up_for(world: World) -> None:
    await at_noon(world, daily_tokens=40)
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
    await at_noon(world, daily_tokens=40)
    assert "/daily /promo" in await ask(world, anna, "/help")


# --- Invitations


async def brought(world: World) -> tuple[Person, Person]:
    """Anna, and Boris who came by her link."""
    anna, boris = await world.customer(tokens=79), world.person(1002, "Борис")
    boris.stars = 1000
    await ask(world, boris, "/start ref_1001")
    await world.said(boris, lambda text: "по приглашению" in text)
    return anna, boris


async def buy(world: World, person: Person, order_id: str, **more: Any) -> None:
    await pay(world, person, await offer(world, person, order_id=order_id, **more))
    await world.until(
        lambda: bool(world.rows("SELECT 1 FROM payments WHERE order_id = ?", order_id))
    )


async def test_a_link_notes_who_invited_a_new_person_and_tells_both(world: World) -> None:
    anna = await world.customer(tokens=79)
    said = await answer(world, anna, "/invite")
    assert said.words.replace("\xa0", " ") == (
        f"Ваша ссылка для друзей:\n{LINK}ref_1001\n\nЕсли по ней придёт тот, кого здесь ещё не"
        " было, и купит токены, вы тоже получите токены: 10 % от купленного, через 21 день после"
        " каждой покупки, если покупку не вернут. Друг получит всё, за что заплатит. Просто за"
        " приход ничего не начисляется. Не больше 7900 токенов за 30 дней.\n\n"
        "По вашей ссылке пришло людей: 0. Токенов за них: получено 0, ещё придёт 0."
    )
    assert said.buttons[0]["copy_text"] == {"text": f"{LINK}ref_1001"}
    boris = world.person(1002, "Boris", language="en")
    assert "You have 79 tokens to start with." in await ask(world, boris, "/start ref_1001")
    await world.said(boris, lambda text: "gets 10% of what you bought from us, 21 days" in text)
    await world.said(anna, lambda text: text.startswith("По вашей ссылке пришёл новый человек."))
    assert "пришло людей: 1." in await ask(world, anna, "/invite")
    assert (world.balance(1001), world.balance(1002)) == (79, 79)


async def test_who_was_here_before_was_invited_by_nobody(world: World) -> None:
    await world.customer(tokens=79)
    boris = await world.customer(1002, "Борис", tokens=79)
    vera = world.person(1003, "Вера")
    for person, link in (
        (boris, "ref_1001"),
        (vera, "ref_1003"),  # herself
        (vera, "ref_1001"),  # was here by then
        (world.person(1004, "Глеб"), "ref_9999"),
        (world.person(1005, "Дина"), "ref_x"),
    ):
        assert (await ask(world, person, f"/start {link}")).startswith("Привет!")
    await world.answered()
    assert world.rows("SELECT * FROM referrals") == []


async def test_a_share_of_a_purchase_is_held_and_then_paid(world: World) -> None:
    anna, boris = await brought(world)
    await buy(world, boris, "first")
    await world.said(anna, lambda text: "Вы получите 39 токенов " in text)
    assert "получено 0, ещё придёт 39." in await ask(world, anna, "/invite")
    await restart(world, days=20.9)
    assert "получено 0, ещё придёт 39." in await ask(world, anna, "/invite")
    await buy(world, boris, "second", made_at=time.time() + 20.9 * DAY_S)
    await restart(world, days=21.1)
    await world.said(anna, lambda text: text.startswith("Начислено 39 токенов за покупки"))
    assert "получено 39, ещё придёт 39." in await ask(world, anna, "/invite")
    assert (world.balance(1001), world.balance(1002)) == (79 + 39, 79 + 2 * 395)
    await restart(world, days=60)
    await world.said(anna, lambda text: text.endswith(f"Теперь на балансе: {79 + 2 * 39}."))
    assert world.balance(1001) == 79 + 2 * 39


@pytest.mark.parametrize(("days", "taken"), [(0, 0), (22, 39)])
async def test_a_refund_undoes_the_share(
    world: World, admin: Person, days: int, taken: int
) -> None:
    anna, boris = await brought(world)
    await buy(world, boris, "first")
    await restart(world, days=days)
    if days:
        await world.said(anna, lambda text: text.startswith("Начислено 39 токенов за покупки"))
    admin.send(f"/refund {world.telegram.payments[0].charge_id}")
    await world.said(
        anna,
        lambda text: text.endswith(
            f"отменено: 39 токенов. Списано с баланса: {taken}. Теперь на балансе: 79."
        ),
    )
    assert "получено 0, ещё придёт 0." in await ask(world, anna, "/invite")
    await restart(world, days=60)
    await ask(world, anna, "/balance")
    assert (world.balance(1001), world.balance(1002)) == (79, 79)
    kinds = [each["kind"] for each in world.rows("SELECT kind FROM ledger WHERE user_id = 1001")]
    assert kinds == ["welcome", *(["referral", "referral_undo"] if taken else [])]


class HourlyClock(WrongClock):
    """One whose hours pass when a test says so."""

    def __init__(self) -> None:
        super().__init__(0)
        self.hour = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        if seconds == LOOK_PAUSE_S:
            self.hour.clear()
            await self.hour.wait()
        else:
            await super().sleep(seconds)


async def test_a_bot_that_is_not_restarted_pays_as_well(world: World) -> None:
    await world.stop()
    clock = HourlyClock()
    world.tune(clock=clock)
    await world.start()
    anna, boris = await brought(world)
    await buy(world, boris, "first")
    clock.ahead_s = 22 * DAY_S
    clock.hour.set()
    await world.said(anna, lambda text: text.startswith("Начислено 39 токенов за покупки"))
    assert world.balance(1001) == 79 + 39


async def test_no_more_is_earned_than_the_cap(world: World) -> None:
    await restart(world, referral_monthly_tokens=50, referral_hold_days=0)
    anna, boris = await brought(world)
    for order_id in ("first", "second", "third"):
        await buy(world, boris, order_id)
    await world.answered()
    assert "ещё придёт 50." in await ask(world, anna, "/invite")
    await restart(world)
    await world.said(anna, lambda text: text.startswith("Начислено 50 токенов за покупки"))


async def test_without_a_share_there_are_no_invitations(world: World) -> None:
    await restart(world, referral_percent=0)
    anna, boris = await world.customer(tokens=79), world.person(1002, "Борис")
    assert (await ask(world, anna, "/invite")).startswith("За приглашения здесь ничего")
    assert "/invite" not in await ask(world, anna, "/help")
    assert "79 токенов" in await ask(world, boris, "/start ref_1001")
    assert world.rows("SELECT * FROM referrals") == []


# --- Packs


async def test_admins_say_what_packs_hold_and_cost(world: World, admin: Person) -> None:
    world.telegram.updates.repeat_next()
    changed = await ask(world, admin, "/pack Small 60 395 5")
    assert changed == (
        "small: теперь 60 ★ = 395 токенов + 5, раньше было 50 ★ = 395 токенов."
        " Что уже оплачено, не меняется."
    )
    await world.telegram.wait_for(
        lambda: [each.words for each in world.bot_messages(admin)] == [changed] * 2
    )
    assert (await ask(world, admin, "/pack huge 2000 15800")).startswith("huge — новый пакет")
    assert (await ask(world, admin, "/packoff huge")).startswith("huge больше не продаётся")
    assert "и так не продаётся" in await ask(world, admin, "/packoff HUGE")
    assert (await ask(world, admin, "/pack huge 1 1")).endswith(
        "Сейчас он не продаётся: /packon huge"
    )
    assert await ask(world, admin, "/packs") == (
        "Пакетов: 4, продаются: 3.\n"
        "✅ small · 60 ★ = 395 токенов + 5 · 5 картинок · продаётся\n"
        "✅ medium · 200 ★ = 1580 токенов + 158 · 22 картинки · продаётся\n"
        "✅ large · 600 ★ = 4740 токенов + 948 · 72 картинки · продаётся\n"
        "🚫 huge · 1 ★ = 1 токен · 0 картинок · не продаётся\n"
        "Изменить или добавить: /pack small 60 395 5"
    )
    for slug in ("small", "medium"):
        assert "ни один" not in await ask(world, admin, f"/packoff {slug}")
    assert (await ask(world, admin, "/packoff large")).endswith("купить токены нельзя.")
    assert [entry[1:] for entry in journal(world)][:4] == [
        ("pack", "small", "50 395 0", "60 395 5"),
        ("pack", "huge", "", "2000 15800 0"),
        ("pack enabled", "huge", "1", "0"),
        ("pack enabled", "huge", "0", "0"),
    ]


@pytest.mark.parametrize(
    "args",
    [
        "",
        "small",
        "small 0 1",
        "small 1 0",
        "small 100001 1",
        "small 1 1000001",
        "с 1 1",
        "s 1 1 x",
    ],
)
async def test_what_is_no_pack_changes_nothing(world: World, admin: Person, args: str) -> None:
    assert (await ask(world, admin, f"/pack {args}")).startswith("Нужно так: /pack SLUG STARS")
    assert (await ask(world, admin, "/packon nothing")).startswith("Пакета nothing нет. Есть: ")
    assert (await ask(world, admin, "/packon")).startswith("Нужно так: /packon SLUG")
    assert journal(world) == []


async def test_packs_are_cards_in_the_panel(world: World, admin: Person) -> None:
    card = await answer(world, admin, "/admin")

    async def press(text: str, words: str) -> None:
        admin.press(card, text)
        await world.telegram.wait_for(lambda: words in card.words.splitlines()[0])

    await press("Пакеты", "Пакетов: 3")
    await press("small", "✅ small · 50 ★ = 395 токенов · 5 картинок")
    assert [each["text"] for each in card.buttons] == [
        "Снять с продажи",
        "−10 % · 45 ★",
        "+10 % · 55 ★",
        "Скопировать команду для других изменений",
        "Назад",
    ]
    await press("+10 % · 55 ★", "теперь 55 ★ = 395 токенов, раньше было 50 ★")
    await press("Снять с продажи", "small больше не продаётся")
    await world.write("UPDATE packs SET stars = 70 WHERE slug = 'small'")
    await press("−10 % · 50 ★", "Цена уже не та, что была на карточке.")
    await press("Назад", "Пакетов: 3, продаются: 2.")
    await press("Назад", "Чем займёмся?")
    assert [entry[1:] for entry in journal(world)] == [
        ("pack", "small", "50 395 0", "55 395 0"),
        ("pack enabled", "small", "1", "0"),
    ]


async def test_the_buttons_of_packs_are_the_admins(world: World, admin: Person) -> None:
    card = await answer(world, admin, "/packs")
    anna = await world.customer(tokens=79)
    greeting = world.bot_messages(anna)[0]
    anna.forge(greeting, "packs:off:small")
    await world.answered()
    assert world.rows("SELECT enabled FROM packs WHERE slug = 'small'") == [{"enabled": 1}]
    assert card.buttons
