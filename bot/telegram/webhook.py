"""The webhook: the address to which Telegram brings updates, set at the start and watched since."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramRetryAfter,
)
from aiogram.types import WebhookInfo

from bot.service_limits import WEBHOOK_CONNECTIONS
from bot.settings import Settings
from bot.tools.heartbeats import UPDATES, Heartbeats

PATH = "/telegram/"  # and then one that nobody can guess
LOOK_S = 60.0  # between looks at how Telegram fares with it
FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 30.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeliveryError:
    """Why Telegram could not bring an update, and when that was last."""

    at: datetime
    what: str


def address_of(settings: Settings) -> str:
    """The address of this bot's webhook."""
    return f"{settings.public_url}{PATH}{settings.telegram_path}"


def last_error(info: WebhookInfo) -> DeliveryError | None:
    """What Telegram tells; it stays there when others got through since."""
    if info.last_error_date is None:
        return None
    return DeliveryError(
        info.last_error_date.astimezone(UTC), info.last_error_message or "no reason given"
    )


class Webhook:
    """Has one set, and keeps it.

    Attributes:
        waiting: updates that wait at Telegram, by the last look.
        error: the last one of Telegram's, by the last look.
    """

    def __init__(self, bot: Bot, url: str, secret: str) -> None:
        self._bot = bot
        self._url, self._secret = url, secret
        self.waiting = 0
        self.error: DeliveryError | None = None

    async def keep(
        self, stopped: asyncio.Future[Any], allowed: list[str], heartbeats: Heartbeats
    ) -> None:
        """Have it set until stopped. It is left there then: what comes meanwhile waits."""
        is_set, pause_s = False, 0.0
        while not stopped.done():
            ask = asyncio.ensure_future(self._look() if is_set else self._set(allowed))
            try:
                await asyncio.wait([ask, stopped], return_when=asyncio.FIRST_COMPLETED)
                if not ask.done():
                    return
                is_set = ask.result()
                pause_s = 0.0
                rest_s = LOOK_S if is_set else 0.0
            except (TelegramAPIError, ClientDecodeError) as error:
                rest_s = pause_s = _pause(error, pause_s)
            finally:
                ask.cancel()
            heartbeats.beat(UPDATES, rest_s=rest_s)
            await asyncio.wait([stopped], timeout=rest_s)

    async def _set(self, allowed: list[str]) -> bool:
        await self._bot.set_webhook(
            self._url,
            secret_token=self._secret,
            max_connections=WEBHOOK_CONNECTIONS,
            allowed_updates=allowed,
            drop_pending_updates=False,
        )
        logger.info("Telegram brings updates by a webhook")
        return True

    async def _look(self) -> bool:
        """How Telegram fares; whether the webhook is still ours."""
        info = await self._bot.get_webhook_info()
        if info.url != self._url:
            logger.error(
                "another program with this bot's token changed the webhook, which is set again:"
                " stop it, or use another token"
            )
            return False
        error = last_error(info)
        if error is not None and error != self.error:
            logger.warning("Telegram could not bring an update: %.300s", error.what)
        self.waiting, self.error = info.pending_update_count, error
        return True


def _pause(error: Exception, last_s: float) -> float:
    """Seconds until Telegram is asked again."""
    if isinstance(error, TelegramRetryAfter):
        return float(error.retry_after)
    pause_s = min(max(last_s * 2, FIRST_PAUSE_S), MAX_PAUSE_S)
    if isinstance(error, TelegramBadRequest):
        logger.error(
            "Telegram refuses the webhook, again in %.0f s: mend PUBLIC_URL, or set WEBHOOK=off to"
            " ask Telegram for updates (%.300s)",
            pause_s,
            error.message,
        )
    else:
        logger.warning("Telegram did not take the webhook, again in %.0f s: %.300s", pause_s, error)
    return pause_s
