"""When the bot is killed: at any time, or in the middle of something that matters."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

from bot.demo.kie import KieSimulator
from bot.demo.telegram import TelegramEmulator

HELD_S = 0.4  # how long an answer is held back to be killed before it

TELEGRAM_CALLS = (
    "updates",  # asked for, or brought
    "updates",
    "sendMessage",
    "sendMessage",
    "sendPhoto",
    "sendPhoto",
    "editMessageText",
    "getFile",
    "answerPreCheckoutQuery",
    "answerPreCheckoutQuery",
    "refundStarPayment",
    "getStarTransactions",
)
KIE_CALLS: tuple[str, ...] = ("createTask", "createTask", "recordInfo", "result", "upload")
HURRY = 0.25  # so often in its first seconds, wherever it is by then
START_S = 20.0  # how long a start may take


class Moments:
    """Chooses moments and waits for them, for so long: not every one comes."""

    def __init__(
        self,
        rng: random.Random,
        telegram: TelegramEmulator,
        kie: KieSimulator,
        patience_s: float,
        linger_s: float,
        *,
        by_webhook: bool,
    ) -> None:
        self._updates = "webhook" if by_webhook else "getUpdates"
        self._patience_s = patience_s
        self._linger_s = linger_s
        self._rng = rng
        self.telegram = telegram
        self._kie = kie

    async def next(self, started_at: float) -> str:
        """Wait until it is time, and say what it was."""
        rng = self._rng
        if rng.random() < HURRY:
            delay_s = rng.uniform(*rng.choice(((0, 1), (1, 3))))
            await asyncio.sleep(delay_s)
            return f"{delay_s:.2f} s after its start"
        await self._until(lambda: self.is_listening(started_at), START_S)
        # It needs something to be torn away from; now and then what waits for long gets its turn.
        await asyncio.sleep(rng.uniform(0.2, rng.choice((1.2, 1.2, self._linger_s))))
        moment = rng.choice(
            (self._any_time, self._telegram_call, self._telegram_answer, self._kie_call)
        )
        return await moment(rng)

    def is_listening(self, started_at: float) -> bool:
        """Whether the bot that was started then has come so far that it hears signals."""
        calls = self.telegram.calls_of("getMe")
        return bool(calls) and calls[-1].at >= started_at

    async def _any_time(self, rng: random.Random) -> str:
        await asyncio.sleep(rng.uniform(0, 2))
        return "at any time"

    async def _telegram_call(self, rng: random.Random) -> str:
        """Some milliseconds after a call: what it came to is being stored, or is not yet."""
        method = self._method(rng)
        before = self._count(method)
        await self._until(lambda: self._count(method) > before)
        await asyncio.sleep(rng.uniform(0, 0.03))
        return f"after {method}"

    async def _telegram_answer(self, rng: random.Random) -> str:
        """Between what a call does and its answer."""
        method = self._method(rng)
        fault = self.telegram.fault(method, delay_s=HELD_S)
        await self._until(lambda: fault.hits > 0)
        self.telegram.withdraw(fault)
        await asyncio.sleep(rng.uniform(0, HELD_S))
        return f"before the answer to {method}"

    def _method(self, rng: random.Random) -> str:
        method = rng.choice(TELEGRAM_CALLS)
        return self._updates if method == "updates" else method

    def _count(self, method: str) -> int:
        if method == "webhook":
            return len(self.telegram.updates.webhook.deliveries)
        return len(self.telegram.calls_of(method))

    async def _kie_call(self, rng: random.Random) -> str:
        """Some milliseconds after a call, or between what it does and its answer."""
        name = rng.choice(KIE_CALLS)
        before = len([call for call in self._kie.calls if call.name == name])
        held = rng.random() < 0.5
        if held:
            self._kie.fault(name, delay_s=HELD_S, effect=True)
        await self._until(
            lambda: len([call for call in self._kie.calls if call.name == name]) > before
        )
        await asyncio.sleep(rng.uniform(0, HELD_S if held else 0.03))
        return f"{'before the answer to' if held else 'after'} {name}"

    async def _until(self, holds: Callable[[], bool], timeout_s: float | None = None) -> None:
        """Both emulators run in this very loop: looking often costs little."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s or self._patience_s):
                while not holds():  # noqa: ASYNC110 - a call rings after it was answered
                    await asyncio.sleep(0.003)
