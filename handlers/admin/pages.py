"""The page buttons of the admins' lists."""

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from bot.cards.pager import PageButton, Pager
from bot.telegram.messenger import Messenger
from bot.texts import Texts


def create_router() -> Router:
    """The buttons that bot/cards/pager.py makes."""
    router = Router(name=__name__)
    router.callback_query.register(turn_page, PageButton.filter())
    return router


async def turn_page(
    query: CallbackQuery,
    callback_data: PageButton,
    pager: Pager,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Show the page as it is now, in place of the one that was there."""
    messenger.answer_press(query.id)
    if not isinstance(query.message, Message):
        return
    try:
        text, keyboard = await pager.page(callback_data.what, callback_data.number, texts)
    except LookupError:  # a list of another version's
        return
    messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)
