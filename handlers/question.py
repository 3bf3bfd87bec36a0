"""The answer to "shall I draw this?", asked before a charge: in doubt, or of who wants that."""

import re

from aiogram import F, Router
from aiogram.types import CallbackQuery, User

from bot.shop.orders import Orders
from bot.telegram.buttons import QUESTION
from bot.telegram.messenger import Messenger
from bot.texts import Texts

PRESS = re.compile(rf"{QUESTION}:(yes|no|never):(-?\d{{1,17}})", re.ASCII)


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
    match = PRESS.fullmatch(query.data or "")
    if match is None or query.message is None:
        messenger.answer_press(query.id)
        return
    said = await orders.answer(
        query.message.chat.id,
        int(match[2]),
        event_from_user.id,
        query.message.message_id,
        texts,
        yes=match[1] != "no",
        never_again=match[1] == "never",
    )
    messenger.answer_press(query.id, said)
