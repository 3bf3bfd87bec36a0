"""What can be made to go wrong, and what the next task shall bring: set first, taken once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from .models import KNOWN
from .state import Failure, KieLimits, Result, Served, Task

Endpoint = Literal[
    "createTask", "recordInfo", "result", "upload", "file", "models", "credit", "download-url"
]
Signature = Literal["right", "wrong", "none"]
CallbackShape = Literal["full", "no_result", "id_only"]

UNSET: Final = object()


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error body in place of an answer."""

    code: int
    msg: str | None
    http_status: int
    retry_after: float | None = None
    task_id: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong below the API: the network, the front, the bytes.

    `effect`: the request still does what it asks for, only its answer suffers.
    """

    html: int | None = None
    hang: bool = False
    delay_s: float = 0.0
    cut: bool = False
    body: str | None = None
    effect: bool = False


@dataclass(slots=True)
class Callbacks:
    """How callbacks are sent. Repeats and their waits are not documented for this API."""

    hmac_key: str | None = None
    signature: Signature = "right"
    shape: CallbackShape = "full"
    copies: int = 1
    timeout_s: float = 15.0
    retry_waits_s: tuple[float, ...] = (1.0, 5.0, 30.0)


class Switches:
    """Everything a test or a demo may set, at any time, on a running simulator."""

    def __init__(self) -> None:
        self.task_seconds: float | Callable[[Task], float] = 0.05
        # Words shown before the end, in equal parts, or each with its share of the time.
        self.states: Sequence[str | tuple[str, float]] = ("waiting",)
        self.limits: KieLimits | None = KieLimits()
        self.credits: float = 10_000.0
        self.credits_per_task: float = 8.0
        self.refund_failed: bool = True
        # Endpoints that are down, for as long as they stand here: the status of the front's page,
        # 0 where the connection is cut.
        self.down: dict[str, int] = {}
        self.show_credits_consumed: bool = True
        # For so long after its creation a task is "recordInfo is null".
        self.record_delay_s: float = 0.0
        self.models: set[str] = set(KNOWN)
        # Taken by createTask, but missing in the list of models.
        self.unlisted_models: set[str] = set()
        # Body code 422 under HTTP 200; the words are those of KIE's chat API.
        self.unknown_model: tuple[int, str] = (422, "The model is not supported")
        self.results_live_s: float = 14 * 86_400.0
        self.uploads_live_s: float = 3 * 86_400.0
        self.callbacks = Callbacks()
        self._creates: deque[Refusal] = deque()
        self._task_ids: deque[str] = deque()
        self._polls: deque[Refusal] = deque()
        self._failures: deque[Failure] = deque()
        self._results: deque[Result] = deque()
        self._faults: dict[str, deque[Fault]] = {}

    def fail_create(
        self,
        code: int = 402,
        msg: str | None = None,
        http_status: int = 200,
        times: int = 1,
        *,
        retry_after: float | None = None,
    ) -> None:
        """Refuse the next createTask requests; `msg` None is the known text of the code."""
        self._creates.extend([Refusal(code, msg, http_status, retry_after)] * times)

    def next_task_id(self, task_id: str, times: int = 1) -> None:
        """Answer the next createTask requests with this id, maybe a known one, and make nothing."""
        self._task_ids.extend([task_id] * times)

    def fail_poll(
        self,
        code: int = 429,
        http_status: int = 429,
        times: int = 1,
        retry_after: float | None = None,
        task_id: str | None = None,
        *,
        msg: str | None = None,
    ) -> None:
        """Refuse the next recordInfo requests, those for `task_id` if it is given."""
        self._polls.extend([Refusal(code, msg, http_status, retry_after, task_id)] * times)

    def fail_task(
        self,
        code: str = "500",
        msg: str = "Internal Error, Please try again later.",
        times: int = 1,
        *,
        submit: bool = False,
    ) -> None:
        """Let the next tasks end in `fail`; with `submit` at once, without ever running."""
        self._failures.extend([Failure(code, msg, submit)] * times)

    def next_result(
        self,
        *,
        raw: Any = UNSET,
        urls: Sequence[str] | None = None,
        url: str | None = None,
        data: bytes | None = None,
        content_type: str = "image/png",
        size_bytes: int | None = None,
        endless: bool = False,
        hang: bool = False,
        status: int | None = None,
        redirect: str | None = None,
        record: Mapping[str, Any] | None = None,
        times: int = 1,
    ) -> None:
        """Say what the next created tasks' success holds.

        `raw` is `resultJson` itself: broken JSON, "", None or an object. `urls` (or one `url`)
        are the addresses in it, and `record` replaces other fields beside it. All else is what the
        result host does when the one usual address is asked for: `data` in place of the drawn
        picture; the picture padded to at least `size_bytes`; a body without end; silence; an HTTP
        status; a redirect.
        """
        if url is not None:
            urls = [url]
        served = Served(data, content_type, size_bytes, endless, hang, status, redirect)
        result = Result(
            raw=None if raw is UNSET else (raw,),
            urls=None if urls is None else tuple(urls),
            served=served,
            record=record or {},
        )
        self._results.extend([result] * times)

    def fault(
        self,
        endpoint: Endpoint,
        *,
        html: int | None = None,
        hang: bool = False,
        delay_s: float = 0.0,
        cut_before_effect: bool = False,
        cut_after_effect: bool = False,
        body: str | None = None,
        effect: bool = False,
        times: int = 1,
    ) -> None:
        """Break the next requests to `endpoint`.

        `html` answers an HTML page of that status, `hang` never, `body` these bytes under HTTP
        200, `delay_s` later. With `effect` the request is carried out all the same. A cut
        closes the connection: before anything was done, or after it; a result is then half sent.
        """
        if endpoint not in get_args(Endpoint):
            raise ValueError(f"no such endpoint: {endpoint}")
        fault = Fault(
            html=html,
            hang=hang,
            delay_s=delay_s,
            cut=cut_before_effect or cut_after_effect,
            body=body,
            effect=effect or cut_after_effect,
        )
        self._faults.setdefault(endpoint, deque()).extend([fault] * times)

    def take_fault(self, endpoint: str) -> Fault | None:
        if endpoint in self.down:
            status = self.down[endpoint]
            return Fault(html=status) if status else Fault(cut=True)
        waiting = self._faults.get(endpoint)
        return waiting.popleft() if waiting else None

    def take_create_refusal(self) -> Refusal | None:
        return self._creates.popleft() if self._creates else None

    def take_task_id(self) -> str | None:
        return self._task_ids.popleft() if self._task_ids else None

    def take_poll_refusal(self, task_id: str) -> Refusal | None:
        for refusal in self._polls:
            if refusal.task_id in (None, task_id):
                self._polls.remove(refusal)
                return refusal
        return None

    def take_failure(self) -> Failure | None:
        return self._failures.popleft() if self._failures else None

    def take_result(self) -> Result:
        return self._results.popleft() if self._results else Result()
