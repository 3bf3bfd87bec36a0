"""The service as a whole: /maintenance."""

import re

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, User

from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.closed import MAINTENANCE_CHARS
from handlers.admin.acts import by_message
from storage.maintenance import Maintenance

ON_OFF = re.compile(r"(on|off)(?:\s+(.+))?", re.DOTALL | re.IGNORECASE)


def create_router() -> Router:
    """What concerns everyone."""
    router = Router(name=__name__)
    router.message.register(set_maintenance, Command("maintenance"))
    return router


async def set_maintenance(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    maintenance: Maintenance,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """No new prompts, or prompts again. What was taken before is drawn either way."""
    match = ON_OFF.fullmatch((command.args or "").strip())
    words = (match[2] or "").strip() if match else ""
    on = match is not None and match[1].lower() == "on"
    if match is None or (words and not on):
        answer = texts.maintenance_usage()
    elif len(words) > MAINTENANCE_CHARS:
        answer = texts.too_long(len(words), MAINTENANCE_CHARS)
    else:
        await maintenance.set_text(words if on else None, by_message(message, event_from_user))
        answer = texts.maintenance_on(words) if on else texts.maintenance_off()
    messenger.say(message.chat.id, answer)
