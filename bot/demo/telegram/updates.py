"""Updates on their way to the bot: queue, confirmation, long polling, conflicts.

Bot API, getUpdates; github.com/tdlib/telegram-bot-api, telegram-bot-api/Client.cpp
(process_get_updates_query, fail_query_conflict). Those that a webhook brings are its own:
webhook.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import chain, count, islice
from typing import Any

from .refusal import RefusedError
from .update import Update
from .webhook import Address, Webhook

_TERMINATED = (
    "terminated by other getUpdates request; make sure that only one bot instance is running"
)


class Updates:
    """The queue of one bot.

    Attributes:
        pending: those the bot has not confirmed.
        lost: those it never got; `resend` lets one come late.
        allowed: the kinds the bot asked for last; None means all.
        pause_s: how long a repeated question for the same offset waits at least.
        waits: whether a question waits for updates at all.
        webhook: brings updates to the bot, instead, while it has an address.
    """

    def __init__(
        self, clock: Callable[[], float], polled: Callable[[], None], first_id: int
    ) -> None:
        self._clock = clock
        self._polled = polled  # told when somebody begins or ends to wait
        self._ids = count(first_id)
        self._poller: asyncio.Future[str] | None = None  # the conflict that ended it, or ""
        self._last_question: tuple[int, float] | None = None
        self.pending: deque[Update] = deque()
        self._again: deque[Update] = deque()
        self._archive: dict[int, Update] = {}
        self._repeats = 0
        self._to_lose: list[str] = []
        self.lost: list[Update] = []
        self._extras: deque[dict[str, Any]] = deque()
        self.allowed: frozenset[str] | None = None
        self.pause_s = 3.0
        self.waits = True
        self.webhook = Webhook(self, clock, polled)

    @property
    def is_polled(self) -> bool:
        """Whether a getUpdates is waiting."""
        return self._poller is not None

    def add(self, kind: str, body: dict[str, Any]) -> None:
        """Queue an update, if the bot asked for this kind when it is made."""
        if self.allowed is None or kind in self.allowed:
            update = Update(next(self._ids), kind, body, self._clock())
            self._archive[update.update_id] = update
            for name in self._to_lose:
                if name in (kind, *body):
                    self._to_lose.remove(name)
                    self.lost.append(update)
                    return
            self.pending.append(update)
            self._wake()

    def repeat_next(self, times: int = 1) -> None:
        """Deliver the next `times` updates that get confirmed once more each."""
        self._repeats += times

    def lose_next(self, name: str, times: int = 1) -> None:
        """Do not deliver the next updates of this kind, or with a field of this name in them."""
        self._to_lose += [name] * times

    def resend(self, update_id: int) -> None:
        """Deliver an old update again. Raises KeyError for an id that never was."""
        self._again.append(self._archive[update_id])
        self._wake()

    def add_unknown_fields(self, **fields: Any) -> None:
        """Put fields that no bot knows into the next update that is delivered."""
        self._extras.append(fields)

    @property
    def webhook_url(self) -> str:
        """Not empty means that a webhook is set, and getUpdates is refused."""
        return self.webhook.address.url if self.webhook.address else ""

    @webhook_url.setter
    def webhook_url(self, url: str) -> None:
        """One that somebody else has set, wherever that may be."""
        self.set_webhook(Address(url) if url else None)

    def set_webhook(self, address: Address | None) -> None:
        """Have updates brought there, or nowhere."""
        self.webhook.set(address)
        if address is not None:
            self._wake("terminated by setWebhook request")

    def _wake(self, conflict: str = "") -> None:
        self.webhook.look.set()
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(conflict)

    def heads(self, most: int) -> list[Update]:
        """What a webhook may bring next: the first of each `order`, at most so many."""
        self._forget_old(self._clock())
        heads: dict[tuple[str, int], Update] = {}
        for update in chain(self._again, self.pending):
            if len(heads) == most:
                break
            heads.setdefault(update.order, update)
        return list(heads.values())

    def brought(self, update: Update) -> None:
        """The bot has it, or it is too late."""
        with suppress(ValueError):  # it was forgotten meanwhile
            if update in self._again:
                self._again.remove(update)
            else:
                self.pending.remove(update)
                self._repeat(update)

    def wire(self, update: Update) -> dict[str, Any]:
        """The object that goes to the bot."""
        return update.wire() | (self._extras.popleft() if self._extras else {})

    async def get(
        self, offset: int, limit: int, timeout_s: float, allowed: list[str] | None
    ) -> list[dict[str, Any]]:
        """What getUpdates answers. Raises RefusedError 409 when another question takes over."""
        if self.webhook_url:
            raise RefusedError(
                "can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
                409,
            )
        if allowed is not None:
            self.allowed = frozenset(allowed) or None
        self._wake(_TERMINATED)
        now = asyncio.get_running_loop().time()
        if self._last_question is not None and self._last_question[0] == offset:
            asked_s = now - self._last_question[1]
            if asked_s < self.pause_s:
                timeout_s = max(timeout_s, self.pause_s)
            if asked_s < min(0.5, self.pause_s):
                limit = 1
        self._last_question = (offset, now)
        self._confirm(offset)
        batch = self._take(limit)
        if batch or timeout_s <= 0 or not self.waits:
            return batch
        return await self._wait(limit, timeout_s)

    async def _wait(self, limit: int, timeout_s: float) -> list[dict[str, Any]]:
        poller = self._poller = asyncio.get_running_loop().create_future()
        self._polled()
        try:
            async with asyncio.timeout(timeout_s):
                conflict = await poller
        except TimeoutError:
            return []
        finally:
            if self._poller is poller:
                self._poller = None
                self._polled()
        if conflict:
            raise RefusedError(conflict, 409)
        return self._take(limit)

    def _confirm(self, offset: int) -> None:
        while offset < 0 and len(self.pending) > -offset:
            self.pending.popleft()
        while self.pending and self.pending[0].update_id < offset:
            self._repeat(self.pending.popleft())

    def _repeat(self, update: Update) -> None:
        if self._repeats:
            self._repeats -= 1
            self._again.append(update)

    def _forget_old(self, now: float) -> None:
        while self.pending and self.pending[0].is_over(now):
            self.pending.popleft()

    def _take(self, limit: int) -> list[dict[str, Any]]:
        now = self._clock()
        self._forget_old(now)
        batch = [self._again.popleft() for _ in range(min(limit, len(self._again)))]
        fresh = (update for update in self.pending if not update.is_over(now))
        batch += islice(fresh, limit - len(batch))
        return [self.wire(update) for update in batch]
