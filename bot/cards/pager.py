"""Paged lists: answers longer than a message, with buttons to turn the pages.

A subject gives a `Source` under a name (handlers/admin/__init__.py collects them); a page is made
anew from the database each time it is shown, so a press on an old message shows what holds now.

    async def list_models(texts, limit, offset) -> Listing: ...
    pager = Pager({"models": list_models})
    text, keyboard = await pager.page("models", 1, texts)      # for messenger.say(...)

The buttons are `PageButton`s; handlers/admin/pages.py answers every press. A line is Telegram HTML
of at most `LINE_CHARS` shown characters, and may be a few lines in itself; a head has at most as
many.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from bot.telegram.buttons import Button, ButtonData, Keyboard, Number, label
from bot.texts import Texts

LINES = 8  # to a page
LINE_CHARS = 220  # Telegram counts some characters twice: 9 x 220 x 2 stays below 4096
MAX_DIGITS = 6
PageNumber = Annotated[Number, AfterValidator(lambda n: min(max(n, 1), 10**MAX_DIGITS))]  # from 1


class PageButton(ButtonData, prefix="page"):
    """A page of a list."""

    what: str
    number: PageNumber


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list: its head, its lines, and the total number of lines."""

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
        return text, turning(number, last, lambda to: PageButton(what=what, number=to).pack())


def turning(number: int, last: int, data: Callable[[int], str]) -> Keyboard:
    """The row of buttons that turn pages; `data` makes the callback data for a page."""
    if last == 1:
        return ()
    row = [label(f"{number} / {last}")]
    if number > 1:
        row.insert(0, Button("◀", data(number - 1)))
    if number < last:
        row.append(Button("▶", data(number + 1)))
    return (row,)
