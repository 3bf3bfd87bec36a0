"""Buying tokens for Telegram Stars, over HTTP."""

import asyncio
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import LabeledPrice

from bot.demo.telegram import Message, Payment, Person
from storage.ledger import Ledger
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
    api = TelegramAPIServer.from_base(world.telegram.url)
    async with Bot(world.telegram.token, session=AiohttpSession(api=api)) as bot:
        prices = [LabeledPrice(label="x", amount=stars)]
        sent = await bot.send_invoice(
            person.user_id, "Токены", "x", payload, "XTR", prices, start_parameter="buy"
        )
    return person.chat.history[sent.message_id]


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
