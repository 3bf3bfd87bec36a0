"""`main.py demo` and `main.py chat`: the bot without any account, as the README begins with it."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import aiohttp
from PIL import Image

MAIN = Path(__file__).parents[2] / "main.py"


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


async def test_the_demo_leaves_a_picture(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(MAIN),
        "demo",
        cwd=tmp_path,
        env={**os.environ, "DEMO_PROMPT": "рыжая лиса --ar 16:9", "DEMO_IMAGE": ""},
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, told.decode()
    [picture] = (tmp_path / "demo-output").iterdir()
    with Image.open(picture) as image:
        assert image.size == (1024, 576)
