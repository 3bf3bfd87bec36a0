"""Payments that Telegram tells of: may it go on, and it was made."""

from aiogram import F, Router
from aiogram.types import Message, PreCheckoutQuery, User

from bot.shop.payments.crediting import Crediting
from bot.shop.payments.stars import Stars
from bot.telegram.checkout import Checkout
from bot.texts import Texts
from bot.tools.retry import insist
from handlers.middlewares import FOR_EVERYBODY, UNLIMITED
from storage.payment_orders import STARS


def create_router() -> Router:
    """Before all other routers: a payment is one whatever the person is in the middle of."""
    router = Router(name=__name__)
    router.pre_checkout_query.register(check_out)
    router.message.register(
        take_payment, F.successful_payment, flags={**FOR_EVERYBODY, **UNLIMITED}
    )
    return router


async def check_out(
    query: PreCheckoutQuery, event_from_user: User, stars: Stars, checkout: Checkout, texts: Texts
) -> None:
    """Somebody pressed Pay; Telegram waits for 10 s."""
    objection = await stars.objection(
        query.invoice_payload, event_from_user.id, query.total_amount, query.currency, texts
    )
    await checkout.answer(query.id, objection)


async def take_payment(
    message: Message, event_from_user: User, crediting: Crediting, texts: Texts
) -> None:
    """Telegram has the Stars. Also where the disk is full or held, this is tried until it is done:
    the update comes again, should the bot end meanwhile."""
    payment = message.successful_payment
    assert payment is not None  # noqa: S101 - the router saw to it
    await insist(
        lambda: crediting.credit(
            STARS,
            payment.telegram_payment_charge_id,
            order_id=payment.invoice_payload,
            user_id=event_from_user.id,
            amount=payment.total_amount,
            currency=payment.currency,
            language=texts.language,
        )
    )
