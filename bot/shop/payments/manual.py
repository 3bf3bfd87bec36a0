"""Transfers by hand, past Telegram: a receipt comes, and an admin confirms that the money did."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Literal

from cachetools import TTLCache

from bot.cards.packs import Waiting
from bot.cards.transfers import (
    awaiting_keyboard,
    decision_keyboard,
    transfer_packs_keyboard,
)
from bot.shop.payments.crediting import Crediting
from bot.telegram.errors import DeliveryError
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.catalogues import DEFAULT_LANGUAGE
from bot.tools.background import Background
from storage.errors import PackUnavailableError, StorageError
from storage.journal import Act
from storage.maintenance import Maintenance
from storage.packs import Packs
from storage.people import People
from storage.transfers import Decided, Transfer, Transfers

RECEIPT_HOURS = 24  # a file that comes later is a request, as any other
HOUR_S, DAY_S = 3600.0, 86_400.0
LISTED = 10
ALBUMS, ALBUM_S = 1000, 600.0

logger = logging.getLogger(__name__)


class Manual:
    """The gateway where people are what verifies. Without a text of the team's, or without admins,
    nothing new begins; what was begun goes to its end."""

    def __init__(
        self,
        how: str,
        admin_ids: frozenset[int],
        *,
        packs: Packs,
        transfers: Transfers,
        people: People,
        maintenance: Maintenance,
        crediting: Crediting,
        background: Background,
        messenger: Messenger,
        texts: Mapping[str, Texts],
        pause_s: float,
    ) -> None:
        self._how = how
        self._admin_ids = sorted(admin_ids)
        self._packs = packs
        self._transfers = transfers
        self._people = people
        self._maintenance = maintenance
        self._crediting = crediting
        self._background = background
        self._messenger = messenger
        self._texts = texts
        self._pause_s = pause_s
        self._albums = TTLCache[str, str](ALBUMS, ALBUM_S)  # of receipts, with their orders

    @property
    def is_offered(self) -> bool:
        """Whether somebody can begin to pay so."""
        return bool(self._how and self._admin_ids)

    async def offer(self, user_id: int, waiting: Waiting | None, texts: Texts) -> str:
        """Show the team's text and the packs; return what is to be said instead."""
        if refusal := await self._refusal(texts):
            return refusal
        self._messenger.say(
            user_id,
            texts.transfer_packs(self._how),
            keyboard=transfer_packs_keyboard(texts, await self._packs.on_sale(), waiting),
        )
        return ""

    async def begin(self, user_id: int, slug: str, waiting: Waiting | None, texts: Texts) -> str:
        """Have a receipt awaited; return what is to be said instead."""
        if refusal := await self._refusal(texts):
            return refusal
        try:
            order = await self._transfers.begin(
                user_id, slug, language=texts.language, waiting=waiting
            )
        except PackUnavailableError:
            return texts.transfers_closed()
        self._messenger.say(
            user_id,
            texts.transfer_begun(order, self._how, hours=RECEIPT_HOURS),
            keyboard=awaiting_keyboard(texts),
        )
        return ""

    async def awaited(self, user_id: int, file_id: str, album: str | None) -> str | None:
        """The order whose receipt that file is, or comes in one album with it; None: it is none."""
        if album is not None and album in self._albums:
            return self._albums[album]
        order = await self._transfers.awaited(user_id, RECEIPT_HOURS * HOUR_S, file_id)
        if order is None:
            return None
        if album is not None:
            self._albums[album] = order.order_id
        return order.order_id

    async def take_receipt(
        self,
        order_id: str,
        file_id: str,
        sent_as: Literal["photo", "document"],
        message_id: int,
        texts: Texts,
    ) -> None:
        """Ask the admins; an update that comes again asks them again."""
        transfer = await self._transfers.receipt(order_id, file_id, sent_as)
        if transfer is None:  # the person pressed a button meanwhile
            return
        order = transfer.order
        self._messenger.say(order.user_id, texts.receipt_taken(order), reply_to=message_id)
        for admin_id in self._admin_ids:
            self.show(admin_id, transfer, self._texts[DEFAULT_LANGUAGE])

    async def show_open(self, admin_id: int, texts: Texts) -> None:
        """List what waits for a decision, each with its receipt."""
        transfers = await self._transfers.open(LISTED)
        self._messenger.say(admin_id, texts.transfers(transfers, LISTED, offered=self.is_offered))
        for transfer in transfers:
            self.show(admin_id, transfer, texts)

    def show(self, admin_id: int, transfer: Transfer, texts: Texts) -> None:
        """Send an admin the receipt, and below it what they decide."""
        self._background.run(
            self._show(admin_id, transfer, texts),
            lambda: logger.error("transfer %s was not shown", transfer.order.order_id),
        )

    async def decide(self, order_id: str, act: Act, *, confirmed: bool) -> Decided:
        """An admin's word; the person is told, the first time.

        Raises:
            UnknownPaymentError: no transfer of that order waits, or ever did.
        """
        if confirmed:
            decided = await self._transfers.confirm(order_id, act)
        else:
            decided = await self._transfers.refuse(order_id, act)
        order = decided.transfer.order
        if decided.credited is not None:
            await self._crediting.tell(decided.credited)
        elif decided.new:
            texts = self._texts.get(order.language) or self._texts[DEFAULT_LANGUAGE]
            self._messenger.say(order.user_id, texts.transfer_refused(order))
        return decided

    async def run(self) -> None:
        """Remind the admins, once a day, of what waits for them."""
        while True:
            try:
                waiting = await self._transfers.to_remind_of(DAY_S)
            except StorageError as error:
                logger.warning("nobody is reminded of transfers now: %s", error)
            else:
                if waiting:
                    said = self._texts[DEFAULT_LANGUAGE].transfers_wait(len(waiting))
                    for admin_id in self._admin_ids:
                        self._messenger.say(admin_id, said)
            await asyncio.sleep(self._pause_s)

    async def _refusal(self, texts: Texts) -> str:
        if (closed := await self._maintenance.text()) is not None:
            return texts.maintenance_in_short(closed)
        return "" if self.is_offered else texts.transfers_closed()

    async def _show(self, admin_id: int, transfer: Transfer, texts: Texts) -> None:
        order, receipt = transfer.order, None
        try:
            sent = await self._messenger.send_known(
                admin_id,
                transfer.file_id or "",
                "document" if transfer.sent_as == "document" else "photo",
                caption=texts.transfer_receipt(order),
                reply_to=None,
            )
            receipt = sent.message_id or None
        except DeliveryError as error:
            logger.warning("the receipt of %s could not be shown: %s", order.order_id, error)
        self._messenger.say(
            admin_id,
            texts.transfer_card(transfer, await self._people.get(order.user_id)),
            reply_to=receipt,
            keyboard=decision_keyboard(texts, order),
        )
