"""The people of a round: what they send, and what has to come of each prompt."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

from bot.demo.telegram import Message, Person, TelegramEmulator
from tests.support import ADMIN, png

PRICE = 79  # tokens; the first migration sets it
BUDGET = 6  # images that the welcome tokens pay for
LONG_AGO_S = 7200.0  # older than STALE_PROMPT_MINUTES
GRANT = 10
SUBJECTS = ("рыжая лиса", "a red fox", "дом <у> моря", "cat & mouse", "ёж 🦔")
MAX_QUANTITY = 4


class Fate(StrEnum):
    """What has to come of a prompt."""

    TAKEN = "taken"  # one job, whatever happens
    REFUSED = "refused"  # no job, and a sentence that says why
    EITHER = "either"  # it depends on what was given back by then; one of the two all the same


@dataclass(eq=False)
class Prompt:
    """One request as it was sent. `words` is what the provider has to be asked for."""

    customer: "Customer"
    message_id: int
    words: str
    quantity: int
    pictured: bool
    fate: Fate
    is_album: bool = False
    sent_at: float = field(default_factory=time.time)
    is_deleted: bool = False

    @property
    def was_answered(self) -> bool:
        """Whether the bot replied to it, be it with what became of it or with why not."""
        return any(
            message.from_bot
            and message.reply_to is not None
            and message.reply_to.message_id == self.message_id
            for message in self.customer.person.chat.history.values()
        )

    def __str__(self) -> str:
        return f"prompt {self.message_id} of {self.customer.person.user_id} ({self.words})"


@dataclass(eq=False)
class Customer:
    """Somebody with a purse, which the first contact fills, be it /start or anything else."""

    person: Person
    greeted: bool  # pressed /start
    asked: int = 0  # images, at most so many were charged
    prompts: list[Prompt] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)  # messages of their own to reply to
    may_cancel: bool = False
    was_away: bool = False  # blocked the bot for a while
    # An album is taken later than what is written after it, which must leave enough tokens.
    saves: bool = False
    is_busy: bool = False

    def fate(self, quantity: int) -> Fate:
        """What becomes of a right request: all earlier ones may have cost what they could."""
        self.asked += quantity
        return Fate.TAKEN if self.asked <= BUDGET else Fate.EITHER


class Crowd:
    """Everybody who writes to the bot in one round."""

    def __init__(
        self, rng: random.Random, telegram: TelegramEmulator, *, people: int, may_block: bool
    ) -> None:
        self._rng = rng
        self._telegram = telegram
        self._count = 0
        self.customers: list[Customer] = []
        self.grants = 0
        self.diary: list[str] = []
        telegram.add_person(ADMIN, "Админ", language_code="ru").send("/start")
        for number in range(people):
            language = rng.choice(("ru", "ru", "en", None))
            person = telegram.add_person(1001 + number, f"Person {number}", language_code=language)
            customer = Customer(person, greeted=rng.random() >= 0.15)
            self.customers.append(customer)
            if customer.greeted:
                person.send("/start")
        self._deeds: dict[Callable[[Customer], Awaitable[None]], int] = {
            self._ask: 40,
            self._ask_wrongly: 10,
            self._ask_with_photo: 7,
            self._ask_with_document: 4,
            self._ask_for_photo_before: 6,
            self._ask_in_reply: 4,
            self._ask_with_album: 4,
            self._ask_with_broken_picture: 2,
            self._ask_long_ago: 3,
            self._command: 5,
            self._cancel: 2,
            self._press: 8,
            self._delete: 5,
            self._be_granted: 4,
        }
        if may_block:
            self._deeds[self._go_away] = 8

    @property
    def prompts(self) -> list[Prompt]:
        """All that was asked for."""
        return [prompt for customer in self.customers for prompt in customer.prompts]

    async def act(self, deeds: int, seconds: float) -> None:
        """Do so many things in about so much time, several people at once."""
        choices, weights = list(self._deeds), list(self._deeds.values())
        async with asyncio.TaskGroup() as group:
            for _ in range(deeds):
                await asyncio.sleep(self._rng.expovariate(deeds / seconds))
                idle = [each for each in self.customers if not each.is_busy]
                if idle:
                    [deed] = self._rng.choices(choices, weights)
                    group.create_task(self._do(deed, self._rng.choice(idle)))

    async def _do(self, deed: Callable[[Customer], Awaitable[None]], customer: Customer) -> None:
        customer.is_busy = True
        if customer.saves and customer.asked >= BUDGET:
            deed = self._command
        try:
            await deed(customer)
        finally:
            customer.is_busy = False

    # --- Requests

    def _words(self) -> str:
        """Words that no other prompt of the round has."""
        self._count += 1
        return f"{self._rng.choice(SUBJECTS)} {self._count}"

    def _right(self, customer: Customer) -> tuple[str, str, int]:
        """Words, the whole line, and how many images it asks for."""
        words = self._words()
        quantity = self._rng.choice((1, 1, 1, 1, 2, 2, 3, 4))
        if customer.saves:
            quantity = min(quantity, BUDGET - customer.asked)
        flags = self._rng.choice(("", " --ar 16:9", " --q high --seed 7", " --opt tile=true"))
        number = f" {self._rng.choice(('--n', '--r'))} {quantity}" if quantity > 1 else ""
        return words, words + flags + number, quantity

    def _note(
        self,
        customer: Customer,
        message_id: int,
        words: str,
        quantity: int,
        *,
        pictured: bool = False,
        is_album: bool = False,
        fate: Fate | None = None,
    ) -> None:
        fate = fate or customer.fate(quantity)
        prompt = Prompt(customer, message_id, words, quantity, pictured, fate, is_album)
        customer.prompts.append(prompt)
        self.tell(f"{prompt} --n {quantity}{' with a picture' if pictured else ''}: {fate}")

    def tell(self, what: str) -> None:
        """Note what happened, and when."""
        self.diary.append(f"{time.time():.2f} {what}")

    async def _ask(self, customer: Customer) -> None:
        words, line, quantity = self._right(customer)
        self._note(customer, customer.person.send(line), words, quantity)

    async def _ask_wrongly(self, customer: Customer) -> None:
        words = self._words()
        line = self._rng.choice(
            (
                f"{words} --n {MAX_QUANTITY + 5}",
                f"{words} --ar 7:3",
                "--ar 16:9",
                f"{words} --cfg 5",
                f"{words} --seed 1 --seed 2",
                f"{words} --colour <red>",
                words + " x" * 1000,
            )
        )
        message_id = customer.person.send(line)
        self._note(customer, message_id, words, 1, fate=Fate.REFUSED)

    async def _ask_with_photo(self, customer: Customer) -> None:
        words, line, quantity = self._right(customer)
        message_id = customer.person.send_photo(self._picture(), caption=line)
        customer.pictures.append(message_id)
        self._note(customer, message_id, words, quantity, pictured=True)

    async def _ask_with_document(self, customer: Customer) -> None:
        words, line, quantity = self._right(customer)
        message_id = customer.person.send_document(
            self._picture(), filename="picture.png", caption=line
        )
        customer.pictures.append(message_id)
        self._note(customer, message_id, words, quantity, pictured=True)

    async def _ask_for_photo_before(self, customer: Customer) -> None:
        """A picture, and the words after it."""
        customer.pictures.append(customer.person.send_photo(self._picture()))
        await asyncio.sleep(self._rng.choice((0, 0, 0.1, 0.5, 1.5)))
        words, line, quantity = self._right(customer)
        self._note(customer, customer.person.send(line), words, quantity, pictured=True)

    async def _ask_in_reply(self, customer: Customer) -> None:
        if not customer.pictures:
            await self._ask_with_photo(customer)
            return
        words, line, quantity = self._right(customer)
        picture = self._rng.choice(customer.pictures)
        message_id = customer.person.send(line, reply_to=picture)
        self._note(customer, message_id, words, quantity, pictured=True)

    async def _ask_with_album(self, customer: Customer) -> None:
        words, line, quantity = self._right(customer)
        items = [(self._picture(), line), (self._picture(), None)]
        first, *_ = customer.person.send_album(items)
        self._note(customer, first, words, quantity, pictured=True, is_album=True)
        customer.saves = True

    async def _ask_with_broken_picture(self, customer: Customer) -> None:
        """It can only be seen to be broken once it is paid for."""
        words, line, quantity = self._right(customer)
        message_id = customer.person.send_document(
            self._picture()[:60], filename="picture.png", caption=line
        )
        self._note(customer, message_id, words, quantity, pictured=True)

    async def _ask_long_ago(self, customer: Customer) -> None:
        words, line, quantity = self._right(customer)
        message_id = customer.person.send(line, sent_at=time.time() - LONG_AGO_S)
        self._note(customer, message_id, words, quantity, fate=Fate.REFUSED)

    def _picture(self) -> bytes:
        return png(48 + self._rng.randrange(64), 64, self._rng.choice(("teal", "tomato", "navy")))

    # --- Everything else

    async def _command(self, customer: Customer) -> None:
        customer.person.send(self._rng.choice(("/balance", "/help", "/nonsense")))

    async def _cancel(self, customer: Customer) -> None:
        customer.may_cancel = True
        customer.person.send("/cancel")
        self.tell(f"{customer.person.user_id} cancels everything")

    async def _press(self, customer: Customer) -> None:
        """Press what the bot offers: to cancel, or to draw what was asked for long ago.

        Not under pictures, where the first button asks for another: its words are no new ones.
        """
        offers = [m for m in customer.person.messages if m.from_bot and m.buttons and m.text]
        if not offers or customer.saves:
            await self._ask(customer)
            return
        message = self._rng.choice(offers)
        button = message.buttons[0]["text"]
        stale = self._asked_about(customer, message)
        if stale is None or button in {"Cancel", "Отменить"}:
            customer.may_cancel = True
        else:
            stale.fate = Fate.EITHER
            customer.asked += stale.quantity
        customer.person.press(message, button)
        self.tell(f"{customer.person.user_id} presses {button} under {message.message_id}")

    def _asked_about(self, customer: Customer, message: Message) -> Prompt | None:
        """The old prompt that a question with a button is about."""
        replied = message.reply_to.message_id if message.reply_to else None
        old = (Fate.REFUSED, Fate.EITHER)
        return next(
            (p for p in customer.prompts if p.message_id == replied and p.fate in old), None
        )

    async def _delete(self, customer: Customer) -> None:
        """Remove a prompt that is being worked on, or what the bot said."""
        prompts = [p for p in customer.prompts if p.fate is Fate.TAKEN and not p.is_deleted]
        said = [m for m in customer.person.messages if m.from_bot and m.text]
        if prompts and self._rng.random() < 0.5:
            prompt = self._rng.choice(prompts)
            prompt.is_deleted = True
            customer.person.delete(prompt.message_id)
            self.tell(f"{prompt} is deleted")
        elif said:
            customer.person.delete(self._rng.choice(said))

    async def _be_granted(self, _: Customer) -> None:
        """An admin gives tokens to himself: for others the order of the chats is not sure."""
        self.grants += 1
        self._telegram.person(ADMIN).send(f"/grant {ADMIN} {GRANT} chaos")

    async def _go_away(self, customer: Customer) -> None:
        """Block the bot, and take it back."""
        customer.was_away = True
        customer.person.block()
        self.tell(f"{customer.person.user_id} blocks the bot")
        await asyncio.sleep(self._rng.uniform(0.2, 3))
        customer.person.unblock()
        self.tell(f"{customer.person.user_id} takes it back")
