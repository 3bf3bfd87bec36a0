"""Purchases of a person: asking for the money back, and what Telegram tells of money gone back."""

from functools import partial

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.cards.refunds import MoneyBackButton, purchases_keyboard
from bot.settings import Settings
from bot.shop.payments.reconcile import Reconciler
from bot.shop.payments.refunds import Refunds
from bot.shop.payments.requests import Requests
from bot.telegram.buttons import Keyboard
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.tools.retry import insist
from handlers.middlewares import FOR_EVERYBODY, UNLIMITED
from storage.payment_orders import STARS
from storage.payments import Payments
from storage.refund_requests import RefundRequests

PURCHASES_SHOWN = 5


def create_router() -> Router:
    """Before all other routers: it is so whatever the person is in the middle of."""
    router = Router(name=__name__)
    router.message.register(note_refund, F.refunded_payment, flags={**FOR_EVERYBODY, **UNLIMITED})
    private = F.message.chat.type == "private"
    router.callback_query.register(
        ask_money_back, MoneyBackButton.filter(), private, flags=FOR_EVERYBODY
    )
    return router


async def note_refund(message: Message, refunds: Refunds, reconciler: Reconciler) -> None:
    """Telegram gave Stars back: at the bot's word, or without it."""
    payment = message.refunded_payment
    assert payment is not None  # noqa: S101 - the router saw to it
    charge = payment.telegram_payment_charge_id
    if await insist(partial(refunds.made_elsewhere, STARS, charge)) is None:
        reconciler.wake()  # the payment has to be credited first


async def purchases_card(
    user_id: int,
    payments: Payments,
    refund_requests: RefundRequests,
    settings: Settings,
    texts: Texts,
) -> tuple[str, Keyboard] | None:
    """A person's latest purchases, with buttons to ask for the money; None: there is none."""
    latest = await payments.of_person(user_id, PURCHASES_SHOWN)
    if not latest:
        return None
    if not settings.admin_ids:
        return texts.purchases_without_admins(latest), ()
    asked = await refund_requests.open_of(user_id)
    return texts.purchases(latest, asked), purchases_keyboard(latest, asked, texts)


async def ask_money_back(
    query: CallbackQuery,
    callback_data: MoneyBackButton,
    payments: Payments,
    refund_requests: RefundRequests,
    requests: Requests,
    settings: Settings,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Hand a person's request on to the admins, once until it is answered."""
    user_id = query.from_user.id
    if not settings.admin_ids:
        messenger.answer_press(query.id, texts.no_admins(), alert=True)
        return
    new = await refund_requests.ask(callback_data.payment_id, user_id)
    requests.wake()
    messenger.answer_press(query.id, texts.money_back_asked(new=new), alert=True)
    card = await purchases_card(user_id, payments, refund_requests, settings, texts)
    if card is not None and query.message is not None:
        text, keyboard = card
        messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)
