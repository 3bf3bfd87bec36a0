"""Switches for tests: faults, and the outcome of the next task; each is used once."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

from bot.demo.base import Clock, Fault, StandIn

from .callbacks import Callbacks
from .market import MODELS
from .models import Model
from .state import Failure, KieLimits, Result, Task
from .wire import Refusal


class Switches(StandIn):
    """Everything a test or a demo may set, at any time, on a running simulator."""

    task_seconds: float | Callable[[Task], float] = 0.05
    states: Sequence[str] = ("waiting",)  # words shown before the end, for equal parts of the time
    limits: KieLimits | None = KieLimits()
    credits: float = 10_000.0
    # What is down for as long as it stands here: the status of the page, 0 for a cut connection.
    down: dict[str, int]
    record_delay_s: float = 0.0  # for so long after its creation a task is "recordInfo is null"
    models: set[str]
    unlisted_models: set[str]  # taken by createTask, but missing in the list of models
    results_live_s: float = 14 * 86_400.0
    uploads_live_s: float = 3 * 86_400.0
    callbacks: Callbacks

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.down = {}
        self.market = dict(MODELS)
        self.models = set(MODELS)
        self.unlisted_models = set()
        self.callbacks = Callbacks()
        self._to_come: defaultdict[str, deque[Any]] = defaultdict(deque)

    def fail_create(self, *refusal: Any, times: int = 1, **more: Any) -> None:
        """Refuse the next createTask requests: the fields of a `Refusal`."""
        self._to_come["create"].extend([Refusal(*refusal, **more)] * times)

    def next_task_id(self, task_id: str, times: int = 1) -> None:
        """Answer the next createTask requests with this id, maybe a known one, and make nothing."""
        self._to_come["task id"].extend([task_id] * times)

    def fail_poll(self, *refusal: Any, times: int = 1, **more: Any) -> None:
        """Refuse the next recordInfo requests: the fields of a `Refusal`."""
        self._to_come["poll"].extend([Refusal(*refusal, **more)] * times)

    def fail_task(self, *failure: Any, times: int = 1, **more: Any) -> None:
        """Let the next tasks end in `fail`: the fields of a `Failure`."""
        self._to_come["failure"].extend([Failure(*failure, **more)] * times)

    def next_result(self, *, times: int = 1, **how: Any) -> None:
        """Say what the next created tasks' success holds: the fields of a `Result`."""
        self._to_come["result"].extend([Result(**how)] * times)

    def model_of(self, name: str) -> Model:
        """The model of that name; one that is not known makes a picture of whatever it gets."""
        known = self.market.get(name)
        return known or Model(provider=name.partition("/")[0].capitalize(), fields={}, required="")

    def mend(self) -> None:
        super().mend()
        self.down.clear()
        self._to_come.clear()

    def take_fault(self, name: str, where: object = None) -> Fault | None:
        status = self.down.get(name)
        if status is None:
            return super().take_fault(name, where)
        return Fault(name=name, html=status or None, cut_before_effect=not status)

    def take(self, what: str) -> Any:
        """What was set for the next create, task id, poll, failure or result, if anything."""
        return self._to_come[what].popleft() if self._to_come[what] else None
