"""The Bot API methods this emulator has: what they take, since which version, who does them.

Left out altogether, and so answered with 404 as methods that do not exist: payments in Stars
(sendInvoice, createInvoiceLink, answerPreCheckoutQuery, refundStarPayment, getStarTransactions,
getMyStarBalance), setWebhook, and everything this bot has no use for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import editing, sending, settings
from .keyboards import inline_markup, reply_markup
from .refusal import RefusedError
from .shapes import (
    COMMAND,
    LINK_PREVIEW,
    MENU_BUTTON,
    REACTION,
    REPLY,
    RICH,
    Field,
    Reader,
    Shape,
    Version,
    array,
    boolean,
    chat_id,
    entities,
    file,
    had,
    has,
    integer,
    media,
    needs,
    read_fields,
    scope,
    shaped,
    string,
    version,
)
from .state import State

Params = dict[str, Any]
Do = Callable[[State, Params], Any | Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Method:
    """One method: its real name, its parameters, and the function that does it."""

    name: str
    shape: Shape
    do: Do
    since: Version = (0, 0)
    counts: bool = False  # against flood limits

    def read(self, reader: Reader, values: Mapping[str, Any]) -> Params:
        """The parameters decoded. Raises RefusedError."""
        return read_fields(reader, values, self.shape, self.name)


def _not_modelled(refusal: str) -> Field:
    """A parameter that exists, but whose subject does not exist here: the server's own refusal."""

    def read(reader: Reader, value: Any, name: str) -> Any:
        raise RefusedError(refusal)

    return Field(read)


_CHAT = {"chat_id": needs(chat_id, "chat_id is empty")}
_THREAD = {"message_thread_id": _not_modelled("message thread not found")}
_BUSINESS = {"business_connection_id": _not_modelled("business connection not found")}
_ELSEWHERE = {
    **_THREAD,
    **_BUSINESS,
    "direct_messages_topic_id": _not_modelled("wrong direct messages topic identifier specified"),
    "suggested_post_parameters": _not_modelled("suggested posts can't be sent to the chat"),
    "ephemeral_message_parameters": _not_modelled("ephemeral messages can't be sent to the chat"),
}
_SEND: Shape = {
    **_CHAT,
    **_ELSEWHERE,
    "disable_notification": has(boolean),
    "protect_content": has(boolean),
    "allow_paid_broadcast": has(boolean, "7.11"),
    "message_effect_id": has(string, "7.4"),
    "reply_parameters": has(shaped(REPLY, "ReplyParameters"), "7.0"),
    "reply_to_message_id": had(integer),
    "allow_sending_without_reply": had(boolean),
}
_MARKUP: Shape = {"reply_markup": has(reply_markup)}
_CAPTION: Shape = {
    "caption": has(string),
    "parse_mode": has(string),
    "caption_entities": has(entities),
    "show_caption_above_media": has(boolean, "7.4"),
}
_TEXT: Shape = {
    "text": needs(string, "message text is empty"),
    "parse_mode": has(string),
    "entities": has(entities),
}
_PREVIEW: Shape = {
    "link_preview_options": has(shaped(LINK_PREVIEW, "LinkPreviewOptions"), "7.0"),
    "disable_web_page_preview": had(boolean),
}
_RICH_MESSAGE = shaped(RICH, "InputRichMessage")
_EDIT: Shape = {
    **_BUSINESS,
    "chat_id": has(chat_id),
    "message_id": has(integer),
    "inline_message_id": _not_modelled("MESSAGE_ID_INVALID"),
    "reply_markup": has(inline_markup),
}
_DRAFT: Shape = {
    "chat_id": needs(integer, "chat_id is empty"),
    "draft_id": needs(integer, "draft identifier must be non-zero"),
    **_THREAD,
    "can_stop": has(boolean, "10.3"),
    "keep_on_stop": has(boolean, "10.3"),
}
_LANGUAGE: Shape = {"language_code": has(string)}
_SCOPE: Shape = {"scope": has(scope), **_LANGUAGE}


def _method(
    name: str, shape: Shape, do: Do, since: str = "0.0", *, counts: bool = False
) -> tuple[str, Method]:
    return name.lower(), Method(name, shape, do, version(since), counts)


METHODS: dict[str, Method] = dict(
    [
        _method("getMe", {}, settings.get_me),
        _method(
            "getUpdates",
            {
                "offset": has(integer),
                "limit": has(integer),
                "timeout": has(integer),
                "allowed_updates": has(array(string)),
            },
            settings.get_updates,
        ),
        _method("getWebhookInfo", {}, settings.get_webhook_info),
        _method("deleteWebhook", {"drop_pending_updates": has(boolean)}, settings.delete_webhook),
        _method(
            "sendMessage",
            {**_SEND, **_TEXT, **_PREVIEW, **_MARKUP},
            sending.send_message,
            counts=True,
        ),
        _method(
            "sendPhoto",
            {
                **_SEND,
                **_CAPTION,
                **_MARKUP,
                "photo": needs(file, "there is no photo in the request"),
                "has_spoiler": has(boolean),
            },
            sending.send_photo,
            counts=True,
        ),
        _method(
            "sendDocument",
            {
                **_SEND,
                **{
                    name: field
                    for name, field in _CAPTION.items()
                    if name != "show_caption_above_media"
                },
                **_MARKUP,
                "document": needs(file, "there is no document in the request"),
                "thumbnail": has(file),
                "disable_content_type_detection": has(boolean),
            },
            sending.send_document,
            counts=True,
        ),
        _method(
            "sendMediaGroup",
            {**_SEND, "media": needs(array(media), "can't parse media JSON object")},
            sending.send_media_group,
            counts=True,
        ),
        _method(
            "sendRichMessage",
            {**_SEND, **_MARKUP, "rich_message": needs(_RICH_MESSAGE)},
            sending.send_rich_message,
            "10.1",
            counts=True,
        ),
        _method(
            "copyMessage",
            {
                **_SEND,
                **_CAPTION,
                **_MARKUP,
                "from_chat_id": needs(chat_id, 'parameter "from_chat_id" is required'),
                "message_id": needs(integer, "message to copy not found"),
                "video_start_timestamp": has(integer),
            },
            sending.copy_message,
            counts=True,
        ),
        _method(
            "sendMessageDraft",
            {**_DRAFT, **_TEXT, "text": has(string)},
            sending.send_message_draft,
            "9.3",
        ),
        _method(
            "sendChatAction",
            {
                **_CHAT,
                **_THREAD,
                **_BUSINESS,
                "action": needs(string, "wrong parameter action in request"),
            },
            sending.send_chat_action,
        ),
        _method(
            "editMessageText",
            {
                **_EDIT,
                **_TEXT,
                **_PREVIEW,
                "text": has(string),
                "rich_message": has(_RICH_MESSAGE, "10.1"),
            },
            editing.edit_message_text,
            counts=True,
        ),
        _method(
            "editMessageCaption",
            {**_EDIT, **_CAPTION},
            editing.edit_message_caption,
            counts=True,
        ),
        _method(
            "editMessageMedia",
            {**_EDIT, "media": needs(media, "can't parse input media JSON object")},
            editing.edit_message_media,
            counts=True,
        ),
        _method("editMessageReplyMarkup", _EDIT, editing.edit_message_reply_markup, counts=True),
        _method(
            "deleteMessage",
            {**_CHAT, "message_id": needs(integer, "message identifier is not specified")},
            editing.delete_message,
        ),
        _method(
            "deleteMessages",
            {
                **_CHAT,
                "message_ids": needs(array(integer), "message identifiers are not specified"),
            },
            editing.delete_messages,
            "7.0",
        ),
        _method(
            "setMessageReaction",
            {
                **_CHAT,
                "message_id": needs(integer, "message to react not found"),
                "reaction": has(array(shaped(REACTION, "ReactionType"))),
                "is_big": has(boolean),
            },
            editing.set_message_reaction,
            "7.0",
        ),
        _method(
            "answerCallbackQuery",
            {
                "callback_query_id": needs(
                    string, "query is too old and response timeout expired or query ID is invalid"
                ),
                "text": has(string),
                "show_alert": has(boolean),
                "url": has(string),
                "cache_time": has(integer),
            },
            settings.answer_callback_query,
        ),
        _method("getFile", {"file_id": needs(string, "file_id not specified")}, settings.get_file),
        _method(
            "setMyCommands",
            {
                "commands": needs(
                    array(shaped(COMMAND, "BotCommand")), "can't parse commands JSON object"
                ),
                **_SCOPE,
            },
            settings.set_my_commands,
        ),
        _method("getMyCommands", _SCOPE, settings.get_my_commands),
        _method("deleteMyCommands", _SCOPE, settings.delete_my_commands),
        _method(
            "setMyDescription",
            {"description": has(string), **_LANGUAGE},
            settings.set_my_description,
            "6.6",
        ),
        _method(
            "setMyShortDescription",
            {"short_description": has(string), **_LANGUAGE},
            settings.set_my_short_description,
            "6.6",
        ),
        _method(
            "setChatMenuButton",
            {"chat_id": has(integer), "menu_button": has(shaped(MENU_BUTTON, "MenuButton"))},
            settings.set_chat_menu_button,
            "6.0",
        ),
    ]
)
