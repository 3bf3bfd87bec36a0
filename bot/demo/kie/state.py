"""What the simulator remembers: tasks, calls, and how often it was asked."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from . import wire

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class KieLimits:
    """How often an account may ask (docs.kie.ai, Getting Started and Get Task Details).

    `http_status` is the form of a refusal: 429, or 200 with the code 429 in the body, as
    clients report it. `retry_after` is in seconds and unknown on the real service.
    """

    creates: int = 20
    create_window_s: float = 10.0
    polls_per_s: int = 10
    http_status: Literal[429, 200] = 429
    retry_after: float | None = None


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

    code: str
    msg: str
    submit: bool = False


@dataclass(frozen=True, slots=True)
class Served:
    """What the result host sends for one result, where that is not the drawn picture."""

    data: bytes | None = None
    content_type: str = "image/png"
    size_bytes: int | None = None
    endless: bool = False
    hang: bool = False
    status: int | None = None
    redirect: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a task's success holds.

    `raw` replaces the whole `resultJson` (a one-element tuple, because None is a value too),
    `urls` the addresses in it; without both it is one address served as `served` says. `record`
    goes over the fields of the record.
    """

    raw: tuple[Any] | None = None
    urls: tuple[str, ...] | None = None
    served: Served = Served()
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Task:
    """One task. Its state is a function of the clock, so nothing has to move it on."""

    task_id: str
    model: str
    input: dict[str, Any]
    callback_url: str | None
    created_at: float
    ready_at: float
    phases: tuple[tuple[str, float], ...]
    result: Result
    fail: Failure | None
    credits: float
    clock: Clock = field(repr=False)
    result_urls: list[str] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)
    # A picture to start from is still being fetched: not done, however late it is.
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
        """The state as recordInfo would tell it now: a word of `phases`, success or fail."""
        if self.done:
            return "success" if self.fail is None else "fail"
        total = sum(share for _, share in self.phases)
        span = self.ready_at - self.created_at
        gone = (self.clock() - self.created_at) / span * total if span > 0 else total
        ends = itertools.accumulate(share for _, share in self.phases)
        words = (word for (word, _), end in zip(self.phases, ends, strict=True) if gone < end)
        return next(words, self.phases[-1][0])

    @property
    def consumed(self) -> float:
        """The credits it has cost so far; a failed task shows none."""
        return 0.0 if self.done and self.fail is not None else self.credits

    @property
    def result_json(self) -> Any:
        """`resultJson`: a string with JSON in it, unless `result.raw` says otherwise."""
        if self.state != "success":
            return ""
        if self.result.raw is not None:
            return self.result.raw[0]
        return wire.compact({"resultUrls": self.result_urls})

    @property
    def param(self) -> str:
        """The request as recordInfo repeats it: JSON in JSON, keys in an order of its own."""
        inner = wire.compact(dict(sorted(self.input.items())))
        return wire.compact({"input": inner, "model": self.model})

    @property
    def cost_time(self) -> int | None:
        """Whole seconds, rounded down; None until done and when it never ran."""
        return None if self.complete_time is None else int(self.ready_at - self.created_at)

    @property
    def complete_time(self) -> int | None:
        """Unix milliseconds; None until done and when it never ran."""
        if not self.done or (self.fail is not None and self.fail.submit):
            return None
        return int(self.ready_at * 1000)

    def record(self, *, credits_consumed: bool) -> dict[str, Any]:
        """The `data` of recordInfo: key order, nulls and empty strings as recorded."""
        failed = self.fail if self.state == "fail" else None
        data: dict[str, Any] = {
            "taskId": self.task_id,
            "model": self.model,
            "state": self.state,
            "param": self.param,
            "resultJson": self.result_json,
            "failCode": failed.code if failed else None,
            "failMsg": failed.msg if failed else None,
            "costTime": self.cost_time,
            "completeTime": self.complete_time,
            "createTime": int(self.created_at * 1000),
        }
        if credits_consumed:
            data["creditsConsumed"] = float(self.consumed)
        return {**data, **self.result.record} if self.state == "success" else data


@dataclass(slots=True)
class Call:
    """One HTTP request. `status` 0: it got no answer, or none yet."""

    name: str  # createTask, recordInfo, result, upload, ... or "" for an unknown path
    method: str
    path: str
    query: dict[str, str]
    at: float
    user_agent: str
    authorized: bool  # an Authorization header came with it, right or wrong
    body: Any = None
    status: int = 0
    code: int | None = None
    task_id: str | None = None  # what createTask made, or named, whether or not that was told
