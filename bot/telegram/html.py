"""Telegram's HTML: escaping, and cutting to a message's limit in Telegram's own units (UTF-16)."""

import re
from bisect import bisect_right
from collections.abc import Callable
from html import escape, unescape
from itertools import accumulate

from bot.service_limits import MESSAGE_UNITS

# What Telegram's HTML must not be cut within: a tag (named), an entity, a character.
_PIECE = re.compile(r"</?([a-z-]+)[^<>]*>|&(?:lt|gt|amp|quot|#\d+|#x[0-9a-f]+);|.", re.DOTALL)


def code(text: str, length: int = 200) -> str:
    """Monospace text, which a tap copies."""
    return f"<code>{quoted(text, length)}</code>"


def quoted(text: str, length: int) -> str:
    """Somebody else's words, escaped, in at most so many characters."""
    return escape(clip(text, length), quote=False)


def clip(text: str, length: int) -> str:
    """The text in at most so many characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def units(text: str) -> int:
    """The length as Telegram's entities count it: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clip_units(text: str, length: int) -> str:
    """The text in at most so many UTF-16 units."""
    if units(text) <= length:
        return text
    cut = text.encode("utf-16-le", "surrogatepass")[: 2 * (length - 1)]
    return cut.decode("utf-16-le", "ignore") + "…"


def fits(text: str, length: int = MESSAGE_UNITS) -> bool:
    """Whether Telegram HTML shows at most so many UTF-16 units."""
    shown = accumulate(map(_shown, _PIECE.finditer(text)))
    return units(text) <= length or all(so_far <= length for so_far in shown)


def fit(text: str, length: int = MESSAGE_UNITS) -> str:
    """Telegram HTML that shows at most so many UTF-16 units: as it is, or cut, and still HTML."""
    if fits(text, length):
        return text
    left = length - 1
    kept: list[str] = []
    opened: list[str] = []
    for piece in _PIECE.finditer(text):
        left -= _shown(piece)
        if left < 0:
            break
        kept.append(piece[0])
        if piece[0].startswith("</"):
            del opened[-1:]
        elif piece[1]:
            opened.append(piece[1])
    return "".join([*kept, "…", *(f"</{tag}>" for tag in reversed(opened))])


def fitted(make: Callable[[int], str], longest: int, length: int = MESSAGE_UNITS) -> str:
    """What `make` says when it quotes others in at most so many units each: in `longest`, else in
    as many as let the whole fit. It is cut where nothing else helps."""
    if fits(text := make(longest), length):
        return text
    most = bisect_right(range(1, longest), False, key=lambda each: not fits(make(each), length))
    return fit(make(max(most, 1)), length)


def plain(text: str) -> str:
    """What Telegram HTML shows, without its looks."""
    return unescape("".join(each[0] for each in _PIECE.finditer(text) if not each[1]))


def _shown(piece: re.Match[str]) -> int:
    """The units that a piece of HTML shows."""
    return 0 if piece[1] else units(unescape(piece[0]))
