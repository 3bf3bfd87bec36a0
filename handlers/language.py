"""The language of whoever sent an update: `texts` for every handler.

The one they chose, else what their Telegram speaks, else the default.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, User

from bot.texts import Texts, language_of
from storage.preferences import PreferenceStore


class LanguageMiddleware(BaseMiddleware):
    """Hands `texts` in the person's language to handlers."""

    def __init__(self, texts: Mapping[str, Texts], preferences: PreferenceStore) -> None:
        self._texts = texts
        self._preferences = preferences

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        user: User | None = data.get("event_from_user")
        code = user.language_code if user else None
        # First, so that there are words to say when the database cannot be read.
        data["texts"] = self._texts[language_of(code, self._texts)]
        chosen = await self._preferences.language(user.id) if user else None
        if chosen is not None and chosen in self._texts:
            data["texts"] = self._texts[chosen]
        return await handler(event, data)
