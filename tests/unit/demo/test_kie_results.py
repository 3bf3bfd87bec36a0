from __future__ import annotations

import asyncio
import io
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bot.demo.kie import KieSimulator, Task
from tests.unit.demo.kie_api import IMAGE_MODEL, Answer, Api, Clock, made, running


async def fetch(api: Api, task: Task, **headers: str | None) -> Answer:
    given = {"Authorization": None} | headers
    return await api.call("GET", task.result_urls[0], headers=given)


async def result_json(kie: KieSimulator, api: Api) -> Any:
    task = await made(kie, api)
    return (await api.poll(task.task_id)).body["data"]["resultJson"]


async def test_a_result_is_a_png_of_the_ratio_asked_for() -> None:
    async with running() as (kie, api):
        answer = await fetch(api, await made(kie, api, aspect_ratio="2:3"))

    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.headers["Server"] == "cloudflare"
    with Image.open(io.BytesIO(answer.raw)) as image:
        assert (image.format, image.size) == ("PNG", (683, 1024))


async def test_two_tasks_of_one_prompt_look_different_and_one_always_the_same() -> None:
    async with running() as (kie, api):
        one, other = await made(kie, api), await made(kie, api)
        first = (await fetch(api, one)).raw
        assert (await fetch(api, one)).raw == first
        assert (await fetch(api, other)).raw != first


@pytest.mark.parametrize(
    "agent", [None, "Python-urllib/3.11", "Python/3.11 aiohttp/3.14.5", "python-httpx/0.28"]
)
async def test_default_user_agents_are_refused(agent: str | None) -> None:
    async with running() as (kie, api):
        task = await made(kie, api)
        answer = await fetch(api, task, **{"User-Agent": agent})

    assert answer.status == 403
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"error code: 1010" in answer.raw


async def test_a_result_is_not_there_before_its_task_is_done_nor_after_it_expired() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        kie.task_seconds = 10
        await api.create()
        task = kie.tasks[0]
        assert (await fetch(api, task)).status == 404
        clock.now += 10
        assert (await fetch(api, task)).status == 200
        clock.now += 14 * 86_400
        assert (await fetch(api, task)).status == 404


async def test_results_can_be_made_to_vanish() -> None:
    async with running() as (kie, api):
        task = await made(kie, api)
        kie.results_live_s = 0
        assert (await fetch(api, task)).status == 404


async def test_a_failed_task_has_no_result() -> None:
    async with running() as (kie, api):
        kie.fail_task()
        assert (await fetch(api, await made(kie, api))).status == 404


@pytest.mark.parametrize("raw", ["{broken", "", None, {"resultUrls": ["http://a/b.png"]}])
async def test_the_result_may_be_anything(raw: object) -> None:
    async with running() as (kie, api):
        kie.next_result(raw=raw)
        assert await result_json(kie, api) == raw
        assert "resultUrls" in await result_json(kie, api)


async def test_a_success_may_hold_no_url_or_a_foreign_one() -> None:
    async with running() as (kie, api):
        kie.next_result(urls=[])
        kie.next_result(url="http://10.0.0.1/x")
        assert await result_json(kie, api) == '{"resultUrls":[]}'
        assert await result_json(kie, api) == '{"resultUrls":["http://10.0.0.1/x"]}'


async def test_other_bytes_may_stand_for_the_picture() -> None:
    async with running() as (kie, api):
        kie.next_result(data=b"<html>", content_type="text/html; charset=utf-8")
        answer = await fetch(api, await made(kie, api))

    assert (answer.raw, answer.headers["Content-Type"]) == (b"<html>", "text/html; charset=utf-8")


async def test_a_padded_picture_is_as_large_as_asked_for_and_still_a_picture() -> None:
    async with running() as (kie, api):
        kie.next_result(size_bytes=5 * 2**20)
        answer = await fetch(api, await made(kie, api))

    assert len(answer.raw) >= 5 * 2**20
    with Image.open(io.BytesIO(answer.raw)) as image:
        image.load()
        assert image.size == (1024, 1024)


async def test_the_result_host_redirects_and_refuses_as_told() -> None:
    async with running() as (kie, api):
        kie.next_result(redirect="http://10.0.0.1/x")
        kie.next_result(status=404)
        answer = await fetch(api, await made(kie, api))
        assert (answer.status, answer.headers["Location"]) == (302, "http://10.0.0.1/x")
        assert (await fetch(api, await made(kie, api))).status == 404


async def test_an_endless_body_goes_on_for_as_long_as_it_is_read() -> None:
    async with running() as (kie, api):
        kie.next_result(endless=True)
        task = await made(kie, api)
        async with api.session.get(task.result_urls[0], headers={"User-Agent": "x"}) as response:
            assert response.content_length is None
            read = await response.content.readexactly(3 * 2**20)

    assert read.startswith(b"\x89PNG")


async def test_a_result_may_hang() -> None:
    async with running() as (kie, api):
        kie.next_result(hang=True)
        task = await made(kie, api)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await fetch(api, task)


async def test_a_result_may_break_off_half_way() -> None:
    async with running() as (kie, api):
        kie.fault("result", cut_after_effect=True)
        task = await made(kie, api)
        with pytest.raises(aiohttp.ClientError):
            await fetch(api, task)
        assert (await fetch(api, task)).status == 200


async def test_a_film_starts_as_an_mp4_does() -> None:
    async with running() as (kie, api):
        given = {"sound": False, "duration": "5", "aspect_ratio": "16:9"}
        task = await made(kie, api, model="kling-2.6/text-to-video", **given)
        answer = await fetch(api, task)

    assert task.result_urls[0].endswith(".mp4")
    assert "/k/" in task.result_urls[0]
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.raw[4:8] == b"ftyp"


async def test_a_download_link_lives_for_twenty_minutes() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        kie.task_seconds = 0
        task = await made(kie, api)
        path = "/api/v1/common/download-url"
        body = (await api.call("POST", path, json={"url": task.result_urls[0]})).body
        assert (body["code"], body["msg"]) == (200, "success")
        link = {"Authorization": None}
        clock.now += 1199
        assert (await api.call("GET", body["data"], headers=link)).status == 200
        clock.now += 1
        assert (await api.call("GET", body["data"], headers=link)).status == 404


@pytest.mark.parametrize("body", [{}, {"url": ""}, {"url": "https://example.com/x.png"}, []])
async def test_a_download_link_is_for_results_only(body: object) -> None:
    async with running() as (_, api):
        answer = await api.call("POST", "/api/v1/common/download-url", json=body)

    assert answer.body == {"code": 422, "msg": "url is wrong", "data": None}


async def test_the_source_picture_is_used() -> None:
    source = io.BytesIO()
    Image.linear_gradient("L").save(source, "PNG")
    async with running() as (kie, api):
        upload = kie.uploads.put("images", "gradient.png", source.getvalue())
        given = {"image_url": kie.url + upload.path, "aspect_ratio": "1:1"}
        task = await made(kie, api, model=IMAGE_MODEL, **given)
        answer = await fetch(api, task)

    with Image.open(io.BytesIO(answer.raw)) as image:
        assert image.size == (1024, 1024)
        # Dark above, light below, as the source is.
        luminance = image.convert("L")
        assert luminance.getpixel((512, 150)) < luminance.getpixel((512, 800))  # type: ignore[operator]


async def test_a_result_can_move() -> None:
    async with running() as (kie, api):
        task = await made(kie, api)
        (old,) = task.result_urls
        await api.call("POST", "/_sim/move_result", json={"task_id": task.task_id})
        told = (await api.poll(task.task_id)).body["data"]["resultJson"]
        assert old not in told
        assert task.result_urls[0] in told
        assert (await api.call("GET", old)).status == 404
        assert (await fetch(api, task)).status == 200


async def test_an_endpoint_is_down_until_it_is_up() -> None:
    async with running() as (kie, api):
        task = await made(kie, api)
        await api.call("POST", "/_sim/settings", json={"down": {"result": 503}})
        for _ in range(3):
            answer = await fetch(api, task)
            assert (answer.status, answer.headers["Content-Type"]) == (503, "text/html")
        assert (await api.poll(task.task_id)).status == 200
        await api.call("POST", "/_sim/settings", json={"down": {"result": 0}})
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await fetch(api, task)
        await api.call("POST", "/_sim/settings", json={"down": {}})
        assert (await fetch(api, task)).status == 200


async def test_fields_of_a_record_can_be_absurd() -> None:
    async with running() as (kie, api):
        await api.call("POST", "/_sim/next_result", json={"record": {"completeTime": -(10**400)}})
        task = await made(kie, api)
        record = (await api.poll(task.task_id)).body["data"]
        assert (record["state"], record["completeTime"]) == ("success", -(10**400))


async def test_one_result_may_be_the_source_of_the_next() -> None:
    async with running() as (kie, api):
        first = await made(kie, api)
        task = await made(kie, api, model=IMAGE_MODEL, image_url=first.result_urls[0])
        assert task.state == "success"


@pytest.mark.parametrize(
    ("url", "msg"),
    [
        ("https://example.com/photo.jpg", "Failed to fetch the image"),
        ("http://127.0.0.1:9/photo.jpg", "Failed to fetch the image"),
        ("{kie}/kieai/000000/none.png", "Failed to fetch the image"),
        ("{kie}/kieai/000000/images/text.png", "File type not supported"),
    ],
)
async def test_a_source_that_cannot_be_had_fails_the_task(url: str, msg: str) -> None:
    async with running() as (kie, api):
        kie.uploads.put("images", "text.png", b"not a picture")
        task = await made(kie, api, model=IMAGE_MODEL, image_url=url.replace("{kie}", kie.url))

    assert task.fail is not None
    assert task.fail.code == "422"
    assert task.fail.msg.startswith(msg)
