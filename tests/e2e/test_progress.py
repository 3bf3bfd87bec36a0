"""What the progress message says, and when."""

import asyncio
from dataclasses import replace
from typing import Any, cast
from unittest.mock import AsyncMock

import pytest

from bot.pipeline.durations import Durations
from bot.pipeline.fair_queue import FairQueue
from bot.pipeline.progress import Progress
from bot.telegram.errors import DeliveryError, UnreachableError
from bot.texts import load_texts
from storage.announcements import Placed
from storage.errors import StorageBusyError
from storage.items import ItemStatus
from storage.jobs import Jobs
from tests.e2e.test_limits import view_of
from tests.support import World


async def test_the_first_word_of_a_job_comes_before_pictures(world: World) -> None:
    await world.stop()
    world.tune(chat_messages=(1, 0.25))  # one message at a time, as Telegram has it
    await world.start(max_quantity=10, user_max_active_images=100, midjourney_kie_poll_timeout=600)
    anna = await world.customer(tokens=79 * 21)
    world.kie.task_seconds = 60
    anna.send("лес --n 10")
    anna.send("море --n 10")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 20)
    for task in world.kie.tasks:
        world.kie.finish(task)
    await world.pictures(anna, 1)
    prompt = anna.send("кот")

    def first_word() -> list[int]:
        answers = [each for each in world.bot_messages(anna) if each.reply_to and not each.photo]
        return [m.message_id for m in answers if m.reply_to and m.reply_to.message_id == prompt]

    await world.telegram.wait_for(first_word, timeout_s=60)
    last_picture = (await world.pictures(anna, 20))[-1]
    assert first_word()[0] < last_picture.message_id


async def test_the_cancel_button_goes_as_soon_as_nothing_can_be_cancelled(world: World) -> None:
    await world.stop()
    world.tune(edit_pause_s=3600.0)  # the next edit would be due in an hour
    await world.start(cancel_seconds=1, midjourney_kie_request_timeout=60)
    anna = await world.customer()
    world.kie.fault("createTask", hang=True)
    anna.send("кот")
    progress = await world.said(anna, lambda text: text.startswith(("Рисую", "Место в очереди")))
    await world.until(lambda: world.rows("SELECT 1 FROM items WHERE status = 'submitting'") != [])
    await world.telegram.wait_for(lambda: not progress.buttons)
    assert progress.words.startswith("Рисую картинку.")
    late = anna.forge(progress, "cancel:1")  # pressed before the edit came
    await world.telegram.wait_for(lambda: late.answer)
    assert late.answer is not None
    assert late.answer.text == "Уже в работе и придёт: 1."


async def test_of_several_the_button_stays_until_the_last_is_sent(world: World) -> None:
    await world.stop()
    world.tune(creates=(1, 3600.0))
    await world.start(midjourney_kie_poll_timeout=600)
    anna = await world.customer()
    world.kie.task_seconds = 600
    anna.send("кот --n 2")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 1)
    progress = await world.said(anna, lambda text: text.startswith("Готово: 0 из 2."))
    assert [each["text"] for each in progress.buttons] == ["Отменить"]
    await world.stop()
    world.tune(creates=(1000, 1.0))
    await world.start()
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 2)
    await world.telegram.wait_for(lambda: not progress.buttons)


async def test_until_something_is_measured_the_time_is_what_the_product_declares(
    world: World,
) -> None:
    await world.stop()
    await world.start(kling_3_kie_poll_timeout=600)
    anna = await world.customer()
    await world.write("UPDATE models SET enabled = slug = 'kling-3'")
    world.kie.task_seconds = 600
    anna.send("лиса бежит")
    await world.said(anna, lambda text: "Осталось примерно 2 мин" in text)


@pytest.mark.parametrize(
    ("inputs", "says"),
    [((), "Запрос в очереди."), (("x",), "Подготавливаю исходную картинку.")],
)
def test_what_has_no_place_yet_is_not_said_to_be_drawn(inputs: tuple[str, ...], says: str) -> None:
    view = view_of("кот")
    item = replace(view.items[0], status=ItemStatus.QUEUED)
    order = replace(view.order, inputs=inputs)
    view = replace(view, job=replace(view.job, order=order), items=[item])
    text = load_texts()["ru"].progress(view, product="M", position=None, left_s=None)
    assert text.startswith(f"{says}\nСписано: ")


class Deaf(Progress):
    """Cannot be told to the first time, and meanwhile the last picture has failed, or not."""

    error: Exception
    moves: bool
    again: asyncio.Event
    told: tuple[int, ...] = ()

    async def _keep(self, job_id: int, moved: asyncio.Event) -> None:
        moved.clear()
        self.told = (*self.told, job_id)
        if len(self.told) == 1:
            if self.moves:
                self.touch(job_id)
            raise self.error
        self.again.set()


@pytest.mark.parametrize(
    ("error", "moves"),
    [
        (DeliveryError("Bad Request"), True),
        (UnreachableError("no answer"), False),
        (StorageBusyError("held"), False),
    ],
)
async def test_what_could_not_be_told_is_told_before_the_next_start(
    error: Exception, moves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.pipeline.progress.AGAIN_PAUSE_S", 0.0)
    nobody = cast("Any", AsyncMock())
    progress = Deaf(nobody, FairQueue(), nobody, {}, nobody, Durations())
    progress.error, progress.moves, progress.again = error, moves, asyncio.Event()
    progress.hear(Placed(7, [], with_picture=False))
    running = asyncio.create_task(progress.run())
    async with asyncio.timeout(60):
        await progress.again.wait()
    running.cancel()
    await asyncio.wait([running])
    assert progress.told == (7, 7)


async def test_an_outcome_is_told_once_though_that_cannot_be_noted_at_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.tools.retry.STORAGE_PAUSE_S", 0.01)
    monkeypatch.setattr("bot.pipeline.progress.AGAIN_PAUSE_S", 0.01)
    held = {Jobs.close: 1, Jobs.set_progress_message: 1}

    def busy(method: Any) -> Any:
        async def note(*args: Any) -> None:
            if held[method]:
                held[method] -= 1
                raise StorageBusyError("held")
            await method(*args)

        return note

    for method in held:
        monkeypatch.setattr(Jobs, method.__name__, busy(method))
    anna = await world.customer()
    world.kie.fail_task("422", "No")
    anna.send("кот")
    await world.said(anna, lambda text: "No" in text)
    await world.closed()
    said = [each.words for each in world.bot_messages(anna) if each.reply_to]
    assert len(said) == 2, said  # the card and the reason
    assert list(held.values()) == [0, 0]


async def test_an_outcome_is_told_though_the_card_cannot_be_changed(world: World) -> None:
    anna = await world.customer()
    world.kie.task_seconds = 60
    world.kie.fail_task("422", "No")
    anna.send("кот")
    await world.kie.wait_for(lambda: bool(world.kie.tasks))
    await world.until(lambda: bool(world.rows("SELECT 1 FROM jobs WHERE progress_message_id > 0")))
    world.telegram.fault(
        "editMessageText", status=400, description="Bad Request: MESSAGE_ID_INVALID", times=1000
    )
    world.kie.finish(world.kie.tasks[0])
    await world.said(anna, lambda text: "No" in text)
    await world.closed()
