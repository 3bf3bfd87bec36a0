"""Items a second: at KIE's limit, and with all limits lifted.

At the limit, people write a prompt for one item each half a second for ten minutes, as many as
KIE lets through (20 creates in 10 s); time runs five times as fast (see `flights`). Told are the
items created a second and the length of the queue on the way, at its longest and at the end,
as at speed 1. `core` is the share of one core that this takes at speed 1: the CPU time of the bot
over the run, divided by ten minutes. The bot begins 20 creates in 10.1 s and the time of an answer,
so that KIE never counts 21 in 10: of 2 a second at least 0.02 a second stay in the queue, which is
12 in ten minutes. A second line has people write 1.8 a second, which it has to keep up with.

With the limits lifted, items wait in the queue when the bot starts, and a task takes a second.
Told are the items a second from the first create to the last picture and the CPU time of the
bot for each: all of it, and its parts in the event loop's thread and in those of the database.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bot.demo.kie import KieSimulator
from bot.demo.telegram import TelegramEmulator
from tests.bench import crowd, elsewhere, flights, stock
from tests.bench.elsewhere import Elsewhere
from tests.bench.process import LIFTED, Bot, environment, running_bot
from tests.bench.results import Line, Runs

TITLE = "Throughput"
SPEED = 5.0
PEOPLE = 300
LOOK_PAUSE_S = 0.5
TASK_S = 1.0


async def measure(folder: Path, *, quick: bool) -> list[Line]:
    """The lines of the table."""
    runs = Runs()
    if not quick:
        await _at_the_limit(runs, folder / "2", 2.0, 600.0)
    await _at_the_limit(runs, folder / "1.8", 1.8, 50.0 if quick else 100.0)
    for number in range(1 if quick else 3):
        await _lifted(runs, folder / f"lifted-{number}", 100 if quick else 200)
    return runs.lines()


@asynccontextmanager
async def _scene(
    folder: Path, queued: int, speed: float, tuning: dict[str, Any], **settings: Any
) -> AsyncIterator[tuple[Bot, Elsewhere[TelegramEmulator], Elsewhere[KieSimulator], Path]]:
    """A bot with so many items in its queue, and the services; KIE at that speed, or lifted."""
    data_dir = folder / "data"
    data_dir.mkdir(parents=True)
    database = data_dir / "bot.db"
    await stock.make(database, max(PEOPLE, queued))
    await asyncio.to_thread(stock.fill_history, database, flights.KNOWN, speed=speed)
    await asyncio.to_thread(stock.queue_items, database, queued)
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(elsewhere.elsewhere(elsewhere.telegram))
        kie = await stack.enter_async_context(elsewhere.elsewhere(elsewhere.kie))
        await telegram.do(crowd.invite, max(PEOPLE, queued))
        await (kie.do(lift) if tuning else kie.do(flights.draw_slowly, speed, 1))
        variables = environment(data_dir, telegram.url, kie.url, **settings)
        log = folder / "bot.log"
        async with running_bot(variables, tuning, log=log, speed=speed) as bot:
            await telegram.do(crowd.until_polled)
            yield bot, telegram, kie, database


async def lift(kie: KieSimulator) -> None:
    """No limits, and short tasks."""
    kie.limits = None
    kie.task_seconds = TASK_S


async def _at_the_limit(runs: Runs, folder: Path, per_s: float, seconds: float) -> None:
    settings = flights.settings(SPEED)
    async with _scene(folder, 0, SPEED, {}, **settings) as (bot, telegram, kie, database):
        cpu_s = bot.cpu_s()
        writing = asyncio.create_task(
            telegram.do(crowd.write_steadily, "рыжая лиса", int(per_s * seconds), 1 / per_s / SPEED)
        )
        lengths = []
        while not writing.done():
            await asyncio.wait([writing], timeout=LOOK_PAUSE_S)
            lengths.append(await asyncio.to_thread(stock.count, database, "status = 'queued'"))
        await writing
        cpu_s = bot.cpu_s() - cpu_s
        tasks, refused = await kie.do(flights.tell)
    runs.add(
        {"limits": "in force", "asked per s": per_s, "for s": seconds},
        created_per_s=len(tasks) / seconds,
        queue_half_way=lengths[len(lengths) // 2],
        queue_longest=max(lengths),
        queue_end=lengths[-1],
        core_pct=cpu_s / seconds * 100,
        refused=refused.total(),
        cpu_each_ms=cpu_s / len(tasks) * 1000,
    )


async def _lifted(runs: Runs, folder: Path, items: int) -> None:
    async with _scene(folder, items, 1.0, dict(LIFTED)) as (bot, telegram, kie, _):
        before = bot.cpu_by_thread()
        came_at = await telegram.do(flights.photos, items)
        after = bot.cpu_by_thread()
        tasks, _refused = await kie.do(flights.tell)
    begun = min(task.created_at for task in tasks)
    loop_s, *others_s = (spent - before.get(thread, 0.0) for thread, spent in after.items())
    runs.add(
        {"limits": "lifted", "images": items},
        delivered_per_s=items / (max(came_at.values()) - begun),
        cpu_each_ms=(loop_s + sum(others_s)) / items * 1000,
        loop_each_ms=loop_s / items * 1000,
        threads_each_ms=sum(others_s) / items * 1000,
    )
