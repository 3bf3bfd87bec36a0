"""Each step of an item: guarded, and with its money in the same transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from storage.announcements import Placed
from storage.audit import broken_invariants
from storage.errors import StaleItemError, StorageError
from storage.items import Item, ItemStatus
from storage.jobs import Jobs
from tests.unit.storage.shop import NOW, PRICE, Shop

Step = Callable[[Jobs, Item], Awaitable[Item]]

STEPS: dict[str, tuple[str, Step]] = {
    "begin_submit": ("queued", lambda jobs, item: jobs.begin_submit(item)),
    "task_created": ("submitting", lambda jobs, item: jobs.task_created(item, "t")),
    "result_ready": ("generating", lambda jobs, item: jobs.result_ready(item, "https://u")),
    "delivered": ("ready", lambda jobs, item: jobs.delivered(item, 500)),
    "fail queued": ("queued", lambda jobs, item: jobs.fail(item, "no_answer", "")),
    "fail submitting": ("submitting", lambda jobs, item: jobs.fail(item, "no_answer", "")),
    "fail generating": ("generating", lambda jobs, item: jobs.fail(item, "no_answer", "")),
    "fail ready": ("ready", lambda jobs, item: jobs.fail(item, "no_answer", "")),
}


async def test_the_whole_walk_is_stored(shop: Shop) -> None:
    await shop.customer()
    queued = await shop.item()
    assert (queued.attempts, queued.task_id, queued.finished_at) == (0, None, None)
    submitting = await shop.jobs.begin_submit(queued)
    assert (submitting.status, submitting.attempts) == (ItemStatus.SUBMITTING, 1)
    generating = await shop.jobs.task_created(submitting, "task-7")
    assert (generating.status, generating.task_id) == (ItemStatus.GENERATING, "task-7")
    assert generating.submitted_at == NOW
    ready = await shop.jobs.result_ready(
        generating, "https://example.com/1.png", drawn_s=7.5, credits=3.24
    )
    assert (ready.drawn_s, ready.credits) == (7.5, 3.24)
    assert (ready.status, ready.result_url) == (ItemStatus.READY, "https://example.com/1.png")
    kept = await shop.jobs.file_kept(ready, "ab/abc.png", to_store=False)
    assert (kept.status, kept.file_key) == (ItemStatus.READY, "ab/abc.png")
    delivered = await shop.jobs.delivered(kept, 501)
    assert (delivered.status, delivered.message_id) == (ItemStatus.DELIVERED, 501)
    assert (delivered.finished_at, delivered.task_id) == (NOW, "task-7")
    assert (delivered.file_key, delivered.attempts) == ("ab/abc.png", 1)
    assert await shop.jobs.item(queued.item_id) == delivered
    assert await shop.ledger.balance(1) == 1000 - PRICE


async def test_what_is_noted_of_a_result_that_cannot_be_fetched(shop: Shop) -> None:
    await shop.customer()
    ready = await shop.item("ready")
    noted = await shop.jobs.fetch_failed(await shop.jobs.fetch_failed(ready))
    moved = await shop.jobs.result_moved(noted, "https://example.com/2.png")
    assert await shop.jobs.item(ready.item_id) == moved
    assert moved == replace(ready, fetch_attempts=2, result_url="https://example.com/2.png")
    await shop.jobs.delivered(moved, 500)
    for late in (shop.jobs.fetch_failed(moved), shop.jobs.result_moved(moved, "https://v")):
        with pytest.raises(StaleItemError):
            await late
    assert (await shop.jobs.item(ready.item_id)).status is ItemStatus.DELIVERED


@pytest.mark.parametrize(("status", "step"), STEPS.values(), ids=STEPS.keys())
async def test_a_step_returns_what_is_stored(shop: Shop, status: str, step: Step) -> None:
    await shop.customer()
    item = await shop.item(status)
    moved = await step(shop.jobs, item)
    assert moved != item
    assert await shop.jobs.item(item.item_id) == moved


@pytest.mark.parametrize(("status", "step"), STEPS.values(), ids=STEPS.keys())
async def test_a_stale_image_moves_nothing(shop: Shop, status: str, step: Step) -> None:
    await shop.customer()
    item = await shop.item(status)
    await step(shop.jobs, item)
    before = await shop.everything()
    with pytest.raises(StaleItemError):
        await step(shop.jobs, item)
    assert await shop.everything() == before


@pytest.mark.parametrize("status", ["queued", "submitting", "generating", "ready"])
async def test_failing_gives_the_tokens_back_once(shop: Shop, status: str) -> None:
    await shop.customer()
    item = await shop.item(status)
    failed = await shop.jobs.fail(item, "generation_failed", "nudity")
    assert (failed.status, failed.failure, failed.failure_detail) == (
        ItemStatus.FAILED,
        "generation_failed",
        "nudity",
    )
    assert failed.finished_at == NOW
    assert await shop.ledger.balance(1) == 1000
    for seen in (item, failed):  # stale, and seen as it is
        with pytest.raises(StorageError):
            await shop.jobs.fail(seen, "generation_failed", "again")
    assert await shop.ledger.balance(1) == 1000
    assert await shop.jobs.item(item.item_id) == failed
    assert await broken_invariants(shop.database) == []


async def test_a_delivered_image_is_never_refunded(shop: Shop) -> None:
    await shop.customer()
    ready = await shop.item("ready")
    delivered = await shop.jobs.delivered(ready, 501)
    before = await shop.everything()
    with pytest.raises(StaleItemError):
        await shop.jobs.fail(ready, "not_delivered", "")
    with pytest.raises(StaleItemError):
        await shop.jobs.fail(delivered, "not_delivered", "")
    assert await shop.everything() == before


async def test_the_refund_is_what_was_charged(shop: Shop) -> None:
    await shop.customer()
    item = await shop.item()
    await shop.run("UPDATE models SET price = 500")
    await shop.jobs.fail(item, "no_answer", "")
    (entry,) = await shop.rows("SELECT * FROM ledger WHERE kind = 'refund'")
    assert (entry["user_id"], entry["item_id"], entry["amount"]) == (1, item.item_id, PRICE)


async def test_not_taken_restores_what_was_before(shop: Shop) -> None:
    await shop.customer()
    queued = await shop.item()
    before = await shop.everything()
    submitting = await shop.jobs.begin_submit(queued)
    assert await shop.jobs.not_taken(submitting, queued) == queued
    assert await shop.everything() == before
    with pytest.raises(StaleItemError):
        await shop.jobs.not_taken(submitting, queued)


async def test_a_repeat_that_was_not_taken_leaves_the_first_attempt_counted(shop: Shop) -> None:
    await shop.customer()
    first = await shop.item("submitting")  # a crash left it so
    second = await shop.jobs.begin_submit(first)
    assert (second.status, second.attempts) == (ItemStatus.SUBMITTING, 2)
    assert await shop.jobs.not_taken(second, first) == first


async def test_when_it_may_be_created_again_is_written_with_the_attempt(shop: Shop) -> None:
    await shop.customer()
    queued = await shop.item()
    first = await shop.jobs.begin_submit(queued, create_after=NOW + 10)
    assert (await shop.jobs.item(queued.item_id)).create_after == NOW + 10
    lost = await shop.jobs.create_lost(first, create_after=NOW + 70)
    assert await shop.jobs.item(queued.item_id) == lost
    assert (lost.status, lost.attempts, lost.create_after) == (
        ItemStatus.SUBMITTING,
        1,
        NOW + 70,
    )
    second = await shop.jobs.begin_submit(lost, create_after=NOW + 99)
    assert await shop.jobs.not_taken(second, lost) == lost
    generating = await shop.jobs.task_created(lost, "t")
    assert generating.create_after is None
    with pytest.raises(StaleItemError):
        await shop.jobs.create_lost(lost, create_after=NOW)


async def replayed(shop: Shop) -> list[Placed]:
    """What a start is told."""
    told: list[Any] = []
    shop.jobs.listen(told.append)
    await shop.jobs.replay()
    return told


async def test_jobs_that_start_from_a_picture_are_found_until_they_are_closed(shop: Shop) -> None:
    await shop.customer()
    words = await shop.item("delivered", message_id=1)
    item = await shop.item("delivered", message_id=2)
    await shop.run("UPDATE jobs SET input_file_id = 'f' WHERE job_id = ?", item.job_id)
    assert await replayed(shop) == [
        Placed(words.job_id, [words], with_picture=False),
        Placed(item.job_id, [item], with_picture=True),
    ]
    await shop.jobs.close(item.job_id)
    assert await replayed(shop) == [Placed(words.job_id, [words], with_picture=False)]


async def test_there_is_no_third_attempt(shop: Shop) -> None:
    await shop.customer()
    second = await shop.jobs.begin_submit(await shop.item("submitting"))
    with pytest.raises(StorageError, match="attempts BETWEEN"):
        await shop.jobs.begin_submit(second)
    assert await shop.jobs.item(second.item_id) == second


async def test_an_answer_that_comes_after_a_second_attempt_began_is_stale(shop: Shop) -> None:
    await shop.customer()
    first = await shop.item("submitting")
    await shop.jobs.begin_submit(first)
    with pytest.raises(StaleItemError):
        await shop.jobs.task_created(first, "late")


async def test_what_is_unfinished_is_found_oldest_first(shop: Shop) -> None:
    await shop.customer()
    items = [
        await shop.item(status, message_id=20 - number)
        for number, status in enumerate(
            ["ready", "delivered", "queued", "failed", "generating", "submitting"]
        )
    ]
    for item in items:
        await shop.jobs.close(item.job_id)  # which is about what was told, and not about them
    unfinished = [item for placed in await replayed(shop) for item in placed.items]
    assert unfinished == [items[0], items[2], items[4], items[5]]
    assert [item.status.ended for item in items] == [False, True, False, True, False, False]


async def test_a_job_is_open_until_its_outcome_was_told(shop: Shop) -> None:
    await shop.customer()
    first = await shop.item("delivered", message_id=10)
    second = await shop.item("failed", message_id=11)
    assert [each.job_id for each in await replayed(shop)] == [first.job_id, second.job_id]
    await shop.jobs.close(first.job_id)
    await shop.jobs.close(first.job_id)
    assert [each.job_id for each in await replayed(shop)] == [second.job_id]
    assert (await shop.jobs.view(first.job_id)).job.closed_at == NOW
    await shop.jobs.set_progress_message(second.job_id, 66)
    assert (await shop.jobs.view(second.job_id)).job.progress_message_id == 66


async def test_what_is_not_there_is_not_found(shop: Shop) -> None:
    with pytest.raises(LookupError):
        await shop.jobs.item(1)
    with pytest.raises(LookupError):
        await shop.jobs.view(1)
