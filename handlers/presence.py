"""Blocking and unblocking of the bot by people."""

from aiogram import F, Router
from aiogram.types import ChatMemberUpdated

from storage.jobs import Jobs
from storage.people import People


def create_router() -> Router:
    """Telegram reports when a person blocks or unblocks the bot."""
    router = Router(name=__name__)
    router.my_chat_member.register(note_presence, F.chat.type == "private")
    return router


async def note_presence(event: ChatMemberUpdated, people: People, jobs: Jobs) -> None:
    """Store it; when a person is back, send what is waiting for them."""
    if event.new_chat_member.status in {"kicked", "left"}:
        await people.set_blocked(event.from_user.id, blocked=True)
    else:
        await welcome_back(event.from_user.id, people, jobs)


async def welcome_back(user_id: int, people: People, jobs: Jobs) -> None:
    """Send the person's waiting pictures, and report outcomes that could not be told."""
    await people.set_blocked(user_id, blocked=False)
    await jobs.replay(user_id)
