"""The start: from exec to the first getUpdates, and what of it is import.

`python main.py run` is begun, and the time taken until Telegram's emulator gets the first
getUpdates; a moment later the process is killed. Over an empty database, and over one with 1,000
items that wait and 1,000,000 that have ended (each a job of its own, of a thousand people). `cpu`
is the CPU time of the process until then. `first answer` is how long somebody waits who writes at
that moment: types are built for it (docs/decisions/0008), and what an earlier process left is taken
up. One start before the first is not counted: it writes bytecode.

The lines of `import` come from `python -X importtime -c "import main"`: the time that modules of a
package take themselves, without those that they import.
"""

import asyncio
import re
import subprocess
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from bot.demo.telegram import TelegramEmulator
from tests.bench import crowd, elsewhere, stock, updates
from tests.bench.elsewhere import Elsewhere
from tests.bench.process import ROOT, environment, started_program
from tests.bench.results import Line, Runs

TITLE = "Start"
PACKAGES = 10
UNFINISHED = 1000
IMPORTED = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


async def measure(folder: Path, *, quick: bool) -> list[Line]:
    """The lines of the table."""
    runs = Runs()
    empty = folder / "empty"
    empty.mkdir()
    finished = 10_000 if quick else stock.MANY
    full = await stock.big(folder.parent, finished)
    await asyncio.to_thread(stock.queue_items, full, UNFINISHED)
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(elsewhere.elsewhere(elsewhere.telegram))
        kie = await stack.enter_async_context(elsewhere.elsewhere(elsewhere.kie))
        await telegram.do(crowd.invite, stock.CROWD + 1)
        await kie.do(updates.take_long)
        for number in range(3 if quick else 6):
            for data_dir, items in ((empty, 0), (full.parent, finished)):
                variables = environment(data_dir, telegram.url, kie.url)
                values = await _start(telegram, variables, folder)
                if number:
                    runs.add({"what": "to getUpdates", "images": items}, **values)
    for _ in range(1 if quick else 3):
        for package, seconds in await asyncio.to_thread(_imports):
            runs.add({"what": f"import {package}"}, seconds=seconds)
    return runs.lines()


async def _start(
    telegram: Elsewhere[TelegramEmulator], variables: dict[str, str], folder: Path
) -> dict[str, float]:
    await telegram.do(crowd.until_left)
    begun = time.time()
    async with started_program(variables, folder) as bot:
        asked_at = await telegram.do(crowd.until_polled)
        cpu_s = bot.cpu_s()
        # Somebody new: whoever has items is told about these as well.
        answer_s = await telegram.do(crowd.ask_for_help, stock.FIRST_PERSON + stock.CROWD)
    return {"seconds": asked_at - begun, "cpu_s": cpu_s, "first_answer_s": answer_s}


def _imports() -> list[tuple[str, float]]:
    command = [sys.executable, "-X", "importtime", "-c", "import main"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    spent: Counter[str] = Counter()
    for microseconds, module in IMPORTED.findall(done.stderr):
        package = module.partition(".")[0].removeprefix("_")
        spent["python itself" if package in sys.stdlib_module_names else package] += int(
            microseconds
        )
    spent["all"] = sum(spent.values())
    return [(name, each / 1e6) for name, each in spent.most_common(PACKAGES + 1)]
