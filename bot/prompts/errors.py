"""The errors of a prompt: data only, the sentences are in bot/texts/requests.py.

Not frozen, because contextlib assigns `__traceback__` to what passes it.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from providers.base import Input, Kind


@dataclass(frozen=True, slots=True)
class BytesUpTo:
    """All options together, as compact JSON in UTF-8, take at most `limit` bytes."""

    limit: int


class Form(StrEnum):
    """A value told by its shape."""

    KEY_VALUE = "key_value"
    JSON_OBJECT = "json_object"


Allowed = Kind | BytesUpTo | Form


@dataclass(eq=False)
class PromptError(Exception):
    """The text is not a valid order; nothing was charged.

    `suggestion` is a whole line that parses, or None; it and `given` may be as long as the message.
    A `flag` is written with two hyphens, as the person named it.
    """

    suggestion: str | None = field(default=None, kw_only=True)

    def __str__(self) -> str:
        return repr(self)


@dataclass(eq=False)
class EmptyPromptError(PromptError):
    """The prompt is empty."""


@dataclass(eq=False)
class NoWordsNeededError(PromptError):
    """The product takes a picture and no words."""


@dataclass(eq=False)
class PromptTooShortError(PromptError):
    """The prompt has fewer than `least` characters."""

    least: int


@dataclass(eq=False)
class PromptTooLongError(PromptError):
    """The prompt has `length` characters."""

    length: int
    limit: int


@dataclass(eq=False)
class UnknownFlagError(PromptError):
    """There is no such flag; `nearest` is one that exists ("--ar"), where one is likely meant."""

    flag: str
    nearest: str | None


@dataclass(eq=False)
class LackingFlagError(PromptError):
    """The product's vendor has this flag, but this bot does not offer it."""

    flag: str


@dataclass(eq=False)
class MisplacedFlagError(PromptError):
    """There is such a flag, for orders that start from a picture only, or from words only."""

    flag: str
    only: Input


@dataclass(eq=False)
class MissingValueError(PromptError):
    """The flag has no value."""

    flag: str
    allowed: Allowed


@dataclass(eq=False)
class BadValueError(PromptError):
    """The flag does not take this value."""

    flag: str
    given: str
    allowed: Allowed


@dataclass(eq=False)
class RepeatedFlagError(PromptError):
    """Given twice, aliases count as one. For options the flag with its key: "--opt seed"."""

    flag: str


@dataclass(eq=False)
class ClosedOptionError(PromptError):
    """Nobody but the admins may set `option`; `allowed` are others like it which they opened."""

    option: str
    allowed: tuple[str, ...] = ()


@dataclass(eq=False)
class QuantityTooHighError(PromptError):
    """More images than one request may ask for."""

    given: int
    limit: int
