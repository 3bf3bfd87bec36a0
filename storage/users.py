"""People: what is known of them besides their tokens."""

import time
from collections.abc import Callable

from storage.database import Database


class Users:
    """The table `users`."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def set_blocked(self, user_id: int, *, blocked: bool) -> None:
        """The person blocked the bot, or took it back."""
        await self._database.execute(
            "UPDATE users SET blocked_at = ? WHERE user_id = ? AND (blocked_at IS NOT NULL) <> ?",
            (self._now() if blocked else None, user_id, blocked),
        )
