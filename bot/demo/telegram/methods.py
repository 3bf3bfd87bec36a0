"""The Bot API methods this emulator has: what they take and who does them.

All others are answered with 404 as methods that do not exist, and a parameter that is not listed
is refused: there is here what this bot has a use for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from . import sending, settings, stars
from .keyboards import inline_markup, reply_markup
from .shapes import Shape, array, boolean, file, has, integer, needs, shaped, string
from .state import State

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Method:
    """One method: its real name, its parameters, and the function that does it."""

    name: str
    shape: Shape
    do: Callable[[State, Params], Any | Awaitable[Any]]
    counts: bool = False  # against flood limits


_CHAT: Shape = {"chat_id": needs(integer, "chat_id is empty")}
_MODE: Shape = {"parse_mode": has(string)}
_REPLY: Shape = {"message_id": has(integer), "allow_sending_without_reply": has(boolean)}
_TO: Shape = {**_CHAT, "reply_parameters": has(shaped(_REPLY, "ReplyParameters"), "7.0")}
_SEND: Shape = {**_TO, **_MODE, "reply_markup": has(reply_markup)}
_PREVIEW = shaped({"is_disabled": has(boolean)}, "LinkPreviewOptions")
_TEXT: Shape = {
    "text": needs(string, "message text is empty"),
    "link_preview_options": has(_PREVIEW, "7.0"),
}
_SCOPE: Shape = {"scope": has(settings.scope), "language_code": has(string)}
_COMMANDS = array(shaped(settings.COMMAND, "BotCommand"))

_ALL = (
    Method("getMe", {}, settings.get_me),
    Method(
        "getUpdates",
        {
            "offset": has(integer),
            "limit": has(integer),
            "timeout": has(integer),
            "allowed_updates": has(array(string)),
        },
        settings.get_updates,
    ),
    Method(
        "setWebhook",
        {
            "url": has(string),
            "secret_token": has(string),
            "max_connections": has(integer),
            "allowed_updates": has(array(string)),
            "drop_pending_updates": has(boolean),
        },
        settings.set_webhook,
    ),
    Method("getWebhookInfo", {}, settings.get_webhook_info),
    Method("deleteWebhook", {"drop_pending_updates": has(boolean)}, settings.delete_webhook),
    Method("sendMessage", {**_SEND, **_TEXT}, sending.send_message, counts=True),
    Method(
        "sendPhoto",
        {**_SEND, "caption": has(string), "photo": needs(file, "there is no photo in the request")},
        sending.send_photo,
        counts=True,
    ),
    Method(
        "sendDocument",
        {
            **_SEND,
            "caption": has(string),
            "document": needs(file, "there is no document in the request"),
            "thumbnail": has(file),
            "disable_content_type_detection": has(boolean),
        },
        sending.send_document,
        counts=True,
    ),
    Method(
        "sendVideo",
        {
            **_SEND,
            "caption": has(string),
            "video": needs(file, "there is no video in the request"),
            "thumbnail": has(file),
            **dict.fromkeys(("width", "height", "duration"), has(integer)),
            "supports_streaming": has(boolean),
        },
        sending.send_video,
        counts=True,
    ),
    Method(
        "sendInvoice",
        {**_TO, **stars.INVOICE, "reply_markup": has(inline_markup)},
        sending.send_invoice,
        counts=True,
    ),
    Method("answerPreCheckoutQuery", stars.ANSWER, stars.answer_pre_checkout_query),
    Method("refundStarPayment", stars.REFUND, stars.refund_star_payment),
    Method("getStarTransactions", stars.PAGE, stars.get_star_transactions),
    Method("getMyStarBalance", {}, stars.get_my_star_balance),
    Method(
        "copyMessage",
        {
            **_SEND,
            "from_chat_id": needs(integer, 'parameter "from_chat_id" is required'),
            "message_id": needs(integer, "message to copy not found"),
        },
        sending.copy_message,
        counts=True,
    ),
    Method(
        "editMessageText",
        {
            **_TEXT,
            **_MODE,
            **_CHAT,
            "message_id": needs(integer, "message to edit not found"),
            "reply_markup": has(inline_markup),
        },
        sending.edit_message_text,
        counts=True,
    ),
    Method(
        "sendChatAction",
        {**_CHAT, "action": needs(string, "wrong parameter action in request")},
        sending.send_chat_action,
    ),
    Method(
        "answerCallbackQuery",
        {
            "callback_query_id": needs(
                string, "query is too old and response timeout expired or query ID is invalid"
            ),
            "text": has(string),
            "show_alert": has(boolean),
        },
        settings.answer_callback_query,
    ),
    Method("getFile", {"file_id": needs(string, "file_id not specified")}, settings.get_file),
    Method(
        "setMyCommands",
        {"commands": needs(_COMMANDS, "can't parse commands JSON object"), **_SCOPE},
        settings.set_my_commands,
    ),
    Method("deleteMyCommands", _SCOPE, settings.delete_my_commands),
)
METHODS = {method.name.lower(): method for method in _ALL}
