"""The welcome gift: at the first contact of any kind, once."""

from typing import Any

import pytest

from bot.demo.telegram import Person
from storage.ledger import Granted, Ledger
from tests.asking import ask
from tests.e2e.test_groups import GROUP, pictures, said
from tests.e2e.test_pictures_buttons import answer
from tests.support import ADMIN, World

GIFT = "Подарок для начала: 79 токенов."


async def test_who_never_pressed_start_gets_the_gift_and_the_picture(world: World) -> None:
    anna = world.person(1001, "Анна")
    sent = anna.send("рыжая лиса")
    gift = await world.said(anna, lambda text: text == GIFT)
    assert gift.reply_to is not None
    assert gift.reply_to.message_id == sent
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(1001) == 0
    assert "У вас 0 токенов." in await ask(world, anna, "/start")
    assert len(world.rows("SELECT * FROM ledger WHERE kind = 'welcome'")) == 1


async def test_in_a_group_as_well_where_it_is_told_in_english(world: World) -> None:
    boris = world.person(1002, "Boris", language="en")
    group = world.telegram.add_group(GROUP, "Group", [boris])
    boris.send("hello everybody", chat=group)  # not for the bot
    boris.send("/draw a red fox", chat=group)
    await pictures(world, group, 1)
    await world.closed()
    assert said(group)[0].words == "A welcome gift: 79 tokens."
    assert [each["amount"] for each in world.rows("SELECT amount FROM ledger")] == [79, -79]


@pytest.mark.parametrize("text", ["/help", "/settings", "/nonsense"])
async def test_a_command_brings_it_without_a_word(world: World, text: str) -> None:
    anna = world.person(1001, "Анна")
    await ask(world, anna, text)
    assert world.balance(1001) == 79
    assert len(world.bot_messages(anna)) == 1
    words = await ask(world, anna, "/balance")
    assert words.startswith("79 токенов осталось.")
    assert words.endswith("+79, в подарок для начала")


async def test_a_press_in_a_group_is_a_contact_too(world: World) -> None:
    anna = await world.customer()
    boris = world.person(1002, "Борис")
    group = world.telegram.add_group(GROUP, "Группа", [anna, boris])
    anna.send("/draw рыжая лиса", chat=group)
    (picture,) = await pictures(world, group, 1)
    assert (await answer(world, boris.press(picture, "Изменить", chat=group))).startswith(
        "Эта кнопка не ваша"
    )
    assert world.balance(1002) == 79


async def test_what_is_not_for_the_bot_is_no_contact(world: World) -> None:
    boris = world.person(1002, "Борис")
    group = world.telegram.add_group(GROUP, "Группа", [boris])
    for text in ("всем привет", "/balance", "/start"):
        boris.send(text, chat=group)
    await world.answered()
    assert world.rows("SELECT * FROM users WHERE user_id = 1002") == []


async def test_who_reads_what_everybody_may_is_not_entered_anywhere(world: World) -> None:
    anna = world.person(1001, "Анна")
    for text in ("/privacy", "/terms", "/paysupport", "/delete_me"):
        await ask(world, anna, text)
    assert world.rows("SELECT * FROM users WHERE user_id = 1001") == []
    assert "Для начала у вас есть 79 токенов." in await ask(world, anna, "/start")


async def test_once_whatever_comes_twice_and_without_a_write_for_those_who_had_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    welcome = Ledger.welcome

    async def count(self: Ledger, user_id: int, amount: int, **rest: Any) -> Granted:
        given.append(user_id)
        return await welcome(self, user_id, amount, **rest)

    monkeypatch.setattr(Ledger, "welcome", count)
    anna = world.person(1001, "Анна")
    world.telegram.updates.repeat_next()
    anna.send("рыжая лиса")
    await world.pictures(anna, 1)
    await world.answered()
    await world.stop()
    await world.start()
    await ask(world, anna, "/help")
    assert given == [1001]
    assert sum(message.words == GIFT for message in world.bot_messages(anna)) == 1


async def forgotten(world: World, person: Person) -> None:
    person.send("/delete_me")
    card = await world.said(person, lambda text: text.startswith("Удалить всё"))
    person.press(card, card.buttons[0]["text"])
    await world.until(
        lambda: not world.rows("SELECT 1 FROM users WHERE user_id = ?", person.user_id)
    )


async def test_who_was_forgotten_gets_no_second_gift(world: World) -> None:
    anna = world.person(1001, "Анна")
    await ask(world, anna, "/help")
    await forgotten(world, anna)
    anna.send("рыжая лиса")
    await world.said(anna, lambda text: "нужно 79, у вас 0." in text)
    assert world.rows("SELECT * FROM ledger WHERE user_id = 1001") == []


async def test_the_banned_get_none(world: World) -> None:
    anna = world.person(1001, "Анна")
    await world.write(
        "INSERT INTO users (user_id, language, created_at, banned_at) VALUES (1001, 'ru', 0, 1)"
    )
    assert (await ask(world, anna, "рыжая лиса")).startswith("Администраторы закрыли вам доступ")
    assert world.balance(1001) == 0


async def test_an_admin_s_work_is_no_contact_and_a_prompt_of_theirs_is(world: World) -> None:
    admin = world.telegram.person(ADMIN)
    await ask(world, admin, "/stats")
    assert world.rows("SELECT * FROM users WHERE user_id = ?", ADMIN) == []
    assert await ask(world, admin, "рыжая лиса") == GIFT
    await world.pictures(admin, 1)
    await world.closed()


async def test_none_is_given_where_the_operator_gives_none(world: World) -> None:
    await world.stop()
    await world.start(welcome_tokens=0)
    anna = world.person(1001, "Анна")
    assert "нужно 79, у вас 0." in await ask(world, anna, "рыжая лиса")
