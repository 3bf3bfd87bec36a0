"""People who write to the bot; these functions run in the process of the Telegram emulator."""

import asyncio
import itertools
import time
from collections import deque
from dataclasses import dataclass

from bot.demo.telegram import TelegramEmulator
from tests.bench.elsewhere import calls_of
from tests.bench.stock import FIRST_PERSON, name

PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One message of a person's. Unix seconds; None: it did not come to that."""

    user_id: int
    message_id: int
    handed_at: float  # the answer to getUpdates was sent that held it
    confirmed_at: float  # a getUpdates came that asked for what comes after it
    answered_at: float | None  # the bot's answer to it came in


async def invite(telegram: TelegramEmulator, people: int) -> None:
    """Let there be so many people who have written to the bot before."""
    for user_id in range(FIRST_PERSON, FIRST_PERSON + people):
        telegram.add_person(user_id, name(user_id), language_code="ru", started=True)


async def slow_down(telegram: TelegramEmulator, delay_s: float) -> None:
    """Let every answer take so long, like a way there and back."""
    telegram.mend()
    if delay_s:
        telegram.fault("*", delay_s=delay_s, times=None)
        telegram.fault("getUpdates", delay_s=delay_s, times=None)


async def until_left(telegram: TelegramEmulator) -> None:
    """Wait until nobody asks for updates any more: the last bot is gone."""
    await telegram.wait_for(lambda: not telegram.updates.is_polled, PATIENCE_S)


async def until_polled(telegram: TelegramEmulator) -> float:
    """Wait until the bot asks for updates, and forget what was called before; when that was."""
    await telegram.wait_for(lambda: telegram.updates.is_polled, PATIENCE_S)
    asked_at = time.time()
    telegram.calls.clear()
    return asked_at


async def talk(
    telegram: TelegramEmulator, text: str, people: int, messages: int, delay_s: float, answers: bool
) -> list[Seen]:
    """Have so many people write, each the next message as soon as the last was confirmed.

    Until so many messages were confirmed and, with `answers`, answered: a reply to each is an
    answer, or else whatever is said in the chat, in order.
    """
    telegram.calls.clear()
    numbers = itertools.count()
    waiting: deque[tuple[int, int]] = deque()  # sent and not confirmed
    confirmed_at: dict[tuple[int, int], float] = {}

    def write(user_id: int) -> None:
        if next(numbers) < messages:
            message_id = telegram.person(user_id).send(text)
            waiting.append((user_id, message_id))

    for user_id in range(FIRST_PERSON, FIRST_PERSON + people):
        write(user_id)
    async with asyncio.timeout(PATIENCE_S):
        while waiting:
            confirmed = await telegram.wait_for(
                lambda: len(waiting) - len(telegram.updates.pending), PATIENCE_S
            )
            now = time.time()
            done = [waiting.popleft() for _ in range(confirmed)]
            for user_id, message_id in done:
                confirmed_at[user_id, message_id] = now
            for user_id, _ in done:
                write(user_id)
    if answers:
        said = calls_of(telegram).count_of
        await telegram.wait_for(lambda: said["sendMessage"] >= messages, PATIENCE_S)
    handed_at = _handed(telegram, delay_s)
    answered_at = _answered(telegram, handed_at)
    return [
        Seen(*key, handed_at[key], confirmed_at[key], answered_at.get(key)) for key in confirmed_at
    ]


def _handed(telegram: TelegramEmulator, delay_s: float) -> dict[tuple[int, int], float]:
    calls = calls_of(telegram)
    handed = {}
    for call, at in zip(calls, calls.answered_at, strict=True):
        if call.method == "getUpdates" and call.ok:
            for update in call.result:
                message = update["message"]
                handed[message["chat"]["id"], message["message_id"]] = at + delay_s
    return handed


def _answered(
    telegram: TelegramEmulator, asked: dict[tuple[int, int], float]
) -> dict[tuple[int, int], float]:
    in_order: dict[int, deque[int]] = {}
    for user_id, message_id in sorted(asked):
        in_order.setdefault(user_id, deque()).append(message_id)
    answered: dict[tuple[int, int], float] = {}
    for call in telegram.calls_of("sendMessage"):
        if call.ok:
            chat_id = call.params["chat_id"]
            reply = call.params.get("reply_parameters")
            message_id = reply["message_id"] if reply else in_order[chat_id].popleft()
            answered.setdefault((chat_id, message_id), call.at)
    return answered


async def write_steadily(
    telegram: TelegramEmulator, text: str, messages: int, pause_s: float
) -> None:
    """Have people write in turn, one message each `pause_s`."""
    people = [chat_id for chat_id in telegram.chats if chat_id >= FIRST_PERSON]
    begun = time.monotonic()
    for number in range(messages):
        await asyncio.sleep(max(begun + number * pause_s - time.monotonic(), 0.0))
        telegram.person(people[number % len(people)]).send(text)


async def ask_for_help(telegram: TelegramEmulator, user_id: int) -> float:
    """Seconds until a person is told how it works; then the bot has confirmed the message."""
    person = telegram.person(user_id)
    begun = time.time()
    asked = person.send("/help")
    await telegram.wait_for(
        lambda: any(each.from_bot and each.message_id > asked for each in person.messages),
        PATIENCE_S,
    )
    seconds = time.time() - begun
    await telegram.wait_for(lambda: not telegram.updates.pending, PATIENCE_S)
    return seconds
