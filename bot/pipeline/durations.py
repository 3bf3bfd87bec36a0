"""Durations of tasks: when the next poll of one is worth it, and the time left that people see.

The schedule follows from one idea. While a task is done but we do not know it, its person waits
needlessly; a poll spends one of a budget that all tasks share. If a task ends at the rate h and is
polled after a pause g, the expected needless wait is h·g²/2 seconds. So the next poll goes to the
task where this is largest, and pauses grow as one over the root of the rate.
"""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from statistics import median, pstdev

from storage.announcements import Announcement, Moved
from storage.items import ItemStatus

SAMPLE = 200  # tasks remembered per model
RECENT = 50  # of these, what tells how long the next picture takes
STEPS = 128  # per curve
FRESH = 0.1  # a curve is made anew when so much of what it was made of is new

# Some tasks fail at once or hang, whatever the others do: such a share ends at any time.
ELSEWHERE = 0.005
MOST_S = 86_400.0  # a task that took a day, or no time at all, tells nothing about the others
UNKNOWN_S = 60.0  # about when a task ends of which nothing is known


class Curve:
    """The chance that a task is still going on, by its age in seconds, from what others took.

    A kernel estimate (Gaussian, Silverman's bandwidth) over `sample`, mixed with a long tail.
    """

    def __init__(self, sample: Sequence[float]) -> None:
        self.usual_s = median(sample) if sample else UNKNOWN_S
        self.elsewhere = ELSEWHERE if sample else 1.0
        deviation_s = max(pstdev(sample), self.usual_s / 10) if sample else 0.0
        width_s = 0.9 * deviation_s * len(sample) ** -0.2 if sample else 0.0
        self._end_s = max(sample, default=0.0) + 4 * width_s  # nothing but the tail from here on
        self._step_s = self._end_s / STEPS or 1.0
        ages = [step * self._step_s for step in range(STEPS + 1)]
        going_on, ending = zip(*(self._mix(age, sample, width_s) for age in ages), strict=True)
        self._going_on: Sequence[float] = going_on
        self._ending: Sequence[float] = ending
        areas = (self._step_s * (left + right) / 2 for left, right in pairwise(going_on))
        self._area = list(accumulate(areas, initial=0.0))

    def _mix(self, age: float, sample: Sequence[float], width_s: float) -> tuple[float, float]:
        going_on, ending = self._tail(age)
        share = (1 - self.elsewhere) / len(sample) if sample else 0.0
        for seconds in sample:
            z = (age - seconds) / width_s
            going_on += share * math.erfc(z / math.sqrt(2)) / 2
            ending += share * math.exp(-z * z / 2) / (width_s * math.sqrt(2 * math.pi))
        return going_on, ending

    def _tail(self, age: float) -> tuple[float, float]:
        going_on = self.elsewhere * self.usual_s / (self.usual_s + age)
        return going_on, going_on / (self.usual_s + age)

    def _at(self, age: float) -> tuple[float, float, float]:
        """The chance to go on for so long, the rate of ending then, and the chance's integral."""
        if age >= self._end_s:
            grown = math.log((self.usual_s + age) / (self.usual_s + self._end_s))
            return *self._tail(age), self._area[-1] + self.elsewhere * self.usual_s * grown
        step = int(age / self._step_s)
        part_s = age - step * self._step_s
        part = part_s / self._step_s
        left, right = self._going_on[step : step + 2]
        going_on = left + part * (right - left)
        ending = self._ending[step] + part * (self._ending[step + 1] - self._ending[step])
        return going_on, ending, self._area[step] + part_s * (left + going_on) / 2

    def worth(self, asked_at: float, age: float) -> float:
        """What a poll is worth at that age, after an answer "not yet" at `asked_at`. Seconds.

        With p, the chance that it is done by now: p²/p' less the delay that p has cost so far,
        which is h·g²/2 where the rate h is constant.
        """
        before, _, area_before = self._at(asked_at)
        now, ending, area_now = self._at(age)
        done = 1 - now / before
        waited_s = (age - asked_at) - (area_now - area_before) / before
        return done * done * before / ending - waited_s

    def pause_s(self, asked_at: float, longest_s: float) -> float:
        """Seconds until the next poll is worth it, if no other task needs it more.

        `longest_s` is the pause where nothing is expected; where the end is likely it is shorter.
        """
        price = self.elsewhere / self.usual_s * longest_s**2 / 2
        for part in range(1, STEPS):
            pause_s = longest_s * part / STEPS
            if self.worth(asked_at, asked_at + pause_s) >= price:
                return pause_s
        return longest_s


class Durations:
    """Of each model's last tasks, in seconds: from the create to the end at the provider, and to
    the picture in the chat."""

    def __init__(self) -> None:
        self._drawn: dict[str, deque[float]] = {}
        self._delivered: dict[str, deque[float]] = {}
        self._curves: dict[str, Curve] = {}
        self._new: dict[str, int] = {}

    def hear(self, news: Announcement) -> None:
        """Learn from each task that succeeds."""
        if not isinstance(news, Moved) or news.after.status is news.before.status:
            return
        item = news.after
        if item.status is ItemStatus.READY and item.drawn_s is not None:
            self.add(news.model, item.drawn_s)
        # One that had to wait for the result's host tells nothing about the next.
        is_usual = item.status is ItemStatus.DELIVERED and not item.fetch_attempts
        if is_usual and item.finished_at and item.submitted_at:
            self.add_delivered(news.model, item.finished_at - item.submitted_at)

    def recall(self, ended: Iterable[tuple[str, float, float | None]]) -> None:
        """Learn from earlier tasks (`Jobs.recent_durations`)."""
        for model, delivered_s, drawn_s in ended:
            self.add_delivered(model, delivered_s)
            if drawn_s is not None:
                self.add(model, drawn_s)

    def add(self, model: str, seconds: float) -> None:
        """Add the duration of a task that succeeded at the provider."""
        if not 0 < seconds < MOST_S:
            return
        sample = self._drawn.setdefault(model, deque(maxlen=SAMPLE))
        sample.append(seconds)
        self._new[model] = self._new.get(model, 0) + 1
        if self._new[model] > FRESH * len(sample):
            self._curves.pop(model, None)

    def add_delivered(self, model: str, seconds: float) -> None:
        """Add the time a picture took to its chat."""
        if seconds > 0:  # else the clock was put back meanwhile
            self._delivered.setdefault(model, deque(maxlen=RECENT)).append(seconds)

    def curve(self, model: str) -> Curve:
        """The curve of the model's tasks at the provider."""
        if model not in self._curves:
            self._curves[model] = Curve(self._drawn.get(model, ()))
            self._new[model] = 0
        return self._curves[model]

    def typical_s(self, model: str) -> float | None:
        """The median of the last pictures, to the chat; None when there were none."""
        seconds = self._delivered.get(model)
        return median(seconds) if seconds else None
