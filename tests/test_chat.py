"""`main.py chat`: a page to talk to the bot on, without any account."""

import asyncio
import re
import signal
import sys
from pathlib import Path

import aiohttp

MAIN = Path(__file__).parents[1] / "main.py"


async def test_a_person_says_hello_on_the_page() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(MAIN), "chat", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line
        async with aiohttp.ClientSession(found[0], raise_for_status=True) as page:
            assert "<html" in (await (await page.get("/")).text()).lower()
    finally:
        process.send_signal(signal.SIGINT)
        status = await asyncio.wait_for(process.wait(), 15)
    assert status == 0
