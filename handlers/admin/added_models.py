"""/addmodel and /removemodel: rows of the catalogue for models that only KIE describes."""

import re
from collections.abc import Sequence

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, User

from bot.admin.discovery import Discovery, NoSchemaError, UnlistedModelError, nearest_names
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.tools.background import Background
from handlers.admin.acts import by_message
from handlers.admin.models import answer_unknown
from providers.base import Media
from providers.derived import OF_THE_TASK, UnfitError, derive
from providers.errors import ProviderError
from storage.catalogue import Catalogue
from storage.errors import BuiltInModelError, SlugTakenError
from storage.journal import Act

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
KEY = "added_"  # so begin the keys of such products, and of no others
MEDIA = {"film": Media.FILM, "video": Media.FILM, "image": Media.IMAGE}
MAX_WORDS = 4


def create_router() -> Router:
    """Each command is one change, once for each message."""
    router = Router(name=__name__)
    router.message.middleware(answer_unknown)
    router.message.register(add_model, Command("addmodel"))
    router.message.register(remove_model, Command("removemodel"))
    return router


async def add_model(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    discovery: Discovery,
    catalogue: Catalogue,
    background: Background,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Ask KIE what the model takes, and keep a row for it that is not on sale."""
    words = (command.args or "").split()
    chat_id, act = message.chat.id, by_message(message, event_from_user)

    async def answer() -> None:
        messenger.say(chat_id, await _add(words, act, discovery, catalogue, texts))

    if not 1 <= len(words) <= MAX_WORDS:
        messenger.say(chat_id, texts.addmodel_usage())
        return
    background.run(answer(), lambda: messenger.say(chat_id, texts.broken()))


async def _add(
    words: Sequence[str], act: Act, discovery: Discovery, catalogue: Catalogue, texts: Texts
) -> str:
    media = next((MEDIA[word] for word in words[1:] if word in MEDIA), None)
    model, *others = [word for place, word in enumerate(words) if not place or word not in MEDIA]
    try:
        names = await discovery.names()
        picture_model = next((word for word in others[:1] if word in names), None)
        slugs = others[1:] if picture_model else others
        if len(slugs) > 1:
            return texts.addmodel_usage()
        slug = next(iter(slugs), _slug(model))
        if slugs and "/" in slug:  # a model's name rather
            return texts.not_listed(slug, nearest_names(slug, names))
        if not SLUG.fullmatch(slug):
            return texts.bad_slug(slug)
        found = [await discovery.find(each, names) for each in (model, picture_model) if each]
        key = KEY + slug.replace("-", "_")
        product = derive(key, slug, found[0], found[1] if picture_model else None, media)
        known = await catalogue.get(slug)
        entry = await catalogue.add(product, act)
        row = await catalogue.get(slug)
    except UnlistedModelError as error:
        return texts.not_listed(error.model, error.nearest)
    except NoSchemaError as error:
        return texts.no_schema(error.model)
    except UnfitError as error:
        return texts.unfit(error)
    except SlugTakenError as error:
        return texts.slug_taken(error.slug)
    except ProviderError as error:
        return texts.kie_silent(str(error))
    has_price = row is not None and row.price_set
    had_price = known is not None and known.price_set
    return texts.added(
        entry, product, found, has_price=has_price, lost_price=had_price and not has_price
    )


def _slug(model: str) -> str:
    """A short name, from KIE's: kling/v3-turbo-text-to-video is kling-v3-turbo."""
    return re.sub(r"[^a-z0-9]+", "-", OF_THE_TASK.sub("", model).lower()).strip("-")[:32].strip("-")


async def remove_model(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    catalogue: Catalogue,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Take a row that was added out of the catalogue."""
    slug = (command.args or "").strip()
    if not re.fullmatch(r"\S{1,100}", slug):
        answer = texts.removemodel_usage()
    else:
        try:
            act = by_message(message, event_from_user)
            answer = texts.removed(await catalogue.remove(slug, act))
        except BuiltInModelError:
            answer = texts.built_in(slug)
    messenger.say(message.chat.id, answer)
