"""Paying by hand: the other way below the packs, and the receipt."""

from typing import Literal

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message, User

from bot.cards.transfers import OtherWayButton, TransferPackButton, waiting_of
from bot.shop.payments.manual import Manual
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.middlewares import Debounce
from storage.transfers import Transfers

SentAs = Literal["photo", "document"]


def create_router() -> Router:
    """The buttons, in private only."""
    router = Router(name=__name__)
    router.callback_query.filter(F.message.chat.type == "private")
    router.callback_query.register(press_other_way, OtherWayButton.filter())
    router.callback_query.register(take_pack, TransferPackButton.filter())
    return router


def create_receipt_router() -> Router:
    """Before prompts: a receipt must not become a request. A command under a file is one still."""
    router = Router(name=f"{__name__}.receipt")
    router.message.register(
        take_receipt,
        F.chat.type == "private",
        F.photo | F.document,
        ~F.animation,
        ~F.caption.startswith("/"),
        is_receipt,
    )
    return router


async def is_receipt(message: Message, event_from_user: User, manual: Manual) -> bool:
    """Whether the file is the receipt that is awaited."""
    return await _order_of(message, event_from_user, manual) is not None


async def press_other_way(
    query: CallbackQuery,
    callback_data: OtherWayButton,
    event_from_user: User,
    manual: Manual,
    transfers: Transfers,
    debounce: Debounce,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Show the team's text and the packs; or leave it, and files are requests again."""
    if callback_data.verb == "drop":
        await transfers.drop(event_from_user.id)
        if query.message is not None:
            messenger.change(
                query.message.chat.id, query.message.message_id, texts.transfer_dropped()
            )
        messenger.answer_press(query.id)
        return
    said = ""
    if not debounce.is_repeat(event_from_user.id, query.data or ""):
        said = await manual.offer(event_from_user.id, waiting_of(callback_data), texts)
    messenger.answer_press(query.id, said, alert=bool(said))


async def take_pack(
    query: CallbackQuery,
    callback_data: TransferPackButton,
    event_from_user: User,
    manual: Manual,
    debounce: Debounce,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Tell how to pay, and await the receipt."""
    said = ""
    if not debounce.is_repeat(event_from_user.id, query.data or ""):
        said = await manual.begin(
            event_from_user.id, callback_data.slug, waiting_of(callback_data), texts
        )
    messenger.answer_press(query.id, said, alert=bool(said))


async def take_receipt(
    message: Message, event_from_user: User, manual: Manual, texts: Texts
) -> None:
    """Have the admins asked; of an album, by its first file."""
    order_id = await _order_of(message, event_from_user, manual)
    if order_id is not None:  # else the person pressed a button this very moment
        file_id, sent_as = _file_of(message)
        await manual.take_receipt(order_id, file_id, sent_as, message.message_id, texts)


async def _order_of(message: Message, user: User, manual: Manual) -> str | None:
    file_id, _ = _file_of(message)
    return await manual.awaited(user.id, file_id, message.media_group_id)


def _file_of(message: Message) -> tuple[str, SentAs]:
    if message.photo:
        return message.photo[-1].file_id, "photo"
    assert message.document is not None  # noqa: S101 - the router saw to it
    return message.document.file_id, "document"
