"""Middlewares: counting, language, bans, welcome tokens, throttle and debounce.

Like handlers, each gets what it needs from the dispatcher by name.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Any

from aiogram import BaseMiddleware, Dispatcher
from aiogram.dispatcher.flags import get_flag
from aiogram.types import CallbackQuery, Chat, Message, TelegramObject, Update, User
from aiogram.types.update import UpdateTypeLookupError
from cachetools import TTLCache

from bot.admin.metrics import Metrics
from bot.cards.menu import Menu
from bot.settings import Settings
from bot.telegram.messenger import Messenger
from bot.texts import Texts, language_of
from bot.tools.rate_limits import RateLimit
from handlers.presence import welcome_back
from storage.errors import StorageError
from storage.ledger import Ledger
from storage.people import People
from storage.preferences import PreferenceStore

GREETS = {"greets": True}  # /start gives the gift by itself, and says so in its greeting
FOR_EVERYBODY = {"for_everybody": True}  # what a bot owes everybody at any time
UNLIMITED = {"unlimited": True}  # counts for no throttle

MINUTE_S = 60.0
PEOPLE_REMEMBERED = 10_000  # of those who write much; the quietest are forgotten first
REPEAT_S = 3.0
PRESSES_REMEMBERED = 10_000

Data = dict[str, Any]
Handler = Callable[[TelegramObject, Data], Awaitable[Any]]
logger = logging.getLogger(__name__)


def add_middlewares(dispatcher: Dispatcher, settings: Settings) -> None:
    """Those of every update first, then those of what people write and press."""
    dispatcher.update.outer_middleware(count)
    dispatcher.update.outer_middleware(speak_language)
    dispatcher.update.outer_middleware(note_return)
    dispatcher.update.outer_middleware(note_name)
    throttle = Throttle(settings.user_messages_per_minute)
    # Inner, for messages: what the bot does not answer in a group is not counted there either.
    dispatcher.message.middleware(throttle)
    dispatcher.callback_query.outer_middleware(throttle)
    for middleware in (Ban(), welcome):
        dispatcher.message.middleware(middleware)
        dispatcher.callback_query.middleware(middleware)


async def count(handler: Handler, event: TelegramObject, data: Data) -> Any:
    """Count what Telegram tells of, and how long it takes to handle: first, so that this is all
    of it."""
    metrics: Metrics = data["metrics"]
    begun = perf_counter()
    try:
        return await handler(event, data)
    finally:
        metrics.update_handled(_kind_of(event), perf_counter() - begun)


def _kind_of(event: TelegramObject) -> str:
    try:
        return event.event_type if isinstance(event, Update) else ""
    except UpdateTypeLookupError:  # a kind that came up after this program was written
        return "unknown"


async def speak_language(handler: Handler, event: TelegramObject, data: Data) -> Any:
    """Hand `texts` on in the person's language: the one they chose, else what their Telegram
    speaks, else the default."""
    preferences: PreferenceStore = data["preferences"]
    all_texts: Mapping[str, Texts] = data["all_texts"]
    user: User | None = data.get("event_from_user")
    # First, so that there are words to say when the database cannot be read.
    data["texts"] = all_texts[language_of(user.language_code if user else None, all_texts)]
    # Telegram waits for 10 s for the answer to a press of Pay: what looks at it has its own limit.
    in_haste = isinstance(event, Update) and event.pre_checkout_query is not None
    chosen = await preferences.language(user.id) if user and not in_haste else None
    if chosen is not None and chosen in all_texts:
        data["texts"] = all_texts[chosen]
    return await handler(event, data)


async def note_return(handler: Handler, event: TelegramObject, data: Data) -> Any:
    """Whoever writes to the bot has not blocked it, whatever was heard before: Telegram forgets
    after a day what it could not tell. In a group one can write and have it blocked. And an admin
    who writes for the first time gets the menu that Telegram did not take before."""
    people: People = data["people"]
    menu: Menu = data["menu"]
    user: User | None = data.get("event_from_user")
    chat: Chat | None = data.get("event_chat")
    # What tells of a block comes by the same way.
    wrote = isinstance(event, Update) and event.my_chat_member is None
    if user is not None and wrote and chat is not None and chat.type == "private":
        menu.note_chat(user.id)
        if await people.is_blocked(user.id):
            await welcome_back(user.id, people, data["jobs"])
    return await handler(event, data)


async def note_name(handler: Handler, event: TelegramObject, data: Data) -> Any:
    """Keep the names people have in Telegram, for the admins: written when they change only."""
    result = await handler(event, data)  # first: /start makes the row that holds the names
    people: People = data["people"]
    user: User | None = data.get("event_from_user")
    if user is not None:
        try:
            await people.note_name(user.id, user.username, user.first_name)
        except StorageError as error:  # what was asked for is done all the same
            logger.warning("the names of %d could not be stored: %s", user.id, error)
    return result


class Throttle(BaseMiddleware):
    """Limits each person's messages and presses in a minute: what exceeds the limit is answered
    once, then ignored."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._limits = TTLCache[int, RateLimit](PEOPLE_REMEMBERED, MINUTE_S + 1)
        self._told = TTLCache[int, None](PEOPLE_REMEMBERED, MINUTE_S)

    async def __call__(self, handler: Handler, event: TelegramObject, data: Data) -> Any:
        user: User | None = data.get("event_from_user")
        if user is None or get_flag(data, "unlimited") or self._limit_of(user.id).take():
            return await handler(event, data)
        texts: Texts = data["texts"]
        messenger: Messenger = data["messenger"]
        if isinstance(event, CallbackQuery):
            messenger.answer_press(event.id, texts.too_fast())
        elif isinstance(event, Message) and self._is_news(user.id):
            messenger.say(event.chat.id, texts.too_fast(), reply_to=event.message_id)
        return None

    def _limit_of(self, user_id: int) -> RateLimit:
        limit = self._limits.get(user_id)
        if limit is None:
            limit = RateLimit(self._per_minute, MINUTE_S)
        self._limits[user_id] = limit  # from now on again: it counts as new after a quiet minute
        return limit

    def _is_news(self, user_id: int) -> bool:
        """Whether the person was not told within the last minute."""
        if user_id in self._told:
            return False
        self._told[user_id] = None
        return True


class Ban(BaseMiddleware):
    """One sentence for whatever banned people send, and nothing else happens; but for what is
    FOR_EVERYBODY. Stands right before the handler. An admin is never banned."""

    def __init__(self) -> None:
        self._album: str | None = None

    async def __call__(self, handler: Handler, event: TelegramObject, data: Data) -> Any:
        if get_flag(data, "for_everybody"):
            return await handler(event, data)
        people: People = data["people"]
        settings: Settings = data["settings"]
        user: User | None = data.get("event_from_user")
        reason = await people.ban_of(user.id) if user else None
        if user is None or reason is None or user.id in settings.admin_ids:
            return await handler(event, data)
        texts: Texts = data["texts"]
        messenger: Messenger = data["messenger"]
        if isinstance(event, CallbackQuery):
            # The short one: an answer to a press has 200 characters and no markup.
            messenger.answer_press(event.id, texts.banned(""), alert=True)
        elif isinstance(event, Message) and event.chat.type == "private" and self._is_news(event):
            messenger.say(event.chat.id, texts.banned(reason), reply_to=event.message_id)
        return None

    def _is_news(self, message: Message) -> bool:
        """Whether this is not the next item of the album that was just answered."""
        known = message.media_group_id is not None and message.media_group_id == self._album
        self._album = message.media_group_id
        return not known


async def welcome(handler: Handler, event: TelegramObject, data: Data) -> Any:
    """The welcome gift: given at a person's first contact, whatever that is, and once. Behind the
    ban: what is not for the bot gets nothing.

    What is FOR_EVERYBODY makes nobody a customer: who reads /privacy or has everything of theirs
    removed gets no entry in the ledger for that. Nor do an admin's commands and presses, which are
    the team's work.
    """
    settings: Settings = data["settings"]
    user: User | None = data.get("event_from_user")
    amount = settings.welcome_tokens
    if user is not None and amount and _is_contact(event, user, data):
        ledger: Ledger = data["ledger"]
        texts: Texts = data["texts"]
        # For those who had their gift this costs a row read by its key.
        if not await ledger.was_welcomed(user.id):
            given = await ledger.welcome(user.id, amount, language=texts.language)
            if given.new and isinstance(event, Message) and _may_cost(event):
                messenger: Messenger = data["messenger"]
                messenger.say(event.chat.id, texts.gift(given.amount), reply_to=event.message_id)
    return await handler(event, data)


def _is_contact(event: TelegramObject, user: User, data: Data) -> bool:
    if get_flag(data, "greets") or get_flag(data, "for_everybody"):
        return False
    settings: Settings = data["settings"]
    return user.id not in settings.admin_ids or (isinstance(event, Message) and _may_cost(event))


def _may_cost(message: Message) -> bool:
    """Whether it may ask for a picture, so that the person should know what pays for it: all but
    a command in private."""
    words = message.text or message.caption or ""
    return message.chat.type != "private" or not words.startswith("/")


class Debounce:
    """The same button pressed again at once counts as one press. What moves tokens has its
    idempotency key in the database."""

    def __init__(self) -> None:
        self._pressed = TTLCache[tuple[int, str], None](PRESSES_REMEMBERED, REPEAT_S)

    def is_repeat(self, user_id: int, data: str) -> bool:
        """Whether this is a repeated press; it counts as pressed from now on."""
        repeated = (user_id, data) in self._pressed
        self._pressed[user_id, data] = None
        return repeated
