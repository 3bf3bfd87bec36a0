"""What this Telegram holds: people, chats, messages, presses, drafts, the bot's settings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from .entities import to_html
from .faults import Fault
from .hypertext import Entity
from .media import MAX_REQUEST_BYTES, File, Files, Upload
from .refusal import RefusedError
from .rich import rich_words
from .updates import Update, Updates

CALLBACK_ANSWER_S = 15.0  # Telegram publishes no number; presses get "too old" after some seconds
DRAFT_S = 30.0
ACTION_S = 5.0
_SUPERGROUPS_BELOW = -1_000_000_000_000

ChatKind = Literal["private", "group", "supergroup"]


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
    document: File | None = None
    attachment: dict[str, Any] = field(default_factory=dict)  # voice, video, poll: as on the wire
    rich_message: dict[str, Any] | None = None
    reply_to: Message | None = None
    reply_markup: dict[str, Any] | None = None
    media_group_id: str | None = None
    edited_at: float | None = None
    edits: list[str] = field(default_factory=list)  # earlier texts or captions, oldest first
    reactions: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)  # further fields, as they go to the wire
    deleted: bool = False

    @property
    def from_bot(self) -> bool:
        return bool(self.sender["is_bot"])

    @property
    def words(self) -> str:
        """The text, or the caption of a picture or document, or what the blocks say."""
        return self.text or self.caption or rich_words(self.rich_message)

    @property
    def html(self) -> str:
        """Text or caption with its formatting, as Telegram HTML."""
        return to_html(self.words, self.entities or self.caption_entities)

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """The buttons under the message, row by row."""
        rows = (self.reply_markup or {}).get("inline_keyboard", [])
        return [button for row in rows for button in row]

    @property
    def content(self) -> tuple[Any, ...]:
        """What an edit has to change."""
        return (
            self.text,
            self.entities,
            self.caption,
            self.caption_entities,
            [size.file_id for size in self.photo],
            self.document and self.document.file_id,
            self.attachment,
            self.rich_message,
            self.reply_markup,
            self.options.get("link_preview_options"),
            self.options.get("show_caption_above_media"),
            self.options.get("has_media_spoiler"),
        )

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
        if self.media_group_id is not None:
            wire["media_group_id"] = self.media_group_id
        for name in ("text", "entities", "caption", "caption_entities", "rich_message"):
            if value := getattr(self, name):
                wire[name] = value
        if self.photo:
            wire["photo"] = [size.wire() for size in self.photo]
        if self.document is not None:
            wire["document"] = self.document.wire()
        if self.reply_markup is not None and "inline_keyboard" in self.reply_markup:
            wire["reply_markup"] = self.reply_markup
        return wire | self.attachment | self.options

    def show(self) -> dict[str, Any]:
        """The message as JSON, with what only the people and the tests see."""
        return self.wire() | {
            "html": self.html,
            "from_bot": self.from_bot,
            "keyboard": self.reply_markup,
            "edits": self.edits,
            "reactions": self.reactions,
            "deleted": self.deleted,
        }

    def inaccessible(self) -> dict[str, Any]:
        """What the bot gets in place of a message that is gone."""
        return {"chat": self.chat.wire(), "message_id": self.message_id, "date": 0}


@dataclass(eq=False)
class Chat:
    """A private chat (its id is the person's) or a group."""

    chat_id: int
    kind: ChatKind
    title: str = ""
    member_ids: set[int] = field(default_factory=set)
    user: dict[str, Any] = field(default_factory=dict)  # the person of a private chat
    started: bool = False  # the person has written, so the bot may write too
    blocked: bool = False
    deactivated: bool = False
    migrated_to: int | None = None
    forbidden: frozenset[str] = frozenset()  # what the bot may not send there
    topic_closed: bool = False
    history: dict[int, Message] = field(default_factory=dict)  # with the deleted ones
    actions: list[tuple[float, str]] = field(default_factory=list)  # when, which chat action
    action_until: float = 0.0
    drafts: dict[int, Draft] = field(default_factory=dict)  # the one that is shown, by its id
    menu_button: dict[str, Any] | None = None
    reply_keyboard: dict[str, Any] | None = None

    @property
    def messages(self) -> list[Message]:
        """The messages as they are shown now, oldest first; deleted ones are in `history` only."""
        return [message for message in self.history.values() if not message.deleted]

    def wire(self) -> dict[str, Any]:
        if self.kind != "private":
            return {"id": self.chat_id, "type": self.kind, "title": self.title}
        names: dict[str, Any] = {
            name: self.user[name]
            for name in ("first_name", "last_name", "username")
            if name in self.user
        }
        return {"id": self.chat_id, "type": self.kind, **names}


@dataclass(eq=False)
class Draft:
    """A streamed message that is still being made (Bot API 9.3)."""

    draft_id: int
    text: str
    entities: list[Entity]
    until: float
    can_stop: bool = False
    keep_on_stop: bool = False
    stopped: bool = False

    def show(self) -> dict[str, Any]:
        return {
            "draft_id": self.draft_id,
            "text": self.text,
            "html": to_html(self.text, self.entities),
            "until": self.until,
            "can_stop": self.can_stop and not self.stopped,
        }


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What the bot answered to a press."""

    text: str
    alert: bool
    url: str
    at: float


@dataclass(eq=False)
class CallbackQuery:
    """A press of a button; `answer` is None until the bot answered."""

    query_id: str
    user: dict[str, Any]
    message: Message
    data: str
    pressed_at: float
    answer: CallbackAnswer | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Bot API as it came in, with what became of it."""

    method: str
    params: dict[str, Any]  # decoded
    files: dict[str, Upload]
    at: float
    refused: RefusedError | None
    fault: Fault | None
    result: Any = field(repr=False)

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

    def show(self) -> dict[str, Any]:
        """The call for people to look at; uploads in it are left as they are."""
        return {
            "method": self.method,
            "params": self.params,
            "called_at": self.at,
            "ok": self.ok,
            "error": self.error,
        }


class State:
    """Everything one emulator remembers, and who is told when it changes."""

    def __init__(self, bot: dict[str, Any], clock: Callable[[], float], first_id: int) -> None:
        self.bot = bot
        self.clock = clock
        self.listeners: set[asyncio.Queue[dict[str, Any]]] = set()
        self.waiters: set[asyncio.Event] = set()
        self._next_message_id = first_id
        self._next_query_id = 4_000_000_000_000_000_000 + first_id
        self._next_album = 13_000_000_000_000_000 + first_id
        self.files = Files(first_id)
        self.updates = Updates(clock, lambda: self.changed("polling", dict), 500_000_000 + first_id)
        self.reset()

    def reset(self) -> None:
        """Forget everything but who is listening. No number is given out a second time."""
        self.users: dict[int, dict[str, Any]] = {}
        self.chats: dict[int, Chat] = {}
        self.files.clear()
        self.updates.reset()
        self.callbacks: dict[str, CallbackQuery] = {}
        self.calls: list[Call] = []
        self.commands: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.texts: dict[tuple[str, str], str] = {}  # (description or short_description, language)
        self.menu_button: dict[str, Any] = {"type": "commands"}
        self.privacy_mode = True
        self.version: tuple[int, int] = (10, 3)
        self.strict = True
        self.max_request_bytes = MAX_REQUEST_BYTES
        self.callback_answer_s = CALLBACK_ANSWER_S

    def changed(self, event: str, tell: Callable[[], dict[str, Any]]) -> None:
        """Wake those who wait, and tell the listeners; the event is made only if there are any."""
        for waiter in self.waiters:
            waiter.set()
        if self.listeners:
            message = {"event": event, "at": self.clock(), **tell()}
            for listener in self.listeners:
                listener.put_nowait(message)

    def add_update(self, kind: str, body: dict[str, Any]) -> Update | None:
        """Queue an update for the bot; None if it did not ask for this kind."""
        update = self.updates.add(kind, body)
        if update is not None:
            self.changed("update", update.wire)
        return update

    def chat(self, chat_id: int | str) -> Chat:
        """The chat the bot means, which must exist for it. Raises RefusedError."""
        # By @username a bot finds public groups and channels only, and there are none here.
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
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

    def writable_chat(self, chat_id: int | str) -> Chat:
        """The chat, if the bot may do something in it. Raises RefusedError."""
        chat = self.chat(chat_id)
        if chat.migrated_to is not None:
            raise RefusedError(
                "group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to
            )
        if chat.deactivated:
            raise RefusedError("user is deactivated", 403)
        if chat.kind != "private" and self.bot["id"] not in chat.member_ids:
            raise RefusedError(f"bot was kicked from the {chat.kind} chat", 403)
        return chat

    def check_allowed(self, chat: Chat, kind: str) -> None:
        """Whether members may send this kind there, `text messages` or the like (tdlib,
        MessagesManager::can_send_message_content). Raises RefusedError."""
        if kind in chat.forbidden:
            raise RefusedError(f"not enough rights to send {kind} to the chat")
        if chat.topic_closed:
            raise RefusedError("TOPIC_CLOSED")

    def check_not_blocked(self, chat: Chat) -> None:
        """Telegram tells of a block last, after everything else was found to be right."""
        if chat.blocked:
            raise RefusedError("bot was blocked by the user", 403)

    def message(self, chat: Chat, message_id: int, what: str) -> Message:
        """A message that is still there. Raises RefusedError "<what> not found"."""
        message = chat.history.get(message_id)
        if message is None or message.deleted:
            raise RefusedError(f"{what} not found")
        return message

    def with_people(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields of a message in which everybody mentioned by id is whole. A mention of
        somebody whom nobody knows here is none, as at Telegram."""
        result = dict(fields)
        for name in ("entities", "caption_entities"):
            if name in fields:
                result[name] = [each for old in fields[name] if (each := self._whole(old))]
        return result

    def _whole(self, entity: Entity) -> Entity | None:
        if entity["type"] != "text_mention":
            return entity
        user = self.users.get(entity["user"]["id"])
        return None if user is None else entity | {"user": user}

    def new_message(self, chat: Chat, sender: dict[str, Any], **fields: Any) -> Message:
        """Put a message into the chat and tell everybody but the bot."""
        fields.setdefault("sent_at", self.clock())
        message = Message(chat, self._message_id(chat), sender, **self.with_people(fields))
        chat.history[message.message_id] = message
        if message.from_bot:
            chat.action_until = 0.0
            chat.drafts.clear()
        self.changed("message", lambda: {"message": message.show()})
        return message

    def _message_id(self, chat: Chat) -> int:
        # A supergroup counts for itself; all other chats share the counter of the bot's account.
        if chat.kind == "supergroup":
            return len(chat.history) + 1
        self._next_message_id += 1
        return self._next_message_id - 1

    def album_id(self) -> str:
        self._next_album += 1
        return str(self._next_album - 1)

    def edited(self, message: Message, before: str) -> None:
        """Note an edit that has been made."""
        message.edits.append(before)
        message.edited_at = self.clock()
        self.changed("edit", lambda: {"message": message.show()})

    def delete(self, messages: Iterable[Message]) -> None:
        for message in messages:
            message.deleted = True
            self._tell_deleted(message)

    def _tell_deleted(self, message: Message) -> None:
        self.changed(
            "delete",
            lambda: {"chat_id": message.chat.chat_id, "message_id": message.message_id},
        )

    def new_callback(self, user: dict[str, Any], message: Message, data: str) -> CallbackQuery:
        """A press of a button, queued for the bot."""
        query = CallbackQuery(str(self._next_query_id), user, message, data, self.clock())
        self._next_query_id += 1
        self.callbacks[query.query_id] = query
        self.add_update(
            "callback_query",
            {
                "id": query.query_id,
                "from": user,
                "message": message.inaccessible() if message.deleted else message.wire(),
                "chat_instance": str(-abs(message.chat.chat_id) * 7_919 - 104_729),
                "data": data,
            },
        )
        return query

    def answer_callback(self, query_id: str, answer: CallbackAnswer) -> None:
        """Raises RefusedError for a query that is unknown, too old or answered already."""
        query = self.callbacks.get(query_id)
        late = query is None or self.clock() >= query.pressed_at + self.callback_answer_s
        if query is None or late or query.answer is not None:
            raise RefusedError(
                "query is too old and response timeout expired or query ID is invalid"
            )
        query.answer = answer
        self.changed(
            "callback_answer",
            lambda: {"query_id": query_id, "text": answer.text, "alert": answer.alert},
        )

    def kind_of(self, chat_id: int) -> ChatKind:
        """What the id of a chat tells of its kind."""
        if chat_id > 0:
            return "private"
        return "supergroup" if chat_id < _SUPERGROUPS_BELOW else "group"
