"""/privacy, /terms and /paysupport, for everybody at any time; /delete_me, after a confirmation."""

from typing import Literal

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, User

from bot.admin.backups import longest_days
from bot.cards.menu import Menu
from bot.settings import Settings
from bot.telegram.buttons import NOTHING, Button, ButtonData, Keyboard, Number
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.overrides import own_text
from handlers.middlewares import FOR_EVERYBODY
from handlers.money_back import purchases_card
from storage.forgetting import Forgetting
from storage.ledger import Ledger
from storage.packs import Packs
from storage.payments import Payments
from storage.people import People
from storage.preferences import PreferenceStore
from storage.refund_requests import RefundRequests

KEEP = "forget:no"


class ForgetButton(ButtonData, prefix="forget"):
    """A yes to the question, which names the tokens that go."""

    answer: Literal["yes"]
    tokens: Number = NOTHING


def create_router() -> Router:
    """What Telegram's terms for developers ask of a bot that sells."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private")
    commands = Command("privacy", "terms", "paysupport")
    router.message.register(show_legal_text, commands, flags=FOR_EVERYBODY)
    router.message.register(ask_to_forget, Command("delete_me"), flags=FOR_EVERYBODY)
    private = F.message.chat.type == "private"
    router.callback_query.register(forget, ForgetButton.filter(), private, flags=FOR_EVERYBODY)
    router.callback_query.register(keep, F.data == KEEP, private, flags=FOR_EVERYBODY)
    return router


async def show_legal_text(
    message: Message,
    event_from_user: User,
    settings: Settings,
    packs: Packs,
    payments: Payments,
    refund_requests: RefundRequests,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """The team's own text where there is one, else ours; also where Telegram refuses theirs."""
    name = (message.text or "/").split()[0].removeprefix("/").partition("@")[0].lower()
    ours = {
        "privacy": texts.privacy(longest_days(settings) if settings.backup_dir else None),
        "terms": texts.terms(await packs.on_sale()),
        "paysupport": texts.paysupport(event_from_user.id, settings.admin_ids),
    }[name]
    own = await own_text(settings.data_dir / "texts", name, texts.language)
    messenger.say(message.chat.id, own or ours, fallback=ours if own else "")
    if name == "paysupport":
        user_id = event_from_user.id
        card = await purchases_card(user_id, payments, refund_requests, settings, texts)
        if card is not None:
            messenger.say(message.chat.id, card[0], keyboard=card[1])


async def ask_to_forget(
    message: Message, event_from_user: User, ledger: Ledger, messenger: Messenger, texts: Texts
) -> None:
    """Ask first: nothing is deleted before a yes."""
    balance = await ledger.balance(event_from_user.id)
    messenger.say(
        message.chat.id,
        texts.forget_question(balance),
        reply_to=message.message_id,
        keyboard=_question_keyboard(balance, texts),
    )


async def forget(
    query: CallbackQuery,
    callback_data: ForgetButton,
    event_from_user: User,
    forgetting: Forgetting,
    ledger: Ledger,
    preferences: PreferenceStore,
    people: People,
    menu: Menu,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Delete everything of the person's; a second press finds nothing more."""
    messenger.answer_press(query.id)
    user_id = event_from_user.id
    chosen = await preferences.language(user_id)
    balance = await ledger.balance(user_id)
    keyboard: Keyboard = ()
    if balance > callback_data.tokens:  # an old question, which names fewer tokens
        text, keyboard = texts.forget_question(balance), _question_keyboard(balance, texts)
    elif await forgetting.forget(user_id):
        text = texts.forget_later()
    else:
        if chosen is not None:
            menu.offer(user_id)
        text = texts.forgotten(banned=await people.ban_of(user_id) is not None)
    if query.message is not None:
        messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)


async def keep(query: CallbackQuery, messenger: Messenger, texts: Texts) -> None:
    """The person declined: everything stays."""
    messenger.answer_press(query.id)
    if query.message is not None:
        messenger.change(query.message.chat.id, query.message.message_id, texts.not_forgotten())


def _question_keyboard(balance: int, texts: Texts) -> Keyboard:
    forget_all = ForgetButton(answer="yes", tokens=balance)
    return (
        (Button(texts.forget_button(), forget_all.pack(), style="danger"),),
        (Button(texts.keep_button(), KEEP),),
    )
