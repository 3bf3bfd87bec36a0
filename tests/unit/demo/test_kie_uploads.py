from __future__ import annotations

import base64
import io
import json
import re
from typing import Any

import aiohttp
import pytest

from tests.unit.demo.kie_api import Answer, Api, Clock, made, running

PNG = b"\x89PNG\r\n\x1a\n" + bytes(62)


async def stream(api: Api, **fields: Any) -> Answer:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in ({"file": PNG, "uploadPath": "images/test-uploads"} | fields).items():
        if value is not None:
            filename = "photo.png" if name == "file" else None
            form.add_field(name, value, filename=filename)
    return await api.call("POST", "/api/file-stream-upload", data=form)


async def test_an_upload_is_answered_as_recorded_and_served_back() -> None:
    async with running(clock=Clock(1_776_323_952.862)) as (kie, api):
        answer = await stream(api, fileName="test-base64.png")
        url = f"{kie.url}/kieai/000000/images/test-uploads/test-base64.png"
        file = await api.call("GET", url, headers={"Authorization": None})

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert list(answer.body) == ["success", "code", "msg", "data"]
    assert answer.body == {
        "success": True,
        "code": 200,
        "msg": "File uploaded successfully",
        "data": {
            "success": True,
            "fileName": "test-base64.png",
            "filePath": "kieai/000000/images/test-uploads/test-base64.png",
            "downloadUrl": url,
            "fileSize": 70,
            "mimeType": "image/png",
            "uploadedAt": "2026-04-16T07:19:12.862Z",
        },
    }
    assert (file.status, file.headers["Content-Type"], file.raw) == (200, "image/png", PNG)


async def test_a_file_without_a_name_gets_one() -> None:
    async with running(clock=Clock(1_776_323_952.044)) as (_, api):
        data = (await stream(api)).body["data"]

    assert re.fullmatch(r"1776323952044-[a-z0-9]{11}\.png", data["fileName"])


async def test_the_same_name_overwrites() -> None:
    async with running() as (_, api):
        await stream(api, fileName="a.png")
        url = (await stream(api, fileName="a.png", file=PNG + b"!")).body["data"]["downloadUrl"]
        assert (await api.call("GET", url)).raw == PNG + b"!"


async def test_a_file_is_kept_for_three_days() -> None:
    clock = Clock()
    async with running(clock=clock) as (_, api):
        url = (await stream(api)).body["data"]["downloadUrl"]
        clock.now += 3 * 86_400 - 1
        assert (await api.call("GET", url)).status == 200
        clock.now += 1
        assert (await api.call("GET", url)).status == 404


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
async def test_base64_may_be_raw_or_a_data_url(prefix: str) -> None:
    async with running() as (_, api):
        body = {"base64Data": prefix + base64.b64encode(PNG).decode(), "uploadPath": "images"}
        answer = await api.call("POST", "/api/file-base64-upload", json=body)
        url = answer.body["data"]["downloadUrl"]
        assert (await api.call("GET", url)).raw == PNG


async def test_a_url_upload_fetches_the_file() -> None:
    async with running() as (kie, api):
        task = await made(kie, api)
        body = {"fileUrl": task.result_urls[0], "uploadPath": "images", "fileName": "copy.png"}
        answer = await api.call("POST", "/api/file-url-upload", json=body)

    assert answer.body["data"]["mimeType"] == "image/png"


@pytest.mark.parametrize(
    ("path", "body", "msg"),
    [
        ("url", {}, "Missing required parameter: fileUrl (file download URL)"),
        ("url", {"fileUrl": "https://example.com/a.png", "uploadPath": "a"}, "Failed to download"),
        (
            "url",
            {"fileUrl": "https://api.telegram.org/file/bot1:x/a.jpg", "uploadPath": "a"},
            "fileUrl must not be a Telegram file URL",
        ),
        ("base64", {"uploadPath": "a"}, "Missing required parameter: base64Data"),
        ("base64", {"base64Data": "AAAA"}, "Missing required parameter: uploadPath"),
        ("base64", {"base64Data": "not base64!", "uploadPath": "a"}, "base64Data is wrong"),
    ],
)
async def test_a_wrong_upload_is_a_400_under_http_200(path: str, body: Any, msg: str) -> None:
    async with running() as (_, api):
        answer = await api.call("POST", f"/api/file-{path}-upload", json=body)

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert list(answer.body) == ["success", "code", "msg"]
    assert (answer.body["success"], answer.body["code"]) == (False, 400)
    assert answer.body["msg"].startswith(msg)


async def test_base64_is_for_ten_megabytes_at_most() -> None:
    body = json.dumps({"base64Data": "A" * 14_000_000, "uploadPath": "images"})
    async with running() as (_, api):
        headers = {"Content-Type": "application/json"}
        path = "/api/file-base64-upload"
        data = io.BytesIO(body.encode())
        answer = await api.call("POST", path, data=data, headers=headers)

    assert answer.body == {
        "success": False,
        "code": 400,
        "msg": "File size exceeds the limit of 10MB",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"file": None},
        {"uploadPath": None},
        {"uploadPath": ""},
        {"uploadPath": "/images"},
        {"uploadPath": "images/"},
        {"uploadPath": "../images"},
        {"fileName": "a/b.png"},
        {"fileName": ".."},
    ],
)
async def test_a_wrong_form_is_refused(fields: dict[str, str | None]) -> None:
    async with running() as (_, api):
        assert (await stream(api, **fields)).body["code"] == 400


async def test_uploads_need_the_key() -> None:
    async with running() as (_, api):
        answer = await api.call(
            "POST", "/api/file-url-upload", json={}, headers={"Authorization": "Bearer no"}
        )

    assert (answer.status, answer.body["success"], answer.body["code"]) == (200, False, 401)


async def test_uploads_can_be_broken() -> None:
    async with running() as (kie, api):
        kie.fault("upload", html=502)
        assert (await stream(api)).status == 502
        assert (await stream(api)).status == 200
