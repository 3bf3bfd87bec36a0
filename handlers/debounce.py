"""Impatient thumbs: the same button pressed again at once is one press."""

from cachetools import TTLCache

REPEAT_S = 3.0
REMEMBERED = 10_000  # presses


class Presses:
    """Remembers who pressed what a moment ago. What moves money has its key in the database."""

    def __init__(self) -> None:
        self._pressed = TTLCache[tuple[int, str], None](REMEMBERED, REPEAT_S)

    def is_repeat(self, user_id: int, data: str) -> bool:
        """Whether this is the second press of one thumb; it counts as pressed from now on."""
        repeated = (user_id, data) in self._pressed
        self._pressed[user_id, data] = None
        return repeated
