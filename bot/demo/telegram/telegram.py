"""A Telegram of one bot as tests and the control interface move it: people, groups, faults."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from .people import Person
from .stars import find_charge, give_back, new_charge_id, record
from .state import Call, Chat, Message, State
from .update import Update

SendingKind = Literal["text messages", "photos", "videos", "documents"]


class Telegram(State):
    """What the state holds, and the hands that move it."""

    def __init__(self, token: str, first_id: int) -> None:
        super().__init__(token, first_id)
        self._people: dict[int, Person] = {}

    @property
    def pending_updates(self) -> list[Update]:
        """The updates the bot has not confirmed."""
        return list(self.updates.pending)

    def calls_of(self, method: str) -> list[Call]:
        """The calls of one method, oldest first."""
        return [call for call in self.calls if call.method.lower() == method.lower()]

    def add_person(
        self,
        user_id: int,
        first_name: str,
        *,
        language_code: str | None = None,
        username: str | None = None,
        started: bool = False,
        stars: int = 0,
    ) -> Person:
        """A person with a private chat, whose id is the same.

        The bot may write there once the person has written, or at once with `started`.
        """
        if user_id in self._people:
            raise ValueError(f"there is a person {user_id} already")
        user: dict[str, Any] = {"id": user_id, "is_bot": False, "first_name": first_name}
        user |= {"language_code": language_code} if language_code else {}
        user |= {"username": username} if username else {}
        person = self._people[user_id] = Person(self, user)
        self.chats[user_id] = Chat(user_id, user=user, started=started, stars=stars)
        self.tell("chat", lambda: {"chat": self.chats[user_id].show()})
        return person

    def person(self, user_id: int) -> Person:
        return self._people[user_id]

    def charge_back(self, charge_id: str, *, told: bool = True) -> None:
        """Give a payment back as Apple or Google does: the bot did not ask for it, and may be told.

        The person gets money, not Stars. Raises LookupError.
        """
        payment = find_charge(self, charge_id)
        if payment is None or payment.refunded:
            raise LookupError("no such charge, or it was given back already")
        give_back(self, payment, stars=0, told=told)

    def add_star_transaction(
        self, stars: int, partner: dict[str, Any], transaction_id: str | None = None
    ) -> None:
        """Let the bot earn Stars, or spend them (below 0), otherwise than by an invoice."""
        record(self, stars, partner, transaction_id or new_charge_id(self))

    def add_group(self, chat_id: int, title: str, members: Iterable[Person | int]) -> Chat:
        """A group, or a supergroup if the id is below -1000000000000, with the bot in it."""
        ids = {each if isinstance(each, int) else each.user_id for each in members}
        group = self.chats[chat_id] = Chat(chat_id, title, ids | {self.bot["id"]})
        self.tell("chat", lambda: {"chat": group.show()})
        return group

    def remove_bot(self, chat_id: int) -> None:
        """Throw the bot out of a group."""
        group = self.chat(chat_id)
        group.member_ids.discard(self.bot["id"])
        self.tell_membership(group, self._somebody(), kicked=True)

    def restrict_group(
        self, chat_id: int, *forbidden: SendingKind, topic_closed: bool = False
    ) -> None:
        """Forbid these in a group, and allow all else."""
        group = self.chat(chat_id)
        group.forbidden, group.topic_closed = frozenset(forbidden), topic_closed

    def upgrade_group(self, chat_id: int, new_chat_id: int) -> Chat:
        """Make a supergroup of a group; the old id is refused from now on, naming the new one."""
        old = self.chat(chat_id)
        new = self.add_group(new_chat_id, old.title, old.member_ids)
        old.migrated_to = new_chat_id
        for chat, note in (
            (old, {"migrate_to_chat_id": new_chat_id}),
            (new, {"migrate_from_chat_id": chat_id}),
        ):
            message = self.new_message(chat, self._somebody(), options=note)
            self.updates.add("message", message.wire())
        return new

    def _somebody(self) -> dict[str, Any]:
        return next(iter(self._people.values())).user

    def chat(self, chat_id: int) -> Chat:
        return self.chats[chat_id]

    def story(self) -> str:
        chats = [self.transcript(chat_id) for chat_id in self.chats]
        calls = [call for call in self.calls if call.method != "getUpdates" or not call.ok]
        last = [f"  {call.method} {'ok' if call.ok else call.error}" for call in calls[-15:]]
        return "\n".join(["", *chats, "last calls:", *last])

    def transcript(self, chat_id: int) -> str:
        """The conversation, readable, with deleted messages marked."""
        chat = self.chat(chat_id)
        name = chat.title or chat.user.get("first_name", "")
        lines = [f"--- chat {chat_id} {name}{' (blocked)' if chat.blocked else ''}"]
        lines += [_line(message) for message in chat.history.values()]
        return "\n".join(lines)


def _line(message: Message) -> str:
    who = "bot" if message.from_bot else message.sender["first_name"]
    parts = [f"  {message.message_id} {who}:"]
    if message.deleted:
        parts.append("[deleted]")
    if message.reply_to is not None:
        parts.append(f"[to {message.reply_to.message_id}]")
    parts += [f"[photo {size.width}x{size.height}]" for size in message.photo[-1:]]
    parts += [f"[{file.name}]" for file in (message.video, message.document) if file]
    if message.invoice is not None:
        parts.append(f"[invoice: {message.invoice.title}, {message.invoice.total_amount} Stars]")
    parts += [f"[{name}]" for name in message.options if name.endswith("_payment")]
    parts += [*(f"[{name}]" for name in message.attachment), message.words]
    parts += [f"[edited {len(message.edits)} times]"] * bool(message.edits)
    parts += [f"[{button['text']}]" for button in message.buttons]
    return " ".join(part for part in parts if part)
