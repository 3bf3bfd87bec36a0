"""Between the charge and the provider: pictures are prepared, a grace passes, answers are lost."""

import json
import time
from typing import Any

import pytest
from stamina import AsyncRetryingCaller

from bot.demo.telegram import CallbackQuery, Message, Person
from tests.support import World, png

POOL = 100  # connections, unless aiohttp is told otherwise
ATTEMPTS = "SELECT status, attempts FROM items ORDER BY item_id"


def creates(world: World) -> int:
    return sum(call.name == "createTask" for call in world.kie.calls)


async def cancelled(world: World, person: Person, progress: Message) -> str:
    """Press the red button; what is answered."""
    press = person.press(progress, "Отменить")
    await world.telegram.wait_for(lambda: press.answer)
    return answer(press)


def answer(press: CallbackQuery) -> str:
    return (press.answer and press.answer.text) or ""


# --- Pictures to start from


async def test_words_do_not_wait_for_pictures(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of the same person, while nothing can be uploaded; what waits can be cancelled."""
    monkeypatch.setattr("bot.pipeline.worker.SUBMITTERS", 2)
    await world.stop()
    await world.start(midjourney_kie_request_timeout=3600)
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    vera = await world.customer(1003, "Вера")
    world.kie.fault("upload", hang=True, times=10)
    for person in (anna, boris):
        person.send_photo(png(100, 50), caption="комикс")
    await world.kie.wait_for(lambda: sum(call.name == "upload" for call in world.kie.calls) == 2)
    for person in (anna, vera):
        person.send("кот")
        await world.pictures(person, 1)
    progress = await world.said(
        anna, lambda text: text.startswith("Подготавливаю исходную картинку.\n")
    )
    assert "▱" not in progress.words
    said = await cancelled(world, anna, progress)
    assert said == "Отменено: 1. Возвращено: 79 токенов, на балансе: 921."
    await world.stop()
    await world.start()  # what was begun begins anew
    while world.kie.take_fault("upload"):
        pass
    await world.pictures(boris, 1)
    await world.closed()
    assert len(world.kie.tasks) == 3


async def test_an_upload_that_grew_old_in_the_queue_is_made_anew(world: World) -> None:
    await world.stop()
    retry = AsyncRetryingCaller(
        attempts=None, timeout=600, wait_initial=0.01, wait_max=0.05, wait_jitter=0.01
    )
    world.tune(create_retry=retry)
    await world.start()
    anna = await world.customer()
    world.kie.fail_create(429, times=100_000)
    anna.send("кот")
    await world.until(lambda: creates(world) > 0)
    anna.send_photo(png(100, 50), caption="комикс")
    await world.until(lambda: bool(world.rows("SELECT 1 FROM jobs WHERE input_uploads <> '[]'")))
    await world.write(
        "UPDATE jobs SET input_uploads ="
        " json_set(input_uploads, '$[0][2]', json_extract(input_uploads, '$[0][2]') - 21 * 3600)"
        " WHERE input_uploads <> '[]'"
    )
    world.kie.mend()
    await world.pictures(anna, 2)
    await world.closed()
    uploads = [call for call in world.kie.calls if call.name == "upload"]
    assert len(uploads) == 2
    rows = world.rows("SELECT input_uploads FROM jobs WHERE input_uploads <> '[]'")
    first, last = json.loads(rows[0]["input_uploads"])
    assert world.kie.tasks[1].input["image_url"] == last[1] != first[1]


# --- Questions that hang


async def test_creates_have_connections_of_their_own(world: World) -> None:
    """More questions hang than one pool has connections."""
    await world.stop()
    await world.start(
        midjourney_kie_request_timeout=3600, user_max_active_images=1000, max_quantity=10
    )
    anna = await world.customer(tokens=79 * 150)
    boris = await world.customer(1002, "Борис")
    world.kie.task_seconds = 3600
    world.kie.fault("recordInfo", hang=True, times=1000)
    for _ in range(15):
        anna.send("кот --n 10")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 150)
    await world.kie.wait_for(lambda: asked(world) >= POOL)
    boris.send("пёс")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 151)


def asked(world: World) -> int:
    return sum(call.name == "recordInfo" for call in world.kie.calls)


# --- A moment in which it can be cancelled


async def test_cancel_works_on_an_idle_bot(world: World) -> None:
    await world.stop()
    await world.start(cancel_seconds=60)
    anna = await world.customer()
    anna.send("кот --n 2")
    progress = await world.said(anna, lambda text: "Место в очереди: 1." in text)
    said = await cancelled(world, anna, progress)
    assert said == "Отменено: 2. Возвращено: 158 токенов, на балансе: 1000."
    await world.closed()
    assert world.kie.tasks == []


async def test_again_and_what_was_asked_about_can_be_cancelled_too(world: World) -> None:
    anna = await world.customer()
    await world.prefer(anna.user_id, ask="always")
    await world.stop()
    await world.start(cancel_seconds=60)
    anna.send("кот")
    question = await world.said(anna, lambda text: text.startswith("Нарисовать это?"))
    anna.press(question, "Нарисовать")
    await world.telegram.wait_for(lambda: "Место в очереди: 1." in question.words)
    assert (await cancelled(world, anna, question)).startswith("Отменено: 1.")
    await world.closed()
    await world.stop()
    await world.prefer(anna.user_id, ask="never")
    await world.start(cancel_seconds=0)
    anna.send("пёс")
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    await world.stop()
    await world.start(cancel_seconds=60)
    anna.press(picture, "Ещё раз · 79")
    progress = await world.said(anna, lambda text: "Место в очереди: 1." in text)
    assert (await cancelled(world, anna, progress)).startswith("Отменено: 1.")
    await world.closed()
    assert len(world.kie.tasks) == 1


@pytest.mark.parametrize(
    "earlier_s", [61, -86_400], ids=["waited enough", "the clock was put back"]
)
async def test_the_moment_is_counted_from_the_request(world: World, earlier_s: float) -> None:
    await world.stop()
    await world.start(cancel_seconds=60)
    anna = await world.customer()
    anna.send("кот")
    await world.said(anna, lambda text: "Место в очереди: 1." in text)
    await world.stop()
    await world.write("UPDATE jobs SET created_at = created_at - ?", earlier_s)
    # No longer than the moment itself, whatever the clock says.
    await world.start(cancel_seconds=60 if earlier_s > 0 else 0.01)
    await world.pictures(anna, 1)


# --- The answer to a create is lost


async def test_an_outage_fails_nobody_and_the_pause_survives_a_restart(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile they hold no place: there is only one here."""
    monkeypatch.setattr("bot.pipeline.worker.SUBMITTERS", 1)
    await world.stop()
    world.tune(lost_pause_s=3600)
    await world.start()
    anna = await world.customer()
    world.kie.fault("createTask", html=502, times=8)
    for _ in range(2):
        anna.send("кот --n 4")
    once = [{"status": "submitting", "attempts": 1}] * 8
    await world.until(lambda: world.rows(ATTEMPTS) == once)
    await world.stop()
    await world.start()
    boris = await world.customer(1002, "Борис")
    boris.send("пёс")
    await world.pictures(boris, 1)
    assert creates(world) == 9
    await world.until(lambda: world.rows(ATTEMPTS)[:8] == once)
    await world.stop()
    await world.write("UPDATE items SET create_after = 0 WHERE create_after IS NOT NULL")
    await world.start()
    await world.pictures(anna, 8)
    await world.closed()
    assert world.rows(ATTEMPTS)[:8] == [{"status": "delivered", "attempts": 2}] * 8
    assert world.balance(anna.user_id) == 1000 - 8 * 79


async def test_the_pause_is_kept_by_itself(world: World) -> None:
    anna = await world.customer()
    world.kie.fault("createTask", html=502)
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    first, second = (call.at for call in world.kie.calls if call.name == "createTask")
    assert second - first >= world.tuning.lost_pause_s


async def test_a_clock_put_back_does_not_hold_a_create_up(world: World) -> None:
    """By the clock of before, its turn comes in a day."""
    anna = await world.customer()
    await world.stop()
    world.tune(lost_pause_s=3600)
    await world.start()
    world.kie.fault("createTask", html=502)
    anna.send("кот")
    await world.until(lambda: lost(world) == [1])
    await world.stop()
    await world.write("UPDATE items SET create_after = create_after + 86400")
    await world.start()
    await world.pictures(anna, 1)


async def test_a_create_that_was_torn_by_a_stop_is_repeated_after_the_pause(world: World) -> None:
    await world.stop()
    world.tune(lost_pause_s=3600)
    await world.start(midjourney_kie_request_timeout=60)
    anna = await world.customer()
    world.kie.fault("createTask", hang=True)
    anna.send("кот")
    await world.kie.wait_for(lambda: creates(world) == 1)
    await world.stop()
    (row,) = world.rows("SELECT status, attempts, create_after FROM items")
    assert (row["status"], row["attempts"]) == ("submitting", 1)
    assert row["create_after"] > time.time() + 3000
    await world.start()
    boris = await world.customer(1002, "Борис")
    boris.send("пёс")
    await world.pictures(boris, 1)
    assert creates(world) == 2
    await world.stop()
    await world.write("UPDATE items SET create_after = 0 WHERE create_after IS NOT NULL")
    await world.start()
    await world.pictures(anna, 1)


async def test_while_answers_are_lost_nobody_else_is_sent(world: World) -> None:
    await world.stop()
    world.tune(outage_pause_s=3600, longest_outage_pause_s=3600, lost_pause_s=3600)
    await world.start()
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    world.kie.fault("createTask", cut_after_effect=True)
    anna.send("кот")
    await world.until(lambda: lost(world) == [1])
    boris.send("пёс --n 2")
    progress = await world.said(boris, lambda text: "Место в очереди: 1." in text)
    said = await cancelled(world, boris, progress)
    assert said == "Отменено: 2. Возвращено: 158 токенов, на балансе: 1000."
    assert creates(world) == 1
    await world.stop()  # a new process tries anew
    await world.start()
    boris.send("пёс")
    await world.pictures(boris, 1)


async def test_other_products_do_not_wait_for_one_whose_answers_are_lost(world: World) -> None:
    await world.stop()
    world.tune(outage_pause_s=3600, longest_outage_pause_s=3600, lost_pause_s=3600)
    await world.start()
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    await world.write("UPDATE models SET enabled = 1 WHERE slug = 'banana'")
    world.kie.fault("createTask", cut_after_effect=True)
    anna.send("рыжая лиса --model banana")
    await world.until(lambda: lost(world) == [1])
    boris.send("пёс")
    await world.pictures(boris, 1)


def lost(world: World) -> list[Any]:
    """How far items are whose create was lost, as the worker noted when it heard of that."""
    rows = world.rows("SELECT attempts FROM items WHERE create_after > ?", time.time() + 3500)
    return [row["attempts"] for row in rows]
