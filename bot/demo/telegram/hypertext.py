"""Telegram's HTML read into text and entities, with the errors of its own library.

Read in github.com/tdlib/td, td/telegram/MessageEntity.cpp (parse_html).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from .refusal import RefusedError

Entity = dict[str, Any]  # a MessageEntity of the Bot API; offset and length are UTF-16 units

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "u": "underline",
    "ins": "underline",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "a": "text_link",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_PLAIN = re.compile(r"[^&<]+")
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]*)|#([0-9]*)|([a-zA-Z]*));?")
_SPACE = " \t\r\n\0\v"  # what the library's is_space takes, and the end of the text
_END = "\0"
_TOKEN = re.compile(r"[a-zA-Z0-9.-]*")


def utf16_length(text: str) -> int:
    """The length Telegram gives entities in: characters outside the basic plane count twice."""
    return (
        len(text) + sum(1 for character in text if character > "\uffff")
        if not text.isascii()
        else len(text)
    )


class _Open(NamedTuple):
    tag: str
    attributes: dict[str, str]
    offset: int  # in the text, UTF-16 units
    start: int  # index of the first piece inside


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """The text and its entities, in the order in which they were closed. Raises RefusedError."""
    if "<" not in source and "&" not in source:
        return source, []
    pieces: list[str] = []
    entities: list[Entity] = []
    stack: list[_Open] = []
    offset = at = 0
    while at < len(source):
        if plain := _PLAIN.match(source, at):
            piece, at = plain.group(), plain.end()
        elif source[at] == "&":
            piece, at = _reference(source, at)
        elif source.startswith("/", at + 1):
            at = _close(source, at, stack, pieces, entities, offset)
            continue
        else:
            tag, attributes, at = _open(source, at)
            stack.append(_Open(tag, attributes, offset, len(pieces)))
            continue
        pieces.append(piece)
        offset += utf16_length(piece)
    if stack:
        raise _broken(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    for entity in entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    return "".join(pieces), entities


def _broken(what: str) -> RefusedError:
    return RefusedError(f"can't parse entities: {what}")


def _byte(source: str, index: int) -> int:
    return len(source[:index].encode())


def _reference(source: str, at: int) -> tuple[str, int]:
    """A character reference at the ampersand, or the bare ampersand, and where it ends."""
    match = _REFERENCE.match(source, at)
    if match is None:
        return "&", at + 1
    hexadecimal, decimal, name = match.groups()
    if name is not None:
        return (_NAMED[name], match.end()) if name in _NAMED else ("&", at + 1)
    digits, base = (hexadecimal, 16) if hexadecimal is not None else (decimal, 10)
    end = match.end() - source.endswith(";", at, match.end())
    code = int(digits, base) if digits else 0
    if code == 0 or code >= 0x10FFFF or end - at >= 10:
        return "&", at + 1
    if 0xD800 <= code <= 0xDFFF:
        raise _broken(
            "Text contains invalid Unicode characters after decoding HTML entities, "
            "check for unmatched surrogate code units"
        )
    return chr(code), match.end()


def _open(source: str, begin: int) -> tuple[str, dict[str, str], int]:
    """Tag name, attributes and the index after the tag."""
    padded = source + _END
    at = begin + 1
    while padded[at] not in _SPACE and padded[at] != ">":
        at += 1
    if padded[at] == _END:
        raise _broken(f"Unclosed start tag at byte offset {_byte(source, begin)}")
    tag = source[begin + 1 : at].lower()
    if tag not in _TAGS:
        raise _broken(f'Unsupported start tag "{tag}" at byte offset {_byte(source, begin)}')
    attributes: dict[str, str] = {}
    while padded[at] != ">":
        at = _skip_space(padded, at)
        if padded[at] == ">":
            break
        start = at
        while padded[at] not in _SPACE and padded[at] not in "=>/\"'":
            at += 1
        name = source[start:at]
        if not name:
            raise _broken(
                f'Empty attribute name in the tag "{tag}" at byte offset {_byte(source, begin)}'
            )
        at = _skip_space(padded, at)
        if padded[at] == "=":
            at = _skip_space(padded, at + 1)
            if padded[at] == _END:
                raise _broken(f'Unclosed start tag "{tag}" at byte offset {_byte(source, begin)}')
            attributes[name], at = _attribute_value(source, padded, at)
            if padded[at] == _END:
                raise _broken(f"Unclosed start tag at byte offset {_byte(source, begin)}")
        elif padded[at] == _END:
            raise _broken(f'Unclosed start tag "{tag}" at byte offset {_byte(source, begin)}')
        else:
            attributes[name] = ""
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise _broken(
            f'Tag "span" must have class "tg-spoiler" at byte offset {_byte(source, begin)}'
        )
    return tag, attributes, at + 1


def _skip_space(padded: str, at: int) -> int:
    while padded[at] != _END and padded[at] in _SPACE:
        at += 1
    return at


def _attribute_value(source: str, padded: str, at: int) -> tuple[str, int]:
    quote = padded[at]
    if quote not in "'\"":
        token = _TOKEN.match(source, at)
        end = token.end() if token else at
        if padded[end] not in _SPACE and padded[end] != ">":
            raise _broken(f"Unexpected end of name token at byte offset {_byte(source, at)}")
        return source[at:end].lower(), end
    at += 1
    pieces: list[str] = []
    while padded[at] not in (quote, _END):
        if padded[at] == "&":
            piece, at = _reference(source, at)
        else:
            piece, at = padded[at], at + 1
        pieces.append(piece)
    return "".join(pieces), at + (padded[at] == quote)


def _close(
    source: str,
    begin: int,
    stack: list[_Open],
    pieces: list[str],
    entities: list[Entity],
    offset: int,
) -> int:
    """Read an end tag, add the entity it ends, and tell where it ends."""
    if not stack:
        raise _broken(f"Unexpected end tag at byte offset {_byte(source, begin)}")
    padded = source + _END
    at = begin + 2
    while padded[at] not in _SPACE and padded[at] != ">":
        at += 1
    name = source[begin + 2 : at].lower()
    at = _skip_space(padded, at)
    if padded[at] != ">":
        raise _broken(f"Unclosed end tag at byte offset {_byte(source, begin)}")
    opened = stack.pop()
    if name and name != opened.tag:
        raise _broken(
            f"Unmatched end tag at byte offset {_byte(source, begin)}, "
            f'expected "</{opened.tag}>", found "</{name}>"'
        )
    if offset > opened.offset:
        entity: Entity = {
            "type": _TAGS[opened.tag],
            "offset": opened.offset,
            "length": offset - opened.offset,
        }
        _add(entity, opened, "".join(pieces[opened.start :]) if opened.tag == "a" else "", entities)
    return at + 1


def _add(entity: Entity, opened: _Open, inside: str, entities: list[Entity]) -> None:
    attributes = opened.attributes
    last = entities[-1] if entities else None
    same_place = last is not None and (last["offset"], last["length"]) == (
        entity["offset"],
        entity["length"],
    )
    match opened.tag:
        case "a":
            if not is_link(entity, attributes.get("href") or inside):
                return
        case "tg-emoji":
            entity["custom_emoji_id"] = emoji_id(attributes.get("emoji-id", ""))
        case "tg-time":
            entity |= date_time(attributes.get("unix", ""), attributes.get("format", ""))
        case "code":
            language = attributes.get("class", "")
            language = language[9:] if language.startswith("language-") else ""
            if language and same_place and last is not None and last["type"] == "pre":
                last["language"] = language
                return
            if language:
                entity["language"] = language  # becomes that of an enclosing <pre>, or is dropped
        case "pre":
            if same_place and last is not None and last["type"] == "code" and last.get("language"):
                last["type"] = "pre"
                return
        case "blockquote" if "expandable" in attributes:
            entity["type"] = "expandable_blockquote"
    entities.append(entity)


_USER_LINK = re.compile(r"tg://(?:user|openmessage)/?\?(?:user_)?id=([1-9][0-9]*)", re.IGNORECASE)
_OWN_LINK = re.compile(r"(?:tg|ton|tonsite)://\S+", re.IGNORECASE)
_WEB_LINK = re.compile(r"(https?)://([^\s/?#:@]*)(:[0-9]+)?([/?#]\S*)?", re.IGNORECASE)


def checked_link(url: str, *, https_only: bool = False) -> str:
    """The URL as Telegram keeps it. Raises ValueError with Telegram's reason why it is none."""
    url = url.strip()
    if not https_only and _OWN_LINK.fullmatch(url):
        return url
    if "://" not in url:
        url = f"http://{url}"
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in ("http", "https"):
        raise ValueError("Unsupported URL protocol")
    if https_only and scheme.lower() != "https":
        raise ValueError("Only HTTPS links are allowed")
    if not rest or rest[0] in "/?#:":
        raise ValueError("URL host is empty")
    match = _WEB_LINK.fullmatch(url)
    if match is None or "." not in match.group(2).strip("."):
        raise ValueError("Wrong HTTP URL")
    path = match.group(4) or ""
    return url if path.startswith("/") else f"{url[: len(url) - len(path)]}/{path}"


def add_link(entity: Entity, url: str) -> None:
    """Make the entity a link, or a mention. Raises ValueError with Telegram's reason."""
    if user := _USER_LINK.fullmatch(url.strip()):
        entity["type"] = "text_mention"
        entity["user"] = {"id": int(user.group(1))}
    else:
        entity["type"] = "text_link"
        entity["url"] = checked_link(url)


def is_link(entity: Entity, url: str) -> bool:
    """The same while parsing, where what is no link simply stays text."""
    try:
        add_link(entity, url)
    except ValueError:
        return False
    return True


def emoji_id(value: str) -> str:
    """The id of a custom emoji. Raises RefusedError."""
    if not re.fullmatch(r"-?[0-9]{1,19}", value) or int(value) == 0:
        raise _broken("Invalid custom emoji identifier specified")
    return value


def date_time(unix: str, form: str) -> dict[str, Any]:
    """The fields of a date_time entity (Bot API 9.5). Raises RefusedError."""
    if not re.fullmatch(r"[0-9]{1,10}", unix):
        raise _broken("Invalid Unix time specified")
    if not re.fullmatch(r"r|w?[dD]?[tT]?", form):
        raise _broken("Invalid date format specified")
    return {"unix_time": int(unix), "date_time_format": form} if form else {"unix_time": int(unix)}
