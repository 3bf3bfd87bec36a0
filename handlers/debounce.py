"""Impatient thumbs: the same button pressed again at once is one press."""

import time
from collections.abc import Callable

REPEAT_S = 3.0


class Presses:
    """Remembers who pressed what a moment ago. What moves money has its key in the database."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pressed: dict[tuple[int, str], float] = {}

    def is_repeat(self, user_id: int, data: str) -> bool:
        """Whether this is the second press of one thumb; it counts as pressed from now on."""
        now = self._clock()
        self._pressed = {key: at for key, at in self._pressed.items() if at > now - REPEAT_S}
        repeated = (user_id, data) in self._pressed
        self._pressed[user_id, data] = now
        return repeated
