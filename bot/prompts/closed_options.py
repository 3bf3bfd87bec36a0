"""Closed options: those that people may not set themselves.

They could multiply what a picture costs, or replace the prompt or the picture that was charged for.
An admin can open them for a model.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from storage.catalogue import Model

# By the names that KIE's models have for them, without capitals and signs.
_CLOSED = re.compile(
    # The number of results
    r"n|num|numbers?|quantity|repeats?|.*counts?|.*batch.*"
    r"|(?:max|min|num|number|total)?(?:of)?(?:generations|outputs|results|samples|variations)"
    # Size, length, speed
    r"|.*size|width|height|.*resolution.*|u?hd|.*upscal.*|(?:enable)?pro"
    r"|.*duration.*|seconds|fps|sound|.*speed.*|.*turbo.*|fast"
    # The prompt, the input picture, the model
    r"|(?:multi|positive|text|user|main|full)?prompts?(?:text)?|inputs?"
    r"|.*(?:image|img|picture|photo|mask|video|audio)s?(?:inputs?|data|list)?|.*(?:frame|element|base64|b64)s?"
    r"|(?:input|source|reference|media)?files?|.*ur[li]s?"
    r"|model(?:name|id)?|task(?:id|type)|.*callback.*|.*webhook.*"
)


def same_name(option: str) -> str:
    """The common form of all spellings of a name: `imageurl` of "image_url" and "imageUrl"."""
    return re.sub("[^a-z0-9]", "", option.lower())


def is_closed(option: str, allowed: Collection[str] = ()) -> bool:
    """Whether people may not set it; `allowed` are the names that an admin opened."""
    name = same_name(option)
    return _CLOSED.fullmatch(name) is not None and name not in map(same_name, allowed)


def closed_in(options: Any, allowed: Collection[str] = ()) -> Iterator[str]:
    """The closed ones among options, however deep: objects and lists may hold them as well."""
    if isinstance(options, Mapping):
        for name, value in options.items():
            if is_closed(name, allowed):
                yield name
            yield from closed_in(value, allowed)
    elif isinstance(options, list):
        for each in options:
            yield from closed_in(each, allowed)


def without_closed(options: Mapping[str, Any], model: Model) -> dict[str, Any]:
    """Of the options of an earlier request those that could be asked for now, or are the model's
    own: what was closed since is not repeated at a fixed price."""
    return {
        name: value
        for name, value in options.items()
        if model.options.get(name) == value
        or not any(closed_in({name: value}, model.allowed_options))
    }
