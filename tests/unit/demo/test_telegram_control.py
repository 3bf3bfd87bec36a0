"""The control interface over HTTP, in process and as a program of its own."""

import asyncio
import base64
import json
import os
import signal
import sys
from typing import Any

import aiohttp

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
        picture = base64.b64encode(png()).decode()
        first = (await act(talk, "send", user_id=2, text="/start"))["message_id"]
        await act(talk, "send", user_id=2, text="x", reply_to=first, sent_at=1_700_000_000)
        await act(talk, "send_photo", user_id=2, data=picture, caption="кот")
        await act(talk, "send_document", user_id=2, data=picture, filename="a.png")
        sent = await act(talk, "send_album", user_id=2, items=[{"data": picture}] * 2)
        assert len(sent["message_ids"]) == 2
        await act(talk, "edit", user_id=2, message_id=first, text="/help")
        await act(talk, "delete", user_id=2, message_id=first)
        buttons = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
        await talk.call("sendMessage", chat_id=2, text="x", reply_markup=buttons)
        shown = await act(talk, "wait_message", chat_id=2, contains="x", timeout_s=1)
        pressing = asyncio.create_task(
            act(
                talk,
                "press",
                user_id=2,
                message_id=shown["message_id"],
                button="a",
                wait_s=5,
            )
        )
        await talk.telegram.wait_for(lambda: talk.telegram.callbacks)
        query = talk.telegram.callbacks[0]
        await talk.bot.answer_callback_query(query.query_id, "да")
        assert (await pressing)["answer"] == {"text": "да", "alert": False}
        await act(talk, "forge", user_id=2, message_id=shown["message_id"], data="z")
        await act(talk, "block", user_id=2)
        await act(talk, "unblock", user_id=2)
        kinds = [update.kind for update in talk.telegram.pending_updates]
        assert kinds == [
            *["message"] * 6,
            "edited_message",
            *["callback_query"] * 2,
            *["my_chat_member"] * 2,
        ]
        async with talk.http.get(
            f"{talk.telegram.url}/_emu/transcript", params={"chat_id": "2"}
        ) as response:
            assert "Борис" in await response.text()


async def test_wrong_requests_change_nothing() -> None:
    async with talking() as talk:
        assert "unexpected keyword argument" in await refused(
            talk, "send", user_id=1001, text="x", colour="red"
        )
        assert "missing" in await refused(talk, "send", user_id=1001)
        assert "KeyError" in await refused(talk, "send", user_id=5, text="x")
        assert "no such action" in await refused(talk, "dance")
        assert "no such settings" in await refused(talk, "settings", colour="red")
        assert "Error" in await refused(talk, "send_photo", user_id=1001, data="!")
        assert "did not happen" in await refused(talk, "wait_message", chat_id=1001, timeout_s=0.01)
        assert not talk.anna.messages


async def test_faults_settings_clock_and_reset() -> None:
    async with talking() as talk:
        await act(talk, "fail", method="sendMessage", status=429, retry_after=2)
        assert (await talk.call("sendMessage", chat_id=1001, text="x"))["error_code"] == 429
        call = await act(talk, "wait_call", method="sendMessage")
        assert call["error"] == "Too Many Requests: retry after 2"
        await act(talk, "fail", method="sendMessage", hang=True)
        await act(talk, "clear_faults")
        await act(
            talk,
            "settings",
            strict=False,
            privacy_mode=False,
            server_version="9.2",
            webhook_url="https://example.com",
            flood={"per_chat_per_s": 1, "burst": 1},
        )
        assert not talk.telegram.strict
        assert talk.telegram.server_version == "9.2"
        assert talk.telegram.webhook_url == "https://example.com"
        assert talk.telegram.flood is not None
        before = talk.telegram.clock()
        await act(talk, "move_clock", seconds=100)
        assert talk.telegram.clock() >= before + 100
        await act(talk, "send", user_id=1001, text="x")
        update_id = talk.telegram.pending_updates[0].update_id
        await act(talk, "repeat_next_update")
        await act(talk, "resend", update_id=update_id)
        await act(talk, "add_unknown_fields", fields={"a": 1})
        await act(talk, "add_group", chat_id=-5, title="Группа", members=[1001])
        await act(talk, "restrict_group", chat_id=-5, forbidden=["photos"])
        assert talk.telegram.chat(-5).forbidden == {"photos"}
        await act(talk, "upgrade_group", chat_id=-5, new_chat_id=-1000000000005)
        await act(talk, "remove_bot", chat_id=-1000000000005)
        await act(talk, "deactivate", user_id=1001)
        await act(talk, "reset")
        assert not talk.telegram.pending_updates
        assert talk.telegram.strict
        async with talk.http.get(f"{talk.telegram.url}/_emu/state") as response:
            state = await response.json()
        assert (state["users"], state["chats"], state["calls"]) == ([], [], 0)
        await act(talk, "add_person", user_id=1001, first_name="Анна")
        assert (await act(talk, "send", user_id=1001, text="x"))["message_id"] > 1
        assert talk.telegram.pending_updates[0].update_id > update_id


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
            assert (name, told["message"]["html"]) == ("message", "<b>теперь</b>")
            name, told = await event()
            assert (name, told["method"], told["ok"]) == ("call", "sendMessage", True)
            await talk.upload("sendPhoto", "photo", png(), "a.png", chat_id=1001)
            assert (await event())[0] == "message"
            assert "a.png" in (await event())[1]["params"]["photo"]
        await talk.say()
        await talk.telegram.wait_for(lambda: not talk.telegram.state.listeners)


async def test_files_are_shown() -> None:
    async with talking() as talk:
        body = await talk.upload("sendPhoto", "photo", png(), "a.png", chat_id=1001)
        file_id = body["result"]["photo"][-1]["file_id"]
        async with talk.http.get(f"{talk.telegram.url}/_emu/files/{file_id}") as response:
            assert response.content_type == "image/jpeg"
            assert response.headers["Content-Security-Policy"] == "sandbox"
        calls = f"{talk.telegram.url}/_emu/calls"
        async with talk.http.get(calls, params={"since": "1"}) as response:
            assert await response.json() == []


async def test_only_for_this_machine_and_no_foreign_page() -> None:
    async with talking() as talk:
        url = f"{talk.telegram.url}/_emu/state"
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            async with talk.http.get(url, headers=headers) as response:
                assert response.status == 403
        async with talk.http.get(url, headers={"Origin": talk.telegram.url}) as response:
            assert response.status == 200


async def test_as_a_program_of_its_own() -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.demo.telegram", "--port", "0", "--token", "7:abc"),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": "."},
    )
    try:
        assert program.stdout is not None
        url = (await asyncio.wait_for(program.stdout.readline(), 30)).decode().strip()
        async with aiohttp.ClientSession() as http, http.get(f"{url}/bot7:abc/getMe") as response:
            assert (await response.json())["result"]["id"] == 7
    finally:
        program.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(program.wait(), 10) == 0
