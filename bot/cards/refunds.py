"""The buttons of refunds: under the question, the request that admins get, /user, /paysupport."""

from collections.abc import Collection, Sequence
from typing import Literal

from bot.telegram.buttons import Button, ButtonData, Keyboard, Number
from bot.texts import Texts
from storage.payments import Payment

Verb = Literal["ask", "grant", "go", "force", "no"]


class RefundButton(ButtonData, prefix="refund"):
    """An admin's: "ask" makes the question, "go", "force" (what was spent is lost) and "no" answer
    it; "grant" stands under a person's request and tells a reply which one it answers."""

    verb: Verb
    payment_id: Number


class MoneyBackButton(ButtonData, prefix="moneyback"):
    """A person's: asks the admins for a payment's money."""

    payment_id: Number


def is_refundable(payment: Payment) -> bool:
    """Whether its money may still go back."""
    return payment.refund is None and payment.user_id > 0


def question_keyboard(payment: Payment, texts: Texts, *, force: bool) -> Keyboard:
    """Under the question whether the money shall go back."""
    number = payment.payment_id
    yes = RefundButton(verb="force" if force else "go", payment_id=number)
    no = RefundButton(verb="no", payment_id=number)
    return (
        (Button(texts.refund_button(payment), yes.pack(), style="danger"),),
        (Button(texts.no_refund_button(), no.pack()),),
    )


def request_keyboard(payment: Payment, texts: Texts) -> Keyboard:
    """Under what the admins read of a person's request. It stays: replies are known by it."""
    grant = RefundButton(verb="grant", payment_id=payment.payment_id)
    return ((Button(texts.refund_button(payment), grant.pack()),),)


def user_rows(payments: Sequence[Payment], texts: Texts) -> list[list[Button]]:
    """On /user, for each purchase whose money may go back."""
    return [
        [
            Button(
                texts.refund_of_day_button(each),
                RefundButton(verb="ask", payment_id=each.payment_id).pack(),
            )
        ]
        for each in payments
        if is_refundable(each)
    ]


def purchases_keyboard(
    payments: Sequence[Payment], asked: Collection[int], texts: Texts
) -> Keyboard:
    """Under the person's purchases: one for each that can be asked about."""
    return [
        [
            Button(
                texts.ask_money_back_button(each),
                MoneyBackButton(payment_id=each.payment_id).pack(),
            )
        ]
        for each in payments
        if is_refundable(each) and each.payment_id not in asked
    ]
