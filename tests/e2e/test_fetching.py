"""What KIE has drawn comes, whatever its result host does: only KIE's own word takes it back."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.kie import Result, Task
from storage.files import DiskFiles
from tests.support import ADMIN, World, png

TRIES = 8  # more than were ever made before a refund
NOT_FETCHED = "Midjourney (KIE) нарисовал, но картинку не удалось скачать."
UNUSABLE = "Midjourney (KIE) прислал то, что нельзя использовать как картинку."


def tries(world: World) -> int:
    """How often the result host was asked."""
    return sum(call.name == "result" for call in world.kie.calls)


async def tried(world: World, times: int = TRIES) -> None:
    """Wait until the result host was asked so often once more."""
    before = tries(world)
    await world.kie.wait_for(lambda: tries(world) >= before + times)


def heal(task: Task) -> None:
    """Let the task's result be served as usual from now on."""
    task.result = Result(data=png())


def statuses(world: World) -> set[str]:
    return {row["status"] for row in world.rows("SELECT status FROM items")}


@pytest.mark.parametrize("status", [403, 429, 500, 503])
async def test_a_result_host_that_is_down_loses_nothing(world: World, status: int) -> None:
    await world.stop()
    await world.start(max_quantity=8)
    anna = await world.customer()
    world.kie.down["result"] = status
    anna.send("кот --n 8")
    await world.until(lambda: len(world.rows("SELECT 1 FROM items WHERE fetch_attempts > 5")) == 8)
    assert statuses(world) == {"ready"}
    await world.stop()
    await world.start()
    await tried(world)
    assert statuses(world) == {"ready"}
    world.kie.down.clear()
    await world.pictures(anna, 8)
    await world.closed()
    assert world.balance(anna.user_id) == 1000 - 8 * 79
    assert len(world.kie.tasks) == 8


@pytest.mark.parametrize("fault", ["silence", "nothing", "a page", "half"])
async def test_what_does_not_come_whole_is_fetched_again(world: World, fault: str) -> None:
    await world.stop()
    world.tune(result_timeout_s=0.1, fetching=replace(world.tuning.fetching, believed_s=60))
    await world.start()
    anna = await world.customer()
    if fault == "silence":
        world.kie.next_result(hang=True)
    elif fault == "nothing":
        world.kie.next_result(data=b"")
    elif fault == "a page":
        world.kie.next_result(data=b"<html>Just a moment...</html>")
    else:
        world.kie.fault("result", cut_after_effect=True, times=TRIES)
    anna.send("кот")
    await tried(world)
    assert statuses(world) <= {"ready", "generating", "delivered"}
    heal(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 921


async def test_who_waits_for_a_result_is_told_and_holds_nobody_up(world: World) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    world.kie.next_result(status=503, times=3)
    anna.send("кот --n 3")
    told = await world.said(anna, lambda text: "3 картинки нарисованы, но пока не" in text)
    boris.send("пёс")
    await world.pictures(boris, 1)
    anna.send("лес")
    (forest,) = await world.pictures(anna, 1)
    await world.noted(forest)
    anna.send("/cancel")
    await world.said(anna, lambda text: text.startswith("Уже в работе и придёт: 3"))
    for task in world.kie.tasks:
        heal(task)
    await world.pictures(anna, 4)
    await world.telegram.wait_for(lambda: told.words.startswith("Готово: пришли 3 картинки."))
    await world.closed()
    said = [m for m in world.bot_messages(anna) if "не скачивается" in m.words]
    assert said == [], "in the progress message, and nowhere else"


async def test_the_one_picture_is_not_said_to_be_drawn_still(world: World) -> None:
    anna = await world.customer()
    world.kie.next_result(status=503)
    anna.send("кот")
    told = await world.said(anna, lambda text: "нарисована, но пока не скачивается" in text)
    assert "Рисую картинку" not in told.words
    heal(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.closed()


async def test_a_result_that_has_moved_is_fetched_from_its_new_address(world: World) -> None:
    anna = await world.customer()
    world.kie.down["result"] = 503
    anna.send("кот")
    await tried(world)
    (task,) = world.kie.tasks
    old = task.result_urls[0]
    world.kie.move_result(task)
    assert world.rows("SELECT result_url FROM items") == [{"result_url": old}]
    world.kie.down.clear()
    await world.pictures(anna, 1)
    await world.closed()
    assert world.rows("SELECT result_url FROM items") == [{"result_url": task.result_urls[0]}]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_result_that_is_gone_is_refunded_once_kie_names_no_other_address(
    world: World, status: int
) -> None:
    anna = await world.customer()
    world.kie.next_result(status=status)
    anna.send("кот")
    await world.said(anna, lambda text: text.startswith(NOT_FETCHED))
    await world.closed()
    assert world.balance(anna.user_id) == 1000
    names = [call.name for call in world.kie.calls if call.name in {"recordInfo", "result"}]
    assert names[-3:] == ["result", "recordInfo", "result"]


async def test_a_404_is_no_end_while_kie_cannot_be_asked(world: World) -> None:
    anna = await world.customer()
    world.kie.down["result"] = 503
    anna.send("кот")
    await tried(world)
    world.kie.down |= {"recordInfo": 502, "result": 404}
    asked = len(world.kie.calls)
    await world.kie.wait_for(
        lambda: sum(call.name == "recordInfo" for call in world.kie.calls[asked:]) > TRIES
    )
    assert statuses(world) == {"ready"}
    world.kie.down.clear()
    await world.pictures(anna, 1)
    await world.closed()


async def test_a_404_that_passes_is_no_end(world: World) -> None:
    await world.stop()
    world.tune(fetching=replace(world.tuning.fetching, gone_pause_s=0.5))
    await world.start()
    anna = await world.customer()
    world.kie.fault("result", html=404)
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()


async def test_a_disk_that_takes_no_files_loses_no_picture(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = DiskFiles.keep
    failed = 0

    def full(files: DiskFiles, incoming: Path, key: str) -> Path:
        nonlocal failed
        if failed < TRIES:
            failed += 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return keep(files, incoming, key)

    monkeypatch.setattr(DiskFiles, "keep", full)
    anna = await world.customer()
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    assert failed == TRIES
    assert not list((world.data_dir / "files" / "incoming").iterdir())


async def test_an_admin_ends_what_cannot_be_fetched(world: World) -> None:
    anna = await world.customer()
    world.kie.next_result(status=503)
    anna.send("кот")
    await tried(world)
    admin = world.telegram.person(ADMIN)
    admin.send("/jobs")
    card = await world.said(admin, lambda text: "Анна" in text and "·" in text)
    admin.forge(card, "jobs:end:1:1")
    await world.closed()
    assert world.balance(anna.user_id) == 1000
    heal(world.kie.tasks[0])
    await world.stop()
    assert not [m for m in world.bot_messages(anna) if m.photo]
