"""Tokens that are not bought: /promo, /daily and /invite."""

import re

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, User
from aiogram.utils.deep_linking import create_start_link

from bot.settings import Settings
from bot.shop.daily import DailyTokens
from bot.shop.invitations import Invitations
from bot.telegram.buttons import Button
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.middlewares import GREETS
from storage.catalogue import Catalogue
from storage.ledger import Ledger
from storage.preferences import PreferenceStore
from storage.promo_codes import PromoCodes
from storage.referrals import Referrals

# What stands behind t.me/BOT?start=
PROMO = "promo_"  # and the code
INVITER = "ref_"  # and the id of whose link it is


def create_router() -> Router:
    """The command; a link comes as /start."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private")
    router.message.register(use_code, Command("promo"), flags=GREETS)
    router.message.register(give_daily, Command("daily"))
    router.message.register(invite, Command("invite"))
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


async def invite(
    message: Message,
    event_from_user: User,
    bot: Bot,
    invitations: Invitations,
    referrals: Referrals,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """A person's own link, and what it brings."""
    if not invitations.terms.percent:
        messenger.say(message.chat.id, texts.invite_off())
        return
    link = await create_start_link(bot, f"{INVITER}{event_from_user.id}")
    invited = await referrals.invited(event_from_user.id)
    text = texts.invite(link, invitations.terms, invited)
    copy = Button(texts.copy_link_button(), copy=link)
    messenger.say(message.chat.id, text, keyboard=((copy,),))


def inviter_in(payload: str) -> int | None:
    """Whose link somebody came by."""
    match = re.fullmatch(rf"{INVITER}([0-9]{{1,15}})", payload)
    return int(match[1]) if match else None
