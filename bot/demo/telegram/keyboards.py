"""reply_markup: buttons under a message, or a question to be replied to.

Bot API, InlineKeyboardButton and ForceReply; github.com/tdlib/telegram-bot-api,
telegram-bot-api/Client.cpp (get_reply_markup); github.com/tdlib/td, td/telegram/ReplyMarkup.cpp.
"""

from __future__ import annotations

from typing import Any

from .hypertext import checked_link, utf16_length
from .refusal import RefusedError
from .shapes import (
    Field,
    Raw,
    Reader,
    Shape,
    boolean,
    decoded,
    has,
    literal,
    needs,
    read_fields,
    shaped,
    string,
)

MAX_CALLBACK_DATA_BYTES = 64
MAX_COPY_TEXT = 256
MAX_BUTTONS = 100
MAX_PLACEHOLDER = 64

_ACTIONS: dict[str, Field] = {
    "url": has(string),
    "callback_data": has(string),
    "copy_text": has(shaped({"text": needs(string)}, "CopyTextButton"), "7.11"),
    "disabled": has(shaped({}, "DisabledButton"), "10.3"),
    "pay": has(boolean),
}
_BUTTON: Shape = {
    "text": needs(string, "inline keyboard button text must be non-empty"),
    "style": has(literal("primary", "success", "danger"), "9.4"),
    **_ACTIONS,
}
_INLINE: Shape = {"inline_keyboard": needs(lambda reader, value, name: value)}
_FORCE: Shape = {
    "force_reply": needs(boolean),
    "input_field_placeholder": has(string),
    "selective": has(boolean),
}


def reply_markup(reader: Reader, value: Raw, name: str) -> dict[str, Any]:
    """A reply markup, as it stands in the message. Raises RefusedError."""
    value = _object(value)
    if "inline_keyboard" in value:
        return inline_markup(reader, value, name)
    markup = read_fields(reader, value, _FORCE, "ForceReply")
    if len(markup.get("input_field_placeholder", "")) > MAX_PLACEHOLDER:
        raise RefusedError("input field placeholder is too long")
    return markup


def inline_markup(reader: Reader, value: Raw, name: str) -> dict[str, Any]:
    """An inline keyboard, which is all that an edit takes. Raises RefusedError."""
    markup = read_fields(reader, _object(value), _INLINE, "InlineKeyboardMarkup")
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list):
        raise RefusedError('field "inline_keyboard" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        raise RefusedError(
            'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'
        )
    markup["inline_keyboard"] = [[_button(reader, button) for button in row] for row in rows if row]
    buttons = [button for row in markup["inline_keyboard"] for button in row]
    if len(buttons) > MAX_BUTTONS:
        raise RefusedError("reply markup is too long")
    if any("pay" in button for button in buttons[1:]):
        raise RefusedError("BUTTON_POS_INVALID")
    return markup


def _object(value: Raw) -> dict[str, Any]:
    value = decoded(value, "reply_keyboard_markup")
    if not isinstance(value, dict):
        raise RefusedError("object expected as reply markup")
    return value


def _button(reader: Reader, value: Raw) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RefusedError(
            "can't parse inline keyboard button: InlineKeyboardButton must be an Object"
        )
    button = read_fields(reader, value, _BUTTON, "InlineKeyboardButton")
    if value.get("callback_data") is not None:
        _check_data(value["callback_data"])
    actions = [name for name in _ACTIONS if name in button]
    if not actions:
        raise RefusedError(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if len(actions) > 1:
        raise RefusedError(f"inline keyboard button must have exactly one action, not {actions}")
    if "copy_text" in button and utf16_length(button["copy_text"]["text"]) > MAX_COPY_TEXT:
        raise RefusedError("BUTTON_COPY_TEXT_INVALID")
    if "url" in button:
        try:
            button["url"] = checked_link(button["url"])
        except ValueError as reason:
            words = f"inline keyboard button URL '{button['url']}' is invalid: {reason}"
            raise RefusedError(words) from reason
    return button


def _check_data(data: str) -> None:
    try:
        size = len(data.encode())
    except UnicodeEncodeError:
        size = 0
    if not 1 <= size <= MAX_CALLBACK_DATA_BYTES:
        raise RefusedError("BUTTON_DATA_INVALID")
