"""The buttons under a picture. They hold the image's number, and "again" the price that it shows:
they work for as long as the image is known; who presses one is checked against its owner."""

import re

from bot.telegram.buttons import Button, Keyboard
from bot.texts import Texts
from bot.texts.base import units
from storage.images import Image, JobView

AGAIN = "again"
CHANGE = "change"
INPUT = "input"
ORIGINAL = "original"
COPY_UNITS = 256  # Bot API, CopyTextButton


def picture_keyboard(texts: Texts, view: JobView, image: Image) -> Keyboard:
    """What can be done with a picture."""
    number = image.image_id
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
                texts.again_button(len(view.images) * view.price_now),
                f"{AGAIN}:{number}:{view.price_now}",
                style="success",
            ),
            Button(texts.change_button(), f"{CHANGE}:{number}", style="primary"),
        ),
        (
            Button(texts.input_button(), f"{INPUT}:{number}"),
            Button(texts.original_button(), f"{ORIGINAL}:{number}"),
        ),
        tuple(copies),
    ]
    return [row for row in rows if row]


def number_in(data: str | None) -> int:
    """The number behind the last colon of what a button said; -1 for anything else."""
    number = (data or "").rpartition(":")[2]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 16 else -1


def again_in(data: str | None) -> tuple[int, int | None]:
    """The image's number in "again:NUMBER:PRICE", and what one image was to cost; -1 for anything
    else. None: the button is one of those that showed no price."""
    match = re.fullmatch(rf"{AGAIN}:([0-9]{{1,15}})(?::([0-9]{{1,15}}))?", data or "")
    if match is None:
        return -1, None
    return int(match[1]), int(match[2]) if match[2] else None
