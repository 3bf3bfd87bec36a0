"""What goes into `input`."""

from typing import Any

import aiohttp
import pytest

from bot.demo.kie import KieSimulator
from providers.base import Done, ImageRequest, Pending
from providers.kie import Kie
from providers.midjourney import Midjourney, input_fields


def test_the_prompt_alone() -> None:
    assert input_fields(ImageRequest("рыжая лиса")) == {"prompt": "рыжая лиса"}


def test_the_order() -> None:
    request = ImageRequest(
        "лиса",
        params={"aspect_ratio": "16:9", "seed": 7},
        options={"weird": {"a": [1, None]}},
        image_url="https://example.com/in.png",
    )
    fields = input_fields(request)
    assert list(fields) == ["prompt", "aspect_ratio", "seed", "image_url", "weird"]
    assert fields["weird"] == {"a": [1, None]}
    assert fields["image_url"] == "https://example.com/in.png"


@pytest.mark.parametrize("name", ["prompt", "aspect_ratio", "image_url"])
def test_the_options_come_over_all_that_stands_before(name: str) -> None:
    options: dict[str, Any] = {name: {"of": "the options"}}
    request = ImageRequest("лиса", {"aspect_ratio": "1:1"}, options, "https://example.com/in.png")
    assert input_fields(request)[name] == {"of": "the options"}


def test_the_request_is_left_as_it_was() -> None:
    params, options = {"seed": 7}, {"seed": 8}
    assert input_fields(ImageRequest("лиса", params, options))["seed"] == 8
    assert (params, options) == ({"seed": 7}, {"seed": 8})


async def test_a_picture_takes_the_other_model() -> None:
    async with KieSimulator.start() as kie, aiohttp.ClientSession() as session:
        midjourney = Midjourney(
            Kie(session, base_url=kie.url, api_key=kie.key, request_timeout_s=5),
            text_model="midjourney/v6-text-to-image",
            image_model="midjourney/v6-image-to-image",
        )
        kie.task_seconds = 60
        params = {"aspect_ratio": "1:1"}
        await midjourney.submit(ImageRequest("лиса", params))
        with_picture = ImageRequest("лиса", params, image_url="https://example.invalid/in.png")
        await midjourney.submit(with_picture)
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
