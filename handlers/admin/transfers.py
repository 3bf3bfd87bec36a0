"""/transfers: what people paid by hand, and the buttons that confirm or refuse it."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.cards.transfers import TransferButton
from bot.shop.payments.manual import Manual
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.admin.acts import by_press
from storage.errors import UnknownPaymentError
from storage.people import People


def create_router() -> Router:
    """The command, and the buttons under a receipt."""
    router = Router(name=__name__)
    router.message.register(show_transfers, Command("transfers"))
    router.callback_query.register(decide, TransferButton.filter())
    return router


async def show_transfers(message: Message, manual: Manual, texts: Texts) -> None:
    """Show what is open, the oldest first."""
    await manual.show_open(message.chat.id, texts)


async def decide(
    query: CallbackQuery,
    callback_data: TransferButton,
    manual: Manual,
    people: People,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Confirm or refuse; the first admin's word counts."""
    try:
        decided = await manual.decide(
            callback_data.order_id, by_press(query), confirmed=callback_data.verb == "yes"
        )
    except UnknownPaymentError:
        messenger.answer_press(query.id, texts.no_such_transfer(), alert=True)
        return
    said = "" if decided.new else texts.transfer_decided_before(decided)
    messenger.answer_press(query.id, said, alert=bool(said))
    if query.message is not None:
        person = await people.get(decided.transfer.order.user_id)
        messenger.change(
            query.message.chat.id,
            query.message.message_id,
            texts.transfer_decided(decided, person),
        )
