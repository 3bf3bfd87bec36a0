"""Telegram's side of Stars: giving a payment back, the list of what came and went, the balance."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramRetryAfter,
)
from aiogram.methods import TelegramMethod

from bot.telegram.errors import StarsRefusedError, StarsUnreachableError

PAGE = 100  # Telegram gives no more at once
DONE_BEFORE = "CHARGE_ALREADY_REFUNDED"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StarMove:
    """Stars that somebody paid for an invoice (`came`), or that went back to them."""

    charge_id: str
    stars: int
    came: bool
    user_id: int
    payload: str
    language: str  # that of their Telegram, or ""


class _GetRawStarTransactions(TelegramMethod[dict[str, Any]]):
    """getStarTransactions without aiogram's check: a partner of a kind that came up after this
    program was written would hold up all that come after it."""

    __returning__ = dict[str, Any]
    __api_method__ = "getStarTransactions"

    offset: int
    limit: int = PAGE


class StarCalls:
    """What the bot asks of Telegram about its Stars."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def give_back(self, user_id: int, charge_id: str) -> None:
        """Have a payment's Stars given back; that it was done before is done.

        Raises:
            StarsRefusedError: Telegram does not do it, however often it is asked.
            StarsUnreachableError: it may be done or not; ask again.
        """
        try:
            await self._bot.refund_star_payment(user_id, charge_id)
        except (TelegramBadRequest, TelegramForbiddenError) as error:
            if DONE_BEFORE not in error.message:
                raise StarsRefusedError(error.message) from error
        except TelegramRetryAfter as error:
            raise StarsUnreachableError(str(error), after_s=float(error.retry_after)) from error
        except (TelegramAPIError, ClientDecodeError) as error:
            raise StarsUnreachableError(str(error)) from error

    async def moves(self, offset: int) -> Sequence[StarMove | None]:
        """The bot's transactions from there on, the oldest first, PAGE at most; None is none of an
        invoice's.

        Raises:
            StarsUnreachableError: no usable answer.
        """
        try:
            answer = await self._bot(_GetRawStarTransactions(offset=offset))
        except (TelegramAPIError, ClientDecodeError) as error:
            raise StarsUnreachableError(str(error)) from error
        return [_move(each) for each in answer.get("transactions", ())]

    async def balance(self) -> int:
        """The Stars that the bot has.

        Raises:
            StarsUnreachableError: no usable answer.
        """
        try:
            return (await self._bot.get_my_star_balance()).amount
        except (TelegramAPIError, ClientDecodeError) as error:
            raise StarsUnreachableError(str(error)) from error


def _move(raw: dict[str, Any]) -> StarMove | None:
    """Withdrawals, gifts and fees are none: only what was paid for an invoice, and its way back."""
    try:
        came = "source" in raw
        partner = raw.get("source" if came else "receiver") or {}
        if (partner.get("type"), partner.get("transaction_type")) != ("user", "invoice_payment"):
            return None
        user, payload = partner["user"], partner.get("invoice_payload", "")
        language = user.get("language_code", "")
        return StarMove(raw["id"], raw["amount"], came, user["id"], payload, language)
    except (KeyError, AttributeError) as error:  # one that nobody can read holds up no other
        logger.error("a Star transaction is left out: %r", error)
        return None
