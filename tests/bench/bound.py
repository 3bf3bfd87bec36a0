"""The best that any schedule of polls can reach, to compare ours with.

A task that ends at the rate h (given its age, and that it has not ended) and is asked about r times
a second costs h/(2r) seconds of delay a second. With R questions a second over all tasks the sum
is least where r is as the root of h, and is then (sum of the roots of h)²/2R. No schedule that does
not know the future does better on average; it would have to know the distribution itself, where
ours has a sample of it, and to ask in fractions.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

STEPS = 4000  # of the time that is gone through


@dataclass(frozen=True, slots=True)
class Bound:
    """Delays from the end of a task to the answer that tells of it. Seconds."""

    mean_s: float
    median_s: float


def uniform_rate(shortest_s: float, longest_s: float) -> Callable[[float], float]:
    """The rate at which tasks end that take equally likely anything between the two."""

    def rate(age_s: float) -> float:
        return 1 / (longest_s - age_s) if shortest_s <= age_s < longest_s else 0.0

    return rate


def best_delays(
    tasks: Sequence[tuple[float, float]], rate: Callable[[float], float], questions_per_s: float
) -> Bound:
    """Of tasks given as (created, ended), seconds on one clock; `rate` by the age of a task."""
    begin, end = min(created for created, _ in tasks), max(ended for _, ended in tasks)
    step_s = (end - begin) / STEPS
    pauses = []  # what the best schedule leaves between two questions when a task ends
    for number in range(STEPS):
        now = begin + (number + 0.5) * step_s
        going_on = [task for task in tasks if task[0] <= now < task[1] + step_s / 2]
        roots = {task: math.sqrt(rate(now - task[0])) for task in going_on}
        whole = sum(roots.values())
        pauses += [
            max(whole / (questions_per_s * root), 1 / questions_per_s)
            for task, root in roots.items()
            if abs(task[1] - now) <= step_s / 2 and root
        ]
    return Bound(fmean(pauses) / 2, _median(pauses))


def _median(pauses: Sequence[float]) -> float:
    """A task ends at any time within its pause: where half of them are known."""
    low, high = 0.0, max(pauses)
    for _ in range(60):
        middle = (low + high) / 2
        if fmean(min(middle / pause, 1.0) for pause in pauses) < 0.5:
            low = middle
        else:
            high = middle
    return high
