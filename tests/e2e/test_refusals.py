"""What cannot be taken costs nothing and is answered in words, over HTTP."""

import pytest

from tests.support import ADMIN, World


@pytest.mark.parametrize(
    ("line", "begins", "instead"),
    [
        ("--ar 16:9", "Нет описания картинки.", None),
        ("--", "Нет описания картинки. Напишите, что нарисовать, а флаги — после", None),
        ("—", "Нет описания картинки.", None),
        ("...", "Нет описания картинки.", None),
        ("\u200b\u2060", "Нет описания картинки.", None),
        ("лес -- ar 16:9", "Флага -- ar нет. Может быть, --ar?", "лес --ar 16:9"),
        ("лес — ar 16:9", "Флага -- ar нет. Может быть, --ar?", "лес --ar 16:9"),
        ("кот " + "я" * 2000, "В описании 2004 символов, а можно не больше 2000.", None),
        ("кот --ar 4:3", "--ar не может быть «4:3». Можно: 1:1, 16:9", "кот --ar 3:2"),
        ("кот --ar", "После --ar нужно значение: 1:1", "кот"),
        ("кот --q супер", "--q не может быть «супер». Можно: standard, high", "кот"),
        ("кот --quality hd", "--quality не может быть «hd».", "кот --quality high"),
        ("кот --no", "После --no нужно значение: текст не длиннее 2500", "кот"),
        ("кот --no " + "я" * 2501, "--no не может быть «яяя", None),
        ("кот --cfg 7", "--cfg не может быть «7». Можно: число от 0 до 1", "кот --cfg 1"),
        ("кот --cfg 0.55", "--cfg не может быть «0.55».", "кот --cfg 0.6"),
        ("кот --opt weird", "--opt не может быть «weird».", "кот"),
        ("кот --options [1]", "--options не может быть «[1]». Можно: объект JSON", None),
        ("кот --opt a=" + "я" * 2100, "--opt не может быть «a=яя", None),
        (
            "кот --opt n=10 --opt weird=5",
            "Настройка n закрыта: такие настройки меняют стоимость",
            "кот --opt weird=5",
        ),
        ("кот --opt speed=turbo", "Настройка speed закрыта:", "кот"),
        ("кот --opt prompt=пёс", "Настройка prompt закрыта:", "кот"),
        ('кот --options {"imageUrl": "x"}', "Настройка imageUrl закрыта:", "кот"),
        ("кот --n 0", "--n не может быть «0». Можно: целое число от 1 до 4", "кот --n 1"),
        ("кот --n 5", "5 картинок за раз — слишком много, можно не больше 4.", "кот --n 4"),
        ("кот --arr 16:9", "Флага --arr нет. Может быть, --ar?", "кот --ar 16:9"),
        ("кот --папа 7", "У Midjourney нет флага --папа. Можно: --ar, --q,", "кот"),
        ("кот --stop 7", "В Midjourney флаг --stop есть, а эта модель", "кот"),
        ("<b>&кот --ar 7:1", "--ar не может быть «7:1».", "<b>&кот --ar 16:9"),
    ],
)
async def test_a_wrong_request_is_answered_and_costs_nothing(
    world: World, line: str, begins: str, instead: str | None
) -> None:
    anna = await world.customer(tokens=790)
    sent = anna.send(line)
    answer = await world.said(anna, lambda text: text.startswith(begins))
    assert answer.reply_to is not None
    assert answer.reply_to.message_id == sent
    assert "Ничего не списано." in answer.words
    if instead is None:
        assert "Отправьте вместо этого" not in answer.words
    else:
        assert answer.words.endswith(f"Отправьте вместо этого:\n{instead}")
        code = [each for each in answer.entities if each["type"] == "code"]
        assert code[-1]["length"] == len(instead), "a tap copies the line"
    assert world.balance(anna.user_id) == 790
    assert world.kie.tasks == []


async def test_too_few_tokens_says_needed_and_have(world: World) -> None:
    anna = await world.customer(tokens=100)
    anna.send("кот --n 2")
    await world.said(anna, lambda text: "нужно 158, у вас 100. Ничего не списано." in text)
    assert world.balance(anna.user_id) == 100
    assert world.rows("SELECT * FROM jobs") == []


async def test_too_many_active_images(world: World) -> None:
    anna = await world.customer(tokens=10_000)
    world.kie.task_seconds = 60
    anna.send("кот --n 4")
    anna.send("кот --n 4")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 8)
    anna.send("кот")
    await world.said(anna, lambda text: "Ещё не готово: 8" in text)
    assert world.balance(anna.user_id) == 10_000 - 8 * 79
    for task in world.kie.tasks:
        world.kie.finish(task)
    await world.closed()


async def test_one_person_s_many_requests_at_once_spend_only_what_there_is(world: World) -> None:
    anna = await world.customer(tokens=3 * 79)
    for _ in range(10):
        anna.send("кот")
    await world.pictures(anna, 3)
    await world.closed()
    await world.telegram.wait_for(
        lambda: sum(m.words.startswith("Не хватает токенов") for m in world.bot_messages(anna)) == 7
    )
    assert world.balance(anna.user_id) == 0


async def test_a_model_that_is_off_is_refused_in_words(world: World) -> None:
    anna = await world.customer()
    await world.stop()
    await world.write("UPDATE models SET enabled = 0")
    await world.start()
    anna.send("кот")
    await world.said(anna, lambda text: text.startswith("Сейчас ни одна модель не работает"))
    assert world.balance(anna.user_id) == 1000


async def test_the_price_is_the_one_of_the_moment_of_charging(world: World) -> None:
    anna = await world.customer()
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.write("UPDATE models SET price = 100")
    anna.send("кот")
    await world.pictures(anna, 2)
    await world.closed()
    assert [row["price"] for row in world.rows("SELECT price FROM jobs")] == [79, 100]
    assert world.balance(anna.user_id) == 1000 - 79 - 100


async def test_what_is_no_text_and_unknown_commands_get_a_sentence(world: World) -> None:
    anna = await world.customer()
    anna.send_document(b"hello", filename="hello.txt", mime_type="text/plain")
    await world.said(anna, lambda text: text.startswith("Не могу прочитать этот файл"))
    anna.send("/foo")
    await world.said(anna, lambda text: text.startswith("Такой команды нет."))


async def test_groups_are_left_alone(world: World) -> None:
    anna = await world.customer()
    group = world.telegram.add_group(-100500, "Группа", [anna])
    world.telegram.privacy_mode = False
    anna.send("кот", chat=group)
    anna.send("/start", chat=group)
    await world.answered()
    assert [message for message in group.messages if message.from_bot] == []
    assert world.kie.tasks == []


async def test_start_gives_the_welcome_tokens_once(world: World) -> None:
    anna = world.person(1001, "Анна")
    for _ in range(2):
        anna.send("/start")
    await world.said(anna, lambda text: "Для начала у вас есть 79 токенов." in text)
    await world.said(anna, lambda text: "У вас 79 токенов." in text)
    assert world.balance(anna.user_id) == 79


async def test_balance_begins_with_the_number(world: World) -> None:
    anna = await world.customer(tokens=200)
    anna.send("/balance")
    await world.said(anna, lambda text: text.startswith("200 токенов осталось. Это 2 картинки.\n"))


async def test_help_shows_every_flag(world: World) -> None:
    anna = await world.customer()
    anna.send("/help")
    answer = await world.said(anna, lambda text: "--options" in text)
    for flag in ("--ar", "--n", "--q", "--no", "--cfg", "--seed", "--chaos", "--style", "--mode"):
        assert flag in answer.words


async def test_grant_is_the_admin_s_and_happens_once(world: World) -> None:
    anna = await world.customer(tokens=79)
    anna.send("/grant 1001 500")
    await world.said(anna, lambda text: text.startswith("Такой команды нет."))
    admin = world.telegram.person(ADMIN)
    world.telegram.updates.repeat_next()
    admin.send("/grant 1001 500 за терпение")
    await world.said(
        anna, lambda text: text == "Вам начислено: 500 токенов. Теперь на балансе: 579."
    )
    await world.answered()
    assert world.balance(anna.user_id) == 579
    admin.send("/grant 1001 -79")
    await world.said(anna, lambda text: text.startswith("С вашего баланса списано: 79 токенов."))
    admin.send("/grant 1001 -5000")
    await world.said(admin, lambda text: "только 500 токенов" in text)
    admin.send("/grant 4004 5")
    await world.said(admin, lambda text: text.startswith("4004 ещё не писал боту"))
    for wrong in ("/grant", "/grant Анна 5", "/grant 1001 много", "/grant 1001 0"):
        admin.send(wrong)
    await world.telegram.wait_for(
        lambda: sum(m.words.startswith("Нужно так: /grant") for m in world.bot_messages(admin)) == 4
    )
    assert world.balance(anna.user_id) == 500
    notes = [row["note"] for row in world.rows("SELECT note FROM ledger WHERE kind = 'grant'")]
    assert notes == ["за терпение", ""]
