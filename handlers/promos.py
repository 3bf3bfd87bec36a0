"""/promo: a promo code becomes tokens."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, User

from bot.settings import Settings
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.middlewares import GREETS
from storage.ledger import Ledger
from storage.promo_codes import PromoCodes

DEEP_LINK = "promo_"  # and the code: in t.me/BOT?start=promo_SUMMER


def create_router() -> Router:
    """The command; a link comes as /start."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private")
    router.message.register(use_code, Command("promo"), flags=GREETS)
    return router


async def use_code(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    settings: Settings,
    ledger: Ledger,
    promo_codes: PromoCodes,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Give the tokens of a code, once a person."""
    code = (command.args or "").strip()
    if len(code.split()) != 1:
        messenger.say(message.chat.id, texts.promo_usage())
        return
    # Whoever comes with a code may be new here, an admin among them.
    await ledger.welcome(event_from_user.id, settings.welcome_tokens, language=texts.language)
    use = await promo_codes.use(code, event_from_user.id)
    messenger.say(message.chat.id, texts.promo_answer(use))
