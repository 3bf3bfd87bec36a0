"""People who block the bot and come back."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware, F, Router
from aiogram.types import ChatMemberUpdated, TelegramObject, User

from bot.worker import Worker
from storage.users import Users


def create_router() -> Router:
    """Telegram tells when a person blocks the bot or takes it back."""
    router = Router(name=__name__)
    router.my_chat_member.register(note_presence, F.chat.type == "private")
    return router


async def note_presence(event: ChatMemberUpdated, users: Users, worker: Worker) -> None:
    """Remember it; what was kept for someone is sent when they are back."""
    blocked = event.new_chat_member.status in {"kicked", "left"}
    await users.set_blocked(event.from_user.id, blocked=blocked)
    if not blocked:
        worker.resume(event.from_user.id)


class PresenceMiddleware(BaseMiddleware):
    """Whoever writes has not blocked the bot, whatever was heard before."""

    def __init__(self, users: Users, worker: Worker) -> None:
        self._users = users
        self._worker = worker

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        user: User | None = data.get("event_from_user")
        if user is not None and self._worker.is_waited_for(user.id):
            await self._users.set_blocked(user.id, blocked=False)
            self._worker.resume(user.id)
        return await handler(event, data)
