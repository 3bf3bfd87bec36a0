"""What KIE tells about the account: the credit left, and the models it lists."""

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.demo.kie import KieSimulator
from providers.errors import (
    AccessError,
    CreditError,
    NotTakenError,
    OutcomeUnknownError,
    ProviderError,
)
from providers.kie import Kie


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def simulator() -> AsyncIterator[KieSimulator]:
    async with KieSimulator.start() as simulator:
        yield simulator


@pytest.fixture
def kie(session: aiohttp.ClientSession, simulator: KieSimulator) -> Kie:
    return client(session, simulator.url, simulator.key)


def client(session: aiohttp.ClientSession, url: str, key: str) -> Kie:
    return Kie(session, base_url=url, api_key=key, request_timeout_s=5)


def answer(data: object) -> str:
    return json.dumps({"code": 200, "msg": "success", "data": data})


@pytest.mark.parametrize(
    ("data", "credit"), [(5916.25, 5916.25), (100, 100.0), (0, 0.0), (-0.5, -0.5)]
)
async def test_credit(kie: Kie, simulator: KieSimulator, data: float, credit: float) -> None:
    simulator.fault("credit", body=answer(data))
    found = await kie.credit()
    assert (found, type(found)) == (credit, float)
    (call,) = simulator.calls
    assert (call.method, call.path) == ("GET", "/api/v1/chat/credit")


async def test_the_simulator_s_credit(kie: Kie, simulator: KieSimulator) -> None:
    simulator.credits = 160
    assert await kie.credit() == 160


@pytest.mark.parametrize("data", ["5916.25", True, None, {}, {"credit": 5}, []])
async def test_no_credit_in_the_answer(kie: Kie, simulator: KieSimulator, data: object) -> None:
    simulator.fault("credit", body=answer(data))
    with pytest.raises(OutcomeUnknownError):
        await kie.credit()


@pytest.mark.parametrize("number", ["9" * 400, "-1e13", "1e400", "-Infinity", "NaN"])
async def test_a_credit_beyond_all_bounds_is_none(
    kie: Kie, simulator: KieSimulator, number: str
) -> None:
    simulator.fault("credit", body=f'{{"code":200,"msg":"success","data":{number}}}')
    with pytest.raises(OutcomeUnknownError):
        await kie.credit()


async def test_models(kie: Kie, simulator: KieSimulator) -> None:
    simulator.models = {"kling-3.0/video", "midjourney/v6-text-to-image"}
    simulator.unlisted_models = {"midjourney/v6-text-to-image"}
    assert await kie.models() == ["kling-3.0/video"]
    (call,) = simulator.calls
    assert (call.method, call.path, call.query) == ("GET", "/api/v1/models", {})


async def test_an_empty_list(kie: Kie, simulator: KieSimulator) -> None:
    simulator.models = set()
    assert await kie.models() == []


async def test_an_entry_without_a_name_is_left_out(kie: Kie, simulator: KieSimulator) -> None:
    entries = [{"model": "a/b", "slug": "a/b"}, {"slug": "c"}, "d", None, {"model": 5}]
    simulator.fault("models", body=answer({"total": 5, "models": entries}))
    assert await kie.models() == ["a/b"]


@pytest.mark.parametrize(
    "data", [None, [], ["a/b"], {}, {"models": None}, {"models": "a/b"}, {"models": ["a/b"]}]
)
async def test_no_names_in_the_answer(kie: Kie, simulator: KieSimulator, data: object) -> None:
    simulator.fault("models", body=answer(data))
    with pytest.raises(OutcomeUnknownError):
        await kie.models()


async def test_the_refusals(
    kie: Kie, session: aiohttp.ClientSession, simulator: KieSimulator
) -> None:
    wrong = client(session, simulator.url, "wrong")
    with pytest.raises(AccessError):
        await wrong.credit()
    with pytest.raises(AccessError):
        await wrong.models()
    codes: dict[int, type[ProviderError]] = {
        402: CreditError,
        429: NotTakenError,
        433: AccessError,
    }
    for code, error in codes.items():
        simulator.fault("credit", body=f'{{"code":{code},"msg":"no","data":null}}')
        with pytest.raises(error) as caught:
            await kie.credit()
        assert caught.value.code == code
    simulator.fault("models", html=502)
    with pytest.raises(OutcomeUnknownError):
        await kie.models()
