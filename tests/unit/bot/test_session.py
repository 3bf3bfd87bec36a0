"""What is made of Telegram's answers: `ok: true` means sent, whatever else is in them."""

import json
from typing import Any

import bot.telegram.aiogram_patches  # noqa: F401 - before aiogram

# isort: split
import pytest
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramServerError,
)
from aiogram.methods import (
    CopyMessage,
    EditMessageText,
    GetMe,
    SendDocument,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)

from bot.telegram.session import Session

SENDING: tuple[TelegramMethod[Any], ...] = (
    SendMessage(chat_id=5, text="x"),
    SendPhoto(chat_id=5, photo="x"),
    SendDocument(chat_id=5, document="x"),
    CopyMessage(chat_id=5, from_chat_id=6, message_id=7),
    EditMessageText(chat_id=5, message_id=7, text="x"),
)


def answer(method: TelegramMethod[Any], content: str, status: int = 200) -> Any:
    return Session().check_response(Bot("1:token"), method, status, content).result


@pytest.mark.parametrize("method", SENDING, ids=lambda method: type(method).__name__)
@pytest.mark.parametrize("result", [None, [], "sent", {}, {"message_id": "a", "chat": 5}])
@pytest.mark.parametrize("status", [200, 502])
async def test_ok_means_sent(method: TelegramMethod[Any], result: object, status: int) -> None:
    for body in ({"ok": True, "result": result}, {"ok": True}, {"ok": True, "parameters": 7}):
        sent = answer(method, json.dumps(body), status)
        assert (sent.message_id, sent.chat.id, sent.photo, sent.document) == (0, 5, None, None)


async def test_a_file_that_is_too_large_is_told_as_one_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its error is one of the network by class, which are told where nothing was answered."""

    told: list[tuple[str, int | None, float]] = []
    session = Session(answered=lambda *each: told.append(each))

    async def refuse(bot: Bot, method: TelegramMethod[Any], **_: Any) -> Any:
        refusal = '{"ok":false,"error_code":413,"description":"Request Entity Too Large"}'
        return session.check_response(bot, method, 413, refusal).result

    monkeypatch.setattr(session, "make_request", refuse)
    with pytest.raises(TelegramEntityTooLarge):
        await session(Bot("1:token"), SENDING[2])
    assert told == [("sendDocument", 413, 0.0)]


async def test_what_can_be_read_of_an_answer_is_taken() -> None:
    sizes = [{"file_id": "small"}, {"file_id": "large"}]
    result = {"message_id": 9, "chat": {"id": 8}, "photo": sizes}
    sent = answer(SENDING[1], json.dumps({"ok": True, "result": result}))
    assert (sent.message_id, sent.chat.id, sent.photo[-1].file_id) == (9, 8, "large")
    result = {"message_id": 9, "chat": {"id": 8}, "document": {"file_id": "file"}}
    sent = answer(SENDING[2], json.dumps({"ok": True, "result": result}))
    assert (sent.photo, sent.document.file_id) == (None, "file")
    odd = {"message_id": True, "chat": {"id": "8"}, "photo": [{"file_id": 7}, "x"], "document": []}
    sent = answer(SENDING[1], json.dumps({"ok": True, "result": odd}))
    assert (sent.message_id, sent.chat.id, sent.photo, sent.document) == (0, 5, None, None)


async def test_what_is_asked_for_has_to_be_in_the_answer() -> None:
    with pytest.raises(ClientDecodeError):
        answer(GetMe(), '{"ok": true, "result": {}}')


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (200, "<html>", ClientDecodeError),
        (200, '{"result": {}}', ClientDecodeError),
        (502, "<html>", ClientDecodeError),
        (413, "<html>", TelegramEntityTooLarge),
        (403, "<html>", TelegramAPIError),
        (400, '{"ok": false}', TelegramBadRequest),
        (502, '{"ok": false}', TelegramServerError),
        (400, '{"ok": false, "description": 7}', TelegramBadRequest),
    ],
)
async def test_refusals_and_pages_of_gateways(
    status: int, content: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        answer(SENDING[0], content, status)
    assert caught.value.__cause__ is not caught.value
    assert isinstance(getattr(caught.value, "message", None), str)
