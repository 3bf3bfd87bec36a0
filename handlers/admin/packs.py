"""Packs of tokens: /packs, /pack, /packon, /packoff, and the same by buttons in /admin."""

import re

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message, User

from bot.cards.admin_packs import AdminPackButton, pack_card, pack_list
from bot.telegram.buttons import Keyboard
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.admin_packs import MAX_STARS, MAX_TOKENS
from handlers.admin.acts import by_message, by_press
from handlers.admin.models import args_of
from storage.catalogue import Catalogue
from storage.errors import PackUnavailableError
from storage.journal import Act
from storage.packs import Pack, Packs

# A slug stands in buttons, beside other things.
PACK = re.compile(
    r"([a-z0-9_-]{1,24})\s+(\d{1,9})\s+(\d{1,9})(?:\s+(\d{1,9}))?", re.ASCII | re.IGNORECASE
)
SLUG = re.compile(r"\S{1,100}")


def create_router() -> Router:
    """Each command, and each press that changes something, is one change."""
    router = Router(name=__name__)
    router.message.register(show_packs, Command("packs"))
    router.message.register(set_pack, Command("pack"))
    router.message.register(switch_pack, Command("packon", "packoff"))
    router.callback_query.register(press, AdminPackButton.filter())
    return router


async def packs_page(packs: Packs, catalogue: Catalogue, texts: Texts) -> tuple[str, Keyboard]:
    """All packs, with a button for each."""
    return pack_list(texts, await packs.all(), await _picture(catalogue))


async def show_packs(
    message: Message, packs: Packs, catalogue: Catalogue, messenger: Messenger, texts: Texts
) -> None:
    """What is sold, and what is not."""
    text, keyboard = await packs_page(packs, catalogue, texts)
    messenger.say(message.chat.id, text, keyboard=keyboard)


async def set_pack(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    packs: Packs,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Set what a pack holds and costs, or add one."""
    match = PACK.fullmatch(args_of(command))
    stars, tokens, bonus = (int(match[at] or 0) for at in (2, 3, 4)) if match else (0, 0, 0)
    fits = 1 <= stars <= MAX_STARS and 1 <= tokens <= MAX_TOKENS and bonus <= MAX_TOKENS
    if match is None or not fits:
        answer = texts.pack_usage()
    else:
        slug, act = match[1].lower(), by_message(message, event_from_user)
        answer = await _set(packs, texts, slug, (stars, tokens, bonus), act)
    messenger.say(message.chat.id, answer)


async def switch_pack(
    message: Message,
    command: CommandObject,
    event_from_user: User,
    packs: Packs,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Put a pack on sale, or take it off."""
    slug, on = args_of(command), command.command == "packon"
    if not SLUG.fullmatch(slug):
        answer = texts.pack_switch_usage(command.command)
    else:
        try:
            act = by_message(message, event_from_user)
            answer = await _switch(packs, texts, slug.lower(), act, on=on)
        except PackUnavailableError:
            answer = texts.no_such_pack(slug, await packs.all())
    messenger.say(message.chat.id, answer)


async def press(
    query: CallbackQuery,
    callback_data: AdminPackButton,
    packs: Packs,
    catalogue: Catalogue,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Show what the button opens, or what holds after it was pressed; anything unknown leads back
    to the list."""
    pack = await packs.get(callback_data.slug) if callback_data.slug else None
    note = ""
    text: str
    keyboard: Keyboard
    if pack is None:
        text, keyboard = await packs_page(packs, catalogue, texts)
    else:
        note = await _change(packs, texts, pack, callback_data, by_press(query))
        pack = await packs.get(pack.slug) or pack
        text, keyboard = pack_card(texts, pack, await _picture(catalogue))
    messenger.answer_press(query.id)
    if isinstance(query.message, Message):
        text = f"{note}\n\n{text}" if note else text
        messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)


async def _change(packs: Packs, texts: Texts, pack: Pack, said: AdminPackButton, act: Act) -> str:
    """Do what a button says, unless it is so already, or the card showed something else; what is
    said of it."""
    if said.verb in {"on", "off"} and pack.enabled is not (said.verb == "on"):
        return await _switch(packs, texts, pack.slug, act, on=said.verb == "on")
    if said.verb != "set" or said.to is None or said.to == pack.stars:
        return ""
    if said.seen != pack.stars or not 1 <= said.to <= MAX_STARS:
        return texts.price_is_another()
    return await _set(packs, texts, pack.slug, (said.to, pack.tokens, pack.bonus), act)


async def _set(packs: Packs, texts: Texts, slug: str, to: tuple[int, int, int], act: Act) -> str:
    entry = await packs.set(slug, *to, act)
    pack = await packs.get(slug)
    assert pack is not None  # noqa: S101 - none is ever deleted
    return texts.pack_set(entry, pack)


async def _switch(packs: Packs, texts: Texts, slug: str, act: Act, *, on: bool) -> str:
    entry = await packs.set_enabled(slug, act, enabled=on)
    return texts.pack_switched(entry, none_left=not await packs.on_sale())


async def _picture(catalogue: Catalogue) -> int | None:
    """What one costs of the model that stands first; None where that makes videos."""
    first = await catalogue.first()
    return first.price if first is not None and not first.product.is_film else None
