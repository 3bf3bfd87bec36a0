"""The people of a round: what they send, and what has to come of each prompt."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from bot.cards.packs import PackButton, WaitingButton
from bot.demo.telegram import Message, Person, TelegramEmulator
from bot.demo.telegram.state import Chat
from bot.telegram.buttons import QuestionButton
from tests.support import ADMIN, png

PRICE = 79  # tokens; the first migration sets it
BUDGET = 6  # items that the welcome tokens pay for
LONG_AGO_S = 7200.0  # older than STALE_PROMPT_MINUTES
GRANT = 10
STARS = 1000  # that everybody has at first
CODE, CODE_TOKENS, CODE_USES = "CHAOS2026", 7, 3
SOON_S, SURELY_S = 8.0, 60.0  # how long somebody waits for what the bot shows
BUYERS = 3  # who buy in peace
SUBJECTS = ("рыжая лиса", "a red fox", "дом <у> моря", "cat & mouse", "ёж 🦔")
MAX_QUANTITY = 4
GROUPS = (-501, -502, -1_002_000_000_503)  # the last is a supergroup, which numbers for itself


class Fate(StrEnum):
    """What has to come of a prompt."""

    TAKEN = "taken"  # one job, whatever happens
    REFUSED = "refused"  # no job, and a sentence that says why, or a question
    EITHER = "either"  # it depends on what was given back by then; one of the two all the same


@dataclass(eq=False)
class Prompt:
    """One request as it was sent. `words` is what the provider has to be asked for."""

    customer: "Customer"
    chat: Chat
    message_id: int
    words: str
    quantity: int
    pictured: bool
    fate: Fate
    is_album: bool = False
    in_doubt: bool = False  # words that may be none for a picture: they are asked about
    was_decided: bool = False  # the question about it was answered
    sent_at: float = field(default_factory=time.time)
    is_deleted: bool = False

    @property
    def key(self) -> tuple[int, int]:
        """Chat and message."""
        return self.chat.chat_id, self.message_id

    @property
    def user_id(self) -> int:
        """Who asks, and pays."""
        return self.customer.person.user_id

    @property
    def answers(self) -> list[Message]:
        """What the bot replied to it, be it what became of it or why not."""
        return [
            message
            for message in self.chat.history.values()
            if message.from_bot
            and message.reply_to is not None
            and message.reply_to.message_id == self.message_id
        ]

    @property
    def card(self) -> Message | None:
        """The question whether it is to be drawn, if it is shown."""
        shown = (each for each in self.answers if not each.deleted)
        return next((each for each in shown if any(map(is_question, each.buttons))), None)

    def __str__(self) -> str:
        chat_id, message_id = self.key
        place = "" if chat_id == self.user_id else f" in {chat_id}"
        return f"prompt {message_id} of {self.user_id}{place} ({self.words})"


def is_question(button: dict[str, Any]) -> bool:
    """Whether the button answers whether something is to be drawn."""
    return str(button.get("callback_data")).startswith(f"{QuestionButton.__prefix__}:")


def _draws_waiting(button: dict[str, Any]) -> bool:
    """Whether the button draws what lacked tokens before."""
    return str(button.get("callback_data")).startswith(f"{WaitingButton.__prefix__}:")


def _packs(message: Message) -> list[str]:
    """The buttons of packs under a message."""
    said = [str(button.get("callback_data")) for button in message.buttons]
    return [each for each in said if each.startswith(f"{PackButton.__prefix__}:")]


class Rules(StrEnum):
    """What a group lets the bot do."""

    OPEN = "open"
    NO_PICTURES = "no pictures"
    SILENT = "nothing is let through"
    CLOSED_TOPIC = "its topic is closed"
    LEFT = "the bot is thrown out"


@dataclass(eq=False)
class Group:
    """A chat of several people, and its rules."""

    chat: Chat
    rules: Rules
    is_set: bool = False  # by now

    @property
    def is_open(self) -> bool:
        """Whether everything was let through, all the time."""
        return not self.is_set or self.rules is Rules.OPEN

    @property
    def is_mute(self) -> bool:
        """Whether no text is let through any more."""
        return not self.is_open and self.rules is not Rules.NO_PICTURES

    def set(self, telegram: TelegramEmulator) -> None:
        """Let the rules hold from now on."""
        self.is_set = True
        chat_id = self.chat.chat_id
        match self.rules:
            case Rules.NO_PICTURES:
                telegram.restrict_group(chat_id, "photos", "documents")
            case Rules.SILENT:
                telegram.restrict_group(chat_id, "text messages", "photos", "documents")
            case Rules.CLOSED_TOPIC:
                telegram.restrict_group(chat_id, topic_closed=True)
            case Rules.LEFT:
                telegram.remove_bot(chat_id)


@dataclass(eq=False)
class Customer:
    """Somebody with a purse, which the first contact fills, be it /start or anything else."""

    person: Person
    greeted: bool  # pressed /start
    asked: int = 0  # items, at most so many were charged
    prompts: list[Prompt] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)  # messages of their own to reply to
    may_cancel: bool = False
    was_away: bool = False  # blocked the bot for a while
    # An album is taken later than what is written after it, and a group's messages are taken
    # beside those in private: all together must leave enough tokens.
    saves: bool = False
    asked_no_more: bool = False  # chose not to be asked before a charge
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
        self.groups: list[Group] = []
        self.grants = 0
        self.diary: list[str] = []
        admin = telegram.add_person(ADMIN, "Админ", language_code="ru")
        admin.send("/start")
        admin.send(f"/promo {CODE} {CODE_TOKENS} {CODE_USES}")
        for number in range(people):
            language = rng.choice(("ru", "ru", "en", None))
            person = telegram.add_person(1001 + number, f"Person {number}", language_code=language)
            person.stars = STARS
            customer = Customer(person, greeted=rng.random() >= 0.15)
            self.customers.append(customer)
            if customer.greeted:
                person.send("/start")
        for chat_id, rules in zip(GROUPS, rng.sample(list(Rules), len(GROUPS)), strict=True):
            members = [customer.person for customer in self.customers]
            group = Group(telegram.add_group(chat_id, f"Group {chat_id}", members), rules)
            self.groups.append(group)
            if rules is not Rules.LEFT and rng.random() < 0.4:
                self._set(group)
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
            self._ask_in_group: 16,
            self._reply_in_group: 8,
            self._tighten: 4,
            self._say_something: 14,
            self._command: 5,
            self._cancel: 2,
            self._press: 8,
            self._delete: 5,
            self._be_granted: 4,
            self._buy: 30,
            self._pay_again: 8,
            self._be_refunded: 5,
            self._charge_back: 2,
            self._use_code: 6,
        }
        if may_block:
            self._deeds[self._go_away] = 8

    @property
    def prompts(self) -> list[Prompt]:
        """All that was asked for."""
        return [prompt for customer in self.customers for prompt in customer.prompts]

    def group(self, chat_id: int) -> Group | None:
        """The group of this id; None for a private chat."""
        return next((each for each in self.groups if each.chat.chat_id == chat_id), None)

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
        """Words, the whole line, and how many items it asks for."""
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
        chat: Chat | None = None,
        pictured: bool = False,
        is_album: bool = False,
        in_doubt: bool = False,
        fate: Fate | None = None,
    ) -> Prompt:
        fate = fate or customer.fate(quantity)
        chat = chat or customer.person.chat
        prompt = Prompt(
            customer, chat, message_id, words, quantity, pictured, fate, is_album, in_doubt
        )
        customer.prompts.append(prompt)
        self.tell(f"{prompt} --n {quantity}{' with a picture' if pictured else ''}: {fate}")
        return prompt

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

    # --- In a group

    async def _ask_in_group(self, customer: Customer) -> None:
        """With /draw; what is asked of the bot there is paid for by who asks."""
        chat = self._group(customer)
        if chat is None:
            await self._command(customer)
            return
        words, line, quantity = self._right(customer)
        message_id = customer.person.send(f"/draw {line}", chat=chat)
        self._note(customer, message_id, words, quantity, chat=chat)

    async def _reply_in_group(self, customer: Customer) -> None:
        """To something that the bot said. Words to a picture may be meant for the others."""
        chat = self._group(customer)
        said = [each for each in chat.messages if each.from_bot] if chat else []
        if chat is None or not said or customer.asked_no_more:
            await self._ask_in_group(customer)
            return
        about = self._rng.choice(said)
        pictured = bool(about.photo or about.document)
        words, line, quantity = self._right(customer)
        in_doubt = pictured and self._rng.random() < 0.7
        if in_doubt:
            line, quantity = words, 1
        message_id = customer.person.send(line, chat=chat, reply_to=about)
        in_doubt = pictured and line == words
        fate = Fate.REFUSED if in_doubt else None
        prompt = self._note(
            customer,
            message_id,
            words,
            quantity,
            chat=chat,
            pictured=pictured,
            in_doubt=in_doubt,
            fate=fate,
        )
        if in_doubt:
            await self._answer_soon(prompt)

    def _group(self, customer: Customer) -> Chat | None:
        """One where the bot is, for somebody who has tokens for it whatever else they asked for."""
        groups = [each for each in self.groups if each.rules is not Rules.LEFT or not each.is_set]
        if customer.asked >= BUDGET or not groups:
            return None
        customer.saves = True
        return self._rng.choice(groups).chat

    async def _tighten(self, _: Customer) -> None:
        """An admin of a group forbids something, or throws the bot out."""
        groups = [group for group in self.groups if not group.is_set]
        if groups:
            self._set(self._rng.choice(groups))

    def _set(self, group: Group) -> None:
        group.set(self._telegram)
        self.tell(f"group {group.chat.chat_id}: {group.rules}")

    # --- Words that may be none for a picture

    async def _say_something(self, customer: Customer) -> None:
        """What a person says to a person, or a single word; maybe it is drawn all the same."""
        self._count += 1
        words = self._rng.choice(
            (
                f"{self._rng.choice(('спасибо', 'Привет', 'thank you'))}{'!' * self._count}",
                f"{self._rng.choice(('лес', 'fox'))}{self._count}",
                f"сколько стоит {self._count}?",
                "🦊" * self._count,
            )
        )
        prompt = self._note(
            customer,
            customer.person.send(words),
            words,
            1,
            in_doubt=True,
            fate=None if customer.asked_no_more else Fate.REFUSED,
        )
        if not customer.asked_no_more:
            await self._answer_soon(prompt)

    async def _answer_soon(self, prompt: Prompt) -> None:
        """Look for the question after a while, and answer it or leave it."""
        await asyncio.sleep(self._rng.uniform(0.5, 4))
        if prompt.card is not None and self._rng.random() < 0.6:
            self._decide(prompt, self._rng.choice(("yes", "yes", "no", "never")))

    def _decide(self, prompt: Prompt, answer: Literal["yes", "no", "never"]) -> None:
        """Press a button of the question, once."""
        customer, card = prompt.customer, prompt.card
        is_sure = customer.asked + prompt.quantity <= BUDGET
        if customer.saves and not is_sure:
            answer = "no"
        in_groups = any(each.chat is not customer.person.chat for each in customer.prompts)
        if answer == "never" and (in_groups or not is_sure or not prompt.in_doubt):
            answer = "yes"  # beside a group's messages, it would not be known for which it holds
        if card is None or prompt.was_decided:
            return
        prompt.was_decided = True
        if answer != "no":
            prompt.fate = customer.fate(prompt.quantity)
            customer.asked_no_more |= answer == "never"
        pressed = QuestionButton(answer=answer, message_id=prompt.message_id)
        customer.person.press(card, pressed.pack())
        self.tell(f"{prompt}: {answer}, so it is {prompt.fate}")

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
        """Press what the bot offers: to cancel, or to draw what it asked about.

        Not under pictures, where the first button asks for another: its words are no new ones.
        """
        said = [m for m in customer.person.messages if m.from_bot and m.buttons and m.text]
        offers = [m for m in said if not any(map(_draws_waiting, m.buttons))]
        if not offers or customer.saves:
            await self._ask(customer)
            return
        message = self._rng.choice(offers)
        asked = next((each for each in customer.prompts if each.card is message), None)
        if asked is not None:
            self._decide(asked, "yes")
            return
        if any(map(is_question, message.buttons)):  # once more, and answered there
            return
        button = message.buttons[0]["text"]
        customer.may_cancel = True
        customer.person.press(message, button)
        self.tell(f"{customer.person.user_id} presses {button} under {message.message_id}")

    async def _delete(self, customer: Customer) -> None:
        """Remove a prompt that is being worked on, or what the bot said."""
        prompts = [p for p in customer.prompts if p.fate is Fate.TAKEN and not p.is_deleted]
        said = [m for m in customer.person.messages if m.from_bot and m.text]
        if prompts and self._rng.random() < 0.5:
            prompt = self._rng.choice(prompts)
            prompt.is_deleted = True
            customer.person.delete(prompt.message_id, chat=prompt.chat)
            self.tell(f"{prompt} is deleted")
        elif said:
            customer.person.delete(self._rng.choice(said))

    async def _be_granted(self, _: Customer) -> None:
        """An admin gives tokens to himself: for others the order of the chats is not sure."""
        self.grants += 1
        self._telegram.person(ADMIN).send(f"/grant {ADMIN} {GRANT} chaos")

    # --- Stars and codes. What they bring is spent by nobody who has not spent all else before.

    async def settle(self) -> None:
        """In peace, some buy for sure. The bot is not told of one purchase, and of one chargeback:
        both are in Telegram's list."""
        self._telegram.updates.lose_next("successful_payment")
        for customer in self._rng.sample(self.customers, BUYERS):
            await self._buy(customer, SURELY_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(SURELY_S):
                while any(each.outcome is None for each in self._telegram.payments):  # noqa: ASYNC110 - no bell rings
                    await asyncio.sleep(0.1)
        await self._be_refunded(self.customers[0])
        paid = [each for each in self._telegram.payments if each.charge_id and not each.refunded]
        if paid:
            self._telegram.charge_back(self._rng.choice(paid).charge_id, told=False)

    async def _buy(self, customer: Customer, patience_s: float = SOON_S) -> None:
        """A pack, as far as the bot lives to sell it."""
        sent = customer.person.send("/buy")
        card = await self._shown(customer, sent, patience_s, lambda m: bool(_packs(m)))
        if card is None:
            return
        try:
            customer.person.press(card, self._rng.choice(_packs(card)))
        except (LookupError, ValueError):  # gone, or the bot is blocked meanwhile
            return
        invoice = await self._shown(
            customer, card.message_id, patience_s, lambda m: m.invoice is not None
        )
        if invoice is not None:
            self._pay(customer, invoice)

    async def _pay_again(self, customer: Customer) -> None:
        """An invoice of before, whether it was paid or not."""
        invoices = [m for m in customer.person.messages if m.invoice is not None]
        if invoices:
            self._pay(customer, self._rng.choice(invoices))

    def _pay(self, customer: Customer, invoice: Message) -> None:
        # It is gone, or the bot is blocked, or there are no Stars left.
        with suppress(LookupError, ValueError):
            customer.person.pay(invoice)
            self.tell(f"{customer.person.user_id} presses Pay under {invoice.message_id}")

    async def _shown(
        self,
        customer: Customer,
        after: int,
        patience_s: float,
        fits: Callable[[Message], bool],
    ) -> Message | None:
        """A message of the bot's that comes within a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while True:
                    for message in customer.person.messages:
                        later = message.from_bot and message.message_id > after
                        if later and not message.deleted and fits(message):
                            return message
                    await asyncio.sleep(0.05)
        return None

    async def _be_refunded(self, _: Customer) -> None:
        """An admin gives a purchase's money back, or tries to, maybe twice."""
        if paid := [each for each in self._telegram.payments if each.charge_id]:
            charge_id = self._rng.choice(paid).charge_id
            for command in [f"/refund {charge_id}"] * self._rng.choice((1, 1, 2)):
                self._telegram.person(ADMIN).send(command)
            self.tell(f"an admin refunds {charge_id[:12]}")

    async def _charge_back(self, _: Customer) -> None:
        """Apple or Google give the money back, and the bot is told or not."""
        paid = [each for each in self._telegram.payments if each.charge_id and not each.refunded]
        if paid:
            charge_id = self._rng.choice(paid).charge_id
            self._telegram.charge_back(charge_id, told=self._rng.random() < 0.6)
            self.tell(f"{charge_id[:12]} is charged back")

    async def _use_code(self, customer: Customer) -> None:
        for _ in range(self._rng.choice((1, 1, 2))):
            customer.person.send(f"/promo {CODE.lower()}")

    async def _go_away(self, customer: Customer) -> None:
        """Block the bot, and take it back."""
        customer.was_away = True
        customer.person.block()
        self.tell(f"{customer.person.user_id} blocks the bot")
        await asyncio.sleep(self._rng.uniform(0.2, 3))
        customer.person.unblock()
        self.tell(f"{customer.person.user_id} takes it back")

    def come_home(self) -> None:
        """Whoever asked in a group and never wrote in private does so: what no group takes comes
        there, and a bot may not write first."""
        for customer in self.customers:
            if customer.prompts and not customer.person.chat.started:
                customer.person.send("/start")
                self.tell(f"{customer.person.user_id} presses /start")
