"""Methods that put something into a chat."""

from __future__ import annotations

import copy
from typing import Any

from .attachments import CAPTIONED
from .entities import check_caption, check_text, format_text
from .hypertext import Entity
from .keyboards import check_markup
from .media import File, Files, Upload, check_photo, check_upload
from .refusal import RefusedError
from .rich import rich_blocks
from .state import ACTION_S, DRAFT_S, Chat, Draft, Message, State

Params = dict[str, Any]
MAX_ALBUM = 10
MIN_ALBUM = 2
_ACTIONS = frozenset(
    {
        "cancel",
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


def text_of(params: Params) -> tuple[str, list[Entity]]:
    """The text of a message, of which the length is not checked yet. Raises RefusedError."""
    raw = params.get("text", "")
    if not raw:
        raise RefusedError("message text is empty")
    return format_text(raw, params.get("parse_mode"), params.get("entities"), may_be_empty=False)


def caption_of(params: Params) -> dict[str, Any]:
    """Fields `caption` and `caption_entities` of a message. Raises RefusedError."""
    caption, entities = format_text(
        params.get("caption", ""),
        params.get("parse_mode"),
        params.get("caption_entities"),
        may_be_empty=True,
    )
    return {"caption": caption or None, "caption_entities": entities}


def preview_of(params: Params) -> dict[str, Any]:
    """Further fields of a text message that the caller chose."""
    preview = params.get("link_preview_options")
    if preview is None and params.get("disable_web_page_preview"):
        preview = {"is_disabled": True}
    return {"link_preview_options": preview} if preview else {}


def markup_of(params: Params) -> dict[str, Any] | None:
    """The keyboard; one without a single button is none."""
    markup: dict[str, Any] | None = params.get("reply_markup")
    if markup is not None and not markup.get("inline_keyboard", True):
        return None
    return markup


def photo_of(state: State, value: Upload | str) -> list[File]:
    """The sizes of an uploaded photo, or of one that Telegram has already. Raises RefusedError."""
    if isinstance(value, str):
        return state.files.find(value, "Photo").sizes
    width, height = check_photo(value)
    return state.files.add_photo(value.data, width, height).sizes


def document_of(files: Files, value: Upload | str) -> File:
    """An uploaded document, or one that Telegram has already. Raises RefusedError."""
    if isinstance(value, str):
        return files.find(value, "Document")
    check_upload(value, "Document")
    return files.add_document(value)


def media_options(params: Params) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if params.get("show_caption_above_media"):
        options["show_caption_above_media"] = True
    if params.get("has_spoiler"):
        options["has_media_spoiler"] = True
    return options


def _open(state: State, params: Params) -> tuple[Chat, dict[str, Any]]:
    """The chat and the fields every sent message has: first the chat is looked at, then the reply.

    Raises RefusedError.
    """
    chat = state.writable_chat(params["chat_id"])
    if params.get("message_effect_id") and chat.kind != "private":
        raise RefusedError("EFFECT_ID_INVALID")
    if params.get("allow_paid_broadcast"):
        raise RefusedError("BALANCE_TOO_LOW")  # it costs Stars, of which this bot has none
    options: dict[str, Any] = {}
    if params.get("protect_content"):
        options["has_protected_content"] = True
    if effect := params.get("message_effect_id"):
        options["effect_id"] = effect
    return chat, {
        "reply_to": _reply_to(state, chat, params),
        "reply_markup": markup_of(params),
        "options": options,
    }


def _reply_to(state: State, chat: Chat, params: Params) -> Message | None:
    reply = params.get("reply_parameters") or {
        "message_id": params.get("reply_to_message_id"),
        "allow_sending_without_reply": params.get("allow_sending_without_reply"),
    }
    message_id = reply.get("message_id")
    if state.strict and "quote_parse_mode" in reply and "quote" not in reply:
        raise RefusedError('field "quote_parse_mode" without a quote')  # the server looks past it
    if message_id is None:
        return None
    if reply.get("chat_id", chat.chat_id) != chat.chat_id:
        raise RefusedError("message to be replied not found")
    try:
        replied = state.message(chat, message_id, "message to be replied")
    except RefusedError:
        if reply.get("allow_sending_without_reply"):
            return None
        raise
    if (quote := reply.get("quote")) and quote not in replied.words:
        raise RefusedError("QUOTE_TEXT_INVALID")
    return replied


def _send(state: State, chat: Chat, fields: dict[str, Any]) -> Message:
    check_markup(fields.get("reply_markup"))
    state.check_allowed(chat, _kind_of(fields))
    state.check_not_blocked(chat)
    message = state.new_message(chat, state.bot, **fields)
    markup = message.reply_markup or {}
    if "keyboard" in markup:
        chat.reply_keyboard = markup
    elif markup.get("remove_keyboard"):
        chat.reply_keyboard = None
    return message


def _kind_of(fields: dict[str, Any]) -> str:
    if fields.get("photo"):
        return "photos"
    return "documents" if fields.get("document") else "text messages"


def send_message(state: State, params: Params) -> dict[str, Any]:
    text, entities = text_of(params)
    chat, fields = _open(state, params)
    check_text(text)
    fields["options"] |= preview_of(params)
    return _send(state, chat, {**fields, "text": text, "entities": entities}).wire()


def send_photo(state: State, params: Params) -> dict[str, Any]:
    caption = caption_of(params)
    chat, fields = _open(state, params)
    check_caption(caption["caption"] or "")
    photo = photo_of(state, params["photo"])
    fields["options"] |= media_options(params)
    return _send(state, chat, {**fields, **caption, "photo": photo}).wire()


def send_document(state: State, params: Params) -> dict[str, Any]:
    caption = caption_of(params)
    chat, fields = _open(state, params)
    check_caption(caption["caption"] or "")
    _check_thumbnail(params.get("thumbnail"))
    document = document_of(state.files, params["document"])
    return _send(state, chat, {**fields, **caption, "document": document}).wire()


def _check_thumbnail(thumbnail: Upload | str | None) -> None:
    # One that is no fresh upload is ignored, as in the real server.
    if isinstance(thumbnail, Upload):
        check_upload(thumbnail, "Thumbnail")


def send_media_group(state: State, params: Params) -> list[dict[str, Any]]:
    items: list[Params] = params["media"]
    captions = [caption_of(item) for item in items]
    chat, fields = _open(state, params)
    if len(items) > MAX_ALBUM:
        raise RefusedError("too many messages to send as an album")
    if len(items) < MIN_ALBUM:
        # Documented as 2-10, though the library under the server lets one item pass.
        raise RefusedError("there are too few messages to send as an album")
    kinds = {item["type"] for item in items}
    if len(kinds) > 1:
        raise RefusedError("document can't be mixed with other media types")
    for item, caption in zip(items, captions, strict=True):
        check_caption(caption["caption"] or "")
        check_media(state, item)
    contents = [
        {**caption, **_album_item(state, item, number)}
        for number, (item, caption) in enumerate(zip(items, captions, strict=True), 1)
    ]
    state.check_not_blocked(chat)
    album = state.album_id()
    sent = []
    for content in contents:
        options = fields["options"] | content.pop("options")
        sent.append(
            _send(state, chat, {**fields, **content, "options": options, "media_group_id": album})
        )
    return [message.wire() for message in sent]


def _album_item(state: State, item: Params, number: int) -> dict[str, Any]:
    try:
        return media_fields(state, item)
    except RefusedError as error:
        # What Telegram finds out after the upload is told with the number of the item.
        inner = error.description.removeprefix("Bad Request: ")
        raise RefusedError(
            f'failed to send message #{number} with the error message "{inner}"'
        ) from error


def check_media(state: State, item: Params) -> None:
    """What is refused before anything goes out: files that are no files. Raises RefusedError."""
    kind = "Photo" if item["type"] == "photo" else "Document"
    if isinstance(item["media"], str):
        state.files.find(item["media"], kind)
    else:
        check_upload(item["media"], kind)


def media_fields(state: State, item: Params) -> dict[str, Any]:
    """What an InputMedia makes of a message, without its caption. Raises RefusedError."""
    if item["type"] == "photo":
        return {
            "photo": photo_of(state, item["media"]),
            "document": None,
            "options": media_options(item),
        }
    _check_thumbnail(item.get("thumbnail"))
    return {
        "photo": [],
        "document": document_of(state.files, item["media"]),
        "options": {},
    }


def send_rich_message(state: State, params: Params) -> dict[str, Any]:
    rich = rich_blocks(params["rich_message"])
    chat, fields = _open(state, params)
    return _send(state, chat, {**fields, "rich_message": rich}).wire()


def copy_message(state: State, params: Params) -> dict[str, Any]:
    caption = caption_of(params) if "caption" in params else None
    source_chat = state.chat(params["from_chat_id"])
    source = state.message(source_chat, params["message_id"], "message to copy")
    chat, fields = _open(state, params)
    if caption is not None:
        check_caption(caption["caption"] or "")
    if source.options.get("has_protected_content"):
        raise RefusedError("message has protected content and can't be copied")
    content: dict[str, Any] = {
        name: copy.copy(getattr(source, name))
        for name in (
            "text",
            "entities",
            "caption",
            "caption_entities",
            "photo",
            "document",
            "attachment",
        )
    }
    content["rich_message"] = source.rich_message
    captioned = any(name in CAPTIONED for name in source.attachment)
    if caption is not None and (source.photo or source.document or captioned):
        content |= caption
    fields["options"] |= media_options(params)
    return {"message_id": _send(state, chat, {**fields, **content}).message_id}


def send_message_draft(state: State, params: Params) -> bool:
    draft_id = params["draft_id"]
    if draft_id == 0:
        raise RefusedError("draft identifier must be non-zero")
    text, entities = format_text(
        params.get("text", ""), params.get("parse_mode"), params.get("entities"), may_be_empty=True
    )
    chat = state.writable_chat(params["chat_id"])
    if chat.kind != "private":
        raise RefusedError("message drafts can be sent only to private chats")
    check_text(text)
    state.check_not_blocked(chat)
    old = chat.drafts.get(draft_id)
    if old is not None and old.stopped:
        raise RefusedError("message generation was stopped by the user")
    draft = Draft(
        draft_id,
        text,
        entities,
        state.clock() + DRAFT_S,
        params.get("can_stop", False),
        params.get("keep_on_stop", False),
    )
    chat.drafts = {draft_id: draft}
    state.changed("draft", lambda: {"chat_id": chat.chat_id, "draft": draft.show()})
    return True


def send_chat_action(state: State, params: Params) -> bool:
    action = params["action"].lower()
    if action not in _ACTIONS:
        raise RefusedError("wrong parameter action in request")
    chat = state.writable_chat(params["chat_id"])
    state.check_not_blocked(chat)
    chat.actions.append((state.clock(), action))
    chat.action_until = 0.0 if action == "cancel" else state.clock() + ACTION_S
    state.changed("action", lambda: {"chat_id": chat.chat_id, "action": action})
    return True
