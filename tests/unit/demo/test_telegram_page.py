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

from tests.unit.demo.telegram_talk import Talk, keyboard, png

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking"
PROMPT = """<b>&amp; "лиса" </div><img src=x onerror="document.title='run'">"""


async def test_is_served_strictly_and_loads_nothing_from_elsewhere(talk: Talk) -> None:
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
        while (told := await self.socket.receive_json()).get("id") != self._number:
            pass
        assert "error" not in told, told
        return dict(told["result"])

    async def run(self, script: str) -> Any:
        """The value of an expression, awaited if it is a promise."""
        how = {"expression": script, "awaitPromise": True, "returnByValue": True}
        told = await self.do("Runtime.evaluate", **how)
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
            setTimeout(() => reject(new Error(document.body?.innerText)), 60000);
            look();
        }})""")

    async def enter(self, modifiers: int = 0) -> None:
        await self.do(
            "Input.dispatchKeyEvent", type="keyDown", key="Enter", text="\r", modifiers=modifiers
        )


@asynccontextmanager
async def browsing(url: str) -> AsyncIterator[Tab]:
    """A Chromium of its own on this address. It takes all it made with it."""
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as home:
        chromium = await asyncio.create_subprocess_exec(
            *(str(CHROMIUM), *FLAGS.split(), "--remote-debugging-port=0"),
            *(f"--user-data-dir={home}/profile", "about:blank"),
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), home),
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
async def test_a_conversation_in_a_browser(talk: Talk) -> None:
    telegram, anna = talk.telegram, talk.anna
    async with browsing(f"{telegram.url}/#1001") as tab:
        await tab.see("document.querySelector('.person[aria-current=true]')")
        # A message of the bot's arrives while the page is open.
        markup = keyboard({"text": "Да", "callback_data": "yes", "style": "success"})
        await talk.say("<b>Рисовать?</b>", parse_mode="HTML", reply_markup=markup)
        await tab.see("document.querySelector('.row.in b')?.textContent === 'Рисовать?'")

        # What is typed reaches the emulator, and is shown as it was typed.
        await tab.run("document.getElementById('text').focus()")
        await tab.do("Input.insertText", text=PROMPT)
        await tab.enter(modifiers=8)
        await tab.do("Input.insertText", text="вторая строка")
        await tab.enter()
        typed = f"{PROMPT}\nвторая строка"
        await telegram.wait_for(lambda: anna.messages[-1].text == typed)
        message = anna.messages[-1]
        shown = "document.querySelector('.row.out:last-child .words')"
        await tab.see(shown)
        assert (await tab.run(f"{shown}.innerText")).startswith(typed)
        await talk.say(PROMPT, reply_parameters={"message_id": message.message_id})
        await tab.see("document.querySelectorAll('.row.in').length === 2")
        assert await tab.run("document.querySelector('.quote').textContent.includes('<b>&amp;')")
        assert await tab.run("document.querySelectorAll('#messages img').length") == 0
        assert "run" not in await tab.run("document.title")

        # A button is pressed; its answer comes as a toast.
        await tab.run("document.querySelector('.key.success').click()")
        query = (await telegram.wait_for(lambda: telegram.callbacks))[0]
        assert query.data == "yes"
        await talk.bot.answer_callback_query(query.query_id, "Рисую <b>")
        await tab.see("document.querySelector('.toast')?.textContent === 'Рисую <b>'")

        # An edit is made in place, and what is deleted goes.
        edited = {"chat_id": 1001, "message_id": query.message.message_id, "text": "уже рисую"}
        await talk.done("editMessageText", **edited)
        await tab.see("document.querySelector('.row.in .words').innerText.startsWith('уже рисую')")
        assert await tab.run("document.querySelector('.row.in .meta').innerText.includes('edited')")
        anna.delete(message)
        await tab.see("!document.querySelector('.row.out')")

        # Two pictures go as an album, and one as a file; the menu knows the commands.
        data = base64.b64encode(png()).decode()
        file = f"new File([Uint8Array.from(atob('{data}'), (c) => c.charCodeAt(0))], 'к.png', "
        for count, as_files in ((2, "false"), (1, "true")):
            files = ", ".join([file + "{ type: 'image/png' })"] * count)
            await tab.run(f"offer([{files}]); $('as-files').checked = {as_files}; sendFiles()")
        await tab.see("document.querySelectorAll('.album img').length === 2")
        await tab.see("document.querySelector('.file b')?.textContent === 'к.png'")
        document = anna.messages[-1].document
        assert document is not None
        assert document.uploaded == png()
        commands = [{"command": "balance", "description": "токены"}]
        await talk.done("setMyCommands", commands=commands, language_code="ru")
        await tab.see("!$('commands').hidden")
        await tab.run("$('commands').click(); $('menu').querySelector('button').click()")
        await telegram.wait_for(lambda: anna.messages[-1].text == "/balance")
