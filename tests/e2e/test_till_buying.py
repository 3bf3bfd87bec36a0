"""Buying tokens for Telegram Stars, over HTTP."""

import asyncio
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import LabeledPrice

from bot.demo.telegram import Message, Payment, Person
from storage.errors import StorageError
from storage.ledger import Ledger
from storage.payments import Payments
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
        (await offer(world, anna, order_id="old", made_at=now - 3700), "Этому счёту больше часа"),
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


async def pay(world: World, person: Person, message: Message) -> Payment:
    payment = person.pay(message)
    assert await outcome(world, payment) == "paid"
    return payment


async def test_a_payment_is_credited_and_gets_a_receipt(world: World, anna: Person) -> None:
    payment = await pay(world, anna, await offer(world, anna))
    receipt = await world.said(anna, lambda text: text.startswith("Оплачено"))
    assert receipt.words == (
        "Оплачено: 50 ★. Зачислено 395 токенов. Теперь на балансе: 495.\n"
        f"Платёж {payment.charge_id[:12]}. Вопросы и возврат: /paysupport"
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
