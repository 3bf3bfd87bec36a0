"""Values of flags, parsed by the kind of their field."""

import math
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pydantic import JsonValue

from providers.base import Flag, Kind, Number, OneOf, Text, TextOrNumber, Url, Word

URL_CHARS = 2000

# Without exponent and leading zeros: "1e5" and "007" are likelier codes, and would not survive.
_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|\.[0-9]+)")
_DECIMAL = re.compile(r"-?(?:[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)")
_URL = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)


def value_of(kind: Kind, text: str) -> JsonValue:
    """The value of the words; None: the kind does not take them."""
    match kind:
        case OneOf(words=words):
            return next((word for word in words if word.lower() == text.lower()), None)
        case Number():
            if not _DECIMAL.fullmatch(text):
                return None
            nearest = nearest_step(kind, number := decimal(text))
            if nearest != number:
                return None
            return int(nearest) if is_whole(kind) else float(nearest)
        case Text(limit=limit):
            return text if 0 < len(text) <= limit else None
        case Word():
            return text if len(text.split()) == 1 else None
        case Url():
            return text if len(text) <= URL_CHARS and _URL.fullmatch(text) else None
        case TextOrNumber():
            return typed(text) if text and not number_and_more(text) else None
        case Flag(sent=sent):
            value: JsonValue = sent
            return value if not text else None


def takes(kind: Kind, value: Any) -> bool:
    """Whether a stored value is still allowed."""
    match kind:
        case Flag(sent=sent):
            return bool(value == sent)
        case Number() if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        case OneOf() | Text() | Url() if not isinstance(value, str):
            return False
        case _:
            return value_of(kind, str(value)) is not None


def is_whole(kind: Number) -> bool:
    """Whether only whole numbers are allowed."""
    return kind.step == int(kind.step)


def nearest_step(kind: Number, number: Decimal) -> Decimal:
    """The nearest allowed number."""
    step = Decimal(str(kind.step))
    within = min(max(number, Decimal(str(kind.low))), Decimal(str(kind.high)))
    return (within / step).to_integral_value(ROUND_HALF_UP) * step


def first_of(kind: Kind, text: str) -> tuple[str, str] | None:
    """The value at the beginning of words, and the words after it, where it is plain that those
    are none of its own: it is one word of a few, a number, an address, or nothing at all."""
    if isinstance(kind, Text):
        return None
    first, rest = ("", text) if isinstance(kind, Flag) else first_word(text)
    if isinstance(kind, TextOrNumber) and not number_and_more(text):
        return None
    return (first, rest) if rest and value_of(kind, first) is not None else None


def typed(text: str) -> int | float | str:
    """A number where `text` is one, otherwise `text` itself."""
    if not _NUMBER.fullmatch(text):
        return text
    try:
        number = float(text) if "." in text else int(text)
    except ValueError:  # more digits than int() takes
        return text
    return number if not isinstance(number, float) or math.isfinite(number) else text


def number_and_more(text: str) -> bool:
    """True for "50 in a hat": the words were meant for the prompt."""
    first, rest = first_word(text)
    return bool(rest) and not isinstance(typed(first), str)


def first_word(text: str) -> tuple[str, str]:
    """The first word, and the rest."""
    first, *rest = text.split(maxsplit=1) or [""]
    return first, "".join(rest)


def decimal(text: str) -> Decimal:
    """The number, with a point or a comma."""
    return Decimal(text.replace(",", "."))
