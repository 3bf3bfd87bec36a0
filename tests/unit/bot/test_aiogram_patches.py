"""aiogram's models build themselves when they are used, and as well as at once; filters run in the
loop; of versions that nobody looked at aiogram is left as it is."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot, Dispatcher, F, Router
from aiogram.types import Message, Update

from bot.telegram import aiogram_patches
from bot.telegram.aiogram_patches import KNOWN, keep_filters_in_loop

ROOT = Path(__file__).parents[3]
# In a process of its own: here aiogram is imported already.
PROGRAM = """
import gc, weakref
import bot.telegram.aiogram_patches
from aiogram import methods, types
built = [n for n in types.__all__ if getattr(getattr(types, n), "__pydantic_complete__", False)]
models = [n for n in types.__all__ if hasattr(getattr(types, n), "model_rebuild")]
assert len(models) > 300, len(models)
assert len(built) < 50, built
update = types.Update.model_validate({"update_id": 1, "message": {"message_id": 2, "date": 3,
    "chat": {"id": 4, "type": "private"}, "from": {"id": 4, "is_bot": False, "first_name": "A"},
    "text": "x", "photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]}})
assert update.message.photo[0].file_id == "f"
answer = {"ok": True, "result": {"message_id": 2, "date": 3, "chat": {"id": 4, "type": "private"}}}
assert methods.Response[types.Message].model_validate(answer).result.chat.id == 4
kept = weakref.ref(methods.Response[types.Message])
gc.collect()
assert kept() is methods.Response[types.Message]
assert methods.SendMessage(chat_id=1, text="x").model_dump()["text"] == "x"
for room in (types, methods):
    for name in room.__all__:
        model = getattr(room, name)
        if hasattr(model, "model_rebuild"):
            model.model_rebuild()
            assert model.__pydantic_complete__, name
"""
UNKNOWN = """
import importlib.metadata, sys
from pydantic import BaseModel
rebuild = BaseModel.__dict__["model_rebuild"]
importlib.metadata.version = lambda name: "99.0"
import bot.telegram.aiogram_patches
assert "aiogram" not in sys.modules
assert BaseModel.__dict__["model_rebuild"] is rebuild
"""
UPDATE = {
    "update_id": 1,
    "message": {"message_id": 2, "date": 3, "chat": {"id": 4, "type": "private"}, "text": "x"},
}


def run(program: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_what_is_installed_is_what_is_known() -> None:
    """Whoever raises a version looks at the insides first, and runs the other tests here."""
    assert {name: version(name) for name in KNOWN} == KNOWN


def test_every_type_is_built_when_it_is_used() -> None:
    run(PROGRAM)


def test_the_types_of_an_unknown_version_are_left_alone() -> None:
    run(UNKNOWN)


@pytest.mark.parametrize(("aiogram", "threads"), [(KNOWN["aiogram"], 0), ("99.0", 3)])
async def test_filters_run_in_the_loop_and_of_an_unknown_version_in_threads(
    aiogram: str, threads: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(aiogram_patches, "_installed", {**KNOWN, "aiogram": aiogram}.get)
    seen = []
    to_thread = asyncio.to_thread

    async def count(call: Callable[..., Any]) -> Any:
        seen.append(call)
        return await to_thread(call)

    async def answer(message: Message) -> str:
        return f"heard {message.text}"

    router, dispatcher = Router(), Dispatcher()
    router.message.filter(F.chat.type == "private")
    router.message.register(answer, F.text, lambda message: message.text == "x")
    dispatcher.include_router(router)
    keep_filters_in_loop(dispatcher)
    monkeypatch.setattr(asyncio, "to_thread", count)
    update = Update.model_validate(UPDATE)
    assert await dispatcher.feed_update(Bot("1:token"), update) == "heard x"
    assert len(seen) == threads
    assert ("aiogram 99.0 is not what" in caplog.text) is (threads > 0)
