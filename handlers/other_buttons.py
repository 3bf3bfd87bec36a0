"""Unknown and outdated buttons: every press still gets an answer."""

from aiogram import Router
from aiogram.types import CallbackQuery

from bot.telegram.messenger import Messenger


def create_router() -> Router:
    """Presses that no other router took."""
    router = Router(name=__name__)
    router.callback_query.register(answer_unknown)
    return router


async def answer_unknown(query: CallbackQuery, messenger: Messenger) -> None:
    """Answer the press, so that the client stops waiting; nothing else happens."""
    messenger.answer_press(query.id)
