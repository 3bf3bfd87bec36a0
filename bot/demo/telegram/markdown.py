"""Telegram's MarkdownV2 and old Markdown read into text and entities, with its library's errors.

Read in github.com/tdlib/td, td/telegram/MessageEntity.cpp (parse_markdown_v2, parse_markdown).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .hypertext import Entity, date_time, emoji_id, is_link, utf16_length
from .refusal import RefusedError

_RESERVED = frozenset("_*[]()~`>#+-=|{}.!\n")
_NAMES = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "code": "Code",
    "pre": "Pre",
    "text_link": "TextUrl",
    "custom_emoji": "CustomEmoji",
    "blockquote": "BlockQuote",
}
_END = "\0"


def _broken(what: str) -> RefusedError:
    return RefusedError(f"can't parse entities: {what}")


@dataclass(slots=True)
class _Open:
    kind: str
    offset: int  # in the text, UTF-16 units
    begin: int  # in the source, characters
    start: int  # index of the first piece inside
    language: str = ""


class _MarkdownV2:
    def __init__(self, source: str) -> None:
        self.source = source
        self.padded = source + _END * 3
        self.pieces: list[str] = []
        self.entities: list[Entity] = []
        self.open: list[_Open] = []
        self.offset = 0
        self.at = 0
        self.quoting = False
        self.may_quote = True

    def put(self, piece: str) -> None:
        self.pieces.append(piece)
        self.offset += utf16_length(piece)

    def byte(self, index: int) -> int:
        return len(self.source[:index].encode())

    def unended(self) -> RefusedError:
        last = self.open[-1]
        name = "PreCode" if last.language else _NAMES[last.kind]
        return _broken(f"Can't find end of {name} entity at byte offset {self.byte(last.begin)}")

    def reserved(self, character: str) -> RefusedError:
        return _broken(
            f"Character '{character}' is reserved and must be escaped with the preceding '\\'"
        )

    def parse(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.source):
            character = self.padded[self.at]
            if character == "\\" and "\0" < self.padded[self.at + 1] <= "~":
                character = self.padded[self.at + 1]
                self.put(character)
                if character != "\r":
                    self.may_quote = character == "\n"
                self.at += 2
                continue
            in_code = bool(self.open) and self.open[-1].kind in ("code", "pre")
            if character != "`" if in_code else character not in _RESERVED:
                self.put(character)
                if character != "\r":
                    self.may_quote = False
                self.at += 1
            elif self.ends(character):
                self.end(character)
            else:
                self.begin(character)
        self.end_quote_at_end_of_text()
        if self.open:
            raise self.unended()
        return "".join(self.pieces), self.entities

    def ends(self, character: str) -> bool:
        if not self.open:
            return False
        after = self.padded[self.at + 1]
        if self.quoting and character == "\n" and after != ">":
            return True
        match self.open[-1].kind:
            case "bold":
                return character == "*"
            case "italic":
                return character == "_" and after != "_"
            case "underline":
                return character == "_" and after == "_"
            case "strikethrough":
                return character == "~"
            case "spoiler":
                return character == "|" and after == "|"
            case "code":
                return character == "`"
            case "pre":
                return self.padded.startswith("```", self.at)
            case "text_link" | "custom_emoji":
                return character == "]"
        return False

    def begin(self, character: str) -> None:
        begin = self.at
        after = self.padded[self.at + 1]
        language = ""
        self.at += 1
        match character:
            case "_":
                kind = "underline" if after == "_" else "italic"
                self.at += after == "_"
            case "*":
                kind = "bold"
            case "~":
                kind = "strikethrough"
            case "|" if after == "|":
                kind = "spoiler"
                self.at += 1
            case "[":
                kind = "text_link"
            case "!" if after == "[":
                kind = "custom_emoji"
                self.at += 1
            case "`" if self.padded.startswith("```", begin):
                kind = "pre"
                language = self.skip_language()
            case "`":
                kind = "code"
            case "\n":
                self.put("\n")
                self.may_quote = True
                return
            case ">" if self.may_quote:
                if self.quoting:
                    return
                self.quoting = True
                kind = "blockquote"
            case _:
                raise self.reserved(character)
        self.open.append(_Open(kind, self.offset, begin, len(self.pieces), language))

    def skip_language(self) -> str:
        self.at += 2
        end = self.at
        while self.padded[end] not in " \t\r\n\0\v`":
            end += 1
        language = ""
        if self.at != end and end < len(self.source) and self.padded[end] != "`":
            language, self.at = self.source[self.at : end], end
        if self.padded[self.at] in "\n\r":
            two = self.padded[self.at : self.at + 2]
            self.at += 2 if two in ("\r\n", "\n\r") else 1
        return language

    def end(self, character: str) -> None:
        kind = self.open[-1].kind
        if character == "\n" and kind != "blockquote":
            # A quotation may end with "||": then it is shown folded.
            last = self.open[-1]
            if kind != "spoiler" or last.begin != self.at - 2 - (self.pieces[-1:] == ["\r"]):
                raise self.unended()
            self.open.pop()
            if not self.open or self.open[-1].kind != "blockquote":
                raise self.unended()
            kind = "expandable_blockquote"
        opened = self.open.pop()
        entity: Entity = {"type": kind, "offset": opened.offset}
        skip = self.offset == opened.offset
        self.at += 1
        match kind:
            case "underline" | "spoiler":
                self.at += 1
            case "pre":
                self.at += 2
                if opened.language:
                    entity["language"] = opened.language
            case "text_link":
                url = (
                    self.address("URL")
                    if self.padded[self.at] == "("
                    else "".join(self.pieces[opened.start :])
                )
                skip = not is_link(entity, url) or skip
            case "custom_emoji":
                if self.padded[self.at] != "(":
                    raise _broken("Custom emoji entity must contain a tg://emoji URL")
                entity |= self.special(self.address("custom emoji URL"))
            case "blockquote" | "expandable_blockquote":
                self.quoting = False
                self.put("\n")
                self.may_quote = True
                skip = False
        if not skip:
            self.entities.append(entity | {"length": self.offset - opened.offset})

    def address(self, what: str) -> str:
        """What stands in the round brackets, which end behind it."""
        self.at += 1
        begin = self.at
        pieces: list[str] = []
        while self.at < len(self.source) and self.source[self.at] != ")":
            if self.source[self.at] == "\\" and "\0" < self.padded[self.at + 1] <= "~":
                self.at += 1
            pieces.append(self.source[self.at])
            self.at += 1
        if self.padded[self.at] != ")":
            raise _broken(f"Can't find end of a {what} at byte offset {self.byte(begin)}")
        self.at += 1
        return "".join(pieces)

    def special(self, url: str) -> dict[str, Any]:
        """A custom emoji, or a date (Bot API 9.5): both are written `![text](tg://...)`."""
        if time := re.fullmatch(r"tg://time\?unix=([0-9]+)(?:&format=(\w*))?", url):
            return {"type": "date_time"} | date_time(time.group(1), time.group(2) or "")
        emoji = re.fullmatch(r"tg://emoji\?id=(-?[0-9]+)", url)
        if emoji is None:
            raise _broken("Custom emoji URL must have an emoji identifier")
        return {"custom_emoji_id": emoji_id(emoji.group(1))}

    def end_quote_at_end_of_text(self) -> None:
        if not self.quoting:
            return
        kind = "blockquote"
        if self.open[-1].kind == "spoiler" and self.open[-1].begin == len(self.source) - 2:
            self.open.pop()
            kind = "expandable_blockquote"
        if self.open[-1].kind == "blockquote":
            opened = self.open.pop()
            if self.offset > opened.offset:
                self.entities.append(
                    {"type": kind, "offset": opened.offset, "length": self.offset - opened.offset}
                )


def parse_markdown_v2(source: str) -> tuple[str, list[Entity]]:
    """The text and its entities, in the order in which they were closed. Raises RefusedError."""
    return _MarkdownV2(source).parse()


def parse_markdown(source: str) -> tuple[str, list[Entity]]:
    """The same for the old Markdown, in which nothing nests."""
    padded = source + _END * 3
    pieces: list[str] = []
    entities: list[Entity] = []
    offset = at = 0

    def put(piece: str) -> None:
        nonlocal offset
        pieces.append(piece)
        offset += utf16_length(piece)

    while at < len(source):
        character = padded[at]
        if character == "\\" and padded[at + 1] in "_*`[":
            put(padded[at + 1])
            at += 2
            continue
        if character not in "_*`[":
            put(character)
            at += 1
            continue
        begin, start, first = at, offset, len(pieces)
        is_pre = padded.startswith("```", at)
        end = "]" if character == "[" else "```" if is_pre else character
        at += 3 if is_pre else 1
        language = ""
        if is_pre:
            word = re.compile(r"[^\s`]*").match(source, at)
            stop = word.end() if word else at
            if at != stop and stop < len(source) and padded[stop] != "`":
                language, at = source[at:stop], stop
            if padded[at] in "\r\n":
                at += 2 if padded[at : at + 2] in ("\r\n", "\n\r") else 1
        while at < len(source) and not padded.startswith(end, at):
            put(padded[at])
            at += 1
        if at >= len(source):
            raise _broken(
                "Can't find end of the entity starting at byte offset "
                f"{len(source[:begin].encode())}"
            )
        at += len(end)
        entity: Entity = {"offset": start, "length": offset - start}
        if character == "[":
            url = "".join(pieces[first:])
            if padded[at] == "(":
                stop = source.find(")", at)
                stop = len(source) if stop < 0 else stop
                url, at = source[at + 1 : stop], stop + 1
            if offset == start or not is_link(entity, url):
                continue
        else:
            entity["type"] = {"_": "italic", "*": "bold", "`": "pre" if is_pre else "code"}[
                character
            ]
            entity |= {"language": language} if language else {}
        if offset > start:
            entities.append(entity)
    return "".join(pieces), entities
