"""The client of KIE.AI's jobs API, shared by all models that KIE resells.

KIE answers errors as HTTP 200 with a code in the body, so the body decides, whatever the HTTP
status is. There is no idempotency key: a create whose answer was lost may have been taken.
Source: docs.kie.ai, Getting Started and market/common/get-task-detail, read in 2026.
"""

import io
import json
import logging
import re
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Self, TypeGuard
from urllib.parse import quote

import aiohttp

from providers.base import Done, Failed, Pending, TaskState
from providers.errors import (
    AccessError,
    CreditError,
    NotTakenError,
    OutcomeUnknownError,
    ProviderError,
    RefusedError,
)

CODE_OK = 200
CODES_ACCESS = frozenset({401, 403, 433})  # wrong key, not allowed here, over the key's cap
CODE_CREDIT = 402
CREDIT_WORDS = "credits insufficient"  # also reported under code 500
CODE_TOO_OFTEN = 429
CODE_NO_MODEL = 404  # what is asked about is none
GAVE_UP_WAITING = frozenset({408, 499})  # HTTP status of a gateway: the task may be made
CODE_SERVER = 500  # also of a wrong input, which no repeat makes right: the words decide
SERVER_WORDS = "Server exception"
CODE_FAILED = 501  # "Generation failed": of the task, not of the question
RUNNING = frozenset({"waiting", "queuing", "generating"})
SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
MAX_ANSWER_BYTES = 1_000_000
# While callbacks come, questions are 20 s apart and more, and the one that matters should not have
# to begin with TCP and TLS. Firewalls forget connections that are silent for a minute or longer.
KEPT_CONNECTION_S = 45.0
MAX_DIGITS = 18  # of a whole number; Python itself gives up at 4,300
DAY_S = 86_400.0
MAX_TEXT = 2_000  # characters of KIE's that are kept or shown
MAX_NAME = 200  # a task id, a code, a state, a model
MAX_ADDRESS = 8_000  # signed ones are long
MAX_NUMBER = 1e12
MAX_CREDITS = 1e6  # of one task: $5,000
# What a database, a log or a chat may not take: control characters, and halves of UTF-16 pairs
# (JSON can hold one: "\ud83d"). Blanks of all kinds become one.
CONTROLS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
HALVES = re.compile(r"[\ud800-\udfff]")

# A call ended: what it was for, in KIE's word; the code of KIE's answer, if it answered; seconds.
Answered = Callable[[str, int | None, float], None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failed call, with its time in Unix seconds."""

    at: float
    path: str
    error: str


@dataclass(frozen=True, slots=True)
class AccountReport:
    """The account as KIE and this process see it. `calls` are of the last minute, by path."""

    credit: float | None  # None: KIE did not say
    low: float
    calls: Mapping[str, int]
    troubles: Sequence[Trouble]  # the latest first


class CallLog:
    """The recent calls of all clients that share it."""

    WINDOW_S = 60.0
    KEPT = 10  # troubles

    def __init__(
        self, *, now: Callable[[], float] = time.time, answered: Answered | None = None
    ) -> None:
        self._now = now
        self._answered = answered
        self._calls: deque[tuple[float, str]] = deque()
        self._troubles: deque[Trouble] = deque(maxlen=self.KEPT)

    def called(self, path: str) -> None:
        """Count a call."""
        self._forget()
        self._calls.append((self._now(), path))

    def failed(self, path: str, error: ProviderError) -> None:
        """Note a failed call."""
        self._troubles.append(Trouble(self._now(), path, str(error)))

    def ended(self, path: str, code: int | None, seconds: float) -> None:
        """Tell of a call that ended, with the code of KIE's answer; None: there was none."""
        if self._answered is not None:
            self._answered(path.rpartition("/")[2], code, seconds)

    def last_minute(self) -> Counter[str]:
        """The calls of the last minute, by path."""
        self._forget()
        return Counter(path for _, path in self._calls)

    def troubles(self) -> list[Trouble]:
        """The latest failed calls, newest first."""
        return list(reversed(self._troubles))

    def _forget(self) -> None:
        while self._calls and self._calls[0][0] <= self._now() - self.WINDOW_S:
            self._calls.popleft()


class Kie:
    """A client of one account. `base_url` without a closing slash; the sessions are the caller's.

    `creates` is that of createTask alone: the connections of hundreds of questions that hang are
    none of a create's. `callback_url` is where KIE tells of a task's end. `discovery` is held for
    each question about models: KIE takes one a second.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str,
        api_key: str,
        request_timeout_s: float,
        callback_url: str | None = None,
        log: CallLog | None = None,
        creates: aiohttp.ClientSession | None = None,
        discovery: Callable[[], AbstractAsyncContextManager[Any]] = nullcontext,
    ) -> None:
        self._log = log or CallLog()
        self._session = session
        self._creates = creates or session
        self._discovery = discovery
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._callback = {"callBackUrl": callback_url} if callback_url else {}
        self._timeout = aiohttp.ClientTimeout(total=request_timeout_s, sock_connect=10)

    @classmethod
    @asynccontextmanager
    async def open(cls, **options: Any) -> AsyncIterator[Self]:
        """With sessions of its own."""
        async with (
            # Questions are repeated, by aiohttp itself where the connection was gone. A create must
            # not meet one that the other side has given up: nobody would know what became of it.
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(keepalive_timeout=KEPT_CONNECTION_S)
            ) as session,
            aiohttp.ClientSession() as creates,
        ):
            yield cls(session, creates=creates, **options)

    async def create_task(self, model: str, input_fields: Mapping[str, Any]) -> str:
        """POST /api/v1/jobs/createTask, in one attempt; returns the task id.

        Raises:
            NotTakenError: 429, or no connection: nothing was created.
            RefusedError: KIE said no; or, without a code, the address is wrong.
            OutcomeUnknownError: no answer that tells; a task may have been made.
        """
        data = await self._call(
            "POST",
            "/api/v1/jobs/createTask",
            session=self._creates,
            json={"model": model, **self._callback, "input": input_fields},
        )
        match data:
            case {"taskId": task_id} if is_task_id(task_id):
                return task_id
            case _:
                raise OutcomeUnknownError("createTask: success without a task id")

    async def record_info(self, task_id: str) -> TaskState:
        """GET /api/v1/jobs/recordInfo.

        Raises:
            ProviderError: the question failed; the task may be running all the same.
        """
        try:
            data = await self._call("GET", "/api/v1/jobs/recordInfo", params={"taskId": task_id})
        except RefusedError as error:
            if error.code == CODE_FAILED:
                return Failed(error.detail, str(error.code))
            raise
        match data:
            case {"state": "success"}:
                # The same stands in both since September 2026.
                urls = _result_urls(data.get("resultJson")) or _result_urls(data.get("response"))
                return Done(urls, _seconds(data), _credits(data))
            case {"state": "fail"}:
                code = _clean(str(data.get("failCode") or ""), MAX_NAME)
                return Failed(_clean(str(data.get("failMsg") or "")), code)
            case {"state": str(state)}:
                if state not in RUNNING:  # a new word is not an end: go on until the deadline
                    logger.warning("task %s: unknown state %r", task_id, _clean(state, MAX_NAME))
                return Pending()
            case _:
                raise OutcomeUnknownError("recordInfo: no state in the answer")

    async def upload(self, data: bytes, name: str, content_type: str) -> str:
        """POST /api/file-stream-upload at KIE's upload host; returns the public address.

        `name` should be one that cannot be guessed: the same name overwrites. Safe to repeat.
        KIE keeps the file for 1 to 3 days (its pages differ).

        Raises:
            ProviderError: see `create_task`.
        """
        form = aiohttp.FormData()
        # A stream: aiohttp refuses to send so many bytes at once.
        form.add_field("file", io.BytesIO(data), filename=name, content_type=content_type)
        form.add_field("uploadPath", "images/input")
        form.add_field("fileName", name)
        answer = await self._call("POST", "/api/file-stream-upload", data=form)
        match answer:
            case {"downloadUrl": str(url)} if _is_address(url):
                return url
            case _:
                raise OutcomeUnknownError("file-stream-upload: success without an address")

    async def credit(self) -> float:
        """GET /api/v1/chat/credit: what the account has left, in KIE's credits.

        docs.kie.ai says a whole number; real answers have a fraction.

        Raises:
            ProviderError: see `create_task`.
        """
        match await self._call("GET", "/api/v1/chat/credit"):
            case bool():  # which Python counts among the numbers
                pass
            case int(credit) | float(credit) if -MAX_NUMBER <= credit <= MAX_NUMBER:
                return float(credit)
        raise OutcomeUnknownError("credit: no number in the answer")

    async def models(self) -> list[str]:
        """GET /api/v1/models: the names that `create_task` may be given, as far as KIE lists them.

        docs.kie.ai does not describe it; its shape is that of answers of October 2026.

        Raises:
            ProviderError: see `create_task`.
        """
        match await self._discover("/api/v1/models"):
            case {"models": [*entries]}:
                names = [_clean(entry["model"], MAX_NAME) for entry in entries if _has_name(entry)]
                if names or not entries:
                    return names
        raise OutcomeUnknownError("models: no list of names in the answer")

    async def schema(self, model: str) -> dict[str, Any] | None:
        """GET /api/v1/models/{model}/schema: the OpenAPI document of one model, as KIE wrote it;
        None: it has none. `providers.schema` reads it.

        Raises:
            RefusedError: with CODE_NO_MODEL: there is no such model.
            ProviderError: see `create_task`.
        """
        match await self._discover(f"/api/v1/models/{_in_path(model)}/schema"):
            case {"openapi": dict(document)}:
                return document
            case {"openapi": None}:
                return None
        raise OutcomeUnknownError("schema: no document in the answer")

    async def price(self, model: str) -> str:
        """GET /api/v1/models/{model}/price: what a task costs, in prose; "": KIE does not say.

        Raises:
            ProviderError: see `schema`.
        """
        match await self._discover(f"/api/v1/models/{_in_path(model)}/price"):
            case {"pricingDesc": str(said)}:
                return _clean(said)
            case {"pricingDesc": None}:
                return ""
        raise OutcomeUnknownError("price: no words in the answer")

    async def _discover(self, path: str) -> Any:
        async with self._discovery():
            return await self._call("GET", path)

    async def _call(self, method: str, path: str, **kwargs: Any) -> Any:
        """One round trip; returns `data` of the {code, msg, data} envelope."""
        self._log.called(path)
        begun, code = time.monotonic(), None
        try:
            data = await self._ask(method, path, **kwargs)
            code = CODE_OK
        except ProviderError as error:
            code = error.code
            self._log.failed(path, error)
            raise
        finally:
            self._log.ended(path, code, time.monotonic() - begun)
        return data

    async def _ask(
        self, method: str, path: str, *, session: aiohttp.ClientSession | None = None, **kwargs: Any
    ) -> Any:
        try:
            async with (session or self._session).request(
                method,
                self._base_url + path,
                headers=self._headers,
                timeout=self._timeout,
                allow_redirects=False,
                **kwargs,
            ) as response:
                status = response.status
                retry_after = response.headers.get("Retry-After", "")
                text = await _read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotTakenError(f"{path}: no connection: {error}") from error
        except (TimeoutError, aiohttp.ClientError) as error:
            raise OutcomeUnknownError(f"{path}: {error!r}") from error
        match _from_json(text):
            case {"code": int(code), "data": data} if code == CODE_OK and status < 400:
                return data
            case {"code": int(code), **body} if code != CODE_OK:
                # The docs and some answers say "message" where the recordings say "msg".
                said = _clean(str(body.get("msg") or body.get("message") or ""))
                raise _refusal(path, code, said, retry_after)
            # A gateway's page, half a body, another shape: nothing that KIE says.
            case _ if status == CODE_TOO_OFTEN:
                raise _refusal(path, status, "", retry_after)
            # Whoever it is took nothing; but for those that gave up waiting for KIE itself.
            case _ if method == "POST" and 400 <= status < 500 and status not in GAVE_UP_WAITING:
                raise RefusedError(f"{path}: HTTP {status}", detail=f"HTTP {status}")
            case _:
                raise OutcomeUnknownError(f"{path}: HTTP {status}, no KIE answer", code=status)


def is_task_id(said: Any) -> TypeGuard[str]:
    """Whether that can be the id of a task: KIE's are opaque, but ours to store and to log."""
    return isinstance(said, str) and bool(said) and said == _clean(said, MAX_NAME)


async def _read(response: aiohttp.ClientResponse) -> str:
    body = await response.content.read(MAX_ANSWER_BYTES)
    while not response.content.at_eof():
        chunk = await response.content.read(MAX_ANSWER_BYTES)
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError("the answer is too large")
    return body.decode("utf-8", errors="replace")


def _refusal(path: str, code: int, said: str, retry_after: str) -> ProviderError:
    """The error that a code stands for; `said` is KIE's own wording."""
    message = f"{path}: code {code}: {said}"
    if code == CODE_TOO_OFTEN:  # seen as HTTP status and as body code; nothing was created
        wait_s = float(retry_after) if SECONDS.fullmatch(retry_after) else None
        return NotTakenError(message, detail=said, code=code, retry_after_s=wait_s)
    if code == CODE_CREDIT or CREDIT_WORDS in said.lower():
        return CreditError(message, detail=said, code=code)
    if code in CODES_ACCESS:
        return AccessError(message, detail=said, code=code)
    if code == CODE_SERVER and said.startswith(SERVER_WORDS):  # it may have been taken all the same
        return OutcomeUnknownError(message, detail=said, code=code)
    return RefusedError(message, detail=said, code=code)


def _clean(text: str, limit: int = MAX_TEXT) -> str:
    """Text of KIE's that can be stored, logged and shown, whatever was in it."""
    return HALVES.sub("\ufffd", CONTROLS.sub(" ", text[:limit])).strip()


def _is_address(url: str) -> bool:
    return bool(url) and url == _clean(url, MAX_ADDRESS)


def _in_path(model: str) -> str:
    """A model's name as a part of a path, where slashes stay what they are.

    Raises:
        RefusedError: there is no such model, and the path would lead elsewhere.
    """
    if not model or {"", ".", ".."} & {*model.split("/")}:
        raise RefusedError(f"no name of a model: {model!r}", code=CODE_NO_MODEL)
    return quote(model, safe="/")


def _has_name(entry: Any) -> bool:
    """Whether an entry of the list of models is one."""
    return isinstance(entry, dict) and isinstance(entry.get("model"), str)


def _from_json(text: str) -> Any:
    """What stands in the text; None where it is no JSON, and for absurdly long whole numbers."""
    try:
        return json.loads(text, parse_int=_bounded)
    except (ValueError, RecursionError):  # brackets by the thousand
        return None


def _bounded(digits: str) -> int | None:
    return int(digits) if len(digits) <= MAX_DIGITS else None


def _seconds(record: Mapping[str, Any]) -> float | None:
    """From the create to the end, both in Unix ms; `costTime` is meant so, in varying units."""
    match record:
        case {"createTime": int(created), "completeTime": int(completed)}:
            seconds = (completed - created) / 1000
            return seconds if 0 < seconds < DAY_S else None
        case _:
            return None


def _credits(record: Mapping[str, Any]) -> float | None:
    """What the task took; the name is KIE's own since August 2026, or that of its callbacks. None
    is free: 0 is written while it is not counted yet."""
    for name in ("creditsConsumed", "consumeCredits"):
        said = record.get(name)
        if isinstance(said, int | float) and 0 < said <= MAX_CREDITS and said is not True:
            return float(said)
    return None


def _result_urls(result_json: Any) -> tuple[str, ...]:
    """The URLs in `resultJson`: a JSON string as a rule, also seen as an object, "" or null."""
    if isinstance(result_json, str):
        result_json = _from_json(result_json)
    match result_json:
        case {"resultUrls": list(urls)}:
            addresses = (url.strip() for url in urls if isinstance(url, str))
            return tuple(address for address in addresses if _is_address(address))
        case _:
            return ()
