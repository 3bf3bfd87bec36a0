"""What a person writes becomes an order: `рыжая лиса --ar 16:9 --n 2`.

Two passes over the same flags. The strict one (bot/prompts/grammar.py) builds the order or raises
the first error. Only then the lenient one (bot/prompts/did_you_mean.py) mends every flag it can;
what it composes is offered as `suggestion` where the strict pass takes it.
"""

from collections.abc import Collection

from bot.prompts import grammar as flags
from bot.prompts.did_you_mean import suggestion
from bot.prompts.grammar import (
    FIELDS,
    NAMES,
    NEGATIVE_CHARS,
    OPTIONS_BYTES,
    PARAMS,
    PROMPT_CHARS,
    QUALITIES,
    RATIOS,
    Allowed,
    BadValueError,
    BytesUpTo,
    Choices,
    ClosedOptionError,
    EmptyPromptError,
    Form,
    MissingValueError,
    NumberRange,
    PromptError,
    PromptTooLongError,
    QuantityTooHighError,
    RepeatedFlagError,
    TextUpTo,
    UnknownFlagError,
    clean,
)
from order import Order

__all__ = [
    "FIELDS",
    "NAMES",
    "NEGATIVE_CHARS",
    "OPTIONS_BYTES",
    "PARAMS",
    "PROMPT_CHARS",
    "QUALITIES",
    "RATIOS",
    "Allowed",
    "BadValueError",
    "BytesUpTo",
    "Choices",
    "ClosedOptionError",
    "EmptyPromptError",
    "Form",
    "MissingValueError",
    "NumberRange",
    "PromptError",
    "PromptTooLongError",
    "QuantityTooHighError",
    "RepeatedFlagError",
    "TextUpTo",
    "UnknownFlagError",
    "clean",
    "only_flags",
    "parse",
]


def parse(
    text: str, base: Order, *, max_quantity: int, allowed_options: Collection[str] = ()
) -> Order:
    """The order that `text` stands for; raises a PromptError, and nothing else, for any text.

    What `text` leaves out is as in `base`; a flag in it wins. `allowed_options` are those that
    people may set although they are closed elsewhere.
    """
    prompt, given = flags.split(clean(text))
    try:
        return flags.read(prompt, given, base, max_quantity, allowed_options)
    except PromptError as error:
        error.suggestion = suggestion(prompt, given, base, max_quantity, allowed_options)
        raise


def only_flags(text: str) -> bool:
    """Whether `text` is flags without words: a change of something drawn before."""
    prompt, given = flags.split(clean(text))
    return bool(given) and not prompt
