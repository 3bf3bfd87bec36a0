"""Refunds: /refund, its buttons on /user and under requests, and the admins' words to who asked."""

import re
from collections.abc import Mapping
from typing import Any

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message, User

from bot.cards.refunds import RefundButton, question_keyboard
from bot.shop.payments.refunds import Refunds
from bot.shop.payments.requests import Requests
from bot.telegram.buttons import Keyboard
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.catalogues import DEFAULT_LANGUAGE
from bot.texts.closed import REASON_CHARS
from bot.texts.refunds import ANSWER_CHARS
from bot.tools.background import Background
from handlers.admin.acts import by_message, by_press
from handlers.middlewares import FOR_EVERYBODY
from storage.errors import (
    ForeignPaymentError,
    InsufficientTokensError,
    UnknownPaymentError,
    UnknownUserError,
)
from storage.journal import Act
from storage.payments import SHORT_ID_CHARS, Payment, Payments
from storage.people import People
from storage.preferences import PreferenceStore
from storage.refund_requests import RefundRequests

REFUND = re.compile(rf"(\S{{{SHORT_ID_CHARS},256}})(?:\s+(.+))?", re.DOTALL)


def create_router() -> Router:
    """PAYMENT is the gateway's id, or a part of it."""
    router = Router(name=__name__)
    router.message.register(refund, Command("refund"))
    router.callback_query.register(press_refund, RefundButton.filter())
    return router


def create_answer_router(admin_ids: frozenset[int]) -> Router:
    """Replies to requests, which are no commands and no prompts."""
    router = Router(name=f"{__name__}.answer")
    router.message.register(
        answer_request,
        F.chat.type == "private",
        F.from_user.id.in_(admin_ids),
        ~F.text.startswith("/"),
        answers_request,
        flags=FOR_EVERYBODY,  # the team's work: no welcome tokens for it
    )
    return router


async def refund(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    payments: Payments,
    people: People,
    refunds: Refunds,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Give a payment's money back; where tokens of it were spent, ask first."""
    match = REFUND.fullmatch((command.args or "").strip())
    if match is None:
        messenger.say(message.chat.id, texts.refund_usage())
        return
    word, reason = match[1], (match[2] or "").strip()
    if len(reason) > REASON_CHARS:
        messenger.say(message.chat.id, texts.too_long(len(reason), REASON_CHARS))
        return
    found = await payments.meant(word)
    if len(found) != 1:
        said = texts.several_payments(word) if found else texts.no_such_payment(word)
        messenger.say(message.chat.id, said)
        return
    act = by_message(message, event_from_user)
    text, keyboard = await _begin(found[0], act, refunds, people, texts, reason=reason)
    messenger.say(message.chat.id, text, reply_to=message.message_id, keyboard=keyboard)


async def press_refund(
    query: CallbackQuery,
    callback_data: RefundButton,
    payments: Payments,
    people: People,
    refunds: Refunds,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """From a person's card, from their request, or in answer to the question."""
    payment = await payments.get(callback_data.payment_id)
    messenger.answer_press(query.id)
    card = query.message
    if payment is None or card is None:
        return
    keyboard: Keyboard = ()
    text = texts.refund_dropped()
    match callback_data.verb:
        case "ask":
            text, keyboard = await _question(payment, people, texts)
        case "go" | "force" | "grant":
            text, keyboard = await _begin(
                payment,
                by_press(query),
                refunds,
                people,
                texts,
                reason=_reason(card),
                force=callback_data.verb == "force",
            )
    if callback_data.verb in {"ask", "grant"}:  # what the card says still holds
        messenger.say(card.chat.id, text, reply_to=card.message_id, keyboard=keyboard)
    else:
        messenger.change(card.chat.id, card.message_id, text, keyboard=keyboard)


async def _begin(
    payment: Payment,
    act: Act,
    refunds: Refunds,
    people: People,
    texts: Texts,
    *,
    reason: str = "",
    force: bool = False,
) -> tuple[str, Keyboard]:
    """Begin a refund; what to say, and the buttons of a question."""
    try:
        refunded = await refunds.begin(payment.payment_id, act, reason=reason, force=force)
    except InsufficientTokensError:
        return await _question(payment, people, texts)
    except UnknownPaymentError:
        return texts.no_such_payment(payment.short_id), ()
    except ForeignPaymentError:
        return texts.refund_of_other_bot(), ()
    except UnknownUserError:
        return texts.refund_of_nobody(), ()
    return texts.refund_begun(refunded), ()


async def _question(payment: Payment, people: People, texts: Texts) -> tuple[str, Keyboard]:
    if payment.refund is not None:
        return texts.refund_before(done=payment.refund == "done"), ()
    person = await people.get(payment.user_id)
    if person is None or payment.user_id < 0:
        return texts.refund_of_nobody(), ()
    return (
        texts.refund_question(payment, texts.person(person), person.balance),
        question_keyboard(payment, texts, force=person.balance < payment.tokens),
    )


def _reason(card: Any) -> str:
    """What the command said, to which the question replies."""
    command = getattr(card, "reply_to_message", None)
    words = (command.text if command is not None else None) or ""
    name, _, rest = words.partition(" ")
    match = REFUND.fullmatch(rest.strip()) if name.startswith("/refund") else None
    return (match[2] or "").strip()[:REASON_CHARS] if match else ""


def answers_request(message: Message) -> bool | dict[str, int]:
    """Whether a message replies to a request; hands on which payment it is about."""
    card = message.reply_to_message
    if card is None or card.reply_markup is None:
        return False
    for row in card.reply_markup.inline_keyboard:
        for button in row:
            if (number := _granted_by(button.callback_data or "")) is not None:
                return {"payment_id": number}
    return False


def _granted_by(data: str) -> int | None:
    try:
        button = RefundButton.unpack(data)
    except (ValueError, TypeError):
        return None
    return button.payment_id if button.verb == "grant" else None


async def answer_request(
    message: Message,
    payment_id: int,
    event_from_user: User,
    payments: Payments,
    preferences: PreferenceStore,
    people: People,
    refund_requests: RefundRequests,
    requests: Requests,
    background: Background,
    messenger: Messenger,
    texts: Texts,
    all_texts: Mapping[str, Texts],
) -> None:
    """Pass an admin's words on to the person; once for each message."""
    chat_id = message.chat.id
    if message.text is None:
        messenger.say(chat_id, texts.answer_in_words(), reply_to=message.message_id)
        return
    if len(message.text) > ANSWER_CHARS:
        messenger.say(chat_id, texts.too_long(len(message.text), ANSWER_CHARS))
        return
    payment = await payments.get(payment_id)
    person = await people.get(payment.user_id) if payment and payment.user_id > 0 else None
    if payment is None or person is None:
        messenger.say(chat_id, texts.refund_of_nobody())
        return
    if not await refund_requests.answer(payment_id, by_message(message, event_from_user)):
        return
    chosen = await preferences.language(person.user_id) or person.language
    theirs = all_texts.get(chosen) or all_texts[DEFAULT_LANGUAGE]
    words = message.text

    def say(text: str) -> None:
        messenger.say(chat_id, text, reply_to=message.message_id)

    async def pass_on() -> None:
        reached = await requests.answer(payment, words, theirs)
        say(texts.answer_sent() if reached else texts.answer_not_sent())

    background.run(pass_on(), lambda: say(texts.answer_not_sent()))
