"""A product as JSON, and back: for those that are found while the bot runs."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from typing import Any, get_args

from providers.base import (
    RANDOM,
    ByInput,
    Constant,
    Field,
    Input,
    Kind,
    Many,
    Media,
    One,
    OneOf,
    Product,
)

CLASS = "$is"  # the key that says what an object was
VALUE = "value"
PARTS = {
    each.__name__: each for each in (*get_args(Kind), ByInput, Constant, Field, Many, One, Product)
}
WORDS = {each.__name__: each for each in (Input, Media)}


def to_json(product: Product) -> str:
    """What `from_json` reads; what is as it is by default is left out."""
    return json.dumps(_plain(product), ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=256)
def from_json(text: str) -> Product:
    """The product of a text, the same one each time.

    Raises:
        ValueError: it is none.
    """
    try:
        product = _made(json.loads(text))
    except (KeyError, TypeError) as error:
        raise ValueError(f"no product: {error!r}") from error
    if not isinstance(product, Product):
        raise ValueError("no product")  # noqa: TRY004 - of a text, not of an argument
    return product


def _plain(value: Any) -> Any:
    if value is RANDOM:
        return {CLASS: "RANDOM"}
    if type(value) in WORDS.values():
        return {CLASS: type(value).__name__, VALUE: str(value)}
    if is_dataclass(value):
        kept = (
            (each.name, getattr(value, each.name)) for each in fields(value) if _is_own(each, value)
        )
        return {CLASS: type(value).__name__, **{name: _plain(part) for name, part in kept}}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    return [*map(_plain, value)] if isinstance(value, list | tuple) else value


def _is_own(field: Any, value: Any) -> bool:
    """Whether a part is not as it is by default."""
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return bool(getattr(value, field.name) != default)


def _made(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_made, value))
    if not isinstance(value, dict):
        return value
    name, parts = (
        value.get(CLASS),
        {key: _made(part) for key, part in value.items() if key != CLASS},
    )
    if name is None:
        return parts
    if name == "RANDOM":
        return RANDOM
    if name in WORDS:
        return WORDS[name](parts[VALUE])
    if name == OneOf.__name__:
        return OneOf(*parts["words"], sent=parts.get("sent"), near=parts.get("near"))
    return PARTS[name](**parts)
