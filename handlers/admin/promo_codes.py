"""Promo codes: /promo makes one, /promos lists them, /promooff and /promoon switch one."""

import re
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, User
from aiogram.utils.deep_linking import create_start_link

from bot.cards.pager import Listing, Pager, Source
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.promos import LEAST_CHARS, MAX_TOKENS, MOST_CHARS
from handlers.admin.acts import by_message
from handlers.admin.models import NEAREST, args_of
from handlers.promos import PROMO as DEEP_LINK
from storage.errors import CodeTakenError, UnknownCodeError
from storage.promo_codes import PromoCodes, folded

LIST = "promos"
COMPARED = 500  # codes, when one is not known: the newest

PROMO = re.compile(
    rf"(?P<code>[A-Za-z0-9_-]{{{LEAST_CHARS},{MOST_CHARS}}})\s+(?P<tokens>\d{{1,9}})"
    r"(?:\s+(?P<uses>\d{1,9}))?(?:\s+(?P<until>\d{4}-\d{2}-\d{2}|\d{2}\.\d{2}\.\d{4}))?",
    re.ASCII,
)
ONE_WORD = re.compile(r"\S{1,100}")


def create_router() -> Router:
    """Each command is one change, once for each message. An admin uses a code as people do."""
    router = Router(name=__name__)
    router.message.register(make_code, Command("promo", magic=F.func(_is_for_admins)))
    router.message.register(show_codes, Command("promos"))
    router.message.register(switch_code, Command("promooff", "promoon"))
    return router


def lister(promo_codes: PromoCodes) -> Source:
    """The codes, for the pager."""

    async def list_codes(texts: Texts, limit: int, offset: int) -> Listing:
        total = await promo_codes.count()
        lines = [texts.promo_line(each) for each in await promo_codes.last(limit, offset)]
        return Listing(texts.promos_head(total), lines, total)

    return list_codes


def _is_for_admins(command: CommandObject) -> bool:
    return len(args_of(command).split()) != 1


async def make_code(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    bot: Bot,
    promo_codes: PromoCodes,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Make a code that gives so many tokens, so many times, until the end of a day."""
    match = PROMO.fullmatch(args_of(command))
    uses = int(match["uses"]) if match and match["uses"] else None
    if match is None or not 1 <= int(match["tokens"]) <= MAX_TOKENS or uses == 0:
        messenger.say(message.chat.id, texts.promo_admin_usage())
        return
    try:
        ends_at = _end_of(match["until"]) if match["until"] else None
    except ValueError:
        messenger.say(message.chat.id, texts.promo_admin_usage())
        return
    if ends_at is not None and ends_at <= message.date.timestamp():
        messenger.say(message.chat.id, texts.promo_day_over())
        return
    code, act = folded(match["code"]), by_message(message, event_from_user)
    try:
        await promo_codes.make(code, int(match["tokens"]), uses, ends_at, act)
        link = await create_start_link(bot, f"{DEEP_LINK}{code}")
    except CodeTakenError:
        link = ""
    promo = await promo_codes.get(code)
    assert promo is not None  # noqa: S101 - none is ever deleted
    answer = texts.promo_made(promo, link) if link else texts.promo_taken(promo)
    messenger.say(message.chat.id, answer)


def _end_of(day: str) -> float:
    """The midnight after a day, in UTC.

    Raises:
        ValueError: there is no such day.
    """
    form = "%Y-%m-%d" if "-" in day else "%d.%m.%Y"
    begin = datetime.strptime(day, form).replace(tzinfo=UTC)
    try:
        return (begin + timedelta(days=1)).timestamp()
    except OverflowError as error:
        raise ValueError(day) from error


async def show_codes(message: Message, pager: Pager, messenger: Messenger, texts: Texts) -> None:
    """All codes, with how often each was used."""
    text, keyboard = await pager.page(LIST, 1, texts)
    messenger.say(message.chat.id, text, keyboard=keyboard)


async def switch_code(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    promo_codes: PromoCodes,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Switch a code off, or on again."""
    given, on = args_of(command), command.command == "promoon"
    if not ONE_WORD.fullmatch(given):
        answer = texts.promo_switch_usage(command.command)
    else:
        act = by_message(message, event_from_user)
        try:
            answer = texts.promo_switched(await promo_codes.set_enabled(given, act, enabled=on))
        except UnknownCodeError:
            known = [each.code for each in await promo_codes.last(COMPARED)]
            nearest = get_close_matches(folded(given), known, NEAREST)
            answer = texts.no_such_promo(given, nearest)
    messenger.say(message.chat.id, answer)
