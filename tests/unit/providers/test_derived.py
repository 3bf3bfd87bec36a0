"""Products that are worked out from KIE's schemas."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.prompts.grammar import grammar_of
from providers.base import (
    RANDOM,
    ByInput,
    Constant,
    Input,
    Many,
    Media,
    Number,
    One,
    OneOf,
    Product,
    Text,
    sent,
)
from providers.derived import (
    CFGS,
    COUNTS,
    DURATION,
    NEGATIVE,
    PICTURES,
    PROMPT,
    QUALITIES,
    RATIOS,
    SAFE,
    SEED,
    UNWANTED,
    Found,
    Unfit,
    UnfitError,
    derive,
    example,
    media_of,
)
from providers.order import Order
from providers.product_json import from_json, to_json
from providers.schema import Schema, missing_in, wrong_in
from tests.fixtures import names
from tests.unit.providers.documents import FOLDER, read, schema

URL = "https://example.com/in.png"


def found(name: str, model: str = "", price: str = "") -> Found:
    return Found(model or name, schema(name), price)


def product(*names: str, media: Media | None = None) -> Product:
    first, *others = map(found, names)
    return derive("key", "slug", first, next(iter(others), None), media)


@pytest.mark.parametrize("name", sorted(names(FOLDER) - {"no_schema", "ideogram-v3-edit"}))
def test_what_a_derived_product_sends_is_what_the_schema_takes(name: str) -> None:
    made = derive("key", "slug", found(name), media=Media.IMAGE)
    for start, model in ((Input.TEXT, made.models.text), (Input.PICTURE, made.models.picture)):
        if model is not None:
            assert wrong_in(schema(name), example(made, start)) == []
            assert missing_in(schema(name), example(made, start)) == []


def test_a_text_model_with_a_list_of_ratios_and_sizes() -> None:
    made = product("gpt-image-2-text-to-image")
    assert made.media is Media.IMAGE
    assert made.models == ByInput(text="gpt-image-2-text-to-image")
    assert (made.picture, made.prompt_chars, made.name) == (None, 20_000, "Gpt Image 2")
    ratio, quality = made.fields
    assert (ratio.flag, ratio.param, ratio.default) == ("ar", "aspect_ratio", "1:1")
    assert isinstance(ratio.kind, OneOf)
    assert "auto" not in ratio.kind.words
    assert (quality.flag, quality.param, quality.default) == ("q", "resolution", "1K")
    assert quality.credits == {"2K": 0, "4K": 0}, "each wants a price of its own"
    assert (made.settings, made.caption) == (("ar", "q", "n"), ("ar", "q"))
    assert example(made, Input.TEXT) == {
        "prompt": "a red fox in the snow",
        "aspect_ratio": "1:1",
        "resolution": "1K",
    }


def test_a_pair_shares_what_both_have() -> None:
    made = derive(
        "key",
        "slug",
        found("ideogram-v3-text-to-image", "ideogram/v3-text-to-image"),
        found("ideogram-v3-remix", "ideogram/v3-remix"),
    )
    assert made.models == ByInput("ideogram/v3-text-to-image", "ideogram/v3-remix")
    assert made.picture == One("image_url")
    assert made.name == "Ideogram V3"
    ratio, quality, negative, seed = made.fields
    assert ratio.kind == OneOf("1:1", "3:4", "9:16", "4:3", "16:9")
    assert isinstance(ratio.kind, OneOf)
    assert ratio.kind.sent["1:1"] == "square_hd"
    assert ratio.kind.sent["9:16"] == "portrait_16_9"
    assert quality.default == "BALANCED"
    assert negative.kind == Text(5000)
    assert seed.kind == Number(0, 2**31 - 1)
    assert {each.only for each in made.fields} == {None}
    assert made.constants == (Constant("num_images", "1", Input.PICTURE),)
    params = {"image_size": "16:9", "rendering_speed": "QUALITY", "seed": 7}
    assert made.input(Order("slug", "лиса", params=params), [URL]) == {
        "prompt": "лиса",
        "num_images": "1",
        "image_size": "landscape_16_9",
        "rendering_speed": "QUALITY",
        "seed": 7,
        "image_url": URL,
    }


def test_a_film_with_whole_seconds_a_first_frame_and_no_sound() -> None:
    made = product("seedance-2-mini")
    assert made.media is Media.FILM
    assert made.models == ByInput("seedance-2-mini", "seedance-2-mini")
    assert made.picture == One("first_frame_url")
    assert made.least_chars == 3
    ratio, duration, quality = made.fields
    assert (ratio.default, ratio.with_picture) == ("16:9", "adaptive")
    assert (duration.default, len(duration.credits)) == ("5", 11)
    assert quality.default == "720p"
    assert made.constants == (Constant("generate_audio", False), Constant("nsfw_checker", True))
    sent = made.input(Order("slug", "лиса", params={"duration": "15", "aspect_ratio": "16:9"}))
    assert sent["duration"] == 15


def test_required_ones_without_a_value_are_always_sent() -> None:
    made = product("kling-3.0-video")
    assert made.media is Media.FILM
    assert made.picture == Many("image_urls", 2)
    assert {each.param: each.value for each in made.constants} == {
        "sound": False,
        "multi_shots": False,
    }
    mode = made.field("q")
    assert mode is not None
    assert (mode.param, mode.default) == ("mode", "pro")


def test_one_picture_a_task_and_a_seed_that_changes() -> None:
    wan = product("wan-2-7-image")
    assert {each.param: each.value for each in wan.constants} == {"n": 1, "watermark": False}
    assert wan.picture == Many("input_urls", 9)
    qwen = product("qwen3-text-to-image")
    assert Constant("seed", RANDOM) in qwen.constants
    assert Constant("nsfw_checker", True) in qwen.constants
    assert {each.param for each in qwen.constants} == {"seed", "nsfw_checker"}


def test_a_seed_of_text_and_a_prompt_less_tool() -> None:
    imagen = product("imagen4-ultra", media=Media.IMAGE)
    seed = imagen.field("seed")
    assert seed is not None
    assert seed.kind == Text(20)
    topaz = product("topaz-image-upscale")
    assert topaz.is_tool
    assert topaz.models == ByInput(picture="topaz-image-upscale")
    assert topaz.constants == (Constant("upscale_factor", "2"),)
    assert topaz.input(Order("slug", ""), [URL]) == {"upscale_factor": "2", "image_url": URL}


def test_where_a_pair_has_other_names_the_first_one_s_can_be_said() -> None:
    made = derive("key", "slug", found("imagen4-ultra"), found("ideogram-v3-remix"))
    ratio = made.field("ar")
    assert ratio is not None
    assert (ratio.param, ratio.only) == ("aspect_ratio", Input.TEXT)
    assert wrong_in(schema("ideogram-v3-remix"), example(made, Input.PICTURE)) == []
    assert "aspect_ratio" not in example(made, Input.PICTURE)
    assert example(made, Input.PICTURE)["rendering_speed"] == "BALANCED", "it has a price"


def test_why_there_is_no_product() -> None:
    def why(*names: str, media: Media | None = Media.IMAGE) -> tuple[Unfit, tuple[str, ...]]:
        with pytest.raises(UnfitError) as caught:
            product(*names, media=media)
        return caught.value.why, caught.value.names

    text, remix = "ideogram-v3-text-to-image", "ideogram-v3-remix"
    assert why("ideogram-v3-edit") == (Unfit.REQUIRED, ("mask_url",))
    assert why(text, text) == (Unfit.NO_PICTURE, ())
    assert why(remix, remix) == (Unfit.NEEDS_PICTURE, ("image_url",))
    assert why("topaz-image-upscale", remix)[0] is Unfit.NEEDS_PICTURE
    with pytest.raises(UnfitError) as caught:
        derive("key", "slug", Found("a", schema("ideogram-v3-text-to-image")))
    assert caught.value.why is Unfit.MEDIA
    with pytest.raises(UnfitError) as caught:
        derive("key", "slug", Found("a", read({"properties": {"text": {"type": "string"}}})))
    assert caught.value.why is Unfit.NO_PROMPT


@pytest.mark.parametrize(
    ("model", "price", "media"),
    [
        ("a/text-to-image", "", Media.IMAGE),
        ("a/image-to-video", "", Media.FILM),
        ("a", "4 credits per image", Media.IMAGE),
        ("a", "A 5-second video costs 25 credits", Media.FILM),
        ("a", "", None),
    ],
)
def test_what_a_model_makes_is_told_by_name_and_price(
    model: str, price: str, media: Media | None
) -> None:
    prompt = read({"properties": {"prompt": {"type": "string"}}})
    assert media_of(Found(model, prompt, price)) is media


def test_the_same_schema_comes_to_the_same_json() -> None:
    wan = product("wan-2-7-image")
    quality = wan.field("q")
    assert quality is not None
    assert [*quality.credits] == ["1K", "4K"], "in the order of the schema"


SCALARS = st.sampled_from(["1:1", "16:9", "auto", "1K", "5", "square_hd", "png", "", "a b", "1"])
BOUNDS = st.dictionaries(
    st.sampled_from(["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"]),
    st.integers(0, 40),
)
FIELDS = st.builds(
    lambda kind, enum, default, bounds: {
        "type": kind,
        **({"enum": enum} if enum else {}),
        **({} if default is None else {"default": default}),
        **bounds,
    },
    st.sampled_from(["string", "integer", "number", "boolean", "array", "object"]),
    st.none() | st.lists(SCALARS | st.integers(0, 20), max_size=4),
    st.none() | SCALARS | st.integers(0, 20) | st.booleans(),
    BOUNDS,
)
NAMES = (PROMPT, NEGATIVE, SEED, DURATION, SAFE, "style", *RATIOS, *QUALITIES, *CFGS, *PICTURES)
SCHEMAS = st.builds(
    lambda properties, required: read(
        {"properties": {"prompt": {"type": "string"}, **properties}, "required": [*required]}
    ),
    st.dictionaries(st.sampled_from([*NAMES, *COUNTS, *UNWANTED]), FIELDS, max_size=8),
    st.sets(st.sampled_from(NAMES), max_size=3),
)


@given(SCHEMAS, st.none() | SCHEMAS, st.sampled_from(Media))
@settings(max_examples=100, deadline=None)
def test_whatever_a_schema_says_what_is_sent_is_as_it_says(
    one: Schema, other: Schema | None, media: Media
) -> None:
    second = Found("b", other) if other else None
    try:
        made = derive("key", "slug", Found("a", one), second, media)
    except UnfitError:
        return
    assert to_json(from_json(to_json(made))) == to_json(made)
    flags = [each.flag for each in made.fields]
    assert len({*flags}) == len(flags)
    grammar = grammar_of(made)
    for start, model in ((Input.TEXT, made.models.text), (Input.PICTURE, made.models.picture)):
        if model is None:
            continue
        known = other if model == "b" and other else one
        assert wrong_in(known, example(made, start)) == []
        assert missing_in(known, example(made, start)) == []
        for field in made.fields:
            if isinstance(field.kind, OneOf) and field.only in {None, start}:
                shown = example(made, start)
                for word in field.words:
                    sent_now = {**shown, field.param: sent(field.kind, word)}
                    assert wrong_in(known, sent_now) == [], (field, word)
    assert grammar.product is made
