"""The state of the emulator: people, chats, messages, button presses, the bot's settings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

from bot.demo.base import StandIn

from .faults import Fault, FloodRules
from .hypertext import Entity
from .media import MAX_REQUEST_BYTES, File, Files, Upload
from .refusal import RefusedError
from .updates import Updates

CALLBACK_ANSWER_S = 15.0  # Telegram publishes no number; presses get "too old" after some seconds
ACTION_S = 5.0
PRE_CHECKOUT_S = 10.0  # Bot API, answerPreCheckoutQuery
_SUPERGROUPS_BELOW = -1_000_000_000_000


@dataclass(frozen=True, slots=True)
class Invoice:
    """What is sold for Stars; only the bot sees the payload."""

    title: str
    description: str
    start_parameter: str
    total_amount: int
    payload: str

    def wire(self) -> dict[str, Any]:
        """The Invoice object of the Bot API."""
        names = ("title", "description", "start_parameter", "total_amount")
        return {"currency": "XTR", **{name: getattr(self, name) for name in names}}


@dataclass(eq=False)
class Message:
    """A message as it is shown now."""

    chat: Chat
    message_id: int
    sender: dict[str, Any]
    sent_at: float
    text: str | None = None
    entities: list[Entity] = field(default_factory=list)
    caption: str | None = None
    caption_entities: list[Entity] = field(default_factory=list)
    photo: list[File] = field(default_factory=list)  # the sizes, smallest first
    video: File | None = None
    document: File | None = None
    invoice: Invoice | None = None
    attachment: dict[str, Any] = field(default_factory=dict)  # voice, poll: as on the wire
    reply_to: Message | None = None
    reply_markup: dict[str, Any] | None = None
    media_group_id: str | None = None
    edited_at: float | None = None
    edits: list[str] = field(default_factory=list)  # earlier texts or captions, oldest first
    options: dict[str, Any] = field(default_factory=dict)  # further fields, as they go to the wire
    deleted: bool = False

    @property
    def from_bot(self) -> bool:
        return bool(self.sender["is_bot"])

    @property
    def words(self) -> str:
        """The text, or the caption of a picture or document."""
        return self.text or self.caption or ""

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """The buttons under the message, row by row."""
        rows = (self.reply_markup or {}).get("inline_keyboard", [])
        return [button for row in rows for button in row]

    def wire(self, *, with_reply: bool = True) -> dict[str, Any]:
        """The Message object of the Bot API."""
        wire: dict[str, Any] = {
            "message_id": self.message_id,
            "from": self.sender,
            "chat": self.chat.wire(),
            "date": int(self.sent_at),
        }
        if self.edited_at is not None:
            wire["edit_date"] = int(self.edited_at)
        if self.reply_to is not None and with_reply and not self.reply_to.deleted:
            wire["reply_to_message"] = self.reply_to.wire(with_reply=False)
        for name in ("media_group_id", "text", "entities", "caption", "caption_entities"):
            if value := getattr(self, name):
                wire[name] = value
        if self.photo:
            wire["photo"] = [size.wire() for size in self.photo]
        if self.video is not None:
            wire["video"] = self.video.wire()
        if self.document is not None:
            wire["document"] = self.document.wire()
        if self.invoice is not None:
            wire["invoice"] = self.invoice.wire()
        if self.reply_markup is not None and "inline_keyboard" in self.reply_markup:
            wire["reply_markup"] = self.reply_markup
        return wire | self.attachment | self.options

    def show(self) -> dict[str, Any]:
        """The message as JSON, with what only the people see."""
        more = {"from_bot": self.from_bot, "keyboard": self.reply_markup, "edits": self.edits}
        return self.wire() | more


@dataclass(eq=False)
class Chat:
    """A private chat (its id is the person's) or a group."""

    chat_id: int
    title: str = ""
    member_ids: set[int] = field(default_factory=set)
    user: dict[str, Any] = field(default_factory=dict)  # the person of a private chat
    started: bool = False  # the person has written, so the bot may write too
    blocked: bool = False
    stars: int = 0  # that the person of a private chat has
    migrated_to: int | None = None
    forbidden: frozenset[str] = frozenset()  # what the bot may not send there
    topic_closed: bool = False
    history: dict[int, Message] = field(default_factory=dict)  # with the deleted ones
    actions: list[tuple[float, str]] = field(default_factory=list)  # when, which chat action
    action_until: float = 0.0

    @property
    def kind(self) -> str:
        if self.chat_id > 0:
            return "private"
        return "supergroup" if self.chat_id < _SUPERGROUPS_BELOW else "group"

    @property
    def messages(self) -> list[Message]:
        """The messages as they are shown now, oldest first; deleted ones are in `history` only."""
        return [message for message in self.history.values() if not message.deleted]

    def check_allowed(self, kind: str) -> None:
        """Whether members may send this kind here, `text messages` or the like (tdlib,
        MessagesManager::can_send_message_content). Raises RefusedError."""
        if kind in self.forbidden:
            raise RefusedError(f"not enough rights to send {kind} to the chat")
        if self.topic_closed:
            raise RefusedError("TOPIC_CLOSED")

    def check_not_blocked(self) -> None:
        """Telegram tells of a block last, after everything else was found to be right."""
        if self.blocked:
            raise RefusedError("bot was blocked by the user", 403)

    def message(self, message_id: int, what: str) -> Message:
        """A message that is still there. Raises RefusedError "<what> not found"."""
        message = self.history.get(message_id)
        if message is None or message.deleted:
            raise RefusedError(f"{what} not found")
        return message

    def wire(self) -> dict[str, Any]:
        names = ("first_name", "last_name", "username")
        shown = {name: self.user[name] for name in names if name in self.user}
        return {"id": self.chat_id, "type": self.kind} | (shown or {"title": self.title})

    def show(self) -> dict[str, Any]:
        """The chat as JSON, with what only the people see."""
        return self.wire() | {
            "language_code": self.user.get("language_code"),
            "blocked": self.blocked,
            "stars": self.stars,
            "messages": [message.show() for message in self.messages],
            "action_until": self.action_until,
        }


class CallbackAnswer(NamedTuple):
    """What the bot answered to a press."""

    text: str
    alert: bool


@dataclass(eq=False)
class CallbackQuery:
    """A press of a button; `answer` is None until the bot answered."""

    query_id: str
    user: dict[str, Any]
    message: Message
    data: str
    pressed_at: float
    answer: CallbackAnswer | None = None


@dataclass(eq=False)
class Payment:
    """A press of Pay, and what became of it."""

    query_id: str
    payer: dict[str, Any]
    chat: Chat  # where the messages about it stand
    invoice: Invoice
    clock: Callable[[], float]
    pressed_at: float
    ended: str | None = None
    charge_id: str = ""
    refunded: bool = False

    @property
    def outcome(self) -> str | None:
        """`paid`, or why it was not; None while the bot may still answer."""
        if self.ended is None and self.clock() >= self.pressed_at + PRE_CHECKOUT_S:
            return "BOT_PRECHECKOUT_TIMEOUT"
        return self.ended


@dataclass(eq=False, slots=True)
class Call:
    """One call of the Bot API as it came in, with what became of it."""

    method: str
    at: float
    params: dict[str, Any] = field(default_factory=dict)  # decoded
    files: dict[str, Upload] = field(default_factory=dict)
    refused: RefusedError | None = None
    fault: Fault | None = None
    result: Any = field(default=None, repr=False)

    @property
    def had_effect(self) -> bool:
        """Whether it did what it is for, even if the answer was spoilt."""
        return self.result is not None

    @property
    def ok(self) -> bool:
        """Whether the bot was told that it went well."""
        return self.refused is None and (self.fault is None or not self.fault.spoils)

    @property
    def error(self) -> str | None:
        """What the bot was told, or what happened to the answer."""
        if self.refused is not None:
            return self.refused.description
        return None if self.ok else f"no answer: {self.fault}"


class State(StandIn):
    """Everything one emulator remembers, and who is told when it changes.

    `calls` are those of the Bot API that were answered, `callbacks` the presses of buttons,
    `payments` those of Pay, `star_transactions` what moved the bot's Stars; all begin with the
    oldest.
    """

    flood: FloodRules | None = None  # the limits that are enforced
    privacy_mode: bool = True  # the bot gets only commands and replies to itself in groups
    server_version: str = "10.3"  # fields of the Bot API that came later are refused
    max_request_bytes: int = MAX_REQUEST_BYTES  # a larger one is answered with 413

    def __init__(self, token: str, first_id: int) -> None:
        super().__init__(self._now)
        self.token = token
        bot_id = int(token.partition(":")[0])
        names = {"first_name": "Test Bot", "username": "emulated_bot"}
        self.bot: dict[str, Any] = {"id": bot_id, "is_bot": True, **names}
        self._shift_s = 0.0
        self._stopped_at: float | None = None
        self.listeners: set[asyncio.Queue[dict[str, Any]]] = set()
        self._message_ids = count(first_id)
        self.query_ids = count(4_000_000_000_000_000_000 + first_id)
        self._album_ids = count(13_000_000_000_000_000 + first_id)
        self.files = Files(first_id)
        self.updates = Updates(self.clock, self.changed, 500_000_000 + first_id)
        self.updates.webhook.fault = self.take_fault
        self.chats: dict[int, Chat] = {}
        self.callbacks: list[CallbackQuery] = []
        self.payments: list[Payment] = []
        self.charge_numbers = count(first_id)
        self.star_transactions: list[dict[str, Any]] = []
        self.star_balance = 0  # of the bot; after a chargeback it may be below 0
        self.calls: list[Call] = []
        self.commands: dict[tuple[str, str], list[dict[str, Any]]] = {}  # of a scope and language

    def _now(self) -> float:
        """Seconds since 1970, as this Telegram sees them."""
        return (time.time() if self._stopped_at is None else self._stopped_at) + self._shift_s

    async def close(self) -> None:
        """Bring no updates any more."""
        await self.updates.webhook.close()

    def move_clock(self, seconds: float) -> None:
        """Let time go on at once: presses get too old, links end, 48 hours pass."""
        self._shift_s += seconds
        self.tell("clock", lambda: {"now": self.clock()})

    def stop_clock(self) -> None:
        """Let time stand still; from now on only `move_clock` moves it."""
        self._stopped_at = time.time()

    def tell(self, event: str, make: Callable[[], dict[str, Any]]) -> None:
        """Let those who wait look again, and tell the listeners; an event is made for them only."""
        self.changed()
        if self.listeners:
            message = {"event": event, **make()}
            for listener in self.listeners:
                listener.put_nowait(message)

    def show(self) -> dict[str, Any]:
        """What the chat page needs to know to begin with."""
        return {
            "bot": self.bot,
            "now": self.clock(),
            "chats": [chat.show() for chat in self.chats.values()],
            **self.show_commands(),
        }

    def show_commands(self) -> dict[str, Any]:
        return {"commands": {" ".join(key): each for key, each in self.commands.items()}}

    def tell_membership(self, chat: Chat, by: dict[str, Any], *, kicked: bool) -> None:
        """Tell the bot that it is kicked, or a member again."""
        states: list[dict[str, Any]] = [
            {"status": "member", "user": self.bot},
            {"status": "kicked", "user": self.bot, "until_date": 0},
        ]
        body = {"chat": chat.wire(), "from": by, "date": int(self.clock())}
        change = {"old_chat_member": states[not kicked], "new_chat_member": states[kicked]}
        self.updates.add("my_chat_member", body | change)

    def find_chat(self, chat_id: int) -> Chat:
        """The chat the bot means, which must exist for it. Raises RefusedError."""
        chat = self.chats.get(chat_id)
        if chat is None:
            raise RefusedError("chat not found")
        if chat.kind == "private" and not chat.started:
            met = any(
                message.sender["id"] == chat_id
                for group in self.chats.values()
                if group.kind != "private" and chat_id in group.member_ids
                for message in group.history.values()
            )
            if met:
                raise RefusedError("bot can't initiate conversation with a user", 403)
            raise RefusedError("chat not found")
        return chat

    def writable_chat(self, chat_id: int) -> Chat:
        """The chat, if the bot may do something in it. Raises RefusedError."""
        chat = self.find_chat(chat_id)
        if chat.migrated_to is not None:
            raise RefusedError(
                "group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to
            )
        if chat.kind != "private" and self.bot["id"] not in chat.member_ids:
            raise RefusedError(f"bot was kicked from the {chat.kind} chat", 403)
        return chat

    def with_people(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields of a message in which everybody mentioned by id is whole. A mention of
        somebody whom nobody knows here is none, as at Telegram."""
        names = fields.keys() & {"entities", "caption_entities"}
        return fields | {
            name: [each for old in fields[name] if (each := self._whole(old))] for name in names
        }

    def _whole(self, entity: Entity) -> Entity | None:
        if entity["type"] != "text_mention":
            return entity
        known = self.chats.get(entity["user"]["id"])
        return entity | {"user": known.user} if known else None

    def new_message(self, chat: Chat, sender: dict[str, Any], **fields: Any) -> Message:
        """Put a message into the chat and tell everybody but the bot."""
        fields.setdefault("sent_at", self.clock())
        # A supergroup counts for itself; all other chats share the counter of the bot's account.
        own = chat.kind == "supergroup"
        message_id = len(chat.history) + 1 if own else next(self._message_ids)
        message = Message(chat, message_id, sender, **self.with_people(fields))
        chat.history[message.message_id] = message
        if message.from_bot:
            chat.action_until = 0.0
        self.tell("message", lambda: {"message": message.show()})
        return message

    def album_id(self) -> str:
        return str(next(self._album_ids))

    def edit(self, message: Message, **fields: Any) -> None:
        """Change a message, and tell everybody but the bot."""
        message.edits.append(message.words)
        message.edited_at = self.clock()
        for name, value in fields.items():
            setattr(message, name, value)
        self.tell("edit", lambda: {"message": message.show()})

    def delete(self, message: Message) -> None:
        message.deleted = True
        where = {"chat_id": message.chat.chat_id, "message_id": message.message_id}
        self.tell("delete", lambda: where)

    def new_callback(self, user: dict[str, Any], message: Message, data: str) -> CallbackQuery:
        """A press of a button, queued for the bot."""
        query = CallbackQuery(str(next(self.query_ids)), user, message, data, self.clock())
        self.callbacks.append(query)
        self.updates.add(
            "callback_query",
            {
                "id": query.query_id,
                "from": user,
                # One that is gone has no date, and is nothing but a number.
                "message": {
                    "chat": message.chat.wire(),
                    "message_id": message.message_id,
                    "date": 0,
                }
                if message.deleted
                else message.wire(),
                "chat_instance": str(-abs(message.chat.chat_id) * 7_919 - 104_729),
                "data": data,
            },
        )
        return query

    def answer_callback(self, query_id: str, answer: CallbackAnswer) -> None:
        """Raises RefusedError for a query that is unknown, too old or answered already."""
        query = next((each for each in reversed(self.callbacks) if each.query_id == query_id), None)
        late = query is None or self.clock() >= query.pressed_at + CALLBACK_ANSWER_S
        if query is None or late or query.answer is not None:
            raise RefusedError(
                "query is too old and response timeout expired or query ID is invalid"
            )
        query.answer = answer
        self.changed()
