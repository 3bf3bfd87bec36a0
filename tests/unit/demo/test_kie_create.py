from __future__ import annotations

import re
from typing import Any

import pytest

from bot.demo.kie import KieLimits
from tests.unit.demo.kie_api import IMAGE_MODEL, KEY, TEXT_MODEL, Clock, running

CREATE = "/api/v1/jobs/createTask"


async def test_a_created_task_is_answered_as_recorded() -> None:
    async with running() as (kie, api):
        answer = await api.create(prompt="лиса", aspect_ratio="16:9", quality="high", cfg_scale=0.7)

    task = kie.tasks[0]
    assert answer.status == 200
    assert answer.raw.decode() == (
        '{"code":200,"msg":"success","data":'
        f'{{"taskId":"{task.task_id}","recordId":"{task.task_id}"}}}}'
    )
    assert re.fullmatch(r"[0-9a-f]{32}", task.task_id)
    assert (task.model, task.input["prompt"]) == (TEXT_MODEL, "лиса")


async def test_headers_are_the_recorded_ones() -> None:
    async with running() as (_, api):
        headers = (await api.create()).headers

    assert headers["Content-Type"] == "application/json;charset=UTF-8"
    assert headers["Server"] == "cloudflare"
    assert headers["cf-cache-status"] == "DYNAMIC"
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Transfer-Encoding"] == "chunked"
    assert headers["cf-ray"]
    assert re.fullmatch(r"JSESSIONID=[0-9A-F]{32}; Path=/; HttpOnly", headers["Set-Cookie"])


@pytest.mark.parametrize(
    ("model", "given", "code", "msg"),
    [
        (None, {}, 500, "This field is required"),
        ("midjourney/v9", {}, 422, "The model is not supported"),
        (TEXT_MODEL, {"prompt": None}, 500, "This field is required"),
        (TEXT_MODEL, {"prompt": ""}, 422, "prompt must not be empty"),
        (TEXT_MODEL, {"prompt": "  "}, 422, "prompt must not be empty"),
        (TEXT_MODEL, {"prompt": 7}, 422, "prompt must be a string"),
        (TEXT_MODEL, {"prompt": "я" * 2001}, 422, "prompt cannot exceed 2000 characters"),
        (TEXT_MODEL, {"aspect_ratio": "4:5"}, 422, "aspect_ratio is not within the range"),
        (TEXT_MODEL, {"aspect_ratio": None}, 422, "aspect_ratio is not within the range"),
        (TEXT_MODEL, {"quality": "ultra"}, 422, "quality is not within the range"),
        (TEXT_MODEL, {"negative_prompt": ""}, 422, "negative_prompt must not be empty"),
        (TEXT_MODEL, {"negative_prompt": "x" * 2501}, 422, "negative_prompt cannot exceed 2500"),
        (TEXT_MODEL, {"cfg_scale": "0.5"}, 422, "cfg_scale must be a number"),
        (TEXT_MODEL, {"cfg_scale": True}, 422, "cfg_scale must be a number"),
        (TEXT_MODEL, {"cfg_scale": 1.1}, 422, "cfg_scale must be between 0 and 1"),
        (TEXT_MODEL, {"cfg_scale": 0.55}, 422, "cfg_scale must be a multiple of 0.1"),
        (TEXT_MODEL, {"style": ""}, 422, "style must not be empty"),
        (TEXT_MODEL, {"refs": [{"url": ""}]}, 422, "refs must not be empty"),
        (IMAGE_MODEL, {}, 500, "This field is required"),
        (IMAGE_MODEL, {"image_url": ""}, 422, "image_url must be an http or https URL"),
        (IMAGE_MODEL, {"image_url": "file:///etc/passwd"}, 422, "image_url must be an http"),
        (
            IMAGE_MODEL,
            {"image_url": "https://api.telegram.org/file/bot1:x/photos/1.jpg"},
            422,
            "image_url must not be a Telegram file URL",
        ),
        ("kling-2.6/text-to-video", {"sound": False, "aspect_ratio": "16:9"}, 500, "This field"),
        ("kling/v2-1-standard", {"image_url": "http://a/b", "duration": 5}, 422, "duration is not"),
        ("kling-3.0-omni/text-to-video", {"duration": "5"}, 422, "duration must be an integer"),
    ],
)
async def test_a_wrong_input_is_refused_under_http_200(
    model: str | None, given: dict[str, Any], code: int, msg: str
) -> None:
    async with running() as (kie, api):
        answer = await api.create(model, **given)

    assert answer.status == 200
    assert list(answer.body) == ["code", "msg", "data"]
    assert (answer.body["code"], answer.body["data"]) == (code, None)
    assert answer.body["msg"].startswith(msg)
    assert kie.tasks == []


@pytest.mark.parametrize("cfg_scale", [0, 0.1, 0.3, 0.6, 0.7, 0.9, 1, 1.0])
async def test_every_tenth_is_a_cfg_scale(cfg_scale: float) -> None:
    async with running() as (_, api):
        assert (await api.create(cfg_scale=cfg_scale)).body["code"] == 200


async def test_the_longest_texts_and_fields_it_does_not_know_are_taken() -> None:
    async with running() as (_, api):
        answer = await api.create(
            prompt="я" * 2000, negative_prompt="x" * 2500, seed=7, style="raw"
        )

    assert answer.body["code"] == 200


@pytest.mark.parametrize("body", [{"model": TEXT_MODEL}, {"model": TEXT_MODEL, "input": None}])
async def test_a_missing_input_is_a_missing_field(body: dict[str, Any]) -> None:
    async with running() as (_, api):
        assert (await api.send(body)).body["msg"] == "This field is required"


@pytest.mark.parametrize("body", [[], "text", 7])
async def test_a_body_that_is_no_object_is_a_server_exception(body: object) -> None:
    async with running() as (_, api):
        answer = await api.send(body)

    assert answer.body == {
        "code": 500,
        "msg": "Server exception, please try again later or contact customer service",
        "data": None,
    }


@pytest.mark.parametrize("url", ["", "ftp://a/b", 7])
async def test_a_wrong_callback_address_is_refused(url: object) -> None:
    async with running() as (_, api):
        body = {"model": TEXT_MODEL, "input": {"prompt": "x"}, "callBackUrl": url}
        assert (await api.send(body)).body["code"] == 422


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": None},
        {"Authorization": "Bearer wrong"},
        {"Authorization": KEY},
        {"Authorization": f"bearer {KEY}"},
        {"Content-Type": "text/plain"},
    ],
)
async def test_key_and_content_type_are_needed(headers: dict[str, str | None]) -> None:
    async with running() as (kie, api):
        given = {"Content-Type": "application/json"} | headers
        answer = await api.call("POST", CREATE, headers=given, data=b'{"model":"x"}')

    assert answer.status == 200
    assert answer.body == {
        "code": 401,
        "msg": "Unauthorized – Authentication failed. Please check that your Authorization and "
        "Content-Type headers are correctly set.",
    }
    assert kie.calls[0].code == 401


async def test_an_unknown_path_is_the_only_404() -> None:
    async with running(clock=Clock(1_774_591_467.687)) as (_, api):
        answer = await api.call("POST", "/claude-haiku-4-5/v1/messages", json={})

    assert answer.status == 404
    assert answer.raw.decode() == (
        '{"timestamp":1774591467687,"status":404,"error":"Not Found",'
        '"message":"No message available","path":"/claude-haiku-4-5/v1/messages"}'
    )


async def test_a_wrong_method_is_an_error_under_http_200() -> None:
    async with running() as (_, api):
        answer = await api.call("GET", CREATE)

    assert (answer.status, answer.body["code"]) == (200, 405)


async def test_more_than_twenty_creates_in_ten_seconds_are_refused() -> None:
    clock = Clock()
    async with running(clock=clock) as (kie, api):
        for _ in range(20):
            assert (await api.create()).body["code"] == 200
            clock.now += 0.25
        over = await api.create()
        assert over.status == 429
        assert over.body == {"code": 429, "msg": "Rate limit exceeded"}
        assert "Retry-After" not in over.headers

        # The window slides: ten seconds after the first one there is room for one more.
        clock.now = kie.tasks[0].created_at + 10
        assert (await api.create()).body["code"] == 200
        assert (await api.create()).status == 429
        assert len(kie.tasks) == 21


async def test_the_limit_may_answer_under_http_200() -> None:
    async with running(clock=Clock()) as (kie, api):
        kie.limits = KieLimits(creates=0, http_status=200, retry_after=7)
        answer = await api.create()

    assert answer.status == 200
    assert answer.headers["Retry-After"] == "7"
    assert answer.body == {
        "code": 429,
        "msg": "Your call frequency is too high. Please try again later.",
        "data": None,
    }


async def test_without_limits_everything_is_let_through() -> None:
    async with running(clock=Clock()) as (kie, api):
        kie.limits = None
        answers = [await api.create() for _ in range(25)]

    assert {answer.body["code"] for answer in answers} == {200}


async def test_credits_are_taken_at_creation_and_run_out() -> None:
    async with running() as (kie, api):
        kie.credits, kie.credits_per_task = 12.5, 8.0
        await api.create()
        balance = await api.call("GET", "/api/v1/chat/credit")
        assert balance.raw == b'{"code":200,"msg":"success","data":4.5}'

        answer = await api.create()
        assert answer.body == {
            "code": 402,
            "msg": "Credits insufficient : Your current balance isn’t enough to run this request. "
            "Please top up to continue.",
            "data": None,
        }
        assert len(kie.tasks) == 1


async def test_a_failed_task_gives_its_credits_back() -> None:
    async with running() as (kie, api):
        kie.credits = 8.0
        kie.fail_task()
        await api.create()
        await kie.wait_for(lambda: kie.tasks[0].done and kie.credits == 8.0)


async def test_the_list_of_models_has_the_recorded_fields() -> None:
    async with running() as (kie, api):
        kie.unlisted_models = {TEXT_MODEL}
        data = (await api.call("GET", "/api/v1/models")).body["data"]

    assert list(data) == ["total", "models"]
    assert data["total"] == len(data["models"]) == len(kie.models) - 1
    assert list(data["models"][0]) == [
        "model",
        "slug",
        "title",
        "provider",
        "taskType",
        "description",
        "pricingDesc",
    ]
    names = {model["model"] for model in data["models"]}
    assert IMAGE_MODEL in names
    assert TEXT_MODEL not in names
    assert sum("kling" in name for name in names) == 19


async def test_the_known_models_can_be_changed() -> None:
    async with running() as (kie, api):
        kie.models = {"nano-banana-2"}
        kie.unknown_model = (505, "Feature disabled")
        assert (await api.create("nano-banana-2")).body["code"] == 200
        assert (await api.create(TEXT_MODEL)).body["code"] == 505


async def test_every_request_is_written_down() -> None:
    async with running() as (kie, api):
        await api.create(prompt="fox")
        await api.call("GET", "/nowhere", params={"a": "b"}, headers={"Authorization": None})

    first, second = kie.calls
    assert (first.name, first.method, first.path) == ("createTask", "POST", CREATE)
    assert (first.status, first.code, first.authorized) == (200, 200, True)
    assert first.body["input"] == {"prompt": "fox"}
    assert (first.task_id, second.task_id) == (kie.tasks[0].task_id, None)
    assert (second.name, second.query, second.status) == ("", {"a": "b"}, 404)
    assert (second.code, second.authorized) == (None, False)
