"""The emulator as tests and the demo hold it in their hands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Any, Literal, TypeVar

from aiohttp import web

from .control import Control
from .faults import Fault, Faults, Flood, FloodRules
from .media import MAX_REQUEST_BYTES, File
from .page import routes
from .people import Person, membership
from .server import BotApi
from .shapes import version
from .state import Call, CallbackQuery, Chat, Message, State
from .updates import Update

T = TypeVar("T")
SendingKind = Literal["text messages", "photos", "documents"]
_2020_S = 1_577_836_800


def fresh_id() -> int:
    """A `first_id` above those of all earlier runs."""
    return int(time.time()) - _2020_S


class TelegramEmulator:
    """A Telegram of one bot on 127.0.0.1. Made by `start`."""

    def __init__(self, token: str, clock: Callable[[], float], first_id: int) -> None:
        self._clock = clock
        self._shift_s = 0.0
        self.token = token
        self.url = ""
        bot = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Test Bot",
            "username": "emulated_bot",
        }
        self.state = State(bot, self.clock, first_id)
        self.faults = Faults()
        self._flood = Flood(self.clock)
        self._people: dict[int, Person] = {}

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        token: str = "123456:TEST-token",  # noqa: S107, the token of no bot
        port: int = 0,
        *,
        clock: Callable[[], float] = time.time,
        first_id: int = 1,
    ) -> AsyncIterator[TelegramEmulator]:
        """Serve until the block is left.

        `clock` tells seconds since 1970. Messages, updates and presses are numbered from
        `first_id` on: a bot that keeps what it has seen must not meet a number a second time, so
        each run over the same data wants a higher one (`fresh_id`).
        """
        emulator = cls(token, clock, first_id)
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        api = BotApi(emulator.state, token, emulator.faults, emulator._flood)
        app.on_response_prepare.append(emulator._say_when)
        app.add_routes([*routes(), *Control(emulator).routes(), *api.routes()])
        runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.05
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", port)
            await site.start()
            host, bound = runner.addresses[0][:2]
            emulator.url = f"http://{host}:{bound}"
            yield emulator
        finally:
            await runner.cleanup()

    def clock(self) -> float:
        """Seconds since 1970, as this Telegram sees them."""
        return self._clock() + self._shift_s

    async def _say_when(self, request: web.Request, response: web.StreamResponse) -> None:
        """Put the date on an answer, as every front of Telegram's does."""
        response.headers["Date"] = formatdate(self.clock(), usegmt=True)

    def move_clock(self, seconds: float) -> None:
        """Let time go on at once: presses get too old, links end, 48 hours pass."""
        self._shift_s += seconds
        self.state.changed("clock", lambda: {"now": self.clock()})

    def stop_clock(self) -> None:
        """Let time stand still; from now on only `move_clock` moves it."""
        now = self.clock()
        self._clock, self._shift_s = (lambda: now), 0.0

    @property
    def poll_pause_s(self) -> float:
        """How long getUpdates waits at least when it is asked for the same offset again.

        Telegram's 3 s; a test that starts and stops bots may want less.
        """
        return self.state.updates.pause_s

    @poll_pause_s.setter
    def poll_pause_s(self, seconds: float) -> None:
        self.state.updates.pause_s = seconds

    @property
    def long_polling(self) -> bool:
        """Whether getUpdates waits for updates, as it does at Telegram."""
        return self.state.updates.waits

    @long_polling.setter
    def long_polling(self, on: bool) -> None:
        self.state.updates.waits = on

    @property
    def is_polled(self) -> bool:
        """Whether a getUpdates is waiting for updates."""
        return self.state.updates.is_polled

    @property
    def max_request_bytes(self) -> int:
        """A larger request is answered with 413; Telegram's 50 MB at the start."""
        return self.state.max_request_bytes

    @max_request_bytes.setter
    def max_request_bytes(self, size: int) -> None:
        self.state.max_request_bytes = size

    @property
    def server_version(self) -> str:
        """The Bot API version; what came later is answered with 404 or 400."""
        return "{}.{}".format(*self.state.version)

    @server_version.setter
    def server_version(self, text: str) -> None:
        self.state.version = version(text)

    @property
    def strict(self) -> bool:
        """Whether unknown parameters are refused, too, which the real server ignores."""
        return self.state.strict

    @strict.setter
    def strict(self, on: bool) -> None:
        self.state.strict = on

    @property
    def privacy_mode(self) -> bool:
        """Whether the bot gets only commands and replies to itself in groups."""
        return self.state.privacy_mode

    @privacy_mode.setter
    def privacy_mode(self, on: bool) -> None:
        self.state.privacy_mode = on

    @property
    def flood(self) -> FloodRules | None:
        """Flood limits that are enforced; None, as at the start, is none."""
        return self._flood.rules

    @flood.setter
    def flood(self, rules: FloodRules | None) -> None:
        self._flood.set(rules)

    @property
    def webhook_url(self) -> str:
        """A webhook left over by somebody: while there is one, getUpdates gives 409."""
        return self.state.updates.webhook_url

    @webhook_url.setter
    def webhook_url(self, url: str) -> None:
        self.state.updates.webhook_url = url

    @property
    def calls(self) -> list[Call]:
        """Every call of the Bot API that was answered, oldest first."""
        return self.state.calls

    def calls_of(self, method: str) -> list[Call]:
        """The calls of one method, oldest first."""
        return [call for call in self.state.calls if call.method.lower() == method.lower()]

    @property
    def callbacks(self) -> list[CallbackQuery]:
        """Every press of a button, oldest first."""
        return list(self.state.callbacks.values())

    @property
    def pending_updates(self) -> list[Update]:
        """The updates the bot has not confirmed."""
        return self.state.updates.pending

    def add_person(
        self,
        user_id: int,
        first_name: str,
        *,
        language_code: str | None = None,
        username: str | None = None,
        started: bool = False,
        **fields: Any,
    ) -> Person:
        """A person with a private chat, whose id is the same.

        The bot may write there once the person has written, or at once with `started`.
        """
        if user_id in self._people:
            raise ValueError(f"there is a person {user_id} already")
        user: dict[str, Any] = {"id": user_id, "is_bot": False, "first_name": first_name}
        user |= {"language_code": language_code} if language_code else {}
        user |= {"username": username} if username else {}
        user |= fields
        person = Person(self.state, user)
        self.state.users[user_id] = user
        self.state.chats[user_id] = Chat(user_id, "private", user=user, started=started)
        self._people[user_id] = person
        self.state.changed("person", lambda: {"user": user})
        return person

    def person(self, user_id: int) -> Person:
        return self._people[user_id]

    def add_group(self, chat_id: int, title: str, members: Iterable[Person]) -> Chat:
        """A group, or a supergroup if the id is below -1000000000000, with the bot in it."""
        ids = {person.user_id for person in members} | {self.state.bot["id"]}
        group = Chat(chat_id, self.state.kind_of(chat_id), title=title, member_ids=ids)
        self.state.chats[chat_id] = group
        self.state.changed("group", lambda: {"chat": group.wire()})
        return group

    def remove_bot(self, chat_id: int) -> None:
        """Throw the bot out of a group."""
        group = self.chat(chat_id)
        bot = self.state.bot
        group.member_ids.discard(bot["id"])
        body = membership(bot, group, next(iter(self.state.users.values())), self.clock(), "kicked")
        self.state.add_update("my_chat_member", body)

    def restrict_group(
        self, chat_id: int, *forbidden: SendingKind, topic_closed: bool = False
    ) -> None:
        """Forbid these in a group, and allow all else."""
        group = self.chat(chat_id)
        group.forbidden, group.topic_closed = frozenset(forbidden), topic_closed

    def upgrade_group(self, chat_id: int, new_chat_id: int) -> Chat:
        """Make a supergroup of a group; the old id is refused from now on, naming the new one."""
        old = self.chat(chat_id)
        new = Chat(new_chat_id, "supergroup", title=old.title, member_ids=set(old.member_ids))
        self.state.chats[new_chat_id] = new
        old.migrated_to = new_chat_id
        sender = next(iter(self.state.users.values()))
        for chat, note in (
            (old, {"migrate_to_chat_id": new_chat_id}),
            (new, {"migrate_from_chat_id": chat_id}),
        ):
            message = self.state.new_message(chat, sender, options=note)
            self.state.add_update("message", message.wire())
        return new

    def chat(self, chat_id: int) -> Chat:
        return self.state.chats[chat_id]

    def file(self, file_id: str) -> File:
        """A file by its id: `.data` is what a download gives, `.uploaded` what was sent in."""
        return self.state.files[file_id]

    def show(self) -> dict[str, Any]:
        """All there is, as JSON."""
        state = self.state
        return {
            "bot": state.bot,
            "now": self.clock(),
            "server_version": self.server_version,
            "users": list(state.users.values()),
            "chats": [
                {
                    **chat.wire(),
                    "blocked": chat.blocked,
                    "messages": [message.show() for message in chat.messages],
                    "drafts": [draft.show() for draft in chat.drafts.values()],
                    "action_until": chat.action_until,
                    "reply_keyboard": chat.reply_keyboard,
                    "menu_button": chat.menu_button or state.menu_button,
                }
                for chat in state.chats.values()
            ],
            "commands": [
                {"scope": scope, "language_code": language, "commands": commands}
                for (scope, language), commands in state.commands.items()
            ],
            "pending_updates": state.updates.pending_count,
            "calls": len(state.calls),
        }

    def reset(self) -> None:
        """Forget people, chats, calls, faults and settings. The clock stays where it is."""
        self.state.reset()
        self.faults.clear()
        self.flood = None
        self._people.clear()
        self.state.changed("reset", dict)

    def fail(
        self,
        method: str,
        *,
        status: int | None = None,
        html: int | None = None,
        retry_after: int | None = None,
        description: str = "",
        hang: bool = False,
        cut_before_effect: bool = False,
        cut_after_effect: bool = False,
        after_effect: bool = False,
        without: Iterable[str] = (),
        delay_s: float = 0.0,
        chat_id: int | None = None,
        times: int | None = 1,
    ) -> Fault:
        """Let the next `times` calls of a method fail, or all until removed with None.

        The method is "*" for all but getUpdates, "download" for files. `after_effect` makes any of
        the failures come only once the call has done its work. `without` leaves these fields out of
        the result of a call that went well.
        """
        if retry_after is not None and status is None:
            status = 429
        fault = Fault(
            method,
            status=status,
            html=html,
            retry_after_s=retry_after,
            description=description,
            hang=hang,
            cut=cut_before_effect or cut_after_effect,
            delay_s=delay_s,
            after_effect=after_effect or cut_after_effect,
            without=frozenset(without),
            chat_id=chat_id,
            times=times,
        )
        self.faults.add(fault)
        return fault

    def repeat_next_update(self, times: int = 1) -> None:
        """Deliver the next update twice, although the bot confirms it."""
        self.state.updates.repeat_next(times)

    def resend(self, update_id: int) -> None:
        """Deliver an old update again. Raises KeyError."""
        self.state.updates.resend(update_id)

    def add_unknown_fields(self, **fields: Any) -> None:
        """Put fields no bot knows into the next update that is delivered."""
        self.state.updates.add_unknown_fields(fields)

    async def wait_for(self, predicate: Callable[[], T | None], timeout_s: float = 60) -> T:
        """The first truthy value of the predicate, asked again after every change.

        Raises AssertionError with the chats and the last calls when the time is over.
        """
        deadline = asyncio.get_running_loop().time() + timeout_s
        changed = asyncio.Event()
        self.state.waiters.add(changed)
        try:
            while not (value := predicate()):
                changed.clear()
                try:
                    async with asyncio.timeout_at(deadline):
                        await changed.wait()
                except TimeoutError:
                    if value := predicate():
                        return value
                    raise AssertionError(self._story(timeout_s)) from None
            return value
        finally:
            self.state.waiters.discard(changed)

    def _story(self, timeout_s: float) -> str:
        parts = [f"what was waited for did not happen within {timeout_s:g} s"]
        parts += [self.transcript(chat_id) for chat_id in self.state.chats]
        calls = [call for call in self.state.calls if call.method != "getUpdates" or not call.ok]
        parts.append("last calls:")
        parts += [f"  {call.method} {'ok' if call.ok else call.error}" for call in calls[-15:]]
        return "\n".join(parts)

    def transcript(self, chat_id: int) -> str:
        """The conversation, readable, with deleted messages marked."""
        chat = self.chat(chat_id)
        name = chat.title or chat.user.get("first_name", "")
        lines = [f"--- chat {chat_id} {name}{' (blocked)' if chat.blocked else ''}"]
        lines += [_line(message) for message in chat.history.values()]
        lines += [
            f"  (draft {draft.draft_id}) {draft.text}"
            for draft in chat.drafts.values()
            if self.clock() < draft.until
        ]
        return "\n".join(lines)


def _line(message: Message) -> str:
    who = "bot" if message.from_bot else message.sender["first_name"]
    parts = [f"  {message.message_id} {who}:"]
    if message.deleted:
        parts.append("[deleted]")
    if message.reply_to is not None:
        parts.append(f"[to {message.reply_to.message_id}]")
    if message.photo:
        largest = message.photo[-1]
        parts.append(f"[photo {largest.width}x{largest.height}]")
    if message.document is not None:
        parts.append(f"[{message.document.name} {len(message.document.uploaded)} bytes]")
    parts += [f"[{name}]" for name in message.attachment]
    if message.rich_message is not None:
        parts.append(f"[rich, {len(message.rich_message['blocks'])} blocks]")
    parts.append(message.words)
    if message.edits:
        parts.append(f"[edited {len(message.edits)} times]")
    parts += [f"[{button['text']}]" for button in message.buttons]
    parts += message.reactions
    return " ".join(part for part in parts if part)
