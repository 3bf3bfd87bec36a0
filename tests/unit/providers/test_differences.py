"""What a product sends, held against KIE's schemas."""

from dataclasses import replace

import pytest

from bot.demo.kie.market import MODELS
from providers.base import Field, Flag, Input, Number, Product, Text
from providers.differences import DifferenceKind, differences
from providers.products import PRODUCTS
from providers.schema import input_schema
from tests.unit.providers.documents import read, schema

WAYS = [
    pytest.param(product, given, model, id=f"{key}-{given}")
    for key, product in PRODUCTS.items()
    for given, model in (
        (Input.TEXT, product.models.text),
        (Input.PICTURE, product.models.picture),
        (Input.TEXT, product.fallback.text),
        (Input.PICTURE, product.fallback.picture),
    )
    if model is not None
]


@pytest.mark.parametrize(("product", "given", "model"), WAYS)
def test_all_that_a_declared_product_offers_is_taken(
    product: Product, given: Input, model: str
) -> None:
    found = input_schema(MODELS[model].document(model))
    assert found is not None
    assert [*differences(product, given, found, {})] == []


def test_what_is_not_taken_is_named_once_with_all_its_values() -> None:
    ideogram = PRODUCTS["ideogram"]
    known = read(
        {
            "properties": {
                "prompt": {"type": "string"},
                "image_size": {"enum": ["square_hd"]},
                "speed": {"enum": ["BALANCED", "QUALITY"]},
                "style": {"enum": ["AUTO"]},
                "seed": {"type": "integer", "minimum": 5},
                "color": {"type": "string"},
            },
            "required": ["prompt", "color"],
        }
    )
    found = dict(differences(ideogram, Input.TEXT, known, {"magic": True}))
    assert found[DifferenceKind.REQUIRED] == ("color",)
    assert set(found[DifferenceKind.NOT_TAKEN]) == {
        "image_size landscape_16_9, portrait_16_9, landscape_4_3, portrait_4_3: none of square_hd",
        "style GENERAL, REALISTIC, DESIGN: none of AUTO",
        "seed 0: minimum 5",
        "rendering_speed: no such field",
        "negative_prompt: no such field",
        "magic: no such field",
    }


def test_what_a_schema_requires_too_much_is_waived() -> None:
    film = schema("kling-3.0-video")
    film = {**film, "required": [*film["required"], "multi_prompt"]}
    assert [*differences(PRODUCTS["kling_3"], Input.TEXT, film, {})] == []
    other = replace(PRODUCTS["kling_3"], waived=())
    found = dict(differences(other, Input.TEXT, film, {}))
    assert found == {DifferenceKind.REQUIRED: ("multi_prompt",)}


def test_each_kind_of_field_is_looked_at_and_options_are_not() -> None:
    fields = (
        Field("a", "a", Number(0, 5)),
        Field("b", "b", Flag()),
        Field("c", "cc", Text(5)),
        Field("d", "d", Flag(), option=True),
        Field("e", "e", Flag(), only=Input.PICTURE),
    )
    product = replace(PRODUCTS["z_image"], fields=fields, constants=())
    known = read(
        {
            "properties": {
                "prompt": {},
                "a": {"type": "integer", "maximum": 4},
                "b": {"type": "string"},
                "ccc": {},
            }
        }
    )
    assert [*differences(product, Input.TEXT, known, {})] == [
        (
            DifferenceKind.NOT_TAKEN,
            ("a 5: maximum 4", "b True: no string", "cc: no such field, ccc?"),
        )
    ]
