"""/price: what a model costs, and with which values it costs more."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, User

from bot.prompts.did_you_mean import nearest_word
from bot.prompts.values import value_of
from bot.settings import Settings
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.admin_prices import MAX_PRICE
from handlers.admin.acts import by_message
from handlers.admin.models import NEAREST, SLUG, answer_unknown, args_of, example_of, existing
from providers.base import Field, Flag, OneOf
from storage.catalogue import OFF, Catalogue, Model, ModelField
from storage.journal import Act
from storage.prices import default_of

PRICE = re.compile(
    r"(?P<slug>\S{1,100})(?:\s+(?:--)?(?P<field>[\w-]{1,60})\s*=\s*(?P<value>\S.{0,99}?))?"
    rf"\s+(?P<tokens>\d{{1,12}}|{OFF})",
    re.ASCII,
)
ON = frozenset({"on", "yes", "true", "1", "да", "вкл"})


def create_router() -> Router:
    """The command is one change, once for each message."""
    router = Router(name=__name__)
    router.message.middleware(answer_unknown)
    router.message.register(price, Command("price"))
    return router


async def price(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    catalogue: Catalogue,
    messenger: Messenger,
    settings: Settings,
    texts: Texts,
) -> None:
    """Show the prices of a model, or set one from now on; what was charged before stays."""
    args = args_of(command)
    match = PRICE.fullmatch(args)
    if SLUG.fullmatch(args) and not args.isdecimal():
        answer = texts.prices(await existing(catalogue, args), settings.token_price_usd)
    elif match is None or (match["field"] is None and match["tokens"] == OFF):
        answer = texts.price_usage(await example_of(catalogue))
    elif match["tokens"] != OFF and not 1 <= int(match["tokens"]) <= MAX_PRICE:
        answer = texts.price_range()
    else:
        model = await existing(catalogue, match["slug"])
        tokens = None if match["tokens"] == OFF else int(match["tokens"])
        name, given = match["field"], match["value"]
        value = None if name is None else _value(texts, model, name, given)
        if isinstance(value, str):
            answer = value
        else:
            act = by_message(message, event_from_user)
            answer = "\n".join(
                await set_price(catalogue, texts, settings, model.slug, value, tokens, act)
            )
    messenger.say(message.chat.id, answer)


async def set_price(
    catalogue: Catalogue,
    texts: Texts,
    settings: Settings,
    slug: str,
    value: tuple[Field, str] | None,
    tokens: int | None,
    act: Act,
) -> Sequence[str]:
    """Set the price of a row, or of one of its values; what is said of it."""
    if value is not None:
        entry = await catalogue.set_value_price(slug, *value, tokens, act)
    else:
        entry = await catalogue.set(slug, ModelField.PRICE, tokens or 0, act)
    model = await existing(catalogue, slug)
    warnings = texts.price_warnings(model, settings.token_price_usd, base=value is None)
    return texts.price_set(entry), *warnings


def _value(texts: Texts, model: Model, name: str, given: str) -> tuple[Field, str] | str:
    """The field and the word that were meant, or the sentence that says why there is none."""
    names = {
        each.lower(): field
        for field in model.product.priced
        for each in (field.param, *field.aliases, field.flag)
    }
    field = names.get(name.lower())
    if field is None:
        near = get_close_matches(name.lower(), names, NEAREST, cutoff=0)
        flags = dict.fromkeys(names[each].flag for each in near)
        return texts.no_priced_field(model, name, [*flags])
    word = _word(field, given)
    if word not in field.words:
        near_word = nearest_word(given, field.kind) if isinstance(field.kind, OneOf) else None
        return texts.no_such_value(model, field, given, near_word)
    if word == default_of(model, field):
        return texts.default_value(model, field)
    return field, word


def _word(field: Field, given: str) -> str:
    """The value as people write it; what stands in `input` is taken for it, too."""
    if isinstance(field.kind, Flag):
        return "on" if given.lower() in ON else given
    return str(value_of(field.kind, given) or field.word(given))
