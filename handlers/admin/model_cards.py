"""The catalogue in /admin: its models, on or off sale, and their prices by a press."""

from collections.abc import Sequence

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from bot.cards.models import ModelButton, model_card, models, price_card
from bot.cards.pager import Pager
from bot.settings import Settings
from bot.telegram.buttons import Keyboard
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.admin_prices import MAX_PRICE
from handlers.admin.acts import by_press
from handlers.admin.models import LIST, existing
from handlers.admin.prices import set_price
from storage.catalogue import Catalogue, Model, ModelField
from storage.errors import PriceNotSetError
from storage.journal import Act
from storage.prices import Price, prices_of


def create_router() -> Router:
    """The buttons of bot/cards/models.py."""
    router = Router(name=__name__)
    router.callback_query.register(press, ModelButton.filter())
    return router


async def models_page(
    number: int, pager: Pager, catalogue: Catalogue, texts: Texts
) -> tuple[str, Keyboard]:
    """A page of the list, with a button for each model."""
    text, _ = await pager.page(LIST, number, texts)
    return text, models(texts, await catalogue.all(), number)


async def press(
    query: CallbackQuery,
    callback_data: ModelButton,
    pager: Pager,
    catalogue: Catalogue,
    messenger: Messenger,
    settings: Settings,
    texts: Texts,
) -> None:
    """Show what the button opens, or what holds after it was pressed; anything unknown leads back
    to the list."""
    said, page, token_usd = callback_data, callback_data.page, settings.token_price_usd
    model = await catalogue.get(said.slug) if said.slug else None
    notes: Sequence[str] = ()
    text: str
    keyboard: Keyboard
    if model is None:
        text, keyboard = await models_page(page, pager, catalogue, texts)
    else:
        prices = {each.name: each for each in prices_of(model)}
        if said.verb in {"on", "off"}:
            try:
                notes = await _switch(catalogue, texts, model, said.verb == "on", by_press(query))
            except PriceNotSetError:
                notes = (texts.price_missing(model.slug),)
        elif said.verb == "set" and said.value in prices:
            act = by_press(query)
            notes = await _set(catalogue, texts, settings, model, prices[said.value], said, act)
        model = await existing(catalogue, model.slug)
        price = next((each for each in prices_of(model) if each.name == said.value), None)
        if said.verb in {"price", "set"} and price is not None:
            text, keyboard = price_card(texts, model, price, page, token_usd)
        else:
            text, keyboard = model_card(texts, model, page, token_usd)
    messenger.answer_press(query.id)
    if isinstance(query.message, Message):
        text = "\n\n".join(("\n".join(notes), text)) if notes else text
        messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)


async def _switch(
    catalogue: Catalogue, texts: Texts, model: Model, on: bool, act: Act
) -> Sequence[str]:
    """On sale or off it, unless it is so already; what is said of it."""
    if model.enabled is on:
        return ()
    entry = await catalogue.set(model.slug, ModelField.ENABLED, int(on), act)
    return (texts.enabled(entry, none_left=await catalogue.first() is None),)


async def _set(
    catalogue: Catalogue,
    texts: Texts,
    settings: Settings,
    model: Model,
    price: Price,
    said: ModelButton,
    act: Act,
) -> Sequence[str]:
    """Set a price, unless it is another than the card showed; what is said of it."""
    now, value = price.tokens or 0, next(iter(price.values), None)
    if said.to is None or said.to == now or said.to > MAX_PRICE or not (said.to or value):
        return ()
    if said.seen != now:
        return (texts.price_is_another(),)
    return await set_price(catalogue, texts, settings, model.slug, value, said.to or None, act)
