"""What is declared fits together, and what goes into `input` of it."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product as cartesian
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.kie import KieSimulator
from bot.demo.kie.market import MODELS
from bot.prompts.grammar import ALL_HAVE, grammar_of
from bot.prompts.values import takes
from providers.base import ByInput, Done, Field, Flag, Many, OneOf, Pending, Product
from providers.errors import InputMismatchError, RefusedError
from providers.kie import Kie
from providers.kie_provider import KieProvider, Knowledge
from providers.order import Order
from providers.products import PRODUCTS
from tests.unit.providers.documents import read

MIDJOURNEY = PRODUCTS["midjourney"]
URL = "https://example.com/in.png"
NONE: Mapping[str, Any] = {}
KNOWN = Knowledge()


def order(params: Mapping[str, Any] = NONE, options: Mapping[str, Any] = NONE) -> Order:
    return Order("m", "лиса", params=params, options=options)


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
def test_a_declaration_fits_together(product: Product) -> None:
    assert PRODUCTS[product.key] is product
    assert (product.picture is None) == (product.models.picture is None)
    written = [name for each in product.fields for name in (each.flag, *each.aliases)]
    assert len({*written, *ALL_HAVE}) == len(written) + len(ALL_HAVE), "each flag is one"
    assert not set(grammar_of(product).names) & {each.split()[0] for each in product.lacks}
    flags = {each.flag for each in product.fields}
    assert {*product.settings} <= {*flags, "n"}
    assert {*product.caption} <= flags
    for field in product.fields:
        assert field.param not in product.own_params
        assert field.default is None or takes(field.kind, field.default)
        assert {*field.credits} <= {*field.words} - {field.word(field.default)}
    assert product.credits or not product.priced
    assert {*product.description, *product.button} <= {"en", "ru"}


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
def test_whatever_is_chosen_costs_what_kie_takes(product: Product) -> None:
    starts = [(product.models.text, 0), (product.models.picture, product.pictures)]
    for model, pictures in starts if product.credits else []:
        for words in cartesian(*(("", *each.words) for each in product.priced)) if model else []:
            said = zip(product.priced, words, strict=True)
            params = {
                each.param: word and (each.kind.sent if isinstance(each.kind, Flag) else word)
                for each, word in said
            }
            given = order(
                {
                    **{each.param: each.default for each in product.fields if each.default},
                    **{param: value for param, value in params.items() if value},
                }
            )
            taken = MODELS[str(model)].cost(product.input(given, [URL] * pictures))
            assert product.credits_for(given, pictures) == pytest.approx(taken, abs=0.001), words


def test_each_product_brings_a_row_of_its_own() -> None:
    assert len({each.slug for each in PRODUCTS.values()}) == len(PRODUCTS)


def test_the_example_in_contributing_is_a_product() -> None:
    page = (Path(__file__).parents[3] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], names)  # noqa: S102 - our own page
    sketch: Product = names["PRODUCT"]
    read = grammar_of(sketch).read
    _, flags = grammar_of(sketch).split("кот --q high --ar 16:9")
    sent = sketch.input(read("кот", flags, Order("sketch", ""), 4), [URL])
    assert sent == {
        "prompt": "кот",
        "nsfw_checker": True,
        "aspect_ratio": "16:9",
        "size": "2K",
        "image_urls": [URL],
    }


def test_the_prompt_alone() -> None:
    assert MIDJOURNEY.input(order()) == {"prompt": "лиса"}


def test_the_order() -> None:
    asked = order({"aspect_ratio": "16:9", "seed": 7}, {"weird": {"a": [1, None]}})
    fields = MIDJOURNEY.input(asked, [URL])
    assert list(fields) == ["prompt", "aspect_ratio", "seed", "image_url", "weird"]
    assert fields["weird"] == {"a": [1, None]}
    assert fields["image_url"] == URL


@pytest.mark.parametrize("name", ["prompt", "aspect_ratio", "image_url"])
def test_the_options_come_over_all_that_stands_before(name: str) -> None:
    options: dict[str, Any] = {name: {"of": "the options"}}
    asked = order({"aspect_ratio": "1:1"}, options)
    assert MIDJOURNEY.input(asked, [URL])[name] == {"of": "the options"}


def test_the_order_is_left_as_it_was() -> None:
    params, options = {"seed": 7}, {"seed": 8}
    assert MIDJOURNEY.input(order(params, options))["seed"] == 8
    assert (params, options) == ({"seed": 7}, {"seed": 8})


def test_words_may_stand_for_something_else_and_pictures_in_a_list() -> None:
    ratio = OneOf("1:1", "16:9", sent={"16:9": "landscape_16_9"})
    product = Product(
        key="other",
        name="Other",
        models=ByInput("other/text", "other/picture"),
        fields=(Field("ar", "image_size", ratio), Field("q", "pro", OneOf("high"))),
        picture=Many("image_urls"),
    )
    asked = order({"image_size": "16:9", "old": 1}, {"image_size": "16:9"})
    assert product.input(order({"image_size": "16:9", "old": 1}), [URL]) == {
        "prompt": "лиса",
        "image_size": "landscape_16_9",
        "old": 1,
        "image_urls": [URL],
    }
    assert product.input(asked)["image_size"] == "16:9", "options are passed unchanged"


def test_constants_stand_under_what_is_said_and_a_random_one_changes() -> None:
    qwen = PRODUCTS["qwen"]
    seeds = {qwen.input(order())["seed"] for _ in range(20)}
    assert len(seeds) > 1
    assert all(0 < each < 2**31 for each in seeds)
    assert qwen.input(order({"seed": 7}))["seed"] == 7
    ideogram = PRODUCTS["ideogram"]
    assert "num_images" not in ideogram.input(order())
    assert ideogram.input(order(), [URL])["num_images"] == "1"


def test_a_tool_sends_no_prompt_and_no_more_pictures_than_it_takes() -> None:
    assert PRODUCTS["topaz"].input(order(), [URL, URL]) == {"image_url": URL}
    assert PRODUCTS["kling_3"].input(order(), [URL] * 3)["image_urls"] == [URL, URL]


def provider(kie: KieSimulator, session: aiohttp.ClientSession, models: ByInput) -> KieProvider:
    client = Kie(session, base_url=kie.url, api_key=kie.key, request_timeout_s=5)
    return KieProvider(MIDJOURNEY, client, models, KNOWN, poll_interval_s=3, poll_timeout_s=900)


async def test_a_picture_takes_the_other_model() -> None:
    async with KieSimulator.start() as kie, aiohttp.ClientSession() as session:
        midjourney = provider(kie, session, MIDJOURNEY.models)
        kie.task_seconds = 60
        asked = order({"aspect_ratio": "1:1"})
        await midjourney.submit(asked)
        await midjourney.submit(asked, picture_urls=["https://example.invalid/in.png"])
        first, second = kie.tasks
        assert first.model == "midjourney/v6-text-to-image"
        assert second.model == "midjourney/v6-image-to-image"
        assert first.input == {"prompt": "лиса", "aspect_ratio": "1:1"}
        assert second.input["image_url"] == "https://example.invalid/in.png"
        assert await midjourney.check(first.task_id) == Pending()
        kie.finish(first)
        state = await midjourney.check(first.task_id)
        assert isinstance(state, Done)
        assert state.urls == tuple(first.result_urls)


async def test_what_a_product_has_no_model_for_is_refused() -> None:
    async with KieSimulator.start() as kie, aiohttp.ClientSession() as session:
        pictures_only = provider(kie, session, ByInput(picture="midjourney/v6-image-to-image"))
        with pytest.raises(RefusedError):
            await pictures_only.submit(order())
        assert kie.tasks == []


async def test_what_is_not_as_the_schema_says_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    model = MIDJOURNEY.models.text
    assert model is not None
    known = read({"properties": {"prompt": {"type": "string"}, "seed": {"enum": [1]}}})
    monkeypatch.setitem(KNOWN.schemas, model, known)
    async with KieSimulator.start() as kie, aiohttp.ClientSession() as session:
        midjourney = provider(kie, session, MIDJOURNEY.models)
        with pytest.raises(InputMismatchError) as caught:
            await midjourney.submit(order({"seed": 2, "mode": "x"}))
        assert caught.value.detail == f"{model}: mode: no such field; seed: none of 1"
        assert kie.tasks == []
        await midjourney.submit(order({"seed": 1}))
        await midjourney.submit(order({"mode": "x"}), picture_urls=["https://example.com/a.png"])
        assert len(kie.tasks) == 2, "of the other model nothing is known"
        await midjourney.submit(order(options={"anything": True}))
        assert kie.tasks[-1].input["anything"] is True, "options are people's own business"


@pytest.mark.parametrize("credits", [0, 42])  # of the product; what its value takes is not known
def test_what_a_task_takes_may_be_unknown(credits: float) -> None:  # noqa: A002 - KIE's word
    product = replace(
        PRODUCTS["kling"],
        credits=credits,
        fields=(Field("duration", "duration", OneOf("5", "10"), "5", credits={"10": 0.0}),),
        credits_a_picture=1,
    )
    assert product.credits_for(Order("", "", params={"duration": "10"}), 1) == 0


async def test_a_model_that_kie_dropped_has_its_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    banana = PRODUCTS["nano_banana"]
    async with KieSimulator.start() as kie, aiohttp.ClientSession() as session:
        client = Kie(session, base_url=kie.url, api_key=kie.key, request_timeout_s=5)

        async def used(models: ByInput = banana.models) -> str:
            provider = KieProvider(
                banana, client, models, KNOWN, poll_interval_s=3, poll_timeout_s=900
            )
            await provider.submit(order())
            return kie.tasks[-1].model

        assert await used() == "nano-banana-2-1"
        monkeypatch.setattr(KNOWN, "unlisted", {"nano-banana-2-1", "nano-banana-pro"})
        assert await used() == "nano-banana-2"
        assert await used(ByInput("nano-banana-pro")) == "nano-banana-pro", "as it is set"
        monkeypatch.setattr(KNOWN, "unlisted", {"nano-banana-2-1", "nano-banana-2"})
        assert await used() == "nano-banana-2-1"
