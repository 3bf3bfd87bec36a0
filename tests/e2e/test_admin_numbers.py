"""/stats, /jobs, /kie, /audit and /admin, over HTTP."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image as PillowImage

from bot.demo.telegram import CallbackQuery, Message
from storage.database import Database
from storage.errors import StorageFullError
from storage.stats import Stats
from tests.support import ADMIN, World

COMMANDS = ("/stats", "/jobs", "/kie", "/audit", "/admin")


async def asked(world: World, command: str, begins: str) -> Message:
    admin = world.telegram.person(ADMIN)
    sent = admin.send(command)
    return await world.telegram.wait_for(
        lambda: next(
            (
                message
                for message in world.bot_messages(admin)
                if message.message_id > sent and message.words.startswith(begins)
            ),
            None,
        ),
    )


async def pressed(world: World, message: Message, button: str) -> CallbackQuery:
    press = world.telegram.person(ADMIN).press(message, button)
    await world.telegram.wait_for(lambda: press.answer)
    return press


async def reads(world: World, message: Message, begins: str) -> None:
    """Wait until the message, which is edited in place, begins with that."""
    await world.telegram.wait_for(lambda: message.words.startswith(begins))


async def one_create(world: World, **changes: float) -> None:
    """From here on the first item goes to KIE and the others wait."""
    await world.stop()
    world.tune(creates=(1, 3600.0), **changes)
    world.kie.task_seconds = 3600
    await world.start()


@pytest.mark.parametrize("command", COMMANDS)
async def test_for_others_they_do_not_exist(world: World, command: str) -> None:
    anna = await world.customer()
    anna.send(command)
    await world.said(anna, lambda text: text.startswith("Такой команды нет."))
    own = world.bot_messages(anna)[0]
    for data in ("jobs:list:1", "jobs:end:1:1", "panel:service", "page:journal:1"):
        anna.forge(own, data)
    await world.telegram.wait_for(lambda: all(press.answer for press in world.telegram.callbacks))
    assert all(not press.answer.text for press in world.telegram.callbacks if press.answer)


# --- /stats


async def test_the_numbers_come_with_a_chart(world: World) -> None:
    anna = await world.customer(tokens=790)
    await world.customer(1002, "Борис")
    anna.send("кот --n 3")
    await world.pictures(anna, 3)
    await world.closed()
    answer = await asked(world, "/stats 7", "За 7 дней (UTC)")
    assert answer.words.replace("\N{NO-BREAK SPACE}", " ").splitlines()[:7] == [
        "За 7 дней (UTC)",
        "Людей: 2, новых: 2, активных: 1",
        "Картинок и видео: 3, не получилось: 0, отменено: 0",
        "Успешно: 100,0 %",
        "Звёзд получено: 0, возвращено: 0",
        "Токенов куплено: 0, потрачено: 237, начислено: 1 632, бесплатно: 158",
        "KIE: 24 кредита, $0,12",
    ]
    assert answer.words.splitlines()[8:] == ["Midjourney V6: 3, не получилось: 0, токенов: 237"]
    chart = PillowImage.open(io.BytesIO(world.data(answer)))
    assert chart.format == "PNG"
    assert chart.width > 1000
    assert answer.photo


async def test_what_was_sold_stands_against_what_kie_took(world: World) -> None:
    await world.stop()
    await world.start(token_price_usd=0.01)
    anna = await world.customer(tokens=790)
    orders = (
        "INSERT INTO payment_orders"
        " VALUES (?, 1001, 'small', 'stars', 50, 'XTR', 395, 'ru', NULL, NULL, 0, NULL)"
    )
    payments = (
        "INSERT INTO payments VALUES (?, 1, 'stars', ?, ?, 1001, 50, 'XTR', 395, '', NULL, ?, NULL)"
    )
    entry = (
        "INSERT INTO ledger (user_id, kind, amount, grant_key, created_at)"
        " VALUES (1001, ?, ?, ?, ?)"
    )
    now = world.telegram.clock()
    for number in (1, 2):
        await world.write(orders, f"order{number}")
        await world.write(payments, number, f"charge{number}", f"order{number}", now)
        await world.write(entry, "purchase", 395, f"payment:{number}", now)
    await world.write(entry, "payment_refund", -395, "payment_refund:1", now)
    await world.write(
        "INSERT INTO payment_refunds (payment_id, state, tokens_taken, tokens_short, reason,"
        " made_at, ended_at) VALUES (2, 'done', 395, 0, '', ?1, ?1)",
        now,
    )
    await world.write("UPDATE payments SET refunded_at = ? WHERE payment_id = 2", now)
    anna.send("кот --n 2")
    await world.pictures(anna, 2)
    await world.closed()
    answer = await asked(world, "/stats", "За 30 дней (UTC)")
    assert answer.words.replace("\N{NO-BREAK SPACE}", " ").splitlines()[4:7] == [
        "Звёзд получено: 100, возвращено: 50",
        "Токенов куплено: 395, потрачено: 158, начислено: 711, бесплатно: 79",
        "KIE: 16 кредитов, $0,08, маржа 94,9 %",
    ]
    card = (await asked(world, "/user 1001", "Анна 1001")).words.splitlines()
    purchases = card[card.index("Последние покупки:") + 1 :]
    assert purchases[0].endswith(" UTC · 50 ★ · 395 токенов · возвращено · charge2")
    assert purchases[1].endswith(" UTC · 50 ★ · 395 токенов · charge1")
    small = PillowImage.open(io.BytesIO(world.data(answer)))
    await world.write("DELETE FROM daily_payments")
    answer = await asked(world, "/stats 31", "За 31 день (UTC)")
    assert PillowImage.open(io.BytesIO(world.data(answer))).height < small.height


async def test_each_model_has_a_line(world: World) -> None:
    anna = await world.customer(tokens=10_000)
    await world.until(lambda: bool(world.rows("SELECT 1 FROM models WHERE slug = 'cutout'")))
    await world.write("UPDATE models SET enabled = 1, name = name || ' «лучшая» <b>'")
    world.kie.fail_task("GPT is down")
    slugs = ("gpt", "banana", "flux", "qwen", "draft", "ideogram", "banana-pro", "seedream")
    for number, slug in enumerate((*slugs, "seedream-fast", "midjourney-v7-fast"), 1):
        anna.send(f"кот --model {slug} --n {1 + (slug == 'draft')}")
        await world.until(lambda: len(world.rows("SELECT 1 FROM jobs")) == number)  # noqa: B023
        await world.closed()
    answer = await asked(world, "/stats", "За 30 дней (UTC)")
    lines = answer.words.splitlines()[8:]
    assert lines[0] == "Midjourney V6 «лучшая» <b>: 1, не получилось: 0, токенов: 79"
    assert lines[1].startswith("Nano Banana Pro «лучшая» <b>: 1, не получилось: 0, токенов: 72")
    assert len(lines) == 6
    assert lines[-1].startswith("остальные: ")
    sums = "sum(items) AS items, sum(tokens) AS tokens"
    by_model = world.rows(f"SELECT {sums} FROM daily_models")  # noqa: S608 - our own words
    assert by_model == world.rows("SELECT count(*) AS items, sum(cost) AS tokens FROM items")


async def test_without_a_chart_the_numbers_come_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.admin.charts._PROGRAM", "import sys; sys.exit('no fonts')")
    answer = await asked(world, "/stats", "За 30 дней (UTC)")
    assert not answer.photo
    assert "Успешно: —" in answer.words


@pytest.mark.parametrize("wrong", ["0", "-1", "3651", "много", "7 7", "9" * 40])
async def test_wrong_days_are_answered_with_the_right_form(world: World, wrong: str) -> None:
    answer = await asked(world, f"/stats {wrong}", "Нужно так: /stats [DAYS]")
    assert answer.words.endswith("например /stats 30.")


async def test_the_days_are_counted_as_things_happen(world: World) -> None:
    anna = await world.customer(tokens=790)
    anna.send("кот --n 2")
    await world.pictures(anna, 2)
    await one_create(world)
    anna.send("пёс --n 2")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 3)
    anna.send("/cancel")
    await world.said(anna, lambda text: text.startswith("Отменено: 1"))
    world.kie.finish(world.kie.tasks[-1])
    await world.closed()
    by_status = world.rows("SELECT status, count(*) AS n FROM items GROUP BY status")
    days = world.rows("SELECT status, sum(items) AS n FROM daily_items GROUP BY status")
    assert sorted(map(str, days)) == sorted(map(str, by_status))
    ledger = world.rows("SELECT kind, sum(amount) AS n, count(*) AS m FROM ledger GROUP BY kind")
    tokens = world.rows(
        "SELECT kind, sum(amount) AS n, sum(entries) AS m FROM daily_tokens GROUP BY kind"
    )
    assert sorted(map(str, tokens)) == sorted(map(str, ledger))
    assert world.rows("SELECT sum(items) AS n FROM daily_seconds") == [{"n": 3}]
    assert world.rows("SELECT user_id FROM daily_people") == [{"user_id": anna.user_id}]


async def test_percentiles_are_those_of_the_definition(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "bot.db") as database:
        rows = [
            *((100, seconds, 1) for seconds in range(1, 51)),
            *((101, seconds, 1) for seconds in range(51, 101)),
            (50, 5000, 1000),
        ]
        await database.write(
            lambda tx: tx.executemany("INSERT INTO daily_seconds VALUES (?, ?, ?)", rows)
        )
        database.now = lambda: 101 * 86_400 + 5
        numbers = await Stats(database).last(2)
        assert (numbers.median_s, numbers.p95_s) == (50, 95)
        assert [day.day for day in numbers.by_day] == [100, 101]
        database.now = lambda: 300 * 86_400
        empty = await Stats(database).last(30)
        assert (empty.median_s, empty.p95_s, empty.success) == (None, None, None)
        for sql in (
            "SELECT sum(items) FROM daily_items WHERE day >= 5 GROUP BY status",
            "SELECT count(DISTINCT user_id) FROM daily_people WHERE day >= 5",
            "SELECT seconds, sum(items) FROM daily_seconds WHERE day >= 5 GROUP BY seconds",
        ):
            plan = await database.fetch_all(f"EXPLAIN QUERY PLAN {sql}")
            assert not any(row["detail"].startswith("SCAN") for row in plan)


# --- /jobs


async def test_jobs_are_listed_oldest_first_and_paged(world: World) -> None:
    empty = await asked(world, "/jobs", "Очередь пуста")
    assert [button["text"] for button in empty.buttons] == ["↻ 1 / 1"]
    await one_create(world)
    anna = await world.customer(tokens=790)
    boris = await world.customer(1002, "<Борис>", tokens=790)
    anna.send("кот --n 4")
    boris.send("пёс --n 4")
    await world.until(lambda: len(world.rows("SELECT 1 FROM items")) == 8)
    await world.until(lambda: bool(world.rows("SELECT 1 FROM items WHERE status = 'generating'")))
    anna.send("ещё кот --n 4")
    await world.until(lambda: len(world.rows("SELECT 1 FROM items")) == 12)
    answer = await asked(world, "/jobs", "В очереди и в работе: 12")
    lines = answer.words.splitlines()
    assert re.fullmatch(r"1 · \d+ с · делается в KIE · Анна 1001", lines[1])
    assert re.fullmatch(r"5 · \d+ с · .* · <Борис> 1002", lines[5])
    assert len(lines) == 9
    await pressed(world, answer, "▶")
    await world.telegram.wait_for(lambda: len(answer.words.splitlines()) == 5)
    await pressed(world, answer, "◀")
    await world.telegram.wait_for(lambda: len(answer.words.splitlines()) == 9)
    await pressed(world, answer, "2")
    await reads(world, answer, "2 · ")
    await pressed(world, answer, "Назад")
    await reads(world, answer, "В очереди и в работе")
    for person in (anna, boris):
        person.send("/cancel")
    world.kie.finish(world.kie.tasks[0])
    await world.closed()


async def test_what_hangs_is_ended_refunded_and_told(world: World) -> None:
    await one_create(world)
    anna = await world.customer(tokens=158)
    anna.send("кот --n 2")
    await world.until(lambda: bool(world.rows("SELECT 1 FROM items WHERE status = 'generating'")))
    answer = await asked(world, "/jobs", "В очереди и в работе: 2")
    await pressed(world, answer, "1")
    await reads(world, answer, "1 · ")
    assert world.kie.tasks[0].task_id in answer.words
    world.telegram.updates.repeat_next()
    await pressed(world, answer, "Остановить, вернуть 79 токенов")
    await reads(world, answer, "Остановлено. Возвращено 79 токенов: Анна 1001.")
    assert world.balance(anna.user_id) == 79
    forged = world.telegram.person(ADMIN).forge(answer, "jobs:end:1:1")
    await world.telegram.wait_for(lambda: forged.answer)
    assert forged.answer is not None
    assert forged.answer.text.startswith("Она уже закончилась")
    (entry,) = world.rows("SELECT * FROM journal WHERE action = 'fail'")
    assert (entry["admin_id"], entry["subject"]) == (ADMIN, "1001")
    assert (entry["before"], entry["after"]) == ("image 1 generating", "failed, refunded 79")
    # What KIE still makes of it is not sent; the other item goes its way.
    world.kie.finish(world.kie.tasks[0])
    await one_create(world)
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 2)
    world.kie.finish(world.kie.tasks[1])
    await world.pictures(anna, 1)
    await world.closed()
    await world.said(anna, lambda text: text.startswith("Картинка слишком долго не получалась"))
    assert len(await world.pictures(anna, 1)) == 1
    assert world.balance(anna.user_id) == 79


async def test_a_waiting_image_that_is_ended_is_never_created(world: World) -> None:
    await one_create(world)
    anna = await world.customer(tokens=158)
    anna.send("кот --n 2")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 1)
    answer = await asked(world, "/jobs", "В очереди и в работе")
    await pressed(world, answer, "2")
    await reads(world, answer, "2 · ")
    await pressed(world, answer, "Остановить, вернуть 79 токенов")
    await world.until(lambda: world.balance(anna.user_id) == 79)
    world.kie.finish(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.closed()
    assert len(world.kie.tasks) == 1


async def test_a_picture_on_its_way_is_not_ended(world: World) -> None:
    anna = await world.customer(tokens=79)
    world.telegram.fault("sendPhoto", delay_s=1.0)
    answer = await asked(world, "/jobs", "Очередь пуста")
    anna.send("кот")
    await world.telegram.wait_for(
        lambda: any(call.method == "sendPhoto" for call in world.telegram.calls)
    )
    press = world.telegram.person(ADMIN).forge(answer, "jobs:end:1:1")
    await world.telegram.wait_for(lambda: press.answer)
    assert press.answer is not None
    assert press.answer.text.startswith("Она уже закончилась или отправляется")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 0


@pytest.mark.parametrize(
    "data", ["jobs:", "jobs:x", "jobs:one", "jobs:one:1:", "jobs:end:x:y", "jobs:end:1:" + "9" * 30]
)
async def test_forged_buttons_of_jobs_lead_to_the_list(world: World, data: str) -> None:
    answer = await asked(world, "/jobs", "Очередь пуста")
    press = world.telegram.person(ADMIN).forge(answer, data)
    await world.telegram.wait_for(lambda: press.answer)
    assert answer.words.startswith("Очередь пуста")


# --- /kie


async def test_kie_shows_credit_calls_and_errors(world: World) -> None:
    anna = await world.customer(tokens=158)
    world.kie.credits = 1234.5
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    answer = await asked(world, "/kie", "KIE")
    assert "предупреждение ниже 200" in answer.words
    assert re.search(r"За последнюю минуту: созданий 1, проверок [1-9]\d*\.", answer.words)
    assert "С запуска ошибок не было." in answer.words
    assert "1\N{NO-BREAK SPACE}226,5" in answer.words


async def test_low_credit_is_told_once_and_again_after_it_was_above(world: World) -> None:
    await world.stop()
    world.tune(credit_pause_s=0.05)
    await world.start()
    anna = await world.customer(tokens=790)
    admin = world.telegram.person(ADMIN)

    def alerts() -> int:
        return sum("На счёте KIE осталось" in m.words for m in world.bot_messages(admin))

    world.kie.credits = 190
    anna.send("кот --n 3")
    await world.pictures(anna, 3)
    await world.telegram.wait_for(lambda: alerts() == 1)
    world.kie.credits = 1000
    await asked(world, "/kie", "KIE")
    assert alerts() == 1
    world.kie.credits = 100
    anna.send("кот")
    await world.telegram.wait_for(lambda: alerts() == 2)
    await world.closed()


async def test_kie_that_does_not_answer_is_said(world: World) -> None:
    await world.stop()
    await world.start(kie_api_key="wrong")
    answer = await asked(world, "/kie", "KIE")
    assert "Остаток: KIE не ответил." in answer.words
    assert "Последние ошибки (UTC):" in answer.words


# --- /audit and /admin


async def test_audit_shows_the_check_and_the_journal(world: World) -> None:
    await world.customer(tokens=79)
    admin = world.telegram.person(ADMIN)
    await asked(world, "/audit", "✅ Проверено")
    await world.said(admin, lambda text: text.startswith("Журнал пуст"))
    for n in range(10):
        admin.send(f"/price midjourney-v7-fast {100 + n}")
    await world.until(lambda: len(world.rows("SELECT 1 FROM journal")) == 10)
    await asked(world, "/audit", "✅ Проверено")
    journal = await world.said(admin, lambda text: text.startswith("Журнал, новые"))
    lines = journal.words.splitlines()
    assert len(lines) == 9
    assert lines[1].endswith("price midjourney-v7-fast: 108 → 109")
    await pressed(world, journal, "▶")
    await world.telegram.wait_for(lambda: len(journal.words.splitlines()) == 3)
    assert journal.words.splitlines()[2].endswith("79 → 100")


async def test_audit_finds_what_is_wrong(world: World) -> None:
    await world.customer(tokens=79)
    await world.stop()  # a write from outside would wait for one of the bot's, on the same loop
    await world.write("UPDATE users SET balance = 5")
    await world.start()
    answer = await asked(world, "/audit", "⚠️ Нарушено 1 правило.")
    assert "a balance is the sum of its ledger" in answer.words
    await world.stop()
    await world.write("UPDATE users SET balance = 79")


async def test_the_panel_is_edited_in_place(world: World) -> None:
    await world.customer(tokens=79)
    panel = await asked(world, "/admin", "Чем займёмся?")
    for button, begins in (
        ("Модели", "Моделей: 17, включено: 1."),
        ("Люди", "Людей: 1. За 7 дней: новых 1, активных 0."),
        ("Цифры", "За 7 дней (UTC)"),
        ("Сервис", "Запросы принимаются."),
    ):
        await pressed(world, panel, button)
        await world.telegram.wait_for(
            lambda begins=begins: (
                panel.words.startswith(begins)  # type: ignore[misc]
                and panel.words != "Чем займёмся?"
            )
        )
        await pressed(world, panel, "Назад")
        await reads(world, panel, "Чем займёмся?")
    await pressed(world, panel, "Цифры")
    await reads(world, panel, "За 7 дней (UTC)")
    await pressed(world, panel, "365 дней")
    await reads(world, panel, "За 365 дней (UTC)")
    await pressed(world, panel, "Назад")
    await reads(world, panel, "Чем")
    await pressed(world, panel, "Сервис")
    await reads(world, panel, "Запросы")
    await pressed(world, panel, "Очередь")
    await reads(world, panel, "Очередь пуста")
    forged = world.telegram.person(ADMIN).forge(panel, "panel:nonsense:x")
    await world.telegram.wait_for(lambda: forged.answer)
    await reads(world, panel, "Чем займёмся?")


async def test_numbers_that_cannot_be_read_are_answered_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_self: Stats, _days: int) -> None:
        raise StorageFullError("the disk is full")

    monkeypatch.setattr(Stats, "last", fail)
    await asked(world, "/stats", "Что-то сломалось у нас.")
