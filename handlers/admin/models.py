"""The catalogue: /models, /enable, /disable, /rename, /describe, /position, /options."""

import re
from collections.abc import Awaitable, Callable
from difflib import get_close_matches
from typing import Any

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, TelegramObject, User

from bot.cards.pager import Listing, Pager, Source
from bot.prompts.closed_options import is_closed, same_name
from bot.prompts.errors import PromptError
from bot.prompts.options import as_json, read_options
from bot.prompts.products import product_of
from bot.settings import Settings
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.admin_models import DESCRIPTION_CHARS, NAME_CHARS
from handlers.admin.acts import by_message
from storage.catalogue import Catalogue, Model, ModelField
from storage.errors import PriceNotSetError, UnknownModelError
from storage.journal import Act
from storage.stats import Stats

LIST = "models"
NEAREST = 3

SLUG = re.compile(r"\S{1,100}")
SLUG_AND_NUMBER = re.compile(r"(\S{1,100})\s+(\d{1,12})", re.ASCII)
SLUG_AND_TEXT = re.compile(r"(\S{1,100})\s+(.+)", re.DOTALL)
SLUG_AND_NAMES = re.compile(r"(\S{1,100})\s+(allow|disallow)((?:[\s,]+[\w-]{1,60})+)", re.ASCII)


def create_router() -> Router:
    """Each command is one change, once for each message."""
    router = Router(name=__name__)
    router.message.middleware(answer_unknown)
    router.message.register(show_models, Command("models"))
    router.message.register(enable, Command("enable", "disable"))
    router.message.register(rename, Command("rename"))
    router.message.register(describe, Command("describe"))
    router.message.register(move, Command("position"))
    router.message.register(set_options, Command("options"))
    return router


def lister(catalogue: Catalogue, stats: Stats, token_usd: float) -> Source:
    """The catalogue, for the pager."""

    async def list_models(texts: Texts, limit: int, offset: int) -> Listing:
        models, taken = await catalogue.all(), await stats.taken()
        lines = [
            texts.model_line(position, model, taken.get(model.slug), token_usd)
            for position, model in enumerate(models[offset : offset + limit], offset + 1)
        ]
        return Listing(texts.models_head(models), lines, len(models))

    return list_models


async def show_models(message: Message, pager: Pager, messenger: Messenger, texts: Texts) -> None:
    """What is on sale, and what is hidden."""
    text, keyboard = await pager.page(LIST, 1, texts)
    messenger.say(message.chat.id, text, keyboard=keyboard)


async def enable(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    catalogue: Catalogue,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Put a model on sale, or hide it."""
    on = command.command == "enable"
    if not SLUG.fullmatch(slug := args_of(command)):
        model = await example_of(catalogue)
        answer = texts.enable_usage(model) if on else texts.disable_usage(model)
    else:
        act = by_message(message, event_from_user)
        try:
            entry = await catalogue.set(slug, ModelField.ENABLED, int(on), act)
            answer = texts.enabled(entry, none_left=await catalogue.first() is None)
        except PriceNotSetError:
            answer = texts.price_missing(slug)
    messenger.say(message.chat.id, answer)


async def rename(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    catalogue: Catalogue,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Give a model the name that people read."""
    match = SLUG_AND_TEXT.fullmatch(args_of(command))
    name = " ".join(match[2].split()) if match else ""
    if match is None or not _can_be_seen(name):
        answer = texts.rename_usage(await example_of(catalogue))
    elif len(name) > NAME_CHARS:
        answer = texts.too_long(len(name), NAME_CHARS)
    else:
        act = by_message(message, event_from_user)
        answer = texts.renamed(await catalogue.set(match[1], ModelField.NAME, name, act))
    messenger.say(message.chat.id, answer)


async def describe(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    catalogue: Catalogue,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Say what a model is good for."""
    match = SLUG_AND_TEXT.fullmatch(args_of(command))
    words = match[2].strip() if match else ""
    if match is None or not _can_be_seen(words):
        answer = texts.describe_usage(await example_of(catalogue))
    elif len(words) > DESCRIPTION_CHARS:
        answer = texts.too_long(len(words), DESCRIPTION_CHARS)
    else:
        act = by_message(message, event_from_user)
        answer = texts.described(await catalogue.set(match[1], ModelField.DESCRIPTION, words, act))
    messenger.say(message.chat.id, answer)


async def move(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    catalogue: Catalogue,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Give a model its place in the order of display."""
    match = SLUG_AND_NUMBER.fullmatch(args_of(command))
    if match is None or int(match[2]) == 0:
        answer = texts.position_usage(await example_of(catalogue))
    else:
        act = by_message(message, event_from_user)
        answer = texts.moved(await catalogue.move(match[1], int(match[2]), act))
    messenger.say(message.chat.id, answer)


async def set_options(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    catalogue: Catalogue,
    messenger: Messenger,
    settings: Settings,
    texts: Texts,
) -> None:
    """Show or set the options that every order of the model has unless the person says otherwise,
    and which of those that are closed to people they may set."""
    args = args_of(command)
    if SLUG.fullmatch(args):
        model = await existing(catalogue, args)
        messenger.say(message.chat.id, texts.options_of(model))
        return
    if match := SLUG_AND_NAMES.fullmatch(args):
        model = await existing(catalogue, match[1])
        names = re.findall(r"[\w-]+", match[3], re.ASCII)
        act = by_message(message, event_from_user)
        answer = await _allow(catalogue, texts, model, names, act, yes=match[2] == "allow")
        messenger.say(message.chat.id, answer)
        return
    match = SLUG_AND_TEXT.fullmatch(args)
    if match is None:
        usage = texts.options_usage(await example_of(catalogue))
        messenger.say(message.chat.id, usage)
        return
    try:
        options = read_options(match[2])
        # As a default it would stand in every order, in place of what that says itself.
        own = product_of(await catalogue.get(match[1])).own_params
        if taken := own & options.keys():
            answer = texts.options_of_order(sorted(taken))
        else:
            act = by_message(message, event_from_user)
            entry = await catalogue.set(match[1], ModelField.OPTIONS, as_json(options), act)
            model = await existing(catalogue, match[1])
            notes = texts.default_prices(model, settings.token_price_usd)
            answer = "\n".join((texts.options_set(entry), *notes))
    except PromptError as error:
        answer = texts.options_wrong(error, await example_of(catalogue))
    messenger.say(message.chat.id, answer)


async def _allow(
    catalogue: Catalogue, texts: Texts, model: Model, names: list[str], act: Act, *, yes: bool
) -> str:
    """Open options of a model to people, or close them again."""
    if yes and (free := [name for name in names if not is_closed(name)]):
        return texts.allowed_anyway(free)
    kept = {same_name(each): each for each in model.allowed_options}
    for name in names:
        if yes:
            kept[same_name(name)] = name
        else:
            kept.pop(same_name(name), None)
    value = as_json([*sorted(kept.values())])
    return texts.allowed_set(await catalogue.set(model.slug, ModelField.ALLOWED, value, act))


async def example_of(catalogue: Catalogue) -> Model:
    """The one that stands first, to show how a command is used."""
    return (await catalogue.all())[0]


async def existing(catalogue: Catalogue, slug: str) -> Model:
    """The model of that slug.

    Raises:
        UnknownModelError: there is none.
    """
    model = await catalogue.get(slug)
    if model is None:
        raise UnknownModelError(slug)
    return model


async def answer_unknown(
    handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
    event: TelegramObject,
    data: dict[str, Any],
) -> Any:
    """Around each of these commands: the model that it names may not be there."""
    try:
        return await handler(event, data)
    except UnknownModelError as error:
        catalogue: Catalogue = data["catalogue"]
        messenger: Messenger = data["messenger"]
        texts: Texts = data["texts"]
        slugs = [model.slug for model in await catalogue.all()]
        nearest = get_close_matches(error.slug.lower(), slugs, NEAREST, cutoff=0)
        if isinstance(event, Message):
            messenger.say(event.chat.id, texts.no_such_model(error.slug, nearest))
        return None


def args_of(command: CommandObject) -> str:
    """What stands behind the command."""
    return (command.args or "").strip()


def _can_be_seen(text: str) -> bool:
    return any(letter.isprintable() and not letter.isspace() for letter in text)
