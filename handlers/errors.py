"""The boundary of the handlers: what nobody foresaw is logged, and the person is told."""

import logging

from aiogram.types import ErrorEvent

from bot.delivery import Messenger
from bot.texts import Texts

logger = logging.getLogger(__name__)


async def answer_error(event: ErrorEvent, messenger: Messenger, texts: Texts) -> bool:
    """Log the error and answer the message it came from. The transaction has been undone."""
    logger.error("update %d could not be handled", event.update.update_id, exc_info=event.exception)
    message = event.update.message
    if message is not None:
        messenger.say(message.chat.id, texts.broken(), reply_to=message.message_id)
    return True
