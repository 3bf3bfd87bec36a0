"""Whether the provider's callbacks come as they should, and those that came too early."""

from collections import OrderedDict
from dataclasses import dataclass

from bot.tools.clock import CLOCK, Clock

KEPT = 10_000  # task ids


@dataclass(frozen=True, slots=True)
class CallbackPolicy:
    """When callbacks are relied on."""

    proofs: int = 3  # ends that were told by one since the last that was missing
    patience_s: float = 10.0  # until one is missing, after the end was found without it
    early_for_s: float = 300.0  # it may come before the answer to the create is read


CALLBACKS = CallbackPolicy()


class Callbacks:
    """What is known of them, which tells how often to ask without one."""

    def __init__(self, policy: CallbackPolicy, clock: Clock = CLOCK) -> None:
        self._policy = policy
        self._clock = clock
        self._proofs = 0
        self._ended: OrderedDict[str, float] = OrderedDict()  # when their end was known
        self._awaited: OrderedDict[str, float] = OrderedDict()  # those that no callback told
        self._early: OrderedDict[str, float] = OrderedDict()  # when they came

    @property
    def come(self) -> bool:
        """Whether they have proved themselves."""
        return self._proofs >= self._policy.proofs

    def came(self, task_id: str) -> None:
        """One of a task that nobody waits for: its end is known, or it begins just now, or there
        is no such task."""
        self.are_missed()
        if self._awaited.pop(task_id, None) is not None:
            self._proofs += 1
        elif task_id not in self._ended:
            self._keep(self._early, task_id)

    def was_early(self, task_id: str) -> bool:
        """Whether one came for a task that is waited for from now on."""
        at = self._early.pop(task_id, None)
        return at is not None and self._clock.steady() - at <= self._policy.early_for_s

    def ended(self, task_id: str, *, told: bool) -> None:
        """A task's end is known: asked for because of a callback, or without. Only the first time
        counts: later questions are about its result."""
        if task_id in self._ended:
            return
        self._keep(self._ended, task_id)
        if told:
            self._proofs += 1
        else:
            self._keep(self._awaited, task_id)

    def are_missed(self) -> bool:
        """Whether one is missing by now that was not yet when this was asked last."""
        now = self._clock.steady()
        missed = False
        while self._awaited and now - next(iter(self._awaited.values())) > self._policy.patience_s:
            self._awaited.popitem(last=False)
            missed, self._proofs = True, 0
        return missed

    def _keep(self, kept: OrderedDict[str, float], task_id: str) -> None:
        kept[task_id] = self._clock.steady()
        kept.move_to_end(task_id)
        if len(kept) > KEPT:
            kept.popitem(last=False)
