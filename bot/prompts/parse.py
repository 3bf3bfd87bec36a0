"""Parsing of a message into an order: `рыжая лиса --ar 16:9 --n 2`.

Two passes over the same flags. The strict one (bot/prompts/grammar.py) builds the order or raises
the first error. Only then the lenient one (bot/prompts/did_you_mean.py) mends every flag it can;
what it composes is offered as `suggestion` where the strict pass takes it.
"""

from collections.abc import Collection
from dataclasses import replace
from difflib import get_close_matches

from bot.prompts.did_you_mean import suggestion
from bot.prompts.errors import PromptError, UnknownFlagError
from bot.prompts.grammar import MODEL, clean, grammar_of
from bot.prompts.products import FIRST
from providers.base import Product
from providers.order import Order

NEAR = 0.8


def parse(
    text: str,
    product: Product,
    base: Order,
    *,
    max_quantity: int,
    allowed_options: Collection[str] = (),
) -> Order:
    """The order that `text` stands for; raises a PromptError, and nothing else, for any text.

    What `text` leaves out is as in `base`; a flag in it wins. `allowed_options` are those that
    people may set although they are closed elsewhere.
    """
    grammar = grammar_of(product)
    if product.is_tool:  # it makes the same of a picture each time
        max_quantity = 1
    prompt, flags = grammar.split(clean(text))
    try:
        return grammar.read(prompt, flags, base, max_quantity, allowed_options)
    except PromptError as error:
        error.suggestion = suggestion(grammar, prompt, flags, base, max_quantity, allowed_options)
        raise


def model_said(text: str) -> list[str] | None:
    """The words behind `--model`, in small letters, whatever product the text is for; None: there
    is no such flag.

    Raises:
        UnknownFlagError: it is misspelt.
    """
    grammar = grammar_of(FIRST)
    prompt, flags = grammar.as_written(clean(text))
    for flag in flags:
        if flag.name == MODEL:
            return flag.value.lower().split()
        is_near = get_close_matches(flag.word.lower(), [MODEL], cutoff=NEAR)  # nearer than "mode"
        if flag.name is None and (is_near or grammar.meant(flag.word) == (MODEL, "")):
            error = UnknownFlagError(f"--{flag.word}", f"--{MODEL}")
            spelt = [replace(each, word=MODEL) if each is flag else each for each in flags]
            error.suggestion = grammar.line([prompt], spelt)
            raise error
    return None


def with_model(text: str, slug: str, words: int = 1) -> str:
    """The text with a slug in place of so many words behind its `--model`."""
    grammar = grammar_of(FIRST)
    prompt, flags = grammar.as_written(clean(text))
    texts, changed = [prompt], []
    for flag in flags:
        if flag.name == MODEL:
            texts.append(" ".join(flag.value.split()[words:]))
            flag = grammar.written(flag.word, slug)
        changed.append(flag)
    return grammar.line(texts, changed)


def only_flags(text: str, product: Product) -> bool:
    """Whether `text` is flags without words: a change of something drawn before."""
    prompt, flags = grammar_of(product).split(clean(text))
    return bool(flags) and not prompt
