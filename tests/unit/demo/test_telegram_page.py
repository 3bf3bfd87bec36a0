"""The emulator's chat page: how it is served, and how a browser lives with it."""

import base64
import hashlib
import os
import re
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiogram.types import BufferedInputFile
from playwright.async_api import FilePayload, Page, async_playwright, expect

from tests.films import mp4
from tests.unit.demo.telegram_talk import Talk, jpeg, keyboard, png

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)  # pip brings none
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
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


@asynccontextmanager
async def browsing(url: str, home: Path) -> AsyncIterator[Page]:
    """A Chromium of its own on this address; whatever its wrapper writes goes to `home`."""
    places = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), str(home))
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--disable-gpu"],
            env={**os.environ, **places},
            timeout=PATIENCE_MS,
        )
        try:
            page = await chromium.new_page()
            page.set_default_timeout(PATIENCE_MS)
            await page.clock.install()  # and stop it: a toast stays until it was seen
            await page.clock.pause_at(time.time() + 1)
            await page.goto(url)
            yield page
        finally:
            await chromium.close()


@pytest.mark.skipif(CHROMIUM is None, reason=f"none of {', '.join(NAMES)} on this machine")
async def test_a_conversation_in_a_browser(talk: Talk, tmp_path: Path) -> None:
    telegram, anna = talk.telegram, talk.anna
    async with browsing(f"{telegram.url}/#1001", tmp_path) as page:
        await expect(page.locator(".person[aria-current=true]")).to_be_visible()
        # A message of the bot's arrives while the page is open.
        markup = keyboard({"text": "Да", "callback_data": "yes", "style": "success"})
        await talk.say("<b>Рисовать?</b>", parse_mode="HTML", reply_markup=markup)
        received, sent = page.locator(".row.in"), page.locator(".row.out")
        await expect(received.locator("b")).to_have_text("Рисовать?")

        # What is typed reaches the emulator, and is shown as it was typed.
        await page.locator("#text").focus()
        await page.keyboard.insert_text(PROMPT)
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.insert_text("вторая строка")
        await page.keyboard.press("Enter")
        typed = f"{PROMPT}\nвторая строка"
        await telegram.wait_for(lambda: anna.messages[-1].text == typed)
        message = anna.messages[-1]
        assert (await sent.last.locator(".words").inner_text()).startswith(typed)
        await talk.say(PROMPT, reply_parameters={"message_id": message.message_id})
        await expect(received).to_have_count(2)
        await expect(page.locator(".quote")).to_contain_text("<b>&amp;")
        assert await page.locator("#messages img").count() == 0
        assert "run" not in await page.title()

        # A button is pressed; its answer comes as a toast.
        await page.locator(".key.success").click()
        query = (await telegram.wait_for(lambda: telegram.callbacks))[0]
        assert query.data == "yes"
        await talk.bot.answer_callback_query(query.query_id, "Рисую <b>")
        await expect(page.locator(".toast")).to_have_text("Рисую <b>")

        # An edit is made in place, and what is deleted goes.
        edited = {"chat_id": 1001, "message_id": query.message.message_id, "text": "уже рисую"}
        await talk.done("editMessageText", **edited)
        await expect(received.first.locator(".words")).to_have_text(re.compile("^уже рисую"))
        await expect(received.first.locator(".meta")).to_contain_text("edited")
        anna.delete(message)
        await expect(sent).to_have_count(0)

        # Two pictures go as an album, and one as a file; the menu knows the commands.
        picture: FilePayload = {"name": "к.png", "mimeType": "image/png", "buffer": png()}
        await page.locator("#files").set_input_files([picture, picture])
        await page.locator("#sending-yes").click()
        await expect(page.locator(".album img")).to_have_count(2)
        await page.locator("#files").set_input_files(picture)
        await page.locator("#as-files").check()
        await page.locator("#sending-yes").click()
        await expect(page.locator(".file b")).to_have_text("к.png")
        document = anna.messages[-1].document
        assert document is not None
        assert document.uploaded == png()
        commands = [{"command": "balance", "description": "токены"}]
        await talk.done("setMyCommands", commands=commands, language_code="ru")
        await page.locator("#commands").click()
        await page.locator("#menu button").click()
        await telegram.wait_for(lambda: anna.messages[-1].text == "/balance")


@pytest.mark.skipif(CHROMIUM is None, reason=f"none of {', '.join(NAMES)} on this machine")
async def test_a_film_plays_in_a_browser(talk: Talk, tmp_path: Path) -> None:
    async with browsing(f"{talk.telegram.url}/#1001", tmp_path) as page:
        await talk.bot.send_video(
            1001,
            BufferedInputFile(mp4(seconds=2), "fox.mp4"),
            caption="лиса",
            width=320,
            height=180,
            duration=2,
            thumbnail=BufferedInputFile(jpeg(320, 180), "thumbnail.jpg"),
        )
        video = page.locator(".row.in video")
        await expect(video).to_have_js_property("readyState", 4)
        await expect(video).to_have_js_property("error", None)
        await expect(video).to_have_js_property("duration", 2)
        facts = ("videoWidth", "videoHeight", "controls", "paused")
        shown = await video.evaluate("(video, names) => names.map((name) => video[name])", facts)
        assert shown == [320, 180, True, True]
        thumbnail = talk.anna.messages[-1].wire()["video"]["thumbnail"]
        poster = await video.get_attribute("poster")
        assert poster == f"/_emu/files/{thumbnail['file_id']}"
        await video.evaluate("(video) => { video.muted = true; return video.play(); }")
        await expect(video).to_have_js_property("ended", True)
        await expect(page.locator(".row.in .words")).to_contain_text("лиса")
