"""/privacy, /terms, /paysupport and /delete_me, over HTTP."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bot.demo.supabase import SupabaseEmulator
from bot.telegram.messenger import Messenger
from storage.jobs import Jobs
from tests.e2e.test_pictures_buttons import answer
from tests.support import ADMIN, World, png


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


async def test_privacy_says_how_long_backups_keep_what_was_deleted(
    world: World, tmp_path: Path
) -> None:
    anna = await world.customer()
    anna.send("/privacy")
    words = (await world.said(anna, lambda text: text.startswith("Конфиденциальность"))).words
    assert "копи" not in words, "there are none"
    await world.stop()
    await world.start(backup_dir=tmp_path / "backups", backup_every_hours=0)
    anna.send("/privacy")
    await world.said(anna, lambda text: "хранится в резервных копиях ещё не больше 29 дней" in text)
    john = world.person(1002, "John", language="en")
    john.send("/privacy")
    await world.said(john, lambda text: "for at most 29 more days." in text)


async def test_the_terms_name_prices_and_the_rule_of_refunds(world: World) -> None:
    anna = await world.customer()
    await world.write("UPDATE packs SET enabled = 0 WHERE slug = 'medium'")
    anna.send("/terms")
    terms = (await world.said(anna, lambda text: text.startswith("Условия"))).words
    assert "395 токенов — 50 ★, 5688 токенов — 600 ★." in terms
    assert "можно вернуть через /paysupport" in terms
    await world.write("UPDATE packs SET enabled = 0")
    anna.send("/terms")
    await world.said(anna, lambda text: text.startswith("Условия") and "★" not in text)


async def test_what_stays_of_a_person_is_said_before_they_leave(world: World) -> None:
    anna = await world.customer()
    for command, words in (("/privacy", "Конфиденциальность"), ("/delete_me", "Удалить всё")):
        anna.send(command)
        said = (await world.said(anna, lambda text, words=words: text.startswith(words))).words
        assert "Без имени и id останутся" in said
        assert "платежи" in said
        assert "метка, чтобы подарки не выдавались дважды" in said


async def test_the_banned_are_answered_too(world: World) -> None:
    anna = await world.customer()
    admin = world.telegram.person(ADMIN)
    admin.send("/ban 1001 спам")
    await world.said(admin, lambda text: "доступ закрыт" in text)
    anna.send("кот")
    await world.said(anna, lambda text: text.endswith("Причина: спам. Вопросы: /paysupport"))
    for command, words in (
        ("/privacy", "Конфиденциальность"),
        ("/terms", "Условия"),
        ("/paysupport", "Помощь с токенами и оплатой"),
        ("/delete_me", "Удалить всё, что о вас хранится"),
    ):
        anna.send(command)
        await world.said(anna, lambda text, words=words: text.startswith(words))
    card = world.bot_messages(anna)[-1]
    await answer(world, anna.press(card, "Оставить"))
    await world.telegram.wait_for(lambda: card.words == "Ничего не удалено.")
    said = await answer(world, anna.forge(card, "set:card"))
    assert said.startswith("Администраторы закрыли вам доступ")


async def test_who_is_forgotten_stays_banned(world: World) -> None:
    anna = await world.customer(tokens=500)
    admin = world.telegram.person(ADMIN)
    admin.send("/ban 1001 пишет с улицы Садовой")
    await world.said(admin, lambda text: "доступ закрыт" in text)
    for _ in range(2):
        anna.send("/delete_me")
        card = await world.said(anna, lambda text: text.startswith("Удалить всё, что о вас"))
        await answer(world, anna.press(card, "Удалить всё"))
        await world.said(
            anna, lambda text: text.endswith("администраторы закрыли вам доступ к боту.")
        )
    assert "Садовой" not in dump(world)
    await world.stop()
    await world.start()
    for line in ("/start", "кот"):
        anna.send(line)
        await world.answered()
        await world.said(anna, lambda text: text.startswith("Администраторы закрыли вам доступ"))
    assert world.balance(anna.user_id) == 0
    admin.send("/unban 1001")
    await world.said(admin, lambda text: "доступ снова открыт" in text)
    anna.send("/start")
    await world.said(anna, lambda text: "У вас 0 токенов." in text)


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
    assert "пропадёт остаток: 200 токенов." in card.words
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
        assert (await answer(world, anna.press(pictures[0], "Ещё раз · 158"))).startswith(
            "Эта кнопка не ваша"
        )
        anna.send("/delete_me")  # whoever is new again may leave again
        await world.said(
            anna, lambda text: text.startswith("Удалить всё") and "пропадёт" not in text
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


@pytest.mark.parametrize("fault", [{"html": 503}, {"body": []}], ids=["down", "says ok"])
async def test_files_are_removed_when_supabase_is_back(world: World, fault: Any) -> None:
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
        supabase.fault("remove", **fault, times=3)
        anna.send("/delete_me")
        card = await world.said(anna, lambda text: text.startswith("Удалить всё"))
        await answer(world, anna.press(card, "Удалить всё"))
        await world.until(lambda: not supabase.objects)
        await world.stop()


async def test_what_cannot_be_told_in_a_group_that_is_gone_holds_nobody_here(world: World) -> None:
    world.kie.task_seconds = 60
    anna = await world.customer()
    group = world.telegram.add_group(-500, "Группа", [anna])
    anna.send("/draw кот", chat=group)
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 1)
    await world.telegram.wait_for(lambda: any(each.from_bot for each in group.messages))
    world.telegram.remove_bot(group.chat_id)
    world.kie.finish(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.until(lambda: bool(world.rows("SELECT 1 FROM items WHERE status = 'delivered'")))
    anna.send("/delete_me")
    card = await world.said(anna, lambda text: text.startswith("Удалить всё"))
    await answer(world, anna.press(card, "Удалить всё"))
    await world.until(lambda: world.rows("SELECT 1 FROM users WHERE user_id = 1001") == [])
    assert world.rows("SELECT 1 FROM jobs WHERE closed_at IS NULL") == []


async def test_a_grant_by_a_button_does_not_tell_who_left(world: World) -> None:
    anna = await world.customer(777000111, "Анна")
    admin = world.telegram.person(ADMIN)
    admin.send("/user 777000111")
    user_card = await world.said(admin, lambda text: text.startswith("Анна 777000111\nБаланс"))
    await answer(world, admin.press(user_card, "+100"))
    anna.send("/delete_me")
    card = await world.said(anna, lambda text: text.startswith("Удалить всё"))
    await answer(world, anna.press(card, "Удалить всё"))
    await world.until(lambda: world.rows("SELECT 1 FROM users WHERE user_id = 777000111") == [])
    assert "777000111" not in dump(world)


async def test_an_old_question_does_not_remove_tokens_that_it_does_not_name(world: World) -> None:
    anna = await world.customer(tokens=100)
    anna.send("/delete_me")
    card = await world.said(anna, lambda text: ": 100 токенов" in text)
    world.telegram.person(ADMIN).send("/grant 1001 5000")
    await world.until(lambda: world.balance(1001) == 5100)
    await answer(world, anna.press(card, "Удалить всё"))
    await world.telegram.wait_for(lambda: ": 5100 токенов" in card.words)
    assert world.balance(1001) == 5100
    await answer(world, anna.press(card, "Удалить всё"))
    await world.until(lambda: world.balance(1001) == 0)


async def test_a_picture_that_is_sent_again_meanwhile_leaves_no_trace(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, go_on = asyncio.Event(), asyncio.Event()
    send_known = Messenger.send_known

    async def slow(self: Messenger, *args: Any, **options: Any) -> Any:
        result = await send_known(self, *args, **options)
        sent.set()
        await go_on.wait()
        return result

    noted = asyncio.Event()
    sent_again = Jobs.sent_again

    async def note(self: Jobs, *args: Any) -> None:
        await sent_again(self, *args)
        noted.set()

    monkeypatch.setattr(Messenger, "send_known", slow)
    monkeypatch.setattr(Jobs, "sent_again", note)
    anna = await world.customer(777000111, "Анна")
    anna.send("кот")
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    anna.forge(picture, "show:1")
    await sent.wait()
    anna.send("/delete_me")
    card = await world.said(anna, lambda text: text.startswith("Удалить всё"))
    await answer(world, anna.press(card, "Удалить всё"))
    await world.until(lambda: world.rows("SELECT 1 FROM users WHERE user_id = 777000111") == [])
    go_on.set()
    await noted.wait()
    assert "777000111" not in dump(world)
