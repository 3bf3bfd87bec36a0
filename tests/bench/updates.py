"""Updates handled a second, and how long an answer takes.

People write to the bot through Telegram's emulator, each the next message as soon as the last was
confirmed: the getUpdates came in that asks for what follows it. So many messages are under way at
once. Told are the messages confirmed a second; the time from the answer to getUpdates that held a
message until the bot's answer came in at Telegram; for prompts also until the job was charged and
queued, as its row says; and the CPU time of the bot for a message, with its answer and whatever
else was done meanwhile.

Telegram takes 0, 50 or 200 ms for each call, getUpdates too. Its limits, 30 messages a second and
one in a chat, are lifted in the bot, to see what the program can do. With the limits in force, at
50 ms, answers are measured where each person writes once, and then how fast messages are taken
although their answers have to wait.

KIE takes 20 tasks in 10 s, which take longer than the benchmark. Each bot has answered a few
messages before it is measured: the first one of a life takes longer (see `start`).
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.demo.kie import KieSimulator
from bot.demo.telegram import TelegramEmulator
from tests.bench import crowd, elsewhere, stock
from tests.bench.crowd import Seen
from tests.bench.elsewhere import Elsewhere
from tests.bench.process import LIFTED, Bot, environment, running_bot
from tests.bench.results import Line, Runs, percentile

TITLE = "Updates"
PEOPLE = (1, 10, 100, 1000)
DELAYS_MS = (0, 50, 200)
TEXTS = {"/balance": "/balance", "prompt": "рыжая лиса в осеннем лесу"}
MESSAGES = {1: 12, 10: 80, 100: 300, 1000: 1000}
DELAY_IN_FORCE_MS = 50
TASK_S = 3600.0
QUIET_S = 1.2  # then a chat that was written to may be written to again
TELEGRAM_LIFTED = {name: LIFTED[name] for name in ("messages", "chat_messages", "bulk_messages")}


@dataclass(frozen=True)
class Stage:
    """The services, and a folder."""

    telegram: Elsewhere[TelegramEmulator]
    kie: Elsewhere[KieSimulator]
    folder: Path

    @asynccontextmanager
    async def bot(
        self, tuning: Mapping[str, Any], delay_ms: int, *, profile: Path | None = None
    ) -> AsyncIterator[tuple[Bot, Path]]:
        """A bot over a database of people only, and the database; Telegram takes so long."""
        data_dir = self.folder / "data"
        database = data_dir / "bot.db"
        for path in data_dir.glob("bot.db*"):
            path.unlink()
        await stock.make(database, max(PEOPLE))
        variables = environment(data_dir, self.telegram.url, self.kie.url)
        log = self.folder / "bot.log"
        await self.telegram.do(crowd.until_left)
        await self.telegram.do(crowd.slow_down, delay_ms / 1000)
        async with running_bot(variables, tuning, log=log, profile=profile) as bot:
            await self.telegram.do(crowd.until_polled)
            for text in TEXTS.values():
                await self.telegram.do(crowd.talk, text, 5, 10, delay_ms / 1000, answers=True)
            await asyncio.sleep(QUIET_S)
            yield bot, database


@asynccontextmanager
async def open_stage(folder: Path) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(elsewhere.elsewhere(elsewhere.telegram))
        kie = await stack.enter_async_context(elsewhere.elsewhere(elsewhere.kie))
        await telegram.do(crowd.invite, max(PEOPLE))
        await kie.do(take_long)
        yield Stage(telegram, kie, folder)


async def take_long(kie: KieSimulator) -> None:
    kie.task_seconds = TASK_S


async def measure(folder: Path, *, quick: bool) -> list[Line]:
    """The lines of the table."""
    runs = Runs()
    people = PEOPLE[:-1] if quick else PEOPLE
    delays = DELAYS_MS[1:2] if quick else DELAYS_MS
    async with open_stage(folder) as stage:
        for what in TEXTS:
            for delay_ms in delays:
                for _ in range(3 if delay_ms == DELAY_IN_FORCE_MS and not quick else 1):
                    async with stage.bot(TELEGRAM_LIFTED, delay_ms) as (bot, database):
                        for many in people:
                            await _lifted(runs, stage, bot, database, what, many, delay_ms)
        for what in TEXTS:
            for many in people:
                async with stage.bot({}, DELAY_IN_FORCE_MS) as (_, database):
                    await _in_force(runs, stage, database, what, many)
    return runs.lines()


async def _lifted(
    runs: Runs, stage: Stage, bot: Bot, database: Path, what: str, people: int, delay_ms: int
) -> None:
    cpu_s = bot.cpu_s()
    seen = await stage.telegram.do(
        crowd.talk, TEXTS[what], people, MESSAGES[people], delay_ms / 1000, answers=True
    )
    cpu_s = bot.cpu_s() - cpu_s
    runs.add(
        {"message": what, "limits": "lifted", "telegram ms": delay_ms, "people": people},
        **_handled(seen, database, what),
        **_answered(seen),
        cpu_each_ms=cpu_s / len(seen) * 1000,
    )


async def _in_force(runs: Runs, stage: Stage, database: Path, what: str, people: int) -> None:
    """The answers to one message of each, then how fast messages are taken whatever is said."""
    delay_s = DELAY_IN_FORCE_MS / 1000
    text = TEXTS[what]
    values = {}
    if people < PEOPLE[-1]:  # a thousand answers take 37 s at 30 a second
        once = await stage.telegram.do(crowd.talk, text, people, people, delay_s, answers=True)
        values = _answered(once)
    often = await stage.telegram.do(
        crowd.talk, text, people, MESSAGES[people], delay_s, answers=False
    )
    runs.add(
        {
            "message": what,
            "limits": "in force",
            "telegram ms": DELAY_IN_FORCE_MS,
            "people": people,
        },
        **_handled(often, database, what),
        **values,
    )


def _handled(seen: list[Seen], database: Path, what: str) -> dict[str, float]:
    seconds = max(each.confirmed_at for each in seen) - min(each.handed_at for each in seen)
    values = {"handled_per_s": len(seen) / seconds}
    if what == "prompt":
        charged_ms = _charged_ms(database, seen)
        values["charged_p50_ms"] = percentile(charged_ms, 50)
        values["charged_p99_ms"] = percentile(charged_ms, 99)
    return values


def _answered(seen: list[Seen]) -> dict[str, float]:
    answers_ms = [(each.answered_at - each.handed_at) * 1000 for each in seen if each.answered_at]
    return {
        "answer_p50_ms": percentile(answers_ms, 50),
        "answer_p99_ms": percentile(answers_ms, 99),
    }


def _charged_ms(database: Path, seen: list[Seen]) -> list[float]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT chat_id, message_id, created_at FROM jobs").fetchall()
    created_at = {(chat_id, message_id): at for chat_id, message_id, at in rows}
    return [(created_at[each.user_id, each.message_id] - each.handed_at) * 1000 for each in seen]
