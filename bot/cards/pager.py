"""Answers longer than a message, paged by buttons.

A subject gives a `Source` under a name (handlers/admin/__init__.py collects them); a page is made
anew from the database each time it is shown, so a press on an old message shows what holds now.

    async def list_models(texts, limit, offset) -> Listing: ...
    pager = Pager({"models": list_models})
    text, keyboard = await pager.page("models", 1, texts)      # for messenger.say(...)

The buttons carry "page:<what>:<n>" (n from 1; `read` takes it apart); handlers/admin/pages.py
answers every press. A line is Telegram HTML of at most `LINE_CHARS` shown characters, and may be a
few lines in itself; a head has at most as many.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.telegram.buttons import Button, Keyboard, label
from bot.texts import Texts

PAGE = "page"
LINES = 8  # to a page
LINE_CHARS = 220  # Telegram counts some characters twice: 9 x 220 x 2 stays below 4096
MAX_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Listing:
    """A piece of a list: what stands above it, its lines, and how many there are in all."""

    head: str
    lines: Sequence[str]
    total: int


Source = Callable[[Texts, int, int], Awaitable[Listing]]  # texts, limit, offset


class Pager:
    """The lists that can be paged, by name: up to 40 of `a-z_`."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    async def page(self, what: str, number: int, texts: Texts) -> tuple[str, Keyboard]:
        """A page (the last one where there are not so many) and the buttons under it.

        Raises:
            LookupError: there is no such list.
        """
        source = self._sources[what]
        listing = await source(texts, LINES, (number - 1) * LINES)
        last = max(-(-listing.total // LINES), 1)
        if number > last:
            number = last
            listing = await source(texts, LINES, (number - 1) * LINES)
        text = "\n".join(part for part in (listing.head, *listing.lines) if part)
        return text, turning(number, last, lambda page: f"{PAGE}:{what}:{page}")


def read(data: str) -> tuple[str, int] | None:
    """The list and the number of the page that a button names; None where it is none of ours."""
    match data.split(":"):
        case [name, what, number] if name == PAGE and number.isascii() and number.isdigit():
            return what, min(max(int(number[:MAX_DIGITS]), 1), 10**MAX_DIGITS)
        case _:
            return None


def turning(number: int, last: int, data: Callable[[int], str]) -> Keyboard:
    """The row that turns pages: `data` is what the button to a page says."""
    if last == 1:
        return ()
    row = [label(f"{number} / {last}")]
    if number > 1:
        row.insert(0, Button("◀", data(number - 1)))
    if number < last:
        row.append(Button("▶", data(number + 1)))
    return (row,)
