"""/kie: the credit, rate limits and latest errors of the KIE account."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from bot.admin.kie_account import KieAccount
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.tools.background import Background


def create_router() -> Router:
    """One command."""
    router = Router(name=__name__)
    router.message.register(show_kie, Command("kie"))
    return router


async def show_kie(
    message: Message,
    kie_account: KieAccount,
    background: Background,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Credit left, calls of the last minute, the last errors."""

    async def answer() -> None:
        text = texts.kie(await kie_account.report())
        messenger.say(message.chat.id, text, reply_to=message.message_id)

    background.run(
        answer(),
        lambda: messenger.say(message.chat.id, texts.broken(), reply_to=message.message_id),
    )
