"""The buttons of the question "Shall I draw this?", which comes before a charge."""

from aiogram import Router
from aiogram.types import CallbackQuery, User

from bot.shop.orders import Orders
from bot.telegram.buttons import QuestionButton
from bot.telegram.messenger import Messenger
from bot.texts import Texts


def create_router() -> Router:
    """The buttons under the question."""
    router = Router(name=__name__)
    router.callback_query.register(answer_question, QuestionButton.filter())
    return router


async def answer_question(
    query: CallbackQuery,
    callback_data: QuestionButton,
    event_from_user: User,
    orders: Orders,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Draw it or not; the first answer counts."""
    if query.message is None:
        messenger.answer_press(query.id)
        return
    said = await orders.answer(
        query.message.chat.id,
        callback_data.message_id,
        event_from_user.id,
        query.message.message_id,
        texts,
        yes=callback_data.answer != "no",
        never_again=callback_data.answer == "never",
    )
    messenger.answer_press(query.id, said)
