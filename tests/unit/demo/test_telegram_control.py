"""What can be done with the emulator over HTTP: people, switches, events, files."""

import asyncio
import base64
import json
from typing import Any

from tests.unit.demo.telegram_talk import BUTTON, Talk, keyboard, png

PICTURE = base64.b64encode(png()).decode()


async def act(talk: Talk, action: str, /, **body: Any) -> Any:
    async with talk.http.post(f"{talk.telegram.url}/_emu/{action}", json=body) as response:
        answer = await response.json()
        wrong = isinstance(answer, dict) and "error" in answer
        assert response.status == (400 if wrong else 200), answer
        return answer


async def test_people_write_send_press_and_block(talk: Talk) -> None:
    await act(talk, "add_person", user_id=2, first_name="Борис", language_code="ru")
    boris = {"user_id": 2}
    first = await act(talk, "send", **boris, text="/start")
    await act(talk, "send", **boris, text="x", reply_to=first, sent_at=1_700_000_000)
    await act(talk, "send_photo", **boris, data=PICTURE, caption="кот")
    await act(talk, "send_document", **boris, data=PICTURE, filename="a.png")
    await act(talk, "send_other", **boris, kind="sticker", fields={"emoji": "🐈"})
    assert len(await act(talk, "send_album", **boris, items=[[PICTURE, "x"]] * 2)) == 2
    await act(talk, "edit", **boris, message=first, text="/help")
    await act(talk, "delete", **boris, message=first)
    sent = await talk.done("sendMessage", chat_id=2, text="x", reply_markup=keyboard(BUTTON))
    press = {**boris, "message": sent["message_id"], "button": "more"}
    assert await act(talk, "press", **press) is None
    pressing = asyncio.create_task(act(talk, "press", **press, wait_s=5))
    await talk.telegram.wait_for(lambda: len(talk.telegram.callbacks) == 2)
    await talk.bot.answer_callback_query(talk.telegram.callbacks[1].query_id, "да")
    assert await pressing == {"text": "да", "alert": False}
    await act(talk, "block", **boris)
    await act(talk, "unblock", **boris)
    kinds = [update.kind for update in talk.telegram.pending_updates]
    others = ["edited_message", *["callback_query"] * 2, *["my_chat_member"] * 2]
    assert kinds == ["message"] * 7 + others
    assert "Борис" in await act(talk, "transcript", chat_id=2)


async def test_wrong_requests_change_nothing(talk: Talk) -> None:
    for action, body, words in (
        ("block", {"user_id": 1001, "colour": "red"}, "unexpected keyword"),
        ("send", {"user_id": 1001}, "missing"),
        ("send", {"user_id": 5, "text": "x"}, "KeyError"),
        ("set", {"colour": "red"}, "colour"),
        ("send_photo", {"user_id": 1001, "data": "!"}, "Error"),
        ("send_other", {"user_id": 1001, "kind": "smell"}, "smell"),
    ):
        assert words in (await act(talk, action, **body))["error"]
    assert not talk.anna.messages


async def test_faults_settings_clock_and_groups(talk: Talk) -> None:
    await act(talk, "fault", name="sendMessage", status=429, retry_after=2)
    words = await talk.refusal("sendMessage", chat_id=1001, text="x")
    assert words == "Too Many Requests: retry after 2"
    await act(talk, "set", privacy_mode=False, server_version="9.2", flood={"burst": 1})
    assert (talk.telegram.privacy_mode, talk.telegram.server_version) == (False, "9.2")
    await talk.say()
    assert (await talk.call("sendMessage", chat_id=1001, text="x"))["error_code"] == 429
    before = talk.telegram.clock()
    await act(talk, "move_clock", seconds=100)
    assert talk.telegram.clock() >= before + 100
    group = await act(talk, "add_group", chat_id=-5, title="Группа", members=[1001])
    assert group == {"id": -5, "type": "group", "title": "Группа"}


async def test_events_begin_with_a_snapshot(talk: Talk) -> None:
    talk.anna.send("раньше")
    async with talk.http.get(f"{talk.telegram.url}/_emu/events") as response:
        assert response.content_type == "text/event-stream"

        async def event() -> tuple[str, Any]:
            lines = [(await response.content.readline()).decode() for _ in range(3)]
            return lines[0].strip(), json.loads(lines[1].removeprefix("data: "))

        name, snapshot = await event()
        assert name == "event: snapshot"
        assert snapshot["chats"][0]["messages"][0]["text"] == "раньше"
        await talk.say("<b>теперь</b>", parse_mode="HTML")
        name, told = await event()
        assert (name, told["message"]["text"]) == ("event: message", "теперь")
    await talk.say()
    await talk.telegram.wait_for(lambda: not talk.telegram.listeners)


async def test_files_and_calls_are_shown(talk: Talk) -> None:
    sent = await talk.done("sendPhoto", photo=(png(), "a.png"), chat_id=1001)
    url = f"{talk.telegram.url}/_emu/files/{sent['photo'][-1]['file_id']}"
    async with talk.http.get(url) as response:
        assert response.content_type == "image/jpeg"
        assert response.headers["Content-Security-Policy"] == "sandbox"
    assert (await talk.get("/_emu/events", Origin="https://evil.example"))[0] == 403
    (call,) = await act(talk, "calls")
    assert (call["method"], call["files"]["photo"]["filename"]) == ("sendPhoto", "a.png")
    assert await act(talk, "calls", since=1) == []
