"""aiogram's models build themselves when they are used, and as well as at once."""

import subprocess
import sys
from pathlib import Path

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


def test_every_type_is_built_when_it_is_used() -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
