"""Telegram Stars: whether an invoice may be paid at this moment."""

import asyncio
import logging
from collections.abc import Mapping

from bot.settings import Settings
from bot.texts import Texts
from storage.maintenance import Maintenance
from storage.payment_orders import PaymentOrders
from storage.people import People
from storage.preferences import PreferenceStore

CHECK_S = 2.0  # of the 10 s that Telegram waits for the answer

logger = logging.getLogger(__name__)


class Stars:
    """The gateway of Telegram's own currency."""

    def __init__(
        self,
        *,
        settings: Settings,
        payment_orders: PaymentOrders,
        people: People,
        maintenance: Maintenance,
        preferences: PreferenceStore,
        texts: Mapping[str, Texts],
        check_s: float,
    ) -> None:
        self._settings = settings
        self._orders = payment_orders
        self._people = people
        self._maintenance = maintenance
        self._preferences = preferences
        self._texts = texts
        self._check_s = check_s

    async def objection(
        self, order_id: str, user_id: int, amount: int, currency: str, texts: Texts
    ) -> str | None:
        """Why that person cannot pay this now, in their language (else in that of `texts`); None:
        they can. It only reads, and it does not take long: in doubt, nobody pays."""
        try:
            async with asyncio.timeout(self._check_s):
                language = await self._preferences.language(user_id)
                texts = self._texts.get(language or "", texts)
                return await self._objection(order_id, user_id, amount, currency, texts)
        except Exception as error:  # whatever it is: without an answer the person is left waiting
            is_slow = isinstance(error, TimeoutError)
            logger.error("a pre-checkout could not be looked at: %r", error, exc_info=not is_slow)
            return texts.checkout_failed()

    async def _objection(
        self, order_id: str, user_id: int, amount: int, currency: str, texts: Texts
    ) -> str | None:
        if (closed := await self._maintenance.text()) is not None:
            return texts.maintenance_in_short(closed)
        banned = user_id not in self._settings.admin_ids and await self._people.ban_of(user_id)
        if banned or banned == "":
            return texts.banned_from_paying()
        refusal = await self._orders.refusal(order_id, user_id, amount, currency)
        return None if refusal is None else texts.not_payable(refusal)
