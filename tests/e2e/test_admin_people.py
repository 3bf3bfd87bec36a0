"""The admins and the people, over HTTP: tokens, bans, names, maintenance, menus."""

import re
from functools import partial
from typing import Any

import pytest

from bot.demo.telegram import Message, Person
from bot.texts import load_texts
from tests.asking import answer, ask, journal
from tests.support import ADMIN, World, png

TEXTS = load_texts()


@pytest.fixture
def admin(world: World) -> Person:
    return world.telegram.person(ADMIN)


async def named(world: World, user_id: int, name: str, username: str | None) -> Person:
    """Somebody with a @name who pressed /start."""
    person = world.telegram.add_person(user_id, name, language_code="ru", username=username)
    await ask(world, person, "/start")
    await world.answered()
    return person


def presses_of(message: Message) -> dict[str, str]:
    return {button["text"]: button["callback_data"] for button in message.buttons}


# --- /grant


async def test_grant_by_name_tells_both(world: World, admin: Person) -> None:
    anna = await named(world, 1001, "Анна", "anna_k")
    words = await ask(world, admin, "/grant @ANNA_k 500 за терпение")
    assert words == "Анна @anna_k 1001: начислено 500 токенов. Теперь на балансе: 579."
    await world.said(anna, lambda text: text.startswith("Вам начислено: 500 токенов."))
    words = await ask(world, admin, "/grant 1001 −579")
    assert words == "Анна @anna_k 1001: списано 579 токенов. Теперь на балансе: 0."
    assert "У этого человека только 0 токенов." in await ask(world, admin, "/grant 1001 -1")
    assert world.balance(1001) == 0
    rows = world.rows("SELECT * FROM journal ORDER BY entry_id")
    assert [(row["subject"], row["before"], row["after"]) for row in rows] == [
        ("1001", "79", "579"),
        ("1001", "579", "0"),
    ]


async def test_a_repeated_grant_is_one(world: World, admin: Person) -> None:
    anna = await named(world, 1001, "Анна", None)
    world.telegram.updates.repeat_next()
    await ask(world, admin, "/grant 1001 5")
    await world.answered()
    assert world.balance(1001) == 84
    assert len(world.rows("SELECT * FROM journal")) == 1
    told = [m for m in world.bot_messages(anna) if m.words.startswith("Вам начислено")]
    assert len(told) == 1


async def test_two_people_of_one_former_name_are_told_apart_by_id(
    world: World, admin: Person
) -> None:
    anna = await named(world, 1001, "Анна", "fox")
    anna.user["username"] = "anna_new"
    await ask(world, anna, "/balance")
    await world.answered()
    await world.until(lambda: len(world.rows("SELECT * FROM usernames")) == 2)
    assert "Анна @anna_new 1001" in await ask(world, admin, "/user @fox")
    await named(world, 1002, "Борис", "fox")
    words = await ask(world, admin, "/grant @fox 5")
    assert words == (
        "Имя @fox есть или было у нескольких людей. Укажите id. Ничего не изменилось.\n"
        "Вот они:\nАнна @anna_new 1001\nБорис @fox 1002"
    )
    assert world.balance(1001) == world.balance(1002) == 79


async def test_nobody_of_that_name_or_id_gets_the_nearest(world: World, admin: Person) -> None:
    await named(world, 1001, "Анна <b>", "anna_k")
    await named(world, 2002, "Борис", None)
    assert await ask(world, admin, "/user @anna_l") == (
        "@anna_l ещё не писал боту: сначала ему нужно нажать /start. Ничего не изменилось.\n"
        "Похожие:\nАнна <b> @anna_k 1001"
    )
    assert "\nАнна <b> @anna_k 1001" in await ask(world, admin, "/ban 10011")
    assert "Похожие" not in await ask(world, admin, "/unban @zzz")
    assert "999999999999999" in await ask(world, admin, "/user 999999999999999")


@pytest.mark.parametrize(
    "line",
    [
        "/grant",
        "/grant Анна 5",
        "/grant 1001 много",
        "/grant 1001 0",
        "/grant @anna",
        "/user",
        "/user Анна",
        "/user 1001 5",
        "/user 9999999999999999",
        "/ban",
        "/ban Анна",
        "/unban",
        "/unban 1001 now",
        "/maintenance",
        "/maintenance maybe",
        "/maintenance off now",
    ],
)
async def test_wrong_use_gets_the_form_and_an_example(
    world: World, admin: Person, line: str
) -> None:
    command = line.split()[0]
    words = await ask(world, admin, line)
    assert words.startswith(f"Нужно так: {command} ")
    assert f", например {command} " in words
    assert words.endswith("Ничего не изменилось.")
    assert world.rows("SELECT * FROM journal") == []


async def test_texts_that_are_too_long(world: World, admin: Person) -> None:
    await named(world, 1001, "Анна", None)
    for line, limit in (
        (f"/grant 1001 5 {'я' * 201}", 200),
        (f"/ban 1001 {'я' * 201}", 200),
        (f"/maintenance on {'я' * 1001}", 1000),
    ):
        assert f"а можно не больше {limit}." in await ask(world, admin, line)
    assert world.rows("SELECT * FROM journal") == []


# --- /user


async def test_user_shows_what_there_is(world: World, admin: Person) -> None:
    anna = await named(world, 1001, "Анна", "anna_k")
    await ask(world, admin, "/grant 1001 100 за терпение")
    anna.send("рыжая\nлиса <b>")
    await world.pictures(anna, 1)
    world.kie.fail_task("500", "moderation")
    anna.send("рыжий кот")
    await world.closed()
    await world.until(lambda: len(world.rows("SELECT * FROM jobs")) == 2)
    await world.closed()
    card = await answer(world, admin, "/user @anna_k")
    words = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "T", card.words)
    assert words == (
        "Анна @anna_k 1001\n"
        "Баланс: 100 токенов\n"
        "Язык: ru, с нами с T\n"
        "\n"
        "Последние движения токенов:\n"
        "T · +79 · возврат\n"
        "T · -79 · запрос\n"
        "T · -79 · запрос\n"
        "T · +100 · от администратора · за терпение\n"
        "T · +79 · приветственные\n"
        "\n"
        "Последние запросы:\n"
        "T · 0 из 1, возвращено: 1 · рыжий кот\n"
        "T · 1 из 1 · рыжая лиса <b>"
    )
    assert list(presses_of(card)) == ["+100", "+500", "+1000", "Закрыть доступ"]
    anna.block()
    await world.answered()
    assert "Заблокировал бота: " in await ask(world, admin, "/user 1001")


async def test_the_fullest_card_fits_into_a_message(world: World, admin: Person) -> None:
    await named(world, 1001, "😀" * 64, "a" * 32)
    for _ in range(9):
        await ask(world, admin, f"/grant 1001 500 {'<' * 200}")
    anna = world.telegram.person(1001)
    for _ in range(6):
        anna.send("😀& кот" * 200)
    await world.pictures(anna, 6)
    await world.closed()
    await ask(world, admin, f"/ban 1001 {'😀' * 200}")
    assert "Последние запросы" in await ask(world, admin, "/user 1001")


async def test_the_buttons_give_once_for_what_the_card_shows(world: World, admin: Person) -> None:
    anna = await named(world, 1001, "Анна", None)
    card = await answer(world, admin, "/user 1001")
    before = presses_of(card)["+500"]
    presses = [admin.forge(card, before) for _ in range(2)]
    await world.telegram.wait_for(lambda: all(press.answer for press in presses))
    assert {press.answer.text for press in presses if press.answer} == {
        "Начислено: 500 токенов. Теперь на балансе: 579.",
        "Это уже начислено. Ничего не изменилось.",
    }
    assert world.balance(1001) == 579
    await world.telegram.wait_for(lambda: "Баланс: 579" in card.words)
    admin.press(card, "+500")  # a new button: it says the same of what is there now
    await world.telegram.wait_for(lambda: "Баланс: 1079" in card.words)
    assert world.balance(1001) == 1079
    told = [m for m in world.bot_messages(anna) if m.words.startswith("Вам начислено")]
    assert len(told) == 2
    assert len(world.rows("SELECT * FROM journal")) == 2


async def test_forged_presses_change_nothing(world: World, admin: Person) -> None:
    await named(world, 1001, "Анна", None)
    card = await answer(world, admin, "/user 1001")
    before = card.words
    presses = [
        admin.forge(card, data)
        for data in (
            "give:",
            "give:1001:0:0",
            "give:1001:-5:0",
            "give:4004:5:0",
            "give:x:5:0",
            "ban:",
            "ban:4004",
            f"ban:{ADMIN}",
            "unban:x",
        )
    ]
    await world.telegram.wait_for(lambda: all(press.answer for press in presses))
    assert world.rows("SELECT * FROM journal") == []
    assert card.words == before


# --- Bans


async def test_a_banned_person_gets_one_sentence_and_costs_nothing(
    world: World, admin: Person
) -> None:
    anna = await named(world, 1001, "Анна", "anna_k")
    sentence = (
        "Администраторы закрыли вам доступ к боту: ничего не рисуется и не списывается."
        " Причина: спам & <b>. Вопросы: /paysupport"
    )
    assert await ask(world, admin, "/ban @anna_k спам & <b>") == (
        "Анна @anna_k 1001: доступ закрыт. В ответ на любое сообщение человек прочитает:\n"
        + sentence
    )
    for line in ("кот", "/start", "/balance", "/grant 1001 5"):
        assert await ask(world, anna, line) == sentence
    await world.stop()
    await world.start()
    assert await ask(world, anna, "кот") == sentence
    before = len(world.bot_messages(anna))
    anna.send_album([(png(), None), (png(), "кот"), (png(), None)])
    await world.said(anna, lambda _: len(world.bot_messages(anna)) == before + 1)
    press = anna.forge(world.bot_messages(anna)[0], "cancel:1")
    await world.telegram.wait_for(lambda: press.answer)
    assert press.answer is not None
    assert "закрыли вам доступ" in str(press.answer.text)
    await world.answered()
    assert len(world.bot_messages(anna)) == before + 1
    assert world.kie.tasks == []
    assert world.balance(1001) == 79
    assert "Доступ закрыт: " in await ask(world, admin, "/user 1001")
    assert await ask(world, admin, "/unban 1001") == "Анна @anna_k 1001: доступ снова открыт."
    assert "доступ и не был закрыт" in await ask(world, admin, "/unban 1001")
    anna.send("рыжий кот")
    await world.pictures(anna, 1)
    await world.closed()
    assert [entry[1:] for entry in journal(world)] == [
        ("ban", "1001", "not banned", "banned: спам & <b>"),
        ("ban", "1001", "banned: спам & <b>", "not banned"),
        ("ban", "1001", "not banned", "not banned"),
    ]


async def test_ban_and_unban_by_the_card(world: World, admin: Person) -> None:
    anna = await named(world, 1001, "Анна", None)
    card = await answer(world, admin, "/user 1001")
    admin.press(card, "Закрыть доступ")
    await world.telegram.wait_for(lambda: "Открыть доступ" in presses_of(card))
    assert "закрыли вам доступ" in await ask(world, anna, "кот")
    admin.press(card, "Открыть доступ")
    await world.telegram.wait_for(lambda: "Закрыть доступ" in presses_of(card))
    assert "токен" in await ask(world, anna, "/balance")


async def test_a_ban_that_comes_again_does_not_undo_what_followed(
    world: World, admin: Person
) -> None:
    await named(world, 1001, "Анна", None)
    world.telegram.updates.repeat_next()
    admin.send("/ban 1001")
    admin.send("/unban 1001")
    await world.answered()
    await world.telegram.wait_for(
        lambda: any("снова открыт" in m.words for m in world.bot_messages(admin))
    )
    assert world.rows("SELECT banned_at FROM users WHERE user_id = 1001") == [{"banned_at": None}]
    assert len(journal(world)) == 2


async def test_an_admin_cannot_be_banned(world: World, admin: Person) -> None:
    await ask(world, admin, "/start")
    assert "закрыть ему доступ нельзя" in await ask(world, admin, f"/ban {ADMIN}")
    card = await answer(world, admin, f"/user {ADMIN}")
    assert "Закрыть доступ" not in presses_of(card)


# --- Names


async def test_names_are_kept_as_they_are_now(world: World) -> None:
    anna = await named(world, 1001, "Анна", "anna_k")
    await world.until(lambda: name_of(world) == ("anna_k", "Анна"))
    anna.user["first_name"] = "Аня"
    del anna.user["username"]
    await ask(world, anna, "/balance")
    await world.until(lambda: name_of(world) == (None, "Аня"))


def name_of(world: World) -> tuple[Any, Any]:
    (row,) = world.rows("SELECT username, first_name FROM users WHERE user_id = 1001")
    return row["username"], row["first_name"]


# --- Maintenance


async def test_maintenance_answers_prompts_and_finishes_the_queue(
    world: World, admin: Person
) -> None:
    anna = await world.customer(tokens=237)
    world.kie.task_seconds = 60
    anna.send("кот")
    await world.said(anna, lambda text: "Рисую картинку." in text)
    assert await ask(world, admin, "/maintenance on Вернёмся в <18:00> & скоро") == (
        "Новые запросы не принимаются, очередь дорисуется. В ответ на запрос люди прочитают:\n"
        "Вернёмся в <18:00> & скоро\nНичего не списано."
    )
    answered = "Вернёмся в <18:00> & скоро\nНичего не списано."
    assert await ask(world, anna, "пёс") == answered
    world.kie.finish(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.closed()
    await world.stop()
    await world.start()
    assert await ask(world, anna, "пёс") == answered
    assert world.balance(anna.user_id) == 158
    world.telegram.updates.repeat_next()
    assert await ask(world, admin, "/maintenance on") == (
        "Новые запросы не принимаются, очередь дорисуется. В ответ на запрос люди прочитают:\n"
        "Идут технические работы, новые запросы пока не принимаю. Попробуйте позже.\n"
        "Ничего не списано."
    )
    await world.answered()
    assert await ask(world, admin, "/maintenance OFF") == "Запросы снова принимаются."
    world.kie.task_seconds = 0
    anna.send("пёс")
    await world.pictures(anna, 2)
    await world.closed()
    assert [entry[1:] for entry in journal(world)] == [
        ("maintenance", "", "off", "on Вернёмся в <18:00> & скоро"),
        ("maintenance", "", "on Вернёмся в <18:00> & скоро", "on"),
        ("maintenance", "", "on", "off"),
    ]


# --- Menus


def menu(world: World, scope: str, language: str) -> list[str]:
    commands = world.telegram.commands.get((scope, language), [])
    return [command["command"] for command in commands]


@pytest.mark.usefixtures("menus")
async def test_admins_have_their_commands_in_their_menu(world: World) -> None:
    own = f"chat:{ADMIN}"
    everyone = "all_private_chats"
    await world.telegram.wait_for(lambda: menu(world, own, ""))
    for language in ("ru", "en", ""):
        await world.telegram.wait_for(partial(menu, world, own, language))
        assert set(TEXTS["ru"].admin_menu(world.settings.hidden_commands)) <= set(
            menu(world, own, language)
        )
        assert set(TEXTS["ru"].menu(world.settings.hidden_commands)) <= set(
            menu(world, own, language)
        )
        assert menu(world, everyone, language) == list(
            TEXTS["ru"].menu(world.settings.hidden_commands)
        )


@pytest.mark.usefixtures("menus")
async def test_a_new_admin_gets_the_menu_with_start_and_a_former_one_loses_it(
    world: World,
) -> None:
    await world.telegram.wait_for(lambda: menu(world, f"chat:{ADMIN}", "en"))
    await world.until(lambda: bool(world.rows("SELECT * FROM admin_menus")))
    await world.stop()
    boris = world.person(1002, "Борис")
    await world.start(admin_ids=frozenset({1002}))
    await world.telegram.wait_for(lambda: not menu(world, f"chat:{ADMIN}", "en"))
    assert menu(world, "chat:1002", "ru") == []
    assert "Привет!" in await ask(world, boris, "/start")
    await world.telegram.wait_for(lambda: "price" in menu(world, "chat:1002", "ru"))
    await world.until(
        lambda: world.rows("SELECT admin_id FROM admin_menus") == [{"admin_id": 1002}]
    )


async def test_who_was_banned_and_forgotten_can_be_given_tokens(world: World) -> None:
    anna = await world.customer(tokens=100)
    admin = world.telegram.person(ADMIN)
    await ask(world, admin, "/ban 1001")
    anna.send("/delete_me")
    card = await world.said(anna, lambda text: text.startswith("Удалить всё"))
    anna.press(card, "Удалить всё")
    await world.until(lambda: world.balance(1001) == 0)
    await ask(world, admin, "/unban 1001")
    said = await ask(world, admin, "/grant 1001 500")
    assert said == "1001: начислено 500 токенов. Теперь на балансе: 500.", "and no name"
    await world.said(anna, lambda text: "500" in text)
