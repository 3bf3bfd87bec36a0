"""Restarts, repeats, absences, floods and faults of the machine: nothing is lost or doubled."""

import asyncio
import os
import resource
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from bot.demo.telegram import FloodRules, Message, Person
from bot.tools.rate_limits import RateLimit
from storage.errors import (
    DatabaseInUseError,
    StorageBusyError,
    StorageCorruptError,
    StorageFullError,
)
from storage.people import People
from storage.preferences import PreferenceStore
from tests.processes import Forked, run_main
from tests.support import ADMIN, World, open_world, png

# --- Updates


async def test_an_update_is_confirmed_only_after_it_was_handled(world: World) -> None:
    """While somebody else holds the database, the prompt stays with Telegram."""
    anna = await world.customer()
    await world.answered()
    with holding(world.data_dir / "bot.db"):
        anna.send("кот")
        await world.telegram.wait_for(lambda: world.telegram.updates.is_polled or True)
        await asyncio.sleep(0.2)  # the other program holds on: real time is the matter here
        assert len(world.telegram.pending_updates) == 1
    await world.pictures(anna, 1)
    await world.answered()


async def test_updates_that_waited_are_worked_off(world: World) -> None:
    anna = await world.customer()
    await world.stop()
    anna.send("кот")
    anna.send("/balance")
    await world.start()
    await world.pictures(anna, 1)
    await world.said(anna, lambda text: text.startswith("921 токен остался."))


async def test_a_stale_prompt_is_asked_about_and_not_charged(world: World) -> None:
    anna = await world.customer()
    await world.stop()
    prompt = anna.send("кот --n 2", sent_at=time.time() - 61 * 60)
    await world.start()
    question = await world.said(anna, lambda text: text.startswith("Я был недоступен"))
    assert world.balance(anna.user_id) == 1000
    assert "2 картинки за 158 токенов" in question.words
    presses = [anna.press(question, "Нарисовать") for _ in range(2)]
    pictures = await world.pictures(anna, 2)
    assert {each.reply_to.message_id for each in pictures if each.reply_to} == {prompt}
    await world.closed()
    await world.telegram.wait_for(lambda: all(press.answer for press in presses))
    assert world.balance(anna.user_id) == 842, "two presses, one job"


async def test_a_stale_picture_with_words_too(world: World) -> None:
    anna = await world.customer()
    await world.stop()
    anna.send_photo(png(), caption="комикс", sent_at=time.time() - 61 * 60)
    await world.start()
    question = await world.said(anna, lambda text: text.startswith("Я был недоступен"))
    anna.press(question, "Нарисовать")
    await world.pictures(anna, 1)
    assert world.kie.tasks[0].source is not None


async def test_a_stale_prompt_is_asked_about_once_also_by_those_who_are_always_asked(
    world: World,
) -> None:
    anna = await world.customer()
    await world.prefer(anna.user_id, ask="always")
    await world.stop()
    anna.send("кот", sent_at=time.time() - 61 * 60)
    anna.send_photo(png(), caption="комикс", sent_at=time.time() - 61 * 60)
    await world.start()
    cat = await world.said(anna, lambda text: "недоступен" in text and "кот" in text)
    comic = await world.said(anna, lambda text: "недоступен" in text and "комикс" in text)
    assert "1 картинка за 79 токенов" in cat.words
    for question in (cat, comic):
        anna.press(question, "Нарисовать")
    await world.pictures(anna, 2)
    await world.closed()
    asked = [m for m in world.bot_messages(anna) if m.edits and "Нарисовать" in m.edits[0]]
    assert len(asked) == 2
    assert not [m for m in world.bot_messages(anna) if m.words.startswith("Нарисовать это?")]
    assert world.balance(anna.user_id) == 1000 - 2 * 79


async def test_a_stale_album_is_asked_about_once(world: World) -> None:
    anna = await world.customer()
    await world.stop()
    old = time.time() - 61 * 60
    anna.send_album([(png(), "комикс"), (png(50, 50), None), (png(60, 60), None)], sent_at=old)
    await world.start()
    question = await world.said(anna, lambda text: "недоступен" in text and "комикс" in text)
    assert "Беру первую из 3 в альбоме" in question.words
    await world.answered()
    assert not [m for m in world.bot_messages(anna) if "Картинка у меня" in m.words]
    assert world.balance(anna.user_id) == 1000
    anna.press(question, "Нарисовать")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 921


async def test_a_stale_video_with_words_gets_the_usual_sentence(world: World) -> None:
    anna = await world.customer()
    await world.stop()
    anna.send_other("video", caption="кот", sent_at=time.time() - 61 * 60)
    await world.start()
    await world.said(anna, lambda text: text.startswith("Такое я не понимаю"))
    assert world.rows("SELECT * FROM jobs") == []


async def test_a_stale_prompt_that_was_deleted_can_be_drawn_all_the_same(world: World) -> None:
    anna = await world.customer()
    await world.stop()
    prompt = anna.send("кот", sent_at=time.time() - 61 * 60)
    await world.start()
    question = await world.said(anna, lambda text: text.startswith("Я был недоступен"))
    anna.delete(prompt)
    anna.press(question, "Нарисовать")
    (picture,) = await world.pictures(anna, 1)
    assert picture.reply_to is None
    await world.closed()


async def test_an_update_that_nobody_can_read_holds_nothing_up(world: World) -> None:
    anna = await world.customer()
    world.telegram.updates.add_unknown_fields(something={"new": True})
    anna.send("/balance")
    await world.said(anna, lambda text: text.startswith("1000 токенов"))


async def test_what_was_refused_stays_refused_when_it_comes_again(world: World) -> None:
    """Even to another process, and though it could be paid for by now."""
    await world.stop()
    world.tune(updates_kept=100)
    await world.start()
    anna = await world.customer(tokens=0)
    anna.send("кот")
    await world.said(anna, lambda text: "не хватает" in text.lower())
    await world.answered()
    asked = world.telegram.calls_of("getUpdates")[-1].params["offset"] - 1
    world.telegram.person(ADMIN).send(f"/grant {anna.user_id} 1000")
    await world.said(anna, lambda text: text.startswith("Вам начислено"))
    said = len(world.bot_messages(anna))
    world.telegram.updates.resend(asked)
    await world.stop()
    await world.start()
    world.telegram.updates.resend(asked)
    anna.send("/balance")
    await world.said(anna, lambda text: text.startswith("1000 токенов"))
    assert len(world.bot_messages(anna)) == said + 1
    assert world.rows("SELECT * FROM jobs") == []


# --- One who is slow, and servers that do not wait


@contextmanager
def slow(monkeypatch: pytest.MonkeyPatch, user_id: int) -> Iterator[asyncio.Event]:
    """A person whose updates are handled only once the event is set."""
    look_up, go_on = PreferenceStore.language, asyncio.Event()

    async def language(self: PreferenceStore, asked: int) -> str | None:
        if asked == user_id:
            await go_on.wait()
        return await look_up(self, asked)

    monkeypatch.setattr(PreferenceStore, "language", language)
    try:
        yield go_on
    finally:
        go_on.set()


async def said_in_all(world: World, person: Person, count: int) -> None:
    await world.telegram.wait_for(lambda: len(world.bot_messages(person)) == count)


async def test_one_who_is_slow_does_not_hold_up_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.updates.WAIT_S", 0.05)
    world.telegram.updates.pause_s = 0.0
    anna = await world.customer()
    boris = await world.customer(1002, "Борис", tokens=500)
    await world.answered()
    with slow(monkeypatch, anna.user_id) as go_on:
        anna.send("кот")
        anna.send("/balance")
        for number in range(3):
            boris.send("/balance")
            await said_in_all(world, boris, 3 + number)
        anna.send("/help")
        boris.send("/help")
        await said_in_all(world, boris, 6)
        waiting = [update.body["text"] for update in world.telegram.pending_updates]
        assert waiting[:2] == ["кот", "/balance"], "what is not done is not confirmed"
        assert world.rows("SELECT 1 FROM jobs") == []
        go_on.set()
        await world.pictures(anna, 1)
    await world.answered()
    await world.said(anna, lambda text: "--cfg" in text)
    await world.closed()
    assert len(world.bot_messages(boris)) == 6, "what came again was known"
    texts = [each.words for each in world.bot_messages(anna)]
    balance = next(n for n, text in enumerate(texts) if text.startswith("921 токен остался."))
    assert balance < next(n for n, text in enumerate(texts) if "--cfg" in text), "in order"
    assert world.balance(anna.user_id) == 921


async def test_what_was_not_done_when_the_bot_died_comes_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.updates.WAIT_S", 0.05)
    await world.stop()
    world.tune(updates_kept=100)
    world.telegram.updates.pause_s = 0.0
    await world.start()
    anna = await world.customer()
    boris = await world.customer(1002, "Борис", tokens=500)
    with slow(monkeypatch, anna.user_id):
        anna.send("кот")
        boris.send("/balance")
        await world.said(boris, lambda text: text.startswith("500 токенов"))
        await world.until(  # two times /start and /grant, and this
            lambda: len(world.rows("SELECT 1 FROM handled_updates")) == 5
        )
        await world.until(lambda: not world.is_talking())
        await world.kill()
    said = len(world.bot_messages(boris))
    await world.start()
    await world.pictures(anna, 1)
    await world.closed()
    await world.answered()
    assert len(world.bot_messages(boris)) == said
    assert world.balance(anna.user_id) == 921


async def test_a_full_batch_behind_one_who_is_slow_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram gives a hundred updates at most: there is nothing new to be had."""
    monkeypatch.setattr("bot.telegram.updates.WAIT_S", 0.05)
    await world.stop()
    world.telegram.updates.pause_s = 0.0
    await world.start(user_messages_per_minute=1000)
    anna = await world.customer()
    boris = await world.customer(1002, "Борис", tokens=500)
    await world.answered()
    with slow(monkeypatch, anna.user_id) as go_on:
        anna.send("/help")
        for _ in range(120):
            boris.send("/balance")
        await world.telegram.wait_for(lambda: len(world.bot_messages(boris)) >= 2 + 99)
        asked = len(world.telegram.calls_of("getUpdates"))
        await asyncio.sleep(0.3)  # six times as long as it would wait for others: real time matters
        assert len(world.telegram.calls_of("getUpdates")) <= asked + 1
        go_on.set()
        await said_in_all(world, boris, 2 + 120)
    await world.answered()


async def test_an_update_of_a_kind_that_nobody_knows_is_left_out(world: World) -> None:
    anna = await world.customer()
    world.telegram.updates.allowed = None
    world.telegram.updates.add("telepathy", {"from": {"id": 5}})
    anna.send("/balance")
    await world.said(anna, lambda text: text.startswith("1000 токенов"))
    await world.answered()


async def test_a_server_that_does_not_wait_is_asked_twice_a_second_at_most(world: World) -> None:
    await world.stop()
    world.telegram.updates.pause_s = 0.0
    world.telegram.updates.waits = False
    await world.start()
    before = len(world.telegram.calls_of("getUpdates"))
    await world.telegram.wait_for(lambda: len(world.telegram.calls_of("getUpdates")) >= before + 6)
    times = [call.at for call in world.telegram.calls_of("getUpdates")[before:]]
    assert times[5] - times[0] > 1.5
    anna = await world.customer()
    anna.send("кот")
    await world.pictures(anna, 1)


async def test_the_bot_knows_who_it_is_before_it_takes_updates(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.stop()
    monkeypatch.setattr("bot.telegram.updates.ME_TIMEOUT_S", 0.2)
    monkeypatch.setattr("bot.telegram.updates.FIRST_PAUSE_S", 0.02)
    anna = world.person(1001, "Анна")
    group = world.telegram.add_group(-500, "Группа", [anna])
    world.telegram.fault("getMe", status=500)
    world.telegram.fault("getMe", hang=True)
    world.telegram.fault("getMe", html=502)
    anna.send("/start")
    anna.send(f"/draw@{world.telegram.bot['username']} кот", chat=group)
    before = len(world.telegram.calls)
    await world.start()
    await world.said(anna, lambda text: text.startswith("Привет!"))
    await world.telegram.wait_for(lambda: [each for each in group.messages if each.photo])
    calls = world.telegram.calls[before:]
    asked = [call.ok for call in calls if call.method == "getMe"]
    assert asked == [False, False, False, True], "and no handler asks"
    known = next(n for n, call in enumerate(calls) if call.method == "getMe" and call.ok)
    assert known < next(n for n, call in enumerate(calls) if call.method == "getUpdates")


async def test_a_bot_that_cannot_find_out_who_it_is_stops_when_it_is_told_to(
    world: World,
) -> None:
    await world.stop()
    world.telegram.fault("getMe", hang=True, times=None)
    await world.start()
    await world.until(lambda: (world.data_dir / "bot.db").exists())
    await world.telegram.wait_for(lambda: world.telegram.calls_of("getMe"))
    await asyncio.wait_for(world.stop(), 60)


# --- Restart


async def test_a_thousand_unfinished_images_are_taken_up(world: World) -> None:
    anna = await world.customer(tokens=100_000)
    await world.stop()
    connection = sqlite3.connect(world.data_dir / "bot.db")
    with connection:
        for number in range(250):
            connection.execute(
                "INSERT INTO jobs (user_id, chat_id, message_id, model, prompt, params, options,"
                " price, language, created_at) VALUES (?, ?, ?, 'midjourney-v7-fast', 'кот',"
                " '{}', '{}', 79, 'ru', 0)",
                (anna.user_id, anna.user_id, 100_000 + number),
            )
        for number in range(1000):
            cursor = connection.execute(
                "INSERT INTO items (job_id, user_id, position, cost) VALUES (?, ?, ?, 79)",
                (number // 4 + 1, anna.user_id, number % 4 + 1),
            )
            connection.execute(
                "INSERT INTO ledger (user_id, kind, amount, item_id, created_at)"
                " VALUES (?, 'charge', -79, ?, 0)",
                (anna.user_id, cursor.lastrowid),
            )
    connection.close()
    world.kie.task_seconds = 3600
    await world.start()
    await world.kie.wait_for(lambda: len(world.kie.tasks) >= 20)
    anna.send("/cancel")
    await world.said(anna, lambda text: text.startswith("Отменено:"))
    for task in world.kie.tasks:
        world.kie.finish(task)


# --- Stopping, and two processes


def environment(world: World) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "BOT_TOKEN": world.telegram.token,
        "TELEGRAM_API_URL": world.telegram.url,
        "KIE_API_KEY": world.kie.key,
        "MIDJOURNEY_KIE_BASE_URL": world.kie.url,
        "KIE_UPLOAD_URL": world.kie.url,
        "MIDJOURNEY_KIE_POLL_INTERVAL": "0.1",
        "DATA_DIR": str(world.data_dir),
    }


@asynccontextmanager
async def process(world: World, *, umask: int = 0o022) -> AsyncIterator[Forked]:
    """The bot as a process, killed at the end if it still runs."""
    started = Forked(run_main, environment(world), ("run",), umask)
    try:
        yield started
    finally:
        started.kill()
        await started.ended()


async def test_sigterm_leaves_pictures_to_the_next_start_and_a_second_process_stops(
    tmp_path: Path,
) -> None:
    async with open_world(tmp_path) as world:
        anna = world.person(1001, "Анна")
        world.kie.task_seconds = 3600
        async with process(world) as bot:
            anna.send("/start")
            await world.said(anna, lambda text: "79" in text)
            anna.send("рыжий кот")
            await world.kie.wait_for(lambda: bool(world.kie.tasks))
            async with process(world) as second:
                status, said = await asyncio.wait_for(second.ended(), 30)
                assert status == 1
                assert "another process of this bot already uses" in said
                assert "Traceback" not in said
            bot.terminate()
            status, log = await asyncio.wait_for(bot.ended(), 10)
            assert status == 0, log
            assert world.telegram.token not in log
        await world.until(
            lambda: world.rows("SELECT status FROM items") == [{"status": "generating"}]
        )
        world.kie.finish(world.kie.tasks[0])
        await world.start()
        await world.pictures(anna, 1)
        await world.closed()
        assert len(world.kie.tasks) == 1


async def test_two_processes_on_one_folder(world: World) -> None:
    other = World(world.telegram, world.kie, world.data_dir)
    await world.until(lambda: (world.data_dir / "bot.db").exists())
    await other.start()
    with pytest.raises(DatabaseInUseError, match="another process"):
        await other.stop()


async def test_another_poller_is_told_in_words(
    world: World, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    async with open_world(tmp_path / "other") as elsewhere:
        rival = World(world.telegram, elsewhere.kie, tmp_path / "other")
        await rival.start()
        await world.until(lambda: "another program gets this bot's updates" in caplog.text)
        await rival.stop()


async def test_a_webhook_that_was_left_over_is_removed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_world(tmp_path) as world:
        world.telegram.updates.webhook_url = "https://example.org/hook"
        anna = world.person(1001, "Анна")
        anna.send("/start")
        await world.start()
        await world.said(anna, lambda text: text.startswith("Привет!"))
        assert "webhook" in caplog.text


# --- Fairness, places, times


async def test_forty_images_of_one_do_not_delay_another_s_one(world: World) -> None:
    await world.stop()
    world.tune(creates=(4, 0.4))
    await world.start(user_max_active_images=100, max_quantity=10)
    anna = await world.customer(tokens=10_000)
    boris = await world.customer(1002, "Борис", tokens=79)
    for _ in range(4):
        anna.send("кот --n 10")
    await world.until(lambda: len(world.rows("SELECT 1 FROM items")) == 40)
    boris.send("пёс")
    await world.pictures(boris, 1)
    mine = [task.input["prompt"] for task in world.kie.tasks]
    assert mine.index("пёс") < 30
    anna.send("/cancel")
    await world.closed(timeout_s=20)


async def test_place_and_time_are_told_and_move(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.pipeline.progress.LOOK_PAUSE_S", 0.1)
    anna = await world.customer(tokens=10_000)
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    await world.write("UPDATE items SET submitted_at = finished_at - 120")
    await world.stop()
    world.tune(creates=(1, 3600.0))
    world.kie.task_seconds = 3600
    await world.start()
    anna.send("кот --n 3")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 2)
    anna.send("пёс")
    first = await world.said(anna, lambda text: "Место в очереди: 3." in text)
    assert "Осталось примерно 2 мин." in first.words
    progress = next(m for m in world.bot_messages(anna) if m.words.startswith("Готово: 0 из 3."))
    anna.press(progress, "Отменить")  # two of three are still here
    await world.telegram.wait_for(lambda: "Место в очереди: 1." in first.words)
    anna.send("/cancel")
    world.kie.finish(world.kie.tasks[1])
    await world.closed()


# --- Delivery


async def test_a_person_who_blocked_the_bot_gets_the_picture_when_they_are_back(
    world: World,
) -> None:
    anna = await world.customer(tokens=79)
    world.kie.task_seconds = 60
    anna.send("кот")
    await world.kie.wait_for(lambda: bool(world.kie.tasks))
    anna.block()
    world.kie.finish(world.kie.tasks[0])
    await world.until(lambda: world.rows("SELECT status FROM items") == [{"status": "ready"}])
    await world.telegram.wait_for(
        lambda: any(call.error for call in world.telegram.calls_of("sendPhoto"))
    )
    await world.until(
        lambda: world.rows("SELECT blocked_at FROM users")[0]["blocked_at"] is not None
    )
    await world.stop()
    await world.start()
    anna.unblock()
    await world.pictures(anna, 1)
    await world.until(lambda: world.rows("SELECT blocked_at FROM users") == [{"blocked_at": None}])
    assert len(world.kie.tasks) == 1
    await world.until(lambda: world.rows("SELECT status FROM items") == [{"status": "delivered"}])


async def test_a_picture_that_is_kept_is_sent_once_while_the_database_is_held(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be noted for a while is noted later: the sending is not repeated for that, beside
    the walk that begins when the person is back."""
    monkeypatch.setattr("bot.tools.retry.STORAGE_PAUSE_S", 0.01)
    anna = await world.customer(tokens=79)
    world.kie.task_seconds = 60
    anna.send("кот")
    await world.kie.wait_for(lambda: bool(world.kie.tasks))
    note, tries = People.set_blocked, 0

    async def held(people: People, user_id: int, *, blocked: bool) -> None:
        nonlocal tries
        tries += 1
        if tries == 2:  # the first is that Telegram tells of the block
            raise StorageBusyError("held")
        await note(people, user_id, blocked=blocked)

    monkeypatch.setattr(People, "set_blocked", held)
    anna.block()
    await world.until(lambda: tries == 1)
    world.kie.finish(world.kie.tasks[0])
    await world.until(lambda: tries == 3)
    assert len(world.telegram.calls_of("sendPhoto")) == 1
    anna.unblock()
    await world.pictures(anna, 1)


def pictures(world: World, person: Person) -> list[Message]:
    return [m for m in world.bot_messages(person) if m.photo or m.document]


async def test_somebody_who_is_back_at_once_gets_each_picture_once(world: World) -> None:
    """What is under way is announced once more then, and neither drawn nor sent twice for that."""
    anna = await world.customer()
    trouble = world.telegram.fault("sendPhoto", retry_after=1, times=None)
    anna.send("кот --n 2")
    await world.telegram.wait_for(lambda: bool(world.telegram.calls_of("sendPhoto")))
    anna.block()
    anna.unblock()
    await world.answered()
    world.telegram.withdraw(trouble)
    await world.pictures(anna, 2)
    anna.send("пёс")  # whose picture comes after all that was to be sent before
    await world.telegram.wait_for(lambda: any("пёс" in m.words for m in pictures(world, anna)))
    assert [m.words.count("кот") for m in pictures(world, anna)] == [1, 1, 0]
    assert len(world.kie.tasks) == 3


async def test_a_refund_that_could_not_be_told_is_told_when_they_are_back(world: World) -> None:
    anna = await world.customer()
    world.kie.task_seconds = 60
    anna.send("кот")
    await world.kie.wait_for(lambda: bool(world.kie.tasks))
    await world.until(
        lambda: bool(world.rows("SELECT 1 FROM jobs WHERE progress_message_id IS NOT NULL"))
    )
    anna.block()
    admin = world.telegram.person(ADMIN)
    admin.send("/jobs")
    card = await world.said(admin, lambda text: "Анна" in text and "·" in text)
    admin.forge(card, "jobs:end:1:1")
    await world.until(lambda: bool(world.rows("SELECT 1 FROM items WHERE status = 'failed'")))
    await world.telegram.wait_for(
        lambda: any(call.error for call in world.telegram.calls_of("editMessageText"))
    )
    anna.unblock()
    await world.said(anna, lambda text: "Возвращено: 79 токенов." in text)
    await world.closed()


async def test_who_talks_in_a_group_may_have_blocked_the_bot_all_the_same(world: World) -> None:
    world.kie.task_seconds = 60
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    group = world.telegram.add_group(-500, "Группа", [anna])
    world.telegram.privacy_mode = False
    anna.send("кот")
    await world.kie.wait_for(lambda: bool(world.kie.tasks))
    anna.block()
    world.kie.finish(world.kie.tasks[0])
    await world.telegram.wait_for(
        lambda: any(call.error for call in world.telegram.calls_of("sendPhoto"))
    )
    for number in range(3):
        anna.send(f"болтовня {number}", chat=group)
    boris.send("/help")
    await world.said(boris, lambda text: "--ar" in text)
    assert len(world.telegram.calls_of("sendPhoto")) == 1
    blocked = "SELECT 1 FROM users WHERE blocked_at IS NOT NULL"
    assert world.rows(blocked)
    anna.unblock()
    await world.pictures(anna, 1)
    await world.until(lambda: not world.rows(blocked))


async def test_who_is_back_while_a_refusal_is_on_its_way_is_not_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = "SELECT 1 FROM users WHERE blocked_at IS NOT NULL"
    world.kie.task_seconds = 60
    anna = await world.customer()
    anna.send("кот")
    await world.kie.wait_for(lambda: bool(world.kie.tasks))
    anna.block()
    await world.until(lambda: bool(world.rows(blocked)))
    heard, back, set_blocked = asyncio.Event(), asyncio.Event(), People.set_blocked

    async def note(self: People, user_id: int, *, blocked: bool) -> None:
        if blocked:
            heard.set()
            await back.wait()
        await set_blocked(self, user_id, blocked=blocked)

    monkeypatch.setattr(People, "set_blocked", note)
    world.kie.finish(world.kie.tasks[0])
    await heard.wait()
    anna.unblock()
    await world.until(lambda: not world.rows(blocked))
    back.set()
    await world.pictures(anna, 1)
    await world.closed()
    await world.until(lambda: not world.rows(blocked))


async def test_a_block_that_was_taken_back_unheard_is_over_with_the_next_word(
    world: World,
) -> None:
    anna = await world.customer()
    await world.write("UPDATE users SET blocked_at = 1.0 WHERE user_id = 1001")
    anna.send("/balance")
    await world.until(lambda: not world.rows("SELECT 1 FROM users WHERE blocked_at IS NOT NULL"))


async def test_telegram_s_limits_are_kept_by_ourselves(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the limits in force at Telegram, and the real ones here, nothing is refused: by the time
    of each turn, for how long a request travels says how busy the machine is."""
    turn, turns, count = RateLimit.wait, [0.0], FloodRules.count

    async def noted(limit: RateLimit) -> None:
        await turn(limit)
        turns.append(time.monotonic())

    monkeypatch.setattr(RateLimit, "wait", noted)
    monkeypatch.setattr(
        FloodRules, "count", lambda rules, chat_id, _: count(rules, chat_id, turns[-1])
    )
    await world.stop()
    world.tune(chat_messages=(1, 1.05), messages=(30, 1.1), edit_pause_s=3.0)
    world.telegram.flood = FloodRules(per_chat_per_s=1, burst=1, overall_per_s=30)
    await world.start()
    anna = world.person(1001, "Анна")
    anna.send("/start")
    anna.send("/balance")
    anna.send("/help")
    await world.said(anna, lambda text: "--options" in text)
    assert [call.method for call in world.telegram.calls if call.error] == []
    world.telegram.flood = None


async def test_a_picture_whose_answer_was_lost_is_sent_at_most_twice(world: World) -> None:
    anna = await world.customer()
    world.telegram.fault("sendPhoto", cut_after_effect=True)
    anna.send("кот")
    await world.pictures(anna, 2)
    await world.closed()
    assert len(await world.pictures(anna, 2)) == 2


@pytest.mark.parametrize("without", [["date"], ["message_id", "chat", "photo"]])
async def test_a_picture_whose_answer_cannot_be_read_is_sent_once(
    world: World, without: list[str]
) -> None:
    anna = await world.customer()
    world.telegram.fault("sendPhoto", without=without, times=None)
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.rows("SELECT status FROM items") == [{"status": "delivered"}]
    assert len(world.telegram.calls_of("sendPhoto")) == 1
    assert len(world.rows("SELECT * FROM picture_messages")) == ("message_id" not in without)
    world.telegram.mend()
    anna.send("/history")
    card = await world.said(anna, lambda text: text.startswith("Ваши картинки"))
    anna.press(card, "1")
    await world.pictures(anna, 2)


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
async def test_a_text_whose_answer_cannot_be_read_is_said_once(world: World, method: str) -> None:
    anna = await world.customer()
    world.telegram.fault(method, without=["date", "message_id"], times=None)
    anna.send("кот")
    anna.send("/balance")
    await world.pictures(anna, 1)
    await world.closed()
    await world.said(anna, lambda text: text.startswith("Готово: пришла 1 картинка."))
    said = [each.words for each in world.bot_messages(anna)]
    assert len(set(said)) == len(said)
    assert sum("токен" in words and "на балансе" not in words for words in said[1:]) == 1, said
    world.telegram.mend()


# --- Faults of the machine


@contextmanager
def holding(path: Path) -> Iterator[None]:
    """Another program holds the database for writing, as a backup tool may."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@contextmanager
def full_disk(path: Path) -> Iterator[None]:
    """No file of this process may grow beyond what the database has now."""
    wal = path.with_name("bot.db-wal")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_charges_nothing_and_says_so(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await world.customer()
    with full_disk(world.data_dir / "bot.db"):
        anna.send("кот")
        await world.said(anna, lambda text: text.startswith("Что-то сломалось у нас."))
    assert "the database cannot be written: make room on the disk" in caplog.text
    assert world.rows("SELECT * FROM jobs") == []
    assert world.balance(anna.user_id) == 1000
    anna.send("пёс")
    await world.pictures(anna, 1)
    await world.closed()


async def test_a_full_disk_in_the_middle_loses_no_picture(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.tools.retry.STORAGE_PAUSE_S", 0.05)
    anna = await world.customer()
    world.kie.task_seconds = 60
    anna.send("кот")
    await world.until(lambda: world.rows("SELECT status FROM items") == [{"status": "generating"}])
    with full_disk(world.data_dir / "bot.db"):
        world.kie.finish(world.kie.tasks[0])
        polls = len(world.kie.tasks[0].polls)
        await world.kie.wait_for(lambda: len(world.kie.tasks[0].polls) > polls + 1)
    await world.pictures(anna, 1)
    await world.closed()
    assert len(world.kie.tasks) == 1


def test_a_data_directory_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def start() -> None:
        async with open_world(tmp_path / "file" / "data") as world:
            await world.start()
            await world.stop()

    with pytest.raises(StorageFullError, match="DATA_DIR"):
        asyncio.run(start())


@pytest.mark.parametrize(
    "content", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_corrupt_database_stops_the_start_and_is_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bot.db").write_bytes(content)

    async def start() -> None:
        async with open_world(tmp_path) as world:
            await world.start()
            await world.stop()

    with pytest.raises(StorageCorruptError, match=r"main\.py restore FILE"):
        asyncio.run(start())
    assert (tmp_path / "bot.db").read_bytes() == content


@pytest.mark.parametrize("jump_s", [86_400.0, -86_400.0])
async def test_a_clock_that_jumps_loses_nothing(world: World, jump_s: float) -> None:
    anna = await world.customer()
    world.kie.task_seconds = 60
    anna.send("кот")
    await world.until(lambda: world.rows("SELECT status FROM items") == [{"status": "generating"}])
    await world.stop()
    await world.write("UPDATE items SET submitted_at = submitted_at - ?", jump_s)
    await world.start()
    world.kie.finish(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.closed()


# --- Limits


async def test_who_is_too_fast_is_told_once_and_not_charged(world: World) -> None:
    await world.stop()
    await world.start(user_messages_per_minute=5)
    anna = await world.customer()  # one message: /start
    boris = await world.customer(1002, "Борис", tokens=79)
    for _ in range(20):
        anna.send("/balance")
    anna.send("кот")
    boris.send("пёс")
    await world.pictures(boris, 1)
    await world.answered()
    told = [m for m in world.bot_messages(anna) if m.words.startswith("Слишком быстро")]
    assert len(told) == 1
    assert world.balance(anna.user_id) == 1000
    assert sum(m.words.startswith("1000 токенов") for m in world.bot_messages(anna)) == 4
