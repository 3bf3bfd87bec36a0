"""The result host and the upload host."""

from __future__ import annotations

import base64
import io
import json
import re
from typing import Any

import pytest
from PIL import Image

from tests.unit.demo.kie_api import IMAGE_MODEL, Clock, made, running

PNG = b"\x89PNG\r\n\x1a\n" + bytes(62)
FORM: dict[str, Any] = {"file": PNG, "uploadPath": "images"}


async def test_a_result_is_a_picture_of_its_own_in_the_ratio_asked_for() -> None:
    async with running() as (kie, api):
        one, other = [await made(kie, api, aspect_ratio="2:3") for _ in range(2)]
        assert re.fullmatch(rf"{kie.url}/r/{one.task_id}_1_\d+_\d+\.png", one.result_urls[0])
        answer = await api.result(one)
        assert (await api.result(one)).raw == answer.raw
        assert (await api.result(other)).raw != answer.raw

    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.headers["Server"] == "cloudflare"
    with Image.open(io.BytesIO(answer.raw)) as image:
        assert (image.format, image.size) == ("PNG", (683, 1024))


@pytest.mark.parametrize(
    "agent", [None, "Python-urllib/3.11", "Python/3.11 aiohttp/3.14.5", "python-httpx/0.28"]
)
async def test_default_user_agents_are_refused(agent: str | None) -> None:
    async with running() as (kie, api):
        answer = await api.result(await made(kie, api), **{"User-Agent": agent})
        assert (answer.status, answer.headers["Content-Type"]) == (403, "text/html")
        assert b"error code: 1010" in answer.raw


async def test_a_result_is_there_for_fourteen_days_and_a_link_for_twenty_minutes() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        kie.task_seconds = 10
        await api.create()
        task = kie.tasks[0]
        assert (await api.result(task)).status == 404
        clock.now += 10
        body = {"url": task.result_urls[0]}
        link = (await api.call("POST", "/api/v1/common/download-url", json=body)).body["data"]
        for seconds, statuses in {0: (200, 200), 1200: (200, 404), 14 * 86_400: (404, 404)}.items():
            clock.now = task.ready_at + seconds
            found = (await api.result(task), await api.call("GET", link))
            assert tuple(each.status for each in found) == statuses


async def test_a_task_starts_from_an_upload_or_a_result() -> None:
    source = io.BytesIO()
    Image.linear_gradient("L").save(source, "PNG")
    async with running() as (kie, api):
        url = kie.url + kie.upload("images", "gradient.png", source.getvalue()).path
        task = await made(kie, api, model=IMAGE_MODEL, image_url=url, aspect_ratio="1:1")
        with Image.open(io.BytesIO((await api.result(task)).raw)) as image:
            # Dark above, light below, as the source is.
            luminance = image.convert("L")
            assert luminance.getpixel((512, 150)) < luminance.getpixel((512, 800))  # type: ignore[operator]
        task = await made(kie, api, model=IMAGE_MODEL, image_url=task.result_urls[0])
        assert task.state == "success"


@pytest.mark.parametrize(
    ("url", "msg"),
    [
        ("https://example.com/photo.jpg", "Failed to fetch the image"),
        ("http://127.0.0.1:9/photo.jpg", "Failed to fetch the image"),
        ("{kie}/kieai/000000/none.png", "Failed to fetch the image"),
        ("{kie}/kieai/000000/images/text.png", "File type not supported"),
        ("{kie}/kieai/000000/images/large.png", "File size exceeds the limit of 10MB"),
    ],
)
async def test_a_source_that_cannot_be_had_fails_the_task(url: str, msg: str) -> None:
    async with running() as (kie, api):
        kie.upload("images", "text.png", b"not a picture")
        kie.upload("images", "large.png", bytes(11 * 2**20))
        task = await made(kie, api, model=IMAGE_MODEL, image_url=url.replace("{kie}", kie.url))
        assert task.fail is not None
        assert (task.fail.code, task.fail.msg.startswith(msg)) == ("422", True)


# --- Uploads


async def test_an_upload_is_served_back_for_three_days() -> None:
    clock = Clock(1_776_323_952.044)
    async with running(clock=clock) as (kie, api):
        first = (await api.upload(**FORM)).body["data"]
        assert re.fullmatch(r"1776323952044-[a-z0-9]{11}\.png", first["fileName"])
        await api.upload(**FORM, fileName="a.png")
        again = (await api.upload(**FORM | {"file": PNG + b"!"}, fileName="a.png")).body["data"]
        url = f"{kie.url}/kieai/000000/images/a.png"
        assert (again["downloadUrl"], again["fileSize"]) == (url, 71)
        assert again["uploadedAt"] == "2026-04-16T07:19:12.044Z"
        clock.now += 3 * 86_400 - 1
        file = await api.call("GET", url, headers={"Authorization": None})
        assert (file.headers["Content-Type"], file.raw) == ("image/png", PNG + b"!")
        clock.now += 1
        assert (await api.call("GET", url)).status == 404


async def test_files_come_as_base64_and_from_addresses_too() -> None:
    async with running() as (kie, api):
        for prefix in ("", "data:image/png;base64,"):
            body = {"base64Data": prefix + base64.b64encode(PNG).decode(), "uploadPath": "images"}
            answer = await api.call("POST", "/api/file-base64-upload", json=body)
            assert (await api.call("GET", answer.body["data"]["downloadUrl"])).raw == PNG
        task = await made(kie, api)
        body = {"fileUrl": task.result_urls[0], "uploadPath": "images", "fileName": "copy.png"}
        answer = await api.call("POST", "/api/file-url-upload", json=body)
        assert answer.body["data"]["mimeType"] == "image/png"


@pytest.mark.parametrize(
    ("path", "body", "msg"),
    [
        ("url", {"fileUrl": "https://example.com/a.png", "uploadPath": "a"}, "Failed to download"),
        (
            "url",
            {"fileUrl": "https://api.telegram.org/file/bot1:x/a.jpg", "uploadPath": "a"},
            "fileUrl must not be a Telegram file URL",
        ),
        ("base64", {"uploadPath": "a"}, "Missing required parameter: base64Data"),
        ("base64", {"base64Data": "AAAA"}, "Missing required parameter: uploadPath"),
        ("base64", {"base64Data": "not base64!", "uploadPath": "a"}, "base64Data is wrong"),
        ("base64", {"base64Data": "A" * 14_000_000, "uploadPath": "a"}, "File size exceeds"),
    ],
)
async def test_a_wrong_upload_is_a_400_under_http_200(path: str, body: Any, msg: str) -> None:
    async with running() as (_, api):
        data, kind = io.BytesIO(json.dumps(body).encode()), {"Content-Type": "application/json"}
        answer = await api.call("POST", f"/api/file-{path}-upload", data=data, headers=kind)

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert list(answer.body) == ["success", "code", "msg"]
    assert (answer.body["success"], answer.body["code"]) == (False, 400)
    assert answer.body["msg"].startswith(msg)


@pytest.mark.parametrize(
    "fields",
    [
        {"uploadPath": "images"},
        {"file": PNG},
        *[FORM | {"uploadPath": path} for path in ("", "/images", "images/", "../images")],
        *[FORM | {"fileName": name} for name in ("a/b.png", "..")],
    ],
)
async def test_a_wrong_form_is_refused(fields: dict[str, Any]) -> None:
    async with running() as (_, api):
        assert (await api.upload(**fields)).body["code"] == 400
        refused = await api.call("POST", "/api/file-url-upload", headers={"Authorization": "no"})
        assert (refused.body["success"], refused.body["code"]) == (False, 401)
