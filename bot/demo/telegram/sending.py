"""The methods that send something to a chat, and the one that edits a text."""

from __future__ import annotations

import copy
from typing import Any

from .entities import check_caption, check_text, format_text
from .media import Upload, check_photo, check_upload, check_video, is_mp4
from .refusal import RefusedError
from .stars import invoice_of
from .state import ACTION_S, Chat, Invoice, Message, State

Params = dict[str, Any]
_ACTIONS = (
    "cancel", "typing", "upload_photo", "record_video", "upload_video", "record_voice",
    "upload_voice", "upload_document", "choose_sticker", "find_location", "record_video_note",
    "upload_video_note",
)  # fmt: skip


def send_message(state: State, params: Params) -> dict[str, Any]:
    text = _text(params)
    chat, reply_to = _open(state, params)
    check_text(text["text"])
    return _send(state, chat, "text messages", params, reply_to=reply_to, **text).wire()


def send_photo(state: State, params: Params) -> dict[str, Any]:
    caption = _caption(params)
    chat, reply_to = _open(state, params)
    check_caption(caption["caption"] or "")
    value: Upload | str = params["photo"]
    if isinstance(value, str):
        photo = state.files.find(value, "Photo")
    else:
        photo = state.files.add_photo(value.data, *check_photo(value))
    sizes = photo.sizes
    return _send(state, chat, "photos", params, reply_to=reply_to, **caption, photo=sizes).wire()


def send_document(state: State, params: Params) -> dict[str, Any]:
    caption = _caption(params)
    chat, reply_to = _open(state, params)
    check_caption(caption["caption"] or "")
    value: Upload | str = params["document"]
    if isinstance(value, str):
        file = state.files.find(value, "Document")
    else:
        check_upload(value, "Document")
        thumbnail = state.files.add_thumbnail(params.get("thumbnail"))
        if is_mp4(value) and not params.get("disable_content_type_detection"):
            # The server looks into what it is sent, and takes it for what it is.
            video = state.files.add_video(value, thumbnail=thumbnail)
            return _send(
                state, chat, "videos", params, reply_to=reply_to, **caption, video=video
            ).wire()
        file = state.files.add_document(value)
        file.thumbnail = thumbnail
    return _send(
        state, chat, "documents", params, reply_to=reply_to, **caption, document=file
    ).wire()


def send_video(state: State, params: Params) -> dict[str, Any]:
    caption = _caption(params)
    chat, reply_to = _open(state, params)
    check_caption(caption["caption"] or "")
    value: Upload | str = params["video"]
    facts = {name: params.get(name, 0) for name in ("width", "height", "duration")}
    if min(facts.values()) < 0:
        raise RefusedError("width, height and duration are not below 0")
    if isinstance(value, str):
        video = state.files.find(value, "Video")
    else:
        check_video(value)
        thumbnail = state.files.add_thumbnail(params.get("thumbnail"))
        video = state.files.add_video(value, thumbnail=thumbnail, **facts)
    return _send(state, chat, "videos", params, reply_to=reply_to, **caption, video=video).wire()


def send_invoice(state: State, params: Params) -> dict[str, Any]:
    invoice = invoice_of(params)
    chat, reply_to = _open(state, params)
    return _send(state, chat, "invoices", params, reply_to=reply_to, invoice=invoice).wire()


def copy_message(state: State, params: Params) -> dict[str, Any]:
    source = state.find_chat(params["from_chat_id"]).message(
        params["message_id"], "message to copy"
    )
    if source.invoice is not None:
        raise RefusedError("message can't be copied")
    chat, reply_to = _open(state, params)
    words = ("text", "entities", "caption", "caption_entities")
    names = (*words, "photo", "video", "document", "attachment")
    content = {name: copy.copy(getattr(source, name)) for name in names}
    kinds = {"photos": source.photo, "videos": source.video, "documents": source.document}
    kind = next((name for name, held in kinds.items() if held), "text messages")
    message = _send(state, chat, kind, params, reply_to=reply_to, **content)
    return {"message_id": message.message_id}


def send_chat_action(state: State, params: Params) -> bool:
    action = params["action"].lower()
    if action not in _ACTIONS:
        raise RefusedError("wrong parameter action in request")
    chat = state.writable_chat(params["chat_id"])
    chat.check_not_blocked()
    chat.actions.append((state.clock(), action))
    chat.action_until = 0.0 if action == "cancel" else state.clock() + ACTION_S
    state.tell("action", lambda: {"chat_id": chat.chat_id, "action": action})
    return True


def edit_message_text(state: State, params: Params) -> dict[str, Any]:
    text = _text(params)
    message = _editable(state, params)
    check_text(text["text"])
    text = state.with_people(text) | {"reply_markup": _markup(params)}
    if all(getattr(message, name) == value for name, value in text.items()):
        raise RefusedError(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    message.chat.check_not_blocked()
    state.edit(message, **text)
    return message.wire()


def _text(params: Params) -> dict[str, Any]:
    """The fields of a text, of which the length is not checked yet. Raises RefusedError."""
    text, entities = format_text(params["text"], params.get("parse_mode"), may_be_empty=False)
    preview = params.get("link_preview_options")
    options = {"link_preview_options": preview} if preview else {}
    return {"text": text, "entities": entities, "options": options}


def _caption(params: Params) -> dict[str, Any]:
    caption, entities = format_text(
        params.get("caption", ""), params.get("parse_mode"), may_be_empty=True
    )
    return {"caption": caption or None, "caption_entities": entities}


def _markup(params: Params, invoice: Invoice | None = None) -> dict[str, Any] | None:
    """The keyboard; one without a single button is none, but an invoice has one always.

    Raises RefusedError.
    """
    markup: dict[str, Any] | None = params.get("reply_markup")
    if markup is None or not markup.get("inline_keyboard", True):
        if invoice is None:
            return None
        return {"inline_keyboard": [[{"text": f"Pay ⭐️{invoice.total_amount}", "pay": True}]]}
    if ("pay" in markup.get("inline_keyboard", [[{}]])[0][0]) is not (invoice is not None):
        raise RefusedError("REPLY_MARKUP_BUY_EMPTY" if invoice else "BUTTON_TYPE_INVALID")
    return markup


def _open(state: State, params: Params) -> tuple[Chat, Message | None]:
    """The chat, and what there the message replies to. Raises RefusedError."""
    chat = state.writable_chat(params["chat_id"])
    reply = params.get("reply_parameters", {})
    if "message_id" not in reply:
        return chat, None
    try:
        return chat, chat.message(reply["message_id"], "message to be replied")
    except RefusedError:
        if reply.get("allow_sending_without_reply"):
            return chat, None
        raise


def _send(state: State, chat: Chat, kind: str, params: Params, **fields: Any) -> Message:
    chat.check_allowed(kind)
    chat.check_not_blocked()
    markup = _markup(params, fields.get("invoice"))
    return state.new_message(chat, state.bot, reply_markup=markup, **fields)


def _editable(state: State, params: Params) -> Message:
    """The bot's own text that is to change. Raises RefusedError."""
    chat = state.writable_chat(params["chat_id"])
    message = chat.message(params["message_id"], "message to edit")
    # Only messages without a keyboard or with an inline one can change.
    inline = message.reply_markup is None or "inline_keyboard" in message.reply_markup
    if not message.from_bot or not inline:
        raise RefusedError("message can't be edited")
    if message.text is None:
        raise RefusedError("there is no text in the message to edit")
    return message
