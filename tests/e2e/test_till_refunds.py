"""Money that goes back, over HTTP: by admins, at a person's request, without the bot, after faults.

That the ledger adds up after each is looked at by the fixture.
"""

from typing import Any

import pytest

from bot.admin.doctor import check_telegram
from bot.demo.telegram import CallbackQuery, Payment, Person
from storage.payment_refunds import PaymentRefunds
from storage.payments import Payments
from tests.e2e.test_till_buying import offer, outcome
from tests.e2e.test_till_transfers import begun, on
from tests.support import ADMIN, World, png

SMALL = 395  # tokens, for 50 Stars


@pytest.fixture
async def anna(world: World) -> Person:
    person = await world.customer(tokens=100)
    person.stars = 500
    return person


@pytest.fixture
def admin(world: World) -> Person:
    return world.telegram.person(ADMIN)


async def buy(world: World, person: Person, order_id: str = "order1") -> Payment:
    """A small pack, with the receipt."""
    payment = person.pay(await offer(world, person, order_id=order_id))
    assert await outcome(world, payment) == "paid"
    await world.said(person, lambda text: short(payment) in text)
    return payment


def short(payment: Payment) -> str:
    """What people are shown of its id."""
    return payment.charge_id.rstrip("=")[-8:]


def refunds(world: World) -> list[dict[str, Any]]:
    return world.rows(
        "SELECT state, tokens_taken, tokens_short, reason, asked_by, error FROM payment_refunds"
        " ORDER BY refund_id"
    )


async def refunded(world: World, payment: Payment) -> None:
    """Wait until Telegram and the books say so."""
    await world.telegram.wait_for(lambda: payment.refunded)
    await world.until(lambda: [each["state"] for each in refunds(world)][-1:] == ["done"])


async def spend(world: World, admin: Person, tokens: int) -> None:
    admin.send(f"/grant 1001 -{tokens}")
    await world.said(admin, lambda text: f"{tokens}" in text and "списано" in text)
    await world.answered()


async def answered(world: World, presses: list[CallbackQuery]) -> None:
    await world.telegram.wait_for(lambda: all(each.answer for each in presses))


# --- By admins


async def test_a_payment_goes_back_once(world: World, anna: Person, admin: Person) -> None:
    payment = await buy(world, anna)
    assert (anna.stars, world.balance(1001)) == (450, 100 + SMALL)
    admin.send(f"/refund {short(payment)} не подошло")
    await world.said(admin, lambda text: text.startswith("50 ★ возвращаются, списано токенов: 395"))
    await refunded(world, payment)
    await world.said(anna, lambda text: "С баланса списано: 395 токенов. Осталось: 100." in text)
    await world.said(admin, lambda text: "Возвращено: 50 ★. Плательщик: 1001." in text)
    admin.send(f"/refund {payment.charge_id}")
    await world.said(admin, lambda text: "Деньги уже возвращены" in text)
    await world.answered()
    assert (anna.stars, world.balance(1001)) == (500, 100)
    (refund,) = refunds(world)
    assert (refund["reason"], refund["asked_by"]) == ("не подошло", ADMIN)
    assert len(world.telegram.calls_of("refundStarPayment")) == 1
    told = [m for m in world.bot_messages(anna) if "Возвращено: 50 ★" in m.words]
    assert len(told) == 1, "though Telegram and the worker both say so"


async def test_a_charge_that_is_none(world: World, anna: Person, admin: Person) -> None:
    for order in ("order1", "order2"):
        await buy(world, anna, order)
    admin.send("/refund")
    await world.said(admin, lambda text: "/refund PAYMENT" in text)
    admin.send("/refund 99999999")
    await world.said(admin, lambda text: "Платежа 99999999 нет" in text)
    admin.send("/refund " + world.telegram.payments[0].charge_id[-7:])  # too few to be sure
    await world.answered()
    anna.send("/refund 99999999")
    await world.answered()
    assert refunds(world) == []


async def test_what_was_spent_is_asked_about(world: World, anna: Person, admin: Person) -> None:
    payment = await buy(world, anna)
    await spend(world, admin, 300)
    admin.send(f"/refund {short(payment)} жалоба")
    question = await world.said(admin, lambda text: text.startswith("Вернуть деньги"))
    assert "Из 395 токенов осталось только 195" in question.words
    assert refunds(world) == []
    admin.press(question, "Не возвращать")
    await world.telegram.wait_for(lambda: "Возврата не будет" in question.words)
    assert (refunds(world), payment.refunded) == ([], False)
    admin.send(f"/refund {short(payment)} жалоба")
    again = await world.said(
        admin, lambda text: text.startswith("Вернуть деньги") and "195" in text
    )
    await answered(world, [admin.press(again, "Вернуть 50 ★") for _ in range(2)])
    await refunded(world, payment)
    (refund,) = refunds(world)
    assert (refund["tokens_taken"], refund["tokens_short"]) == (195, 200)
    assert refund["reason"] == "жалоба"
    await world.said(admin, lambda text: "Потрачено раньше и потеряно: 200" in text)
    await world.answered()
    assert (anna.stars, world.balance(1001)) == (500, 0)


async def test_a_button_on_the_card_of_a_person(world: World, anna: Person, admin: Person) -> None:
    payment = await buy(world, anna)
    admin.send("/user 1001")
    card = await world.said(admin, lambda text: "Последние запросы" in text)
    (button,) = [each["text"] for each in card.buttons if each["text"].startswith("Вернуть 50 ★")]
    admin.press(card, button)
    question = await world.said(admin, lambda text: text.startswith("Вернуть деньги"))
    assert "Будет списано 395 токенов" in question.words
    assert refunds(world) == []
    admin.press(question, "Вернуть 50 ★")
    await refunded(world, payment)
    await world.telegram.wait_for(lambda: "возвращаются" in question.words)
    admin.press(card, button)
    await world.said(admin, lambda text: "Деньги уже возвращены" in text)


@pytest.mark.parametrize("words", ["CHARGE_NOT_FOUND", "BALANCE_TOO_LOW"])
async def test_a_refusal_gives_the_tokens_again(
    world: World, anna: Person, admin: Person, words: str
) -> None:
    payment = await buy(world, anna)
    world.telegram.fault("refundStarPayment", status=400, description=words)
    admin.send(f"/refund {short(payment)}")
    await world.said(
        admin, lambda text: "Telegram отказался вернуть 50 ★" in text and words in text
    )
    assert (payment.refunded, world.balance(1001)) == (False, 100 + SMALL)
    admin.send(f"/refund {short(payment)}")
    await refunded(world, payment)
    assert world.balance(1001) == 100
    assert [each["state"] for each in refunds(world)] == ["failed", "done"]


async def test_telegram_is_asked_until_it_answers(
    world: World, anna: Person, admin: Person
) -> None:
    payment = await buy(world, anna)
    telegram = world.telegram
    telegram.fault("refundStarPayment", status=502)
    telegram.fault("refundStarPayment", retry_after=1)
    telegram.fault("refundStarPayment", cut_after_effect=True)
    admin.send(f"/refund {short(payment)}")
    await refunded(world, payment)
    await world.until(lambda: len(telegram.calls_of("refundStarPayment")) >= 3)
    await world.answered()
    assert (anna.stars, world.balance(1001), len(refunds(world))) == (500, 100, 1)


# --- Killed in between


async def test_killed_after_the_tokens_were_taken(
    world: World, anna: Person, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = await buy(world, anna)
    with monkeypatch.context() as patch:

        async def none(self: PaymentRefunds, limit: int) -> list[Any]:
            return []

        patch.setattr(PaymentRefunds, "due", none)
        admin.send(f"/refund {short(payment)}")
        await world.until(lambda: [each["state"] for each in refunds(world)] == ["pending"])
        await world.kill()
    assert (payment.refunded, world.balance(1001)) == (False, 100)
    await world.start()
    await refunded(world, payment)
    assert (world.balance(1001), anna.stars, len(refunds(world))) == (100, 500, 1)


async def test_killed_after_telegram_gave_the_stars_back(
    world: World, anna: Person, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = await buy(world, anna)
    world.telegram.updates.lose_next("refunded_payment")
    with monkeypatch.context() as patch:

        async def never(self: PaymentRefunds, refund_id: int) -> Any:
            raise OSError("no room")

        patch.setattr(PaymentRefunds, "done", never)
        admin.send(f"/refund {short(payment)}")
        await world.telegram.wait_for(lambda: payment.refunded)
        await world.kill()
    assert [each["state"] for each in refunds(world)] == ["pending"]
    await world.start()
    await refunded(world, payment)
    assert (world.balance(1001), anna.stars, len(refunds(world))) == (100, 500, 1)
    assert not [m for m in world.bot_messages(admin) if "сверены" in m.words], "it was ours"


async def test_killed_after_telegram_took_the_stars(
    world: World, anna: Person, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        async def never(self: Payments, *_: Any, **__: Any) -> Any:
            raise OSError("killed here")

        patch.setattr(Payments, "credit", never)
        payment = anna.pay(await offer(world, anna))
        assert await outcome(world, payment) == "paid"
        await world.kill()
    world.telegram.updates.pending.clear()
    assert world.balance(1001) == 100
    await world.start()
    await world.said(anna, lambda text: short(payment) in text and "на балансе: 495" in text)
    await world.said(admin, lambda text: "Не хватало платежей: 1, возвратов: 0" in text)
    assert world.balance(1001) == 100 + SMALL


# --- Without the bot


async def test_a_lost_update_is_made_up_for(world: World, anna: Person, admin: Person) -> None:
    await world.stop()
    world.tune(reconcile_pauses_s=(0.05, 0.05))
    await world.start()
    world.telegram.updates.lose_next("successful_payment")
    payment = anna.pay(await offer(world, anna))
    await world.said(anna, lambda text: short(payment) in text)
    await world.until(lambda: world.balance(1001) == 100 + SMALL)
    await world.said(admin, lambda text: "Не хватало платежей: 1, возвратов: 0" in text)
    world.telegram.add_star_transaction(-50, {"type": "fragment"})
    world.telegram.add_star_transaction(7, {"type": "unheard of"})
    nobody = {"type": "user", "transaction_type": "invoice_payment"}
    world.telegram.add_star_transaction(7, nobody)
    world.telegram.charge_back(payment.charge_id, told=False)
    await world.said(admin, lambda text: "Не хватало платежей: 0, возвратов: 1" in text)
    await world.said(anna, lambda text: "Возвращено: 50 ★" in text)
    await world.until(
        lambda: (
            world.rows("SELECT next_offset, stars_in, stars_out FROM star_readings")
            == [{"next_offset": 5, "stars_in": 50, "stars_out": 50}]
        )
    )
    assert world.balance(1001) == 100


async def test_many_transactions_are_read_page_by_page(
    world: World, anna: Person, admin: Person
) -> None:
    await world.stop()
    for _ in range(230):
        world.telegram.add_star_transaction(1, {"type": "other"})
    await world.start()
    await world.until(
        lambda: world.rows("SELECT next_offset FROM star_readings") == [{"next_offset": 230}]
    )
    payment = await buy(world, anna)
    await world.stop()
    world.telegram.fault("getStarTransactions", status=502)
    world.tune(reconcile_pauses_s=(3600.0, 0.05))
    await world.start()
    await world.until(
        lambda: world.rows("SELECT next_offset FROM star_readings") == [{"next_offset": 231}]
    )
    assert not payment.refunded
    assert not [m for m in world.bot_messages(admin) if "сверены" in m.words], "nothing missing"


@pytest.mark.parametrize("spent", [0, 495])
async def test_a_chargeback_is_booked_and_told(
    world: World, anna: Person, admin: Person, spent: int
) -> None:
    payment = await buy(world, anna)
    if spent:
        await spend(world, admin, spent)
    world.telegram.charge_back(payment.charge_id)
    await world.said(admin, lambda text: "50 ★ возвращены без участия бота" in text)
    await world.said(anna, lambda text: "Возвращено: 50 ★" in text)
    (refund,) = refunds(world)
    assert (refund["state"], refund["asked_by"]) == ("done", None)
    assert refund["tokens_short"] == (SMALL if spent else 0)
    await world.answered()
    assert world.balance(1001) == (0 if spent else 100)
    assert world.rows("SELECT count(*) AS n FROM ledger WHERE user_id = ?", 777) == [{"n": 0}]
    welcome = world.rows("SELECT user_id FROM ledger WHERE kind = 'welcome'")
    assert welcome == [{"user_id": 1001}], "the bot itself, who sends that update, is no customer"


async def test_refunds_do_not_count_for_the_throttle(
    world: World, anna: Person, admin: Person
) -> None:
    await world.stop()
    await world.start(user_messages_per_minute=2)
    payments = [await buy(world, anna, f"order{number}") for number in range(4)]
    for payment in payments:
        world.telegram.charge_back(payment.charge_id)
    await world.until(lambda: len(refunds(world)) == 4)
    await world.answered()
    assert world.balance(1001) == 100


async def test_the_doctor_compares_telegrams_list_with_the_books(
    world: World, anna: Person, admin: Person
) -> None:
    world.telegram.add_star_transaction(5, {"type": "other"})
    payment = await buy(world, anna)
    assert await stars(world) == "ok      Stars: 55 on the bot's balance, difference to the books 0"
    await world.stop()
    world.telegram.charge_back(payment.charge_id, told=False)
    assert (await stars(world)).startswith(
        "PROBLEM Stars: 5 on the bot's balance, difference to the books 50: what Telegram lists"
    )
    await world.start()
    await world.said(admin, lambda text: "Не хватало платежей: 0, возвратов: 1" in text)
    await world.until(
        lambda: world.rows("SELECT next_offset FROM star_readings") == [{"next_offset": 3}]
    )
    assert await stars(world) == "ok      Stars: 5 on the bot's balance, difference to the books 0"
    world.telegram.fault("getMyStarBalance", status=502)
    assert (await stars(world)).startswith("PROBLEM Stars: no usable answer")


async def stars(world: World) -> str:
    """What the doctor finds about them."""
    found = [str(each) for each in await check_telegram(world.settings)]
    return next(each for each in found if "Stars" in each)


# --- /paysupport


async def test_a_person_asks_and_an_admin_grants(world: World, anna: Person, admin: Person) -> None:
    payment = await buy(world, anna)
    anna.send("/paysupport")
    card = await world.said(anna, lambda text: text.startswith("Ваши последние покупки"))
    (button,) = [each["text"] for each in card.buttons]
    assert button.startswith("Попросить возврат: 50 ★")
    await answered(world, [anna.press(card, button) for _ in range(2)])
    await world.telegram.wait_for(lambda: "Запрос у администраторов" in card.words)
    assert card.buttons == []
    request = await world.said(admin, lambda text: text.startswith("Просят вернуть деньги"))
    assert short(payment) in request.words
    await world.answered()
    asked = [m for m in world.bot_messages(admin) if m.words.startswith("Просят вернуть")]
    assert len(asked) == 1
    await answered(world, [admin.press(request, "Вернуть 50 ★") for _ in range(2)])
    await refunded(world, payment)
    await world.said(anna, lambda text: "Возвращено: 50 ★" in text)
    anna.send("/paysupport")
    await world.said(anna, lambda text: "Деньги возвращены." in text)
    assert (anna.stars, world.balance(1001), len(refunds(world))) == (500, 100, 1)


async def test_a_person_asks_and_an_admin_answers_in_words(
    world: World, anna: Person, admin: Person
) -> None:
    await buy(world, anna)
    anna.send("/paysupport")
    card = await world.said(anna, lambda text: text.startswith("Ваши последние покупки"))
    anna.press(card, card.buttons[0]["text"])
    request = await world.said(admin, lambda text: text.startswith("Просят вернуть деньги"))
    world.telegram.updates.repeat_next()
    admin.send("Картинки <готовы>,\nпосмотрите", reply_to=request)
    await world.said(admin, lambda text: text == "Ответ доставлен.")
    said = await world.said(anna, lambda text: text.startswith("Ответ администратора"))
    assert "Картинки <готовы>,\nпосмотрите" in said.words
    admin.send_photo(png(), reply_to=request)
    await world.said(admin, lambda text: "Передать можно только слова" in text)
    await world.answered()
    answers = [m for m in world.bot_messages(anna) if m.words.startswith("Ответ администратора")]
    assert len(answers) == 1, "the update came twice"
    assert refunds(world) == []
    assert world.rows("SELECT * FROM jobs") == [], "an answer is no prompt"
    anna.send("/paysupport")
    again = await world.said(
        anna, lambda text: text.startswith("Ваши последние покупки") and "Запрос у" not in text
    )
    anna.press(again, again.buttons[0]["text"])
    await world.until(
        lambda: len([m for m in world.bot_messages(admin) if "Просят вернуть" in m.words]) == 2
    )


async def test_an_answer_to_who_blocked_the_bot(world: World, anna: Person, admin: Person) -> None:
    await buy(world, anna)
    anna.send("/paysupport")
    card = await world.said(anna, lambda text: text.startswith("Ваши последние покупки"))
    anna.press(card, card.buttons[0]["text"])
    request = await world.said(admin, lambda text: text.startswith("Просят вернуть деньги"))
    anna.block()
    admin.send("Вернём", reply_to=request)
    await world.said(admin, lambda text: text.startswith("Ответ не доставлен"))


async def test_a_request_of_an_earlier_process_is_handed_on(
    world: World, anna: Person, admin: Person
) -> None:
    await buy(world, anna)
    await world.kill()
    await world.write("INSERT INTO refund_requests (payment_id, asked_at) VALUES (1, 1.0)")
    await world.start()
    await world.said(admin, lambda text: text.startswith("Просят вернуть деньги"))
    await world.until(lambda: not world.rows("SELECT 1 FROM refund_requests WHERE told_at IS NULL"))


async def test_without_admins_it_says_so(world: World, anna: Person) -> None:
    await buy(world, anna)
    anna.send("/paysupport")
    card = await world.said(anna, lambda text: text.startswith("Ваши последние покупки"))
    await world.stop()
    await world.start(admin_ids=frozenset())
    anna.send("/paysupport")
    said = await world.said(anna, lambda text: "не указан администратор" in text)
    assert said.buttons == []
    press = anna.press(card, card.buttons[0]["text"])
    await answered(world, [press])
    assert "не указан администратор" in str(press.answer)
    assert world.rows("SELECT * FROM refund_requests") == []


async def test_nobody_asks_for_anothers_money(world: World, anna: Person, admin: Person) -> None:
    await buy(world, anna)
    boris = await world.customer(1002, "Борис")
    hello = world.bot_messages(boris)[-1]
    for data in ("moneyback:1", "moneyback:99", "refund:force:1", "refund:grant:1"):
        boris.forge(hello, data)
    await world.answered()
    assert world.rows("SELECT * FROM refund_requests") == []
    assert refunds(world) == []


# --- What is not for Stars of an order, and people who are not what they were


async def test_a_payment_that_fits_no_order_goes_back(
    world: World, anna: Person, admin: Person
) -> None:
    await buy(world, anna)
    await world.kill()
    charge = "stx-of-somebody-else-1234"
    partner = {"type": "user", "transaction_type": "invoice_payment", "user": anna.user}
    world.telegram.add_star_transaction(30, partner | {"invoice_payload": "none"}, charge)
    await world.start()
    alert = await world.said(admin, lambda text: f"/refund {charge}" in text)
    await world.said(admin, lambda text: "Не хватало платежей: 1" in text and "30 ★" in text)
    assert "30 ★" in alert.words
    anna.send("/paysupport")
    await world.said(anna, lambda text: "30 ★, не зачислено" in text)
    admin.send(f"/refund {charge}")
    await world.said(admin, lambda text: text.startswith("30 ★ возвращаются, списано токенов: 0"))
    await world.said(admin, lambda text: "CHARGE_NOT_FOUND" in text)  # the stand-in has none such
    assert [each["state"] for each in refunds(world)] == ["failed"]
    assert world.balance(1001) == 100 + SMALL


async def test_a_transfer_goes_back_by_hand(world: World, admin: Person) -> None:
    anna = await on(world)
    await begun(world, anna)
    anna.send_photo(png())
    card = await world.said(admin, lambda text: "Деньги пришли?" in text)
    admin.press(card, "Подтвердить · 395 токенов")
    await world.said(anna, lambda text: text.startswith("Оплата подтверждена"))
    (payment,) = world.rows("SELECT external_id FROM payments")
    admin.send(f"/refund {payment['external_id']}")
    await world.said(
        admin, lambda text: text.startswith("Списано токенов: 395. Перевод возвращают")
    )
    await world.said(anna, lambda text: "деньги отправит администратор" in text)
    assert [each["state"] for each in refunds(world)] == ["done"]
    assert world.balance(1001) == 100
    assert world.telegram.calls_of("refundStarPayment") == []


async def test_who_was_forgotten_gets_nothing_back(
    world: World, anna: Person, admin: Person
) -> None:
    payment = await buy(world, anna)
    anna.send("/delete_me")
    question = await world.said(anna, lambda text: "495" in text and "Удалить" in text)
    anna.press(question, "Удалить всё")
    await world.telegram.wait_for(lambda: "удалено" in question.words)
    admin.send(f"/refund {short(payment)}")
    await world.said(admin, lambda text: text.startswith("Плательщик удалил все свои данные"))
    world.telegram.charge_back(payment.charge_id)
    await world.said(admin, lambda text: "Плательщик: удалённый пользователь." in text)
    assert [each["state"] for each in refunds(world)] == ["done"]


async def test_who_is_banned_may_ask(world: World, anna: Person, admin: Person) -> None:
    await buy(world, anna)
    admin.send("/ban 1001 спам")
    await world.said(admin, lambda text: "доступ закрыт" in text)
    anna.send("/paysupport")
    card = await world.said(anna, lambda text: text.startswith("Ваши последние покупки"))
    anna.press(card, card.buttons[0]["text"])
    await world.said(admin, lambda text: text.startswith("Просят вернуть деньги"))
