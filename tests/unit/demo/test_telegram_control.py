"""The control interface over HTTP, in process and as a program of its own."""

import asyncio
import base64
import json
from typing import Any

from tests.unit.demo.test_telegram_basics import Talk, png, talking


async def act(talk: Talk, action: str, **body: Any) -> Any:
    async with talk.http.post(f"{talk.telegram.url}/_emu/{action}", json=body) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def refused(talk: Talk, action: str, **body: Any) -> str:
    async with talk.http.post(f"{talk.telegram.url}/_emu/{action}", json=body) as response:
        assert response.status == 400
        return str((await response.json())["error"])


async def test_people_write_send_press_and_block() -> None:
    async with talking() as talk:
        await act(talk, "add_person", user_id=2, first_name="Борис", language_code="ru")
        boris = {"user_id": 2}
        picture = base64.b64encode(png()).decode()
        first = await act(talk, "send", **boris, text="/start")
        await act(talk, "send", **boris, text="x", reply_to=first, sent_at=1_700_000_000)
        await act(talk, "send_photo", **boris, data=picture, caption="кот")
        await act(talk, "send_document", **boris, data=picture, filename="a.png")
        await act(talk, "send_other", **boris, kind="sticker", fields={"emoji": "🐈"})
        assert len(await act(talk, "send_album", **boris, items=[[picture, "x"]] * 2)) == 2
        await act(talk, "edit", **boris, message=first, text="/help")
        await act(talk, "delete", **boris, message=first)
        buttons = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
        await talk.call("sendMessage", chat_id=2, text="x", reply_markup=buttons)
        press = {**boris, "message": talk.telegram.chat(2).messages[-1].message_id, "button": "a"}
        assert await act(talk, "press", **press) is None
        pressing = asyncio.create_task(act(talk, "press", **press, wait_s=5))
        await talk.telegram.wait_for(lambda: len(talk.telegram.callbacks) == 2)
        query = talk.telegram.callbacks[1]
        await talk.bot.answer_callback_query(query.query_id, "да")
        assert await pressing == {"text": "да", "alert": False}
        await act(talk, "block", **boris)
        await act(talk, "unblock", **boris)
        kinds = [update.kind for update in talk.telegram.pending_updates]
        assert kinds == [
            *["message"] * 7,
            "edited_message",
            *["callback_query"] * 2,
            *["my_chat_member"] * 2,
        ]
        assert "Борис" in await act(talk, "transcript", chat_id=2)


async def test_wrong_requests_change_nothing() -> None:
    async with talking() as talk:
        anna: dict[str, Any] = {"user_id": 1001}
        assert "unexpected keyword" in await refused(talk, "block", **anna, colour="red")
        assert "missing" in await refused(talk, "send", **anna)
        assert "KeyError" in await refused(talk, "send", user_id=5, text="x")
        assert "colour" in await refused(talk, "set", colour="red")
        assert "Error" in await refused(talk, "send_photo", **anna, data="!")
        assert "smell" in await refused(talk, "send_other", **anna, kind="smell")
        assert not talk.anna.messages


async def test_faults_settings_clock_and_groups() -> None:
    async with talking() as talk:
        await act(talk, "fault", name="sendMessage", status=429, retry_after=2)
        body = await talk.call("sendMessage", chat_id=1001, text="x")
        assert body["description"] == "Too Many Requests: retry after 2"
        await act(talk, "set", privacy_mode=False, server_version="9.2", flood={"burst": 1})
        assert (talk.telegram.privacy_mode, talk.telegram.server_version) == (False, "9.2")
        await talk.say()
        assert (await talk.call("sendMessage", chat_id=1001, text="x"))["error_code"] == 429
        before = talk.telegram.clock()
        await act(talk, "move_clock", seconds=100)
        assert talk.telegram.clock() >= before + 100
        group = await act(talk, "add_group", chat_id=-5, title="Группа", members=[1001])
        assert group == {"id": -5, "type": "group", "title": "Группа"}
        await act(talk, "deactivate", user_id=1001)
        assert talk.anna.chat.deactivated


async def test_events_begin_with_a_snapshot() -> None:
    async with talking() as talk:
        talk.anna.send("раньше")
        async with talk.http.get(f"{talk.telegram.url}/_emu/events") as response:
            assert response.content_type == "text/event-stream"

            async def event() -> tuple[str, Any]:
                name = (await response.content.readline()).decode().removeprefix("event: ").strip()
                data = (await response.content.readline()).decode().removeprefix("data: ")
                await response.content.readline()
                return name, json.loads(data)

            name, snapshot = await event()
            assert name == "snapshot"
            assert snapshot["chats"][0]["messages"][0]["text"] == "раньше"
            await talk.say("<b>теперь</b>", parse_mode="HTML")
            name, told = await event()
            assert (name, told["message"]["text"]) == ("message", "теперь")
            name, told = await event()
            assert (name, told["method"], told["ok"]) == ("call", "sendMessage", True)
            await talk.upload("sendPhoto", "photo", png(), "a.png", chat_id=1001)
            assert (await event())[0] == "message"
            assert "a.png" in (await event())[1]["params"]["photo"]
        await talk.say()
        await talk.telegram.wait_for(lambda: not talk.telegram.listeners)


async def test_files_are_shown() -> None:
    async with talking() as talk:
        body = await talk.upload("sendPhoto", "photo", png(), "a.png", chat_id=1001)
        file_id = body["result"]["photo"][-1]["file_id"]
        async with talk.http.get(f"{talk.telegram.url}/_emu/files/{file_id}") as response:
            assert response.content_type == "image/jpeg"
            assert response.headers["Content-Security-Policy"] == "sandbox"
        (call,) = await act(talk, "calls")
        assert (call["ok"], call["params"]["photo"]) == (True, f"<a.png, {len(png())} bytes>")
        assert await act(talk, "calls", since=1) == []
