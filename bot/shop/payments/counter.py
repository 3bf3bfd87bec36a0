"""The counter: shows the packs, and makes an invoice for the one that somebody takes."""

from bot.cards.packs import Waiting, packs_keyboard
from bot.cards.transfers import other_way_row
from bot.shop.orders import order_with
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from storage.catalogue import Catalogue, Model
from storage.errors import PackUnavailableError, UnpricedValueError
from storage.ledger import Ledger
from storage.maintenance import Maintenance
from storage.packs import Packs
from storage.payment_orders import PaymentOrders
from storage.preferences import PreferenceStore
from storage.prices import price_of
from storage.questions import Questions


class Counter:
    """Sells packs in private chats, whose id is that of the person."""

    def __init__(
        self,
        *,
        packs: Packs,
        payment_orders: PaymentOrders,
        ledger: Ledger,
        catalogue: Catalogue,
        preferences: PreferenceStore,
        maintenance: Maintenance,
        questions: Questions,
        messenger: Messenger,
        has_other_way: bool,
    ) -> None:
        self._packs = packs
        self._orders = payment_orders
        self._ledger = ledger
        self._catalogue = catalogue
        self._preferences = preferences
        self._maintenance = maintenance
        self._questions = questions
        self._messenger = messenger
        self._has_other_way = has_other_way

    async def show(self, user_id: int, texts: Texts, waiting: Waiting | None = None) -> None:
        """Show what there is, and what it is in results of the person's model; `waiting` is the
        request that the tokens are for, else the last one that lacked them."""
        packs = await self._packs.on_sale()
        model, price = await self._price(user_id)
        balance = await self._ledger.balance(user_id)
        waiting = waiting or await self._questions.lacking(user_id, balance)
        other_way = [other_way_row(texts, waiting)] if packs and self._has_other_way else []
        self._messenger.say(
            user_id,
            texts.packs(packs, balance, model, price),
            keyboard=[*packs_keyboard(texts, packs, waiting), *other_way],
        )

    async def sell(
        self, user_id: int, slug: str, texts: Texts, *, press: str, waiting: Waiting | None
    ) -> str:
        """Send an invoice for a pack, one for each press; return what is to be said instead."""
        if (closed := await self._maintenance.text()) is not None:
            return texts.maintenance_in_short(closed)
        try:
            order = await self._orders.make(
                user_id, slug, language=texts.language, waiting=waiting, press=press
            )
        except PackUnavailableError:
            return texts.pack_gone()
        model, price = await self._price(user_id)
        self._messenger.invoice(
            user_id,
            title=texts.tokens(order.tokens),
            description=texts.invoice(order, model, price),
            payload=order.order_id,
            stars=order.amount,
            sorry=texts.invoice_failed(),
        )
        return ""

    async def _price(self, user_id: int) -> tuple[Model | None, int]:
        """The person's model, and what a result costs with their settings."""
        own = await self._preferences.get(user_id)
        model = await self._catalogue.on_sale(own.model)
        if model is None:
            return None, 0
        try:
            return model, price_of(model, order_with(own, model, []))
        except UnpricedValueError:
            return model, model.price
