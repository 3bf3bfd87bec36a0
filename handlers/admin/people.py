"""People: /grant, /user with its buttons, /ban, /unban."""

import re
from collections.abc import Mapping
from typing import Annotated

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message, User
from pydantic import Field

from bot.cards.refunds import user_rows
from bot.settings import Settings
from bot.telegram.buttons import Button, ButtonData, Keyboard, Number
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.admin_people import NOTE_CHARS
from bot.texts.catalogues import DEFAULT_LANGUAGE
from bot.texts.closed import REASON_CHARS
from handlers.admin.acts import by_message, by_press, key_of
from storage.errors import InsufficientTokensError, UnknownUserError
from storage.ledger import Granted, Ledger
from storage.payments import Payments
from storage.people import People, Person

WHO = r"(\d{1,15}|@[A-Za-z0-9_]{1,32})"
GRANT = re.compile(WHO + r"\s+([+-]?\d{1,9})(?:\s+(.+))?", re.DOTALL | re.ASCII)
USER = re.compile(WHO, re.ASCII)
BAN = re.compile(WHO + r"(?:\s+(.+))?", re.DOTALL | re.ASCII)
MINUS_SIGNS = str.maketrans("−–—", "---")  # as phones write them

AMOUNTS = (100, 500, 1000)  # on the buttons
PURCHASES_SHOWN = 3


class GiveButton(ButtonData, prefix="give"):
    """Gives tokens; `entry_id` is that of the last entry that the card shows."""

    user_id: Number
    amount: Annotated[Number, Field(gt=0, lt=10**9)]
    entry_id: Number


class BanButton(ButtonData, prefix="ban"):
    """Bans a person."""

    user_id: Number


class UnbanButton(ButtonData, prefix="unban"):
    """Lifts a ban."""

    user_id: Number


def create_router() -> Router:
    """USER is an id, or a @name."""
    router = Router(name=__name__)
    router.message.register(grant_tokens, Command("grant"))
    router.message.register(show_user, Command("user"))
    router.message.register(ban, Command("ban"))
    router.message.register(unban, Command("unban"))
    router.callback_query.register(press_give, GiveButton.filter())
    router.callback_query.register(press_ban, BanButton.filter())
    router.callback_query.register(press_ban, UnbanButton.filter())
    return router


async def grant_tokens(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    ledger: Ledger,
    people: People,
    messenger: Messenger,
    texts: Texts,
    all_texts: Mapping[str, Texts],
) -> None:
    """Give a person tokens, or take some with a minus sign; once for each message."""
    match = GRANT.fullmatch((command.args or "").strip().translate(MINUS_SIGNS))
    amount = int(match[2]) if match else 0
    if match is None or amount == 0:
        messenger.say(message.chat.id, texts.grant_usage())
        return
    if len(note := match[3] or "") > NOTE_CHARS:
        messenger.say(message.chat.id, texts.too_long(len(note), NOTE_CHARS))
        return
    person = await find(match[1], people, texts)
    if isinstance(person, str):
        messenger.say(message.chat.id, person)
        return
    act = by_message(message, event_from_user)
    try:
        granted = await ledger.grant(
            person.user_id, amount, grant_key=act.key, granted_by=act.admin_id, note=note
        )
    except InsufficientTokensError as error:
        messenger.say(message.chat.id, texts.grant_too_much(error.balance))
        return
    messenger.say(message.chat.id, texts.granted(person, granted.amount, granted.balance))
    _tell(person.user_id, granted, messenger, all_texts)


async def show_user(
    message: Message,
    command: CommandObject,
    people: People,
    payments: Payments,
    messenger: Messenger,
    settings: Settings,
    texts: Texts,
) -> None:
    """Show everything about a person, with buttons."""
    match = USER.fullmatch((command.args or "").strip())
    if match is None:
        messenger.say(message.chat.id, texts.user_usage())
        return
    person = await find(match[1], people, texts)
    if isinstance(person, str):
        messenger.say(message.chat.id, person)
        return
    text, keyboard = await user_card(person.user_id, people, payments, settings, texts)
    messenger.say(message.chat.id, text, keyboard=keyboard)


async def ban(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    people: People,
    messenger: Messenger,
    settings: Settings,
    texts: Texts,
) -> None:
    """Ban a person."""
    match = BAN.fullmatch((command.args or "").strip())
    if match is None:
        messenger.say(message.chat.id, texts.ban_usage())
        return
    if len(reason := (match[2] or "").strip()) > REASON_CHARS:
        messenger.say(message.chat.id, texts.too_long(len(reason), REASON_CHARS))
        return
    person = await find(match[1], people, texts)
    if isinstance(person, str):
        messenger.say(message.chat.id, person)
    elif person.user_id in settings.admin_ids:
        messenger.say(message.chat.id, texts.cannot_ban_admin())
    else:
        await people.ban(person.user_id, reason, by_message(message, event_from_user))
        messenger.say(message.chat.id, texts.user_banned(person, reason))


async def unban(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    people: People,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Lift a person's ban."""
    match = USER.fullmatch((command.args or "").strip())
    if match is None:
        messenger.say(message.chat.id, texts.unban_usage())
        return
    person = await find(match[1], people, texts)
    if isinstance(person, str):
        messenger.say(message.chat.id, person)
        return
    entry = await people.unban(person.user_id, by_message(message, event_from_user))
    messenger.say(message.chat.id, texts.user_unbanned(person, entry))


async def press_give(
    query: CallbackQuery,
    callback_data: GiveButton,
    ledger: Ledger,
    people: People,
    payments: Payments,
    messenger: Messenger,
    settings: Settings,
    texts: Texts,
    all_texts: Mapping[str, Texts],
) -> None:
    """Give what the button says: once for what the card shows, however often it is pressed."""
    if query.message is None:
        messenger.answer_press(query.id)
        return
    user_id, amount = callback_data.user_id, callback_data.amount
    # Without the person's id: the key stays in the books when they want to be forgotten.
    card = query.message
    key = key_of(query, card.chat.id, card.message_id, amount, callback_data.entry_id)
    try:
        granted = await ledger.grant(user_id, amount, grant_key=key, granted_by=query.from_user.id)
    except UnknownUserError:
        messenger.answer_press(query.id)
        return
    messenger.answer_press(query.id, texts.given(granted.amount, granted.balance, new=granted.new))
    _tell(user_id, granted, messenger, all_texts)
    await _redraw(query, user_id, people, payments, messenger, settings, texts)


async def press_ban(
    query: CallbackQuery,
    callback_data: BanButton | UnbanButton,
    people: People,
    payments: Payments,
    messenger: Messenger,
    settings: Settings,
    texts: Texts,
) -> None:
    """Ban or unban, from the card."""
    person = await people.get(callback_data.user_id)
    if person is None:
        messenger.answer_press(query.id)
        return
    if isinstance(callback_data, UnbanButton):
        await people.unban(person.user_id, by_press(query))
    elif person.user_id in settings.admin_ids:
        messenger.answer_press(query.id, texts.cannot_ban_admin(), alert=True)
        return
    elif person.banned_at is None:  # one who is banned keeps the reason
        await people.ban(person.user_id, "", by_press(query))
    messenger.answer_press(query.id)
    await _redraw(query, person.user_id, people, payments, messenger, settings, texts)


async def find(word: str, people: People, texts: Texts) -> Person | str:
    """The one person that an id or a @name means, or the sentence that says why there is none."""
    if not word.startswith("@"):
        person = await people.get(int(word))
        return person or texts.no_such_person(word, await people.near_id(int(word)))
    match await people.named(word[1:]):
        case []:
            return texts.no_such_person(word, await people.near_name(word[1:]))
        case [person]:
            return person
        case several:
            return texts.several_people(word, several)


async def user_card(
    user_id: int, people: People, payments: Payments, settings: Settings, texts: Texts
) -> tuple[str, Keyboard]:
    """A person as they are now, and what can be done."""
    record = await people.record(user_id)
    if record is None:
        return texts.no_such_person(str(user_id), []), ()
    last = record.entries[0].entry_id if record.entries else 0
    rows = [
        [
            Button(f"+{each}", GiveButton(user_id=user_id, amount=each, entry_id=last).pack())
            for each in AMOUNTS
        ],
    ]
    if record.person.banned_at is not None:
        rows.append([Button(texts.unban_button(), UnbanButton(user_id=user_id).pack())])
    elif user_id not in settings.admin_ids:
        rows.append([Button(texts.ban_button(), BanButton(user_id=user_id).pack())])
    rows += user_rows(await payments.of_person(user_id, PURCHASES_SHOWN), texts)
    return texts.user_card(record), rows


async def _redraw(
    query: CallbackQuery,
    user_id: int,
    people: People,
    payments: Payments,
    messenger: Messenger,
    settings: Settings,
    texts: Texts,
) -> None:
    if isinstance(query.message, Message):
        text, keyboard = await user_card(user_id, people, payments, settings, texts)
        messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)


def _tell(
    user_id: int, granted: Granted, messenger: Messenger, all_texts: Mapping[str, Texts]
) -> None:
    """Tell the person, the first time."""
    if granted.new:
        # Of somebody who is banned and wanted to be forgotten, not even the language is known.
        texts = all_texts.get(granted.language) or all_texts[DEFAULT_LANGUAGE]
        messenger.say(user_id, texts.grant_received(granted.amount, granted.balance))
