"""Words, pictures, and both together become requests."""

from aiogram import F, Router
from aiogram.enums import ContentType
from aiogram.types import Message, User

from bot.pipeline.failures import FailureKind, InputError
from bot.prompts.parse import only_flags
from bot.shop.albums import Albums
from bot.shop.orders import Orders, Request
from bot.telegram.buttons import held_keyboard
from bot.telegram.clock import IsLate
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from storage.inputs import AlbumItem, Inputs

MAX_DOWNLOAD_BYTES = 20 * 2**20  # Bot API, getFile
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


def create_router() -> Router:
    """Everything in a private chat that is no command is a request, or part of one."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private")
    router.message.register(refuse_command, F.text.startswith("/") | F.caption.startswith("/"))
    router.message.register(order_by_text, F.text)
    router.message.register(collect_album, F.media_group_id)
    router.message.register(order_by_picture, F.photo | F.document | F.animation)
    router.message.register(refuse_message, F.content_type.in_(OTHERS))
    return router


async def refuse_command(message: Message, messenger: Messenger, texts: Texts) -> None:
    """A command that there is not."""
    messenger.say(message.chat.id, texts.unknown_command(), reply_to=message.message_id)


async def refuse_message(message: Message, messenger: Messenger, texts: Texts) -> None:
    """Voice, stickers and the like."""
    messenger.say(message.chat.id, texts.cannot_use(), reply_to=message.message_id)


async def order_by_text(
    message: Message,
    event_from_user: User,
    is_late: IsLate,
    orders: Orders,
    inputs: Inputs,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Words alone, words in reply to a picture, or words for the picture sent before."""
    text = message.text or ""
    about = message.reply_to_message
    if about is not None and only_flags(text):  # a change of what was drawn
        await orders.take(_request(message, event_from_user, texts, text, None, is_late))
        return
    try:
        file_id = picture_of(about) if about else None
        if file_id is None and about is not None:
            file_id = await orders.replied_picture(message.chat.id, about.message_id)
    except InputError as error:
        refusal = texts.input_refused(error.kind)
        messenger.say(message.chat.id, refusal, reply_to=message.message_id)
        return
    if file_id is None and (held := await inputs.held(event_from_user.id)):
        file_id = held.file_id
    await orders.take(_request(message, event_from_user, texts, text, file_id, is_late))


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
    try:
        file_id = picture_of(message)
    except InputError as error:
        refusal = texts.input_refused(error.kind)
        messenger.say(message.chat.id, refusal, reply_to=message.message_id)
        return
    assert file_id is not None  # noqa: S101 - the router saw to it
    if message.caption:
        request = _request(message, event_from_user, texts, message.caption, file_id, is_late)
        await orders.take(request)
        return
    if await inputs.hold(event_from_user.id, file_id, message.message_id):
        messenger.say(
            message.chat.id,
            texts.what_to_make(),
            reply_to=message.message_id,
            keyboard=held_keyboard(texts.drop_picture_button(), message.message_id),
        )


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
    is_late: IsLate,
) -> Request:
    """One that is older than the settings allow waited while the bot was down, and whoever sent it
    may not want it any more: it is late, and not charged unasked."""
    return Request(
        user_id=user.id,
        chat_id=message.chat.id,
        message_id=message.message_id,
        text=text,
        language=texts.language,
        input_file_id=file_id,
        reply_to=message.reply_to_message.message_id if message.reply_to_message else None,
        late=is_late(message.date.timestamp()),
    )
