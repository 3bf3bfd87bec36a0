"""Processing of a text into a message: parsed, cleaned, trimmed, entities sorted.

Read in github.com/tdlib/td, td/telegram/MessageEntity.cpp (fix_formatted_text, fix_entities) and in
github.com/tdlib/telegram-bot-api, telegram-bot-api/Client.cpp (get_formatted_text). Of the parse
modes only HTML is known here.
"""

from __future__ import annotations

import re

from .hypertext import Entity, parse_html, utf16_length
from .refusal import RefusedError

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_RAW_BYTES = 32_768

_SPLITTABLE = ("bold", "italic", "underline", "strikethrough", "spoiler")
_PREFORMATTED = ("pre", "code")
_SOLID = (*_PREFORMATTED, "text_link", "text_mention", "custom_emoji", "date_time")
_QUOTES = ("blockquote", "expandable_blockquote")
_UNCLEAN = re.compile("[\0-\t\v-\x1f\u2028-\u202e\u0333\u033f\u030a]")
_DROPPED = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
_FOUND = re.compile(
    r"(?P<url>(?:https?|ftp)://[^\s<>\"]*[^\s<>\".,:;!?)\]}'])"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/])"
    r"|(?<!\w)(?P<mention>@[A-Za-z0-9_]{3,32})(?!\w)"
    r"|(?<!\w)(?P<hashtag>#\w*[^\W\d]\w*)"
)


def format_text(
    raw: str, parse_mode: str | None, *, may_be_empty: bool
) -> tuple[str, list[Entity]]:
    """Text and entities as the message will have them, their lengths unchecked.

    Raises RefusedError.
    """
    try:
        size = len(raw.encode())
    except UnicodeEncodeError:
        raise RefusedError("strings must be encoded in UTF-8") from None
    if size > MAX_RAW_BYTES:
        raise RefusedError("text is too long")
    text, entities = raw, list[Entity]()
    if raw and parse_mode:
        if parse_mode.lower() != "html":
            raise RefusedError("unsupported parse_mode")
        text, entities = parse_html(raw)
    return finish_text(text, entities, may_be_empty=may_be_empty)


def check_text(text: str) -> None:
    """Refuse a text over the limit, counted both in characters and in UTF-16 units."""
    if utf16_length(text) > MAX_TEXT:
        raise RefusedError("message is too long")


def check_caption(caption: str) -> None:
    """Refuse a caption over the limit, counted both in characters and in UTF-16 units."""
    if utf16_length(caption) > MAX_CAPTION:
        raise RefusedError("message caption is too long")


def finish_text(
    text: str, entities: list[Entity], *, may_be_empty: bool
) -> tuple[str, list[Entity]]:
    """Clean and trim the text, mend its entities and add those that Telegram finds by itself."""
    if _UNCLEAN.search(text):
        text, entities = _clean(text, entities)
    entities = _mend(entities, utf16_length(text)) if entities else []
    kept = text.rstrip(" \n")
    if not kept:
        if may_be_empty:
            return "", []
        raise RefusedError("text must be non-empty")
    entities = _within(entities, utf16_length(kept))
    blanks = len(kept) - len(kept.lstrip(" \n"))
    if cut := min([blanks, *(entity["offset"] for entity in entities)]):
        kept = kept[cut:]
        entities = [entity | {"offset": entity["offset"] - cut} for entity in entities]
    return kept, sorted(entities + _find(kept, entities), key=_order)


def _order(entity: Entity) -> tuple[int, int, str]:
    return entity["offset"], -entity["length"], entity["type"]


def _within(entities: list[Entity], end: int) -> list[Entity]:
    return [
        entity | {"length": min(entity["length"], end - entity["offset"])}
        for entity in entities
        if entity["offset"] < end
    ]


def _clean(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Control characters become spaces, some are dropped and the entities move up."""
    dropped = [utf16_length(text[: match.start()]) for match in _DROPPED.finditer(text)]
    moved: list[Entity] = []
    for entity in entities:
        start, end = _span(entity)
        before = sum(1 for place in dropped if place < start)
        inside = sum(1 for place in dropped if start <= place < end)
        moved.append(entity | {"offset": start - before, "length": entity["length"] - inside})
    return _UNCLEAN.sub(" ", _DROPPED.sub("", text)), moved


def _mend(entities: list[Entity], text_end: int) -> list[Entity]:
    """Merge equal styles that touch, take styles out of code, drop what crosses something else."""
    entities = [each for each in _within(sorted(entities, key=_order), text_end) if each["length"]]
    solid = _outermost([entity for entity in entities if entity["type"] in _SOLID])
    quotes = _outermost([entity for entity in entities if entity["type"] in _QUOTES])
    solid = [entity for entity in solid if not any(_cross(entity, quote) for quote in quotes)]
    code = [_span(entity) for entity in solid if entity["type"] in _PREFORMATTED]
    styles = [
        {"type": style, "offset": start, "length": end - start}
        for style in _SPLITTABLE
        for start, end in _minus(
            _union([_span(entity) for entity in entities if entity["type"] == style]), code
        )
    ]
    return sorted([*solid, *quotes, *styles], key=_order)


def _span(entity: Entity) -> tuple[int, int]:
    return entity["offset"], entity["offset"] + entity["length"]


def _outermost(entities: list[Entity]) -> list[Entity]:
    kept: list[Entity] = []
    for entity in entities:
        if not kept or entity["offset"] >= _span(kept[-1])[1]:
            kept.append(entity)
    return kept


def _cross(one: Entity, other: Entity) -> bool:
    (a, b), (c, d) = _span(one), _span(other)
    return a < d and c < b and not (c <= a and b <= d)


def _union(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _minus(spans: list[tuple[int, int]], holes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    for low, high in holes:
        spans = [
            piece
            for start, end in spans
            for piece in ((start, min(end, low)), (max(start, high), end))
            if piece[0] < piece[1]
        ]
    return spans


def _find(text: str, entities: list[Entity]) -> list[Entity]:
    """Commands, mentions, hashtags and addresses outside links, code and the like."""
    if not any(mark in text for mark in "/@#"):
        return []
    taken = [_span(entity) for entity in entities if entity["type"] in _SOLID]
    found: list[Entity] = []
    for match in _FOUND.finditer(text):
        offset = utf16_length(text[: match.start()])
        length = utf16_length(match.group())
        if not any(start < offset + length and offset < end for start, end in taken):
            found.append({"type": match.lastgroup, "offset": offset, "length": length})
    return found
