"""What is read of KIE's own schemas, and an `input` held against them."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.schema import TASKS, SchemaField, fields_of, input_schema, missing_in, wrong_in
from tests.unit.providers.documents import document, read, schema

URL = "https://example.com/in.png"


def field(body: dict[str, Any], **schemas: Any) -> SchemaField:
    (only,) = fields_of(read({"properties": {"a": body}}, **schemas))
    return only


# --- Reading


def test_references_are_followed_however_they_are_written() -> None:
    prompt, ratio, resolution = fields_of(schema("gpt-image-2-text-to-image"))
    assert (prompt.name, prompt.kind, prompt.required, prompt.high) == (
        "prompt",
        "string",
        True,
        20_000,
    )
    assert (ratio.required, ratio.default, ratio.enum[:2]) == (False, "auto", ("auto", "1:1"))
    assert (resolution.default, resolution.enum) == ("1K", ("1K", "2K", "4K"))


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"paths": {}}, {"paths": {"/api/v1/chat": {}}}, {"paths": {TASKS: []}}],
)
def test_what_is_no_schema_of_a_task_is_none(document: Any) -> None:
    assert input_schema(document) is None


def test_an_input_without_fields_is_none() -> None:
    assert input_schema(document({"type": "object"})) is None


@pytest.mark.parametrize(
    "said",
    [
        {"type": ["integer", "null"], "minimum": 1},
        {"type": "integer", "nullable": True, "minimum": 1},
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
        {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/N%20"}]},
        {"allOf": [{"type": "integer"}, {"minimum": 1}]},
    ],
)
def test_a_number_is_one_however_it_is_put(said: dict[str, Any]) -> None:
    one = field(said, **{"N ": {"type": "integer", "minimum": 1}})
    assert (one.kind, one.low, one.enum) == ("integer", 1, ())


def test_a_constant_is_a_list_of_one_and_the_values_say_the_kind() -> None:
    assert field({"const": "x"}).enum == ("x",)
    assert field({"type": "string", "enum": [5, 10]}).kind == "integer"
    assert field({"enum": ["5", None], "default": "7"}) == SchemaField(
        "a", "string", False, None, ("5",), None, None
    )


def test_what_nothing_should_hold_is_left_out() -> None:
    bad = {"enum": ["a", "b\x00", "\ud83d", "", "x" * 500, float("nan"), {}, 1e300], "default": []}
    assert field(bad).enum == ("a",)
    assert (
        "minimum" not in read({"properties": {"a": {"minimum": float("inf")}}})["properties"]["a"]
    )
    names = [each.name for each in fields_of(read({"properties": {"a\n": {}, "": {}, "b": {}}}))]
    assert names == ["b"]


def test_circles_end_and_what_unfolds_without_bound_is_cut() -> None:
    circle = {"type": "object", "properties": {"then": {"$ref": "#/components/schemas/A"}}}
    assert field({"$ref": "#/components/schemas/A"}, A=circle).kind == "object"
    assert (
        field({"$ref": "#/components/schemas/A"}, A={"$ref": "#/components/schemas/A"}).kind == ""
    )
    twice = {
        f"S{n}": {"anyOf": [{"$ref": f"#/components/schemas/S{n + 1}"} for _ in range(2)]}
        for n in range(50)
    }
    field({"$ref": "#/components/schemas/S0"}, **twice)


def test_a_reference_elsewhere_is_nothing() -> None:
    assert field({"$ref": "https://example.com/schema.json"}).kind == ""


def test_forms_are_taken_together() -> None:
    fields = {each.name: each for each in fields_of(schema("kling-3.0-omni-image-to-video"))}
    required = {name for name, each in fields.items() if each.required}
    assert required == {"prompt", "duration", "image_urls"}
    assert fields["resolution"].enum == ("720p", "1080p", "4k")
    assert fields["audio"].kind == "boolean"


KEYS = "type $ref enum const properties required items anyOf allOf nullable default minimum a"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda each: (
        st.lists(each, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS.split()), each, max_size=6)
    ),
    max_leaves=30,
)


@given(ANYTHING)
@settings(max_examples=200)
def test_whatever_a_document_holds_comes_to_something_that_can_be_kept(body: Any) -> None:
    read_ = input_schema(document(body))
    if read_ is not None:
        assert json.loads(json.dumps(read_, allow_nan=False)) == read_
        fields_of(read_)
        wrong_in(read_, {"a": 1})


# --- Checking


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"prompt": "a fox"}, []),
        ({"prompt": "a fox", "resolution": "2K"}, []),
        ({"prompt": "a fox", "resoluton": "2K"}, ["resoluton: no such field"]),
        ({"prompt": "a fox", "resolution": "8K"}, ["resolution: none of 1K, 2K, 4K"]),
        ({"resolution": "1K"}, []),
        ({"prompt": 5}, ["prompt: no string"]),
        ({"prompt": "x" * 20_001}, ["prompt: maxLength 20000"]),
    ],
)
def test_an_input_is_held_against_the_schema(given: dict[str, Any], wrong: list[str]) -> None:
    assert wrong_in(schema("gpt-image-2-text-to-image"), given) == wrong


def test_what_is_missing_is_told_by_itself() -> None:
    assert missing_in(schema("gpt-image-2-text-to-image"), {"resolution": "1K"}) == ["prompt"]
    omni = schema("kling-3.0-omni-image-to-video")
    assert missing_in(omni, {"prompt": "a fox"}) == ["duration", "image_urls"]
    assert wrong_in(omni, {"prompt": "a fox"}) == []


def test_a_list_is_checked_within() -> None:
    film = schema("kling-3.0-video")
    given = {"sound": False, "duration": "5", "multi_shots": False, "image_urls": [URL, 5]}
    assert wrong_in(film, given) == ["image_urls.1: no string"]
    assert wrong_in(film, {**given, "image_urls": [URL] * 3}) == ["image_urls: maxItems 2"]
    assert wrong_in(film, {**given, "image_urls": [URL], "sound": "no"}) == ["sound: no boolean"]
