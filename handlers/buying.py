"""/buy: packs, an invoice for one of them, and the request that waited for tokens."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import CallbackQuery, Message, User

from bot.cards.packs import (
    DEEP_LINK,
    NO_MESSAGE,
    BuyButton,
    PackButton,
    WaitingButton,
    buy_link_keyboard,
    deep_link,
    read_deep_link,
)
from bot.shop.orders import Orders
from bot.shop.payments.counter import Counter
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.middlewares import Debounce
from storage.jobs import Jobs


def create_router() -> Router:
    """Packs are shown and paid for in private only."""
    router = Router(name=__name__)
    private, command = F.chat.type == "private", Command("buy", "topup")
    from_link = CommandStart(deep_link=True, magic=F.args.regexp(rf"{DEEP_LINK}(_.*)?$"))
    router.message.register(show_packs, from_link, private)
    router.message.register(show_packs, command, private)
    router.message.register(lead_to_private, command)
    router.callback_query.register(press_buy, BuyButton.filter())
    router.callback_query.register(take_pack, PackButton.filter(), F.message.chat.type == "private")
    router.callback_query.register(draw_waiting, WaitingButton.filter())
    return router


async def show_packs(
    message: Message, command: CommandObject, event_from_user: User, counter: Counter, texts: Texts
) -> None:
    """/buy, /topup, or a link that may name the request that tokens are for."""
    waiting = read_deep_link(command.args or "") if command.command == "start" else None
    await counter.show(event_from_user.id, texts, waiting)


async def lead_to_private(message: Message, messenger: Messenger, texts: Texts) -> None:
    """/buy in a group."""
    messenger.say(
        message.chat.id,
        texts.buy_in_private(),
        reply_to=message.message_id,
        keyboard=buy_link_keyboard(texts, await messenger.link(deep_link())),
    )


async def press_buy(
    query: CallbackQuery,
    callback_data: BuyButton,
    event_from_user: User,
    counter: Counter,
    debounce: Debounce,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """The button where tokens are lacking."""
    messenger.answer_press(query.id)
    if query.message is None or debounce.is_repeat(event_from_user.id, query.data or ""):
        return
    message_id = callback_data.message_id
    waiting = (query.message.chat.id, message_id) if message_id != NO_MESSAGE else None
    await counter.show(event_from_user.id, texts, waiting)


async def take_pack(
    query: CallbackQuery,
    callback_data: PackButton,
    event_from_user: User,
    counter: Counter,
    debounce: Debounce,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Send an invoice; a thumb that presses twice gets one."""
    if debounce.is_repeat(event_from_user.id, query.data or ""):
        messenger.answer_press(query.id)
        return
    said = await counter.sell(
        event_from_user.id,
        callback_data.slug,
        texts,
        press=query.id,
        waiting=callback_data.waiting,
    )
    messenger.answer_press(query.id, said, alert=bool(said))


async def draw_waiting(
    query: CallbackQuery,
    callback_data: WaitingButton,
    event_from_user: User,
    orders: Orders,
    jobs: Jobs,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Draw what lacked tokens, where it was asked for; the receipt stays as it is."""
    said = await orders.answer(
        callback_data.chat_id,
        callback_data.message_id,
        event_from_user.id,
        None,
        texts,
        yes=True,
    )
    if not said and await jobs.is_placed(callback_data.chat_id, callback_data.message_id):
        said = texts.waiting_taken()  # it may go on in a group
    messenger.answer_press(query.id, said)
