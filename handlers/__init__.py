"""aiogram routers, one file a subject, thin: parse, call, answer."""

from collections.abc import Mapping
from typing import Any

from aiogram import Dispatcher, F, Router
from aiogram.dispatcher.event.handler import FilterObject

from bot.admin.broadcast import Broadcaster
from bot.admin.kie_account import Account
from bot.cards.menu import Menu
from bot.media.removal import Remover
from bot.pipeline.fair_queue import Queue
from bot.pipeline.progress import Progress
from bot.pipeline.resend import Archive
from bot.pipeline.worker import Worker
from bot.settings import Settings
from bot.shop.albums import Albums
from bot.shop.orders import Orders
from bot.telegram.clock import IsLate
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.tools.background import Errands
from handlers import (
    admin,
    cancel,
    errors,
    groups,
    history,
    legal,
    other_buttons,
    presence,
    prompts,
    question,
    result_buttons,
    start,
)
from handlers import settings as settings_card
from handlers.ban import BanMiddleware
from handlers.debounce import Presses
from handlers.language import LanguageMiddleware
from handlers.names import NameMiddleware
from handlers.presence import PresenceMiddleware
from handlers.throttle import PaceMiddleware
from handlers.welcome import WelcomeMiddleware
from storage.broadcasts import Broadcasts
from storage.catalogue import Catalogue
from storage.forgetting import Forgetting
from storage.gallery import Gallery
from storage.inputs import Inputs
from storage.jobs import Jobs
from storage.journal import Journal
from storage.ledger import Ledger
from storage.maintenance import Flags
from storage.open_images import OpenImages
from storage.people import People
from storage.preferences import PreferenceStore
from storage.stats import Stats
from storage.users import Users


def create_dispatcher(
    *,
    settings: Settings,
    ledger: Ledger,
    catalogue: Catalogue,
    jobs: Jobs,
    users: Users,
    people: People,
    preferences: PreferenceStore,
    flags: Flags,
    menu: Menu,
    broadcasts: Broadcasts,
    broadcaster: Broadcaster,
    journal: Journal,
    stats: Stats,
    open_images: OpenImages,
    account: Account,
    errands: Errands,
    inputs: Inputs,
    orders: Orders,
    albums: Albums,
    gallery: Gallery,
    archive: Archive,
    forgetting: Forgetting,
    remover: Remover,
    queue: Queue,
    worker: Worker,
    progress: Progress,
    messenger: Messenger,
    texts: Mapping[str, Texts],
    is_late: IsLate,
) -> Dispatcher:
    """The routing table; what stands here reaches handlers by the name of their parameter."""
    dispatcher = Dispatcher(
        settings=settings,
        ledger=ledger,
        catalogue=catalogue,
        jobs=jobs,
        users=users,
        people=people,
        preferences=preferences,
        shelves=settings_card.Shelves(preferences, catalogue, ledger, settings, texts),
        flags=flags,
        menu=menu,
        broadcasts=broadcasts,
        broadcaster=broadcaster,
        stats=stats,
        open_images=open_images,
        account=account,
        errands=errands,
        pager=admin.create_pager(catalogue, broadcasts, journal),
        inputs=inputs,
        orders=orders,
        albums=albums,
        gallery=gallery,
        archive=archive,
        forgetting=forgetting,
        remover=remover,
        presses=Presses(),
        queue=queue,
        worker=worker,
        progress=progress,
        messenger=messenger,
        all_texts=texts,
        is_late=is_late,
    )
    dispatcher.update.outer_middleware(LanguageMiddleware(texts, preferences))
    dispatcher.update.outer_middleware(PresenceMiddleware(users, worker, jobs, progress, menu))
    dispatcher.update.outer_middleware(NameMiddleware(people))
    pace = PaceMiddleware(messenger, settings.user_messages_per_minute)
    # Inner, for messages: what the bot does not answer in a group is not counted there either.
    dispatcher.message.middleware(pace)
    dispatcher.callback_query.outer_middleware(pace)
    ban = BanMiddleware(people, messenger, settings.admin_ids)
    dispatcher.message.middleware(ban)
    dispatcher.callback_query.middleware(ban)
    welcome = WelcomeMiddleware(ledger, messenger, settings.admin_ids, settings.welcome_tokens)
    dispatcher.message.middleware(welcome)
    dispatcher.callback_query.middleware(welcome)
    commands = Router(name="commands")  # one look, and what is none gets past all of these
    commands.message.filter(F.text.startswith("/") | F.caption.startswith("/"))
    commands.include_routers(
        presence.create_router(),
        admin.create_router(settings.admin_ids),
        start.create_router(),
        cancel.create_router(),
        result_buttons.create_router(),
        history.create_router(),
        legal.create_router(),
        question.create_router(),
    )
    dispatcher.include_routers(
        commands,
        groups.create_router(),
        admin.broadcast.create_draft_router(settings.admin_ids),  # before prompts, as is the next
        settings_card.create_router(),  # before prompts: it takes words that it asked for
        prompts.create_router(),
        other_buttons.create_router(),  # last: they answer whatever nobody else wanted
    )
    dispatcher.errors.register(errors.answer_error)
    for router in dispatcher.chain_tail:
        for observer in router.observers.values():
            for handler in (observer._handler, *observer.handlers):  # noqa: SLF001 - .filter() puts its own there
                for each in handler.filters or ():
                    _keep_in_loop(each)
    return dispatcher


def _keep_in_loop(filter_: FilterObject) -> None:
    """aiogram hands each synchronous filter to a thread. Ours look at a field or two: a prompt went
    to a thread and back sixteen times for that."""
    if filter_.awaitable:
        return
    check = filter_.callback

    async def check_here(*args: Any, **kwargs: Any) -> Any:
        return check(*args, **kwargs)

    filter_.callback, filter_.awaitable = check_here, True
