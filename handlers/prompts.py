"""Messages with words, pictures or both: the way in for prompts."""

from contextlib import suppress
from itertools import chain

from aiogram import F, Router
from aiogram.enums import ContentType
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, User

from bot.cards.result import ChangeButton
from bot.media.kinds import InputError
from bot.service_limits import DOWNLOAD_MAX_BYTES
from bot.shop.albums import Albums
from bot.shop.orders import Orders
from bot.telegram.buttons import held_keyboard
from bot.telegram.messenger import Messenger
from bot.telegram.telegram_time import IsLate
from bot.texts import Texts
from providers.order import Origin
from storage.failures import FailureKind
from storage.inputs import AlbumItem, Inputs

PICTURE_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/jpg", "image/webp", "image/heic", "image/heif"}
)
# What people send and nothing can be drawn from. What Telegram itself says in a chat (a message
# was pinned, a picture set as the background) is none of ours.
OTHERS = frozenset(
    {
        ContentType.VOICE,
        ContentType.AUDIO,
        ContentType.VIDEO,
        ContentType.VIDEO_NOTE,
        ContentType.STICKER,
        ContentType.CONTACT,
        ContentType.LOCATION,
        ContentType.VENUE,
        ContentType.POLL,
        ContentType.DICE,
        ContentType.GAME,
        ContentType.STORY,
        ContentType.PAID_MEDIA,
        ContentType.CHECKLIST,
        ContentType.GIVEAWAY,
        ContentType.RICH_MESSAGE,
        ContentType.UNKNOWN,
    }
)


# What people are used to elsewhere, and need in groups; in private, words alone will do.
DRAW = Command("draw", "imagine")


def create_router() -> Router:
    """Everything in a private chat that is no command is a request, or part of one."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private")
    router.message.register(collect_album, F.media_group_id, ~F.caption.startswith("/"))
    router.message.register(collect_commanded, F.media_group_id, DRAW)
    router.message.register(draw, DRAW)
    router.message.register(refuse_command, F.text.startswith("/") | F.caption.startswith("/"))
    router.message.register(order_by_text, F.text)
    router.message.register(order_by_picture, F.photo | F.document | F.animation)
    router.message.register(refuse_message, F.content_type.in_(OTHERS))
    return router


async def refuse_command(message: Message, messenger: Messenger, texts: Texts) -> None:
    """An unknown command."""
    messenger.say(message.chat.id, texts.unknown_command(), reply_to=message.message_id)


async def refuse_message(message: Message, messenger: Messenger, texts: Texts) -> None:
    """Voice, stickers and the like."""
    messenger.say(message.chat.id, texts.cannot_use(), reply_to=message.message_id)


async def draw(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    is_late: IsLate,
    orders: Orders,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """/draw PROMPT, with a picture or in reply to one."""
    words = (command.args or "").strip()
    if not words:
        messenger.say(message.chat.id, texts.draw_usage(), reply_to=message.message_id)
        return
    origin = origin_of(message, event_from_user, texts, late=is_late(message.date.timestamp()))
    await order_by_words(message, words, origin, orders, explicit=True)


async def order_by_text(
    message: Message, event_from_user: User, is_late: IsLate, orders: Orders, texts: Texts
) -> None:
    """Words alone, words in reply to a picture, or words for the picture sent before."""
    origin = origin_of(message, event_from_user, texts, late=is_late(message.date.timestamp()))
    await order_by_words(message, message.text or "", origin, orders)


async def order_by_picture(
    message: Message,
    event_from_user: User,
    is_late: IsLate,
    orders: Orders,
    inputs: Inputs,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """A picture with words, or one whose words come next."""
    if message.caption:
        origin = origin_of(message, event_from_user, texts, late=is_late(message.date.timestamp()))
        await order_by_words(message, message.caption, origin, orders)
        return
    try:
        file_id = picture_of(message)
    except InputError as error:
        refusal = texts.input_refused(error.kind)
        messenger.say(message.chat.id, refusal, reply_to=message.message_id)
        return
    assert file_id is not None  # noqa: S101 - the router saw to it
    if await inputs.hold(event_from_user.id, [file_id], message.message_id):
        messenger.say(
            message.chat.id,
            texts.what_to_make(),
            reply_to=message.message_id,
            keyboard=held_keyboard(texts.drop_picture_button(), message.message_id),
        )


async def collect_album(
    message: Message, event_from_user: User, albums: Albums, texts: Texts
) -> None:
    """One item of an album; the others come as updates of their own."""
    await _collect(message, message.caption or "", event_from_user, albums, texts)


async def collect_commanded(
    message: Message, command: CommandObject, event_from_user: User, albums: Albums, texts: Texts
) -> None:
    """The item of an album whose words stand behind a command."""
    await _collect(message, (command.args or "").strip(), event_from_user, albums, texts)


async def _collect(message: Message, words: str, user: User, albums: Albums, texts: Texts) -> None:
    try:
        file_id = picture_of(message)
    except InputError:
        file_id = None
    await albums.add(
        AlbumItem(
            chat_id=message.chat.id,
            message_id=message.message_id,
            media_group_id=message.media_group_id or "",
            user_id=user.id,
            file_id=file_id,
            caption=words,
            language=texts.language,
            received_at=message.date.timestamp(),
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
    if message.video or message.video_note:
        raise InputError(FailureKind.INPUT_NOT_A_PICTURE, "a video")
    if document := message.document:
        if (document.file_size or 0) > DOWNLOAD_MAX_BYTES:
            raise InputError(FailureKind.INPUT_TOO_LARGE, f"{document.file_size} bytes")
        if document.mime_type == "image/gif":
            raise InputError(FailureKind.INPUT_ANIMATED, "a GIF")
        if document.mime_type not in PICTURE_TYPES:
            raise InputError(FailureKind.INPUT_NOT_A_PICTURE, f"{document.mime_type}")
        return document.file_id
    return None


def origin_of(message: Message, user: User, texts: Texts, *, late: bool = False) -> Origin:
    """Who wrote it, and where."""
    return Origin(user.id, message.chat.id, message.message_id, texts.language, late=late)


async def order_by_words(
    message: Message,
    words: str,
    origin: Origin,
    orders: Orders,
    *,
    explicit: bool = False,
    aside: bool = False,
) -> None:
    """Words of a message, for the picture in it or in the one that it replies to."""
    picture, replied, unusable = None, None, None
    about = message.reply_to_message
    try:
        picture = picture_of(message)
        replied = picture_of(about) if about and not picture else None
    except InputError as error:
        unusable = error.kind
    await orders.take(
        words,
        origin,
        pictures=[picture] if picture else [],
        replied=replied,
        unusable=unusable,
        about=about.message_id if about else None,
        item_id=_item_under(about) if about else None,
        explicit=explicit,
        aside=aside,
    )


def _item_under(message: Message) -> int | None:
    """The item that the buttons of a picture name, though its sending may not be noted yet, or its
    message id be unknown for ever. It is the client's word: the item is looked up."""
    rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
    for button in chain.from_iterable(rows):
        with suppress(ValueError, TypeError):
            return ChangeButton.unpack(button.callback_data or "").item_id
    return None
