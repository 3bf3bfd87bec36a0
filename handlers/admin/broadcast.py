"""/broadcast: a copy of a message to everyone, after an admin has confirmed it."""

from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.enums import ContentType
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, User

from bot.admin.broadcast import BroadcastButton, Broadcaster
from bot.cards.pager import Listing, Source
from bot.telegram.buttons import NOTHING, Button
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.admin.acts import by_press, key_of
from storage.broadcasts import Broadcasts

# What copyMessage copies, of what people write.
COPIED = frozenset(
    {
        ContentType.TEXT,
        ContentType.PHOTO,
        ContentType.VIDEO,
        ContentType.ANIMATION,
        ContentType.DOCUMENT,
        ContentType.AUDIO,
        ContentType.VOICE,
        ContentType.VIDEO_NOTE,
        ContentType.STICKER,
        ContentType.CONTACT,
        ContentType.LOCATION,
        ContentType.VENUE,
        ContentType.POLL,
        ContentType.DICE,
    }
)


def create_router() -> Router:
    """The command, what ends its waiting, and the buttons of its question and card."""
    router = Router(name=__name__)
    router.message.register(ask, Command("broadcast"))
    router.message.register(cancel, Command("cancel"))
    router.message.register(end_awaiting)
    router.callback_query.register(press, BroadcastButton.filter())
    return router


def create_draft_router(admin_ids: frozenset[int]) -> Router:
    """The message to everyone, which is no command and no prompt."""
    router = Router(name=f"{__name__}.draft")
    router.message.register(
        take_draft,
        F.chat.type == "private",
        F.from_user.id.in_(admin_ids),
        F.content_type.in_(COPIED),
        is_draft,
    )
    return router


def unreached(broadcasts: Broadcasts) -> Source:
    """The list of those whom the last broadcast did not reach, for the pager."""

    async def read(texts: Texts, limit: int, offset: int) -> Listing:
        last = await broadcasts.last_ended()
        if last is None:
            return Listing(texts.unreached_head(None), (), 0)
        people = await broadcasts.unreached(last.broadcast_id, limit, offset)
        lines = [texts.unreached(person) for person in people]
        return Listing(texts.unreached_head(last), lines, last.failed + last.unsure)

    return read


async def ask(
    message: Message,
    event_from_user: User,
    broadcasts: Broadcasts,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Ask about the message that is replied to, or for one to be written next."""
    if message.reply_to_message is not None:
        draft = message.reply_to_message
        await _ask_about(draft, message, event_from_user, broadcasts, messenger, texts)
        return
    if not await broadcasts.reachable():
        messenger.say(message.chat.id, texts.broadcast_nobody(), reply_to=message.message_id)
        return
    sent_at = message.date.timestamp()
    await broadcasts.await_draft(event_from_user.id, message.message_id, sent_at)
    messenger.say(
        message.chat.id,
        texts.broadcast_write(),
        reply_to=message.message_id,
        ask=texts.broadcast_placeholder(),
    )


async def end_awaiting(message: Message, event_from_user: User, broadcasts: Broadcasts) -> None:
    """Whoever gives another command does not write a message to everyone next."""
    await broadcasts.stop_awaiting(event_from_user.id, message.date.timestamp())
    raise SkipHandler


async def cancel(
    message: Message,
    event_from_user: User,
    broadcasts: Broadcasts,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """The message to everyone is not to be written after all; else it is everybody's command."""
    if not await broadcasts.stop_awaiting(event_from_user.id, message.date.timestamp()):
        raise SkipHandler
    messenger.say(message.chat.id, texts.broadcast_dropped(), reply_to=message.message_id)


async def is_draft(message: Message, event_from_user: User, broadcasts: Broadcasts) -> bool:
    """Whether a message is the one to everyone that was asked for."""
    return await broadcasts.awaits_draft(
        event_from_user.id,
        message.message_id,
        message.media_group_id,
        message.date.timestamp(),
    )


async def take_draft(
    message: Message,
    event_from_user: User,
    broadcasts: Broadcasts,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Ask about what was written; of an album, its first picture."""
    if await broadcasts.take_draft(event_from_user.id, message.message_id, message.media_group_id):
        await _ask_about(message, message, event_from_user, broadcasts, messenger, texts)


async def _ask_about(
    draft: Message,
    asked_by: Message,
    admin: User,
    broadcasts: Broadcasts,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Ask before anything is sent, with the number of people."""
    people = await broadcasts.reachable()
    if not people:
        messenger.say(asked_by.chat.id, texts.broadcast_nobody(), reply_to=asked_by.message_id)
        return
    number = await broadcasts.ask(
        asked_key=key_of(asked_by, asked_by.chat.id, asked_by.message_id),
        admin_id=admin.id,
        language=texts.language,
        message_id=draft.message_id,
    )
    if number is None:  # it came again; the question stands
        return
    messenger.say(
        asked_by.chat.id,
        texts.broadcast_question(people, album=draft.media_group_id is not None),
        reply_to=draft.message_id,
        keyboard=(
            (
                Button(
                    texts.broadcast_go(),
                    BroadcastButton(verb="go", broadcast_id=number).pack(),
                    style="success",
                ),
                Button(
                    texts.broadcast_no(), BroadcastButton(verb="no", broadcast_id=number).pack()
                ),
            ),
        ),
    )


async def press(
    query: CallbackQuery,
    callback_data: BroadcastButton,
    broadcasts: Broadcasts,
    broadcaster: Broadcaster,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Begin, leave it, or stop."""
    broadcast_id, card = callback_data.broadcast_id, query.message
    if broadcast_id == NOTHING or card is None:
        messenger.answer_press(query.id, texts.broadcast_closed(), alert=True)
        return
    act = by_press(query)
    match callback_data.verb:
        case "go":
            if await broadcasts.begin(broadcast_id, act, card.message_id) is None:
                messenger.answer_press(query.id, texts.broadcast_closed(), alert=True)
                return
            messenger.answer_press(query.id)
            broadcaster.wake()
        case "no":
            if await broadcasts.drop(broadcast_id, act.admin_id):
                messenger.change(card.chat.id, card.message_id, texts.broadcast_dropped())
                messenger.answer_press(query.id)
            else:
                messenger.answer_press(query.id, texts.broadcast_closed(), alert=True)
        case "stop":
            stopped = await broadcaster.stop(broadcast_id, act)
            said = texts.broadcast_stopping() if stopped else texts.broadcast_not_running()
            messenger.answer_press(query.id, said)
        case _:
            messenger.answer_press(query.id)
