"""Buying tokens for Telegram Stars, over HTTP."""

import asyncio
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import LabeledPrice

from bot.demo.telegram import Message, Payment, Person
from bot.demo.telegram.state import Chat
from storage.errors import StorageError
from storage.ledger import Ledger
from storage.payment_orders import PaymentOrders
from storage.payments import Payments
from tests.e2e.test_pictures_buttons import answer
from tests.e2e.test_tools import buyer
from tests.support import ADMIN, World


async def offer(world: World, person: Person, *, order_id: str = "order1", **more: Any) -> Message:
    """An invoice of 50 Stars for the smallest pack, in the person's chat."""
    values = {"order_id": order_id, "user_id": person.user_id, "pack": "small", "gateway": "stars"}
    values |= {"amount": 50, "currency": "XTR", "tokens": 395, "language": "ru"}
    values |= {"made_at": world.telegram.clock(), **more}
    names = ", ".join(values)
    await world.write(
        f"INSERT INTO payment_orders ({names}) VALUES ({', '.join('?' * len(values))})",  # noqa: S608 - our own names
        *values.values(),
    )
    return await invoice(world, person, order_id)


async def invoice(world: World, person: Person, payload: str, stars: int = 50) -> Message:
    """One that the bot's token sent, whatever it says."""
    async with a_bot(world) as bot:
        prices = [LabeledPrice(label="x", amount=stars)]
        sent = await bot.send_invoice(
            person.user_id, "Токены", "x", payload, "XTR", prices, start_parameter="buy"
        )
    return person.chat.history[sent.message_id]


def a_bot(world: World) -> Bot:
    """Another program that has the bot's token."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(world.telegram.url))
    return Bot(world.telegram.token, session=session)


async def outcome(world: World, payment: Payment) -> str:
    """What became of a press of Pay."""
    return await world.telegram.wait_for(lambda: payment.outcome)


@pytest.fixture
async def anna(world: World) -> Person:
    person = await world.customer(tokens=100)
    person.stars = 500
    return person


async def test_an_order_of_one_s_own_may_be_paid(world: World, anna: Person) -> None:
    payment = anna.pay(await offer(world, anna))
    assert await outcome(world, payment) == "paid"


async def test_what_fits_no_order_cannot_be_paid(world: World, anna: Person) -> None:
    boris = await world.customer(1002, "Борис")
    now = world.telegram.clock()
    cases = [
        (await invoice(world, anna, "nothing"), "Этот счёт больше не действует"),
        (await offer(world, anna, order_id="dear", amount=49), "Этот счёт больше не действует"),
        (
            await offer(world, anna, order_id="old", made_at=now - 3700),
            "Этот счёт выставлен больше часа назад",
        ),
    ]
    foreign = await offer(world, boris, order_id="foreign")
    cases.append((await invoice(world, anna, "foreign"), "Этот счёт выставлен другому человеку"))
    await world.write("UPDATE packs SET enabled = 0 WHERE slug = 'small'")
    cases.append((await offer(world, anna, order_id="off"), "Этот пакет больше не продаётся"))
    for message, words in cases:
        assert words in await outcome(world, anna.pay(message))
    assert foreign.invoice
    assert anna.stars == 500


async def test_nobody_pays_who_is_banned_or_during_maintenance(world: World, anna: Person) -> None:
    message, admin = await offer(world, anna), world.telegram.person(ADMIN)
    admin.send("/maintenance on скоро вернёмся")
    await world.said(admin, lambda text: "скоро вернёмся" in text)
    assert "скоро вернёмся" in await outcome(world, anna.pay(message))
    admin.send("/maintenance off")
    await world.said(admin, lambda text: "снова принимаются" in text)
    admin.send(f"/ban {anna.user_id}")
    await world.answered()
    assert "закрыли вам доступ" in await outcome(world, anna.pay(message))


async def test_pay_is_answered_while_twenty_handlers_hang(
    world: World, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await offer(world, anna)
    many = [world.person(2000 + number, f"Кто-то {number}") for number in range(19)]
    hanging, go_on = set[int](), asyncio.Event()

    async def balance(self: Ledger, user_id: int) -> int:
        hanging.add(user_id)
        await go_on.wait()
        return 0

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "balance", balance)
        for each in [anna, *many]:
            each.send("/balance")
        await world.telegram.wait_for(lambda: len(hanging) == 20)
        assert await outcome(world, anna.pay(message)) == "paid"
        go_on.set()
        await world.answered()


async def test_what_cannot_be_looked_at_is_declined_with_a_sentence(
    world: World, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await offer(world, anna)
    await world.stop()
    world.tune(checkout_s=0.01)
    await world.start()

    async def broken(*_: Any) -> None:
        raise RuntimeError("a bug")

    async def slow(*_: Any) -> None:
        await asyncio.Event().wait()

    for refusal in (broken, slow):
        monkeypatch.setattr(PaymentOrders, "refusal", refusal)
        said = await outcome(world, anna.pay(message))
        assert said.startswith("Не удалось вовремя проверить счёт. Звёзды не списаны")


@pytest.mark.parametrize("fault", [{"status": 502}, {"html": 502}, {"cut_after_effect": True}])
async def test_an_answer_to_pay_that_gets_lost_is_given_again(
    world: World, anna: Person, fault: dict[str, Any]
) -> None:
    world.telegram.fault("answerPreCheckoutQuery", **fault)
    payment = anna.pay(await offer(world, anna))
    assert await outcome(world, payment) == "paid"
    await world.said(anna, lambda text: text.startswith("Оплачено"))


async def pay(world: World, person: Person, message: Message) -> Payment:
    payment = person.pay(message)
    assert await outcome(world, payment) == "paid"
    return payment


async def test_a_payment_is_credited_and_gets_a_receipt(world: World, anna: Person) -> None:
    payment = await pay(world, anna, await offer(world, anna))
    receipt = await world.said(anna, lambda text: text.startswith("Оплачено"))
    assert receipt.words == (
        "Оплачено: 50 ★. Зачислено 395 токенов. Теперь на балансе: 495.\n"
        f"Платёж {payment.charge_id[-8:]}. Вопросы и возврат: /paysupport"
    )
    assert world.balance(anna.user_id) == 495
    anna.send("/balance")
    await world.said(anna, lambda text: "+395, покупка" in text)
    admin = world.telegram.person(ADMIN)
    admin.send(f"/user {anna.user_id}")
    await world.said(admin, lambda text: "+395 · покупка" in text)


async def test_an_invoice_that_was_paid_twice_is_credited_twice(world: World, anna: Person) -> None:
    message = await offer(world, anna)
    await pay(world, anna, message)
    await pay(world, anna, message)
    await world.said(anna, lambda text: "Теперь на балансе: 890." in text)
    assert (world.balance(anna.user_id), anna.stars) == (890, 400)


async def test_an_update_that_comes_again_credits_once(world: World, anna: Person) -> None:
    message, updates = await offer(world, anna), world.telegram.updates
    updates.lose_next("successful_payment")
    await pay(world, anna, message)
    for _ in range(3):
        updates.resend(updates.lost[0].update_id)
        await world.said(anna, lambda text: text.startswith("Оплачено"))
        await world.answered()
    assert world.balance(anna.user_id) == 495
    assert len([m for m in world.bot_messages(anna) if m.words.startswith("Оплачено")]) == 1


async def test_credited_is_what_the_order_says_whatever_became_of_the_pack(
    world: World, anna: Person
) -> None:
    message, updates = await offer(world, anna), world.telegram.updates
    updates.lose_next("successful_payment")
    await pay(world, anna, message)
    await world.write("UPDATE packs SET enabled = 0, tokens = 1, stars = 1")
    updates.resend(updates.lost[0].update_id)
    await world.said(anna, lambda text: "Зачислено 395 токенов" in text)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ("nothing", "такого счёта нет"),
        ("foreign", "счёт выставлен другому человеку"),
        ("dear", "счёт на другую сумму"),
    ],
)
async def test_a_payment_that_fits_no_order_is_kept_and_told_to_the_admins(
    world: World, anna: Person, payload: str, why: str
) -> None:
    boris, admin = await world.customer(1002, "Борис"), world.telegram.person(ADMIN)
    await offer(world, boris, order_id="foreign")
    await offer(world, anna, order_id="dear", amount=51)
    payment = await pay_unasked(world, anna, await invoice(world, anna, payload))
    await world.said(anna, lambda text: "токены не зачислены" in text)
    told = await world.said(admin, lambda text: "ничего не зачислено" in text)
    assert why in told.words
    assert f"/refund {payment.charge_id}" in told.words
    assert world.balance(anna.user_id) == 100
    (kept,) = world.rows("SELECT * FROM payments")
    assert (kept["external_id"], kept["amount"], kept["tokens"]) == (payment.charge_id, 50, 0)


async def pay_unasked(world: World, person: Person, message: Message) -> Payment:
    """What the bot would not have let through."""
    world.telegram.updates.lose_next("pre_checkout_query")
    payment = person.pay(message)
    async with a_bot(world) as bot:
        await bot.answer_pre_checkout_query(payment.query_id, ok=True)
    return payment


async def test_a_payment_is_taken_from_who_is_banned_and_writes_too_much(
    world: World, anna: Person
) -> None:
    message, admin = await offer(world, anna), world.telegram.person(ADMIN)
    updates = world.telegram.updates
    updates.lose_next("successful_payment")
    await pay(world, anna, message)
    admin.send(f"/ban {anna.user_id} спам")
    await world.said(admin, lambda text: "доступ закрыт" in text)
    await world.stop()
    await world.start(user_messages_per_minute=1)
    anna.send("/balance")
    anna.send("/balance")
    await world.said(anna, lambda text: "Слишком быстро" in text)
    updates.resend(updates.lost[0].update_id)
    await world.said(anna, lambda text: text.startswith("Оплачено"))
    assert world.balance(anna.user_id) == 495


async def test_a_payment_that_the_database_does_not_take_is_announced_as_late(
    world: World, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await offer(world, anna)

    async def credit(self: Payments, *_: Any, **__: Any) -> None:
        raise StorageError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(Payments, "credit", credit)
        await pay(world, anna, message)
        await world.said(anna, lambda text: "токены ещё не зачислены" in text)


# --- From a person's side: nothing but what a client can do


async def test_packs_are_shown_in_pictures_of_the_person_s_own_model(
    world: World, anna: Person
) -> None:
    anna.send("/buy")
    card = await world.said(anna, lambda text: text.startswith("Пакеты токенов"))
    assert card.words == (
        "Пакеты токенов\nУ вас 100 токенов.\n\n"
        "50 ★ — 395 токенов: 5 картинок\n"
        "200 ★ — 1738 токенов: 22 картинки; 158 токенов в подарок\n"
        "600 ★ — 5688 токенов: 72 картинки; 948 токенов в подарок\n\n"
        "Посчитано для Midjourney V6: 79 токенов за картинку.\n\n"
        "Не хватает звёзд (Stars)? Сначала пополните их в Telegram на телефоне, потом возвращайтесь"
        " и оплатите."
    )
    assert [each["text"] for each in card.buttons] == [
        "50 ★ · 395 токенов",
        "200 ★ · 1738 токенов",
        "600 ★ · 5688 токенов",
    ]


async def test_a_pack_becomes_an_order_then_an_invoice_that_is_paid(
    world: World, anna: Person
) -> None:
    bill = await billed(world, anna, "/topup", "200 ★ · 1738 токенов")
    assert bill.invoice is not None
    (order,) = world.rows("SELECT * FROM payment_orders")
    assert (order["order_id"], order["amount"]) == (bill.invoice.payload, 200)
    assert (bill.invoice.title, bill.invoice.total_amount) == ("1738 токенов", 200)
    assert (
        bill.invoice.description
        == "Хватит на 22 картинки (Midjourney V6). Токены зачисляются сразу."
    )
    assert bill.invoice.start_parameter == "buy"
    await pay(world, anna, bill)
    await world.said(anna, lambda text: "Зачислено 1738 токенов. Теперь на балансе: 1838." in text)
    assert anna.stars == 300


async def billed(world: World, person: Person, command: str, pack: str) -> Message:
    person.send(command)
    card = await world.said(person, lambda text: text.startswith("Пакеты токенов"))
    person.press(card, pack)
    return await bill_of(world, person)


async def bill_of(world: World, person: Person) -> Message:
    return await world.telegram.wait_for(
        lambda: next((each for each in world.bot_messages(person) if each.invoice), None)
    )


async def test_one_press_makes_one_order_however_often_it_comes(world: World, anna: Person) -> None:
    world.telegram.updates.repeat_next(10)
    await billed(world, anna, "/buy", "50 ★ · 395 токенов")
    await world.answered()
    assert len(world.rows("SELECT * FROM payment_orders")) == 1


async def test_an_invoice_that_telegram_does_not_take_is_said_so(
    world: World, anna: Person
) -> None:
    anna.send("/buy")
    card = await world.said(anna, lambda text: text.startswith("Пакеты токенов"))
    world.telegram.fault("sendInvoice", status=400)
    anna.press(card, "50 ★ · 395 токенов")
    await world.said(anna, lambda text: text.startswith("Не удалось отправить счёт"))


async def test_a_pack_is_not_sold_during_maintenance(world: World, anna: Person) -> None:
    anna.send("/buy")
    card = await world.said(anna, lambda text: text.startswith("Пакеты токенов"))
    admin = world.telegram.person(ADMIN)
    admin.send("/maintenance on скоро вернёмся")
    await world.said(admin, lambda text: "скоро вернёмся" in text)
    press = anna.press(card, "50 ★ · 395 токенов")
    assert (await answer(world, press)).startswith("скоро вернёмся")
    assert not world.rows("SELECT * FROM payment_orders")


async def test_buy_that_was_typed_is_for_the_last_request_that_lacked_tokens(
    world: World, anna: Person
) -> None:
    anna.send("кот --n 2")
    await world.said(anna, lambda text: text.startswith("Не хватает токенов"))
    await pay(world, anna, await billed(world, anna, "/buy", "50 ★ · 395 токенов"))
    receipt = await world.said(anna, lambda text: text.startswith("Оплачено"))
    assert [each["text"] for each in receipt.buttons] == ["Запустить · 158"]


async def test_a_pack_that_went_off_sale_is_said_so(world: World, anna: Person) -> None:
    anna.send("/buy")
    card = await world.said(anna, lambda text: text.startswith("Пакеты токенов"))
    await world.write("UPDATE packs SET enabled = 0")
    press = anna.press(card, "50 ★ · 395 токенов")
    assert (await answer(world, press)).startswith("Этот пакет больше не продаётся")
    anna.send("/buy")
    await world.said(anna, lambda text: "Сейчас пакеты не продаются" in text)
    assert not world.rows("SELECT * FROM payment_orders")


async def test_what_lacked_tokens_is_drawn_with_one_button_after_the_purchase(
    world: World, anna: Person
) -> None:
    asked = anna.send("рыжая лиса --n 2 --ar 16:9")
    refused = await world.said(anna, lambda text: text.startswith("Не хватает токенов"))
    assert "нужно 158, у вас 100" in refused.words
    anna.press(refused, "Купить токены")
    card = await world.said(anna, lambda text: text.startswith("Пакеты токенов"))
    anna.press(card, "50 ★ · 395 токенов")
    await pay(world, anna, await bill_of(world, anna))
    receipt = await world.said(anna, lambda text: text.startswith("Оплачено"))
    assert receipt.words.endswith("Ваш запрос ждёт: «рыжая лиса».")
    for _ in range(2):
        anna.press(receipt, "Запустить · 158")
    pictures = await world.pictures(anna, 2)
    await world.closed()
    await world.answered()
    assert {each.reply_to.message_id for each in pictures if each.reply_to} == {asked}
    assert world.kie.tasks[0].input["aspect_ratio"] == "16:9"
    assert (len(world.kie.tasks), world.balance(anna.user_id)) == (2, 495 - 158)
    assert receipt.words.startswith("Оплачено")


async def test_a_question_without_the_tokens_waits_for_them(world: World, anna: Person) -> None:
    await world.prefer(anna.user_id, ask="always")
    anna.send("кот")
    question = await world.said(anna, lambda text: text.startswith("Нарисовать"))
    world.telegram.person(ADMIN).send(f"/grant {anna.user_id} -50")
    await world.said(anna, lambda text: "списано: 50" in text)
    anna.press(question, "Нарисовать")
    refused = await world.said(anna, lambda text: text.startswith("Не хватает токенов"))
    anna.press(refused, "Купить токены")
    card = await world.said(anna, lambda text: text.startswith("Пакеты токенов"))
    anna.press(card, "50 ★ · 395 токенов")
    await pay(world, anna, await bill_of(world, anna))
    receipt = await world.said(anna, lambda text: text.startswith("Оплачено"))
    anna.press(receipt, "Запустить · 79")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 50 + 395 - 79


async def test_again_without_the_tokens_waits_for_them(world: World, anna: Person) -> None:
    anna.send("кот")
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    anna.press(picture, "Ещё раз · 79")
    refused = await world.said(anna, lambda text: text.startswith("Не хватает токенов"))
    anna.press(refused, "Купить токены")
    card = await world.said(anna, lambda text: text.startswith("Пакеты токенов"))
    anna.press(card, "50 ★ · 395 токенов")
    await pay(world, anna, await bill_of(world, anna))
    receipt = await world.said(anna, lambda text: text.startswith("Оплачено"))
    anna.press(receipt, "Запустить · 79")
    await world.pictures(anna, 2)
    await world.closed()
    assert world.balance(anna.user_id) == 100 - 79 + 395 - 79


async def test_a_tool_s_button_without_the_tokens_waits_for_them(world: World) -> None:
    anna, picture = await buyer(world, tokens=79)
    anna.stars = 50
    anna.press(picture, "Без фона · 5")
    refused = await world.said(anna, lambda text: text.startswith("Не хватает токенов"))
    anna.press(refused, "Купить токены")
    card = await world.said(anna, lambda text: text.startswith("Пакеты токенов"))
    anna.press(card, "50 ★ · 395 токенов")
    await pay(world, anna, await bill_of(world, anna))
    receipt = await world.said(anna, lambda text: text.startswith("Оплачено"))
    anna.press(receipt, "Запустить · 5")
    await world.pictures(anna, 2)
    await world.closed()
    assert world.balance(anna.user_id) == 395 - 5


async def test_in_a_group_a_button_leads_to_the_private_chat(world: World, anna: Person) -> None:
    boris = await world.customer(1002, "Борис", tokens=0)
    boris.stars = 50
    group = world.telegram.add_group(-500, "Группа", [anna, boris])
    boris.send("/draw кот", chat=group)
    refused = await world.telegram.wait_for(lambda: next(iter(by_bot(group)), None))
    assert refused.words == "Не хватает токенов: это стоит 79 токенов. Ничего не списано."
    link = refused.buttons[0]["url"]
    name, _, start = link.removeprefix("https://t.me/").partition("?start=")
    assert name == world.telegram.bot["username"]
    boris.send(f"/start {start}")
    card = await world.said(boris, lambda text: text.startswith("Пакеты токенов"))
    boris.press(card, "50 ★ · 395 токенов")
    await pay(world, boris, await bill_of(world, boris))
    receipt = await world.said(boris, lambda text: text.startswith("Оплачено"))
    assert await answer(world, boris.press(receipt, "Запустить · 79")) == "Запускаю."
    await world.telegram.wait_for(lambda: any(each.photo for each in by_bot(group)))
    await world.closed()
    assert world.balance(boris.user_id) == 395 - 79


async def test_buy_in_a_group_leads_to_the_private_chat(world: World, anna: Person) -> None:
    group = world.telegram.add_group(-500, "Группа", [anna])
    anna.send("/buy@" + world.telegram.bot["username"], chat=group)
    said = await world.telegram.wait_for(lambda: next(iter(by_bot(group)), None))
    assert said.words == "Токены покупают в личном чате со мной."
    assert said.buttons[0]["url"].endswith("?start=buy")


async def test_someone_else_cannot_draw_what_waits(world: World, anna: Person) -> None:
    boris = await world.customer(1002, "Борис")
    asked = anna.send("кот --n 2")
    await world.said(anna, lambda text: text.startswith("Не хватает токенов"))
    boris.send("/help")
    message = await world.said(boris, lambda text: "/balance" in text)
    press = boris.forge(message, f"waiting:{anna.user_id}:{asked}")
    assert await answer(world, press)
    assert (world.balance(boris.user_id), world.balance(anna.user_id)) == (1000, 100)
    assert not world.rows("SELECT * FROM jobs")


async def test_the_balance_has_a_button_that_leads_to_packs(world: World, anna: Person) -> None:
    anna.send("/balance")
    balance = await world.said(anna, lambda text: text.startswith("100 токенов"))
    anna.press(balance, "Купить токены")
    card = await world.said(anna, lambda text: text.startswith("Пакеты токенов"))
    anna.press(card, "50 ★ · 395 токенов")
    await pay(world, anna, await bill_of(world, anna))
    receipt = await world.said(anna, lambda text: text.startswith("Оплачено"))
    assert not receipt.buttons


def by_bot(group: Chat) -> list[Message]:
    return [each for each in group.messages if each.from_bot]


async def test_a_bot_that_is_killed_before_it_booked_a_payment_books_it_at_the_next_start(
    world: World, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, came = await offer(world, anna), asyncio.Event()

    async def credit(self: Payments, *_: Any, **__: Any) -> None:
        came.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(Payments, "credit", credit)
        await pay(world, anna, message)
        await came.wait()
        await world.kill()
    assert world.balance(anna.user_id) == 100
    await world.start()
    await world.said(anna, lambda text: text.startswith("Оплачено"))
    assert world.balance(anna.user_id) == 495


async def test_a_lost_payment_is_found_at_the_next_start_and_what_waits_is_drawn(
    world: World, anna: Person
) -> None:
    anna.send("кот --n 2")
    await world.said(anna, lambda text: text.startswith("Не хватает токенов"))
    bill = await billed(world, anna, "/buy", "50 ★ · 395 токенов")
    world.telegram.updates.lose_next("successful_payment")
    await pay(world, anna, bill)
    await world.kill()
    assert world.balance(anna.user_id) == 100
    await world.start()
    receipt = await world.said(anna, lambda text: text.startswith("Оплачено"))
    anna.press(receipt, "Запустить · 158")
    await world.pictures(anna, 2)
    await world.closed()
    assert world.balance(anna.user_id) == 495 - 158
