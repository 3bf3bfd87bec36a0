"""/broadcast in reply to a message: everyone gets a copy, once an admin has said so twice."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, User

from bot.broadcast import BROADCAST, Broadcaster
from bot.delivery import Messenger
from bot.keyboards import Button
from bot.pager import Listing, Source
from bot.texts import Texts
from handlers.admin.acts import by_press, key_of
from storage.broadcasts import Broadcasts


def create_router() -> Router:
    """The command, and the buttons of its question and card."""
    router = Router(name=__name__)
    router.message.register(ask, Command("broadcast"))
    router.callback_query.register(press, F.data.startswith(f"{BROADCAST}:"))
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
    """Ask before anything is sent, with the number of people."""
    replied = message.reply_to_message
    if replied is None:
        messenger.say(message.chat.id, texts.broadcast_usage(), reply_to=message.message_id)
        return
    people = await broadcasts.reachable()
    if not people:
        messenger.say(message.chat.id, texts.broadcast_nobody(), reply_to=message.message_id)
        return
    number = await broadcasts.ask(
        asked_key=key_of(message, message.chat.id, message.message_id),
        admin_id=event_from_user.id,
        language=texts.language,
        message_id=replied.message_id,
    )
    if number is None:  # the command came again; the question stands
        return
    messenger.say(
        message.chat.id,
        texts.broadcast_question(people, album=replied.media_group_id is not None),
        reply_to=replied.message_id,
        keyboard=(
            (
                Button(texts.broadcast_go(), f"{BROADCAST}:go:{number}", style="success"),
                Button(texts.broadcast_no(), f"{BROADCAST}:no:{number}"),
            ),
        ),
    )


async def press(
    query: CallbackQuery,
    broadcasts: Broadcasts,
    broadcaster: Broadcaster,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Begin, leave it, or stop."""
    _, _, what = (query.data or "").partition(":")
    verb, _, number = what.partition(":")
    card = query.message
    known = number.isascii() and number.isdigit() and len(number) < 16
    if not known or card is None:
        messenger.answer_press(query.id, texts.broadcast_closed(), alert=True)
        return
    act = by_press(query)
    broadcast_id = int(number)
    match verb:
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
