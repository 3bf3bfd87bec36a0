"""One item, one answer or one number can neither stop the bot nor hold up the others."""

import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from storage.errors import StorageError
from storage.items import Item
from storage.jobs import Jobs
from tests.e2e.test_faults import refunded
from tests.support import ADMIN, World

HALF = "\ud83d"  # of an emoji; on the wire it is written as an escape


async def test_half_an_emoji_in_the_reason_of_a_failure(world: World) -> None:
    world.kie.fail_task("500", f"No {HALF}\x00 today.")
    said = await refunded(world, "No \ufffd today.")
    assert HALF not in said
    await goes_on(world)


async def test_half_an_emoji_in_the_refusal_of_a_create(world: World) -> None:
    world.kie.fail_create(422, msg=f"No {HALF}\n\ntoday.")
    await refunded(world, "Midjourney (KIE) createTask error 422: No \ufffd today.")
    await goes_on(world)


async def test_half_an_emoji_everywhere_else(world: World) -> None:
    """In the id of a task, in the code and in the state of one, in an address."""
    anna = await world.customer(tokens=790)
    world.kie.next_task_id(HALF)
    world.kie.states = (HALF, "waiting")
    world.kie.task_seconds = 0.3
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    world.kie.fail_task(HALF, "Sorry.")
    anna.send("пёс")
    await world.said(anna, lambda text: text.startswith("Sorry."))
    world.kie.next_result(urls=[f"https://example.com/{HALF}.png"])
    anna.send("лис")
    await world.said(anna, lambda text: text.startswith("Midjourney (KIE) не вернул ссылки"))
    await goes_on(world)


async def test_a_task_id_that_another_image_has(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Twenty of them do not stop the creates."""
    await world.stop()
    await world.start(user_max_active_images=100, max_quantity=10)
    anna = await world.customer(tokens=79 * 30)
    world.kie.task_seconds = 3600
    anna.send("кот")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 1)
    known = world.kie.tasks[0].task_id
    world.kie.next_task_id(known, times=20)
    anna.send("пёс --n 10")
    anna.send("лис --n 10")
    failed = "SELECT failure, attempts FROM items WHERE status = 'failed'"
    await world.until(lambda: len(world.rows(failed)) == 20)
    assert world.rows(failed) == [{"failure": "internal", "attempts": 1}] * 20
    assert world.balance(anna.user_id) == 79 * 29
    admin = world.telegram.person(ADMIN)
    await world.said(admin, lambda text: "ошибки в самом боте" in text)
    assert "UNIQUE constraint failed: items.task_id" in caplog.text
    world.kie.finish(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.closed()
    world.kie.task_seconds = 0.05
    await goes_on(world)


async def test_an_end_that_cannot_be_stored_is_stored_without_its_words(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail = Jobs.fail

    async def spoilt(jobs: Jobs, item: Item, failure: str, detail: str, **more: Any) -> Item:
        if detail:
            raise StorageError("these words are not taken")
        return await fail(jobs, item, failure, detail, **more)

    monkeypatch.setattr(Jobs, "fail", spoilt)
    world.kie.fail_task("500", "Sorry.")
    await refunded(world, "Что-то сломалось у нас.")
    assert any(record.levelno == logging.CRITICAL for record in caplog.records)
    await goes_on(world)


async def test_an_end_that_cannot_be_stored_at_all_is_left_to_the_next_start(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await world.customer(tokens=790)
    with monkeypatch.context() as patch:
        patch.setattr(Jobs, "fail", raising(RuntimeError("nothing is taken")))
        world.kie.fail_task("500", "Sorry.")
        anna.send("кот")
        await world.until(lambda: "kept for the next start" in caplog.text)
        await goes_on(world)
        assert world.rows("SELECT status FROM items ORDER BY item_id LIMIT 1") == [
            {"status": "generating"}
        ]
        await world.stop()
    await world.start()
    await world.said(anna, lambda text: text.startswith("Sorry."))


def raising(error: Exception) -> Callable[..., Awaitable[Any]]:
    async def step(*_: Any, **__: Any) -> Any:
        raise error

    return step


@pytest.mark.parametrize("left", ["9" * 400, "1e400", "NaN", "-Infinity", "true"])
async def test_a_credit_that_is_no_number(world: World, left: str) -> None:
    body = f'{{"code":200,"msg":"success","data":{left}}}'
    world.kie.fault("credit", body=body, times=5)
    await goes_on(world, user_id=1001)
    await world.kie.wait_for(lambda: any(call.name == "credit" for call in world.kie.calls))
    await goes_on(world, user_id=1002)


async def test_a_look_at_the_account_that_goes_wrong_is_not_the_last(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await world.stop()
    world.tune(credit_pause_s=0.01)
    await world.start()
    with monkeypatch.context() as patch:
        patch.setattr(
            "bot.admin.kie_account.KieAccount._credit", raising(sqlite3.Error("anything"))
        )
        await goes_on(world, user_id=1001)
        await world.until(lambda: "the KIE account could not be checked" in caplog.text)
    await goes_on(world, user_id=1002)
    await world.kie.wait_for(lambda: any(call.name == "credit" for call in world.kie.calls))


async def goes_on(world: World, user_id: int = 1999) -> None:
    """The bot draws for somebody else."""
    boris = await world.customer(user_id, "Борис", tokens=79)
    boris.send("пёс")
    await world.pictures(boris, 1)
