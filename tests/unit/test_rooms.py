"""Who may import what, and whether every handler is given what it asks for."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from aiogram import Dispatcher, Router
from aiogram.dispatcher.event.handler import HandlerObject
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackQueryFilter
from pydantic import SecretStr

from bot.app import open_app
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
ROOMS = ("order", "bot", "handlers", "providers", "storage", "main", "tests")
APP = "bot.app"
DEMO = "bot.demo"
DECLARED = ("providers.base", "providers.products")  # a room of their own: what there is to sell

MAY_IMPORT: dict[str, set[str]] = {
    "order": set(),
    "products": {"order"},
    "providers": {"order", "products"},
    "storage": {"order"},
    "bot": {"order", "products", "providers", "storage"},
    "handlers": {"order", "bot", "storage"},
    APP: {"order", "bot", "handlers", "products", "providers", "storage"},
    DEMO: {"products"},
    "main": {"bot", "handlers", "providers", "storage", APP, DEMO},
}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    for own in (APP, DEMO):
        if f"{module}.".startswith(f"{own}."):
            return own
    if f"{module}.".startswith(tuple(f"{each}." for each in DECLARED)):
        return "products"
    return module.partition(".")[0]


def modules() -> list[Path]:
    """All of ours but the tests."""
    folders = ("bot", "handlers", "providers", "storage")
    alone = (ROOT / "main.py", ROOT / "order.py")
    return [*alone, *(path for room in folders for path in (ROOT / room).rglob("*.py"))]


@cache
def imports(path: Path) -> list[str]:
    """The full name of everything a file imports, wherever in the file that stands."""
    return list(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    module = module_of(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")
                base = ".".join([*above[: len(above) - node.level + 1], *filter(None, [base])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def wrong_doors(path: Path) -> list[str]:
    own = room_of(module_of(path))
    return [
        name
        for name in imports(path)
        if (room := room_of(name)) in {*ROOMS, "products", APP, DEMO}
        and room != own
        and room not in MAY_IMPORT[own]
    ]


def test_the_reader_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    for name, source in {
        "storage/a.py": "import bot.queue, json\ndef f():\n    from handlers import x",
        "bot/b.py": "from bot import queue, demo\nfrom .demo.kie import K\nimport storage.jobs",
        "bot/demo/kie/c.py": "from ...queue import Queue\nfrom ..kie import d\nfrom . import e",
        "handlers/__init__.py": "from .person import x\nfrom providers.kie import Kie",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    assert {name: wrong_doors(tmp_path / name) for name in ("storage/a.py", "bot/b.py")} == {
        "storage/a.py": ["bot.queue", "handlers.x"],
        "bot/b.py": ["bot.demo", "bot.demo.kie.K"],
    }
    assert wrong_doors(tmp_path / "bot/demo/kie/c.py") == ["bot.queue.Queue"]
    assert wrong_doors(tmp_path / "handlers/__init__.py") == ["providers.kie.Kie"]


@pytest.mark.parametrize("path", modules(), ids=module_of)
def test_no_wrong_door(path: Path) -> None:
    assert wrong_doors(path) == []


def users_of(*packages: str) -> set[str]:
    """The modules that import any of these."""
    return {
        module_of(path)
        for path in modules()
        for name in imports(path)
        for package in packages
        if f"{name}.".startswith(f"{package}.")
    }


def test_requests_go_out_from_providers_only() -> None:
    clients = {
        module_of(path)
        for path in modules()
        for name in imports(path)
        # aiohttp.web is a server's half.
        if f"{name}.".startswith("aiohttp.") and not f"{name}.".startswith("aiohttp.web.")
    }
    clients.discard(
        "bot.telegram.messenger"
    )  # names the exception that tells that nothing was sent
    clients.discard("bot.telegram.files")  # names an exception that aiogram's download lets through
    clients.discard("bot.telegram.session")  # is told when an answer of aiogram's own session came
    assert {name for name in clients if room_of(name) not in {"providers", "main", DEMO}} == set()
    others = users_of("httpx", "requests", "urllib.request", "urllib3", "http.client", "socket")
    assert {name for name in others if room_of(name) not in {"providers", DEMO}} == {
        "storage.supabase"  # supabase-py takes the client that it shall use
    }


def test_sql_is_in_storage_only() -> None:
    users = users_of("sqlite3", "aiosqlite")
    assert {room_of(module) for module in users} == {"storage"}


def test_aiogram_is_where_telegram_is_spoken_to() -> None:
    users = users_of("aiogram")
    allowed = {
        "bot.telegram.messenger",
        "bot.telegram.buttons",
        "bot.telegram.files",
        "bot.telegram.lanes",
        "bot.telegram.markup",
        "bot.cards.menu",
        "bot.telegram.aiogram_patches",
        "bot.telegram.session",
        "bot.telegram.updates",
        "bot.admin.doctor",
        "bot.app",
    }
    assert {name for name in users if room_of(name) != "handlers"} <= allowed


# --- Handlers

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
MIDDLEWARE_GIVES = {"texts"}  # handlers/language.py


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
    known = {*dispatcher.workflow_data, *AIOGRAM_GIVES, *MIDDLEWARE_GIVES}
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
    return {names[type_] for type_ in names if any(isinstance(each, type_) for each in filters)}
