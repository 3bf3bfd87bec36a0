"""Answers to pre-checkout queries, over connections of their own: whatever else is being sent, it
does not keep these waiting."""

import logging

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramNetworkError,
    TelegramServerError,
)

from bot.telegram.html import clip_units

TIMEOUT_S = 2  # of one attempt; Telegram waits for 10 s, and the order was looked at for 2
ATTEMPTS = 3
REASON_UNITS = 200

logger = logging.getLogger(__name__)


class Checkout:
    """Says whether a payment may go on."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def answer(self, query_id: str, objection: str | None) -> None:
        """Let the payment go on, or say why not. An answer that is lost is given again."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._bot.answer_pre_checkout_query(
                    query_id,
                    ok=objection is None,
                    error_message=clip_units(objection, REASON_UNITS) if objection else None,
                    request_timeout=TIMEOUT_S,
                )
            except (TelegramNetworkError, TelegramServerError, ClientDecodeError) as error:
                logger.warning("answer %d to a pre-checkout query: %s", attempt, error)
            except TelegramAPIError as error:
                logger.warning("a pre-checkout query could not be answered: %s", error)
                return
            else:
                return
