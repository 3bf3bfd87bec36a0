"""Reconciling with Telegram's list of Star transactions: what it has and we have not is booked.

At every start and hourly, from where it was read last. A payment whose update was lost, or that a
crash came between, is credited; a refund that nobody told us of is booked.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.shop.payments.crediting import Crediting
from bot.shop.payments.refunds import Refunds, TellAdmins
from bot.telegram.errors import StarsUnreachableError
from bot.telegram.star_calls import PAGE, StarCalls, StarMove
from bot.texts.catalogues import DEFAULT_LANGUAGE
from bot.tools.retry import insist
from storage.errors import StorageError
from storage.payment_orders import STARS, XTR
from storage.payment_refunds import Refunded
from storage.payments import Payment, Payments

HOUR_S = 3600.0
PAUSE_S = 60.0  # where it did not work

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Found:
    """What Telegram had and we had not."""

    paid: list[Payment] = field(default_factory=list)
    refunded: list[Refunded] = field(default_factory=list)


class Reconciler:
    """Reads Telegram's list on, and books what is missing."""

    def __init__(
        self,
        payments: Payments,
        crediting: Crediting,
        refunds: Refunds,
        stars: StarCalls,
        tell_admins: TellAdmins,
        *,
        pauses_s: tuple[float, float] = (HOUR_S, PAUSE_S),
    ) -> None:
        self._payments = payments
        self._crediting = crediting
        self._refunds = refunds
        self._stars = stars
        self._tell_admins = tell_admins
        self._pauses_s = pauses_s
        self._wanted = asyncio.Event()

    def wake(self) -> None:
        """Look at once: Telegram told of something that we do not know."""
        self._wanted.set()

    async def run(self) -> None:
        """Reconcile now, and from time to time, until cancelled."""
        while True:
            self._wanted.clear()
            pause_s = self._pauses_s[1]
            try:
                await insist(self.reconcile)
                pause_s = self._pauses_s[0]
            except (StarsUnreachableError, StorageError) as error:
                logger.warning("Stars are not reconciled, again in %.0f s: %s", pause_s, error)
            except Exception:  # whatever it is must not stop the bot
                logger.exception("Stars are not reconciled, again in %.0f s", pause_s)
            try:
                async with asyncio.timeout(pause_s):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def reconcile(self) -> Found:
        """Read all there is, and tell the admins in one message what was missing.

        Raises:
            StarsUnreachableError: Telegram gave no usable answer; what was read is booked.
        """
        found = Found()
        try:
            while await self._read_page(found):
                pass
        finally:
            if found.paid or found.refunded:
                self._tell_admins(lambda texts: texts.reconciled(found.paid, found.refunded))
        return found

    async def _read_page(self, found: Found) -> bool:
        """Book a page, and then note that it was read; returns whether there may be more."""
        reading = await self._payments.star_reading()
        moves = await self._stars.moves(reading.next_offset)
        for move in moves:
            if move is not None:
                await self._book(move, found)
        if moves:
            came, went = _sum(moves, came=True), _sum(moves, came=False)
            await self._payments.read_on(reading, len(moves), stars_in=came, stars_out=went)
        return len(moves) == PAGE

    async def _book(self, move: StarMove, found: Found) -> None:
        if move.came:
            credited = await self._crediting.credit(
                STARS,
                move.charge_id,
                order_id=move.payload,
                user_id=move.user_id,
                amount=move.stars,
                currency=XTR,
                language=move.language or DEFAULT_LANGUAGE,
            )
            if credited.new:
                found.paid.append(credited.payment)
            return
        refunded = await self._refunds.book(STARS, move.charge_id)
        if refunded is None:  # its payment stands before it in the list
            logger.error("Stars went back for a charge that Telegram did not list: %s", move)
        elif refunded.new and refunded.refund.asked_by is None:
            found.refunded.append(refunded)


def _sum(moves: Sequence[StarMove | None], *, came: bool) -> int:
    return sum(each.stars for each in moves if each is not None and each.came == came)
