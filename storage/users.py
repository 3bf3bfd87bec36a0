"""People: what is known of them besides their tokens."""

from storage.database import Database


class Users:
    """The table `users`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_blocked(self, user_id: int) -> bool:
        """Whether the person blocked the bot, as far as is known."""
        row = await self._database.fetch_one(
            "SELECT 1 FROM users WHERE user_id = ? AND blocked_at IS NOT NULL", (user_id,)
        )
        return row is not None

    async def set_blocked(self, user_id: int, *, blocked: bool) -> None:
        """The person blocked the bot, or took it back."""
        await self._database.execute(
            "UPDATE users SET blocked_at = ? WHERE user_id = ? AND (blocked_at IS NOT NULL) <> ?",
            (self._database.now() if blocked else None, user_id, blocked),
        )
