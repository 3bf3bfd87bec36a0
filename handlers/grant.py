"""/grant USER_ID TOKENS [note], for admins."""

import re
from collections.abc import Mapping

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, User

from bot.delivery import Messenger
from bot.texts import Texts
from storage.errors import InsufficientTokensError, UnknownUserError
from storage.ledger import Ledger

GRANT = re.compile(r"(\d{1,15})\s+([+-]?\d{1,9})(?:\s+(.{1,200}))?", re.DOTALL | re.ASCII)


def create_router(admin_ids: frozenset[int]) -> Router:
    """For everyone else these commands do not exist."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private", F.from_user.id.in_(admin_ids))
    router.message.register(grant_tokens, Command("grant"))
    return router


async def grant_tokens(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    ledger: Ledger,
    messenger: Messenger,
    texts: Texts,
    all_texts: Mapping[str, Texts],
) -> None:
    """Give a person tokens, or take some with a minus sign; once for each message."""
    match = GRANT.fullmatch((command.args or "").strip())
    if match is None or int(match[2]) == 0:
        messenger.say(message.chat.id, texts.grant_usage())
        return
    user_id, amount, note = int(match[1]), int(match[2]), match[3] or ""
    try:
        granted = await ledger.grant(
            user_id,
            amount,
            grant_key=f"{message.chat.id}:{message.message_id}",
            granted_by=event_from_user.id,
            note=note,
        )
    except UnknownUserError:
        messenger.say(message.chat.id, texts.grant_unknown_user(user_id))
        return
    except InsufficientTokensError as error:
        messenger.say(message.chat.id, texts.grant_too_much(error.balance))
        return
    messenger.say(message.chat.id, texts.granted(user_id, granted.amount, granted.balance))
    if granted.new:
        messenger.say(user_id, all_texts[granted.language].grant_received(amount, granted.balance))
