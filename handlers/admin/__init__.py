"""The admins' commands, one file per subject. For everyone else they do not exist."""

from aiogram import F, Router

from bot.admin.broadcast import UNREACHED
from bot.cards.pager import Pager
from bot.settings import Settings
from handlers.admin import (
    added_models,
    audit,
    broadcast,
    jobs,
    kie,
    model_cards,
    models,
    packs,
    pages,
    panel,
    people,
    prices,
    promo_codes,
    refunds,
    service,
    stats,
    transfers,
)
from storage.store import Store


def create_router(admin_ids: frozenset[int]) -> Router:
    """Whoever is no admin gets past all of it, to what answers unknown commands and presses."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private", F.from_user.id.in_(admin_ids))
    router.callback_query.filter(F.from_user.id.in_(admin_ids))
    router.include_routers(
        broadcast.create_router(),  # first: whatever command follows, it ends its waiting
        models.create_router(),
        prices.create_router(),
        added_models.create_router(),
        people.create_router(),
        packs.create_router(),
        promo_codes.create_router(),
        refunds.create_router(),
        service.create_router(),
        stats.create_router(),
        transfers.create_router(),
        jobs.create_router(),
        kie.create_router(),
        audit.create_router(),
        panel.create_router(),
        model_cards.create_router(),
        pages.create_router(),
    )
    return router


def create_pager(store: Store, settings: Settings) -> Pager:
    """The admins' lists, by the name that their buttons carry."""
    return Pager(
        {
            models.LIST: models.lister(store.catalogue, store.stats, settings.token_price_usd),
            promo_codes.LIST: promo_codes.lister(store.promo_codes),
            audit.LIST: audit.lister(store.journal),
            UNREACHED: broadcast.unreached(store.broadcasts),
        }
    )
