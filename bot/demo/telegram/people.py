"""The people who talk to the bot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from .attachments import CAPTIONED, KINDS, attached
from .entities import MAX_CAPTION, MAX_TEXT, finish_text
from .hypertext import Entity, utf16_length
from .media import File, Upload, image_size
from .refusal import RefusedError
from .stars import ask_to_pay, give_stars
from .state import CallbackQuery, Chat, Message, Payment, State


class Where(TypedDict, total=False):
    """Where and when something is sent: to the private chat and now, if nothing else is said."""

    chat: Chat | int | None
    reply_to: Message | int | None
    sent_at: float | None


class Person:
    """Somebody with a Telegram client. What no client sends raises ValueError."""

    def __init__(self, state: State, user: dict[str, Any]) -> None:
        self._state = state
        self.user = user

    @property
    def user_id(self) -> int:
        return int(self.user["id"])

    @property
    def chat(self) -> Chat:
        """The private chat with the bot."""
        return self._state.chats[self.user_id]

    @property
    def messages(self) -> list[Message]:
        """What the private chat shows now, oldest first."""
        return self.chat.messages

    def __repr__(self) -> str:
        return f"<Person {self.user_id} {self.user['first_name']}>"

    def send(self, text: str, **where: Unpack[Where]) -> int:
        """Write a text; you get its message_id."""
        shown, entities = _words(text, MAX_TEXT)
        if not shown:
            raise ValueError("a client sends no empty text")
        return self._send(where, text=shown, entities=entities)

    def send_photo(self, data: bytes, *, caption: str | None = None, **where: Unpack[Where]) -> int:
        """Send a picture as a photo."""
        return self._send(where, **_caption(caption), photo=self._photo(data))

    def send_document(
        self,
        data: bytes,
        *,
        filename: str,
        mime_type: str | None = None,
        caption: str | None = None,
        **where: Unpack[Where],
    ) -> int:
        """Send a file as it is."""
        document = self._state.files.add_document(Upload(filename, data), mime_type)
        return self._send(where, **_caption(caption), document=document)

    def send_other(
        self,
        kind: str,
        *,
        caption: str | None = None,
        fields: Mapping[str, Any] | None = None,
        **where: Unpack[Where],
    ) -> int:
        """Send a voice message, a sticker, a poll and so on; attachments.py has the kinds."""
        return self._send(where, **self._other(kind, caption, fields or {}))

    def send_album(
        self, items: Sequence[tuple[bytes | str, str | None]], **where: Unpack[Where]
    ) -> list[int]:
        """Send 2-10 photos or `video`s (or `audio` alone), each with its caption or None, as one
        album: an update each."""
        if not 2 <= len(items) <= 10:
            raise ValueError("an album has 2-10 items")
        kinds = {KINDS[each if isinstance(each, str) else "video"].album for each, _ in items}
        if len(kinds) > 1 or "" in kinds:
            raise ValueError("these do not go into one album")
        album = self._state.album_id()
        contents = [
            self._other(each, caption, {})
            if isinstance(each, str)
            else {**_caption(caption), "photo": self._photo(each)}
            for each, caption in items
        ]
        return [self._send(where, media_group_id=album, **content) for content in contents]

    def press(
        self, message: Message | int, button: str, *, chat: Chat | int | None = None
    ) -> CallbackQuery:
        """Press the inline button with this text or callback data.

        The query's `answer` is None until the bot answers it. Raises LookupError if there is no
        such button, or if pressing it does not reach the bot.
        """
        pressed = self._message(message, chat)
        for shown in pressed.buttons:
            if button in (shown["text"], shown.get("callback_data")):
                if "callback_data" not in shown:
                    raise LookupError(f"pressing {shown} does not reach the bot")
                return self.forge(pressed, shown["callback_data"])
        raise LookupError(
            f"message {pressed.message_id} has no button {button!r}, only "
            f"{[shown['text'] for shown in pressed.buttons]}"
        )

    def forge(
        self, message: Message | int, data: str, *, chat: Chat | int | None = None
    ) -> CallbackQuery:
        """Send any callback data, as a made-up client can."""
        pressed = self._message(message, chat)
        if not pressed.from_bot:
            raise LookupError("only messages of the bot have buttons")
        return self._state.new_callback(self.user, pressed, data)

    @property
    def stars(self) -> int:
        """The Stars that the person has."""
        return self.chat.stars

    @stars.setter
    def stars(self, stars: int) -> None:
        give_stars(self._state, self.chat, stars - self.chat.stars)

    def pay(self, message: Message | int, *, chat: Chat | int | None = None) -> Payment:
        """Press Pay under an invoice: one's own, a group's, or another's that was forwarded.

        Raises ValueError where a client does not get as far as asking the bot.
        """
        asked = self._message(message, chat)
        if asked.invoice is None or asked.deleted:
            raise LookupError(f"message {asked.message_id} is no invoice")
        forwarded = asked.chat.kind == "private" and asked.chat is not self.chat
        if forwarded and (start := asked.invoice.start_parameter):
            raise ValueError(
                f"a copy of it has no Pay button, but a link to the bot: ?start={start}"
            )
        if self.chat.blocked:
            raise ValueError(f"{self} has blocked the bot")
        place = self.chat if forwarded else self._chat(asked.chat)
        if self.stars < (cost := asked.invoice.total_amount):
            raise ValueError(f"{self} has {self.stars} Stars, too few to pay {cost}")
        return ask_to_pay(self._state, self.user, place, asked.invoice)

    def edit(self, message: Message | int, text: str, *, chat: Chat | int | None = None) -> None:
        """Change the text or caption of an own message."""
        own = self._message(message, chat)
        if own.sender["id"] != self.user_id:
            raise ValueError("only own messages can be edited")
        if own.text is not None:
            shown, entities = _words(text, MAX_TEXT)
            self._state.edit(own, text=shown, entities=entities)
        else:
            self._state.edit(own, **_caption(text))
        if self._reaches_bot(own):
            self._state.updates.add("edited_message", own.wire())

    def delete(self, message: Message | int, *, chat: Chat | int | None = None) -> None:
        """Delete a message of the chat for both sides. The bot is not told."""
        self._state.delete(self._message(message, chat))

    def block(self, *, blocked: bool = True) -> None:
        """Block the bot."""
        if self.chat.blocked != blocked:
            self.chat.blocked = blocked
            self._state.tell("block", lambda: {"chat_id": self.user_id, "blocked": blocked})
            self._state.tell_membership(self.chat, self.user, kicked=blocked)

    def unblock(self) -> None:
        """Take the bot back."""
        self.block(blocked=False)

    def _send(self, where: Where, **fields: Any) -> int:
        chat = where.get("chat")
        place = self._chat(chat)
        if place is self.chat:
            if place.blocked:
                raise ValueError(f"{self} has blocked the bot; a client lets them unblock it first")
            place.started = True
        if (reply_to := where.get("reply_to")) is not None:
            fields["reply_to"] = self._message(reply_to, chat)
        if (sent_at := where.get("sent_at")) is not None:
            fields["sent_at"] = sent_at
        message = self._state.new_message(place, self.user, **fields)
        if self._reaches_bot(message):
            self._state.updates.add("message", message.wire())
        return message.message_id

    def _reaches_bot(self, message: Message) -> bool:
        """In groups a bot in privacy mode gets commands and replies to itself only (Bot FAQ)."""
        chat, bot = message.chat, self._state.bot
        if chat.kind == "private":
            return True
        if bot["id"] not in chat.member_ids:
            return False
        if not self._state.privacy_mode:
            return True
        if message.reply_to is not None:
            return message.reply_to.from_bot
        first = next(iter(message.entities or message.caption_entities), None)
        if first is None or first["type"] != "bot_command" or first["offset"] != 0:
            return False
        _, at, name = message.words[: first["length"]].partition("@")
        return not at or name.lower() == str(bot["username"]).lower()

    def _chat(self, chat: Chat | int | None) -> Chat:
        if chat is None:
            return self.chat
        place = self._state.chats[chat] if isinstance(chat, int) else chat
        if place is not self.chat and self.user_id not in place.member_ids:
            raise ValueError(f"{self} is no member of chat {place.chat_id}")
        return place

    def _message(self, message: Message | int, chat: Chat | int | None) -> Message:
        return message if isinstance(message, Message) else self._chat(chat).history[message]

    def _other(self, kind: str, caption: str | None, fields: Mapping[str, Any]) -> dict[str, Any]:
        if caption and kind not in CAPTIONED:
            raise ValueError(f"a {kind} has no caption")
        return {**_caption(caption), "attachment": attached(self._state.files, kind, fields)}

    def _photo(self, data: bytes) -> list[File]:
        try:
            width, height = image_size(data)
        except RefusedError as error:
            raise ValueError("this is no picture") from error
        sizes = self._state.files.add_photo(data, width, height).sizes
        for size in sizes:
            len(size.data)  # painted at once, as the bot is told the sizes in bytes
        return sizes


def _words(text: str, limit: int) -> tuple[str, list[Entity]]:
    shown, entities = finish_text(text, [], may_be_empty=True)
    if utf16_length(shown) > limit:
        raise ValueError(f"a client sends at most {limit} characters in one message")
    return shown, entities


def _caption(caption: str | None) -> dict[str, Any]:
    shown, entities = _words(caption or "", MAX_CAPTION)
    return {"caption": shown or None, "caption_entities": entities}
