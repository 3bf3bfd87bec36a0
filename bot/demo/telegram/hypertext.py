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
    "a": "text_link",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_PLAIN = re.compile(r"[^&<]+")
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]*)|#([0-9]*)|([a-zA-Z]*));?")
_END = "\0"  # of the source; one in the middle ends a tag as well
_BLANK = " \t\r\n\v"
_SPACE = _BLANK + _END  # what the library's is_space takes
_TOKEN = re.compile(r"[a-zA-Z0-9.-]*")


def utf16_length(text: str) -> int:
    """The length Telegram gives entities in: characters outside the basic plane count twice."""
    beyond = 0 if text.isascii() else sum(1 for character in text if character > "\uffff")
    return len(text) + beyond


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
    end, offset, at = len(source), 0, 0
    source += _END
    while at < end:
        if plain := _PLAIN.match(source, at, end):
            piece, at = plain.group(), plain.end()
        elif source[at] == "&":
            piece, at = _reference(source, at)
        elif source[at + 1] == "/":
            opened, at = _close(source, at, stack)
            if offset > opened.offset:
                _add(opened, offset, pieces[opened.start :], entities)
            continue
        else:
            tag, attributes, at = _open(source, at)
            stack.append(_Open(tag, attributes, offset, len(pieces)))
            continue
        pieces.append(piece)
        offset += utf16_length(piece)
    if stack:
        raise _broken(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    return "".join(pieces), entities


def _broken(what: str) -> RefusedError:
    return RefusedError(f"can't parse entities: {what}")


def _broken_at(what: str, source: str, index: int, more: str = "") -> RefusedError:
    return _broken(f"{what} at byte offset {len(source[:index].encode())}{more}")


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
    at = _skip(source, begin + 1, _SPACE + ">", until=True)
    if source[at] == _END:
        raise _broken_at("Unclosed start tag", source, begin)
    tag = source[begin + 1 : at].lower()
    if tag not in _TAGS:
        raise _broken_at(f'Unsupported start tag "{tag}"', source, begin)
    attributes: dict[str, str] = {}
    while source[at := _skip(source, at, _BLANK)] != ">":
        start = at
        at = _skip(source, at, _SPACE + "=>/\"'", until=True)
        name = source[start:at]
        if not name:
            raise _broken_at(f'Empty attribute name in the tag "{tag}"', source, begin)
        at = _skip(source, at, _BLANK)
        value = ""
        if source[at] == "=":
            at = _skip(source, at + 1, _BLANK)
            if source[at] != _END:
                value, at = _attribute_value(source, at)
                if source[at] == _END:
                    raise _broken_at("Unclosed start tag", source, begin)
        if source[at] == _END:
            raise _broken_at(f'Unclosed start tag "{tag}"', source, begin)
        attributes[name] = value
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise _broken_at('Tag "span" must have class "tg-spoiler"', source, begin)
    return tag, attributes, at + 1


def _skip(source: str, at: int, letters: str, *, until: bool = False) -> int:
    """The index of the first letter that is none of these; with `until`, that is one of them."""
    while (source[at] in letters) is not until:
        at += 1
    return at


def _attribute_value(source: str, at: int) -> tuple[str, int]:
    quote = source[at]
    if quote not in "'\"":
        token = _TOKEN.match(source, at)
        end = token.end() if token else at
        if source[end] not in _SPACE and source[end] != ">":
            raise _broken_at("Unexpected end of name token", source, at)
        return source[at:end].lower(), end
    at += 1
    pieces: list[str] = []
    while source[at] not in (quote, _END):
        piece, at = _reference(source, at) if source[at] == "&" else (source[at], at + 1)
        pieces.append(piece)
    return "".join(pieces), at + (source[at] == quote)


def _close(source: str, begin: int, stack: list[_Open]) -> tuple[_Open, int]:
    """What an end tag closes, and where it ends itself."""
    if not stack:
        raise _broken_at("Unexpected end tag", source, begin)
    at = _skip(source, begin + 2, _SPACE + ">", until=True)
    name = source[begin + 2 : at].lower()
    at = _skip(source, at, _BLANK)
    if source[at] != ">":
        raise _broken_at("Unclosed end tag", source, begin)
    opened = stack.pop()
    if name and name != opened.tag:
        more = f', expected "</{opened.tag}>", found "</{name}>"'
        raise _broken_at("Unmatched end tag", source, begin, more)
    return opened, at + 1


def _add(opened: _Open, end: int, inside: list[str], entities: list[Entity]) -> None:
    attributes = opened.attributes
    entity: Entity = {
        "type": _TAGS[opened.tag],
        "offset": opened.offset,
        "length": end - opened.offset,
    }
    match opened.tag:
        case "a":
            try:
                entity |= _link(attributes.get("href") or "".join(inside))
            except ValueError:
                return  # what is no link simply stays text
        case "tg-emoji":
            entity["custom_emoji_id"] = attributes.get("emoji-id", "")
            if not re.fullmatch(r"-?(?!0+$)[0-9]{1,19}", entity["custom_emoji_id"]):
                raise _broken("Invalid custom emoji identifier specified")
        case "blockquote" if "expandable" in attributes:
            entity["type"] = "expandable_blockquote"
    entities.append(entity)


_USER_LINK = re.compile(r"tg://(?:user|openmessage)/?\?(?:user_)?id=([1-9][0-9]*)", re.IGNORECASE)
_OWN_LINK = re.compile(r"(?:tg|ton|tonsite)://\S+", re.IGNORECASE)
_WEB_LINK = re.compile(r"(https?)://([^\s/?#:@]*)(:[0-9]+)?([/?#]\S*)?", re.IGNORECASE)


def _link(url: str) -> dict[str, Any]:
    """What makes an entity a link, or a mention. Raises ValueError for what is none."""
    if user := _USER_LINK.fullmatch(url.strip()):
        return {"type": "text_mention", "user": {"id": int(user.group(1))}}
    return {"url": checked_link(url)}


def checked_link(url: str) -> str:
    """The URL as Telegram keeps it. Raises ValueError with Telegram's reason why it is none."""
    url = url.strip()
    if _OWN_LINK.fullmatch(url):
        return url
    if "://" not in url:
        url = f"http://{url}"
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in ("http", "https"):
        raise ValueError("Unsupported URL protocol")
    if not rest or rest[0] in "/?#:":
        raise ValueError("URL host is empty")
    match = _WEB_LINK.fullmatch(url)
    if match is None or "." not in match.group(2).strip("."):
        raise ValueError("Wrong HTTP URL")
    path = match.group(4) or ""
    return url if path.startswith("/") else f"{url[: len(url) - len(path)]}/{path}"
