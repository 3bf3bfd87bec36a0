"""Blocking and unblocking of the bot by people."""

from aiogram import F, Router
from aiogram.types import ChatMemberUpdated

from storage.jobs import Jobs
from storage.people import People


def create_router() -> Router:
    """Telegram tells when a person blocks the bot or takes it back."""
    router = Router(name=__name__)
    router.my_chat_member.register(note_presence, F.chat.type == "private")
    return router


async def note_presence(event: ChatMemberUpdated, people: People, jobs: Jobs) -> None:
    """Remember it; what was kept for someone is sent when they are back."""
    if event.new_chat_member.status in {"kicked", "left"}:
        await people.set_blocked(event.from_user.id, blocked=True)
    else:
        await welcome_back(event.from_user.id, people, jobs)


async def welcome_back(user_id: int, people: People, jobs: Jobs) -> None:
    """Send what was kept for the person, and tell what could not be told."""
    await people.set_blocked(user_id, blocked=False)
    await jobs.replay(user_id)
