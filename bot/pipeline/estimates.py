"""How long a picture takes, from how long the last ones took."""

from collections import deque
from statistics import median

SAMPLE = 50  # pictures of a model that are remembered


class Estimates:
    """Durations of each model, from the create to the picture in the chat. Seconds."""

    def __init__(self) -> None:
        self._seconds: dict[str, deque[float]] = {}

    def add(self, model: str, seconds: float) -> None:
        """One more picture has come."""
        if seconds > 0:  # else the clock was put back meanwhile
            self._seconds.setdefault(model, deque(maxlen=SAMPLE)).append(seconds)

    def typical_s(self, model: str) -> float | None:
        """The median of the last pictures; None when there were none."""
        seconds = self._seconds.get(model)
        return median(seconds) if seconds else None
