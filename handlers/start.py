"""/start, /help, /balance."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import Message, User

from bot.cards.menu import Menu
from bot.cards.packs import buy_keyboard
from bot.settings import Settings
from bot.shop.invitations import Invitations
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.middlewares import GREETS
from handlers.promos import PROMO, inviter_in
from storage.catalogue import Catalogue
from storage.ledger import Ledger
from storage.preferences import PreferenceStore
from storage.promo_codes import PromoCodes

MOVEMENTS_SHOWN = 8


def create_router() -> Router:
    """/start, /help and /balance."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private")
    router.message.register(start, CommandStart(), flags=GREETS)
    router.message.register(show_help, Command("help"))
    router.message.register(show_balance, Command("balance"))
    return router


async def start(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    settings: Settings,
    ledger: Ledger,
    catalogue: Catalogue,
    preferences: PreferenceStore,
    promo_codes: PromoCodes,
    invitations: Invitations,
    menu: Menu,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Welcome a person, with tokens the first time; a link may bring a promo code, or tell
    who invited them."""
    payload = (command.args or "").strip()
    if await preferences.language(event_from_user.id) is not None:
        menu.offer(event_from_user.id)  # a menu of their own, maybe of an earlier version
    inviter_id = inviter_in(payload)
    # Before anything else is done for them.
    invited = inviter_id is not None and await invitations.attach(
        event_from_user.id, inviter_id, language=texts.language
    )
    granted = await ledger.welcome(
        event_from_user.id, settings.welcome_tokens, language=texts.language
    )
    own = await preferences.get(event_from_user.id)
    on_sale = [each for each in await catalogue.all() if each.enabled and not each.product.is_tool]
    messenger.say(
        message.chat.id,
        texts.start(
            await catalogue.on_sale(own.model),
            given=granted.amount if granted.new else 0,
            balance=granted.balance,
            max_quantity=settings.max_quantity,
            on_sale=len(on_sale),
        ),
    )
    if invited:
        messenger.say(message.chat.id, texts.was_invited(invitations.terms))
    if code := payload.removeprefix(PROMO) if payload.startswith(PROMO) else "":
        use = await promo_codes.use(code, event_from_user.id)
        messenger.say(message.chat.id, texts.promo_answer(use))


async def show_help(
    message: Message,
    event_from_user: User,
    settings: Settings,
    catalogue: Catalogue,
    preferences: PreferenceStore,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """How to ask for a picture of the person's model."""
    own = await preferences.get(event_from_user.id)
    model = await catalogue.on_sale(own.model)
    others = [each for each in await catalogue.all() if each.enabled and each != model]
    said = texts.help(
        model,
        max_quantity=settings.max_quantity,
        others=others,
        hidden=settings.hidden_commands,
    )
    messenger.say(message.chat.id, said)


async def show_balance(
    message: Message,
    event_from_user: User,
    ledger: Ledger,
    catalogue: Catalogue,
    preferences: PreferenceStore,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """The balance, and the latest changes to it."""
    own = await preferences.get(event_from_user.id)
    model = await catalogue.on_sale(own.model)
    text = texts.balance(
        await ledger.balance(event_from_user.id),
        model,
        await ledger.movements(event_from_user.id, MOVEMENTS_SHOWN),
    )
    messenger.say(message.chat.id, text, keyboard=buy_keyboard(texts))
