"""The names people have in Telegram, kept for the admins: written when they change only."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, User

from storage.errors import StorageError
from storage.people import People

logger = logging.getLogger(__name__)


class NameMiddleware(BaseMiddleware):
    """Compares with what is kept: a row read by its key for each update."""

    def __init__(self, people: People) -> None:
        self._people = people

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        result = await handler(event, data)  # first: /start makes the row that holds the names
        user: User | None = data.get("event_from_user")
        if user is not None:
            try:
                await self._people.note_name(user.id, user.username, user.first_name)
            except StorageError as error:  # what was asked for is done all the same
                logger.warning("the names of %d could not be kept: %s", user.id, error)
        return result
