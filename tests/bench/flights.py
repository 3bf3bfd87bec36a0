"""The time from success at KIE to the picture in the chat, and how close polling is to optimal.

Items wait in the queue when the bot starts, each another person's, and 200 have been drawn
before, so that their durations are known. Time runs five times as fast: tasks take 48 to 128 s as
the recorded ones do, KIE lets through 20 creates in 10 s and 10 polls a second, all divided by
that, and so are the bot's limits and intervals. Seconds are told as they would be without. One
item in flight is two, one after the other.

`found` is from completeTime to the poll that brings the success: it depends on when the bot asks.
With `callbacks` KIE tells it of each end, and the bot asks at once.
`bound` is the median below which no schedule of 10 polls a second comes that knows only how
durations are distributed (tests/bench/bound.py), `ratio` is what the median is of it.
From there on it is work: `carried` is from that poll to the arrival of the picture (1.3 MB) at
Telegram, in milliseconds of the clock on the wall. `chat` is from completeTime to the arrival, both
together. `refused` counts KIE's answers 429.
"""

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.demo.kie import Callbacks, KieSimulator
from bot.demo.telegram import TelegramEmulator
from tests.bench import crowd, elsewhere, stock
from tests.bench.bound import best_delays, uniform_rate
from tests.bench.process import environment, running_bot
from tests.bench.results import Line, Runs, percentile
from tests.support import PUBLIC_URL, reserved_port

TITLE = "From success to the chat"
SHORTEST_S, LONGEST_S = 48.0, 128.0
POLLS_PER_S = 10.0
KNOWN = 200  # earlier items
PATIENCE_S = 600.0
CALLBACKS = (False, True)


def settings(speed: float) -> dict[str, Any]:
    """The operator's, where time runs so fast."""
    return {
        "kie_poll_interval": 3.0 / speed,
        "kie_poll_timeout": 900.0 / speed,
    }


@dataclass(frozen=True, slots=True)
class Told:
    """What KIE knows of a task. Unix seconds."""

    task_id: str
    created_at: float
    ready_at: float
    polls: list[float]


async def draw_slowly(kie: KieSimulator, speed: float, seed: int) -> None:
    """Let tasks take as long as recorded ones, and limits hold, at that speed; forget all."""
    await elsewhere.run_at(kie, speed)
    dice = random.Random(seed)
    kie.task_seconds = lambda _: dice.uniform(SHORTEST_S, LONGEST_S) / speed
    kie.tasks.clear()
    kie.calls.clear()


async def call_back(kie: KieSimulator, port: int) -> dict[str, Any]:
    """Let KIE tell a bot of what has ended; returns the settings that the bot needs for that."""
    bind = f"127.0.0.1:{port}"
    kie.callbacks = Callbacks(hosts={PUBLIC_URL: f"http://{bind}"})
    return {"http_bind": bind, "public_url": PUBLIC_URL, "webhook": "off"}


async def tell(kie: KieSimulator) -> tuple[list[Told], Counter[str]]:
    """All tasks, and how often KIE said that it was too much, by what it was asked for."""
    told = [Told(task.task_id, task.created_at, task.ready_at, task.polls) for task in kie.tasks]
    return told, Counter(call.name for call in kie.calls if call.code == 429)


async def photos(telegram: TelegramEmulator, count: int) -> dict[int, float]:
    """Wait for so many pictures; by message id, when each came."""

    came = elsewhere.calls_of(telegram).count_of
    await telegram.wait_for(lambda: came["sendPhoto"] >= count, PATIENCE_S)
    return {
        call.result["message_id"]: call.at for call in telegram.calls_of("sendPhoto") if call.ok
    }


async def measure(folder: Path, *, quick: bool) -> list[Line]:
    """The lines of the table."""
    runs = Runs()
    if quick:
        for told in CALLBACKS:
            await _fly(runs, folder, 20, 10.0, 1, callbacks=told)
        return runs.lines()
    for told in CALLBACKS:
        # The two that use next to nothing of a core, beside each other.
        alone = [_fly(runs, folder, 1, 5.0, seed, callbacks=told) for seed in (1, 2)]
        beside = _fly(runs, folder, 20, 5.0, 3, callbacks=told)
        await asyncio.gather(_one_after_another(alone), beside)
        for seed in (4, 5, 6):
            await _fly(runs, folder, 120, 5.0, seed, callbacks=told)
    await _fly(runs, folder, 1000, 5.0, 7, callbacks=False)
    return sorted(runs.lines(), key=lambda line: int(line.case["in flight"]))


async def _one_after_another(flights: list[Coroutine[Any, Any, None]]) -> None:
    for flight in flights:
        await flight


async def _fly(
    runs: Runs, folder: Path, items: int, speed: float, seed: int, *, callbacks: bool
) -> None:
    """Have so many items drawn and delivered."""
    words = "on" if callbacks else "off"
    data_dir = folder / f"{seed} {words}"
    data_dir.mkdir()
    database = data_dir / "bot.db"
    await stock.make(database, items)
    await asyncio.to_thread(stock.fill_history, database, KNOWN, speed=speed)
    await asyncio.to_thread(stock.queue_items, database, items)
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(elsewhere.elsewhere(elsewhere.telegram))
        kie = await stack.enter_async_context(elsewhere.elsewhere(elsewhere.kie))
        await telegram.do(crowd.invite, items)
        await kie.do(draw_slowly, speed, seed)
        port = stack.enter_context(reserved_port())
        outside = await kie.do(call_back, port) if callbacks else {}
        variables = environment(data_dir, telegram.url, kie.url, **settings(speed), **outside)
        log = data_dir / "bot.log"
        bot = await stack.enter_async_context(running_bot(variables, {}, log=log, speed=speed))
        await telegram.do(crowd.until_polled)
        cpu_s = bot.cpu_s()
        came_at = await telegram.do(photos, items)
        await asyncio.sleep(0.2)  # the row of the last one is written after Telegram took it
        cpu_s = bot.cpu_s() - cpu_s
        tasks, refused = await kie.do(tell)
    sent_as = await asyncio.to_thread(_messages, database)
    found = [(_found_at(task), came_at[sent_as[task.task_id]], task) for task in tasks]
    found_s = [(at - task.ready_at) * speed for at, _, task in found]
    carried_ms = [(came - at) * 1000 for at, came, _ in found]
    chat_s = [(came - task.ready_at) * speed for _, came, task in found]
    bound = best_delays(
        [(task.created_at * speed, task.ready_at * speed) for task in tasks],
        uniform_rate(SHORTEST_S, LONGEST_S),
        POLLS_PER_S,
    )
    polls = sum(len(task.polls) for task in tasks)
    runs.add(
        {"in flight": items, "callbacks": words, "speed": int(speed)},
        found_p50_s=percentile(found_s, 50),
        found_p95_s=percentile(found_s, 95),
        bound_s=bound.median_s,
        ratio=percentile(found_s, 50) / bound.median_s,
        carried_p50_ms=percentile(carried_ms, 50),
        carried_p95_ms=percentile(carried_ms, 95),
        chat_p50_s=percentile(chat_s, 50),
        chat_p95_s=percentile(chat_s, 95),
        polls_each=polls / items,
        refused_creates=refused["createTask"],
        refused_polls=refused["recordInfo"],
        cpu_each_ms=cpu_s / items * 1000,
    )


def _found_at(task: Told) -> float:
    return min(at for at in task.polls if at >= task.ready_at)


def _messages(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(database)) as connection:
        return dict(
            connection.execute(
                "SELECT task_id, message_id FROM items WHERE message_id IS NOT NULL"
            ).fetchall()
        )
