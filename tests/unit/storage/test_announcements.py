"""What is told of jobs: once it is on the disk, to everybody, whoever still waits for the write."""

import asyncio
import sqlite3
import threading
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import pytest

from storage.announcements import Announcement, Announcer, Forgotten, Moved, Placed
from storage.errors import InsufficientTokensError, StaleItemError
from storage.files import Buckets
from storage.forgetting import Forgetting
from storage.items import ItemStatus
from storage.jobs import Jobs
from tests.unit.storage.shop import NOW, SLUG, Shop


def heard(shop: Shop) -> list[Announcement]:
    """What is told from now on."""
    told: list[Announcement] = []
    shop.jobs.listen(told.append)
    return told


async def test_a_job_is_told_of_when_it_is_on_the_disk(shop: Shop) -> None:
    await shop.customer()
    told: list[tuple[Announcement, asyncio.Task[Any]]] = []

    def hear(news: Announcement) -> None:
        told.append((news, asyncio.create_task(shop.rows("SELECT * FROM items"))))

    shop.jobs.listen(hear)
    placed = await shop.place(quantity=2)
    assert placed is not None
    ((news, rows),) = told
    assert news == Placed(placed.job_id, placed.items, with_picture=False, new=True)
    assert len(await rows) == 2


async def test_what_somebody_placed_who_was_cancelled_since_is_told_of(shop: Shop) -> None:
    await shop.customer()
    told = heard(shop)
    begun, go_on = threading.Event(), threading.Event()

    def hold(_: sqlite3.Connection) -> None:
        begun.set()
        go_on.wait(60)

    placing = asyncio.create_task(shop.place())
    holding = asyncio.create_task(shop.database.write(hold))  # in the same transaction
    await asyncio.to_thread(begun.wait, 60)
    placing.cancel()
    await asyncio.wait([placing])
    assert told == []
    go_on.set()
    await holding
    assert placing.cancelled()
    assert [type(news) for news in told] == [Placed]


async def test_it_is_told_in_the_context_of_the_one_who_wrote(shop: Shop) -> None:
    """The log names the job of that one, and not of the one for whom the disk was busy then."""
    await shop.customer()
    who: ContextVar[str] = ContextVar("who", default="nobody")
    told: list[str] = []
    shop.jobs.listen(lambda _: told.append(who.get()))

    async def place(name: str, message_id: int) -> None:
        who.set(name)
        await shop.place(message_id=message_id)

    await asyncio.gather(place("anna", 1), place("boris", 2), shop.place(message_id=3))
    assert told == ["anna", "boris", "nobody"]


async def test_each_move_is_told_of_and_whose_model_it_is(shop: Shop) -> None:
    await shop.customer()
    item = await shop.item()
    told = heard(shop)
    submitting = await shop.jobs.begin_submit(item)
    generating = await shop.jobs.task_created(submitting, "t")
    failed = await shop.jobs.fail(generating, "no_result", "")
    assert told == [
        Moved(item, submitting, SLUG),
        Moved(submitting, generating, SLUG),
        Moved(generating, failed, SLUG),
    ]


async def test_each_image_of_a_cancel_is_told_of(shop: Shop) -> None:
    await shop.customer()
    placed = await shop.place(quantity=3)
    assert placed is not None
    first, *others = placed.items
    await shop.jobs.begin_submit(first)
    told = heard(shop)
    await shop.jobs.cancel(1)
    changes = {"status": ItemStatus.CANCELLED, "finished_at": NOW}
    assert told == [Moved(each, replace(each, **changes), SLUG) for each in others]  # type: ignore[arg-type]
    await shop.jobs.cancel(1)
    assert len(told) == 2, "there was nothing left to cancel"


async def test_what_was_not_done_is_not_told_of(shop: Shop) -> None:
    await shop.customer()
    await shop.customer(2, tokens=1)
    told = heard(shop)
    with pytest.raises(InsufficientTokensError):
        await shop.place(user_id=2)
    placed = await shop.place()
    assert placed is not None
    assert await shop.place() is None, "the message came again"
    await shop.jobs.begin_submit(placed.items[0])
    with pytest.raises(StaleItemError):
        await shop.jobs.begin_submit(placed.items[0])
    assert [type(news) for news in told] == [Placed, Moved]


async def test_a_listener_that_raises_hurts_nobody(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    def raise_error(_: Announcement) -> None:
        raise ZeroDivisionError

    shop.jobs.listen(raise_error)
    told = heard(shop)
    await shop.customer()
    assert await shop.place() is not None
    assert [type(news) for news in told] == [Placed]
    assert "ZeroDivisionError" in caplog.text


async def test_somebody_who_is_forgotten_is_told_of(shop: Shop) -> None:
    told: list[Announcement] = []
    announcer = Announcer()
    jobs = Jobs(shop.database, announcer)
    jobs.listen(told.append)
    forgetting = Forgetting(
        shop.database,
        buckets=Buckets(),
        welcome_mark=str,
        announcer=announcer,
    )
    await shop.customer()
    item = await shop.item()
    assert await forgetting.forget(1) == 1
    assert told == []
    await shop.jobs.fail(item, "no_result", "")
    assert await forgetting.forget(1) == 0
    assert told == [Forgotten(1)]


async def test_of_one_person_what_is_unfinished_is_told_of(shop: Shop) -> None:
    await shop.customer(1)
    await shop.customer(2)
    await shop.place(user_id=1, chat_id=1)
    placed = await shop.place(user_id=2, chat_id=2)
    assert placed is not None
    told = heard(shop)
    await shop.jobs.replay(2)
    assert told == [Placed(placed.job_id, placed.items, with_picture=False)]
