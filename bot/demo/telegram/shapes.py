"""What a method takes: names, types, since which version. Anything else is refused.

The real server takes unknown parameters and ignores them, and goes on taking those that are not
documented any more; here a slip of the pen is to be seen, so both are refused while `strict` is on.
Names and versions: Bot API, "Available methods", "Recent changes" (9.3 to 10.3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .media import Upload
from .refusal import RefusedError

Version = tuple[int, int]
Raw = Any  # a string of a form, or a value of a JSON body


def version(text: str) -> Version:
    """ "10.3" -> (10, 3). Raises ValueError."""
    major, minor = text.split(".")
    return int(major), int(minor)


@dataclass(frozen=True, slots=True)
class Reader:
    """How values arrive: the rules the server has for now, and the files of the request."""

    version: Version
    strict: bool
    files: Mapping[str, Upload]


Read = Callable[[Reader, Raw, str], Any]  # reader, value, its name -> the value decoded


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter, or one field of an object."""

    read: Read
    required: bool = False
    since: Version = (0, 0)
    missing: str = ""  # the server's own words when it is absent
    documented: bool = True


def _wrong(name: str, expected: str) -> RefusedError:
    return RefusedError(f'wrong type of "{name}": {expected} expected')


def integer(reader: Reader, value: Raw, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,19}\s*", value):
        return int(value)
    raise _wrong(name, "an integer")


def boolean(reader: Reader, value: Raw, name: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false", "1", "0", "yes", "no"):
        return value.lower() in ("true", "1", "yes")
    raise _wrong(name, "a boolean")


def string(reader: Reader, value: Raw, name: str) -> str:
    if isinstance(value, str):
        return value
    raise _wrong(name, "a string")


def chat_id(reader: Reader, value: Raw, name: str) -> int | str:
    if isinstance(value, str) and value.startswith("@"):
        return value
    return integer(reader, value, name)


def file(reader: Reader, value: Raw, name: str) -> Upload | str:
    """The file a value points at, or a file_id or URL as it is."""
    if not isinstance(value, str):
        raise _wrong(name, "a file")
    if not value.startswith("attach://"):
        return value
    upload = reader.files.get(value.removeprefix("attach://"))
    if upload is None:
        raise RefusedError(
            "can't parse InputMedia: media not found"
            if name == "media"
            else f"there is no {name} in the request"
        )
    return upload


def literal(*values: str) -> Read:
    def read(reader: Reader, value: Raw, name: str) -> str:
        if value not in values:
            raise _wrong(name, " or ".join(values))
        return str(value)

    return read


def decoded(value: Raw, name: str) -> Raw:
    """A structure of a form comes as JSON in a string."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise RefusedError(f"can't parse {name.replace('_', ' ')} JSON object") from None


def array(item: Read, most: int | None = None) -> Read:
    def read(reader: Reader, value: Raw, name: str) -> list[Any]:
        value = decoded(value, name)
        if not isinstance(value, list):
            raise _wrong(name, "an array")
        if most is not None and len(value) > most:
            raise RefusedError(f"too many elements in {name}")
        return [item(reader, element, name) for element in value]

    return read


Shape = Mapping[str, Field]


def shaped(shape: Shape, called: str) -> Read:
    """An object with just these fields."""

    def read(reader: Reader, value: Raw, name: str) -> dict[str, Any]:
        value = decoded(value, name)
        if not isinstance(value, dict):
            raise _wrong(name, f"a {called}")
        return read_fields(reader, value, shape, called)

    return read


def read_fields(
    reader: Reader, values: Mapping[str, Raw], shape: Shape, called: str
) -> dict[str, Any]:
    """Every value decoded. An empty string counts as absent, as it does on the wire.

    Raises RefusedError for what is missing, wrong or unknown.
    """
    result: dict[str, Any] = {}
    for name, value in values.items():
        field = shape.get(name)
        outdated = field is not None and not field.documented and reader.strict
        if field is None or field.since > reader.version or outdated:
            if reader.strict or field is not None:
                raise RefusedError(f'unknown field "{name}" of {called}')
            continue
        if value is not None and value != "":
            result[name] = field.read(reader, value, name)
    for name, field in shape.items():
        if field.required and name not in result:
            raise RefusedError(field.missing or f'can\'t find field "{name}" of {called}')
    return result


def has(read: Read, since: str = "0.0") -> Field:
    return Field(read, since=version(since))


def had(read: Read) -> Field:
    """What the server still takes although it is documented no more."""
    return Field(read, documented=False)


def needs(read: Read, missing: str = "") -> Field:
    return Field(read, required=True, missing=missing)


USER: Shape = {
    "id": needs(integer),
    "is_bot": has(boolean),
    "first_name": has(string),
    "last_name": has(string),
    "username": has(string),
    "language_code": has(string),
    "is_premium": has(boolean),
}
ENTITY: Shape = {
    "type": needs(string),
    "offset": needs(integer),
    "length": needs(integer),
    "url": has(string),
    "user": has(shaped(USER, "User")),
    "language": has(string),
    "custom_emoji_id": has(string),
    "unix_time": has(integer, "9.5"),
    "date_time_format": has(string, "9.5"),
}
entities = array(shaped(ENTITY, "MessageEntity"))
LINK_PREVIEW: Shape = {
    "is_disabled": has(boolean),
    "url": has(string),
    "prefer_small_media": has(boolean),
    "prefer_large_media": has(boolean),
    "show_above_text": has(boolean),
}
REPLY: Shape = {
    "message_id": has(integer),
    "chat_id": has(chat_id),
    "allow_sending_without_reply": has(boolean),
    "quote": has(string),
    "quote_parse_mode": has(string),
    "quote_entities": has(entities),
    "quote_position": has(integer),
}
PHOTO_ITEM: Shape = {
    "type": needs(literal("photo")),
    "media": needs(file, "can't parse InputMedia: media not found"),
    "caption": has(string),
    "parse_mode": has(string),
    "caption_entities": has(entities),
    "show_caption_above_media": has(boolean, "7.4"),
    "has_spoiler": has(boolean),
}
DOCUMENT_ITEM: Shape = {
    "type": needs(literal("document")),
    "media": needs(file, "can't parse InputMedia: media not found"),
    "thumbnail": has(file),
    "caption": has(string),
    "parse_mode": has(string),
    "caption_entities": has(entities),
    "disable_content_type_detection": has(boolean),
}
_ITEMS = {"photo": PHOTO_ITEM, "document": DOCUMENT_ITEM}


def media(reader: Reader, value: Raw, name: str) -> dict[str, Any]:
    """An InputMedia: a photo or a document."""
    value = decoded(value, name)
    if not isinstance(value, dict):
        raise RefusedError("can't parse InputMedia: expected an Object")
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in _ITEMS:
        raise RefusedError(f'can\'t parse InputMedia: type "{kind}" is unsupported')
    return read_fields(reader, value, _ITEMS[kind], "InputMedia")


COMMAND: Shape = {
    "command": needs(string),
    "description": needs(string),
    "is_ephemeral": has(boolean, "10.3"),
}
_SCOPES: dict[str, Shape] = {
    name: {"type": needs(string)} | {extra: needs(read) for extra, read in more.items()}
    for name, more in {
        "default": {},
        "all_private_chats": {},
        "all_group_chats": {},
        "all_chat_administrators": {},
        "chat": {"chat_id": chat_id},
        "chat_administrators": {"chat_id": chat_id},
        "chat_member": {"chat_id": chat_id, "user_id": integer},
    }.items()
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


REACTION: Shape = {"type": needs(string), "emoji": has(string), "custom_emoji_id": has(string)}
WEB_APP: Shape = {"url": needs(string)}
MENU_BUTTON: Shape = {
    "type": needs(literal("commands", "web_app", "default")),
    "text": has(string),
    "web_app": has(shaped(WEB_APP, "WebAppInfo")),
}
RICH: Shape = {
    "html": has(string),
    "markdown": has(string),
    "is_rtl": has(boolean),
    "skip_entity_detection": has(boolean),
}
