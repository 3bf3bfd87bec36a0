"""/settings, /model, /language: a card edited in place."""

from collections.abc import Mapping

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, User

from bot.cards.menu import Menu
from bot.cards.settings import (
    CARD,
    WRITE,
    SettingButton,
    Shelf,
    awaited_field,
    back,
    card,
    choices,
    options,
)
from bot.pipeline.durations import Durations
from bot.prompts.grammar import clean
from bot.settings import Settings
from bot.telegram.messenger import Messenger
from bot.telegram.telegram_time import TelegramTime
from bot.texts import Texts, language_of
from providers.base import Field
from storage.catalogue import Catalogue
from storage.ledger import Ledger
from storage.preferences import Awaited, PreferenceStore


def create_router() -> Router:
    """The settings commands and buttons."""
    router = Router(name=__name__)
    private = F.chat.type == "private"
    router.message.register(show_settings, private, Command("settings"))
    router.message.register(show_models, private, Command("model"))
    router.message.register(show_languages, private, Command("language"))
    router.message.register(take_words, private, F.text, ~F.text.startswith("/"), is_awaited)
    router.callback_query.register(press_setting, SettingButton.filter())
    return router


class Shelves:
    """Makes what there is to choose from, for one person, as it is now."""

    def __init__(
        self,
        preferences: PreferenceStore,
        catalogue: Catalogue,
        ledger: Ledger,
        settings: Settings,
        languages: Mapping[str, Texts],
        durations: Durations,
    ) -> None:
        self._preferences = preferences
        self._catalogue = catalogue
        self._ledger = ledger
        self._settings = settings
        self._languages = tuple(languages)
        self._durations = durations

    async def of(self, user_id: int) -> Shelf:
        """What the person can choose from."""
        own = await self._preferences.get(user_id)
        on_sale = [each for each in await self._catalogue.all() if each.enabled]
        seconds = {
            each.slug: self._durations.typical_s(each.slug) or each.product.seconds
            for each in on_sale
        }
        return Shelf(
            own,
            models=[each for each in on_sale if not each.product.is_tool],
            wanted=await self._catalogue.even_removed(own.model) if own.model else None,
            languages=self._languages,
            max_quantity=self._settings.max_quantity,
            balance=await self._ledger.balance(user_id),
            tools=[each for each in on_sale if each.product.is_tool],
            seconds={slug: each for slug, each in seconds.items() if each is not None},
        )


async def show_settings(
    message: Message, event_from_user: User, shelves: Shelves, messenger: Messenger, texts: Texts
) -> None:
    """The card."""
    text, keyboard = card(texts, await shelves.of(event_from_user.id))
    messenger.say(message.chat.id, text, keyboard=keyboard)


async def show_models(
    message: Message, event_from_user: User, shelves: Shelves, messenger: Messenger, texts: Texts
) -> None:
    """The models on sale, to choose one."""
    text, keyboard = options(texts, await shelves.of(event_from_user.id), "model")
    messenger.say(message.chat.id, text, keyboard=keyboard)


async def show_languages(
    message: Message, event_from_user: User, shelves: Shelves, messenger: Messenger, texts: Texts
) -> None:
    """The languages there are, to choose one."""
    text, keyboard = options(texts, await shelves.of(event_from_user.id), "lang")
    messenger.say(message.chat.id, text, keyboard=keyboard)


async def press_setting(
    query: CallbackQuery,
    callback_data: SettingButton,
    event_from_user: User,
    shelves: Shelves,
    preferences: PreferenceStore,
    menu: Menu,
    telegram_time: TelegramTime,
    messenger: Messenger,
    texts: Texts,
    all_texts: Mapping[str, Texts],
) -> None:
    """Open a menu, or choose a value and go back to the card; the same again changes nothing."""
    if not isinstance(query.message, Message) or query.message.chat.type != "private":
        messenger.answer_press(query.id)
        return
    chat_id, card_id, user_id = query.message.chat.id, query.message.message_id, event_from_user.id
    what, value = callback_data.what, callback_data.value
    shelf = await shelves.of(user_id)
    if value == WRITE and (field := shelf.text_field(what)):
        awaited = Awaited(shelf.product.key, field.param)
        await preferences.await_words(user_id, card_id, awaited, telegram_time())
        messenger.answer_press(query.id)
        messenger.change(chat_id, card_id, texts.write_words(field), keyboard=back(texts))
        return
    await preferences.stop_awaiting(user_id)
    if what in shelf.whats and not value:
        messenger.answer_press(query.id)
        text, keyboard = options(texts, shelf, what, callback_data.page)
        messenger.change(chat_id, card_id, text, keyboard=keyboard)
        return
    if what != CARD:
        choice = next((each for each in choices(texts, shelf, what) if each.value == value), None)
        if choice is None:
            messenger.answer_press(query.id, texts.setting_gone(), alert=True)
        elif what == "lang":
            chosen = choice.changes["language"]
            spoken = chosen or language_of(event_from_user.language_code, all_texts)
            await preferences.set_language(user_id, chosen, spoken)
            if chosen != shelf.preferences.language:
                menu.offer(user_id)
            texts = all_texts[spoken]
            messenger.answer_press(query.id)
        elif shelf.product.field(what):
            await preferences.change_params(user_id, shelf.product.key, choice.changes)
            messenger.answer_press(query.id)
        else:
            await preferences.change(user_id, **choice.changes)
            chosen_film = ""
            if what == "model":
                now = await shelves.of(user_id)
                if now.model is not None and now.product.is_film and now.cost is not None:
                    chosen_film = texts.film_chosen(now.model, now.cost, now.balance)
            messenger.answer_press(query.id, chosen_film, alert=bool(chosen_film))
        shelf = await shelves.of(user_id)
    else:
        messenger.answer_press(query.id)
    text, keyboard = card(texts, shelf)
    messenger.change(chat_id, card_id, text, keyboard=keyboard)


async def is_awaited(
    message: Message,
    event_from_user: User,
    preferences: PreferenceStore,
    catalogue: Catalogue,
) -> bool:
    """Whether a text is what a button asked for. One that replies to anything is about that."""
    if message.reply_to_message is not None:
        return False
    return await _awaited_field(message, event_from_user, preferences, catalogue) is not None


async def _awaited_field(
    message: Message, person: User, preferences: PreferenceStore, catalogue: Catalogue
) -> Field | None:
    sent_at = message.date.timestamp()
    awaited = await preferences.awaited(person.id, message.message_id, sent_at)
    return awaited_field(awaited, await catalogue.product(awaited.product) if awaited else None)


async def take_words(
    message: Message,
    event_from_user: User,
    shelves: Shelves,
    preferences: PreferenceStore,
    catalogue: Catalogue,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Store the words, and show them on the card that asked."""
    field = await _awaited_field(message, event_from_user, preferences, catalogue)
    assert field is not None  # noqa: S101 - the filter saw to it
    words = clean(message.text or "").strip()
    if not words:  # it was of characters that nobody sees
        messenger.say(message.chat.id, texts.write_words(field), reply_to=message.message_id)
        return
    if refusal := texts.words_too_long(field, words):
        messenger.say(message.chat.id, refusal, reply_to=message.message_id)
        return
    card_id = await preferences.take_words(event_from_user.id, message.message_id, words)
    if card_id is None:  # it came again
        return
    kept = texts.words_kept(field, words)
    messenger.say(message.chat.id, kept, reply_to=message.message_id)
    text, keyboard = card(texts, await shelves.of(event_from_user.id))
    messenger.change(message.chat.id, card_id, text, keyboard=keyboard)
