"""The simulator's answers beside those of the real service."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.demo.kie import Callbacks, KieLimits, KieSimulator
from tests.fixtures import names, recorded
from tests.unit.demo.kie_api import FILM_MODEL, TEXT_MODEL, Answer, Api, made, running

Scene = Callable[[KieSimulator, Api], Awaitable[Answer]]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(62)
NOBODY = "http://127.0.0.1:9/kie"
# What has to be the same word by word; of all else, the kind.
WORDS = ("code", "msg", "success", "status", "error", "message", "state", "failCode", "failMsg")


async def too_often(kie: KieSimulator, api: Api, **how: Any) -> Answer:
    kie.limits = KieLimits(creates=0, **how)
    return await api.create()


async def poor(kie: KieSimulator, api: Api) -> Answer:
    kie.credits = 0
    return await api.create()


async def record(
    kie: KieSimulator, api: Api, code: str = "", msg: str = "", *, submit: bool = False
) -> Answer:
    if code:
        kie.fail_task(code, msg, submit=submit)
    task = await made(kie, api, model=FILM_MODEL, duration="5")
    return await api.poll(task.task_id)


async def waiting(kie: KieSimulator, api: Api) -> Answer:
    kie.task_seconds = 60
    await api.create(FILM_MODEL, duration="5")
    return await api.poll(kie.tasks[0].task_id)


async def price(_: KieSimulator, api: Api) -> Answer:
    return await api.call("GET", "/api/v1/models/kling/v2-1-standard/price")


async def models(kie: KieSimulator, api: Api) -> Answer:
    kie.models = {"kling/v2-1-standard"}
    return await api.call("GET", "/api/v1/models")


async def link(kie: KieSimulator, api: Api, url: str | None = None) -> Answer:
    task = await made(kie, api)
    body = {"url": url or task.result_urls[0]}
    return await api.call("POST", "/api/v1/common/download-url", json=body)


async def callback(kie: KieSimulator, api: Api, code: str = "", msg: str = "") -> Answer:
    kie.callbacks = Callbacks(retry_waits_s=())
    if code:
        kie.fail_task(code, msg)
    await api.send({"model": TEXT_MODEL, "input": {"prompt": "fox"}, "callBackUrl": NOBODY})
    await kie.wait_for(lambda: kie.sent)
    return Answer(0, {}, json.dumps(kie.sent[0].body).encode())


SUBMIT = ("422", "generate playground failed, task id is blank")
SCENES: dict[str, Scene] = {
    "create": lambda _, api: api.create(),
    "create_without_a_field": lambda _, api: api.create(prompt=None),
    "create_of_an_unknown_model": lambda _, api: api.create("midjourney/v9"),
    "create_without_credits": poor,
    "create_with_a_wrong_key": lambda _, api: api.send({}, headers={"Authorization": "Bearer x"}),
    "create_of_no_object": lambda _, api: api.send([]),
    "create_too_often": too_often,
    "create_too_often_under_200": lambda kie, api: too_often(kie, api, http_status=200),
    "record_waiting": waiting,
    "record_success": record,
    "record_fail": lambda kie, api: record(
        kie, api, "500", "Upload failed: Server internal error."
    ),
    "record_fail_at_submission": lambda kie, api: record(kie, api, *SUBMIT, submit=True),
    "record_unknown": lambda _, api: api.poll("0" * 32),
    "record_without_an_id": lambda _, api: api.call("GET", "/api/v1/jobs/recordInfo"),
    "credit": lambda _, api: api.call("GET", "/api/v1/chat/credit"),
    "models": models,
    "schema_of_an_unknown_model": lambda _, api: api.call("GET", "/api/v1/models/x/schema"),
    "price": price,
    "download_url": link,
    "download_url_of_another": lambda kie, api: link(kie, api, "https://example.com/x.png"),
    "upload": lambda _, api: api.upload(file=PNG, uploadPath="images", fileName="a.png"),
    "upload_of_nothing": lambda _, api: api.call("POST", "/api/file-url-upload", json={}),
    "unknown_path": lambda _, api: api.call("POST", "/claude-haiku-4-5/v1/messages"),
    "callback_success": callback,
    "callback_fail": lambda kie, api: callback(kie, api, "500", "Internal server error"),
}


@pytest.mark.parametrize("name", sorted(names("kie") | SCENES.keys()))
async def test_the_simulator_answers_as_the_service_does(name: str) -> None:
    known = recorded("kie", name)
    async with running() as (kie, api):
        answer = await SCENES[name](kie, api)
    assert answer.status == known.get("status", 0)
    assert list(differences(known["body"], answer.body)) == []


def differences(known: Any, given: Any, at: str = "") -> list[str]:
    """Where a body is not like a known one: in fields, their order, or the kinds of values."""
    if isinstance(known, str) and known.startswith("{") and "..." not in known:
        known, given = json.loads(known), json.loads(given)
        if at.endswith("/input"):  # what was asked for, which is not the same
            known, given = {}, {} if isinstance(given, dict) else given
    if isinstance(known, dict) and isinstance(given, dict):
        if list(known) != list(given):
            return [f"{at}: fields {list(given)}"]
        return [
            each for key in known for each in differences(known[key], given[key], f"{at}/{key}")
        ]
    if isinstance(known, list) and isinstance(given, list):
        return [each for item in given for each in differences(known[0], item, f"{at}[]")]
    if type(known) is not type(given) or (at.rpartition("/")[2] in WORDS and known != given):
        return [f"{at}: {given!r}"]
    return []


def test_every_difference_is_seen() -> None:
    known = {"a": None, "b": 1, "c": '{"d":[1]}', "msg": "yes"}
    given = {"a": "", "b": 1.0, "c": '{"d":[1,"2"]}', "msg": "no"}
    told = ["/a: ''", "/b: 1.0", "/c/d[]: '2'", "/msg: 'no'"]
    assert differences(known, given) == told
    assert differences(known, dict(reversed(known.items()))) != differences(known, known) == []
