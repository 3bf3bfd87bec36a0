"""Banned people: one sentence for whatever they send, and nothing else happens.

But for what a bot owes everybody at any time: handlers with the flag `for_everybody`.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.dispatcher.flags import get_flag
from aiogram.types import CallbackQuery, Message, TelegramObject, User

from bot.telegram.messenger import Messenger
from bot.texts import Texts
from storage.people import People


class BanMiddleware(BaseMiddleware):
    """Stands right before the handler of a message or press. An admin is never banned."""

    def __init__(self, people: People, messenger: Messenger, admin_ids: frozenset[int]) -> None:
        self._people = people
        self._messenger = messenger
        self._admin_ids = admin_ids
        self._album: str | None = None

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        if get_flag(data, "for_everybody"):
            return await handler(event, data)
        user: User | None = data.get("event_from_user")
        reason = await self._people.ban_of(user.id) if user else None
        if user is None or reason is None or user.id in self._admin_ids:
            return await handler(event, data)
        texts: Texts = data["texts"]
        if isinstance(event, CallbackQuery):
            # The short one: an answer to a press has 200 characters and no markup.
            self._messenger.answer_press(event.id, texts.banned(""), alert=True)
        elif isinstance(event, Message) and event.chat.type == "private" and self._is_news(event):
            self._messenger.say(event.chat.id, texts.banned(reason), reply_to=event.message_id)
        return None

    def _is_news(self, message: Message) -> bool:
        """Whether this is not the next item of the album that was just answered."""
        known = message.media_group_id is not None and message.media_group_id == self._album
        self._album = message.media_group_id
        return not known
