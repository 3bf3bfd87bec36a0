"""The language of whoever sent an update: `texts` for every handler."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, User

from bot.texts import Texts, language_of


class LanguageMiddleware(BaseMiddleware):
    """Hands `texts` in the person's language to handlers."""

    def __init__(self, texts: Mapping[str, Texts]) -> None:
        self._texts = texts

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        user: User | None = data.get("event_from_user")
        code = user.language_code if user else None
        data["texts"] = self._texts[language_of(code, self._texts)]
        return await handler(event, data)
