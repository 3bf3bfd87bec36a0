"""Whose image is next: a queue that goes round by person, so that nobody waits for one's forty."""

import asyncio
from collections import deque

from storage.jobs import Image


class Queue:
    """Images in memory, in the order in which they are handed to the provider.

    People take turns; one person's images keep their order, and the next is handed out only
    after the one before was released: creates of a job go out one after another.
    """

    def __init__(self) -> None:
        self._lanes: dict[int, deque[Image]] = {}  # by person, never empty
        self._ready: deque[int] = deque()  # people whose turn may come, in turn
        self._busy: set[int] = set()  # people one of whose images is being handed over
        self._arrived = asyncio.Event()

    def put(self, image: Image) -> None:
        """Add an image at the end of its person's."""
        lane = self._lanes.get(image.user_id)
        if lane is not None:
            lane.append(image)
            return
        self._lanes[image.user_id] = deque([image])
        if image.user_id not in self._busy:
            self._offer(image.user_id)

    async def take(self) -> Image:
        """The next image, when there is one. Release its person when it is handed over."""
        while not self._ready:
            self._arrived.clear()
            await self._arrived.wait()
        user_id = self._ready.popleft()
        self._busy.add(user_id)
        lane = self._lanes[user_id]
        image = lane.popleft()
        if not lane:
            del self._lanes[user_id]
        return image

    def release(self, user_id: int) -> None:
        """The image taken last for this person is handed over: the next may follow, in turn."""
        self._busy.discard(user_id)
        if user_id in self._lanes:
            self._offer(user_id)

    def place(self, image: Image) -> int | None:
        """How many images are handed out until this one is, itself included; None: not waiting.

        True for what waits now; people who come later may step in between.
        """
        lane = self._lanes.get(image.user_id)
        if lane is None:
            return None
        own = next((n for n, each in enumerate(lane) if each.image_id == image.image_id), None)
        if own is None:
            return None
        # Before it: its own person's earlier ones, and of everybody else as many, plus one more
        # of those who come before its person in the round.
        turn = self._turn(image.user_id)
        ahead = sum(
            min(len(theirs), own + (self._turn(user_id) < turn))
            for user_id, theirs in self._lanes.items()
            if user_id != image.user_id
        )
        return own + ahead + 1

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def _offer(self, user_id: int) -> None:
        self._ready.append(user_id)
        self._arrived.set()

    def _turn(self, user_id: int) -> int:
        """Where the person stands in the round; those being served come last."""
        try:
            return self._ready.index(user_id)
        except ValueError:
            return len(self._ready)
