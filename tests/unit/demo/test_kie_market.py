"""The models of the market: what each takes and bills, what is told of it, and what it makes."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import av
import pytest
from PIL import Image

from bot.demo.kie import KieLimits, KieSimulator
from bot.demo.kie.market import MODELS
from providers.base import Flag, Input, OneOf, Product
from providers.order import Order
from providers.products import PRODUCTS
from tests.unit.demo.kie_api import FILM_MODEL, IMAGE_MODEL, Clock, made, running

REQUIRED = "This field is required"
RANGE = "is not within the range of allowed options"
PICTURE = "https://example.com/a.png"
FLUX, REMIX, GPT = "flux-2/pro-text-to-image", "ideogram/v3-remix", "gpt-image-2-text-to-image"
K3 = "kling-3.0/video"
K3_INPUT = {"sound": False, "duration": "5", "multi_shots": False, "aspect_ratio": "16:9"}
CLIP, WAN, TOPAZ = "bytedance/seedance-2-mini", "wan/2-7-image", "topaz/image-upscale"


@pytest.mark.parametrize(
    ("model", "given", "code", "msg"),
    [
        (FLUX, {"aspect_ratio": "1:1"}, 500, REQUIRED),
        (FLUX, {"aspect_ratio": "auto", "resolution": "1K"}, 422, f"aspect_ratio {RANGE}"),
        (
            FLUX,
            {"prompt": "ab", "aspect_ratio": "1:1", "resolution": "1K"},
            422,
            "prompt must be at",
        ),
        ("flux-2/pro-image-to-image", {"aspect_ratio": "1:1", "resolution": "1K"}, 500, REQUIRED),
        (REMIX, {"image_urls": [PICTURE]}, 500, REQUIRED),
        (REMIX, {"image_url": PICTURE, "num_images": 1}, 422, f"num_images {RANGE}"),
        (REMIX, {"image_url": [PICTURE]}, 422, "image_url must be an http"),
        (GPT, {"resolution": "2K"}, 422, f"aspect_ratio {RANGE}"),
        (GPT, {"resolution": "4K", "aspect_ratio": "1:1"}, 422, f"aspect_ratio {RANGE}"),
        ("qwen3/image-to-image", {"image_urls": [PICTURE] * 4}, 422, "image_urls cannot exceed 3"),
        ("qwen3/image-to-image", {"image_urls": []}, 422, "image_urls must be an array"),
        ("qwen3/text-to-image", {"seed": 1.5}, 422, "seed must be an integer"),
        ("qwen3/text-to-image", {"nsfw_checker": "true"}, 422, "nsfw_checker must be a boolean"),
        (FILM_MODEL, {}, 500, REQUIRED),
        (FILM_MODEL, {"duration": "7"}, 422, f"duration {RANGE}"),
        (K3, K3_INPUT | {"aspect_ratio": None}, 422, f"aspect_ratio {RANGE}"),
        (K3, {"sound": False, "duration": "5", "multi_shots": False}, 500, "aspect_ratio is req"),
        (CLIP, {"duration": "5"}, 422, "duration must be a number"),
        (CLIP, {"duration": 3}, 422, "duration must be between 4 and 15"),
        (TOPAZ, {"image_url": PICTURE}, 500, REQUIRED),
        (TOPAZ, {"image_url": PICTURE, "upscale_factor": 2}, 422, f"upscale_factor {RANGE}"),
    ],
)
async def test_what_a_model_does_not_take_is_refused(
    model: str, given: dict[str, Any], code: int, msg: str
) -> None:
    async with running() as (kie, api):
        answer = (await api.create(model, **given)).body
        assert (answer["code"], answer["msg"][: len(msg)]) == (code, msg)
        assert kie.tasks == []


@pytest.mark.parametrize(
    ("model", "given", "cost"),
    [
        ("nano-banana-2-1", {}, 4),
        ("nano-banana-2-1", {"resolution": "2K"}, 6),
        ("nano-banana-2-1", {"resolutoin": "2K"}, 4),
        ("nano-banana-2", {"aspect_ratio": "1:8", "resolution": "4K"}, 18),
        (GPT, {"resolution": "4K", "aspect_ratio": "16:9"}, 16),
        ("seedream/5-flash-text-to-image", {"aspect_ratio": "3:2", "size": "2K"}, 3.24),
        (REMIX, {"image_url": PICTURE, "rendering_speed": "TURBO", "num_images": "3"}, 10.5),
        ("qwen3/text-to-image", {"seed": None, "negative_prompt": "a"}, 4.8),
        ("qwen3/image-to-image", {"image_urls": [PICTURE] * 2}, 5.8),
        (FILM_MODEL, {"duration": "10", "negative_prompt": None}, 84),
        (K3, K3_INPUT, 90),
        (K3, K3_INPUT | {"mode": "std", "duration": "3"}, 42),
        (K3, K3_INPUT | {"mode": "std", "sound": True}, 100),
        (CLIP, {}, 41),
        (CLIP, {"duration": 15, "resolution": "480p"}, 57),
        (TOPAZ, {"image_url": PICTURE, "upscale_factor": "4"}, 20),
        (WAN, {}, 19.2),
        ("wan/3-0-video", {"duration": 2}, 64),
    ],
)
async def test_a_request_costs_what_its_values_cost_and_else_the_default(
    model: str, given: dict[str, Any], cost: float
) -> None:
    async with running() as (kie, api):
        own = uploaded(kie, given)
        kie.task_seconds, kie.credits = 60, 1000.0
        task_id = (await api.create(model, **own)).body["data"]["taskId"]
        assert kie.credits == pytest.approx(1000 - cost)
        assert (await api.poll(task_id)).body["data"]["creditsConsumed"] == 0.0
        (task,) = kie.tasks
        kie.finish(task)
        await kie.wait_for(lambda: task.done)
        data = (await api.poll(task_id)).body["data"]
        assert data["creditsConsumed"] == pytest.approx(cost)
        assert data["response"] == {"resultUrls": task.result_urls}
        kie.credits = cost - 0.1
        assert (await api.create(model, **own)).body["code"] == 402


def uploaded(kie: KieSimulator, given: dict[str, Any]) -> dict[str, Any]:
    """An input in which PICTURE is one that is there."""
    url = kie.url + kie.upload("images", "a.png", picture(300, 400)).path
    text = json.dumps(given).replace(PICTURE, url)
    return dict(json.loads(text))


@pytest.mark.parametrize(
    "product", [each for each in PRODUCTS.values() if each.credits], ids=lambda each: each.key
)
@pytest.mark.parametrize("way", Input)
def test_what_is_declared_is_taken_and_costs_what_it_says(product: Product, way: Input) -> None:
    urls = [PICTURE] * product.pictures if way is Input.PICTURE else []
    fields = [each for each in product.fields if not each.option and each.only in (None, way)]
    usual = {each.param: each.default_for(way) for each in fields}
    params = {param: value for param, value in usual.items() if value is not None}
    cases: list[tuple[dict[str, Any], float]] = [(params, product.credits)]
    for field in fields:
        words = field.kind.words if isinstance(field.kind, OneOf) else ()
        values: dict[str, Any] = {word: word for word in words}
        if isinstance(field.kind, Flag):
            values = {"on": field.kind.sent}
        for word, value in values.items():
            cost = field.credits.get(word, product.credits)
            cases.append((params | {field.param: value}, cost))
    of, spare = product.models, product.fallback
    for name in filter(None, (of.text, spare.text) if not urls else (of.picture, spare.picture)):
        model = MODELS[name]
        for chosen, cost in cases:
            given = product.input(Order("m", "a fox", params=chosen), urls)
            model.check(given)
            assert given.keys() <= model.fields.keys()
            if name in (of.text, of.picture):
                added = product.credits_a_picture * len(urls)
                assert model.cost(given) == pytest.approx(cost + added), chosen


# --- What is told


async def test_the_list_is_searched() -> None:
    async with running() as (kie, api):
        kie.limits = None
        for query, names in (
            ({"q": "BANANA"}, {"nano-banana-2", "nano-banana-2-1", "nano-banana-pro"}),
            ({"provider": "Topaz"}, {TOPAZ}),
            ({"provider": "Kling", "taskType": "Text to Video"}, {FILM_MODEL, K3}),
            ({"q": "nothing"}, set()),
        ):
            data = (await api.call("GET", "/api/v1/models", params=query)).body["data"]
            assert {each["model"] for each in data["models"]} == names
            assert data["total"] == len(names)


def follow(document: Any, reference: str) -> Any:
    for key in reference.removeprefix("#/").split("/"):
        document = document[unquote(key)]
    return document


@pytest.mark.parametrize("name", sorted(MODELS))
async def test_a_schema_has_all_fields_behind_references(name: str) -> None:
    async with running() as (_, api):
        data = (await api.call("GET", f"/api/v1/models/{name}/schema")).body["data"]
    if not MODELS[name].has_document:
        assert data == {"openapi": None}
        return
    post = data["openapi"]["paths"]["/api/v1/jobs/createTask"]["post"]
    body = post["requestBody"]["content"]["application/json"]["schema"]
    reference = body["properties"]["input"]["$ref"]
    assert reference.endswith("%20")
    given = follow(data["openapi"], reference)
    assert given["properties"].keys() == MODELS[name].fields.keys()
    assert set(given["required"]) <= given["properties"].keys()
    for field in given["properties"].values():
        if "$ref" in field:
            assert follow(data["openapi"], field["$ref"])["type"] == "boolean"
    for answer in post["responses"].values():
        assert follow(data["openapi"], answer["$ref"])


async def test_a_schema_does_not_tell_all() -> None:
    async with running() as (kie, api):
        kie.limits = None

        async def told(name: str) -> Any:
            document = (await api.call("GET", f"/api/v1/models/{name}/schema")).body["data"]
            return document["openapi"]["components"]["schemas"]["Input "]

        assert (await told(FLUX))["required"] == ["prompt"]
        assert "multi_prompt" in (await told(K3))["required"]
        assert "minimum" not in (await told("wan/3-0-video"))["properties"]["duration"]
        known = kie.market[FLUX]
        kie.market[FLUX] = replace(known, fields={"prompt": known.fields["prompt"]})
        assert (await told(FLUX))["properties"].keys() == {"prompt"}


async def test_price_and_success_rate() -> None:
    async with running() as (kie, api):
        kie.limits = None
        url = f"/api/v1/models/{FLUX}"
        price = (await api.call("GET", f"{url}/price")).body["data"]["pricingDesc"]
        assert price == "1K: 5 credits ($0.025), 2K: 7 credits ($0.035)."
        remix = await api.call("GET", f"/api/v1/models/{REMIX}/price")
        assert remix.body["data"]["pricingDesc"] is None
        assert (await api.call("GET", f"{url}/success-rate")).body["data"] == []
        kie.fail_task()
        for _ in range(2):
            await made(kie, api, model=FLUX, aspect_ratio="1:1", resolution="1K")
        (point,) = (await api.call("GET", f"{url}/success-rate")).body["data"]
        assert (point["successRate"], point["errorRate"], point["isNormal"]) == (50, 50, False)


async def test_one_question_a_second_for_all_that_is_told() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        paths = ["", *(f"/{FLUX}/{what}" for what in ("schema", "price", "success-rate"))]
        for path in paths:
            answers = [await api.call("GET", f"/api/v1/models{each}") for each in (path, *paths)]
            assert [answer.status for answer in answers] == [200] + [429] * 4
            clock.now += 1
        kie.limits = KieLimits(discoveries_per_s=9)
        unknown = await api.call("GET", "/api/v1/models/flux-2/none/schema")
        assert (unknown.status, unknown.body["code"]) == (200, 404)
        wrong = {"Authorization": "Bearer x"}
        answer = await api.call("GET", f"/api/v1/models/{FLUX}/schema", headers=wrong)
        assert answer.body["code"] == 401


# --- What is made


async def test_a_film_is_as_long_and_wide_as_asked_for_and_moves() -> None:
    async with running() as (kie, api):
        task = await made(kie, api, model=FILM_MODEL, duration="5", aspect_ratio="9:16")
        answer = await api.result(task)
    assert answer.headers["Content-Type"] == "video/mp4"
    with av.open(io.BytesIO(answer.raw), "r") as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (360, 640)
        assert (film.duration or 0) / av.time_base == pytest.approx(5, abs=0.2)
        frames = [bytes(frame.planes[0]) for frame in film.decode(video=0)]
    assert len({*frames}) == len(frames) > 30


async def test_a_film_begins_with_the_picture_it_is_made_of() -> None:
    async with running() as (kie, api):
        url = kie.url + kie.upload("images", "a.png", picture(320, 240)).path
        task = await made(kie, api, model=CLIP, first_frame_url=url, duration=4)
        with av.open(io.BytesIO((await api.result(task)).raw), "r") as film:
            frame = next(film.decode(video=0))
    assert (frame.width, frame.height) == (640, 480)
    row = bytes(frame.planes[0])[:640]
    assert 84 < min(row) <= max(row) < 102


def picture(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("model", "given", "size", "mode"),
    [
        ("recraft/crisp-upscale", {"image": PICTURE}, (600, 800), "RGB"),
        (TOPAZ, {"image_url": PICTURE, "upscale_factor": "4"}, (1200, 1600), "RGB"),
        ("recraft/remove-background", {"image": PICTURE}, (300, 400), "RGBA"),
        ("nano-banana-2-1", {"image_input": [PICTURE] * 2}, (768, 1024), "RGB"),
        ("ideogram/v3-text-to-image", {"image_size": "portrait_16_9"}, (576, 1024), "RGB"),
    ],
)
async def test_a_picture_is_made_larger_cut_out_or_painted_in_its_ratio(
    model: str, given: dict[str, Any], size: tuple[int, int], mode: str
) -> None:
    async with running() as (kie, api):
        task = await made(kie, api, model=model, **uploaded(kie, given))
        answer = await api.result(task)
    with Image.open(io.BytesIO(answer.raw)) as image:
        assert (image.size, image.mode) == (size, mode)
        assert answer.headers["Content-Type"] == Image.MIME[str(image.format)]
        if mode == "RGBA":
            assert image.getchannel("A").getextrema() == (0, 255)


async def test_a_picture_that_is_too_small_for_a_tool_fails_the_task() -> None:
    async with running() as (kie, api):
        url = kie.url + kie.upload("images", "a.png", picture(64, 48)).path
        task = await made(kie, api, model="recraft/remove-background", image=url)
        assert task.fail is not None
        assert task.fail.msg == "Image width and height must be between 256 and 4096 pixels"
        assert (await made(kie, api, model=IMAGE_MODEL, image_url=url)).state == "success"


async def test_several_results_are_several_pictures() -> None:
    async with running() as (kie, api):
        task = await made(kie, api, model=WAN)
        assert len(task.result_urls) == 4
        own = {"Authorization": None}
        found = [await api.call("GET", url, headers=own) for url in task.result_urls]
        assert len({answer.raw for answer in found}) == 4
