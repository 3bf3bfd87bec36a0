"""Methods about the bot itself: updates, commands, descriptions, files, answers to presses."""

from __future__ import annotations

import re
from typing import Any

from .hypertext import checked_link, utf16_length
from .media import MAX_DOWNLOAD_BYTES
from .refusal import RefusedError
from .state import CallbackAnswer, State

Params = dict[str, Any]
LINK_S = 3600
MAX_CALLBACK_TEXT = 200
MAX_COMMANDS = 100


def get_me(state: State, params: Params) -> dict[str, Any]:
    return {
        **state.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": not state.privacy_mode,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
    }


async def get_updates(state: State, params: Params) -> list[dict[str, Any]]:
    limit = params.get("limit", 100)
    timeout_s = params.get("timeout", 0)
    if not 1 <= limit <= 100 or not 0 <= timeout_s <= 50:
        # The real server goes to the nearest value it takes; here the slip is to be seen.
        raise RefusedError("getUpdates takes a limit of 1-100 and a timeout of 0-50 seconds")
    return await state.updates.get(
        params.get("offset", 0), limit, timeout_s, params.get("allowed_updates")
    )


def get_webhook_info(state: State, params: Params) -> dict[str, Any]:
    info: dict[str, Any] = {
        "url": state.updates.webhook_url,
        "has_custom_certificate": False,
        "pending_update_count": state.updates.pending_count,
    }
    if state.updates.allowed is not None:
        info["allowed_updates"] = sorted(state.updates.allowed)
    return info


def delete_webhook(state: State, params: Params) -> bool:
    state.updates.webhook_url = ""
    if params.get("drop_pending_updates"):
        state.updates.drop()
    return True


def answer_callback_query(state: State, params: Params) -> bool:
    text = params.get("text", "")
    if utf16_length(text) > MAX_CALLBACK_TEXT:
        raise RefusedError("MESSAGE_TOO_LONG")
    if params.get("url"):
        raise RefusedError("URL_INVALID")  # only for games and t.me links to the bot
    answer = CallbackAnswer(text, params.get("show_alert", False), "", state.clock())
    state.answer_callback(params["callback_query_id"], answer)
    return True


def get_file(state: State, params: Params) -> dict[str, Any]:
    try:
        file = state.files[params["file_id"]]
    except KeyError:
        raise RefusedError("invalid file_id") from None
    if len(file.data) > MAX_DOWNLOAD_BYTES:
        raise RefusedError("file is too big")
    file.link_until = state.clock() + LINK_S
    return {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": len(file.data),
        "file_path": file.path,
    }


def _scope_key(state: State, params: Params) -> tuple[str, str]:
    scope: dict[str, Any] = params.get("scope", {"type": "default"})
    language = params.get("language_code", "")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise RefusedError("invalid language code specified")
    place = scope["type"]
    if "chat_id" in scope:
        chat = state.chat(scope["chat_id"])
        if place != "chat" and chat.kind == "private":
            raise RefusedError("can't use specified scope in private chats")
        place += f":{chat.chat_id}"
    if "user_id" in scope:
        place += f":{scope['user_id']}"
    return place, language


def set_my_commands(state: State, params: Params) -> bool:
    commands: list[dict[str, Any]] = params["commands"]
    key = _scope_key(state, params)
    if len(commands) > MAX_COMMANDS:
        raise RefusedError("BOT_COMMANDS_TOO_MUCH")
    state.commands[key] = [_command(command) for command in commands]
    state.changed("commands", lambda: {"scope": key[0], "language": key[1]})
    return True


def _command(given: dict[str, Any]) -> dict[str, Any]:
    name = given["command"].strip().removeprefix("/")
    description = given["description"].strip()
    if not name:
        raise RefusedError("command must be non-empty")
    if len(name) > 32:
        raise RefusedError("command length must not exceed 32")
    if not description:
        raise RefusedError("command description must be non-empty")
    if len(description) > 256:
        raise RefusedError("command description length must not exceed 256")
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise RefusedError("BOT_COMMAND_INVALID")
    return given | {"command": name, "description": description}


def get_my_commands(state: State, params: Params) -> list[dict[str, Any]]:
    return state.commands.get(_scope_key(state, params), [])


def delete_my_commands(state: State, params: Params) -> bool:
    key = _scope_key(state, params)
    state.commands.pop(key, None)
    state.changed("commands", lambda: {"scope": key[0], "language": key[1]})
    return True


def _set_text(state: State, params: Params, name: str, most: int, refusal: str) -> bool:
    text: str = params.get(name, "")
    language: str = params.get("language_code", "")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise RefusedError("invalid language code specified")
    if len(text) > most:
        raise RefusedError(refusal)
    state.texts[name, language] = text
    state.changed(name, lambda: {"text": text, "language": language})
    return True


def set_my_description(state: State, params: Params) -> bool:
    return _set_text(state, params, "description", 512, "BOT_DESCRIPTION_TOO_LONG")


def set_my_short_description(state: State, params: Params) -> bool:
    return _set_text(state, params, "short_description", 120, "BOT_ABOUT_TOO_LONG")


def set_chat_menu_button(state: State, params: Params) -> bool:
    button: dict[str, Any] = params.get("menu_button", {"type": "default"})
    if button["type"] == "web_app":
        if not button.get("text") or not button.get("web_app"):
            raise RefusedError("can't parse menu button: text and web_app are required")
        try:
            checked_link(button["web_app"]["url"], https_only=True)
        except ValueError as reason:
            url = button["web_app"]["url"]
            raise RefusedError(f"menu button Web App URL '{url}' is invalid: {reason}") from reason
    if "chat_id" not in params:
        state.menu_button = button
        return True
    chat = state.chat(params["chat_id"])
    if chat.kind != "private":
        raise RefusedError("invalid chat_id specified")
    chat.menu_button = button
    return True
