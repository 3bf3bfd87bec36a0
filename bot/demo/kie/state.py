"""The state of the simulator: tasks, files, and rate limits."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic.dataclasses import dataclass as checked_dataclass

from bot.demo.base import CHECKED, Clock

from . import wire

UNSET: Final = object()


@dataclass(frozen=True, slots=True)
class KieLimits:
    """How often an account may ask (docs.kie.ai, Getting Started and Get Task Details).

    `http_status` is the form of a refusal: 429, or 200 with the code 429 in the body, as
    clients report it. `retry_after` is in seconds and unknown on the real service.
    """

    creates: int = 20
    create_window_s: float = 10.0
    polls_per_s: int = 10
    discoveries_per_s: int = 1  # of the list, schemas, prices and success rates together
    http_status: Literal[429, 200] = 429
    retry_after: float | None = None

    def keep(self, window: Window, now: float, most: int, window_s: float = 1.0) -> None:
        """Let a request through, or raise RefusedError."""
        if not window.admit(now, most, window_s):
            raise wire.RefusedError(429, None, self.http_status, self.retry_after)


class Window:
    """A sliding window over the requests that were let through."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def admit(self, now: float, most: int, window_s: float) -> bool:
        """Whether one more fits into the last `window_s` seconds; it is counted if so."""
        while self._times and self._times[0] <= now - window_s:
            self._times.popleft()
        if len(self._times) >= most:
            return False
        self._times.append(now)
        return True


@dataclass(frozen=True, slots=True)
class Failure:
    """How a task fails. `submit`: already upstream's intake refuses it, nothing ever ran."""

    code: str = "500"
    msg: str = "Internal Error, Please try again later."
    submit: bool = False


@checked_dataclass(frozen=True, kw_only=True, config=CHECKED)
class Result:
    """What a task's success holds.

    `raw` is `resultJson` itself: broken JSON, "", None or an object. `urls` are the addresses in
    it, and `record` replaces other fields beside it. All else is what the result host does when
    the one usual address is asked for: `data` in place of the drawn picture; the picture padded to
    at least `size_bytes`; a body without end; silence; an HTTP status; a redirect.
    """

    raw: Any = UNSET
    urls: list[Any] | None = None
    record: dict[str, Any] = field(default_factory=dict)
    data: bytes | None = None
    content_type: str = "image/png"
    size_bytes: int | None = None
    endless: bool = False
    hang: bool = False
    status: int | None = None
    redirect: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of the upload host."""

    path: str
    data: bytes
    mime_type: str
    at: float


@dataclass(slots=True)
class Task:
    """One task. Its state is a function of the clock, so nothing has to move it on."""

    task_id: str
    model: str
    input: dict[str, Any]
    filled: dict[str, Any]  # the input, with what it leaves open as by default
    callback_url: str | None
    created_at: float
    ready_at: float
    phases: tuple[str, ...]
    result: Result
    fail: Failure | None
    credits: float
    clock: Clock = field(repr=False)
    result_urls: list[str] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)
    # Pictures to start from are still being fetched: not done, however late it is.
    fetching: bool = False
    source: bytes | None = field(default=None, repr=False)
    woken: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def done(self) -> bool:
        if self.fail is not None and self.fail.submit:
            return True
        return not self.fetching and self.clock() >= self.ready_at

    @property
    def state(self) -> str:
        """The state as recordInfo would tell it now: one of `phases`, success or fail."""
        if self.done:
            return "success" if self.fail is None else "fail"
        span = self.ready_at - self.created_at
        gone = (self.clock() - self.created_at) / span if span > 0 else 1.0
        return self.phases[min(int(gone * len(self.phases)), len(self.phases) - 1)]

    @property
    def result_json(self) -> Any:
        """`resultJson`: a string with JSON in it, unless `result.raw` says otherwise."""
        if self.state != "success":
            return ""
        if self.result.raw is not UNSET:
            return self.result.raw
        return wire.compact({"resultUrls": self.result_urls})

    @property
    def param(self) -> str:
        """The request as recordInfo repeats it: JSON in JSON, keys in an order of its own."""
        inner = wire.compact(dict(sorted(self.filled.items())))
        return wire.compact({"input": inner, "model": self.model})

    @property
    def complete_time(self) -> int | None:
        """Unix milliseconds; None until done and when it never ran."""
        if not self.done or (self.fail is not None and self.fail.submit):
            return None
        return int(self.ready_at * 1000)

    @property
    def cost_time(self) -> int | None:
        """Whole seconds, rounded down; None until done and when it never ran."""
        return None if self.complete_time is None else int(self.ready_at - self.created_at)

    def record(self) -> dict[str, Any]:
        """The `data` of recordInfo: key order, nulls and empty strings as recorded."""
        state = self.state
        failed = self.fail if state == "fail" else None
        has_urls = state == "success" and self.result.raw is UNSET
        data = {
            "taskId": self.task_id,
            "model": self.model,
            "state": state,
            "param": self.param,
            "resultJson": self.result_json,
            "failCode": failed.code if failed else None,
            "failMsg": failed.msg if failed else None,
            "costTime": self.cost_time,
            "completeTime": self.complete_time,
            "createTime": int(self.created_at * 1000),
            "creditsConsumed": float(self.credits) if state == "success" else 0.0,
            "operationType": "generate",
            "successFlag": {"success": 1, "fail": 3}.get(state, 0),
            "paramJson": wire.compact(dict(sorted(self.filled.items()))),
            "response": {"resultUrls": self.result_urls} if has_urls else None,
        }
        return {**data, **self.result.record} if state == "success" else data
