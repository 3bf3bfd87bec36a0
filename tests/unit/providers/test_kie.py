"""The client of KIE's jobs API: what each answer means."""

import asyncio
import json
import math
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.demo.kie import KieSimulator
from providers.base import Done, Failed, Pending
from providers.errors import (
    AccessError,
    CreditError,
    NotTakenError,
    OutcomeUnknownError,
    ProviderError,
    RefusedError,
)
from providers.kie import CODE_FAILED, MAX_ADDRESS, MAX_ANSWER_BYTES, MAX_TEXT, Kie

MODEL = "midjourney/v6-text-to-image"
INPUT = {"prompt": "рыжая лиса", "aspect_ratio": "16:9"}
TAKEN = 8.0  # by the simulator, for a task of it
CREATE = "/api/v1/jobs/createTask"
RECORD = "/api/v1/jobs/recordInfo"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


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


def client(session: aiohttp.ClientSession, url: str, key: str = "key", timeout_s: float = 5) -> Kie:
    return Kie(session, base_url=url, api_key=key, request_timeout_s=timeout_s)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server that answers everything so; its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/")).rstrip("/")


def answering(**answer: Any) -> tuple[Handler, list[web.Request]]:
    """A handler that always gives this answer, and what it was asked."""
    seen: list[web.Request] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response(**answer)

    return handle, seen


# --- createTask


async def test_a_task_is_created(kie: Kie, simulator: KieSimulator) -> None:
    task_id = await kie.create_task(MODEL, INPUT)
    (task,) = simulator.tasks
    assert (task.task_id, task.model, task.input) == (task_id, MODEL, INPUT)
    (call,) = simulator.calls
    assert (call.method, call.path) == ("POST", CREATE)
    assert call.body == {"model": MODEL, "input": INPUT}


async def test_where_a_callback_is_to_go_is_said(
    session: aiohttp.ClientSession, simulator: KieSimulator
) -> None:
    kie = Kie(
        session,
        base_url=simulator.url,
        api_key=simulator.key,
        request_timeout_s=5,
        callback_url="https://bot.example.org/kie/path",
    )
    await kie.create_task(MODEL, INPUT)
    assert simulator.tasks[0].callback_url == "https://bot.example.org/kie/path"


async def test_a_question_after_half_a_minute_goes_over_the_same_connection(
    simulator: KieSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"base_url": simulator.url, "api_key": simulator.key, "request_timeout_s": 5}
    async with Kie.open(**options) as kie:
        task_id = await kie.create_task(MODEL, INPUT)
        await kie.record_info(task_id)
        monkeypatch.setattr(aiohttp.connector, "monotonic", lambda: time.monotonic() + 40)
        await kie.create_task(MODEL, INPUT)
        await kie.record_info(task_id)
    first, asked, second, again = (call.connection for call in simulator.calls)
    assert asked == again
    assert first != second, "an old one may be gone, and then nobody knows whether there is a task"


async def test_the_key_goes_along_as_documented(session: aiohttp.ClientSession) -> None:
    body = json.dumps({"code": 200, "msg": "success", "data": {"taskId": "t1"}})
    handler, seen = answering(text=body)
    async with serving(handler) as url:
        assert await client(session, url, "the-key").create_task(MODEL, INPUT) == "t1"
    (request,) = seen
    assert request.headers["Authorization"] == "Bearer the-key"
    assert request.headers["Content-Type"] == "application/json"


CODES: list[tuple[int, type[ProviderError]]] = [
    (400, RefusedError),
    (401, AccessError),
    (402, CreditError),
    (403, AccessError),
    (404, RefusedError),
    (422, RefusedError),
    (429, NotTakenError),
    (433, AccessError),
    (451, RefusedError),
    (455, RefusedError),
    (500, RefusedError),
    (501, RefusedError),
    (505, RefusedError),
    (550, RefusedError),
]


@pytest.mark.parametrize("in_status", [False, True], ids=["in the body", "as HTTP status"])
@pytest.mark.parametrize(("code", "error"), CODES)
async def test_each_code(
    kie: Kie, simulator: KieSimulator, code: int, error: type[ProviderError], in_status: bool
) -> None:
    simulator.fail_create(code, "KIE's own words", http_status=code if in_status else 200)
    with pytest.raises(ProviderError) as caught:
        await kie.create_task(MODEL, INPUT)
    assert type(caught.value) is error
    assert (caught.value.code, caught.value.detail) == (code, "KIE's own words")
    assert len(simulator.calls) == 1, "one attempt"
    simulator.fail_poll(code, "KIE's own words", http_status=code if in_status else 200)
    if code == CODE_FAILED:
        assert await kie.record_info("t") == Failed("KIE's own words", "501")
        return
    with pytest.raises(ProviderError) as caught:
        await kie.record_info("0" * 32)
    assert type(caught.value) is error


@pytest.mark.parametrize("code", [402, 500])
async def test_credit_is_known_by_its_words_too(
    kie: Kie, simulator: KieSimulator, code: int
) -> None:
    simulator.credits = 0
    with pytest.raises(CreditError):
        await kie.create_task(MODEL, INPUT)
    simulator.credits = 100
    said = "Credits insufficient : Your current balance isn’t enough to run this request."
    simulator.fail_create(code, said)
    with pytest.raises(CreditError) as caught:
        await kie.create_task(MODEL, INPUT)
    assert (caught.value.code, caught.value.detail) == (code, said)


async def test_a_wrong_key(session: aiohttp.ClientSession, simulator: KieSimulator) -> None:
    kie = client(session, simulator.url, "wrong")
    with pytest.raises(AccessError) as caught:
        await kie.create_task(MODEL, INPUT)
    assert caught.value.detail.startswith("Unauthorized")
    assert not simulator.tasks


async def test_an_unknown_path_is_refused(
    session: aiohttp.ClientSession, simulator: KieSimulator
) -> None:
    kie = client(session, f"{simulator.url}/wrong", simulator.key)
    with pytest.raises(RefusedError) as caught:
        await kie.create_task(MODEL, INPUT)
    assert (caught.value.code, caught.value.detail) == (None, "HTTP 404"), "KIE has no part in it"
    with pytest.raises(OutcomeUnknownError):
        await kie.record_info("0" * 32)


@pytest.mark.parametrize("status", [408, 499])
async def test_a_gateway_that_gave_up_waiting_leaves_it_open_whether_a_task_was_made(
    session: aiohttp.ClientSession, simulator: KieSimulator, status: int
) -> None:
    simulator.fault("createTask", html=status, effect=True)
    with pytest.raises(OutcomeUnknownError):
        await client(session, simulator.url, simulator.key).create_task(MODEL, INPUT)


PAGES = {
    "a page": "<html>404 Not Found</html>",
    "nothing": "",
    "an unknown path of KIE's": (
        '{"timestamp":1774591467687,"status":404,"error":"Not Found",'
        '"message":"No message available","path":"/api/v1/jobs/recordInfo"}'
    ),
    "a code in words": '{"code":"404","msg":"Not Found"}',
    "another shape": '{"error":{"code":404,"message":"Not Found"}}',
    "a success": '{"code":200,"msg":"success","data":{"taskId":"t","state":"fail"}}',
}


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 410, 422, 451])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
async def test_what_is_not_in_kie_s_own_envelope_is_not_kie_s_word(
    session: aiohttp.ClientSession, status: int, page: str
) -> None:
    handler, _ = answering(text=page, status=status)
    async with serving(handler) as url:
        with pytest.raises(OutcomeUnknownError):
            await client(session, url).record_info("t")
        with pytest.raises(ProviderError) as caught:
            await client(session, url).create_task(MODEL, INPUT)
    assert type(caught.value) is RefusedError, "nothing was created, and nobody spoke of the key"
    assert caught.value.code is None


@pytest.mark.parametrize("http_status", [200, 429])
@pytest.mark.parametrize(
    ("header", "wait_s"), [(None, None), ("7", 7.0), ("0", 0.0), ("-1", None), ("soon", None)]
)
async def test_retry_after(
    session: aiohttp.ClientSession, http_status: int, header: str | None, wait_s: float | None
) -> None:
    headers = {} if header is None else {"Retry-After": header}
    body = '{"code":429,"msg":"Rate limit exceeded"}'
    handler, _ = answering(text=body, status=http_status, headers=headers)
    async with serving(handler) as url:
        with pytest.raises(NotTakenError) as caught:
            await client(session, url).create_task(MODEL, INPUT)
    assert caught.value.retry_after_s == wait_s


async def test_429_without_any_json(session: aiohttp.ClientSession) -> None:
    handler, _ = answering(text="<html>slow down</html>", status=429, headers={"Retry-After": "3"})
    async with serving(handler) as url:
        with pytest.raises(NotTakenError) as caught:
            await client(session, url).create_task(MODEL, INPUT)
    assert caught.value.retry_after_s == 3


UNKNOWN: dict[str, dict[str, Any]] = {
    "a gateway's page": {"text": "<html>502 Bad Gateway</html>", "status": 502},
    "a page under 200": {"text": "<html>Just a moment...</html>"},
    "half a body": {"text": '{"code":200,"msg":"success","data":{"taskI'},
    "nothing": {"text": ""},
    "no object": {"text": "[200]"},
    "no code": {"text": '{"msg":"success","data":{"taskId":"t"}}'},
    "a code in words": {"text": '{"code":"ok","data":{"taskId":"t"}}'},
    "no data": {"text": '{"code":200,"msg":"success"}'},
    "data null": {"text": '{"code":200,"msg":"success","data":null}'},
    "no task id": {"text": '{"code":200,"msg":"success","data":{}}'},
    "an empty task id": {"text": '{"code":200,"msg":"success","data":{"taskId":""}}'},
    "a number for a task id": {"text": '{"code":200,"msg":"success","data":{"taskId":7}}'},
    "no UTF-8": {"body": b'{"code":200,"data":{"taskId":"t\xff'},
    "success under 500": {"text": '{"code":200,"data":{"taskId":"t"}}', "status": 500},
    "a redirect": {"status": 302, "headers": {"Location": "/elsewhere"}},
    "more than anybody would answer": {
        "text": '{"code":200,"data":{"taskId":"t"}}' + " " * (MAX_ANSWER_BYTES + 1)
    },
}


@pytest.mark.parametrize("answer", UNKNOWN.values(), ids=UNKNOWN.keys())
async def test_what_does_not_tell_leaves_the_outcome_unknown(
    session: aiohttp.ClientSession, answer: dict[str, Any]
) -> None:
    handler, seen = answering(**answer)
    async with serving(handler) as url:
        with pytest.raises(OutcomeUnknownError):
            await client(session, url).create_task(MODEL, INPUT)
        assert [request.path for request in seen] == [CREATE], "one attempt"
        with pytest.raises(OutcomeUnknownError):
            await client(session, url).record_info("t")
        assert len(seen) == 2


async def test_an_answer_without_end_is_not_read_to_its_end(
    session: aiohttp.ClientSession,
) -> None:
    sent = 0

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b" " * 65_536)
                sent += 65_536
        except ConnectionError:
            return response

    async with serving(handle) as url:
        with pytest.raises(OutcomeUnknownError):
            await client(session, url).create_task(MODEL, INPUT)
    # What the sockets between hold is some more than what was read.
    assert MAX_ANSWER_BYTES < sent < 30 * MAX_ANSWER_BYTES


async def test_html_502_from_the_front(kie: Kie, simulator: KieSimulator) -> None:
    simulator.fault("createTask", html=502)
    with pytest.raises(OutcomeUnknownError) as caught:
        await kie.create_task(MODEL, INPUT)
    assert caught.value.code == 502


async def test_no_answer_in_time(session: aiohttp.ClientSession, simulator: KieSimulator) -> None:
    simulator.fault("createTask", hang=True, effect=True)
    with pytest.raises(OutcomeUnknownError):
        await client(session, simulator.url, simulator.key, timeout_s=0.05).create_task(
            MODEL, INPUT
        )
    assert len(simulator.tasks) == 1, "that is why nobody knows"


@pytest.mark.parametrize("after", [False, True])
async def test_a_cut_connection_is_not_tried_again(
    kie: Kie, simulator: KieSimulator, after: bool
) -> None:
    # The first leaves a connection open: one that dies when it is used again tempts to repeat.
    await kie.create_task(MODEL, INPUT)
    simulator.fault("createTask", cut_before_effect=not after, cut_after_effect=after)
    with pytest.raises(OutcomeUnknownError):
        await kie.create_task(MODEL, INPUT)
    assert len(simulator.calls) == 2
    assert len(simulator.tasks) == 1 + after


async def test_the_body_breaks_off(session: aiohttp.ClientSession) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = 100
        await response.prepare(request)
        await response.write(b'{"code":200,')
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(handle) as url:
        with pytest.raises(OutcomeUnknownError):
            await client(session, url).create_task(MODEL, INPUT)


async def test_a_port_that_nobody_listens_at(session: aiohttp.ClientSession) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        kie = client(session, f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(NotTakenError) as caught:
            await kie.create_task(MODEL, INPUT)
    assert isinstance(caught.value.__cause__, aiohttp.ClientConnectorError)


async def test_cancelling_is_no_error_of_kie_s(kie: Kie, simulator: KieSimulator) -> None:
    simulator.fault("createTask", hang=True)
    task = asyncio.create_task(kie.create_task(MODEL, INPUT))
    await simulator.wait_for(lambda: simulator.calls)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# --- recordInfo


async def test_states(kie: Kie, simulator: KieSimulator) -> None:
    simulator.task_seconds = 60
    for state in ("waiting", "queuing", "generating", "a_new_word", "failed", "pending"):
        simulator.states = (state,)
        assert await kie.record_info(await kie.create_task(MODEL, INPUT)) == Pending()


async def test_success(kie: Kie, simulator: KieSimulator) -> None:
    simulator.task_seconds = 0
    task_id = await kie.create_task(MODEL, INPUT)
    assert await kie.record_info(task_id) == Done(
        tuple(simulator.tasks[0].result_urls), credits=TAKEN
    )
    call = simulator.calls[-1]
    assert (call.method, call.path, call.query) == ("GET", RECORD, {"taskId": task_id})


async def test_fail(kie: Kie, simulator: KieSimulator) -> None:
    simulator.task_seconds = 0
    simulator.fail_task("422", "Invalid prompt: prompt contains prohibited content")
    task_id = await kie.create_task(MODEL, INPUT)
    expected = Failed("Invalid prompt: prompt contains prohibited content", "422")
    assert await kie.record_info(task_id) == expected


HALF = "\ud83d"  # of an emoji: JSON can hold it, a database and a chat cannot


async def test_text_from_kie_is_cleaned_and_bounded(kie: Kie, simulator: KieSimulator) -> None:
    simulator.task_seconds = 0
    simulator.fail_task(f"4{HALF}2", f"\x00No {HALF}\r\n\x9f\u2028today \U0001f98a" + "x" * 5000)
    state = await kie.record_info(await kie.create_task(MODEL, INPUT))
    assert isinstance(state, Failed)
    assert state.code == "4\ufffd2"
    assert state.reason.startswith("No \ufffd today \U0001f98axxx")
    assert len(state.reason) <= MAX_TEXT
    simulator.fail_create(422, f"\tNo {HALF}")
    with pytest.raises(RefusedError) as caught:
        await kie.create_task(MODEL, INPUT)
    assert caught.value.detail == "No \ufffd"
    str(caught.value).encode()


@pytest.mark.parametrize("task_id", [HALF, "a\nb", " a", "a" * 300])
async def test_a_task_id_that_cannot_be_kept_is_none(
    kie: Kie, simulator: KieSimulator, task_id: str
) -> None:
    simulator.next_task_id(task_id)
    with pytest.raises(OutcomeUnknownError):
        await kie.create_task(MODEL, INPUT)


async def test_an_address_that_cannot_be_kept_is_none(kie: Kie, simulator: KieSimulator) -> None:
    simulator.task_seconds = 0
    spoilt = (f"{U1}{HALF}", f"{U1}\n{U1}", f"{U1}{'x' * MAX_ADDRESS}")
    simulator.next_result(urls=[*spoilt, U2])
    assert await kie.record_info(await kie.create_task(MODEL, INPUT)) == Done((U2,), credits=TAKEN)


async def test_a_long_address_with_a_blank_behind_it_is_one(
    kie: Kie, simulator: KieSimulator
) -> None:
    """Signed with a session's token, one has more than two thousand characters."""
    simulator.task_seconds = 0
    long = f"{U1}?X-Amz-Security-Token={'x' * 3000}"
    simulator.next_result(urls=[f"{long}\n"])
    assert await kie.record_info(await kie.create_task(MODEL, INPUT)) == Done(
        (long,), credits=TAKEN
    )


async def test_a_code_beyond_all_bounds_leaves_the_outcome_unknown(
    session: aiohttp.ClientSession,
) -> None:
    handler, _ = answering(text=f'{{"code":{"9" * 400},"msg":"x","data":null}}')
    async with serving(handler) as url:
        with pytest.raises(OutcomeUnknownError) as caught:
            await client(session, url).create_task(MODEL, INPUT)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize("said", ["", " or contact customer service"])
async def test_an_exception_of_the_server_leaves_the_outcome_unknown(
    kie: Kie, simulator: KieSimulator, said: str
) -> None:
    said = f"Server exception, please try again later{said}"
    simulator.fail_create(500, said)
    with pytest.raises(OutcomeUnknownError) as caught:
        await kie.create_task(MODEL, INPUT)
    assert (caught.value.code, caught.value.detail) == (500, said)
    simulator.fail_create(500, "This field is required")
    with pytest.raises(RefusedError):
        await kie.create_task(MODEL, INPUT)


async def test_creates_do_not_wait_for_the_connections_of_questions(
    simulator: KieSimulator,
) -> None:
    one = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(connector=one) as session, aiohttp.ClientSession() as creates:
        kie = Kie(
            session,
            base_url=simulator.url,
            api_key=simulator.key,
            request_timeout_s=60,
            creates=creates,
        )
        simulator.fault("recordInfo", hang=True)
        asking = asyncio.create_task(kie.record_info("0" * 32))
        await simulator.wait_for(lambda: len(simulator.calls) == 1)
        assert await kie.create_task(MODEL, INPUT)
        asking.cancel()


async def test_an_unknown_task(kie: Kie) -> None:
    with pytest.raises(RefusedError) as caught:
        await kie.record_info("0" * 32)
    assert (caught.value.code, caught.value.detail) == (422, "recordInfo is null")


U1, U2 = "https://example.com/1.png", "https://example.com/2.png"


@pytest.mark.parametrize(
    ("raw", "urls"),
    [
        ("", ()),
        (None, ()),
        ("{broken", ()),
        ("null", ()),
        ("7", ()),
        ("[]", ()),
        ("{}", ()),
        (json.dumps({"resultUrls": [U1, U2]}), (U1, U2)),
        ({"resultUrls": [U1]}, (U1,)),
        ({"resultUrls": []}, ()),
        ({"resultUrls": U1}, ()),
        ({"resultUrls": None}, ()),
        ({"resultUrls": {"0": U1}}, ()),
        ({"resultUrls": [None, "", 7, {"url": U1}, U2]}, (U2,)),
        ({"resultObject": {}}, ()),
        ([U1], ()),
    ],
)
async def test_the_shapes_of_result_json(
    kie: Kie, simulator: KieSimulator, raw: Any, urls: tuple[str, ...]
) -> None:
    simulator.task_seconds = 0
    simulator.next_result(raw=raw)
    assert await kie.record_info(await kie.create_task(MODEL, INPUT)) == Done(urls, credits=TAKEN)


@pytest.mark.parametrize(
    ("data", "state"),
    [
        ({"state": "success"}, Done(())),
        ({"state": "fail"}, Failed("", "")),
        ({"state": "fail", "failMsg": None, "failCode": None}, Failed("", "")),
        ({"state": "fail", "failMsg": "x", "failCode": 500}, Failed("x", "500")),
        ({"state": "fail", "failMsg": "x", "failCode": "INTERNAL"}, Failed("x", "INTERNAL")),
        ({"state": ""}, Pending()),
    ],
)
async def test_the_shapes_of_a_record(
    session: aiohttp.ClientSession, data: dict[str, Any], state: object
) -> None:
    handler, _ = answering(text=json.dumps({"code": 200, "msg": "success", "data": data}))
    async with serving(handler) as url:
        assert await client(session, url).record_info("t") == state


@pytest.mark.parametrize("result", ["", None, "{}", "not JSON"])
async def test_addresses_that_stand_in_the_response_alone_are_found(
    session: aiohttp.ClientSession, result: str | None
) -> None:
    data = {"state": "success", "resultJson": result, "response": {"resultUrls": [U1]}}
    handler, _ = answering(text=json.dumps({"code": 200, "msg": "success", "data": data}))
    async with serving(handler) as url:
        assert await client(session, url).record_info("t") == Done((U1,), None)


HUGE = 10**400


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ({"createTime": 1_000, "completeTime": 61_500}, 60.5),
        ({"createTime": 1_000, "completeTime": 1_000}, None),
        ({"createTime": 61_500, "completeTime": 1_000}, None),
        ({"createTime": 1_000, "completeTime": 1_000 + 86_400_000}, None),
        ({"createTime": 1_000, "completeTime": HUGE}, None),
        ({"createTime": -HUGE, "completeTime": 1_000}, None),
        ({"createTime": HUGE, "completeTime": HUGE + 1_000}, None),
        ({"createTime": 1_000, "completeTime": None}, None),
        ({"createTime": 1_000, "completeTime": -5}, None),
        ({"createTime": 1_000, "completeTime": math.inf}, None),
        ({"createTime": math.nan, "completeTime": 1e300}, None),
        ({"createTime": 1_000, "completeTime": 61_500, "costTime": -HUGE}, 60.5),
    ],
)
async def test_no_number_loses_the_picture(
    session: aiohttp.ClientSession, times: dict[str, Any], seconds: float | None
) -> None:
    result = json.dumps({"resultUrls": [U1], "seed": HUGE})
    data = {"state": "success", "resultJson": result, **times}
    body = json.dumps({"code": 200, "msg": "success", "data": data})
    for text in (body, body.replace(str(HUGE), "9" * 5_000)):  # more than Python reads
        handler, _ = answering(text=text)
        async with serving(handler) as url:
            assert await client(session, url).record_info("t") == Done((U1,), seconds)


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ({"creditsConsumed": 3.24}, 3.24),
        ({"creditsConsumed": 70, "consumeCredits": 1}, 70.0),
        ({"consumeCredits": 100}, 100.0),
        ({"creditsConsumed": None, "consumeCredits": 5}, 5.0),
        ({"creditsConsumed": 0.0}, None),
        ({"creditsConsumed": -1}, None),
        ({"creditsConsumed": True}, None),
        ({"creditsConsumed": "42"}, None),
        ({"creditsConsumed": 1e7}, None),
        ({"creditsConsumed": math.nan}, None),
        ({"creditsConsumed": math.inf}, None),
        ({"creditsConsumed": HUGE}, None),
        ({}, None),
    ],
)
async def test_what_a_task_took_is_read_where_it_can_be_true(
    session: aiohttp.ClientSession, said: dict[str, Any], taken: float | None
) -> None:
    data = {"state": "success", "resultJson": json.dumps({"resultUrls": [U1]}), **said}
    handler, _ = answering(text=json.dumps({"code": 200, "msg": "success", "data": data}))
    async with serving(handler) as url:
        assert await client(session, url).record_info("t") == Done((U1,), credits=taken)


@pytest.mark.parametrize("data", [{}, {"state": None}, {"state": 7}, [], "success"])
async def test_a_record_without_a_state_tells_nothing(
    session: aiohttp.ClientSession, data: object
) -> None:
    handler, _ = answering(text=json.dumps({"code": 200, "msg": "success", "data": data}))
    async with serving(handler) as url:
        with pytest.raises(OutcomeUnknownError):
            await client(session, url).record_info("t")


async def test_a_failed_task_may_be_told_by_the_code_of_the_answer(
    session: aiohttp.ClientSession,
) -> None:
    """Asked on, it would stay charged for ever: the answer will be no other."""
    handler, _ = answering(text='{"code":501,"msg":"Generation Failed","data":null}')
    async with serving(handler) as url:
        assert await client(session, url).record_info("t") == Failed("Generation Failed", "501")


async def test_message_is_read_where_there_is_no_msg(session: aiohttp.ClientSession) -> None:
    handler, _ = answering(text='{"code":500,"message":"said so"}')
    async with serving(handler) as url:
        with pytest.raises(RefusedError) as caught:
            await client(session, url).record_info("t")
    assert caught.value.detail == "said so"


async def test_no_error_shows_the_key(session: aiohttp.ClientSession) -> None:
    errors = []
    for answer in UNKNOWN.values():
        handler, _ = answering(**answer)
        async with serving(handler) as url:
            with pytest.raises(ProviderError) as caught:
                await client(session, url, "the-key").create_task(MODEL, INPUT)
            errors.append(repr(caught.value) + repr(caught.value.__cause__))
    assert "the-key" not in "".join(errors)
