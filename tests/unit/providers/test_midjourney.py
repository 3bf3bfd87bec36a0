"""What goes into `input`."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from bot.demo.kie import KieSimulator
from order import Order
from providers.base import Done, Pending
from providers.kie import Kie
from providers.midjourney import Midjourney, input_fields


def order(
    params: Mapping[str, Any] | None = None, options: Mapping[str, Any] | None = None
) -> Order:
    return Order("m", "лиса", params=params or {}, options=options or {})


def test_the_prompt_alone() -> None:
    assert input_fields(order()) == {"prompt": "лиса"}


def test_the_order() -> None:
    asked = order({"aspect_ratio": "16:9", "seed": 7}, {"weird": {"a": [1, None]}})
    fields = input_fields(asked, "https://example.com/in.png")
    assert list(fields) == ["prompt", "aspect_ratio", "seed", "image_url", "weird"]
    assert fields["weird"] == {"a": [1, None]}
    assert fields["image_url"] == "https://example.com/in.png"


@pytest.mark.parametrize("name", ["prompt", "aspect_ratio", "image_url"])
def test_the_options_come_over_all_that_stands_before(name: str) -> None:
    options: dict[str, Any] = {name: {"of": "the options"}}
    asked = order({"aspect_ratio": "1:1"}, options)
    assert input_fields(asked, "https://example.com/in.png")[name] == {"of": "the options"}


def test_the_order_is_left_as_it_was() -> None:
    params, options = {"seed": 7}, {"seed": 8}
    assert input_fields(order(params, options))["seed"] == 8
    assert (params, options) == ({"seed": 7}, {"seed": 8})


async def test_a_picture_takes_the_other_model() -> None:
    async with KieSimulator.start() as kie, aiohttp.ClientSession() as session:
        midjourney = Midjourney(
            Kie(session, base_url=kie.url, api_key=kie.key, request_timeout_s=5),
            text_model="midjourney/v6-text-to-image",
            image_model="midjourney/v6-image-to-image",
        )
        kie.task_seconds = 60
        asked = order({"aspect_ratio": "1:1"})
        await midjourney.submit(asked)
        await midjourney.submit(asked, picture_url="https://example.invalid/in.png")
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
