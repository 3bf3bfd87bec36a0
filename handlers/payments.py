"""Payments that Telegram tells of: may it go on, and it was made."""

from aiogram import Router
from aiogram.types import PreCheckoutQuery, User

from bot.shop.payments.stars import Stars
from bot.telegram.checkout import Checkout
from bot.texts import Texts


def create_router() -> Router:
    """Before all other routers: a payment is one whatever the person is in the middle of."""
    router = Router(name=__name__)
    router.pre_checkout_query.register(check_out)
    return router


async def check_out(
    query: PreCheckoutQuery, event_from_user: User, stars: Stars, checkout: Checkout, texts: Texts
) -> None:
    """Somebody pressed Pay; Telegram waits for 10 s."""
    objection = await stars.objection(
        query.invoice_payload, event_from_user.id, query.total_amount, query.currency, texts
    )
    await checkout.answer(query.id, objection)
