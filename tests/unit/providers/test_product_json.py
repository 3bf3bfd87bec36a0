"""A product is the same when it was kept as JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base import (
    RANDOM,
    ByInput,
    Constant,
    Field,
    Flag,
    Input,
    Many,
    Media,
    Number,
    One,
    OneOf,
    Product,
    Text,
    TextOrNumber,
    Url,
)
from providers.product_json import from_json, to_json
from providers.products import PRODUCTS


def same(one: Product, other: Product) -> None:
    for name in one.__slots__:
        assert getattr(one, name) == getattr(other, name), name
    for mine, theirs in zip(one.fields, other.fields, strict=True):
        if isinstance(mine.kind, OneOf):
            assert isinstance(theirs.kind, OneOf)
            assert (mine.kind.sent, mine.kind.near) == (theirs.kind.sent, theirs.kind.near)


@pytest.mark.parametrize("declared", PRODUCTS.values(), ids=PRODUCTS)
def test_every_declared_product_is_read_back_as_it_was(declared: Product) -> None:
    same(from_json(to_json(declared)), declared)


def test_the_product_of_a_text_is_one() -> None:
    kept = to_json(PRODUCTS["qwen"])
    assert from_json(kept) is from_json(kept), "grammars are remembered by the product"


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="$"), min_size=1, max_size=8)
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS
KINDS = st.one_of(
    st.builds(
        lambda words, sent: OneOf(*words, sent=sent),
        st.lists(WORDS, min_size=1, unique=True),
        st.dictionaries(WORDS, VALUES),
    ),
    st.builds(Number, st.floats(allow_nan=False), st.integers(), st.integers(1)),
    st.builds(Text, st.integers(1)),
    st.sampled_from([Url(), TextOrNumber(), Flag(), Flag("raw")]),
)
INPUTS = st.none() | st.sampled_from(Input)
PRODUCT = st.builds(
    Product,
    key=WORDS,
    name=WORDS,
    models=st.builds(ByInput, st.none() | WORDS, st.none() | WORDS),
    fields=st.lists(
        st.builds(
            Field,
            WORDS,
            WORDS,
            KINDS,
            VALUES,
            VALUES,
            st.lists(WORDS).map(tuple),
            INPUTS,
            st.dictionaries(WORDS, st.floats(allow_nan=False)),
        ),
        max_size=4,
    ).map(tuple),
    media=st.sampled_from(Media),
    picture=st.none() | st.builds(One, WORDS) | st.builds(Many, WORDS, st.integers(1)),
    constants=st.lists(
        st.builds(Constant, WORDS, st.just(RANDOM) | VALUES, INPUTS), max_size=4
    ).map(tuple),
)


@given(PRODUCT)
def test_any_product_is_read_back_as_it_was(one: Product) -> None:
    same(from_json(to_json(one)), one)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"$is": "Nothing"}', '{"$is": "Product"}'])
def test_what_is_no_product_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - from_json raises nothing else
        from_json(text)
