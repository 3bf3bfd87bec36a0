"""People who block the bot and come back."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware, F, Router
from aiogram.types import Chat, ChatMemberUpdated, TelegramObject, Update, User

from bot.cards.menu import Menu
from storage.jobs import Jobs
from storage.users import Users


def create_router() -> Router:
    """Telegram tells when a person blocks the bot or takes it back."""
    router = Router(name=__name__)
    router.my_chat_member.register(note_presence, F.chat.type == "private")
    return router


async def note_presence(event: ChatMemberUpdated, users: Users, jobs: Jobs) -> None:
    """Remember it; what was kept for someone is sent when they are back."""
    if event.new_chat_member.status in {"kicked", "left"}:
        await users.set_blocked(event.from_user.id, blocked=True)
    else:
        await welcome_back(event.from_user.id, users, jobs)


async def welcome_back(user_id: int, users: Users, jobs: Jobs) -> None:
    """Send what was kept for the person, and tell what could not be told."""
    await users.set_blocked(user_id, blocked=False)
    await jobs.replay(user_id)


class PresenceMiddleware(BaseMiddleware):
    """Whoever writes to the bot has not blocked it, whatever was heard before: Telegram forgets
    after a day what it could not tell. In a group one can write and have it blocked. And an admin
    who writes for the first time gets the menu that Telegram did not take before."""

    def __init__(self, users: Users, jobs: Jobs, menu: Menu) -> None:
        self._users = users
        self._jobs = jobs
        self._menu = menu

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        user: User | None = data.get("event_from_user")
        chat: Chat | None = data.get("event_chat")
        # What tells of a block comes by the same way.
        wrote = isinstance(event, Update) and event.my_chat_member is None
        in_private = chat is not None and chat.type == "private"
        if user is not None and wrote and in_private:
            self._menu.note_chat(user.id)
            if await self._users.is_blocked(user.id):
                await welcome_back(user.id, self._users, self._jobs)
        return await handler(event, data)
