"""Rich messages (Bot API 10.1): the part of them that a help text or a price list needs.

Blocks and media given one by one are refused: a bot that uses them has to fall back, as it has to
on an older server.
"""

from __future__ import annotations

import html
import re
from typing import Any

from .refusal import RefusedError

MAX_RICH_TEXT = 32_768
_BLOCK = re.compile(
    r"\s*<(p|h[1-6]|pre|blockquote|footer)>(.*?)</\1>\s*|\s*<(hr)\s*/?>\s*", re.DOTALL
)
_INNER = re.compile(
    r"</?(b|strong|i|em|u|ins|s|strike|del|code|a|mark|sub|sup)(\s[^<>]*)?>|<br\s*/?>"
)


def rich_blocks(rich: dict[str, Any]) -> dict[str, Any]:
    """The RichMessage that an InputRichMessage makes. Raises RefusedError."""
    given = [name for name in ("html", "markdown") if name in rich]
    if len(given) != 1:
        raise RefusedError("exactly one of html, markdown and blocks must be specified")
    source: str = rich[given[0]]
    if len(source.encode()) > MAX_RICH_TEXT:
        raise RefusedError("rich message is too long")
    blocks = _from_html(source) if given[0] == "html" else _from_markdown(source)
    if not blocks:
        raise RefusedError("rich message must be non-empty")
    return {"blocks": blocks} | ({"is_rtl": True} if rich.get("is_rtl") else {})


def rich_words(rich: dict[str, Any] | None) -> str:
    """What the blocks say, a line each."""
    blocks = (rich or {}).get("blocks", [])
    lines = [block["text"] if "text" in block else rich_words(block) for block in blocks]
    return "\n".join(line for line in lines if line)


def _from_html(source: str) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    at = 0
    while at < len(source):
        if match := _BLOCK.match(source, at):
            blocks.append(_block(match.group(1) or "hr", match.group(2) or ""))
            at = match.end()
            continue
        following = re.compile(r"<(?:p|h[1-6]|pre|blockquote|footer|hr)\b").search(source, at)
        end = following.start() if following else len(source)
        if following and following.start() == at:
            raise RefusedError(f"can't parse rich message: unclosed tag at byte offset {at}")
        if source[at:end].strip():
            blocks.append(_block("p", source[at:end]))
        at = end
    return blocks


def _block(tag: str, inside: str) -> dict[str, Any]:
    if tag == "hr":
        return {"type": "divider"}
    plain = _INNER.sub("", inside)
    if unknown := re.search(r"<[^\s<>]+", plain):
        raise RefusedError(f'can\'t parse rich message: unsupported tag "{unknown.group()[1:]}"')
    text = html.unescape(plain).strip()
    if tag.startswith("h"):
        return {"type": "heading", "text": text, "size": int(tag[1])}
    if tag == "blockquote":
        return {"type": "blockquote", "blocks": [{"type": "paragraph", "text": text}]}
    return {"type": {"p": "paragraph", "pre": "pre", "footer": "footer"}[tag], "text": text}


def _from_markdown(source: str) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    for piece in re.split(r"\n\s*\n", source.strip()):
        heading = re.fullmatch(r"(#{1,6})\s+(.+)", piece.strip())
        if heading:
            blocks.append(
                {"type": "heading", "text": heading.group(2), "size": len(heading.group(1))}
            )
        elif re.fullmatch(r"-{3,}|\*{3,}", piece.strip()):
            blocks.append({"type": "divider"})
        elif piece.strip():
            blocks.append({"type": "paragraph", "text": piece.strip()})
    return blocks
