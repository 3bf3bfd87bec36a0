"""Patches of aiogram: types that are built on first use, and filters that run in the loop.

Both are bets on private insides, and on those of `KNOWN` versions only: of any other aiogram is
left as it is, which is slower and no less right.

`aiogram.types` ends with a loop that builds the validators of all its 400 models at once, of which
a bot needs a few dozen. Import this module before aiogram: it lets the loop note the namespace in
which the models' forward references are found, and every model builds itself with it on its first
use (pydantic's deferred building, which aiogram has switched on). Measured with aiogram 3.31 and
pydantic 2.13 on one core: importing aiogram takes 1.1 s of CPU instead of 6.
"""

from __future__ import annotations

import logging
import sys
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from aiogram import Dispatcher
    from aiogram.dispatcher.event.handler import FilterObject

KNOWN = {"aiogram": "3.31.0", "pydantic": "2.13.5"}  # whose insides were looked at
logger = logging.getLogger(__name__)


@cache
def _installed(name: str) -> str:
    return version(name)  # which reads all that is said of the package


def _unknown() -> list[str]:
    """What is installed in another version."""
    installed = {name: _installed(name) for name in KNOWN}
    return [f"{name} {found}" for name, found in installed.items() if found != KNOWN[name]]


def _import_aiogram() -> None:
    if "aiogram" in sys.modules or _unknown():  # built already, or nobody knows how
        return
    original = BaseModel.__dict__["model_rebuild"]
    namespace: dict[str, Any] = {}

    def note(cls: type[BaseModel], **options: Any) -> bool | None:
        given = options.get("_types_namespace")
        if given is None:
            return original.__func__(cls, **options)  # type: ignore[no-any-return]
        if not namespace:
            namespace.update(given)
        return None

    def build(
        cls: type[BaseModel],
        *,
        force: bool = False,
        raise_errors: bool = True,
        _parent_namespace_depth: int = 2,
        _types_namespace: Any = None,
    ) -> bool | None:
        return original.__func__(  # type: ignore[no-any-return]
            cls,
            force=force,
            raise_errors=raise_errors,
            _parent_namespace_depth=_parent_namespace_depth + 1,
            _types_namespace=_types_namespace or namespace or None,
        )

    BaseModel.model_rebuild = classmethod(note)  # type: ignore[assignment, method-assign, arg-type]
    try:
        import aiogram.types  # noqa: F401 - this is the import that is made quick
        from aiogram.client.context_controller import BotContextController
        from aiogram.methods import Response
    finally:
        BaseModel.model_rebuild = original  # type: ignore[method-assign]
    # The base of types and methods alike, and the envelope that answers come in.
    for base in (BotContextController, Response):
        base.model_rebuild = classmethod(build)  # type: ignore[assignment, method-assign]
    # pydantic holds Response[Message] weakly: each time the garbage collector has passed, the next
    # answer of Telegram's would hold up the loop for 0.15 s while it is built anew.
    envelope: Any = cache(Response.__class_getitem__.__func__)  # type: ignore[attr-defined]
    Response.__class_getitem__ = classmethod(envelope)  # type: ignore[assignment, method-assign]


_import_aiogram()


def usual_types() -> list[type[BaseModel]]:
    """What nearly every conversation needs: 0.75 s to build, better done before somebody waits."""
    from aiogram.methods import EditMessageText, Response, SendDocument, SendMessage, SendPhoto
    from aiogram.types import Message, Update

    answers: list[Any] = [Response[Message], Response[Message | bool]]  # to sendings, to edits
    return [Update, *answers, SendMessage, EditMessageText, SendPhoto, SendDocument]


def keep_filters_in_loop(dispatcher: Dispatcher) -> None:
    """aiogram hands each synchronous filter to a thread. Ours look at a field or two: a prompt went
    to a thread and back sixteen times for that."""
    if unknown := _unknown():
        names = " and ".join(unknown)
        logger.warning("%s is not what %s knows: aiogram stays slow", names, __name__)
        return
    for router in dispatcher.chain_tail:
        for observer in router.observers.values():
            for handler in (observer._handler, *observer.handlers):  # noqa: SLF001 - .filter() puts its own there
                for each in handler.filters or ():
                    _keep_in_loop(each)


def _keep_in_loop(filter_: FilterObject) -> None:
    if filter_.awaitable:
        return
    check = filter_.callback

    async def check_here(*args: Any, **kwargs: Any) -> Any:
        return check(*args, **kwargs)

    filter_.callback, filter_.awaitable = check_here, True
