"""Turning the pages of the admins' lists."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.cards.pager import PAGE, Pager, read
from bot.telegram.messenger import Messenger
from bot.texts import Texts


def create_router() -> Router:
    """The buttons that bot/cards/pager.py makes."""
    router = Router(name=__name__)
    router.callback_query.register(turn_page, F.data.startswith(f"{PAGE}:"))
    return router


async def turn_page(query: CallbackQuery, pager: Pager, messenger: Messenger, texts: Texts) -> None:
    """Show the page as it is now, in place of the one that was there."""
    messenger.answer_press(query.id)
    named = read(query.data or "")
    if named is None or not isinstance(query.message, Message):
        return
    try:
        text, keyboard = await pager.page(*named, texts)
    except LookupError:  # a list of another version's
        return
    messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)
