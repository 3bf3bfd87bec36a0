"""Methods about the bot itself: updates, commands, files, answers to presses."""

from __future__ import annotations

import re
from typing import Any

from .hypertext import utf16_length
from .media import MAX_DOWNLOAD_BYTES
from .refusal import RefusedError
from .shapes import Raw, Reader, Shape, decoded, integer, needs, read_fields, string
from .state import CallbackAnswer, State
from .webhook import USUAL_CONNECTIONS, Address

Params = dict[str, Any]
LINK_S = 3600
MAX_CALLBACK_TEXT = 200
MAX_COMMANDS = 100
MAX_CONNECTIONS = 100
WEBHOOK_IP = "203.0.113.7"  # of whatever name
COMMAND: Shape = {"command": needs(string), "description": needs(string)}
_SCOPE: Shape = {"type": needs(string)}
_SCOPES = {
    **dict.fromkeys(("default", "all_private_chats", "all_group_chats"), _SCOPE),
    "chat": {**_SCOPE, "chat_id": needs(integer)},
}


def scope(reader: Reader, value: Raw, name: str) -> dict[str, Any]:
    """A BotCommandScope."""
    value = decoded(value, name)
    if not isinstance(value, dict):
        raise RefusedError("can't parse BotCommandScope: expected an Object")
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in _SCOPES:
        raise RefusedError("can't parse BotCommandScope: type is unsupported")
    return read_fields(reader, value, _SCOPES[kind], "BotCommandScope")


def get_me(state: State, params: Params) -> dict[str, Any]:
    return {
        **state.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": not state.privacy_mode,
        "supports_inline_queries": False,
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


def set_webhook(state: State, params: Params) -> bool:
    webhook = state.updates.webhook
    url = params.get("url", "")
    if url:
        webhook.count()
    most = params.get("max_connections", USUAL_CONNECTIONS)
    if not 1 <= most <= MAX_CONNECTIONS:
        # The real server goes to the nearest value it takes; here the slip is to be seen.
        raise RefusedError("setWebhook takes max_connections of 1-100")
    address = Address(url, params.get("secret_token", ""), most) if url else None
    if params.get("drop_pending_updates"):
        state.updates.pending.clear()
    if address != webhook.address or params.get("drop_pending_updates"):
        state.updates.set_webhook(None)
        if address is not None:
            address.check(webhook.hosts)
            state.updates.set_webhook(address)
    if "allowed_updates" in params:
        state.updates.allowed = frozenset(params["allowed_updates"]) or None
    return True


def get_webhook_info(state: State, params: Params) -> dict[str, Any]:
    webhook = state.updates.webhook
    info: dict[str, Any] = {
        "url": state.updates.webhook_url,
        "has_custom_certificate": False,
        "pending_update_count": len(state.updates.pending),
    }
    if webhook.last_error is not None:
        at, words = webhook.last_error
        info |= {"last_error_date": int(at), "last_error_message": words}
    if webhook.address is not None:
        info |= {"max_connections": webhook.address.connections, "ip_address": WEBHOOK_IP}
    if state.updates.allowed is not None:
        info["allowed_updates"] = sorted(state.updates.allowed)
    return info


def delete_webhook(state: State, params: Params) -> bool:
    state.updates.set_webhook(None)
    if params.get("drop_pending_updates"):
        state.updates.pending.clear()
    return True


def answer_callback_query(state: State, params: Params) -> bool:
    text = params.get("text", "")
    if utf16_length(text) > MAX_CALLBACK_TEXT:
        raise RefusedError("MESSAGE_TOO_LONG")
    answer = CallbackAnswer(text, params.get("show_alert", False))
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


def set_my_commands(state: State, params: Params) -> bool:
    key = _scope_key(state, params)
    if len(params["commands"]) > MAX_COMMANDS:
        raise RefusedError("BOT_COMMANDS_TOO_MUCH")
    state.commands[key] = [_command(command) for command in params["commands"]]
    state.tell("commands", state.show_commands)
    return True


def delete_my_commands(state: State, params: Params) -> bool:
    state.commands.pop(_scope_key(state, params), None)
    state.tell("commands", state.show_commands)
    return True


def _scope_key(state: State, params: Params) -> tuple[str, str]:
    where: dict[str, Any] = params.get("scope", {"type": "default"})
    language = params.get("language_code", "")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise RefusedError("invalid language code specified")
    place: str = where["type"]
    if "chat_id" in where:
        place += f":{state.find_chat(where['chat_id']).chat_id}"
    return place, language


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
    return {"command": name, "description": description}
