"""aiogram routers, one file per subject, thin: parse, call, answer."""

from collections.abc import Mapping
from typing import Any

from aiogram import Dispatcher, F, Router

from bot.settings import Settings
from bot.telegram.aiogram_patches import keep_filters_in_loop
from handlers import (
    admin,
    buying,
    cancel,
    errors,
    groups,
    history,
    legal,
    money_back,
    other_buttons,
    payments,
    presence,
    promos,
    prompts,
    question,
    result_buttons,
    start,
    transfers,
)
from handlers import settings as settings_card
from handlers.middlewares import Debounce, add_middlewares
from storage.store import Store


def create_dispatcher(store: Store, parts: Mapping[str, Any]) -> Dispatcher:
    """The routing table. What is kept, and `parts`, reach handlers by the name of a parameter."""
    settings: Settings = parts["settings"]
    dispatcher = Dispatcher(
        shelves=settings_card.Shelves(
            store.preferences,
            store.catalogue,
            store.ledger,
            settings,
            parts["all_texts"],
            parts["durations"],
        ),
        pager=admin.create_pager(store, settings),
        debounce=Debounce(),
        **store.parts,
        **parts,
    )
    add_middlewares(dispatcher, settings)
    dispatcher.include_routers(*create_routers(settings.admin_ids))
    dispatcher.errors.register(errors.answer_error)
    keep_filters_in_loop(dispatcher)
    return dispatcher


def create_routers(admin_ids: frozenset[int]) -> tuple[Router, ...]:
    """All handlers, in the order in which they are asked."""
    commands = Router(name="commands")  # one look, and what is none gets past all of these
    commands.message.filter(F.text.startswith("/") | F.caption.startswith("/"))
    commands.include_routers(
        presence.create_router(),
        admin.create_router(admin_ids),
        buying.create_router(),  # before /start, which takes all other links
        start.create_router(),
        promos.create_router(),
        cancel.create_router(),
        transfers.create_router(),
        result_buttons.create_router(),
        history.create_router(),
        legal.create_router(),
        question.create_router(),
    )
    return (
        payments.create_router(),
        money_back.create_router(),
        commands,
        groups.create_router(),
        admin.refunds.create_answer_router(admin_ids),  # before prompts, as the next
        admin.broadcast.create_draft_router(admin_ids),  # before prompts, as is the next
        transfers.create_receipt_router(),
        settings_card.create_router(),  # before prompts: it takes words that it asked for
        prompts.create_router(),
        other_buttons.create_router(),  # last: they answer whatever nobody else wanted
    )
