"""aiogram routers, one file a subject, thin: parse, call, answer."""

from collections.abc import Mapping

from aiogram import Dispatcher

from bot.albums import Albums
from bot.delivery import Messenger
from bot.orders import Orders
from bot.progress import Progress
from bot.queue import Queue
from bot.settings import Settings
from bot.texts import Texts
from bot.worker import Worker
from handlers import buttons, cancel, errors, generate, grant, person, presence
from handlers.language import LanguageMiddleware
from handlers.pace import PaceMiddleware
from handlers.presence import PresenceMiddleware
from storage.catalogue import Catalogue
from storage.inputs import Inputs
from storage.jobs import Jobs
from storage.ledger import Ledger
from storage.users import Users


def create_dispatcher(
    *,
    settings: Settings,
    ledger: Ledger,
    catalogue: Catalogue,
    jobs: Jobs,
    users: Users,
    inputs: Inputs,
    orders: Orders,
    albums: Albums,
    queue: Queue,
    worker: Worker,
    progress: Progress,
    messenger: Messenger,
    texts: Mapping[str, Texts],
) -> Dispatcher:
    """The routing table; what stands here reaches handlers by the name of their parameter."""
    dispatcher = Dispatcher(
        settings=settings,
        ledger=ledger,
        catalogue=catalogue,
        jobs=jobs,
        users=users,
        inputs=inputs,
        orders=orders,
        albums=albums,
        queue=queue,
        worker=worker,
        progress=progress,
        messenger=messenger,
        all_texts=texts,
    )
    dispatcher.update.outer_middleware(LanguageMiddleware(texts))
    dispatcher.update.outer_middleware(PresenceMiddleware(users, worker))
    pace = PaceMiddleware(messenger, settings.user_messages_per_minute)
    dispatcher.message.outer_middleware(pace)
    dispatcher.callback_query.outer_middleware(pace)
    dispatcher.include_routers(
        presence.create_router(),
        person.create_router(),
        cancel.create_router(),
        grant.create_router(settings.admin_ids),
        generate.create_router(settings.stale_prompt_minutes * 60),
        buttons.create_router(),  # last: they answer whatever nobody else wanted
    )
    dispatcher.errors.register(errors.answer_error)
    return dispatcher
