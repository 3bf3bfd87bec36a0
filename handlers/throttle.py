"""Nobody is so fast: more messages in a minute than the limit are answered once and left."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject, User
from cachetools import TTLCache

from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.tools.rate_limits import RateLimit

WINDOW_S = 60.0
REMEMBERED = 10_000  # people; the quietest are forgotten first


class PaceMiddleware(BaseMiddleware):
    """Counts the messages and presses of each person."""

    def __init__(self, messenger: Messenger, per_minute: int) -> None:
        self._messenger = messenger
        self._per_minute = per_minute
        self._limits = TTLCache[int, RateLimit](REMEMBERED, WINDOW_S + 1)
        self._told = TTLCache[int, None](REMEMBERED, WINDOW_S)

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        user: User | None = data.get("event_from_user")
        if user is None or self._limit_of(user.id).take():
            return await handler(event, data)
        texts: Texts = data["texts"]
        if isinstance(event, CallbackQuery):
            self._messenger.answer_press(event.id, texts.too_fast())
        elif isinstance(event, Message) and self._is_news(user.id):
            self._messenger.say(event.chat.id, texts.too_fast(), reply_to=event.message_id)
        return None

    def _limit_of(self, user_id: int) -> RateLimit:
        limit = self._limits.get(user_id)
        if limit is None:
            limit = RateLimit(self._per_minute, WINDOW_S)
        self._limits[user_id] = limit  # from now on again: it counts as new after a quiet minute
        return limit

    def _is_news(self, user_id: int) -> bool:
        """Whether the person was not told within the last minute."""
        if user_id in self._told:
            return False
        self._told[user_id] = None
        return True
