"""Whose item is next, and how long that takes."""

import asyncio
from collections import Counter
from dataclasses import replace
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.pipeline.fair_queue import COUNTED_FOR_S, FairQueue
from bot.tools.clock import Clock
from storage.announcements import Moved, Placed
from storage.items import Item, ItemStatus


class Ticking(Clock):
    """Places are counted whenever one is asked for."""

    def __init__(self) -> None:
        self._seconds = count()

    def steady(self) -> float:
        return next(self._seconds)


class Standing(Clock):
    """Time that passes when it is told to."""

    at = 0.0

    def steady(self) -> float:
        return self.at


def item(item_id: int, user_id: int) -> Item:
    """The queue looks at nothing else."""
    fields: dict[str, Any] = dict.fromkeys(Item.__slots__)
    known = {"item_id": item_id, "user_id": user_id, "status": ItemStatus.QUEUED}
    return Item(**{**fields, **known})


def filled(*user_ids: int) -> tuple[FairQueue, list[Item]]:
    """A queue with one item after another of these people."""
    queue = FairQueue(Ticking())
    items = [item(number, user_id) for number, user_id in enumerate(user_ids)]
    for each in items:
        queue.put(each)
    return queue, items


def take(queue: FairQueue) -> Item:
    """The next item, which must be there."""
    coroutine = queue.take()
    try:
        coroutine.send(None)
    except StopIteration as stop:
        taken: Item = stop.value
        return taken
    coroutine.close()
    raise AssertionError("nothing to take")


def drain(queue: FairQueue) -> list[int]:
    """Take and hand over all, one after another."""
    order = []
    while len(queue):
        taken = take(queue)
        queue.release(taken.user_id)
        order.append(taken.item_id)
    return order


def test_one_person_s_images_keep_their_order() -> None:
    queue, _ = filled(1, 1, 1)
    assert drain(queue) == [0, 1, 2]


def test_people_take_turns() -> None:
    queue, _ = filled(1, 1, 1, 2, 2, 3)
    assert drain(queue) == [0, 3, 5, 1, 4, 2]


def test_one_is_not_held_up_by_forty() -> None:
    queue, _ = filled(*[1] * 40)
    taken = take(queue)
    single = item(99, 2)
    queue.put(single)
    queue.release(taken.user_id)
    assert queue.position_of(single) == 1
    assert take(queue) == single


async def test_the_next_follows_only_after_the_one_before_was_released() -> None:
    queue, (first, second) = filled(1, 1)
    assert await queue.take() == first
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.put(item(9, 1))
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.release(1)
    assert await asyncio.wait_for(waiting, 1) == second


async def test_who_waits_is_woken_by_what_arrives() -> None:
    queue = FairQueue()
    waiting = [asyncio.create_task(queue.take()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    queue.put(item(1, 1))
    queue.put(item(2, 2))
    taken = await asyncio.wait_for(asyncio.gather(*waiting), 1)
    assert [each.item_id for each in taken] == [1, 2]
    assert len(queue) == 0


async def test_who_gives_up_waiting_takes_nothing_along() -> None:
    queue = FairQueue()
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.put(item(1, 1))
    waiting.cancel()
    await asyncio.wait([waiting])
    assert len(queue) == 1
    assert take(queue).item_id == 1


def test_a_person_comes_back_after_all_were_handed_over() -> None:
    queue, _ = filled(1)
    assert drain(queue) == [0]
    queue.put(item(5, 1))
    assert drain(queue) == [5]


def test_what_waits_already_is_not_put_a_second_time() -> None:
    queue, (first, second) = filled(1, 1)
    queue.hear(Placed(1, [first, second], with_picture=False))
    assert len(queue) == 2
    assert take(queue) == first
    queue.put(first)  # in hand: its turn may have to come once more
    queue.release(1)
    assert drain(queue) == [second.item_id, first.item_id]


def test_only_what_is_paid_for_and_not_sent_waits_until_it_has_ended() -> None:
    statuses = ("queued", "submitting", "generating", "ready", "delivered", "failed", "cancelled")
    items = [
        replace(item(number, 1), status=ItemStatus(status))
        for number, status in enumerate(statuses)
    ]
    words, pictures = FairQueue(), FairQueue(with_picture=True)
    for queue in (words, pictures):
        queue.hear(Placed(1, items, with_picture=False))
    assert [len(words), len(pictures)] == [2, 0]
    first, second, *_ = items
    words.hear(Moved(first, replace(first, status=ItemStatus.SUBMITTING), "slug"))
    assert len(words) == 2
    words.hear(Moved(first, replace(first, status=ItemStatus.FAILED), "slug"))
    assert drain(words) == [second.item_id]


def test_what_does_not_wait_has_no_place() -> None:
    queue, (first, second) = filled(1, 1)
    assert queue.position_of(item(77, 1)) is None
    assert queue.position_of(item(77, 2)) is None
    assert [queue.position_of(first), queue.position_of(second)] == [1, 2]
    taken = take(queue)
    assert [queue.position_of(taken), queue.position_of(second)] == [1, 2], (
        "still to be handed over"
    )
    queue.release(taken.user_id)
    assert [queue.position_of(taken), queue.position_of(second)] == [None, 1]


def test_what_is_cancelled_in_hand_is_not_counted() -> None:
    queue, (first, second) = filled(1, 2)
    take(queue)
    queue.discard(first)
    assert [queue.position_of(first), queue.position_of(second)] == [None, 1]
    queue.put(item(7, 1))
    queue.release(1)
    assert drain(queue) == [second.item_id, 7]


def test_what_is_cancelled_while_it_waits_is_never_handed_out() -> None:
    queue, items = filled(1, 1, 2)
    for each in (items[0], items[2]):
        queue.discard(each)
    assert len(queue) == 1
    assert drain(queue) == [items[1].item_id]


# A number puts an item of that person; None takes the next one; 0 releases who was taken first.
@given(st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=40))
def test_the_place_is_true_when_nobody_else_comes(happenings: list[int | None]) -> None:
    queue = FairQueue(Ticking())
    waiting: dict[int, Item] = {}
    held: list[Item] = []
    for number, user_id in enumerate(happenings):
        if user_id:
            waiting[number] = item(number, user_id)
            queue.put(waiting[number])
        elif user_id == 0 and held:
            queue.release(held.pop(0).user_id)
        elif user_id is None and {i.user_id for i in waiting.values()} - {i.user_id for i in held}:
            held.append(take(queue))
            del waiting[held[-1].item_id]
    places = {number: queue.position_of(each) for number, each in waiting.items()}
    assert len(queue) == len(waiting)
    for each in held:
        queue.release(each.user_id)
    order = drain(queue)
    assert places == {number: place for place, number in enumerate(order, start=len(held) + 1)}


def test_places_are_counted_once_for_all_who_ask() -> None:
    clock = Standing()
    queue = FairQueue(clock)
    items = [item(number, number) for number in range(1, 1001)]
    for each in items:
        queue.put(each)
    counted = 0

    def count_all() -> dict[int, int]:
        nonlocal counted
        counted += 1
        return FairQueue._count(queue)  # noqa: SLF001 - what is measured

    queue._count = count_all  # type: ignore[method-assign]  # noqa: SLF001
    assert [queue.position_of(each) for each in items] == list(range(1, 1001))
    take(queue)
    assert queue.position_of(items[1]) == 2, "a second old at most"
    clock.at = COUNTED_FOR_S
    queue.release(1)
    assert [queue.position_of(each) for each in items[1:]] == list(range(1, 1000))
    assert counted == 2


@given(st.lists(st.integers(1, 5), min_size=1, max_size=60))
def test_nobody_is_two_turns_ahead_of_anybody_who_waits(user_ids: list[int]) -> None:
    queue, items = filled(*user_ids)
    left = Counter(user_ids)
    served: Counter[int] = Counter()
    for number in drain(queue):
        user_id = items[number].user_id
        served[user_id] += 1
        left[user_id] -= 1
        for other, more in left.items():
            assert not more or served[user_id] - served[other] <= 1
