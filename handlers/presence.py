"""People who block the bot and come back."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware, F, Router
from aiogram.types import Chat, ChatMemberUpdated, TelegramObject, Update, User

from bot.cards.menu import Menu
from bot.pipeline.progress import Progress
from bot.pipeline.worker import Worker
from storage.jobs import Jobs
from storage.users import Users


def create_router() -> Router:
    """Telegram tells when a person blocks the bot or takes it back."""
    router = Router(name=__name__)
    router.my_chat_member.register(note_presence, F.chat.type == "private")
    return router


async def note_presence(
    event: ChatMemberUpdated, users: Users, worker: Worker, jobs: Jobs, progress: Progress
) -> None:
    """Remember it; what was kept for someone is sent when they are back."""
    if event.new_chat_member.status in {"kicked", "left"}:
        await users.set_blocked(event.from_user.id, blocked=True)
    else:
        await welcome_back(event.from_user.id, users, worker, jobs, progress)


async def welcome_back(
    user_id: int, users: Users, worker: Worker, jobs: Jobs, progress: Progress
) -> None:
    """Send what was kept for the person, and tell what could not be told."""
    await users.set_blocked(user_id, blocked=False)
    worker.resume(user_id)
    for job_id in await jobs.open_jobs(user_id):
        progress.touch(job_id)


class PresenceMiddleware(BaseMiddleware):
    """Whoever writes to the bot has not blocked it, whatever was heard before: Telegram forgets
    after a day what it could not tell. In a group one can write and have it blocked. And an admin
    who writes for the first time gets the menu that Telegram did not take before."""

    def __init__(
        self, users: Users, worker: Worker, jobs: Jobs, progress: Progress, menu: Menu
    ) -> None:
        self._users = users
        self._worker = worker
        self._jobs = jobs
        self._progress = progress
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
            if await self._is_away(user.id):
                await welcome_back(user.id, self._users, self._worker, self._jobs, self._progress)
        return await handler(event, data)

    async def _is_away(self, user_id: int) -> bool:
        return self._worker.is_waited_for(user_id) or await self._users.is_blocked(user_id)
