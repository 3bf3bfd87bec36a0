"""What KIE tells of its models: their schemas and prices, asked no more often than it takes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from providers.errors import AccessError, NotTakenError, OutcomeUnknownError, RefusedError
from providers.kie import CODE_NO_MODEL, Kie
from tests.fixtures import recorded

OK = {"code": 200, "msg": "success"}


@asynccontextmanager
async def kie(body: Any, asked: list[str] | None = None, **options: Any) -> AsyncIterator[Kie]:
    """A client of a server that always answers the same."""

    async def answer(request: web.Request) -> web.Response:
        if asked is not None:
            asked.append(request.raw_path)
        return web.json_response(body)

    app = web.Application()
    app.router.add_get("/{_:.*}", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        url = str(server.make_url("")).rstrip("/")
        yield Kie(session, base_url=url, api_key="key", request_timeout_s=5, **options)


async def test_a_schema_comes_as_it_was_written_and_the_slash_stays() -> None:
    asked: list[str] = []
    body = recorded("kie/schemas", "seedance-2-mini")["body"]
    async with kie(body, asked) as client:
        assert await client.schema("bytedance/seedance-2-mini") == body["data"]["openapi"]
        await client.schema("a b?c#d/é")
    assert asked == [
        "/api/v1/models/bytedance/seedance-2-mini/schema",
        "/api/v1/models/a%20b%3Fc%23d/%C3%A9/schema",
    ]


async def test_a_model_may_have_no_schema() -> None:
    async with kie(recorded("kie/schemas", "no_schema")["body"]) as client:
        assert await client.schema("suno") is None


@pytest.mark.parametrize("data", [None, [], {}, {"openapi": "x"}, {"openapi": []}])
async def test_no_document_in_the_answer(data: object) -> None:
    async with kie({**OK, "data": data}) as client:
        with pytest.raises(OutcomeUnknownError):
            await client.schema("a/b")


@pytest.mark.parametrize(
    ("said", "price"),
    [("4 credits\x00 an\nimage", "4 credits an image"), ("", ""), (None, ""), ("\ud83d", "\ufffd")],
)
async def test_a_price_is_words_fit_to_be_shown(said: str | None, price: str) -> None:
    async with kie({**OK, "data": {"pricingDesc": said}}) as client:
        assert await client.price("a/b") == price


@pytest.mark.parametrize("data", [None, {}, {"pricingDesc": 5}])
async def test_no_price_in_the_answer(data: object) -> None:
    async with kie({**OK, "data": data}) as client:
        with pytest.raises(OutcomeUnknownError):
            await client.price("a/b")


@pytest.mark.parametrize(
    ("code", "error"),
    [(404, RefusedError), (401, AccessError), (429, NotTakenError), (500, RefusedError)],
)
async def test_refusals_are_those_of_all_calls(code: int, error: type[Exception]) -> None:
    async with kie({"code": code, "msg": "no"}) as client:
        with pytest.raises(error) as caught:
            await client.schema("a/b")
        assert type(caught.value) is error


@pytest.mark.parametrize("name", ["", "..", "a/../../chat", "a//b", "/a", "a/"])
async def test_a_name_that_would_lead_elsewhere_is_not_asked_about(name: str) -> None:
    asked: list[str] = []
    async with kie(OK, asked) as client:
        for ask in (client.schema, client.price):
            with pytest.raises(RefusedError) as caught:
                await ask(name)
            assert caught.value.code == CODE_NO_MODEL
    assert asked == []


async def test_all_questions_about_models_share_one_limit() -> None:
    held: list[str] = []

    @asynccontextmanager
    async def limit() -> AsyncIterator[None]:
        held.append("held")
        yield
        held.append("answered")

    data: dict[str, Any] = {"models": [], "openapi": None, "pricingDesc": ""}
    async with kie({**OK, "data": data}, discovery=limit) as client:
        await client.models()
        await client.schema("a")
        await client.price("a")
    assert held == ["held", "answered"] * 3
