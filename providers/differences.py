"""Between what a product sends and what KIE says of its models."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from providers.base import Field, Flag, Input, Number, OneOf, Product, sent
from providers.derived import example
from providers.schema import Schema, missing_in, wrong_in


class DifferenceKind(StrEnum):
    """What is not as the bot uses it."""

    UNLISTED = "unlisted"  # `said` are the nearest names
    FALLBACK = "fallback"  # `said` is the model that is used in its place
    REQUIRED = "required"  # `said` are the fields that are never sent
    NOT_TAKEN = "not_taken"  # `said` are fields and values, and what is wrong with them
    PRICE = "price"  # `said` is KIE's text before and now


@dataclass(frozen=True, slots=True)
class Difference:
    """One, of a row of the catalogue and a model of KIE's."""

    kind: DifferenceKind
    slug: str
    model: str
    said: tuple[str, ...] = ()


def differences(
    product: Product, given: Input, schema: Schema, options: Mapping[str, Any]
) -> Iterator[tuple[DifferenceKind, tuple[str, ...]]]:
    """What a schema does not take of all that could be sent; `options` are those of every order."""
    shown = {**example(product, given), **options}
    if missing := [each for each in missing_in(schema, shown) if each not in product.waived]:
        yield DifferenceKind.REQUIRED, tuple(missing)
    said = [shown]
    for field in product.fields:
        if field.only in {None, given} and not field.option:
            known = field.param in schema["properties"]
            said += [
                {**shown, field.param: value} for value in (_values(field) if known else ["…"])
            ]
    values: dict[tuple[str, str], dict[str, None]] = {}
    for each in said:
        for line in wrong_in(schema, each):
            name, _, what = line.partition(": ")
            values.setdefault((name, what), {})[str(each.get(name, ""))] = None
    if values:
        lines = (_shown(*key, each, schema) for key, each in values.items())
        yield DifferenceKind.NOT_TAKEN, tuple(lines)


def _shown(name: str, what: str, values: Collection[str], schema: Schema) -> str:
    """What is wrong, with the values, or with the name that the field may have now."""
    if name in schema["properties"]:
        return f"{' '.join(filter(None, (name, ', '.join(values))))}: {what}"
    near = get_close_matches(name, schema["properties"], 1)
    return f"{name}: {what}" + (f", {near[0]}?" if near else "")


def _values(field: Field) -> list[Any]:
    """What a field may be in `input`: all words, or the bounds."""
    match field.kind:
        case OneOf(words=words) as kind:
            return [sent(kind, word) for word in words]
        case Number(low=low, high=high):
            return [low, high]
        case Flag(sent=value):
            return [value]
        case _:
            return []
