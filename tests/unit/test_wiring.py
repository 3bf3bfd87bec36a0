"""Whether every handler is given what it asks for by name. Who may import what: pyproject.toml."""

import inspect
from collections.abc import Iterator
from pathlib import Path

from aiogram import Dispatcher, Router
from aiogram.dispatcher.event.handler import HandlerObject
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackQueryFilter
from pydantic import SecretStr

from bot.app import open_app
from bot.settings import Settings
from handlers.admin.refunds import answer_request

# aiogram's own: Dispatcher.feed_update, UserContextMiddleware and FSMContextMiddleware.
AIOGRAM_GIVES = {
    "bot",
    "bots",
    "dispatcher",
    "event_chat",
    "event_context",
    "event_from_user",
    "event_router",
    "event_thread_id",
    "event_update",
    "fsm_storage",
    "handler",
    "raw_state",
    "state",
}
MIDDLEWARE_GIVES = {"texts"}  # handlers/middlewares.py
UPDATES_GIVE = {"chance"}  # bot/telegram/updates.py


def routers(root: Router) -> Iterator[Router]:
    yield root
    for router in root.sub_routers:
        yield from routers(router)


async def test_every_handler_is_given_what_it_asks_for(tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None,
        bot_token=SecretStr("1:token"),
        kie_api_key=SecretStr("key"),
        data_dir=tmp_path,
    )
    async with open_app(settings) as app:
        dispatcher = app.dispatcher
    known = {*dispatcher.workflow_data, *AIOGRAM_GIVES, *MIDDLEWARE_GIVES, *UPDATES_GIVE}
    seen = set()
    not_given = {}
    for handler in handlers_of(dispatcher):
        asked = set(list(inspect.signature(handler.callback).parameters)[1:])  # without the event
        name = handler.callback.__name__
        seen.add(name)
        if unknown := asked - known - given_by_filters(handler):
            not_given[name] = unknown
    assert not_given == {}
    assert {"start", "grant_tokens", "answer_error"} <= seen


def handlers_of(dispatcher: Dispatcher) -> Iterator[HandlerObject]:
    """Ours; the dispatcher has one of aiogram's own."""
    for router in routers(dispatcher):
        for observer in router.observers.values():
            for handler in observer.handlers:
                if not handler.callback.__module__.startswith("aiogram."):
                    yield handler


def given_by_filters(handler: HandlerObject) -> set[str]:
    filters = [each.callback for each in handler.filters or []]
    names = {Command: "command", CallbackQueryFilter: "callback_data"}
    given = {names[type_] for type_ in names if any(isinstance(each, type_) for each in filters)}
    return given | ({"payment_id"} if handler.callback is answer_request else set())
