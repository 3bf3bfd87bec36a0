"""/privacy, /terms, /paysupport and /delete_me, over HTTP."""

import sqlite3

import pytest

from bot.demo.supabase import SupabaseEmulator
from tests.support import ADMIN, World, png
from tests.test_pictures_buttons import answer


@pytest.mark.parametrize(
    ("command", "russian", "english"),
    [
        ("/privacy", "Конфиденциальность", "Privacy"),
        ("/terms", "Условия", "Terms"),
        ("/paysupport", "Помощь с токенами и оплатой", "Help with tokens and payments"),
    ],
)
async def test_everybody_is_answered_at_any_time(
    world: World, command: str, russian: str, english: str
) -> None:
    for user_id, language, words in ((1001, "ru", russian), (1002, "en", english)):
        person = world.person(user_id, "Кто-то", language=language)
        person.send(command)
        await world.said(person, lambda text, words=words: text.startswith(words))


async def test_the_team_s_own_texts_are_read_at_each_use(world: World) -> None:
    folder = world.data_dir / "texts"
    folder.mkdir()
    own = folder / "privacy.ru.html"
    anna = world.person(1001, "Анна")
    own.write_text("<b>Своё</b> правило №1", encoding="utf-8")
    anna.send("/privacy")
    await world.said(anna, lambda text: text == "Своё правило №1")
    own.write_text("\ufeffПравило №2\n", encoding="utf-8")
    anna.send("/privacy")
    await world.said(anna, lambda text: text == "Правило №2")


@pytest.mark.parametrize(
    "data",
    [
        "<b>не закрыт".encode(),
        "<h1>нет такого тега</h1>".encode(),
        ("я" * 5000).encode(),
        b"x" * 20_000,
        b"\xff\xfe\x00",
        b"  \n",
    ],
    ids=["open tag", "unknown tag", "too long", "too large", "no UTF-8", "empty"],
)
async def test_a_text_that_cannot_be_used_is_replaced_by_ours(world: World, data: bytes) -> None:
    (world.data_dir / "texts").mkdir()
    (world.data_dir / "texts" / "terms.ru.html").write_bytes(data)
    anna = world.person(1001, "Анна")
    anna.send("/terms")
    await world.said(anna, lambda text: text.startswith("Условия"))


async def test_delete_me_asks_first(world: World) -> None:
    anna = await world.customer(tokens=200)
    anna.send("/delete_me")
    card = await world.said(anna, lambda text: text.startswith("Удалить всё, что о вас хранится"))
    assert "пропадут ваши 200 токенов" in card.words
    assert card.buttons[0]["style"] == "danger"
    await answer(world, anna.press(card, "Оставить"))
    await world.telegram.wait_for(lambda: card.words == "Ничего не удалено.")
    assert world.balance(anna.user_id) == 200


async def test_delete_me_leaves_nothing_but_numbers(world: World) -> None:
    async with SupabaseEmulator.start() as supabase:
        for bucket in ("bot-images", "images"):
            supabase.add_bucket(bucket)
        await world.stop()
        world.use_supabase(supabase)
        await world.start()
        anna = await world.customer(777000111, "Анна", tokens=500)
        boris = await world.customer(1002, "Борис")
        boris.send("чужая картина")
        await world.pictures(boris, 1)
        admin = world.telegram.person(ADMIN)
        admin.send("/grant 777000111 5 для Анны с улицы Садовой")
        anna.send_photo(png(), caption="тайный замысел --n 2 --no тревога --opt x=загадка")
        pictures = await world.pictures(anna, 2)
        await world.closed()
        anna.send_photo(png())
        await world.said(anna, lambda text: text.startswith("Картинка у меня."))
        await world.until(lambda: len(supabase.objects) == 4)
        for each in pictures:
            await answer(world, anna.press(each, "Изменить"))
        anna.send("/delete_me")
        card = await world.said(anna, lambda text: text.startswith("Удалить всё"))
        for press in [anna.press(card, "Удалить всё") for _ in range(2)]:
            await answer(world, press)
        await world.telegram.wait_for(lambda: card.words.startswith("Всё, что о вас хранилось"))
        await world.until(lambda: len(supabase.objects) == 1)
        await world.until(lambda: world.rows("SELECT 1 FROM files_to_remove") == [])
        left = dump(world)
        for word in ("777000111", "Анна", "Анны", "тайный", "тревога", "загадка"):
            assert word not in left, word
        assert "чужая картина" in left
        before = world.rows("SELECT count(*) AS n, sum(amount) AS total FROM ledger")
        assert before[0]["n"] > 4
        anna.send("/start")
        await world.said(anna, lambda text: "У вас 0 токенов." in text)
        assert (await answer(world, anna.press(pictures[0], "Ещё раз: 2 картинки"))).startswith(
            "Эта кнопка не ваша"
        )
        anna.send("/delete_me")  # whoever is new again may leave again
        await world.said(
            anna, lambda text: text.startswith("Удалить всё") and "пропадут" not in text
        )
        card = world.bot_messages(anna)[-1]
        await answer(world, anna.press(card, "Удалить всё"))
        await world.until(lambda: world.rows("SELECT 1 FROM users WHERE user_id = 777000111") == [])
        await world.stop()


def dump(world: World) -> str:
    """All that is in the database, as SQL."""
    with sqlite3.connect(world.data_dir / "bot.db") as connection:
        return "\n".join(connection.iterdump())


async def test_delete_me_waits_for_pictures_under_way(world: World) -> None:
    world.kie.task_seconds = 60
    anna = await world.customer()
    anna.send("кот")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 1)
    anna.send("/delete_me")
    card = await world.said(anna, lambda text: text.startswith("Удалить всё"))
    await answer(world, anna.press(card, "Удалить всё"))
    await world.telegram.wait_for(lambda: card.words.startswith("Ваши картинки ещё в работе."))
    world.kie.finish(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 921


async def test_files_are_removed_when_supabase_is_back(world: World) -> None:
    async with SupabaseEmulator.start() as supabase:
        for bucket in ("bot-images", "images"):
            supabase.add_bucket(bucket)
        await world.stop()
        world.use_supabase(supabase)
        await world.start()
        anna = await world.customer()
        anna.send("кот")
        await world.pictures(anna, 1)
        await world.closed()
        await world.until(lambda: len(supabase.objects) == 1)
        supabase.fault("remove", html=503, times=3)
        anna.send("/delete_me")
        card = await world.said(anna, lambda text: text.startswith("Удалить всё"))
        await answer(world, anna.press(card, "Удалить всё"))
        await world.until(lambda: not supabase.objects)
        await world.stop()
