"""/settings, /model, /language and the question before a charge, as conversations."""

from typing import Any

import pytest

from bot.demo.telegram import Message, Person
from providers.order import Order, Origin
from storage.errors import StorageFullError
from storage.jobs import Jobs, PlacedJob
from tests.e2e.test_pictures_buttons import answer
from tests.support import ADMIN, World, png


async def pressed(world: World, person: Person, message: Message, button: str) -> str:
    """Press a button once it is there, wait for the answer to the press, and return it."""
    await world.telegram.wait_for(lambda: button in shown(message))
    press = person.press(message, button)
    await world.telegram.wait_for(lambda: press.answer)
    assert press.answer is not None
    return press.answer.text


def shown(message: Message) -> list[str | None]:
    """What the buttons of a message say and send."""
    return [each.get(key) for each in message.buttons for key in ("text", "callback_data")]


async def forged(world: World, person: Person, message: Message, data: str) -> str:
    """Send what an old or made-up button would, and return the answer to it."""
    press = person.forge(message, data)
    await world.telegram.wait_for(lambda: press.answer)
    assert press.answer is not None
    return press.answer.text


async def card(world: World, person: Person) -> Message:
    sent = person.send("/settings")

    def shown() -> Message | None:
        said = (m for m in world.bot_messages(person) if m.message_id > sent)
        return next((m for m in said if m.words.startswith(("Настройки\n", "Settings\n"))), None)

    message = await world.telegram.wait_for(shown)
    assert message is not None
    return message


async def choose(world: World, person: Person, message: Message, what: str, value: str) -> None:
    """Open a menu of the card and choose a value, all in the same message."""
    await pressed(world, person, message, f"set:{what}")
    await world.telegram.wait_for(
        lambda: any(b.get("callback_data") == "set:card" for b in message.buttons)
    )
    await pressed(world, person, message, f"set:{what}:{value}")
    await world.telegram.wait_for(lambda: message.words.startswith(("Настройки\n", "Settings\n")))


async def test_a_long_name_of_a_setting_has_a_row_of_its_own(world: World) -> None:
    message = await card(world, await world.customer())
    assert message.reply_markup is not None
    rows = message.reply_markup["inline_keyboard"]
    assert [[each["text"] for each in row] for row in rows] == [
        ["Модель", "Соотношение сторон"],
        ["Качество", "Картинок за раз"],
        ["Близость к описанию (cfg)"],
        ["Чего не рисовать"],
        ["Спрашивать перед списанием"],
        ["Язык"],
    ]


async def add_model(
    world: World, slug: str, name: str, price: int, position: int, **more: object
) -> None:
    values = {"description": "", "input_images": 1, "enabled": 1, **more}
    await world.write(
        "INSERT INTO models (slug, name, provider, description, input_images, price, enabled,"
        " position) VALUES (?, ?, 'midjourney', ?, ?, ?, ?, ?)",
        slug,
        name,
        values["description"],
        values["input_images"],
        price,
        values["enabled"],
        position,
    )


async def test_the_card_shows_what_holds_and_what_a_request_costs(world: World) -> None:
    anna = await world.customer(tokens=200, ask=None)
    message = await card(world, anna)
    assert message.words == (
        "Настройки\n"
        "Модель: Midjourney V6\n"
        "Соотношение сторон: 1:1\n"
        "Качество: standard\n"
        "Картинок за раз: 1\n"
        "Близость к описанию (cfg): 0.5\n"
        "Чего не рисовать: —\n"
        "Спрашивать перед списанием: если есть сомнения\n"
        "Язык: как в Telegram\n"
        "\n"
        "Запрос сейчас стоит 79 токенов; на балансе 200 токенов.\n"
        "Флаг в описании важнее настроек, например --ar 16:9."
    )


async def test_what_is_set_is_drawn_and_kept_and_a_flag_wins(world: World) -> None:
    anna = await world.customer()
    message = await card(world, anna)
    for what, value in (("ar", "16:9"), ("q", "high"), ("n", "2"), ("cfg", "0.7")):
        await choose(world, anna, message, what, value)
    await world.telegram.wait_for(lambda: "стоит 158 токенов" in message.words)
    assert len([m for m in world.bot_messages(anna) if m.words.startswith("Настройки")]) == 1
    await world.stop()  # settings survive a restart
    await world.start()
    anna.send("кот")
    await world.pictures(anna, 2)
    expected = {"aspect_ratio": "16:9", "quality": "high", "cfg_scale": 0.7}
    for task in world.kie.tasks:
        assert {name: task.input[name] for name in expected} == expected
    anna.send("кот --ar 9:16 --n 1 --q standard --cfg 0.2")
    await world.pictures(anna, 3)
    task = world.kie.tasks[2]
    expected = {"aspect_ratio": "9:16", "quality": "standard", "cfg_scale": 0.2}
    assert {name: task.input[name] for name in expected} == expected
    await world.closed()
    assert world.balance(anna.user_id) == 1000 - 3 * 79


async def test_a_negative_prompt_is_the_next_text_and_costs_nothing(world: World) -> None:
    anna = await world.customer()
    message = await card(world, anna)
    await pressed(world, anna, message, "set:no")
    await world.telegram.wait_for(lambda: message.words.startswith("Чего не рисовать: —"))
    await pressed(world, anna, message, "Написать")
    await world.telegram.wait_for(lambda: message.words.startswith("Напишите следующим"))
    anna.send("/balance")  # a command is a command
    await world.said(anna, lambda text: text.startswith("1000 токенов осталось."))
    world.telegram.updates.repeat_next()
    anna.send("текст, <b>рамка</b>")
    await world.said(anna, lambda text: "не будет: «текст, <b>рамка</b>»" in text)
    await world.telegram.wait_for(lambda: "Чего не рисовать: текст, <b>рамка" in message.words)
    await world.answered()
    anna.send("кот")
    await world.pictures(anna, 1)
    (task,) = world.kie.tasks
    assert (task.input["prompt"], task.input["negative_prompt"]) == ("кот", "текст, <b>рамка</b>")
    anna.send("кот --no собака")
    await world.pictures(anna, 2)
    assert world.kie.tasks[1].input["negative_prompt"] == "собака"
    await choose(world, anna, message, "no", "-")
    anna.send("кот")
    await world.pictures(anna, 3)
    assert "negative_prompt" not in world.kie.tasks[2].input
    await world.closed()


async def test_a_negative_prompt_is_waited_for_ten_minutes_and_not_after_back(world: World) -> None:
    anna = await world.customer()
    message = await card(world, anna)
    await pressed(world, anna, message, "set:no")
    await world.telegram.wait_for(lambda: message.words.startswith("Чего не рисовать"))
    await pressed(world, anna, message, "set:no:?")
    anna.send("я" * 2501)
    await world.said(anna, lambda text: text.startswith("Здесь 2501 символ"))
    anna.send("\u200b")  # what nobody sees is nothing
    await world.telegram.wait_for(
        lambda: world.bot_messages(anna)[-1].words.startswith("Напишите следующим сообщением")
    )
    await world.telegram.wait_for(lambda: message.words.startswith("Напишите следующим"))
    await pressed(world, anna, message, "‹ Настройки")
    anna.send("кот")
    await world.pictures(anna, 1)
    await pressed(world, anna, message, "set:no")
    await world.telegram.wait_for(lambda: message.words.startswith("Чего не рисовать"))
    await pressed(world, anna, message, "set:no:?")
    await world.write("UPDATE awaited_words SET asked_at = asked_at - 601")
    anna.send("пёс")
    await world.pictures(anna, 2)
    await world.closed()
    assert "negative_prompt" not in world.kie.tasks[1].input


async def test_models_stand_in_the_admins_order_and_one_can_be_chosen(world: World) -> None:
    anna = await world.customer()
    await add_model(world, "second", "Вторая <&>", 100, 3, description="Медленная & красивая")
    await add_model(world, "hidden", "Скрытая", 1, 2, enabled=0)
    anna.send("/model")
    message = await world.said(anna, lambda text: text.startswith("Модель\n"))
    assert message.words == (
        "Модель\nДля одного запроса допишите к нему --model second."
        "\n\n✓ Midjourney V6 midjourney-v7-fast — 79 токенов за картинку"
        "\nхудожественные картинки с характером\nКартинка по описанию или картинке."
        "\n\nВторая <&> second — 100 токенов за картинку\nМедленная & красивая"
        "\nКартинка по описанию или картинке."
    )
    await pressed(world, anna, message, "Вторая <&> · 100")
    await world.telegram.wait_for(lambda: "Модель: Вторая <&>" in message.words)
    assert "стоит 100 токенов" in message.words
    anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 900
    anna.send("/balance")
    await world.said(anna, lambda text: "Это 9 картинок." in text)


async def test_a_chosen_model_that_is_off_gives_way_and_the_person_is_told(world: World) -> None:
    anna = await world.customer()
    await add_model(world, "second", "Вторая", 100, 2)
    anna.send("/model")
    message = await world.said(anna, lambda text: text.startswith("Модель\n"))
    await pressed(world, anna, message, "Вторая · 100")
    await world.write("UPDATE models SET enabled = 0 WHERE slug = 'second'")
    anna.send("кот")
    await world.said(
        anna, lambda text: text.startswith("Модель Вторая сейчас не работает, вместо неё —")
    )
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 921
    assert "Вторая сейчас не работает" in (await card(world, anna)).words
    await world.write("UPDATE models SET enabled = 1 WHERE slug = 'second'")
    anna.send("кот")
    await world.pictures(anna, 2)
    await world.closed()
    assert world.balance(anna.user_id) == 821, "the choice was kept"


async def test_old_and_forged_presses_are_answered_and_change_nothing(world: World) -> None:
    anna = await world.customer(ask=None)
    message = await card(world, anna)
    before = message.words
    bad = ("set:ar:4:3", "set:n:99", "set:n:x", "set:cfg:7", "set:model:none", "set:lang:xx")
    for data in (*bad, "set:", "set:zzz", "set:ask:1", "set:no:x"):
        assert await forged(world, anna, message, data) == (
            "Это больше нельзя выбрать. Ничего не изменилось."
        )
    assert world.rows("SELECT * FROM preferences") == []
    assert message.words == before


async def test_the_language_that_is_chosen_wins_over_telegram_s(world: World) -> None:
    anna = await world.customer()
    anna.send("/language")
    message = await world.said(anna, lambda text: text == "Язык")
    assert [b["text"] for b in message.buttons][:3] == ["✓ как в Telegram", "English", "Русский"]
    await pressed(world, anna, message, "English")
    await world.telegram.wait_for(lambda: "Language: English" in message.words)
    world.telegram.person(ADMIN).send(f"/grant {anna.user_id} 5")
    await world.said(anna, lambda text: text.startswith("You received 5 tokens."))
    await world.stop()
    await world.start()
    anna.send("cat")
    await world.pictures(anna, 1)
    await world.said(anna, lambda text: text.startswith("Done, your picture is here."))
    await world.closed()
    assert {row["language"] for row in world.rows("SELECT language FROM jobs")} == {"en"}
    anna.send("/start")
    await world.said(anna, lambda text: text.startswith("Hello!") and "926" in text)
    assert world.rows("SELECT language FROM users WHERE user_id = 1001") == [{"language": "en"}]
    await choose(world, anna, message, "lang", "-")
    await world.telegram.wait_for(lambda: "Язык: как в Telegram" in message.words)
    assert world.rows("SELECT language FROM users WHERE user_id = 1001") == [{"language": "ru"}]


# --- The question before a charge


async def ask_first(world: World, person: Person) -> Message:
    message = await card(world, person)
    await choose(world, person, message, "ask", "always")
    await world.telegram.wait_for(lambda: "перед списанием: всегда" in message.words)
    return message


async def asked(world: World, person: Person, prompt: int) -> Message:
    def found() -> Message | None:
        return next(
            (
                m
                for m in world.bot_messages(person)
                if m.words.startswith("Нарисовать это?")
                and m.reply_to is not None
                and m.reply_to.message_id == prompt
            ),
            None,
        )

    message = await world.telegram.wait_for(found)
    assert message is not None
    return message


async def test_nothing_is_charged_before_a_yes(world: World) -> None:
    anna = await world.customer()
    await ask_first(world, anna)
    question = await asked(world, anna, anna.send("кот & <b>пёс --n 2 --ar 3:2 --no рамка"))
    assert question.words == (
        "Нарисовать это?\n"
        "кот & <b>пёс\n"
        "Midjourney V6 · 3:2 · standard · cfg 0.5\n"
        "Чего не рисовать: рамка\n"
        "2 картинки за 158 токенов; на балансе 1000 токенов. Пока ничего не списано."
    )
    assert world.balance(anna.user_id) == 1000
    presses = [anna.press(question, "Нарисовать") for _ in range(2)]
    await world.pictures(anna, 2)
    await world.closed()
    await world.telegram.wait_for(lambda: all(press.answer for press in presses))
    assert world.balance(anna.user_id) == 842
    assert question.words.startswith("Готово: пришли 2 картинки"), "the question became the summary"
    assert question.buttons == []
    again = await forged(world, anna, question, presses[0].data)
    assert again == "Этот запрос уже принят. Второй раз ничего не списано."
    assert world.rows("SELECT * FROM questions") == []


async def test_what_was_paid_for_is_drawn_though_its_card_could_not_be_noted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, failures = Jobs.set_progress_message, iter([StorageFullError("the disk is full")])

    async def fail_once(self: Jobs, job_id: int, message_id: int) -> None:
        for error in failures:
            raise error
        await note(self, job_id, message_id)

    monkeypatch.setattr(Jobs, "set_progress_message", fail_once)
    anna = await world.customer()
    await ask_first(world, anna)
    question = await asked(world, anna, anna.send("кот"))
    assert await pressed(world, anna, question, "Нарисовать") == ""
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 921


async def test_a_no_costs_nothing(world: World) -> None:
    anna = await world.customer()
    await ask_first(world, anna)
    question = await asked(world, anna, anna.send("кот"))
    await pressed(world, anna, question, "Не рисовать")
    await world.telegram.wait_for(lambda: question.words == "Хорошо, не буду. Ничего не списано.")
    assert question.buttons == []
    assert world.kie.tasks == []
    assert world.balance(anna.user_id) == 1000


async def test_the_question_remembers_the_picture_and_survives_a_restart(world: World) -> None:
    anna = await world.customer()
    await ask_first(world, anna)
    picture = anna.send_photo(png(100, 50))
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    question = await asked(world, anna, anna.send("комикс", reply_to=picture))
    assert "За основу возьму вашу картинку." in question.words
    await world.stop()
    await world.start()
    await pressed(world, anna, question, "Нарисовать")
    await world.pictures(anna, 1)
    assert "image_url" in world.kie.tasks[0].input
    await world.closed()


async def test_what_the_question_said_is_what_is_charged(world: World) -> None:
    anna = await world.customer()
    await ask_first(world, anna)
    question = await asked(world, anna, anna.send("кот"))
    await world.write("UPDATE models SET price = 100")
    assert (await pressed(world, anna, question, "Нарисовать")).startswith("Цена изменилась.")
    await world.telegram.wait_for(lambda: "1 картинка за 100 токенов" in question.words)
    assert world.balance(anna.user_id) == 1000
    await pressed(world, anna, question, "Нарисовать")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 900
    question = await asked(world, anna, anna.send("кот"))
    await world.write("UPDATE models SET enabled = 0")
    await pressed(world, anna, question, "Нарисовать")
    await world.telegram.wait_for(lambda: "больше не работает. Ничего не списано" in question.words)
    assert world.balance(anna.user_id) == 900


async def test_a_repeated_update_asks_no_more_once_it_is_drawn(world: World) -> None:
    anna = await world.customer(tokens=79)
    await ask_first(world, anna)
    world.telegram.updates.repeat_next()
    question = await asked(world, anna, anna.send("кот"))
    await world.answered()
    await pressed(world, anna, question, "Нарисовать")
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 0
    anna.send("пёс")
    await world.said(anna, lambda text: "нужно 79, у вас 0. Ничего не списано." in text)


async def test_nobody_answers_for_somebody_else(world: World) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    await ask_first(world, anna)
    prompt = anna.send("кот")
    question = await asked(world, anna, prompt)
    own = world.bot_messages(boris)[0]
    for data in (f"ask:yes:{prompt}", "ask:yes:", "ask:", "ask:no:x", "ask:yes:" + "9" * 40):
        boris.forge(own, data)
    await world.telegram.wait_for(lambda: all(press.answer for press in world.telegram.callbacks))
    assert world.kie.tasks == []
    assert question.words.startswith("Нарисовать это?")
    assert len(world.rows("SELECT * FROM questions")) == 1


@pytest.mark.parametrize(
    "prompt", ["к" + "&" * 1899, "🦊" * 1900, "<b>" * 600, "\u202eשלום " * 200]
)
async def test_no_prompt_is_too_much_for_the_cards(world: World, prompt: str) -> None:
    anna = await world.customer()
    await world.prefer(1001, ask="always")
    await world.prefer_params(1001, negative_prompt=prompt)
    question = await asked(world, anna, anna.send(prompt))
    await pressed(world, anna, question, "Нарисовать")
    await world.pictures(anna, 1)
    await card(world, anna)
    anna.send("/balance")
    await world.said(anna, lambda text: text.startswith("921 токен остался."))
    await world.closed()


async def test_options_that_were_closed_since_it_was_asked_are_left_out(world: World) -> None:
    anna = await world.customer()
    await world.prefer(1001, ask="always")
    question = await asked(world, anna, anna.send("кот --opt weird=1"))
    await world.write("""UPDATE questions SET options = '{"weird": 1, "n": 10}'""")
    await pressed(world, anna, question, "Нарисовать")
    await world.pictures(anna, 1)
    await world.closed()
    (task,) = world.kie.tasks
    assert (task.input["weird"], "n" in task.input) == (1, False)


# --- The balance


async def test_the_balance_tells_where_the_tokens_went(world: World) -> None:
    anna = await world.customer(tokens=400)
    world.telegram.person(ADMIN).send("/grant 1001 100 за идею & <помощь>")
    await world.said(anna, lambda text: "начислено: 100" in text)
    anna.send("рыжая лиса --n 2")
    await world.pictures(anna, 2)
    await world.closed()
    anna.send("/balance")
    message = await world.said(anna, lambda text: text.startswith("342 токена осталось."))
    first, empty, *lines = message.words.split("\n")
    assert (first, empty) == ("342 токена осталось. Это 4 картинки.", "")
    assert [line.split(": ", 1)[1] for line in lines] == [
        "−158, 2 картинки «рыжая лиса»",
        "+100, от администраторов",  # the note is for the admins
        "+321, от администраторов",
        "+79, в подарок для начала",
    ]


async def test_edited_messages_start_nothing(world: World) -> None:
    anna = await world.customer()
    prompt = anna.send("кот")
    await world.pictures(anna, 1)
    await world.closed()
    said = len(world.bot_messages(anna))
    anna.edit(prompt, "пёс --n 4")
    anna.send("/balance")
    await world.said(anna, lambda text: text.startswith("921 токен остался."))
    assert len(world.bot_messages(anna)) == said + 1
    assert len(world.kie.tasks) == 1


async def add_models(world: World, count: int) -> None:
    for number in range(2, count + 1):
        await add_model(world, f"m{number}", f"Модель {number}", 10 + number, number)


def labels(message: Message) -> list[str]:
    """The page number among the buttons: it is one that does nothing."""
    return [each["text"] for each in message.buttons if "disabled" in each]


async def models(world: World, person: Person) -> Message:
    sent = person.send("/model")
    return await world.telegram.wait_for(
        lambda: next(
            (m for m in world.bot_messages(person) if m.message_id > sent and m.buttons), None
        )
    )


async def paged(world: World, message: Message, label: str | None) -> None:
    """Wait until this page is shown."""
    shown = [] if label is None else [label]
    await world.telegram.wait_for(lambda: labels(message) == shown)


async def test_thirty_models_are_paged_and_each_can_be_chosen(world: World) -> None:
    await add_models(world, 30)
    anna = await world.customer()
    anna.send("/model")
    message = await world.said(anna, lambda text: text.startswith("Модель\n"))
    seen = []
    for page in range(1, 5):
        await paged(world, message, f"{page} / 4")
        seen += [
            each["text"].removeprefix("✓ ").split(" · ")[0]
            for each in message.buttons
            if each.get("callback_data", "").startswith("set:model:")
        ]
        assert f"Модель {8 * page}" in message.words or page == 4
        if page < 4:
            assert await pressed(world, anna, message, "▶") == ""
    assert seen == ["Midjourney V6", *[f"Модель {number}" for number in range(2, 31)]]
    assert "▶" not in [each["text"] for each in message.buttons]
    await pressed(world, anna, message, "Модель 30 · 40")
    await world.telegram.wait_for(lambda: "Модель: Модель 30" in message.words)
    await pressed(world, anna, message, "Модель")  # it opens where the chosen one is
    await paged(world, message, "4 / 4")
    assert "✓ Модель 30 · 40" in [each["text"] for each in message.buttons]
    await pressed(world, anna, message, "◀")
    await paged(world, message, "3 / 4")
    for named, shown in (("99", "4 / 4"), ("0", "1 / 4"), ("-1", "4 / 4"), ("x" * 40, "4 / 4")):
        assert await forged(world, anna, message, f"set:model@{named}") == ""
        await paged(world, message, shown)
    await world.write("UPDATE models SET enabled = 0 WHERE position > 8")
    assert await forged(world, anna, message, "set:model@4") == ""
    await paged(world, message, None)
    anna.send("кот")
    await world.pictures(anna, 1)


@pytest.mark.parametrize(
    ("version", "styled", "refusals"), [("10.3", True, 0), ("10.2", True, 1), ("9.3", False, 2)]
)
async def test_a_page_number_is_a_label_or_a_button_that_is_answered(
    world: World, version: str, *, styled: bool, refusals: int
) -> None:
    world.telegram.server_version = version
    await add_models(world, 30)
    anna = await world.customer()

    def refused() -> int:
        return sum("unknown field" in (call.error or "") for call in world.telegram.calls)

    for _ in range(2):  # an old server is asked once about each decoration
        message = await models(world, anna)
        number = next(each for each in message.buttons if each["text"] == "1 / 4")
        assert any("style" in each for each in message.buttons) is styled
        assert refused() == refusals
        if version == "10.3":
            assert number == {"text": "1 / 4", "disabled": {}}
        else:
            before = message.words
            assert await pressed(world, anna, message, "1 / 4") == ""
            assert message.words == before
    message = await models(world, anna)
    await pressed(world, anna, message, "▶")
    await world.telegram.wait_for(lambda: "2 / 4" in [b["text"] for b in message.buttons])
    assert refused() == refusals


async def test_an_edit_that_changes_nothing_costs_no_decoration(world: World) -> None:
    anna = await world.customer()
    await add_models(world, 30)
    message = await card(world, anna)
    await pressed(world, anna, message, "Модель")
    await paged(world, message, "1 / 4")
    for _ in range(2):
        await forged(world, anna, message, "set:model@1")
    await world.telegram.wait_for(
        lambda: [c for c in world.telegram.calls if "not modified" in (c.error or "")]
    )
    await pressed(world, anna, message, "▶")
    await paged(world, message, "2 / 4")


async def test_a_price_that_changes_at_the_last_moment_is_asked_about_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Jobs.place

    async def place_late(
        self: Jobs, order: Order, origin: Origin, **terms: Any
    ) -> PlacedJob | None:
        await world.write("UPDATE models SET price = 100")
        return await place(self, order, origin, **terms)

    monkeypatch.setattr(Jobs, "place", place_late)
    anna = await world.customer()
    await world.prefer(1001, ask="always")
    anna.send("кот")
    card = await world.said(anna, lambda text: "79" in text and "кот" in text)
    anna.press(card, card.buttons[0]["text"])
    await world.telegram.wait_for(lambda: "100" in card.words)
    assert world.balance(1001) == 1000
    anna.press(card, card.buttons[0]["text"])
    await world.until(lambda: world.balance(1001) == 900)


async def test_a_forged_answer_is_none(world: World, caplog: pytest.LogCaptureFixture) -> None:
    anna = await world.customer()
    own = world.bot_messages(anna)[0]
    for data in ("ask:yes:--5", "ask:yes:-", "ask:no", "ask:maybe:1"):
        assert await answer(world, anna.forge(own, data)) == ""
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


async def test_a_price_that_rises_while_a_request_is_on_its_way_is_asked_about(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await world.customer(tokens=1000)
    place = Jobs.place

    async def dearer(jobs: Jobs, *args: Any, **kwargs: Any) -> PlacedJob | None:
        await world.write("UPDATE models SET price = 500 WHERE slug = 'midjourney-v7-fast'")
        return await place(jobs, *args, **kwargs)

    monkeypatch.setattr(Jobs, "place", dearer)
    anna.send("лиса")
    await world.said(anna, lambda text: "500" in text)
    assert world.balance(anna.user_id) == 1000
