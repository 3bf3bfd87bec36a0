"""Memory of the bot's process: after the start, and for each item in flight.

Items wait in the queue when the bot starts, each a job and a person of its own; KIE takes 20 in 10
s, and tasks that do not end. Once the progress message of every job was sent, or after a minute
(Telegram's limits are lifted for that), garbage is collected and Pss is read from
/proc/PID/smaps_rollup: what is the process's own, and its part of what it shares. `each` is what is
more than with an empty queue, divided by the items.
"""

import asyncio
import statistics
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from bot.demo.telegram import TelegramEmulator
from tests.bench import crowd, elsewhere, stock, updates
from tests.bench.process import environment, running_bot
from tests.bench.results import Line, Runs

TITLE = "Memory"
QUEUED = (0, 100, 1000, 10_000)
PATIENCE_S = 60.0
SETTLE_S = 1.0
MEGABYTE = 2**20


async def measure(folder: Path, *, quick: bool) -> list[Line]:
    """The lines of the table."""
    runs = Runs()
    empty: list[float] = []
    for queued in QUEUED[:3] if quick else QUEUED:
        for number in range(1 if quick or queued == QUEUED[-1] else 3):
            pss = await _pss_bytes(folder / f"{queued}-{number}", queued)
            values = {"pss_MB": pss / MEGABYTE}
            if queued:
                values["each_kB"] = (pss - statistics.median(empty)) / queued / 1024
            else:
                empty.append(pss)
            runs.add({"queued": queued}, **values)
    return runs.lines()


async def _pss_bytes(folder: Path, queued: int) -> int:
    data_dir = folder / "data"
    data_dir.mkdir(parents=True)
    await stock.make(data_dir / "bot.db", max(queued, 1))
    await asyncio.to_thread(stock.queue_items, data_dir / "bot.db", queued)
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(elsewhere.elsewhere(elsewhere.telegram))
        kie = await stack.enter_async_context(elsewhere.elsewhere(elsewhere.kie))
        await telegram.do(crowd.invite, max(queued, 1))
        await kie.do(updates.take_long)
        variables = environment(data_dir, telegram.url, kie.url)
        log = folder / "bot.log"
        async with running_bot(variables, updates.TELEGRAM_LIFTED, log=log) as bot:
            await telegram.do(sent, queued)
            await asyncio.sleep(SETTLE_S)
            return await bot.memory_bytes()


async def sent(telegram: TelegramEmulator, messages: int) -> None:
    """Wait until the bot polls and has sent so many messages, or for long enough."""
    said = elsewhere.calls_of(telegram).count_of
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while not telegram.updates.is_polled or said["sendMessage"] < messages:  # noqa: ASYNC110 - see below
                await asyncio.sleep(0.1)  # and not at each of thousands of calls
