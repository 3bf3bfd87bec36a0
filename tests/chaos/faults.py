"""Random faults of Telegram and KIE."""

import asyncio
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from bot.demo.base import Fault
from bot.demo.kie import KieSimulator
from bot.demo.telegram import TelegramEmulator
from tests.chaos.evidence import read_rows, updates_handed

SENDING = ("sendMessage", "sendPhoto", "sendPhoto", "editMessageText", "*")
STAR_CALLS = (
    *("answerPreCheckoutQuery", "answerPreCheckoutQuery", "sendInvoice", "refundStarPayment"),
    "getStarTransactions",
)
SLOW_S = 0.6

# By weight. What only spoils the answer counts most: there nobody can know what was done.
TELEGRAM_FORMS: tuple[tuple[int, dict[str, Any]], ...] = (
    (5, {"retry_after": 1}),
    (3, {"html": 502}),
    (2, {"status": 500}),
    (3, {"cut_before_effect": True}),
    (5, {"cut_after_effect": True}),
    (3, {"html": 502, "effect": True}),
    (2, {"hang": True}),
    (2, {"hang": True, "effect": True}),
    (3, {"delay_s": SLOW_S}),
)
DELIVERY_FORMS: tuple[tuple[int, dict[str, Any]], ...] = (
    (3, {"cut_before_effect": True}),
    (5, {"cut_after_effect": True}),
    (3, {"delay_s": SLOW_S}),
)
KIE_ENDPOINTS: tuple[str, ...] = ("createTask", "createTask", "recordInfo", "upload")
KIE_FORMS: tuple[tuple[int, dict[str, Any]], ...] = (
    (3, {"html": 502}),
    (3, {"html": 502, "effect": True}),
    (3, {"hang": True}),
    (3, {"hang": True, "effect": True}),
    (3, {"cut_before_effect": True}),
    (5, {"cut_after_effect": True}),
    (2, {"body": "<!doctype html>", "effect": True}),
    (2, {"delay_s": SLOW_S}),
)
NO_PHOTO = {"status": 400, "description": "Bad Request: IMAGE_PROCESS_FAILED"}
LOCKED_S = 3.0  # a backup holds the database for so long at most
OUTAGE_S = (3.0, 12.0)  # longer than a life lasts
HALF_AN_EMOJI = "\ud83e"
# Code 500, as it was recorded: whether something was made nobody knows.
SERVER_EXCEPTIONS = (
    "Server exception, please try again later or contact customer service",
    "Server exception, please try again later.",
)
# Of a call that went well: the answer says so, and the rest of it cannot be read.
UNREADABLE: tuple[tuple[str, ...], ...] = (
    ("date",),
    ("date", "chat", "photo"),
    ("message_id",),
    ("message_id", "date", "chat", "from"),
)
LOST_IN_A_ROW = (3, 12)  # answers
Switch = Callable[[random.Random], str]
Outage = Callable[[random.Random], tuple[str, Callable[[], None]]]  # returns how it ends


class Trouble:
    """Switches faults on, one after another; what was switched on stays until it was met."""

    def __init__(
        self,
        rng: random.Random,
        telegram: TelegramEmulator,
        kie: KieSimulator,
        data_dir: Path,
        *,
        may_repeat: bool,
        may_last: bool,
        by_webhook: bool,
    ) -> None:
        self._rng = rng
        self._data_dir = data_dir
        self._telegram = telegram
        self._kie = kie
        self._by_webhook = by_webhook
        self._ordered: list[Fault] = []
        self._switches: dict[Switch, int] = {
            self._break_sending: 40,
            self._lose_pictures_answers: 12,
            self._spoil_answer: 8,
            self._break_stars: 14,
            self._lose_payment: 5,
            self._refuse_photo: 3,
            self._break_updates: 3,
            self._break_files: 5,
            self._break_first_question: 3,
            self._break_kie: 25,
            self._slow_down_kie: 10,
            self._refuse_create: 4,
            self._confuse_kie: 6,
            self._name_known_task: 6,
            self._fail_task: 6,
            self._break_result: 5,
        }
        if may_last:
            self._switches[self._spoil_result] = 7
        if may_repeat:
            self._switches[self._repeat_updates] = 12
        self._outages: dict[Outage, int] = {
            self._take_down_results: 4,
            self._take_down_questions: 3,
            self._take_down_creates: 1,
            self._take_down_telegram: 2,
        }

    @property
    def met(self) -> int:
        """How many calls of the Bot API went wrong."""
        return sum(fault.hits for fault in self._ordered)

    async def brew(self, tell: Callable[[str], None], pause_s: float) -> None:
        """Go on until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(self._rng.expovariate(1 / pause_s))
                choice = self._rng.random()
                if choice < 0.02:
                    tell("fault: the database is locked")
                    await self._lock_database()
                elif choice < 0.1:
                    [outage] = self._rng.choices(list(self._outages), list(self._outages.values()))
                    group.create_task(self._last(outage, self._rng.uniform(*OUTAGE_S), tell))
                else:
                    [switch] = self._rng.choices(
                        list(self._switches), list(self._switches.values())
                    )
                    tell(f"fault: {switch(self._rng)}")

    async def _last(self, outage: Outage, seconds: float, tell: Callable[[str], None]) -> None:
        what, end = outage(self._rng)
        tell(f"outage of {seconds:.1f} s: {what}")
        try:
            await asyncio.sleep(seconds)
        finally:
            end()
        tell(f"over: {what}")

    async def _lock_database(self) -> None:
        """As a backup tool does."""
        # What is not there yet, or busy just now, stays as it is.
        with suppress(sqlite3.OperationalError):
            address = f"file:{self._data_dir / 'bot.db'}?mode=rw"
            with closing(sqlite3.connect(address, uri=True, timeout=0)) as database:
                database.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(self._rng.uniform(0, LOCKED_S))

    def switch_off(self) -> None:
        """No more faults from now on."""
        self._telegram.mend()
        self._kie.mend()

    # --- For once, of Telegram's

    def _fail(self, method: str, form: dict[str, Any]) -> str:
        self._ordered.append(self._telegram.fault(method, **form))
        return f"{method} {form}"

    def _break_sending(self, rng: random.Random) -> str:
        return self._fail(rng.choice(SENDING), _any(rng, TELEGRAM_FORMS))

    def _lose_pictures_answers(self, rng: random.Random) -> str:
        """Again and again in one chat that waits for some: they are in the chat each time."""
        form: dict[str, Any] = rng.choice(
            ({"cut_after_effect": True}, {"html": 502, "effect": True})
        )
        form["times"] = rng.randint(*LOST_IN_A_ROW)
        sql = "SELECT DISTINCT chat_id FROM jobs WHERE closed_at IS NULL ORDER BY chat_id"
        if waiting := read_rows(self._data_dir, sql):
            form["chat_id"] = rng.choice(waiting)["chat_id"]
        return self._fail("sendPhoto", form)

    def _spoil_answer(self, rng: random.Random) -> str:
        method = rng.choice(("sendMessage", "sendPhoto", "editMessageText"))
        return self._fail(method, {"without": rng.choice(UNREADABLE)})

    def _break_stars(self, rng: random.Random) -> str:
        """Of most, the answer is lost after the Stars have moved."""
        return self._fail(rng.choice(STAR_CALLS), _any(rng, TELEGRAM_FORMS))

    def _lose_payment(self, rng: random.Random) -> str:
        """The bot is never told of a payment, or of its way back."""
        name = rng.choice(("successful_payment", "successful_payment", "refunded_payment"))
        self._telegram.updates.lose_next(name)
        return f"the next {name} is lost"

    def _refuse_photo(self, _: random.Random) -> str:
        """Telegram cannot read a photo; as a document it takes it."""
        return self._fail("sendPhoto", NO_PHOTO)

    def _break_updates(self, rng: random.Random) -> str:
        """Without silence: a question that is never answered is given up after a minute."""
        if self._by_webhook:
            return self._fail("webhook", _any(rng, DELIVERY_FORMS) | {"times": rng.randint(1, 5)})
        form = _any(rng, TELEGRAM_FORMS)
        return self._fail("getUpdates", {"html": 502} if "hang" in form else form)

    def _repeat_updates(self, rng: random.Random) -> str:
        """Updates come again: the next ones, or one from long ago."""
        # One that the bot has not confirmed comes again by itself, and in its order.
        pending = {update.update_id for update in self._telegram.pending_updates}
        handed = [
            update["update_id"]
            for _, update in updates_handed(self._telegram)
            if update["update_id"] not in pending
        ]
        if not handed or rng.random() < 0.5:
            times = rng.randint(1, 4)
            self._telegram.updates.repeat_next(times)
            return f"the next {times} updates come twice"
        update_id = rng.choice(handed)
        self._telegram.updates.resend(update_id)
        return f"update {update_id} comes again"

    def _break_files(self, rng: random.Random) -> str:
        return self._fail(rng.choice(("getFile", "download")), _any(rng, TELEGRAM_FORMS[:4]))

    def _break_first_question(self, rng: random.Random) -> str:
        return self._fail(rng.choice(("getMe", "setMyCommands")), _any(rng, TELEGRAM_FORMS))

    # --- For once, of KIE's

    def _break_kie(self, rng: random.Random) -> str:
        endpoint = rng.choice(KIE_ENDPOINTS)
        form = _any(rng, KIE_FORMS)
        self._kie.fault(endpoint, **form)
        return f"{endpoint} {form}"

    def _slow_down_kie(self, rng: random.Random) -> str:
        status = rng.choice((200, 429))
        if rng.random() < 0.6:
            self._kie.fail_create(429, http_status=status, retry_after=rng.choice((None, 1)))
            return f"createTask 429 under {status}"
        code = rng.choice((429, 500))
        self._kie.fail_poll(code, http_status=status if code == 429 else 200, times=2)
        return f"recordInfo {code}"

    def _refuse_create(self, rng: random.Random) -> str:
        msg = rng.choice(("The prompt is <not> fit", f"no {HALF_AN_EMOJI} here", HALF_AN_EMOJI))
        self._kie.fail_create(422, msg)
        return f"createTask 422 {msg!r}"

    def _confuse_kie(self, rng: random.Random) -> str:
        """A create that was taken, or was not."""
        msg = rng.choice(SERVER_EXCEPTIONS)
        if rng.random() < 0.6:
            self._kie.fail_create(500, msg)
            return f"createTask 500 {msg}"
        body = {"code": 500, "msg": msg, "data": None}
        self._kie.fault("createTask", body=body, effect=True)
        return f"createTask 500 {msg}, and a task"

    def _name_known_task(self, rng: random.Random) -> str:
        """A create is answered with the task of another item."""
        sql = "SELECT task_id FROM items WHERE task_id IS NOT NULL ORDER BY item_id"
        known = [row["task_id"] for row in read_rows(self._data_dir, sql)]
        if not known:
            return self._refuse_create(rng)
        task_id = rng.choice(known)
        self._kie.next_task_id(task_id)
        return f"createTask names the known task {task_id}"

    def _fail_task(self, rng: random.Random) -> str:
        code, msg = rng.choice(
            (
                ("422", "Invalid prompt <prohibited>"),
                ("500", "Internal Error"),
                ("422", f"Half an emoji: {HALF_AN_EMOJI}"),
                (f"5{HALF_AN_EMOJI}", HALF_AN_EMOJI),
            )
        )
        self._kie.fail_task(code, msg, submit=rng.random() < 0.3)
        return f"a task fails with {code!r} {msg!r}"

    def _break_result(self, rng: random.Random) -> str:
        form: dict[str, Any] = rng.choice(({"html": 502}, {"cut_after_effect": True}))
        self._kie.fault("result", **form)
        return f"result {form}"

    def _spoil_result(self, rng: random.Random) -> str:
        """For good. It takes minutes until that is believed; an address that leads astray takes an
        hour, and is left to the tests that move the clock."""
        how: dict[str, Any] = rng.choice(({"raw": "{broken"}, {"raw": None}, {"urls": []}))
        self._kie.next_result(**how)
        return f"the next result is {how}"

    # --- For seconds, and in more lives than one

    def _take_down(self, endpoint: str, status: int) -> tuple[str, Callable[[], None]]:
        self._kie.down[endpoint] = status
        how = f"HTTP {status}" if status else "connections are cut"
        return f"{endpoint}, {how}", lambda: self._bring_up(endpoint)

    def _bring_up(self, endpoint: str) -> None:
        self._kie.down.pop(endpoint, None)

    def _take_down_results(self, rng: random.Random) -> tuple[str, Callable[[], None]]:
        return self._take_down("result", rng.choice((500, 502, 503, 0)))

    def _take_down_questions(self, rng: random.Random) -> tuple[str, Callable[[], None]]:
        """A gateway that knows nothing of KIE is none of KIE's words."""
        return self._take_down("recordInfo", rng.choice((404, 404, 502, 0)))

    def _take_down_creates(self, rng: random.Random) -> tuple[str, Callable[[], None]]:
        return self._take_down("createTask", rng.choice((502, 0)))

    def _take_down_telegram(self, rng: random.Random) -> tuple[str, Callable[[], None]]:
        """What is ready cannot be sent."""
        form: dict[str, Any] = rng.choice(({"html": 502}, {"cut_before_effect": True}))
        form["times"] = None
        methods = ("*", "getUpdates", "webhook")
        faults = [self._telegram.fault(method, **form) for method in methods]
        self._ordered += faults

        def end() -> None:
            for fault in faults:
                self._telegram.withdraw(fault)

        return f"Telegram, {form}", end


def _any(rng: random.Random, forms: tuple[tuple[int, dict[str, Any]], ...]) -> dict[str, Any]:
    [form] = rng.choices([form for _, form in forms], [weight for weight, _ in forms])
    return form
