"""Telegram Stars: invoices, payments, refunds, transactions, and what goes wrong with them."""

from pathlib import Path
from typing import Any

import pytest
from aiogram.exceptions import TelegramNetworkError
from aiogram.types import InlineKeyboardMarkup, LabeledPrice, TransactionPartnerUser
from playwright.async_api import expect

from bot.demo.telegram import Message, Payment, Person
from tests.unit.demo.telegram_talk import BUTTON, Talk, keyboard
from tests.unit.demo.test_telegram_page import CHROMIUM, browsing

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
PRICE = {"label": "60 картинок", "amount": 100}
PAY = {"text": "Купить", "pay": True}
TEXTS = {"title": "Пакет", "description": "60 картинок", "payload": "order-1"}
TERMS: dict[str, Any] = {"currency": "XTR", "prices": [PRICE], "start_parameter": "buy"}
INVOICE = {"chat_id": 1001, **TEXTS, **TERMS}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, 'parameter "title" is required'),
    ({"title": "x" * 33}, "invoice title must have 1-32 characters"),
    ({"description": "x" * 256}, "invoice description must have 1-255 characters"),
    ({"payload": "я" * 65}, "INVOICE_PAYLOAD_INVALID"),
    ({"currency": "XTS"}, "PAYMENT_PROVIDER_INVALID"),
    ({"provider_token": "1:TEST:1"}, "PAYMENT_PROVIDER_INVALID"),
    ({"prices": []}, "there must be at least one price"),
    ({"prices": [PRICE] * 2}, "STARS_INVOICE_INVALID"),
    ({"max_tip_amount": 5}, "STARS_INVOICE_INVALID"),
    (
        {"prices": [PRICE | {"label": ""}]},
        "can't parse labeled price: LabeledPrice label must be non-empty",
    ),
    ({"prices": [PRICE | {"amount": 0}]}, "total price must be positive"),
    ({"prices": [PRICE | {"amount": 1.5}]}, 'wrong type of "amount": an integer expected'),
    ({"prices": [PRICE | {"amount": 100_001}]}, "CURRENCY_TOTAL_AMOUNT_INVALID"),
    ({"start_parameter": "a b"}, "START_PARAM_INVALID"),
    ({"reply_markup": keyboard(BUTTON)}, "REPLY_MARKUP_BUY_EMPTY"),
    ({"reply_markup": keyboard(PAY, PAY)}, "BUTTON_POS_INVALID"),
    ({"need_name": True}, 'unknown field "need_name" of sendInvoice'),
]


async def invoice(talk: Talk, **more: Any) -> Message:
    """The one that lies in Anna's chat then; she has Stars for five of them."""
    talk.anna.stars = 500
    await talk.done("sendInvoice", **INVOICE | more)
    return talk.anna.messages[-1]


async def paid(talk: Talk, who: Person, message: Message) -> Payment:
    payment = who.pay(message)
    assert await talk.bot.answer_pre_checkout_query(payment.query_id, ok=True)
    assert payment.outcome == "paid"
    return payment


@pytest.mark.parametrize(("change", "words"), REFUSED)
async def test_what_is_no_invoice_for_stars(talk: Talk, change: dict[str, Any], words: str) -> None:
    assert await talk.refusal("sendInvoice", **INVOICE | change) == words
    assert not talk.anna.messages


async def test_an_invoice_is_sent_and_paid(talk: Talk) -> None:
    talk.anna.stars, talk.telegram.updates.pause_s = 500, 0.0
    sent = await talk.bot.send_invoice(
        1001, "Пакет", "60 картинок", "order-1", "XTR", [LabeledPrice(label="x", amount=100)]
    )
    assert sent.invoice is not None
    assert (sent.invoice.total_amount, sent.invoice.start_parameter) == (100, "")
    assert isinstance(sent.reply_markup, InlineKeyboardMarkup)
    assert sent.reply_markup.inline_keyboard[0][0].pay
    payment = talk.anna.pay(sent.message_id)
    (update,) = await talk.bot.get_updates()
    query = update.pre_checkout_query
    assert query is not None
    assert (query.from_user.id, query.invoice_payload) == (1001, "order-1")
    assert (payment.outcome, talk.anna.stars) == (None, 500)
    await talk.bot.answer_pre_checkout_query(query.id, ok=True)
    message = (await talk.bot.get_updates())[-1].message
    assert message is not None
    assert message.from_user is not None
    assert message.successful_payment is not None
    assert message.from_user.id == message.chat.id == 1001
    assert message.successful_payment.telegram_payment_charge_id == payment.charge_id
    assert len(payment.charge_id) > 128
    assert (payment.outcome, talk.anna.stars, talk.telegram.star_balance) == ("paid", 400, 100)
    assert (await talk.bot.get_my_star_balance()).amount == 100
    (move,) = (await talk.bot.get_star_transactions()).transactions
    assert (move.id, move.amount, move.receiver) == (payment.charge_id, 100, None)
    assert isinstance(move.source, TransactionPartnerUser)
    assert (move.source.invoice_payload, move.source.user.id) == ("order-1", 1001)
    copying = {"chat_id": 1001, "from_chat_id": 1001, "message_id": sent.message_id}
    assert await talk.refusal("copyMessage", **copying) == "message can't be copied"


async def test_a_purchase_the_bot_does_not_let_through(talk: Talk) -> None:
    message = await invoice(talk)
    assert await talk.refusal(
        "sendMessage", chat_id=1001, text="x", reply_markup=keyboard(PAY)
    ) == ("BUTTON_TYPE_INVALID")
    answer: dict[str, Any] = {"pre_checkout_query_id": talk.anna.pay(message).query_id}
    words = await talk.refusal("answerPreCheckoutQuery", **answer, ok=False)
    assert words == 'parameter "error_message" is required'
    await talk.done("answerPreCheckoutQuery", **answer, ok=False, error_message="закрыто")
    late, poor = talk.anna.pay(message), talk.anna.pay(message)
    talk.anna.stars = 99  # approved is not yet paid
    await talk.bot.answer_pre_checkout_query(poor.query_id, ok=True)
    talk.telegram.move_clock(10)
    for query_id in (answer["pre_checkout_query_id"], late.query_id, poor.query_id, "1"):
        answer = {"pre_checkout_query_id": query_id, "ok": True}
        assert await talk.refusal("answerPreCheckoutQuery", **answer) == TOO_OLD
    outcomes = [payment.outcome for payment in talk.telegram.payments]
    assert outcomes == ["закрыто", "BOT_PRECHECKOUT_TIMEOUT", "BALANCE_TOO_LOW"]
    assert talk.telegram.star_balance == 0
    with pytest.raises(ValueError, match="has 99 Stars, too few to pay 100"):
        talk.anna.pay(message)
    talk.telegram.move_clock(140)
    assert await talk.updates() == []  # nobody needs the queries any more


async def test_an_old_invoice_is_paid_again_and_a_forwarded_one_by_another(talk: Talk) -> None:
    boris = talk.telegram.add_person(1002, "Борис", stars=100)
    linked = await invoice(talk)
    first, second = [await paid(talk, talk.anna, linked) for _ in range(2)]
    assert first.charge_id != second.charge_id
    with pytest.raises(ValueError, match="no Pay button"):
        boris.pay(linked)
    for_all = await invoice(talk, start_parameter="", payload="order-2")
    third = await paid(talk, boris, for_all)
    note = boris.messages[-1].options["successful_payment"]
    assert (boris.stars, note["invoice_payload"]) == (0, "order-2")
    moves = (await talk.bot.get_star_transactions()).transactions
    assert [move.id for move in moves] == [each.charge_id for each in (first, second, third)]
    with pytest.raises(LookupError, match="is no invoice"):
        boris.pay(boris.messages[-1])


async def test_a_refund_happens_once(talk: Talk) -> None:
    payment = await paid(talk, talk.anna, await invoice(talk))
    charge = {"user_id": 1001, "telegram_payment_charge_id": payment.charge_id}
    for wrong in ({"user_id": 1002}, {"telegram_payment_charge_id": "stx"}):
        assert await talk.refusal("refundStarPayment", **charge | wrong) == "CHARGE_NOT_FOUND"
    assert await talk.done("refundStarPayment", **charge) is True
    assert await talk.refusal("refundStarPayment", **charge) == "CHARGE_ALREADY_REFUNDED"
    message = (await talk.bot.get_updates())[-1].message
    assert message is not None
    assert message.from_user is not None
    assert message.refunded_payment is not None
    assert (message.from_user.is_bot, message.chat.id) == (True, 1001)
    assert message.refunded_payment.telegram_payment_charge_id == payment.charge_id
    assert (talk.anna.stars, talk.telegram.star_balance) == (500, 0)


async def test_transactions_in_their_order_with_those_of_others(talk: Talk) -> None:
    payments = [await paid(talk, talk.anna, await invoice(talk)) for _ in range(2)]
    talk.telegram.add_star_transaction(-50, {"type": "fragment"})
    talk.telegram.add_star_transaction(7, {"type": "other"}, "gift")
    talk.telegram.charge_back(payments[0].charge_id, told=False)
    with pytest.raises(LookupError):
        talk.telegram.charge_back(payments[0].charge_id)
    moves = (await talk.bot.get_star_transactions(offset=1, limit=4)).transactions
    assert [(move.amount, move.source is not None) for move in moves] == [
        *((100, True), (50, False), (7, True), (100, False))
    ]
    assert (moves[-1].id, moves[-2].id) == (payments[0].charge_id, "gift")
    assert (await talk.bot.get_star_transactions(offset=9)).transactions == []
    assert talk.telegram.star_balance == 57
    assert "refunded_payment" not in talk.anna.messages[-1].options
    talk.telegram.charge_back(payments[1].charge_id)
    assert "refunded_payment" in talk.anna.messages[-1].options
    assert talk.anna.stars == 400  # what Apple gave back is money
    page = "getStarTransactions takes an offset of 0 or more and a limit of 1-100"
    for wrong in ({"limit": 101}, {"limit": 0}, {"offset": -1}):
        assert await talk.refusal("getStarTransactions", **wrong) == page


async def test_answers_and_updates_get_lost_or_come_twice(talk: Talk) -> None:
    message = await invoice(talk)
    talk.telegram.updates.lose_next("successful_payment")
    talk.telegram.fault("answerPreCheckoutQuery", cut_after_effect=True)
    lost = talk.anna.pay(message)
    with pytest.raises(TelegramNetworkError):
        await talk.bot.answer_pre_checkout_query(lost.query_id, ok=True)
    assert (lost.outcome, talk.telegram.star_balance) == ("paid", 100)
    (query,) = await talk.updates()
    assert "pre_checkout_query" in query
    confirming = {"offset": query["update_id"] + 1}
    assert await talk.updates(**confirming) == []
    (missing,) = talk.telegram.updates.lost
    for _ in range(2):
        talk.telegram.updates.resend(missing.update_id)
        (note,) = await talk.updates(**confirming)
        assert note["message"]["successful_payment"]["invoice_payload"] == "order-1"
    talk.telegram.fault("refundStarPayment", cut_after_effect=True)
    with pytest.raises(TelegramNetworkError):
        await talk.bot.refund_star_payment(1001, lost.charge_id)
    assert lost.refunded


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
async def test_paying_in_a_browser(talk: Talk, tmp_path: Path) -> None:
    async with browsing(f"{talk.telegram.url}/#1001", tmp_path) as page:
        await invoice(talk)
        await expect(page.locator("#status")).to_contain_text("★ 500")
        await expect(page.locator(".invoice")).to_contain_text("60 картинок")
        for answer in ({"ok": False, "error_message": "закрыто"}, {"ok": True}):
            await page.locator(".key").click()
            query = await talk.telegram.wait_for(
                lambda: next((each for each in talk.telegram.payments if not each.outcome), None)
            )
            await talk.done(
                "answerPreCheckoutQuery", pre_checkout_query_id=query.query_id, **answer
            )
        await expect(page.locator(".toast")).to_have_text("Not paid: закрыто")
        await expect(page.locator(".service")).to_have_text("★ 100 paid")
        await expect(page.locator("#status")).to_contain_text("★ 400")
        talk.anna.stars = 1
        await page.locator(".key").click()
        await expect(page.locator(".toast").last).to_contain_text("too few to pay 100")
