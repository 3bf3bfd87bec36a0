"""Tokens that are not bought: /promo and /daily."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, User

from bot.settings import Settings
from bot.shop.daily import DailyTokens
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.middlewares import GREETS
from storage.catalogue import Catalogue
from storage.ledger import Ledger
from storage.preferences import PreferenceStore
from storage.promo_codes import PromoCodes

DEEP_LINK = "promo_"  # and the code: in t.me/BOT?start=promo_SUMMER


def create_router() -> Router:
    """The command; a link comes as /start."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private")
    router.message.register(use_code, Command("promo"), flags=GREETS)
    router.message.register(give_daily, Command("daily"))
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


async def give_daily(
    message: Message,
    event_from_user: User,
    daily: DailyTokens,
    catalogue: Catalogue,
    preferences: PreferenceStore,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Give the free tokens of the day to who cannot pay for a picture of their model."""
    own = await preferences.get(event_from_user.id)
    model = await catalogue.on_sale(own.model)
    if not daily.tokens:
        answer = texts.daily_off()
    elif model is None:
        answer = texts.no_model()
    else:
        given = await daily.give(event_from_user.id, model.price, language=texts.language)
        answer = texts.daily(given, await daily.below(model.price))
    messenger.say(message.chat.id, answer)
