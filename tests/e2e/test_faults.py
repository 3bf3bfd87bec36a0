"""What goes wrong at KIE, on the way, or at Telegram: nobody pays for what did not come."""

import io
import time
from dataclasses import replace
from typing import Any

import bot.telegram.aiogram_patches  # noqa: F401 - before aiogram

# isort: split
import pytest
from aiogram import Bot
from aiogram.methods import SendPhoto, TelegramMethod
from PIL import Image

from bot.demo.kie import Call, KieLimits
from bot.telegram.session import Session
from tests.support import ADMIN, World, png

GIVEN_BACK = "Возвращено: 79 токенов."


async def refunded(world: World, begins: str) -> str:
    """Send one prompt that has to fail: the sentence for it, once the tokens are back."""
    anna = await world.customer(tokens=790)
    prompt = anna.send("кот")
    said = await world.said(anna, lambda text: text.startswith(begins))
    assert said.reply_to is not None
    assert said.reply_to.message_id == prompt
    assert said.words.endswith(GIVEN_BACK)
    await world.closed()
    assert world.balance(anna.user_id) == 790
    summary = await world.said(anna, lambda text: text.startswith("Картинка не получилась."))
    assert said.words in summary.words
    assert summary.words.endswith("Списано: 79 токенов, возвращено: 79, на балансе: 790.")
    return said.words


# --- The task fails


async def test_fail_is_told_in_the_provider_s_words(world: World) -> None:
    world.kie.fail_task("422", "Invalid prompt: prompt contains <prohibited> content")
    await refunded(world, "Invalid prompt: prompt contains <prohibited> content.")


async def test_success_without_urls(world: World) -> None:
    world.kie.next_result(urls=[])
    await refunded(world, "Midjourney (KIE) не вернул ссылки на изображения")


@pytest.mark.parametrize("raw", ["{broken", "", None, {"resultUrls": []}, '{"resultUrls": "x"}'])
async def test_broken_result_json(world: World, raw: object) -> None:
    world.kie.next_result(raw=raw)
    await refunded(world, "Midjourney (KIE) не вернул ссылки на изображения")


async def test_one_of_two_fails_and_one_arrives(world: World) -> None:
    anna = await world.customer(tokens=790)
    world.kie.fail_task("500", "Internal Error, Please try again later.")
    anna.send("кот --n 2")
    await world.pictures(anna, 1)
    await world.closed()
    summary = await world.said(anna, lambda text: text.startswith("Пришло картинок: 1 из 2."))
    assert summary.words == (
        "Пришло картинок: 1 из 2.\n"
        "Internal Error, Please try again later. Попробуйте позже или с другим описанием."
        " Возвращено: 79 токенов.\n"
        "Списано: 158 токенов, возвращено: 79, на балансе: 711."
    )


# --- The create is refused


@pytest.mark.parametrize(
    ("code", "begins"),
    [
        (422, "Midjourney (KIE) createTask error 422"),
        (455, "Midjourney (KIE) createTask error 455"),
        (402, "Midjourney (KIE) createTask error 402"),
        (401, "Midjourney (KIE) createTask error 401"),
        (433, "Midjourney (KIE) createTask error 433"),
    ],
)
@pytest.mark.parametrize("http_status", [200, None])
async def test_create_refused(
    world: World, code: int, begins: str, http_status: int | None
) -> None:
    world.kie.fail_create(code, http_status=http_status or code)
    await refunded(world, begins)
    assert sum(call.path.endswith("createTask") for call in world.kie.calls) == 1


@pytest.mark.parametrize("http_status", [200, 500])
async def test_a_wrong_input_has_the_code_of_a_broken_server(
    world: World, http_status: int
) -> None:
    world.kie.fail_create(500, msg="This field is required", http_status=http_status)
    await refunded(world, "Midjourney (KIE) createTask error 500: This field is required.")
    assert sum(call.path.endswith("createTask") for call in world.kie.calls) == 1


async def test_an_exception_of_the_server_is_a_lost_answer(world: World) -> None:
    anna = await world.customer(tokens=79)
    world.kie.fail_create(500)
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.rows("SELECT attempts FROM items") == [{"attempts": 2}]


async def test_out_of_credit_is_told_to_the_person_and_once_to_the_admins(world: World) -> None:
    anna = await world.customer(tokens=790)
    world.kie.fail_create(402, times=3)
    anna.send("кот --n 3")
    await world.closed()
    said = await world.said(anna, lambda text: text.startswith("Midjourney (KIE) createTask error"))
    assert "У сервиса закончились кредиты" in said.words
    assert said.words.endswith("Возвращено: 237 токенов.")
    admin = world.telegram.person(ADMIN)
    await world.said(admin, lambda text: "На счёте KIE закончились кредиты." in text)
    assert sum("закончились кредиты" in m.words for m in world.bot_messages(admin)) == 1


async def test_the_text_of_missing_credit_counts_under_any_code(world: World) -> None:
    msg = "Credits insufficient : Your current balance isn’t enough to run this request."
    world.kie.fail_create(500, msg=msg)
    said = await refunded(world, "Midjourney (KIE) createTask error 500: Credits insufficient")
    assert "У сервиса закончились кредиты" in said


@pytest.mark.parametrize("code", [401, 433])
async def test_a_bad_key_is_told_to_the_admins(world: World, code: int) -> None:
    world.kie.fail_create(code)
    await refunded(world, f"Midjourney (KIE) createTask error {code}")
    admin = world.telegram.person(ADMIN)
    await world.said(admin, lambda text: "KIE не принимает ключ" in text)


@pytest.mark.parametrize("http_status", [200, 429])
async def test_429_waits_in_its_place(world: World, http_status: int) -> None:
    anna = await world.customer()
    world.kie.fail_create(429, http_status=http_status, times=3)
    anna.send("кот --n 2 --seed 1")
    await world.pictures(anna, 2)
    await world.closed()
    rows = world.rows("SELECT task_id, attempts FROM items ORDER BY position")
    assert [row["task_id"] for row in rows] == [task.task_id for task in world.kie.tasks]
    assert [row["attempts"] for row in rows] == [1, 1], "what was not taken does not count"


async def test_the_account_s_limits_are_never_met(world: World) -> None:
    """20 creates in a window and 10 polls in another, with KIE counting: no 429, all arrive."""
    await world.stop()
    world.tune(creates=(20, 1.05), polls=(40, 1.1))
    world.kie.limits = KieLimits(creates=20, create_window_s=1.0, polls_per_s=40)
    await world.start(user_max_active_images=100, max_quantity=10)
    anna = await world.customer(tokens=10_000)
    world.kie.next_result(data=png(), times=30)
    for _ in range(3):
        anna.send("кот --n 10")
    await world.pictures(anna, 30)
    await world.closed()
    assert {call.code for call in world.kie.calls if call.name in {"createTask", "recordInfo"}} == {
        200
    }


# --- The answer is lost


async def test_a_hanging_create_is_repeated_once_then_refunded(world: World) -> None:
    await world.stop()
    await world.start(midjourney_kie_request_timeout=0.1)
    world.kie.fault("createTask", hang=True, times=5)
    said = await refunded(world, "Midjourney (KIE) createTask error")
    assert "Сервис не ответил." in said
    assert sum(call.path.endswith("createTask") for call in world.kie.calls) == 2


LOST: list[dict[str, Any]] = [
    {"html": 502},
    {"body": "<html>not json"},
    {"cut_before_effect": True},
    {"cut_after_effect": True},
]


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: next(iter(fault)))
async def test_a_lost_answer_is_repeated_once(world: World, fault: dict[str, Any]) -> None:
    anna = await world.customer(tokens=79)
    world.kie.fault("createTask", **fault)
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.rows("SELECT attempts FROM items") == [{"attempts": 2}]


async def test_a_failed_poll_never_ends_a_task(world: World) -> None:
    anna = await world.customer()
    world.kie.fail_poll(429, http_status=429)
    world.kie.fail_poll(429, http_status=200)
    world.kie.fail_poll(500, http_status=200)
    world.kie.fail_poll(401, http_status=200)
    world.kie.fail_poll(422, http_status=200, msg="recordInfo is null")
    world.kie.fault("recordInfo", html=502)
    world.kie.fault("recordInfo", body="{")
    world.kie.fault("recordInfo", cut_before_effect=True)
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    assert len(world.kie.tasks) == 1
    assert len(world.kie.calls) > 8
    await world.said(world.telegram.person(ADMIN), lambda text: "KIE не принимает ключ" in text)


async def test_unknown_states_mean_still_running(world: World) -> None:
    anna = await world.customer()
    world.kie.states = ("waiting", "queuing", "generating", "daydreaming")
    world.kie.task_seconds = 0.3
    anna.send("кот")
    await world.pictures(anna, 1)


async def test_a_task_that_can_no_longer_be_asked_about(world: World) -> None:
    world.kie.record_delay_s = 3600
    await refunded(world, "KIE.AI recordInfo error 422: recordInfo is null.")


@pytest.mark.parametrize("page", [404, 403, 502])
async def test_an_outage_of_kie_ends_nothing_however_long_it_is(world: World, page: int) -> None:
    """Longer than a task may take, and than a restart's grace: what was drawn comes after it."""
    await world.stop()
    world.tune(polling=replace(world.tuning.polling, grace_s=0.1))
    await world.start(midjourney_kie_poll_timeout=0.3)
    anna = await world.customer()
    world.kie.down["recordInfo"] = page
    anna.send("кот --n 2")
    for _ in range(2):
        await asked_again(world, 12)
        await world.stop()
        await world.start()
    assert {row["status"] for row in world.rows("SELECT status FROM items")} == {"generating"}
    world.kie.down.clear()
    await world.pictures(anna, 2)
    await world.closed()
    assert world.balance(anna.user_id) == 1000 - 2 * 79
    assert len(world.kie.tasks) == 2


async def asked_again(world: World, times: int) -> None:
    """Wait for so many more questions about tasks."""
    before = len(questions(world))
    await world.kie.wait_for(lambda: len(questions(world)) >= before + times)


def questions(world: World) -> list[Call]:
    return [call for call in world.kie.calls if call.name == "recordInfo"]


async def test_one_failed_question_after_a_long_downtime_loses_no_picture(world: World) -> None:
    anna = await world.customer()
    world.kie.task_seconds = 60
    anna.send("кот")
    await world.until(lambda: world.rows("SELECT status FROM items") == [{"status": "generating"}])
    await world.stop()
    await world.write("UPDATE items SET submitted_at = submitted_at - 100000")
    world.kie.finish(world.kie.tasks[0])
    world.tune(polling=replace(world.tuning.polling, grace_s=0.0))
    world.kie.fault("recordInfo", html=502)
    await world.start()
    await world.pictures(anna, 1)
    await world.closed()


@pytest.mark.parametrize("time", [10**400, -(10**400), -1, 0], ids=["huge", "-huge", "-1", "0"])
async def test_an_absurd_time_in_the_record_loses_no_picture(world: World, time: int) -> None:
    anna = await world.customer()
    record = {"completeTime": time, "costTime": time}
    world.kie.next_result(record={**record, "createTime": -time})
    world.kie.next_result(record=record)
    anna.send("кот --n 2")
    await world.pictures(anna, 2)
    await world.closed()
    assert world.rows("SELECT drawn_s FROM items") == [{"drawn_s": None}] * 2


async def test_a_task_that_never_ends_is_refunded_at_the_deadline(world: World) -> None:
    await world.stop()
    await world.start(midjourney_kie_poll_timeout=0.3)
    world.kie.task_seconds = 3600
    await refunded(world, "Midjourney (KIE) не успел нарисовать за отведённое время.")


# --- The result


async def test_12_mb_go_as_a_document(world: World) -> None:
    anna = await world.customer()
    world.kie.next_result(size_bytes=12 * 1024 * 1024)
    anna.send("кот")
    (message,) = await world.pictures(anna, 1)
    assert message.document is not None
    data = world.data(message)
    assert len(data) >= 12 * 1024 * 1024
    assert Image.open(io.BytesIO(data)).format == "PNG"


@pytest.mark.parametrize("size", [(9000, 1200), (2100, 100)])
async def test_dimensions_that_are_no_photo_go_as_a_document(
    world: World, size: tuple[int, int]
) -> None:
    anna = await world.customer()
    world.kie.next_result(data=png(*size))
    anna.send("кот")
    (message,) = await world.pictures(anna, 1)
    assert message.document is not None


async def test_what_telegram_refuses_as_a_photo_goes_as_a_document(world: World) -> None:
    anna = await world.customer()
    world.telegram.fault("sendPhoto", status=400, description="Bad Request: IMAGE_PROCESS_FAILED")
    anna.send("кот")
    (message,) = await world.pictures(anna, 1)
    assert message.document is not None


@pytest.mark.parametrize("data", [b"<html>sorry</html>", b"\x89PNG\r\n\x1a\nbroken"])
async def test_a_result_that_is_no_picture(world: World, data: bytes) -> None:
    world.kie.next_result(data=data)
    await refunded(world, "Midjourney (KIE) прислал то, что нельзя использовать как картинку.")


async def test_a_result_that_never_ends_meets_the_size_cap(world: World) -> None:
    await world.stop()
    world.tune(result_max_bytes=1_000_000)
    await world.start()
    world.kie.next_result(endless=True)
    await refunded(world, "Midjourney (KIE) прислал то, что нельзя использовать как картинку.")
    assert [path for path in (world.data_dir / "files").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "target",
    ["http://10.0.0.1/x.png", "http://169.254.169.254/latest", "https://192.168.0.1/", "file:///x"],
)
async def test_a_redirect_to_a_private_address_is_not_followed(world: World, target: str) -> None:
    world.kie.next_result(redirect=target)
    await refunded(world, "Midjourney (KIE) прислал то, что нельзя использовать как картинку.")


async def test_a_result_that_fails_once_is_fetched_again(world: World) -> None:
    anna = await world.customer()
    world.kie.fault("result", html=502)
    world.kie.fault("result", cut_after_effect=True)
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 921


# --- Telegram


async def test_a_429_for_a_picture_waits_and_says_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_request = Session.make_request
    begun: list[tuple[float, type]] = []

    async def note(self: Session, bot: Bot, method: TelegramMethod[Any], **options: Any) -> Any:
        begun.append((time.time(), type(method)))
        return await make_request(self, bot, method, **options)

    monkeypatch.setattr(Session, "make_request", note)
    anna = await world.customer()
    world.telegram.fault("sendPhoto", retry_after=1)
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    heard = next(each.created for each in caplog.records if "asks for a pause" in each.message)
    later = [(at, kind) for at, kind in begun if at > heard and "Updates" not in kind.__name__]
    assert later[0][1] is SendPhoto, "nothing else was said in the chat meanwhile"
    assert later[0][0] - heard >= 0.99


async def test_telegram_in_trouble_is_tried_again(world: World) -> None:
    anna = await world.customer()
    world.telegram.fault("sendMessage", html=502)
    world.telegram.fault("sendPhoto", status=500)
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    await world.said(anna, lambda text: text.startswith("Готово: пришла 1 картинка."))


async def test_a_deleted_prompt_or_progress_message_is_no_fault(world: World) -> None:
    anna = await world.customer()
    world.kie.task_seconds = 60
    prompt = anna.send("кот")
    progress = await world.said(anna, lambda text: text.startswith("Рисую картинку."))
    anna.delete(prompt)
    anna.delete(progress)
    await world.kie.wait_for(lambda: bool(world.kie.tasks))
    world.kie.finish(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.closed()


async def test_progress_is_not_edited_when_nothing_changed(world: World) -> None:
    anna = await world.customer()
    world.kie.task_seconds = 0.5
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    edits = world.telegram.calls_of("editMessageText")
    assert all(call.ok for call in edits), "Telegram refuses an edit that changes nothing"
    shown = [(call.params["text"], call.params.get("reply_markup")) for call in edits]
    assert len(set(shown)) == len(shown) <= 2  # the button goes, the outcome comes


# --- Restart


@pytest.mark.parametrize("moment", ["queued", "generating", "ready"])
async def test_a_restart_carries_on(world: World, moment: str) -> None:
    anna = await world.customer(tokens=79)
    if moment == "queued":
        world.kie.fail_create(429, times=1000)
    elif moment == "generating":
        world.kie.task_seconds = 60
    else:
        world.kie.fault("result", hang=True, times=1)
    anna.send("кот")
    begun = ("Рисую картинку.", "Место в очереди: 1.")
    progress = await world.said(anna, lambda text: text.startswith(begun))
    await world.until(lambda: world.rows("SELECT status FROM items") == [{"status": moment}])
    await world.stop()
    for task in world.kie.tasks:
        world.kie.finish(task)
    world.kie.mend()
    await world.start()
    await world.pictures(anna, 1)
    await world.closed()
    assert len(world.kie.tasks) == 1
    done = await world.said(anna, lambda text: text.startswith("Готово: пришла 1 картинка."))
    assert done.message_id == progress.message_id
