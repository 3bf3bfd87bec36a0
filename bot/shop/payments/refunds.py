"""Refunds: the outbox of money to be given back, and what went back without us.

The tokens were taken in the transaction that wrote the row (storage/payment_refunds.py). However
the process ends, the gateway is asked until it says yes, that it was done before, or no for good.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from bot.media.outbox import FIRST_PAUSE_S, MAX_PAUSE_S, Outbox
from bot.telegram.errors import StarsRefusedError, StarsUnreachableError
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.catalogues import DEFAULT_LANGUAGE
from bot.tools.retry import insist, pause_after
from storage.journal import Act
from storage.payment_refunds import PaymentRefunds, Refund, Refunded
from storage.payments import Payment

Row = tuple[Refund, Payment]
GiveBack = Callable[[int, str], Awaitable[None]]  # to whom, and which payment: the gateway's id
TellAdmins = Callable[[Callable[[Texts], str]], None]

logger = logging.getLogger(__name__)


class Refunds(Outbox[Row]):
    """Gives money back by way of its gateway, and tells of each refund that ended; `ended` hears
    of all of them, once each."""

    subject = "refunds"

    def __init__(
        self,
        payment_refunds: PaymentRefunds,
        gateways: Mapping[str, GiveBack],
        messenger: Messenger,
        texts: Mapping[str, Texts],
        tell_admins: TellAdmins,
        *,
        ended: Callable[[Refunded], None],
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        super().__init__(first_pause_s=first_pause_s)
        self._refunds = payment_refunds
        self._gateways = gateways
        self._messenger = messenger
        self._texts = texts
        self._tell_admins = tell_admins
        self._ended = ended

    async def begin(
        self, payment_id: int, act: Act, *, reason: str = "", force: bool = False
    ) -> Refunded:
        """Take the tokens, and have the money given back, as `PaymentRefunds.begin` does it."""
        refunded = await self._refunds.begin(payment_id, act, reason=reason, force=force)
        self.wake()
        self.tell(refunded)  # a transfer by hand has ended with that
        return refunded

    async def made_elsewhere(self, gateway: str, external_id: str) -> Refunded | None:
        """A gateway tells that the money of a payment is back; None: there is no such payment."""
        refunded = await self.book(gateway, external_id)
        if refunded is not None and refunded.new and refunded.refund.asked_by is None:
            self._tell_admins(lambda texts: texts.refunded_elsewhere(refunded))
        return refunded

    async def book(self, gateway: str, external_id: str) -> Refunded | None:
        """The same, but the admins hear of what was made elsewhere from the caller."""
        refunded = await self._refunds.made_elsewhere(gateway, external_id)
        if refunded is not None:
            self.tell(refunded)
        return refunded

    def tell(self, refunded: Refunded) -> None:
        """Tell the payer, who invited them, and the admins of their own refunds that ended now."""
        refund, payment = refunded.refund, refunded.payment
        if not refunded.new or refund.state == "pending":
            return
        self._ended(refunded)
        if refund.state == "failed":
            self._tell_admins(lambda texts: texts.refund_failed(refunded))
            return
        if refund.asked_by is not None:
            self._tell_admins(lambda texts: texts.refund_done(refunded))
        if payment.user_id > 0:
            self._messenger.say(payment.user_id, self._of(refunded.language).money_back(refunded))
        if (undone := refunded.undone) is not None:
            said = self._of(undone.language).reward_undone(undone)
            self._messenger.say(undone.inviter_id, said)

    def _of(self, language: str) -> Texts:
        return self._texts.get(language) or self._texts[DEFAULT_LANGUAGE]

    async def _due(self, limit: int) -> Sequence[Row]:
        return await self._refunds.due(limit)

    async def _due_in_s(self) -> float | None:
        return await self._refunds.due_in_s()

    async def _do(self, row: Row) -> None:
        refund, payment = row
        assert refund.pay_to is not None  # noqa: S101 - while it is pending
        try:
            await self._gateways[payment.gateway](refund.pay_to, payment.external_id)
        except StarsRefusedError as error:
            logger.warning("refund %d was refused: %s", refund.refund_id, error)
            end = partial(self._refunds.failed, refund.refund_id, str(error))
        except StarsUnreachableError as error:
            pause_s = error.after_s or self._pause_after(refund)
            logger.warning(
                "refund %d: no answer, again in %.0f s: %s", refund.refund_id, pause_s, error
            )
            await self._refunds.again(refund.refund_id, pause_s, str(error))
            return
        else:
            end = partial(self._refunds.done, refund.refund_id)
        self.tell(await insist(end))

    def _pause_after(self, refund: Refund) -> float:
        return pause_after(refund.attempts, first_s=self._first_pause_s, longest_s=MAX_PAUSE_S)

    async def _put_off(self, row: Row, pause_s: float) -> None:
        await self._refunds.again(row[0].refund_id, pause_s, "")

    def _describe(self, row: Row) -> tuple[str, int]:
        return f"refund {row[0].refund_id}", row[0].attempts
