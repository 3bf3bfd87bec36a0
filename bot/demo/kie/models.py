"""The models the simulator knows, as data, and the checks of what each wants in `input`.

The models of the products that are sold have the fields that those declare, checked as strictly as
the bot must fill them in. The film's fields are those of docs.kie.ai (August 2026).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.base import Flag, Kind, Many, Media, Number, OneOf, Text, TextOrNumber, Url
from providers.products import PRODUCTS

from . import wire

Check = Callable[[Any], str | None]
"""What is wrong with a value, in the words of a refusal; None when it is right."""


@dataclass(frozen=True, slots=True)
class Field:
    check: Check
    required: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """A model, and how KIE's list shows it. Fields that are not declared are taken as they are."""

    provider: str
    task_type: str
    fields: Mapping[str, Field]

    @property
    def makes_film(self) -> bool:
        return self.task_type.endswith("Video")


def text(most: int) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return "must be a string"
        if not value.strip():
            return "must not be empty"
        return f"cannot exceed {most} characters" if len(value) > most else None

    return check


def choice(*options: Any) -> Check:
    def check(value: Any) -> str | None:
        good = any(type(each) is type(value) and each == value for each in options)
        return None if good else "is not within the range of allowed options"

    return check


def number(least: float, most: float, step: float | None = None) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "must be a number"
        if not least <= value <= most:
            return f"must be between {least:g} and {most:g}"
        if step and abs(value / step - round(value / step)) > 1e-6:
            return f"must be a multiple of {step:g}"
        return None

    return check


def address(value: Any) -> str | None:
    good = isinstance(value, str) and re.fullmatch(r"https?://[^\s/]+\S*", value)
    return None if good else "must be an http or https URL"


def addresses(value: Any) -> str | None:
    if not isinstance(value, list) or not value:
        return "must be an array of URLs"
    return next(filter(None, map(address, value)), None)


def any_of(*checks: Check) -> Check:
    def check(value: Any) -> str | None:
        wrong = [each(value) for each in checks]
        return None if None in wrong else wrong[0]

    return check


def required(check: Check) -> Field:
    return Field(check, required=True)


def _of_products() -> Iterator[tuple[str, Model]]:
    """The models of the products that are sold, each with the fields that are declared."""
    for product in PRODUCTS.values():
        kinds: dict[str, list[Kind]] = {}
        for each in product.fields:
            if not each.option:  # those are passed on as whatever people write
                kinds.setdefault(each.param, []).append(each.kind)
        fields = {name: Field(any_of(*map(_check, each))) for name, each in kinds.items()}
        fields["prompt"] = required(text(product.prompt_chars))
        made = "Video" if product.media is Media.FILM else "Image"
        if product.models.text:
            yield product.models.text, Model(product.name, f"Text to {made}", fields)
        if product.models.picture and product.picture:
            check = addresses if isinstance(product.picture, Many) else address
            picture = {product.picture.param: required(check)}
            yield product.models.picture, Model(product.name, f"Image to {made}", fields | picture)


def _check(kind: Kind) -> Check:
    match kind:
        case OneOf(words=words, sent=sent):
            return choice(*(sent.get(word, word) for word in words))
        case Number(low=low, high=high, step=step):
            return number(low, high, step)
        case Text(limit=limit):
            return text(limit)
        case Url():
            return address
        case Flag(sent=sent):
            return choice(sent)
        case TextOrNumber():
            return lambda value: None


_KLING = {
    "prompt": required(text(2500)),
    "duration": Field(choice("5", "10")),
    "aspect_ratio": Field(choice("16:9", "9:16", "1:1")),
}
MODELS: Mapping[str, Model] = {
    **dict(_of_products()),
    "kling/v2-5-turbo-text-to-video-pro": Model("Kling", "Text to Video", _KLING),
}


def model_of(name: str) -> Model:
    """The model of that name; one that is not known here makes a picture of whatever it gets."""
    return MODELS.get(name) or Model(name.partition("/")[0].capitalize(), "Text to Image", {})


def check(name: str, given: Any) -> None:
    """Let an `input` through, or raise RefusedError.

    A missing field is a 500, as recorded; a wrong value a 422, as documented.
    """
    if given is None:
        raise wire.RefusedError(500, wire.REQUIRED)
    if not isinstance(given, dict):
        raise wire.RefusedError(422, "input must be an object")
    fields = model_of(name).fields
    if any(field.required and given.get(name) is None for name, field in fields.items()):
        raise wire.RefusedError(500, wire.REQUIRED)
    for name, value in given.items():
        wrong = fields[name].check(value) if name in fields else None
        if wrong := wrong or next(filter(None, map(_unfit, _strings(value))), None):
            raise wire.RefusedError(422, f"{name} {wrong}")


def _unfit(value: str) -> str | None:
    """What no string may be, in whatever field, known to the model or not."""
    if not value:
        return "must not be empty"
    # Telegram's file addresses hold the bot's token and must never leave the bot.
    return "must not be a Telegram file URL" if "/file/bot" in value else None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
