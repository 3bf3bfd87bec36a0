"""reply_markup: keyboards under a message and below the input field.

Bot API, InlineKeyboardButton and ReplyKeyboardMarkup; github.com/tdlib/telegram-bot-api,
telegram-bot-api/Client.cpp (get_reply_markup); github.com/tdlib/td, td/telegram/ReplyMarkup.cpp.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .hypertext import checked_link, utf16_length
from .refusal import RefusedError
from .shapes import (
    WEB_APP,
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


_ACTIONS: dict[str, Field] = {
    "url": has(string),
    "callback_data": has(string),
    "web_app": has(shaped(WEB_APP, "WebAppInfo")),
    "switch_inline_query": has(string),
    "switch_inline_query_current_chat": has(string),
    "copy_text": has(shaped({"text": needs(string)}, "CopyTextButton"), "7.11"),
    "disabled": has(shaped({}, "DisabledButton"), "10.3"),
}
_BUTTON: Shape = {
    "text": needs(string, "inline keyboard button text must be non-empty"),
    "icon_custom_emoji_id": has(string, "9.4"),
    "style": has(literal("primary", "success", "danger"), "9.4"),
    **_ACTIONS,
}
# Buttons that nothing here can do anything with. They are refused rather than shown dead.
_NOT_MADE = ("login_url", "callback_game", "pay", "switch_inline_query_chosen_chat")
_KEY: Shape = {
    "text": needs(string),
    "icon_custom_emoji_id": has(string, "9.4"),
    "style": has(literal("primary", "success", "danger"), "9.4"),
    "request_contact": has(boolean),
    "request_location": has(boolean),
}
_INLINE: Shape = {
    "inline_keyboard": needs(lambda reader, value, name: value),
    "force_reply": has(boolean, "10.3"),
}
_KEYBOARD: Shape = {
    "keyboard": needs(lambda reader, value, name: value),
    "is_persistent": has(boolean),
    "resize_keyboard": has(boolean),
    "one_time_keyboard": has(boolean),
    "input_field_placeholder": has(string),
    "selective": has(boolean),
}
_REMOVE: Shape = {"remove_keyboard": needs(boolean), "selective": has(boolean)}
_FORCE: Shape = {
    "force_reply": needs(boolean),
    "input_field_placeholder": has(string),
    "selective": has(boolean),
}


def reply_markup(reader: Reader, value: Raw, name: str) -> dict[str, Any]:
    """Any reply markup, as it stands in the message. Raises RefusedError."""
    value = decoded(value, "reply_keyboard_markup")
    if not isinstance(value, dict):
        raise RefusedError("object expected as reply markup")
    if "inline_keyboard" in value:
        return inline_markup(reader, value, name)
    if "keyboard" in value:
        markup = read_fields(reader, value, _KEYBOARD, "ReplyKeyboardMarkup")
        _check_placeholder(markup)
        rows = _rows(markup["keyboard"], "keyboard", 'Field "keyboard" must be an Array of Arrays')
        markup["keyboard"] = [[_key(reader, key) for key in row] for row in rows]
        return markup
    if "remove_keyboard" in value:
        return read_fields(reader, value, _REMOVE, "ReplyKeyboardRemove")
    markup = read_fields(reader, value, _FORCE, "ForceReply")
    _check_placeholder(markup)
    return markup


def inline_markup(reader: Reader, value: Raw, name: str) -> dict[str, Any]:
    """An inline keyboard, which is all that an edit takes. Raises RefusedError."""
    value = decoded(value, "reply_keyboard_markup")
    if not isinstance(value, dict):
        raise RefusedError("object expected as reply markup")
    markup = read_fields(reader, value, _INLINE, "InlineKeyboardMarkup")
    rows = _rows(
        markup["inline_keyboard"],
        "inline_keyboard",
        'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
    )
    markup["inline_keyboard"] = [[_button(reader, button) for button in row] for row in rows if row]
    if sum(len(row) for row in rows) > MAX_BUTTONS:
        raise RefusedError("reply markup is too long")
    return markup


def check_markup(markup: dict[str, Any] | None) -> None:
    """What Telegram's own servers refuse later, once the chat has been found."""
    for row in (markup or {}).get("inline_keyboard", []):
        for button in row:
            _check_button(button)


def _check_button(button: Mapping[str, Any]) -> None:
    if "callback_data" in button:
        try:
            size = len(button["callback_data"].encode())
        except UnicodeEncodeError:
            raise RefusedError("BUTTON_DATA_INVALID") from None
        if not 1 <= size <= MAX_CALLBACK_DATA_BYTES:
            raise RefusedError("BUTTON_DATA_INVALID")
    if "copy_text" in button and utf16_length(button["copy_text"]["text"]) > MAX_COPY_TEXT:
        raise RefusedError("BUTTON_COPY_TEXT_INVALID")


def _rows(value: Raw, name: str, refusal: str) -> list[list[Any]]:
    if not isinstance(value, list):
        raise RefusedError(f'field "{name}" must be of type Array')
    if not all(isinstance(row, list) for row in value):
        raise RefusedError(refusal)
    return value


def _button(reader: Reader, value: Raw) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RefusedError(
            "can't parse inline keyboard button: InlineKeyboardButton must be an Object"
        )
    for name in _NOT_MADE:
        if value.get(name) is not None:
            raise RefusedError(f"BUTTON_TYPE_INVALID ({name} is not made by this emulator)")
    if value.get("callback_data") == "":
        raise RefusedError("BUTTON_DATA_INVALID")
    button = read_fields(reader, value, _BUTTON, "InlineKeyboardButton")
    for name in ("switch_inline_query", "switch_inline_query_current_chat"):
        if value.get(name) == "":
            button[name] = ""  # an empty query is one: it inserts only the bot's name
    actions = [name for name in _ACTIONS if name in button]
    if not actions:
        raise RefusedError(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if len(actions) > 1:
        raise RefusedError(f"inline keyboard button must have exactly one action, not {actions}")
    _check_links(button)
    return button


def _check_links(button: Mapping[str, Any]) -> None:
    web_app = button.get("web_app", {}).get("url")
    for what, url in (("URL", button.get("url")), ("Web App URL", web_app)):
        if url is None:
            continue
        try:
            checked_link(url, https_only=url is web_app)
        except ValueError as reason:
            raise RefusedError(
                f"inline keyboard button {what} '{url}' is invalid: {reason}"
            ) from reason


def _key(reader: Reader, value: Raw) -> dict[str, Any]:
    if isinstance(value, str):
        value = {"text": value}
    if not isinstance(value, dict):
        raise RefusedError(
            "can't parse keyboard button: KeyboardButton must be a String or an Object"
        )
    return read_fields(reader, value, _KEY, "KeyboardButton")


def _check_placeholder(markup: Mapping[str, Any]) -> None:
    if len(markup.get("input_field_placeholder", "")) > 64:
        raise RefusedError("input field placeholder is too long")
