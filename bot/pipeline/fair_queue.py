"""The fair queue: round-robin by person, so that nobody waits behind one person's forty items.

It is in memory only: at a start `Jobs.replay` announces all that is unfinished, oldest first, and
what was queued is queued again in the old order.
"""

import asyncio
from collections import deque
from itertools import count

from bot.tools.clock import CLOCK, Clock
from storage.announcements import Announcement, Moved, Placed
from storage.items import WAITING, Item

COUNTED_FOR_S = 1.0  # all positions are counted at once, and not again for so long


class FairQueue:
    """Items in memory, in the order in which they are handed to the provider.

    People take turns; one person's items keep their order, and the next is handed out only
    after the one before was released: creates of a job go out one after another.
    """

    def __init__(self, clock: Clock = CLOCK, *, with_picture: bool = False) -> None:
        self._with_picture = with_picture  # those that start from one wait here, or the others
        self._clock = clock
        self._positions: dict[int, int] = {}  # by item, as they were when they were counted
        self._counted_at = float("-inf")
        self._lanes: dict[int, deque[Item]] = {}  # by person, never empty
        self._ready: deque[int] = deque()  # people whose turn may come, in turn
        self._waiting: set[int] = set()  # the items in all of these
        # Whose item is being handed over, in the order in which that began; None: cancelled since.
        self._busy: dict[int, Item | None] = {}
        self._arrived = asyncio.Event()

    def hear(self, news: Announcement) -> None:
        """Queue the items of placed jobs, until they end."""
        match news:
            case Placed(items=items) if news.with_picture is self._with_picture:
                for item in items:
                    if item.status in WAITING:
                        self.put(item)
            case Moved(after=item) if item.status.ended:
                self.discard(item)

    def put(self, item: Item) -> None:
        """Add an item behind its person's others, if it is not queued already."""
        if item.item_id in self._waiting:
            return
        self._waiting.add(item.item_id)
        lane = self._lanes.get(item.user_id)
        if lane is not None:
            lane.append(item)
            return
        self._lanes[item.user_id] = deque([item])
        if item.user_id not in self._busy:
            self._offer(item.user_id)
            # The round ends with who came last: that position needs no counting.
            in_hand = sum(item is not None for item in self._busy.values())
            self._positions[item.item_id] = in_hand + len(self._ready)

    async def take(self) -> Item:
        """The next item, when there is one. Release its person when it is handed over."""
        while not self._ready:
            self._arrived.clear()
            await self._arrived.wait()
        user_id = self._ready.popleft()
        lane = self._lanes[user_id]
        item = lane.popleft()
        self._waiting.discard(item.item_id)
        if not lane:
            del self._lanes[user_id]
        self._busy[user_id] = item
        return item

    def release(self, user_id: int) -> None:
        """The item last taken for this person was handed over: its next one may follow, in turn."""
        self._busy.pop(user_id, None)
        if user_id in self._lanes:
            self._offer(user_id)

    def discard(self, item: Item) -> None:
        """Remove an item that ended while it was queued."""
        busy = self._busy.get(item.user_id)
        if busy is not None and busy.item_id == item.item_id:
            self._busy[item.user_id] = None
        if item.item_id not in self._waiting:
            return
        self._waiting.discard(item.item_id)
        left = deque(each for each in self._lanes[item.user_id] if each.item_id != item.item_id)
        if left:
            self._lanes[item.user_id] = left
            return
        del self._lanes[item.user_id]
        if item.user_id in self._ready:
            self._ready.remove(item.user_id)

    def position_of(self, item: Item) -> int | None:
        """The item's position in the queue, from 1; None: it is not queued.

        True for what waits now; people who come later may step in between. A position may be as old
        as COUNTED_FOR_S: with thousands of people, everybody asks for theirs again and again.
        """
        now = self._clock.steady()
        if now >= self._counted_at + COUNTED_FOR_S or item.item_id not in self._positions:
            self._positions, self._counted_at = self._count(), now
        return self._positions.get(item.item_id)

    def _count(self) -> dict[int, int]:
        numbers = count(1)
        positions = {item.item_id: next(numbers) for item in self._busy.values() if item}
        turns = (*self._ready, *self._busy)
        lanes = [self._lanes[user_id] for user_id in turns if user_id in self._lanes]
        for number in count():  # of each person's items, in rounds
            lanes = [lane for lane in lanes if len(lane) > number]
            if not lanes:
                return positions
            positions |= {lane[number].item_id: next(numbers) for lane in lanes}
        raise AssertionError("unreachable")

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def _offer(self, user_id: int) -> None:
        self._ready.append(user_id)
        self._arrived.set()
