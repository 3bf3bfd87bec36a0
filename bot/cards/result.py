"""The buttons under a picture.

They carry the item's id, and "again" the price it shows: they work for as long as the item exists,
and whoever presses one is checked against its owner.
"""

from bot.service_limits import COPY_UNITS
from bot.telegram.buttons import NOTHING, Button, ButtonData, Keyboard, Number
from bot.telegram.html import units
from bot.texts import Texts
from providers.base import Media
from storage.items import Item, JobView


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


def picture_keyboard(texts: Texts, view: JobView, item: Item) -> Keyboard:
    """The keyboard under a picture."""
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
        tuple(copies),
    ]
    return [row for row in rows if row]
