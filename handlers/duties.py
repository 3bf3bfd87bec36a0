"""/privacy, /terms, /paysupport: answered to everybody at any time. /delete_me: asked first."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, User

from bot.delivery import Messenger
from bot.keyboards import Button
from bot.own_texts import own_text
from bot.remover import Remover
from bot.settings import Settings
from bot.texts import Texts
from storage.forgetting import Forgetting
from storage.ledger import Ledger

FORGET, KEEP = "forget:yes", "forget:no"


def create_router() -> Router:
    """What Telegram's terms for developers ask of a bot that sells."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private")
    router.message.register(show_duty, Command("privacy", "terms", "paysupport"))
    router.message.register(ask_to_forget, Command("delete_me"))
    router.callback_query.register(forget, F.data == FORGET, F.message.chat.type == "private")
    router.callback_query.register(keep, F.data == KEEP, F.message.chat.type == "private")
    return router


async def show_duty(
    message: Message,
    event_from_user: User,
    settings: Settings,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """The team's own text where there is one, else ours; also where Telegram refuses theirs."""
    name = (message.text or "/").split()[0].removeprefix("/").partition("@")[0].lower()
    ours = {
        "privacy": texts.privacy(),
        "terms": texts.terms(),
        "paysupport": texts.paysupport(event_from_user.id, settings.admin_ids),
    }[name]
    own = await own_text(settings.data_dir / "texts", name, texts.language)
    messenger.say(message.chat.id, own or ours, fallback=ours if own else "")


async def ask_to_forget(
    message: Message, event_from_user: User, ledger: Ledger, messenger: Messenger, texts: Texts
) -> None:
    """Nothing goes before a yes."""
    balance = await ledger.balance(event_from_user.id)
    messenger.say(
        message.chat.id,
        texts.forget_question(balance),
        reply_to=message.message_id,
        keyboard=(
            (Button(texts.forget_button(), FORGET, style="danger"),),
            (Button(texts.keep_button(), KEEP),),
        ),
    )


async def forget(
    query: CallbackQuery,
    event_from_user: User,
    forgetting: Forgetting,
    remover: Remover,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Remove everything of the person's; a second press finds nothing more."""
    messenger.answer_press(query.id)
    if await forgetting.forget(event_from_user.id):
        text = texts.forget_later()
    else:
        remover.wake()
        text = texts.forgotten()
    if query.message is not None:
        messenger.change(query.message.chat.id, query.message.message_id, text)


async def keep(query: CallbackQuery, messenger: Messenger, texts: Texts) -> None:
    """Everything stays."""
    messenger.answer_press(query.id)
    if query.message is not None:
        messenger.change(query.message.chat.id, query.message.message_id, texts.not_forgotten())
