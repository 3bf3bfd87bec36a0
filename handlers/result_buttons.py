"""The buttons under a picture: again, change, use as input, original file, what else to make."""

from aiogram import Router
from aiogram.types import CallbackQuery, MaybeInaccessibleMessageUnion, Message, User

from bot.cards.result import AgainButton, ChangeButton, InputButton, OriginalButton, UseButton
from bot.pipeline.resend import Resender, ResendRequest
from bot.shop.orders import Orders
from bot.telegram.buttons import HeldButton, held_keyboard
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.middlewares import Debounce
from providers.order import Origin, item_input
from storage.inputs import Inputs
from storage.items import Item, ItemStatus
from storage.jobs import Jobs, press_key

# One that was fetched, not delivered and refunded lies on the disk as well; the sending of one that
# is ready may have come through, and its answer not.
SENT = frozenset({ItemStatus.READY, ItemStatus.DELIVERED})


def create_router() -> Router:
    """A button names an item; only the one who paid for it may press."""
    router = Router(name=__name__)
    router.callback_query.register(draw_again, AgainButton.filter())
    router.callback_query.register(make_use, UseButton.filter())
    router.callback_query.register(ask_for_change, ChangeButton.filter())
    router.callback_query.register(use_as_input, InputButton.filter())
    router.callback_query.register(drop_held, HeldButton.filter())
    router.callback_query.register(send_original, OriginalButton.filter())
    return router


async def draw_again(
    query: CallbackQuery,
    callback_data: AgainButton,
    event_from_user: User,
    jobs: Jobs,
    orders: Orders,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Repeat the request at the button's price; two presses at once count as one."""
    item = await jobs.owned(callback_data.item_id, event_from_user.id)
    if item is None or query.message is None:
        messenger.answer_press(query.id, texts.not_your_picture(), alert=True)
        return
    origin = _origin(query.message, query.id, event_from_user, texts, item)
    said, alert = await orders.again(item, origin, texts, told_price=callback_data.price)
    messenger.answer_press(query.id, said, alert=alert)


async def make_use(
    query: CallbackQuery,
    callback_data: UseButton,
    event_from_user: User,
    jobs: Jobs,
    orders: Orders,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Make something else of the picture, at the button's price: larger, cut out, alive."""
    item = await jobs.owned(callback_data.item_id, event_from_user.id)
    if item is None or query.message is None or item.status not in SENT:
        messenger.answer_press(query.id, texts.not_your_picture(), alert=True)
        return
    source = _source(item, query)
    if source is None:
        messenger.answer_press(query.id, texts.send_it_yourself(), alert=True)
        return
    said, alert = await orders.use(
        item,
        source,
        callback_data,
        _origin(query.message, query.id, event_from_user, texts, item),
        texts,
    )
    messenger.answer_press(query.id, said, alert=alert)


async def ask_for_change(
    query: CallbackQuery,
    callback_data: ChangeButton,
    event_from_user: User,
    jobs: Jobs,
    debounce: Debounce,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Ask what to change; a reply to the question is a reply to the picture."""
    item = await jobs.owned(callback_data.item_id, event_from_user.id)
    if item is None or query.message is None:
        messenger.answer_press(query.id, texts.not_your_picture(), alert=True)
        return
    messenger.answer_press(query.id)
    if debounce.is_repeat(event_from_user.id, query.data or ""):
        return
    chat_id, item_id = query.message.chat.id, item.item_id
    view = await jobs.view(item.job_id)

    async def remember(message_id: int) -> None:
        await jobs.stands_for(chat_id, message_id, item_id)

    messenger.say(
        chat_id,
        texts.change_question(view.media),
        reply_to=query.message.message_id,
        ask=texts.change_placeholder(),
        then=remember,
    )


async def use_as_input(
    query: CallbackQuery,
    callback_data: InputButton,
    event_from_user: User,
    jobs: Jobs,
    inputs: Inputs,
    debounce: Debounce,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Hold the picture for the person's next words."""
    item = await jobs.owned(callback_data.item_id, event_from_user.id)
    if item is None or query.message is None:
        messenger.answer_press(query.id, texts.not_your_picture(), alert=True)
        return
    if query.message.chat.type != "private":
        messenger.answer_press(query.id, texts.reply_with_words(), alert=True)
        return
    source = _source(item, query)
    if source is None:
        messenger.answer_press(query.id, texts.send_it_yourself(), alert=True)
        return
    messenger.answer_press(query.id)
    if debounce.is_repeat(event_from_user.id, query.data or ""):
        return
    held_by = press_key(query.id)
    if await inputs.hold(event_from_user.id, [source], held_by):
        messenger.say(
            query.message.chat.id,
            texts.what_to_make(),
            reply_to=query.message.message_id,
            keyboard=held_keyboard(texts.drop_picture_button(), held_by),
        )


async def drop_held(
    query: CallbackQuery,
    callback_data: HeldButton,
    event_from_user: User,
    inputs: Inputs,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Do not use the picture that waits for words."""
    dropped = await inputs.drop(event_from_user.id, callback_data.held_by)
    if not dropped or query.message is None:
        messenger.answer_press(query.id, texts.picture_waits_no_more(), alert=True)
        return
    messenger.answer_press(query.id)
    messenger.change(
        query.message.chat.id, query.message.message_id, texts.picture_dropped(dropped)
    )


async def send_original(
    query: CallbackQuery,
    callback_data: OriginalButton,
    event_from_user: User,
    jobs: Jobs,
    resender: Resender,
    debounce: Debounce,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Send the original file: Telegram shrinks photos."""
    item = await jobs.owned(callback_data.item_id, event_from_user.id)
    if item is None or query.message is None or item.status not in SENT:
        messenger.answer_press(query.id, texts.not_your_picture(), alert=True)
        return
    messenger.answer_press(query.id, texts.file_coming())
    if debounce.is_repeat(event_from_user.id, query.data or ""):
        return
    resender.send(
        ResendRequest(
            item,
            query.message.chat.id,
            query.message.message_id,
            texts.language,
            as_file=True,
        )
    )


def _origin(
    message: MaybeInaccessibleMessageUnion, query_id: str, user: User, texts: Texts, item: Item
) -> Origin:
    """Who pressed a button under an item, and where."""
    return Origin(
        user_id=user.id,
        chat_id=message.chat.id,
        message_id=press_key(query_id),
        language=texts.language,
        reply_to_message_id=message.message_id,
        again_of=item.item_id,
    )


def _source(item: Item, query: CallbackQuery) -> str | None:
    """The picture as what an order starts from: its original, or what Telegram has of it."""
    if item.file_key:
        return item_input(item.item_id)
    return item.sent_file_id or _file_in(query)


def _file_in(query: CallbackQuery) -> str | None:
    """The file of the message under which the button was pressed, if Telegram still shows it."""
    if not isinstance(query.message, Message):
        return None
    if query.message.photo:
        return query.message.photo[-1].file_id
    return query.message.document.file_id if query.message.document else None
