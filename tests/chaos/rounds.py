"""A round: people, faults, kills, then a calm end and the verdict."""

import asyncio
import io
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, PngImagePlugin

from bot.demo.kie import Callbacks, KieLimits, KieSimulator, Task
from bot.demo.telegram import TelegramEmulator
from bot.demo.telegram.faults import FloodRules
from tests.chaos.evidence import Evidence, handed_to_bot, read_rows, went_wrong
from tests.chaos.faults import Trouble
from tests.chaos.moments import Moments
from tests.chaos.people import BUDGET, MAX_QUANTITY, PRICE, Crowd, Fate
from tests.chaos.process import CANCEL_S, STOP_S, BotProcess, End
from tests.chaos.story import tell_story
from tests.chaos.verdict import Complaint, Toll, judge
from tests.support import ADMIN, PUBLIC_URL, reserved_port

LIFE_S = 3.0  # what a life lasts about
FAULT_PAUSE_S = 0.35
WEBHOOK_PACE = 0.1  # of Telegram's own pauses: a life is short
REST_S = 180.0  # until everything has ended, at the latest
LONG_REST_S = 1200.0  # where a result is spoilt for good, which is believed after minutes
LONG = 0.1  # of all rounds
ANSWER_S = 5.0  # and so long for the last answers


UNFINISHED = {
    "items": "SELECT 1 FROM items WHERE finished_at IS NULL",
    "open jobs": "SELECT 1 FROM jobs WHERE closed_at IS NULL",
    "album items": "SELECT 1 FROM album_items",
    "refunds": "SELECT 1 FROM payment_refunds WHERE state = 'pending'",
}


@dataclass(frozen=True)
class Size:
    """How much happens in a round."""

    people: int = 12
    deeds: int = 32
    last_deeds: int = 6  # in the last life
    lives: int = 7  # before the last one, which is left in peace
    patience_s: float = 2.5  # how long a moment to kill at is waited for
    linger_s: float = 12.0  # how long a life is let alone at most
    may_fall_silent: bool = True  # Telegram, at a stop
    may_last: bool = True  # what takes minutes to be believed


NORMAL = Size()
SHORT = Size(
    people=8,
    deeds=9,
    last_deeds=0,
    lives=3,
    patience_s=0.8,
    linger_s=1.2,
    may_fall_silent=False,
    may_last=False,
)


@dataclass
class Report:
    """What a round came to."""

    number: int
    prompts: int = 0
    items: int = 0
    people: int = 0
    by_webhook: bool = False
    kills: int = 0
    stops: int = 0
    faults: int = 0
    seconds: float = 0.0
    toll: Toll = field(default_factory=Toll)
    complaints: list[Complaint] = field(default_factory=list)
    story: str = ""  # for who has to find out why

    def __str__(self) -> str:
        toll = self.toll
        return (
            f"round {self.number}, {'webhook' if self.by_webhook else 'polling'}:"
            f" {self.people} people, {self.prompts} prompts,"
            f" {self.items} items, {self.kills} kills, {self.stops} stops,"
            f" {self.faults} faults met; sent twice: {toll.duplicates} pictures,"
            f" {toll.repeats} progress messages; {toll.unseen} pictures never seen,"
            f" {toll.sent_home} sent to people for groups; {toll.second_creates} tasks lost,"
            f" {toll.clashes} known ones named; {toll.questions} questions before a charge;"
            f" {toll.purchases} purchases, {toll.returned} of them returned;"
            f" {toll.unsaid_by_kills} + {toll.unsaid_by_stops} refusals unsaid by kills + stops;"
            f" {self.seconds:.0f} s:"
            f" {f'{len(self.complaints)} COMPLAINTS' if self.complaints else 'ok'}"
        )


class Round:
    """One round, from its seed."""

    def __init__(
        self, seed: int, number: int, size: Size, folder: Path, *, by_webhook: bool
    ) -> None:
        self._by_webhook = by_webhook
        self._folder = folder / str(number)
        self._size = size
        self._name = f"{seed}/{number}"
        self._rng = self._random("round")
        self._drawn: dict[bytes, str] = {}
        self._report = Report(number, people=size.people, by_webhook=by_webhook)

    def _random(self, subject: str) -> random.Random:
        """Choices of one subject do not depend on how many another has made."""
        return random.Random(f"{self._name}/{subject}")

    async def run(self) -> Report:
        """Play it and judge it."""
        begun = time.monotonic()
        self._folder.mkdir()
        with ExitStack() as held:
            port = held.enter_context(reserved_port()) if self._by_webhook else None
            async with TelegramEmulator.start() as telegram, KieSimulator.start() as kie:
                await self._play(self._folder, telegram, kie, port)
        self._report.seconds = time.monotonic() - begun
        return self._report

    async def _play(
        self, folder: Path, telegram: TelegramEmulator, kie: KieSimulator, port: int | None
    ) -> None:
        self._set_up(telegram, kie)
        given = environment(folder / "data", telegram, kie)
        if port is not None:
            given |= {"HTTP_BIND": f"127.0.0.1:{port}", "PUBLIC_URL": PUBLIC_URL}
            telegram.updates.webhook.hosts = {PUBLIC_URL: f"http://127.0.0.1:{port}"}
            telegram.updates.webhook.pace = WEBHOOK_PACE
            kie.callbacks = self._callbacks(port)
            if kie.callbacks.hmac_key is not None:
                given["KIE_WEBHOOK_HMAC_KEY"] = kie.callbacks.hmac_key
        bot = BotProcess(given, folder)
        may_block = self._rng.random() < 0.3
        size = self._size
        may_last = size.may_last and self._rng.random() < LONG
        crowd = Crowd(self._random("people"), telegram, people=size.people, may_block=may_block)
        # Telegram tells of a block in order; told again later it would be a lie.
        trouble = Trouble(
            self._random("faults"),
            telegram,
            kie,
            folder / "data",
            may_repeat=not may_block,
            may_last=may_last,
            by_webhook=self._by_webhook,
        )
        moments = Moments(
            self._random("moments"),
            telegram,
            kie,
            size.patience_s,
            size.linger_s,
            by_webhook=self._by_webhook,
        )
        acting = asyncio.create_task(crowd.act(size.deeds, size.lives * LIFE_S * 0.6))
        brewing = asyncio.create_task(trouble.brew(crowd.tell, FAULT_PAUSE_S))
        try:
            for _ in range(size.lives):
                await self._live(bot, moments, crowd)
            brewing.cancel()
            await asyncio.wait([acting, brewing])
            acting.result()
            if not brewing.cancelled():
                brewing.result()
            trouble.switch_off()
            await bot.start()
            await crowd.act(size.last_deeds, LIFE_S)
            await crowd.settle()
            crowd.come_home()
            rest_s = LONG_REST_S if may_last else REST_S
            await self._rest(bot, telegram, crowd, folder / "data", rest_s)
            await self._stop(bot, moments, crowd)
            await bot.start()  # once more: it reads Telegram's list of Stars to its end
            await self._reconcile(bot, telegram, folder / "data")
            await self._stop(bot, moments, crowd)
        finally:
            brewing.cancel()
            acting.cancel()
            await bot.kill()
        self._report.faults = trouble.met + sum(map(went_wrong, kie.calls))
        evidence = Evidence(folder / "data", telegram, kie, crowd, bot.lives, bot.log, self._drawn)
        await self._judge(evidence)

    async def _judge(self, evidence: Evidence) -> None:
        self._report.complaints += await judge(evidence, self._report.toll)
        self._report.prompts = len(evidence.crowd.prompts)
        self._report.items = sum(map(len, evidence.items.values()))
        self._report.kills = sum(life.end is End.KILLED for life in evidence.lives)
        self._report.stops = sum(life.end is End.STOPPED for life in evidence.lives)
        if self._report.complaints:
            self._report.story = tell_story(evidence, self._report.complaints)

    def _set_up(self, telegram: TelegramEmulator, kie: KieSimulator) -> None:
        telegram.flood = FloodRules()
        rng = self._random("kie")
        kie.limits = KieLimits(http_status=rng.choice((200, 429)))
        kie.task_seconds = lambda _: rng.uniform(0.1, 2.5)
        kie.record_delay_s = rng.choice((0, 0, 0.5))
        kie.paint = self._draw

    def _callbacks(self, port: int) -> Callbacks:
        """KIE tells of each end: once, twice, late, of another's making, or not at all."""
        rng = self._random("callbacks")
        return Callbacks(
            hmac_key=rng.choice((None, "key-of-webhooks")),
            signature=rng.choice(("right", "right", "wrong")),
            shape=rng.choice(("full", "no_result", "both_ids", "id_only")),
            copies=rng.choice((0, 1, 1, 2)),
            delay_s=rng.choice((0.0, 0.0, 0.5)),
            retry_waits_s=(0.2, 0.5, 1.0),
            hosts={PUBLIC_URL: f"http://127.0.0.1:{port}"},
        )

    def _draw(self, task: Task) -> bytes:
        """A picture that no other task has."""
        info = PngImagePlugin.PngInfo()
        info.add_text("task", task.task_id)
        out = io.BytesIO()
        Image.new("RGB", (64, 48), "teal").save(out, "PNG", pnginfo=info)
        self._drawn[out.getvalue()] = task.task_id
        return out.getvalue()

    async def _live(self, bot: BotProcess, moments: Moments, crowd: Crowd) -> None:
        """One life of the bot, from its start to its end by our hand."""
        await bot.start()
        crowd.tell(str(bot.life))
        moment = asyncio.create_task(moments.next(bot.life.started_at))
        ended = asyncio.create_task(bot.ended())
        await asyncio.wait([moment, ended], return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not bot.is_alive:
            moment.cancel()
            self._complain(f"{bot.life}, though nobody asked it to")
            return
        when = await moment
        choice = self._rng.random()
        if choice < 0.2:
            with self._silence(moments.telegram):
                await self._stop(bot, moments, crowd)
        elif choice < 0.3:  # an operator who does not wait
            bot.ask_to_stop()
            await asyncio.sleep(self._rng.uniform(0, 1))
            await bot.kill()
        else:
            await bot.kill()
        crowd.tell(f"{bot.life}: {when}")
        await asyncio.sleep(self._rng.choice((0, 0, 0.2, 0.5)))

    @contextmanager
    def _silence(self, telegram: TelegramEmulator) -> Iterator[None]:
        """Now and then Telegram answers nothing any more: a stop must not wait for it."""
        silent = self._size.may_fall_silent and self._rng.random() < 0.4
        methods = ("*", "getUpdates", "webhook") if silent else ()
        faults = [telegram.fault(method, hang=True, times=None) for method in methods]
        yield
        for fault in faults:
            telegram.withdraw(fault)

    async def _stop(self, bot: BotProcess, moments: Moments, crowd: Crowd) -> None:
        """SIGTERM. Who has come so far that signals are heard ends well, and soon."""
        heard = moments.is_listening(bot.life.started_at)
        seconds = await bot.stop()
        crowd.tell(f"{bot.life}, {seconds} s after SIGTERM")
        if heard and (seconds is None or seconds > STOP_S or bot.life.status != 0):
            self._complain(f"{bot.life}, {seconds} s after SIGTERM")

    async def _rest(
        self,
        bot: BotProcess,
        telegram: TelegramEmulator,
        crowd: Crowd,
        data_dir: Path,
        rest_s: float,
    ) -> None:
        """Wait until nothing is left to be done."""
        await self._until(lambda: not bot.is_alive or not _left(telegram, crowd, data_dir), rest_s)
        left = _left(telegram, crowd, data_dir)
        # What an earlier life took with it is not waited for.
        handed = {key for at, key in handed_to_bot(telegram) if at >= bot.life.started_at}
        waiting = [prompt for prompt in crowd.prompts if prompt.key in handed]
        await self._until(
            lambda: not bot.is_alive or all(p.answers or p.is_deleted for p in waiting),
            ANSWER_S,
        )
        if not bot.is_alive:
            self._complain(f"{bot.life}, though nobody asked it to")
        elif left:
            self._complain(f"after {rest_s:.0f} s of rest there are still {left}")

    async def _reconcile(self, bot: BotProcess, telegram: TelegramEmulator, data_dir: Path) -> None:
        """Wait until the books know all that Telegram knows."""

        def is_read() -> bool:
            rows = read_rows(data_dir, "SELECT next_offset FROM star_readings")
            known = rows[0]["next_offset"] if rows else 0
            pending = read_rows(data_dir, UNFINISHED["refunds"])
            return known == len(telegram.star_transactions) and not pending

        await self._until(lambda: not bot.is_alive or is_read(), REST_S)
        if not bot.is_alive or not is_read():
            self._complain(f"{bot.life}: Telegram's list of Stars was not read to its end")

    async def _until(self, holds: Callable[[], bool], timeout_s: float) -> None:
        """What another process does rings no bell here."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not holds():  # noqa: ASYNC110 - see above
                    await asyncio.sleep(0.2)

    def _complain(self, what: str) -> None:
        self._report.complaints.append(Complaint(what))


def environment(data_dir: Path, telegram: TelegramEmulator, kie: KieSimulator) -> dict[str, str]:
    """All that the bot is told. Waits are short, and limits of people do not matter here."""
    return {
        "PATH": os.environ["PATH"],
        "BOT_TOKEN": telegram.token,
        "TELEGRAM_API_URL": telegram.url,
        "ADMIN_IDS": str(ADMIN),
        "DATA_DIR": str(data_dir),
        "KIE_API_KEY": kie.key,
        "MIDJOURNEY_KIE_BASE_URL": kie.url,
        "KIE_UPLOAD_URL": kie.url,
        "MIDJOURNEY_KIE_POLL_INTERVAL": "0.4",
        "MIDJOURNEY_KIE_REQUEST_TIMEOUT": "1.5",
        "CANCEL_SECONDS": str(CANCEL_S),
        "WELCOME_TOKENS": str(BUDGET * PRICE),
        "MAX_QUANTITY": str(MAX_QUANTITY),
        "USER_MAX_ACTIVE_IMAGES": "1000",
        "USER_MESSAGES_PER_MINUTE": "1000",
    }


def _left(telegram: TelegramEmulator, crowd: Crowd, data_dir: Path) -> str:
    """What is still to be done; nothing is an empty string."""
    if telegram.pending_updates:
        return f"{len(telegram.pending_updates)} updates"
    placed = {
        (row["chat_id"], row["message_id"])
        for row in read_rows(data_dir, "SELECT chat_id, message_id FROM jobs")
    }
    for prompt in crowd.prompts:
        if prompt.fate is Fate.TAKEN and prompt.key not in placed:
            return f"no job for {prompt}"
    for name, sql in UNFINISHED.items():
        if rows := read_rows(data_dir, sql):
            return f"{len(rows)} {name}"
    return ""
