"""Requests for a refund: each reaches the admins, and their words reach the person."""

import asyncio
import logging
from collections.abc import Iterable, Mapping

from bot.cards.refunds import request_keyboard
from bot.telegram.errors import DeliveryError, UnreachableError
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.catalogues import DEFAULT_LANGUAGE
from bot.tools.retry import insist
from storage.errors import StorageError
from storage.payments import Payment, Payments
from storage.people import People
from storage.refund_requests import RefundRequests

AT_ONCE = 20
LATEST = 4  # purchases on the card, with the one that it is about
PAUSE_S = 60.0

logger = logging.getLogger(__name__)


class Requests:
    """Hands requests on to the admins, those of an earlier process too."""

    def __init__(
        self,
        refund_requests: RefundRequests,
        payments: Payments,
        people: People,
        messenger: Messenger,
        texts: Mapping[str, Texts],
        admin_ids: Iterable[int],
    ) -> None:
        self._requests = refund_requests
        self._payments = payments
        self._people = people
        self._messenger = messenger
        self._texts = texts
        self._admin_ids = tuple(admin_ids)
        self._more = asyncio.Event()

    def wake(self) -> None:
        """Wake the loop: somebody asked."""
        self._more.set()

    async def run(self) -> None:
        """Hand on what there is, then wait for more, until cancelled."""
        while True:
            self._more.clear()
            pause_s: float | None = None
            try:
                await insist(self._hand_on)
            except (UnreachableError, StorageError) as error:
                pause_s = PAUSE_S
                logger.warning("requests for refunds wait, again in %.0f s: %s", pause_s, error)
            except Exception:  # no request must stop the bot
                pause_s = PAUSE_S
                logger.exception("requests for refunds wait, again in %.0f s", pause_s)
            try:
                async with asyncio.timeout(pause_s):
                    await self._more.wait()
            except TimeoutError:
                continue

    async def _hand_on(self) -> None:
        while self._admin_ids and (payments := await self._requests.untold(AT_ONCE)):
            for payment in payments:
                await self._tell(payment)
                await self._requests.told(payment.payment_id)

    async def _tell(self, payment: Payment) -> None:
        texts = self._texts[DEFAULT_LANGUAGE]
        person = await self._people.get(payment.user_id)
        latest = await self._payments.of_person(payment.user_id, LATEST)
        text = texts.refund_request(payment, person, latest)
        unreachable: list[UnreachableError] = []
        for admin_id in self._admin_ids:
            try:
                await self._messenger.send(
                    admin_id, text, keyboard=request_keyboard(payment, texts)
                )
            except UnreachableError as error:
                unreachable.append(error)
            except DeliveryError as error:
                logger.error("admin %d does not get a request for a refund: %s", admin_id, error)
        if len(unreachable) == len(self._admin_ids):  # it is not theirs: nobody has it
            raise unreachable[0]

    async def answer(self, payment: Payment, words: str, texts: Texts) -> bool:
        """Send an admin's words to who paid; `texts` are in their language."""
        try:
            await self._messenger.send(payment.user_id, texts.answer_of_team(payment, words))
        except DeliveryError as error:
            logger.warning("an answer did not reach %d: %s", payment.user_id, error)
            return False
        return True
