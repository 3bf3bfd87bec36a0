"""Parameters of the methods: names, types, since which version. Anything else is refused.

The real server takes unknown parameters and ignores them; here a slip of the pen is to be seen.
Names and versions: Bot API, "Available methods", "Recent changes" (up to 10.3).
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
    """How values arrive: the version of the server, and the files of the request."""

    version: Version
    files: Mapping[str, Upload]


Read = Callable[[Reader, Raw, str], Any]  # reader, value, its name -> the value decoded


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter, or one field of an object."""

    read: Read
    required: bool = False
    since: Version = (0, 0)
    missing: str = ""  # the server's own words when it is absent


Shape = Mapping[str, Field]


def has(read: Read, since: str = "0.0") -> Field:
    return Field(read, since=version(since))


def needs(read: Read, missing: str = "") -> Field:
    return Field(read, required=True, missing=missing)


def read_fields(
    reader: Reader, values: Mapping[str, Raw], shape: Shape, called: str
) -> dict[str, Any]:
    """Every value decoded. An empty string counts as absent, as it does on the wire.

    Raises RefusedError for what is missing, wrong or unknown.
    """
    result: dict[str, Any] = {}
    for name, value in values.items():
        field = shape.get(name)
        if field is None or field.since > reader.version:
            raise RefusedError(f'unknown field "{name}" of {called}')
        if value is not None and value != "":
            result[name] = field.read(reader, value, name)
    for name, field in shape.items():
        if field.required and name not in result:
            raise RefusedError(field.missing or f'can\'t find field "{name}" of {called}')
    return result


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


def file(reader: Reader, value: Raw, name: str) -> Upload | str:
    """The file a value points at, or a file_id or URL as it is."""
    if not isinstance(value, str):
        raise _wrong(name, "a file")
    if not value.startswith("attach://"):
        return value
    upload = reader.files.get(value.removeprefix("attach://"))
    if upload is None:
        raise RefusedError(f"there is no {name} in the request")
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


def array(item: Read) -> Read:
    def read(reader: Reader, value: Raw, name: str) -> list[Any]:
        value = decoded(value, name)
        if not isinstance(value, list):
            raise _wrong(name, "an array")
        return [item(reader, element, name) for element in value]

    return read


def shaped(shape: Shape, called: str) -> Read:
    """An object with just these fields."""

    def read(reader: Reader, value: Raw, name: str) -> dict[str, Any]:
        value = decoded(value, name)
        if not isinstance(value, dict):
            raise _wrong(name, f"a {called}")
        return read_fields(reader, value, shape, called)

    return read
