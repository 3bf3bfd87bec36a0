"""The answer to "shall I draw this?", asked of people who want to be asked before a charge."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, User

from bot.delivery import Messenger
from bot.keyboards import QUESTION
from bot.orders import Orders
from bot.texts import Texts


def create_router() -> Router:
    """The buttons under the question."""
    router = Router(name=__name__)
    router.callback_query.register(answer_question, F.data.startswith(f"{QUESTION}:"))
    return router


async def answer_question(
    query: CallbackQuery,
    event_from_user: User,
    orders: Orders,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Draw what was asked about, or do not; the first answer counts."""
    _, answer, number = [*(query.data or "").split(":"), "", ""][:3]
    known = answer in {"yes", "no"} and number.lstrip("-").isdigit() and len(number) < 18
    if not known or not number.isascii() or query.message is None:
        messenger.answer_press(query.id)
        return
    said = await orders.answer(
        query.message.chat.id,
        int(number),
        event_from_user.id,
        query.message.message_id,
        texts,
        yes=answer == "yes",
    )
    messenger.answer_press(query.id, said)
