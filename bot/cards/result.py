"""The buttons under a picture.

They carry the item's id, and "again" the price it shows: they work for as long as the item exists,
and whoever presses one is checked against its owner.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from bot.service_limits import COPY_UNITS
from bot.telegram.buttons import NOTHING, Button, ButtonData, Keyboard, Number
from bot.telegram.html import units
from bot.texts import Texts
from providers.base import Media
from providers.order import Order, item_input
from storage.catalogue import Model
from storage.items import Item, JobView
from storage.prices import price_of, words_on_sale


class AgainButton(ButtonData, prefix="again"):
    """The same request once more."""

    item_id: Number = NOTHING
    price: Number | None = None  # of one item; None: one of the buttons that showed none


class ChangeButton(ButtonData, prefix="change"):
    """Asks what to change."""

    item_id: Number = NOTHING


class InputButton(ButtonData, prefix="input"):
    """Holds the picture for the person's next words."""

    item_id: Number = NOTHING


class OriginalButton(ButtonData, prefix="original"):
    """Sends the original file."""

    item_id: Number = NOTHING


class UseButton(ButtonData, prefix="use"):
    """Makes something else of the picture, with that model, and with that value of what changes
    its price; `price` is what the button shows."""

    item_id: Number = NOTHING
    slug: str = ""
    price: Number = 0
    value: str = ""


def picture_keyboard(
    texts: Texts, view: JobView, item: Item, on_sale: Sequence[Model] = ()
) -> Keyboard:
    """The keyboard under a picture; `on_sale` is what can be made of one."""
    uses = tuple(_uses(texts, view, item, on_sale))
    number = item.item_id
    order = view.order
    seed = order.options.get("seed", order.params.get("seed"))
    copies = [
        Button(label, copy=text)
        for label, text in (
            (texts.copy_prompt_button(), order.prompt),
            (texts.copy_seed_button(), "" if seed is None else str(seed)),
        )
        if text.strip() and units(text) <= COPY_UNITS
    ]
    rows = [
        (
            Button(
                texts.again_button(len(view.items) * view.price_now),
                AgainButton(item_id=number, price=view.price_now).pack(),
                style="success",
            ),
            Button(texts.change_button(), ChangeButton(item_id=number).pack(), style="primary"),
        ),
        (
            *(
                [Button(texts.input_button(), InputButton(item_id=number).pack())]
                if view.media is Media.IMAGE
                else []
            ),
            Button(texts.original_button(), OriginalButton(item_id=number).pack()),
        ),
        *(uses[at : at + 2] for at in range(0, len(uses), 2)),
        tuple(copies),
    ]
    return [row for row in rows if row]


def _uses(texts: Texts, view: JobView, item: Item, on_sale: Sequence[Model]) -> Iterator[Button]:
    """The buttons of what else can be made of it: not by what made it, and not of a film."""
    if view.media is Media.FILM:
        return
    order = view.order
    for model in on_sale:
        product = model.product
        speaks = product.least_chars <= len(order.prompt) <= product.prompt_chars
        if model.slug == order.model or not (product.is_tool or speaks):
            continue
        dearer = product.priced[0] if product.is_tool and product.priced else None
        for word in words_on_sale(model, dearer.param) if dearer else ("",):
            params = {dearer.param: word} if dearer else {}
            like = Order(
                model.slug,
                order.prompt,
                params=params,
                inputs=(item_input(item.item_id),),
                named=frozenset(params),
            )
            price = price_of(model, like)
            button = UseButton(item_id=item.item_id, slug=model.slug, price=price, value=word)
            with suppress(ValueError):  # a slug too long for a button, or with a colon in it
                yield Button(texts.use_button(model, word, price), button.pack())
