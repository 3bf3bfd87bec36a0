"""Words, pictures, and both together become requests."""

import time
from collections.abc import Callable

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message, User

from bot.albums import Albums
from bot.delivery import Messenger
from bot.failures import FailureKind, InputError
from bot.keyboards import DRAW, draw_keyboard
from bot.orders import Orders, Request
from bot.prompt import only_flags
from bot.texts import Texts
from storage.inputs import AlbumItem, Inputs

MAX_DOWNLOAD_BYTES = 20 * 2**20  # Bot API, getFile
PICTURE_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/jpg", "image/webp", "image/heic", "image/heif"}
)


def create_router(stale_s: float, *, now: Callable[[], float] = time.time) -> Router:
    """Everything in a private chat that is no command is a request, or part of one.

    A request older than `stale_s` waited while the bot was down: it is not charged unasked.
    """

    def is_stale(message: Message) -> bool:
        return message.date.timestamp() < now() - stale_s

    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private")
    router.message.register(refuse_command, F.text.startswith("/"))
    router.message.register(ask_about_stale, F.text | F.caption, is_stale)
    router.message.register(order_by_text, F.text)
    router.message.register(collect_album, F.media_group_id)
    router.message.register(order_by_picture, F.photo | F.document | F.animation)
    router.message.register(refuse_message)
    router.callback_query.register(draw_stale, F.data == DRAW)
    return router


async def ask_about_stale(
    message: Message,
    event_from_user: User,
    orders: Orders,
    inputs: Inputs,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """A prompt that waited too long: whoever sent it may not want it any more."""
    if message.text and message.reply_to_message:
        # A press brings the message that the question replies to, without what that replies to
        # in its turn: this question is kept, with the picture.
        await _take_text(message, event_from_user, orders, inputs, messenger, texts, late=True)
        return
    messenger.say(
        message.chat.id,
        texts.stale(),
        reply_to=message.message_id,
        keyboard=draw_keyboard(texts.draw_button()),
    )


async def draw_stale(
    query: CallbackQuery,
    event_from_user: User,
    orders: Orders,
    inputs: Inputs,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """They do want it: the message that the question replies to is the request."""
    asked = query.message.reply_to_message if isinstance(query.message, Message) else None
    if asked is None or asked.from_user is None or asked.from_user.id != event_from_user.id:
        messenger.answer_press(query.id, texts.prompt_gone(), alert=True)
        return
    messenger.answer_press(query.id)
    if asked.text:
        await order_by_text(asked, event_from_user, orders, inputs, messenger, texts)
    else:
        await order_by_picture(asked, event_from_user, orders, inputs, messenger, texts)


async def refuse_command(message: Message, messenger: Messenger, texts: Texts) -> None:
    """A command that there is not."""
    messenger.say(message.chat.id, texts.unknown_command(), reply_to=message.message_id)


async def refuse_message(message: Message, messenger: Messenger, texts: Texts) -> None:
    """Voice, stickers and the like."""
    messenger.say(message.chat.id, texts.cannot_use(), reply_to=message.message_id)


async def order_by_text(
    message: Message,
    event_from_user: User,
    orders: Orders,
    inputs: Inputs,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Words alone, words in reply to a picture, or words for the picture sent before."""
    await _take_text(message, event_from_user, orders, inputs, messenger, texts, late=False)


async def _take_text(
    message: Message,
    user: User,
    orders: Orders,
    inputs: Inputs,
    messenger: Messenger,
    texts: Texts,
    *,
    late: bool,
) -> None:
    text = message.text or ""
    about = message.reply_to_message
    if about is not None and only_flags(text):  # a change of what was drawn
        await orders.take(_request(message, user, texts, text, None, late=late))
        return
    try:
        file_id = picture_of(about) if about else None
        if file_id is None and about is not None:
            file_id = await orders.replied_picture(message.chat.id, about.message_id)
    except InputError as error:
        refusal = texts.input_refused(error.kind)
        messenger.say(message.chat.id, refusal, reply_to=message.message_id)
        return
    if file_id is None:
        file_id = await inputs.held(user.id)
    await orders.take(_request(message, user, texts, text, file_id, late=late))


async def order_by_picture(
    message: Message,
    event_from_user: User,
    orders: Orders,
    inputs: Inputs,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """A picture with words, or one whose words come next."""
    try:
        file_id = picture_of(message)
    except InputError as error:
        refusal = texts.input_refused(error.kind)
        messenger.say(message.chat.id, refusal, reply_to=message.message_id)
        return
    assert file_id is not None  # noqa: S101 - the router saw to it
    if message.caption:
        await orders.take(_request(message, event_from_user, texts, message.caption, file_id))
        return
    await inputs.hold(event_from_user.id, file_id, message_id=message.message_id)
    messenger.say(message.chat.id, texts.what_to_make(), reply_to=message.message_id)


async def collect_album(
    message: Message, event_from_user: User, albums: Albums, texts: Texts
) -> None:
    """One item of an album; the rest follows."""
    try:
        file_id = picture_of(message)
    except InputError:
        file_id = None
    await albums.add(
        AlbumItem(
            chat_id=message.chat.id,
            message_id=message.message_id,
            media_group_id=message.media_group_id or "",
            user_id=event_from_user.id,
            file_id=file_id,
            caption=message.caption or "",
            language=texts.language,
        )
    )


def picture_of(message: Message) -> str | None:
    """The file id of the picture in a message; None where there is nothing of the kind.

    Raises:
        InputError: there is a file, and it can be told from here that it is of no use.
    """
    if message.photo:
        return message.photo[-1].file_id  # the largest
    if message.animation:
        raise InputError(FailureKind.INPUT_ANIMATED, "an animation")
    if document := message.document:
        if (document.file_size or 0) > MAX_DOWNLOAD_BYTES:
            raise InputError(FailureKind.INPUT_TOO_LARGE, f"{document.file_size} bytes")
        if document.mime_type == "image/gif":
            raise InputError(FailureKind.INPUT_ANIMATED, "a GIF")
        if document.mime_type not in PICTURE_TYPES:
            raise InputError(FailureKind.INPUT_NOT_A_PICTURE, f"{document.mime_type}")
        return document.file_id
    return None


def _request(
    message: Message,
    user: User,
    texts: Texts,
    text: str,
    file_id: str | None,
    *,
    late: bool = False,
) -> Request:
    return Request(
        user_id=user.id,
        chat_id=message.chat.id,
        message_id=message.message_id,
        text=text,
        language=texts.language,
        input_file_id=file_id,
        reply_to=message.reply_to_message.message_id if message.reply_to_message else None,
        late=late,
    )
