"""The error boundary of the handlers: unexpected errors are logged, and the person is told."""

import logging

from aiogram import Bot
from aiogram.types import ErrorEvent

from bot.telegram.messenger import Messenger
from bot.telegram.updates import ONLY_CHANCE, Chance
from bot.texts import Texts
from handlers.groups import is_for_the_bot
from storage.errors import StorageError

logger = logging.getLogger(__name__)


async def answer_error(
    event: ErrorEvent,
    bot: Bot,
    messenger: Messenger,
    texts: Texts,
    chance: Chance = ONLY_CHANCE,
) -> bool:
    """Log the error and answer the message it came from. The transaction has been undone. What the
    database refused, and Telegram will bring again, is answered once."""
    if isinstance(event.exception, StorageError):  # a fault of the machine: a line says it all
        logger.error("update %d was refused: %s", event.update.update_id, event.exception)
    else:
        logger.error(
            "update %d could not be handled", event.update.update_id, exc_info=event.exception
        )
    comes_again = isinstance(event.exception, StorageError) and not chance.is_last
    if chance.is_first or not comes_again:
        await _answer(event, bot, messenger, texts, comes_again=comes_again)
    if comes_again:
        raise event.exception
    return True


async def _answer(
    event: ErrorEvent, bot: Bot, messenger: Messenger, texts: Texts, *, comes_again: bool
) -> None:
    broken = texts.trying_again() if comes_again else texts.broken()
    if message := event.update.message:
        if message.chat.type != "private" and not await is_for_the_bot(message, bot):
            return
        said = texts.payment_late() if message.successful_payment else broken
        messenger.say(message.chat.id, said, reply_to=message.message_id)
    elif query := event.update.callback_query:
        messenger.answer_press(query.id, broken, alert=True)
