"""Announcements of changes to jobs and people, made to listeners as soon as a change is on disk.

The completion of the write itself makes them, in the event loop: a caller that was cancelled
meanwhile could not.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storage.items import Item

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Placed:
    """A job with items to process: it was charged just now, or an earlier process left it
    open, or its person is back. It may be told again of the same."""

    job_id: int
    items: Sequence[Item]
    with_picture: bool  # it starts from one
    new: bool = False  # it was charged just now, and is told for the first time


@dataclass(frozen=True, slots=True)
class Moved:
    """An item that is further on its way, or has ended. `model` is a slug of the catalogue."""

    before: Item
    after: Item
    model: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A person of whom nothing stays but files that are to be removed."""

    user_id: int


Announcement = Placed | Moved | Forgotten
Listener = Callable[[Announcement], None]


class Announcer:
    """Tells each listener, whatever becomes of the others."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, *listeners: Listener) -> None:
        """Tell these as well from now on, after those that were there before."""
        self._listeners += listeners

    def tell(self, announcement: Announcement) -> None:
        """To all of them, in their order."""
        for listener in self._listeners:
            try:
                listener(announcement)
            except Exception:
                logger.exception("a listener failed on %s", type(announcement).__name__)
