"""aiogram routers, one file a subject, thin: parse, call, answer."""

from collections.abc import Mapping

from aiogram import Dispatcher

from bot.albums import Albums
from bot.delivery import Messenger
from bot.orders import Orders
from bot.settings import Settings
from bot.texts import Texts
from handlers import errors, generate, grant, person
from handlers.language import LanguageMiddleware
from storage.catalogue import Catalogue
from storage.inputs import Inputs
from storage.ledger import Ledger


def create_dispatcher(
    *,
    settings: Settings,
    ledger: Ledger,
    catalogue: Catalogue,
    inputs: Inputs,
    orders: Orders,
    albums: Albums,
    messenger: Messenger,
    texts: Mapping[str, Texts],
) -> Dispatcher:
    """The routing table; what stands here reaches handlers by the name of their parameter."""
    dispatcher = Dispatcher(
        settings=settings,
        ledger=ledger,
        catalogue=catalogue,
        inputs=inputs,
        orders=orders,
        albums=albums,
        messenger=messenger,
        all_texts=texts,
    )
    dispatcher.update.outer_middleware(LanguageMiddleware(texts))
    dispatcher.include_routers(
        person.create_router(),
        grant.create_router(settings.admin_ids),
        generate.create_router(),  # last: it answers whatever nobody else wanted
    )
    dispatcher.errors.register(errors.answer_error)
    return dispatcher
