"""Telegram Stars: invoices, payments, refunds, and the list of the bot's transactions.

Bot API, "Payments"; github.com/tdlib/telegram-bot-api, telegram-bot-api/Client.cpp
(get_input_message_invoice, JsonStarTransaction); github.com/tdlib/td, td/telegram/InputInvoice.cpp.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from .refusal import RefusedError
from .shapes import Shape, array, boolean, has, integer, needs, shaped, string
from .state import Chat, Invoice, Payment, State

Params = dict[str, Any]
MAX_TITLE = 32
MAX_DESCRIPTION = 255
MAX_PAYLOAD_BYTES = 128
MAX_STARS = 100_000  # a guess: Telegram publishes no number


def _required(name: str) -> str:
    return f'parameter "{name}" is required'


_PRICE: Shape = {
    "label": needs(string, "can't parse labeled price: LabeledPrice label must be non-empty"),
    "amount": needs(integer),
}
INVOICE: Shape = {
    **{name: needs(string, _required(name)) for name in ("title", "description", "payload")},
    "currency": needs(string, _required("currency")),
    "prices": needs(array(shaped(_PRICE, "LabeledPrice")), _required("prices")),
    "provider_token": has(string),
    "start_parameter": has(string),
    "max_tip_amount": has(integer),
    "suggested_tip_amounts": has(array(integer)),
}
ANSWER: Shape = {
    "pre_checkout_query_id": needs(string, _required("pre_checkout_query_id")),
    "ok": needs(boolean),
    "error_message": has(string),
}
REFUND: Shape = {
    "user_id": needs(integer, "invalid user_id specified"),
    "telegram_payment_charge_id": needs(string, _required("telegram_payment_charge_id")),
}
PAGE: Shape = {"offset": has(integer), "limit": has(integer)}


def invoice_of(params: Params) -> Invoice:
    """The invoice that is to be sent. Raises RefusedError."""
    if not params["prices"]:
        raise RefusedError("there must be at least one price")
    total = sum(price["amount"] for price in params["prices"])
    if total <= 0:
        raise RefusedError("total price must be positive")
    if params["currency"] != "XTR" or "provider_token" in params:
        raise RefusedError("PAYMENT_PROVIDER_INVALID")  # nobody but Telegram sells here
    tips = params.get("max_tip_amount") or params.get("suggested_tip_amounts")
    if len(params["prices"]) != 1 or tips:
        raise RefusedError("STARS_INVOICE_INVALID")
    if total > MAX_STARS:
        raise RefusedError("CURRENCY_TOTAL_AMOUNT_INVALID")
    # Telegram's own words for these two are not known.
    for name, most in (("title", MAX_TITLE), ("description", MAX_DESCRIPTION)):
        if len(params[name]) > most:
            raise RefusedError(f"invoice {name} must have 1-{most} characters")
    if len(params["payload"].encode("utf-8", "surrogatepass")) > MAX_PAYLOAD_BYTES:
        raise RefusedError("INVOICE_PAYLOAD_INVALID")
    start = params.get("start_parameter", "")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,64}", start):
        raise RefusedError("START_PARAM_INVALID")
    return Invoice(params["title"], params["description"], start, total, params["payload"])


def ask_to_pay(state: State, payer: dict[str, Any], chat: Chat, invoice: Invoice) -> Payment:
    """A press of Pay, queued for the bot as a pre-checkout query."""
    query_id = str(next(state.query_ids))
    payment = Payment(query_id, payer, chat, invoice, state.clock, state.clock())
    state.payments.append(payment)
    query = {"id": query_id, "from": payer, **_sum(invoice)}
    state.updates.add("pre_checkout_query", query)
    return payment


def answer_pre_checkout_query(state: State, params: Params) -> bool:
    if not params["ok"] and "error_message" not in params:
        raise RefusedError(_required("error_message"))
    query_id = params["pre_checkout_query_id"]
    payment = next((each for each in state.payments if each.query_id == query_id), None)
    if payment is None or payment.outcome is not None:
        raise RefusedError("query is too old and response timeout expired or query ID is invalid")
    wallet = state.chats[payment.payer["id"]]
    if not params["ok"]:
        payment.ended = params["error_message"]
    elif wallet.stars < payment.invoice.total_amount:
        payment.ended = "BALANCE_TOO_LOW"  # they went elsewhere meanwhile
    else:
        payment.ended, payment.charge_id = "paid", new_charge_id(state)
        give_stars(state, wallet, -payment.invoice.total_amount)
        record(state, payment.invoice.total_amount, _partner(payment), payment.charge_id)
        provider = {"provider_payment_charge_id": f"{payment.payer['id']}_{query_id}"}
        _note(state, payment, payment.payer, "successful_payment", provider)
    state.changed()
    return True


def refund_star_payment(state: State, params: Params) -> bool:
    if params["user_id"] <= 0:
        raise RefusedError("invalid user_id specified")
    payment = find_charge(state, params["telegram_payment_charge_id"])
    if payment is None or payment.payer["id"] != params["user_id"]:
        raise RefusedError("CHARGE_NOT_FOUND")
    if payment.refunded:
        raise RefusedError("CHARGE_ALREADY_REFUNDED")
    give_back(state, payment, stars=payment.invoice.total_amount, told=True)
    return True


def get_star_transactions(state: State, params: Params) -> dict[str, Any]:
    offset, limit = params.get("offset", 0), params.get("limit", 100)
    if offset < 0 or not 1 <= limit <= 100:
        # The real server goes to the nearest value it takes; here the slip is to be seen.
        raise RefusedError("getStarTransactions takes an offset of 0 or more and a limit of 1-100")
    return {"transactions": state.star_transactions[offset : offset + limit]}


def get_my_star_balance(state: State, params: Params) -> dict[str, Any]:
    return {"amount": state.star_balance}


def find_charge(state: State, charge: str) -> Payment | None:
    """The payment of that charge id."""
    return next((each for each in state.payments if charge and each.charge_id == charge), None)


def give_stars(state: State, wallet: Chat, stars: int) -> None:
    """Let a person have so many more."""
    wallet.stars += stars
    state.tell("stars", lambda: {"chat_id": wallet.chat_id, "stars": wallet.stars})


def give_back(state: State, payment: Payment, *, stars: int, told: bool) -> None:
    """Take a payment from the bot, and give the person so many Stars for it."""
    payment.refunded = True
    give_stars(state, state.chats[payment.payer["id"]], stars)
    record(state, -payment.invoice.total_amount, _partner(payment), payment.charge_id)
    if told:
        # A message of the bot's own, which it gets as an update nevertheless.
        _note(state, payment, state.bot, "refunded_payment", {})


def record(state: State, stars: int, partner: dict[str, Any], transaction_id: str) -> None:
    """Put a transaction of the bot's into the list: incoming, or outgoing if below 0."""
    state.star_balance += stars
    side = "source" if stars > 0 else "receiver"
    entry = {"id": transaction_id, "amount": abs(stars), "date": int(state.clock())}
    state.star_transactions.append(entry | {side: partner})


def new_charge_id(state: State) -> str:
    """A new one, as long as those of Telegram: above 128 characters, so it fits no button."""
    number = f"{state.token} {next(state.charge_numbers)}"
    return f"stx{base64.urlsafe_b64encode(hashlib.shake_128(number.encode()).digest(96)).decode()}"


def _partner(payment: Payment) -> dict[str, Any]:
    about = {"type": "user", "transaction_type": "invoice_payment", "user": payment.payer}
    return about | {"invoice_payload": payment.invoice.payload}


def _sum(invoice: Invoice) -> dict[str, Any]:
    total = {"currency": "XTR", "total_amount": invoice.total_amount}
    return total | {"invoice_payload": invoice.payload}


def _note(
    state: State, payment: Payment, sender: dict[str, Any], name: str, more: dict[str, str]
) -> None:
    """Tell both sides by a service message."""
    body = {**_sum(payment.invoice), "telegram_payment_charge_id": payment.charge_id, **more}
    payment.chat.started = True
    message = state.new_message(payment.chat, sender, options={name: body})
    state.updates.add("message", message.wire())
