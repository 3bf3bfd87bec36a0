"""Methods that change or delete what stands in a chat."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .entities import check_caption, check_text
from .keyboards import check_markup
from .refusal import RefusedError
from .rich import rich_blocks
from .sending import caption_of, markup_of, media_fields, media_options, preview_of, text_of
from .state import Message, State

Params = dict[str, Any]
DELETE_WITHIN_S = 48 * 3600
MAX_DELETIONS = 100
_REACTIONS = (
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 "
    "🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 "
    "☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡 "
)
REACTIONS = frozenset(_REACTIONS.split())


def _editable(state: State, params: Params) -> Message:
    """The bot's own message that is to change. Raises RefusedError."""
    if "chat_id" not in params:
        if "message_id" not in params:
            raise RefusedError("message identifier is not specified")
        raise RefusedError("chat_id is empty")
    chat = state.writable_chat(params["chat_id"])
    message = state.message(chat, params.get("message_id", 0), "message to edit")
    if message.sender["id"] != state.bot["id"]:
        raise RefusedError("message can't be edited")
    if message.reply_markup is not None and "inline_keyboard" not in message.reply_markup:
        # Only messages without a keyboard or with an inline one can change.
        raise RefusedError("message can't be edited")
    return message


def _change(state: State, message: Message, **fields: Any) -> dict[str, Any]:
    """Make the edit. What it does not mention stays, but for the keyboard, which it must give."""
    check_markup(fields["reply_markup"])
    fields = state.with_people(fields)
    if replace(message, **fields).content == message.content:
        raise RefusedError(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    state.check_not_blocked(message.chat)
    before = message.words
    for name, value in fields.items():
        setattr(message, name, value)
    state.edited(message, before)
    return message.wire()


def _options(message: Message, new: dict[str, Any]) -> dict[str, Any]:
    """Fields that an edit sets anew; those of the sending itself stay."""
    stay = ("has_protected_content", "effect_id")
    return {name: message.options[name] for name in stay if name in message.options} | new


def edit_message_text(state: State, params: Params) -> dict[str, Any]:
    if "rich_message" in params:
        return _edit_to_rich(state, params)
    text, entities = text_of(params)
    message = _editable(state, params)
    if message.text is None and message.rich_message is None:
        raise RefusedError("there is no text in the message to edit")
    check_text(text)
    return _change(
        state,
        message,
        text=text,
        entities=entities,
        rich_message=None,
        reply_markup=markup_of(params),
        options=_options(message, preview_of(params)),
    )


def _edit_to_rich(state: State, params: Params) -> dict[str, Any]:
    if "text" in params:
        raise RefusedError("either text or rich message must be specified")
    rich = rich_blocks(params["rich_message"])
    message = _editable(state, params)
    if message.text is None and message.rich_message is None:
        raise RefusedError("there is no text in the message to edit")
    return _change(
        state,
        message,
        text=None,
        entities=[],
        rich_message=rich,
        reply_markup=markup_of(params),
        options=_options(message, {}),
    )


def edit_message_caption(state: State, params: Params) -> dict[str, Any]:
    caption = caption_of(params)
    message = _editable(state, params)
    if not message.photo and message.document is None:
        raise RefusedError("there is no caption in the message to edit")
    check_caption(caption["caption"] or "")
    spoiler = {"has_spoiler": message.options.get("has_media_spoiler")}
    return _change(
        state,
        message,
        **caption,
        reply_markup=markup_of(params),
        options=_options(message, media_options(params | spoiler)),
    )


def edit_message_media(state: State, params: Params) -> dict[str, Any]:
    item = params["media"]
    caption = caption_of(item)
    message = _editable(state, params)
    was_text = not message.photo and message.document is None
    if was_text and state.version < (10, 1):
        raise RefusedError("there is no media in the message to edit")
    if message.media_group_id is not None and bool(message.photo) != (item["type"] == "photo"):
        raise RefusedError("message can't be edited")
    check_caption(caption["caption"] or "")
    fields = media_fields(state, item)
    return _change(
        state,
        message,
        **caption,
        text=None,
        entities=[],
        rich_message=None,
        photo=fields["photo"],
        document=fields["document"],
        reply_markup=markup_of(params),
        options=_options(message, fields["options"]),
    )


def edit_message_reply_markup(state: State, params: Params) -> dict[str, Any]:
    message = _editable(state, params)
    return _change(state, message, reply_markup=markup_of(params))


def _can_delete(state: State, message: Message) -> bool:
    chat = message.chat
    if chat.kind != "private" and not message.from_bot:
        return False  # the bot is no administrator here
    return state.clock() < message.sent_at + DELETE_WITHIN_S


def delete_message(state: State, params: Params) -> bool:
    chat = state.writable_chat(params["chat_id"])
    message = state.message(chat, params["message_id"], "message to delete")
    if not _can_delete(state, message):
        raise RefusedError("message can't be deleted")
    state.delete([message])
    return True


def delete_messages(state: State, params: Params) -> bool:
    ids: list[int] = params["message_ids"]
    if not ids:
        raise RefusedError("message identifiers are not specified")
    if len(ids) > MAX_DELETIONS:
        raise RefusedError("too many message identifiers specified")
    if any(message_id <= 0 for message_id in ids):
        raise RefusedError("invalid message identifier specified")
    chat = state.writable_chat(params["chat_id"])
    found = [
        chat.history[message_id] for message_id in dict.fromkeys(ids) if message_id in chat.history
    ]
    present = [message for message in found if not message.deleted]
    if not all(_can_delete(state, message) for message in present):
        raise RefusedError("message can't be deleted")
    state.delete(present)
    return True


def set_message_reaction(state: State, params: Params) -> bool:
    reactions: list[dict[str, Any]] = params.get("reaction", [])
    for reaction in reactions:
        if reaction["type"] not in ("emoji", "custom_emoji", "paid"):
            raise RefusedError("can't parse reaction type: invalid reaction type specified")
    chat = state.chat(params["chat_id"])
    message = state.message(chat, params["message_id"], "message to react")
    if len(reactions) > 1:
        raise RefusedError("REACTIONS_TOO_MANY")
    if any(reaction.get("emoji") not in REACTIONS for reaction in reactions):
        raise RefusedError("REACTION_INVALID")
    state.check_not_blocked(chat)
    message.reactions = [reaction["emoji"] for reaction in reactions]
    state.changed(
        "reaction",
        lambda: {
            "chat_id": chat.chat_id,
            "message_id": message.message_id,
            "reactions": message.reactions,
        },
    )
    return True
