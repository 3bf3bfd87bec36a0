"""The emulator's chat page: how it is served, and how a browser lives with it."""

import asyncio
import base64
import hashlib
import json
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import pytest

from tests.unit.demo.telegram_talk import talking

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)


async def test_is_served_strictly_and_loads_nothing_from_elsewhere() -> None:
    async with talking() as talk:
        async with talk.http.get(talk.telegram.url) as response:
            assert (response.status, response.content_type) == (200, "text/html")
            policy = response.headers["Content-Security-Policy"].split("; ")
            page = await response.text()
        rules = dict(rule.split(" ", 1) for rule in policy)
        assert rules["default-src"] == rules["base-uri"] == "'none'"
        assert rules["frame-ancestors"] == rules["trusted-types"] == "'none'"
        for tag in ("script", "style"):
            (inside,) = re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", page, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
            assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
        assert "unsafe" not in " ".join(policy)
        # What is linked to stands in messages; the page itself names no other place.
        assert not re.findall(r"(?:src|href)=\"(?!#)|https?://[\w.]|@import|url\((?!#)", page)
        assert "innerHTML" not in page
        assert "not Telegram" in page


@dataclass
class Tab:
    """A page in a browser, over the DevTools protocol."""

    socket: aiohttp.ClientWebSocketResponse
    _number: int = 0

    async def do(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        await self.socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            told = await self.socket.receive_json()
            if told.get("id") == self._number:
                assert "error" not in told, told
                return dict(told["result"])

    async def run(self, script: str) -> Any:
        """The value of an expression, awaited if it is a promise."""
        told = await self.do(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def see(self, script: str) -> None:
        """Wait until the expression is true."""
        await self.run(f"""new Promise((resolve, reject) => {{
            const look = () => {{ if ({script}) {{ watch.disconnect(); resolve(); }} }};
            const watch = new MutationObserver(look);
            watch.observe(document, {{
                subtree: true, childList: true, attributes: true, characterData: true
            }});
            setTimeout(() => reject(new Error(document.body?.innerText)), 3000);
            look();
        }})""")

    async def key(self, key: str, modifiers: int = 0) -> None:
        for kind in ("keyDown", "keyUp"):
            await self.do(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                text="\r" if kind == "keyDown" else "",
                modifiers=modifiers,
            )


@asynccontextmanager
async def browsing(url: str) -> AsyncIterator[Tab]:
    """A Chromium of its own on this address. It takes all it made with it."""
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as home:
        chromium = await asyncio.create_subprocess_exec(
            str(CHROMIUM),
            *FLAGS,
            f"--user-data-dir={home}/profile",
            stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home},
            start_new_session=True,
        )
        try:
            assert chromium.stderr is not None
            async with asyncio.timeout(60):
                while b"DevTools listening on" not in (line := await chromium.stderr.readline()):
                    assert line, "Chromium ended before it listened"
            place = line.decode().split("ws://")[1].split("/")[0]
            async with aiohttp.ClientSession() as http:
                async with http.get(f"http://{place}/json/list") as response:
                    tabs = json.loads(await response.text())
                address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
                async with http.ws_connect(address, max_msg_size=0) as socket:
                    tab = Tab(socket)
                    await tab.do("Page.navigate", url=url)
                    yield tab
        finally:
            with suppress(ProcessLookupError):  # it ended by itself
                os.killpg(chromium.pid, signal.SIGKILL)
            await chromium.communicate()


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no {CHROMIUM} on this machine")
async def test_a_conversation_in_a_browser() -> None:
    async with talking() as talk, browsing(f"{talk.telegram.url}/#1001") as tab:
        await tab.see("document.querySelector('.person[aria-current=true]')")
        # A message of the bot's arrives while the page is open.
        keyboard = {
            "inline_keyboard": [[{"text": "Да", "callback_data": "yes", "style": "success"}]]
        }
        prompt = """<b>&amp; "лиса" </div><img src=x onerror="document.title='run'">"""
        await talk.say("<b>Рисовать?</b>", parse_mode="HTML", reply_markup=keyboard)
        await tab.see("document.querySelector('.row.in b')?.textContent === 'Рисовать?'")

        # What is typed reaches the emulator, and is shown as it was typed.
        await tab.run("document.getElementById('text').focus()")
        await tab.do("Input.insertText", text=prompt)
        await tab.key("Enter", modifiers=8)
        await tab.do("Input.insertText", text="вторая строка")
        await tab.key("Enter")
        typed = f"{prompt}\nвторая строка"
        message = await talk.telegram.wait_for(
            lambda: next((each for each in talk.anna.messages if each.text == typed), None)
        )
        shown = "document.querySelector('.row.out:last-child .words')"
        await tab.see(shown)
        assert (await tab.run(f"{shown}.innerText")).startswith(typed)
        await talk.say(prompt, reply_parameters={"message_id": message.message_id})
        await tab.see("document.querySelectorAll('.row.in').length === 2")
        assert await tab.run("document.querySelector('.quote').textContent.includes('<b>&amp;')")
        assert await tab.run("document.querySelectorAll('#messages img').length") == 0
        assert "run" not in await tab.run("document.title")

        # A button is pressed; its answer comes as a toast.
        await tab.run("document.querySelector('.key.success').click()")
        query = await talk.telegram.wait_for(lambda: next(iter(talk.telegram.callbacks), None))
        assert query.data == "yes"
        await talk.bot.answer_callback_query(query.query_id, "Рисую <b>")
        await tab.see("document.querySelector('.toast')?.textContent === 'Рисую <b>'")

        # An edit is made in place, and what is deleted goes.
        await talk.bot.edit_message_text(
            "уже рисую", chat_id=1001, message_id=query.message.message_id
        )
        await tab.see("document.querySelector('.row.in .words').innerText.startsWith('уже рисую')")
        assert await tab.run("document.querySelector('.row.in .meta').innerText.includes('edited')")
        talk.anna.delete(message)
        await tab.see("!document.querySelector('.row.out')")
