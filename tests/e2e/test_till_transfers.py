"""Paying by hand, past Telegram: the team's text, the receipt, and an admin's word; over HTTP."""

import pytest

from bot.cards.transfers import OtherWayButton
from bot.demo.telegram import Message, Person
from tests.e2e.test_pictures_buttons import answer
from tests.support import ADMIN, World, png

HOW = "Пакет 395 — 500 ₽ <на карту>\n2200 0000 0000 0000"


async def on(world: World, **more: object) -> Person:
    """The bot with transfers, and somebody who knows it."""
    await world.stop()
    await world.start(manual_payment_text=HOW, **more)
    return await world.customer(tokens=100)


async def begun(world: World, anna: Person) -> Message:
    """She chose a pack, and knows how to pay."""
    anna.send("/buy")
    packs = await world.said(anna, lambda text: text.startswith("Пакеты токенов"))
    await answer(world, anna.press(packs, "Другой способ оплаты"))
    offer = await world.said(anna, lambda text: "Выберите пакет" in text)
    assert HOW in offer.words
    await answer(world, anna.press(offer, "395 токенов"))
    return await world.said(anna, lambda text: "После оплаты пришлите сюда чек" in text)


async def asked(world: World, admin_id: int = ADMIN) -> Message:
    """What an admin is to decide."""
    return await world.said(world.telegram.person(admin_id), lambda text: "Деньги пришли?" in text)


def state(world: World) -> list[str]:
    return [row["state"] for row in world.rows("SELECT state FROM transfers ORDER BY made_at")]


async def test_a_receipt_that_an_admin_confirms_is_credited(world: World) -> None:
    anna = await on(world)
    told = await begun(world, anna)
    assert HOW in told.words
    anna.send_photo(png(), caption="оплатил, кот --n 2")
    await world.said(anna, lambda text: text.startswith("Чек за 395 токенов у администраторов"))
    card = await asked(world)
    admin = world.telegram.person(ADMIN)
    receipt = next(each for each in world.bot_messages(admin) if each.photo)
    assert receipt.words.startswith("Чек, перевод")
    assert "Анна 1001" in card.words
    for _ in range(2):
        await answer(world, admin.press(card, "Подтвердить · 395 токенов"))
    await world.telegram.wait_for(lambda: card.words.startswith("Подтверждено: Анна 1001"))
    await world.said(anna, lambda text: text.startswith("Оплата подтверждена"))
    assert world.balance(1001) == 495
    assert world.rows("SELECT 1 FROM jobs") == []
    assert world.rows("SELECT 1 FROM held_pictures") == []
    assert state(world) == ["confirmed"]
    admin.send("/user 1001")
    user = await world.said(admin, lambda text: "Последние покупки:" in text)
    assert "перевод · 395 токенов" in user.words


async def test_a_refusal_is_told_and_credits_nothing(world: World) -> None:
    anna = await on(world)
    await begun(world, anna)
    anna.send_document(b"%PDF-1.4 receipt", filename="receipt.pdf", mime_type="application/pdf")
    card = await asked(world)
    admin = world.telegram.person(ADMIN)
    assert any(each.document for each in world.bot_messages(admin))
    await answer(world, admin.press(card, "Отказать"))
    await world.said(anna, lambda text: text.startswith("Администраторы не нашли ваш платёж"))
    await world.telegram.wait_for(lambda: card.words.startswith("Отказано: Анна 1001"))
    yes = next(row["order_id"] for row in world.rows("SELECT order_id FROM transfers"))
    said = await answer(world, admin.forge(card, f"transfer:yes:{yes}"))
    assert said.startswith("По этому переводу уже отказано")
    said = await answer(world, admin.forge(card, "transfer:yes:abc"))
    assert said.startswith("Такого перевода нет")
    assert world.balance(1001) == 100
    assert state(world) == ["refused"]


async def test_what_two_admins_press_counts_once(world: World) -> None:
    world.person(2, "Второй")
    anna = await on(world, admin_ids=frozenset({ADMIN, 2}))
    world.telegram.person(2).send("/start")
    await world.answered()
    await begun(world, anna)
    anna.send_photo(png())
    cards = [(each, await asked(world, each)) for each in (ADMIN, 2)]
    presses = [
        world.telegram.person(who).press(card, word)
        for (who, card), word in zip(cards, ("Подтвердить · 395 токенов", "Отказать"), strict=True)
    ]
    await world.telegram.wait_for(lambda: all(press.answer for press in presses))
    await world.answered()
    assert world.balance(1001) in (100, 495)
    assert (state(world) == ["confirmed"]) == (world.balance(1001) == 495)


async def test_an_album_of_receipts_is_one_and_a_repeat_asks_again(world: World) -> None:
    anna = await on(world)
    await begun(world, anna)
    world.telegram.updates.repeat_next()
    anna.send_album([(png(), None), (png(color="red"), "чек")])
    await asked(world)
    await world.answered()
    assert state(world) == ["open"]
    assert world.rows("SELECT 1 FROM held_pictures") == []
    assert world.rows("SELECT 1 FROM jobs") == []


async def test_who_will_not_pay_sends_pictures_again(world: World) -> None:
    anna = await on(world)
    told = await begun(world, anna)
    await answer(world, anna.press(told, "Не буду платить"))
    await world.telegram.wait_for(lambda: told.words.startswith("Хорошо, оплаты не жду"))
    anna.send_photo(png())
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    assert state(world) == []


async def test_a_command_under_a_picture_is_no_receipt_and_neither_is_what_comes_late(
    world: World,
) -> None:
    anna = await on(world)
    await begun(world, anna)
    anna.send_photo(png(), caption="/draw кот")
    await world.pictures(anna, 1)
    await world.closed()
    assert state(world) == ["awaiting"]
    await world.write("UPDATE transfers SET made_at = made_at - 86400")
    anna.send_photo(png())
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))


async def test_open_transfers_are_listed_and_reminded_of_once_a_day(world: World) -> None:
    world.tune(transfers_pause_s=0.02)
    anna = await on(world)
    admin = world.telegram.person(ADMIN)
    admin.send("/transfers")
    await world.said(admin, lambda text: text == "Переводов, которые ждут решения, нет.")
    await begun(world, anna)
    anna.send_photo(png())
    await asked(world)
    first = len(world.bot_messages(admin))
    admin.send("/transfers")
    await world.said(admin, lambda text: text == "Переводов ждёт решения: 1")
    await world.telegram.wait_for(
        lambda: sum("Деньги пришли?" in m.words for m in world.bot_messages(admin)[first:]) == 1
    )
    words = "Переводы, которые ждут вашего решения больше суток: 1. Показать: /transfers"
    for times in (1, 2):
        await world.write(
            "UPDATE transfers SET opened_at = opened_at - 86400, reminded_at = reminded_at - 86400"
        )
        await world.telegram.wait_for(
            lambda: sum(m.words == words for m in world.bot_messages(admin)) == times  # noqa: B023
        )


@pytest.mark.parametrize("change", [{"manual_payment_text": ""}, {"admin_ids": frozenset()}])
async def test_without_a_text_or_admins_nobody_can_begin(
    world: World, change: dict[str, object]
) -> None:
    anna = await on(world)
    await world.stop()
    await world.start(**change)
    card = world.bot_messages(anna)[-1]
    for data in (OtherWayButton(verb="packs").pack(), "bytransfer:small"):
        said = await answer(world, anna.forge(card, data))
        assert said.startswith("Так оплатить уже нельзя")
    assert state(world) == []


async def test_without_it_nothing_is_below_the_packs(world: World) -> None:
    anna = await world.customer()
    anna.send("/buy")
    packs = await world.said(anna, lambda text: text.startswith("Пакеты токенов"))
    assert all("★" in button["text"] for button in packs.buttons)


async def test_when_it_is_off_the_list_says_how_to_switch_it_on(world: World) -> None:
    admin = world.telegram.person(ADMIN)
    admin.send("/transfers")
    said = await world.said(admin, lambda text: text.startswith("Переводов, которые"))
    assert said.words.endswith("Оплата переводом выключена, см. MANUAL_PAYMENT_TEXT.")


async def test_during_maintenance_and_for_a_pack_that_is_off_nothing_begins(world: World) -> None:
    anna = await on(world)
    admin = world.telegram.person(ADMIN)
    card = world.bot_messages(anna)[-1]
    await world.write("UPDATE packs SET enabled = 0 WHERE slug = 'small'")
    said = await answer(world, anna.forge(card, "bytransfer:small"))
    assert said.startswith("Так оплатить уже нельзя")
    admin.send("/maintenance on скоро вернёмся")
    await world.said(admin, lambda text: "скоро вернёмся" in text)
    assert "скоро вернёмся" in await answer(
        world, anna.forge(card, OtherWayButton(verb="packs").pack())
    )
