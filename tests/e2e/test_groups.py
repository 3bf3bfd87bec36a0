"""The bot in a group, over HTTP."""

import time

import pytest

from bot.demo.telegram.state import Chat, Message
from storage.errors import StorageFullError
from storage.preferences import PreferenceStore
from tests.asking import ask
from tests.e2e.test_pictures_buttons import answer
from tests.support import ADMIN, World, png

GROUP, SUPERGROUP = -500, -1_000_000_000_500


def said(group: Chat) -> list[Message]:
    return [each for each in group.messages if each.from_bot]


async def pictures(world: World, group: Chat, count: int) -> list[Message]:
    def come() -> list[Message]:
        return [each for each in said(group) if each.photo]

    await world.telegram.wait_for(lambda: len(come()) >= count)
    return come()


async def test_draw_charges_the_one_who_asks_and_answers_in_the_group(world: World) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис", tokens=200)
    group = world.telegram.add_group(GROUP, "Группа", [anna, boris])
    asked = boris.send("/draw@" + world.telegram.bot["username"] + " кот --ar 16:9", chat=group)
    (picture,) = await pictures(world, group, 1)
    await world.closed()
    assert picture.reply_to is not None
    assert picture.reply_to.message_id == asked
    assert world.balance(boris.user_id) == 121
    assert world.balance(anna.user_id) == 1000
    press = anna.press(picture, "Ещё раз · 79", chat=group)
    assert (await answer(world, press)).startswith("Эта кнопка не ваша")
    assert (await answer(world, boris.press(picture, "Ещё раз · 79", chat=group))).startswith(
        "Рисую"
    )
    await pictures(world, group, 2)
    await world.closed()
    assert world.balance(boris.user_id) == 42


async def test_another_changes_what_was_made_of_an_original_that_is_not_theirs(
    world: World,
) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    group = world.telegram.add_group(GROUP, "Группа", [anna, boris])
    anna.send("/draw кот", chat=group)
    (picture,) = await pictures(world, group, 1)
    await world.noted(picture)
    anna.send("в шляпе", chat=group, reply_to=picture)
    _, of_original = await pictures(world, group, 2)
    await world.noted(of_original)
    assert world.rows("SELECT input_file_id FROM jobs WHERE job_id = 2")[0]["input_file_id"] == (
        "item:1"
    )
    boris.send("--ar 9:16", chat=group, reply_to=of_original)
    await pictures(world, group, 3)
    assert "image_url" in world.kie.tasks[2].input
    await world.closed()
    assert world.balance(boris.user_id) == 1000 - 79


async def test_a_reply_to_the_bot_s_picture_is_drawn_from_it(world: World) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    group = world.telegram.add_group(GROUP, "Группа", [anna, boris])
    anna.send("/draw кот", chat=group)
    (picture,) = await pictures(world, group, 1)
    boris.send("в шляпе", chat=group, reply_to=picture)
    await pictures(world, group, 2)
    anna.send("--ar 9:16", chat=group, reply_to=picture)
    await pictures(world, group, 3)
    await world.closed()
    first, second, third = (task.input for task in world.kie.tasks)
    assert second["image_url"]
    assert third == {**first, "aspect_ratio": "9:16"}
    assert world.balance(boris.user_id) == 921


async def test_draw_in_reply_to_somebody_s_picture(world: World) -> None:
    anna = await world.customer()
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    world.telegram.privacy_mode = False
    photo = anna.send_photo(png(), chat=group)
    anna.send("/draw акварель", chat=group, reply_to=photo)
    await pictures(world, group, 1)
    await world.closed()
    assert world.kie.tasks[0].input["image_url"]


async def test_it_keeps_quiet_otherwise(world: World) -> None:
    await world.stop()
    await world.start(user_messages_per_minute=30)
    world.telegram.privacy_mode = False
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    group = world.telegram.add_group(GROUP, "Группа", [anna, boris])
    numbers = [boris.send("кот", chat=group) for _ in range(40)]
    anna.send("и пёс", chat=group, reply_to=numbers[-1])
    for command in ("/start", "/help", "/balance", "/history", "/cancel", "/delete_me", "/foo"):
        anna.send(command, chat=group)
    anna.send_photo(png(), caption="кот", chat=group)
    anna.send("/draw@other_bot кот", chat=group)
    await world.answered()
    boris.send("/balance")
    await world.said(boris, lambda text: text.startswith("1000"))
    assert said(group) == []
    assert world.kie.tasks == []


async def test_a_request_that_cannot_be_taken_is_answered_there(world: World) -> None:
    anna = await world.customer(tokens=0)
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    anna.send("/draw", chat=group)
    await world.telegram.wait_for(lambda: said(group))
    assert said(group)[0].words.startswith("Напишите после команды, что нарисовать")
    anna.send("/draw кот", chat=group)
    await world.telegram.wait_for(lambda: len(said(group)) == 2)
    assert said(group)[1].words.startswith("Не хватает токенов: это стоит 79 токенов.")
    anna.send("/draw пёс", chat=group, sent_at=time.time() - 7200)
    await world.telegram.wait_for(lambda: len(said(group)) == 3)
    assert said(group)[2].words.startswith("Я был недоступен")
    assert world.kie.tasks == []


async def test_a_group_that_becomes_a_supergroup_gets_its_pictures(world: World) -> None:
    world.kie.task_seconds = 60
    anna = await world.customer()
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    anna.send("/draw кот --n 2", chat=group)
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 2)
    await world.telegram.wait_for(lambda: said(group))
    supergroup = world.telegram.upgrade_group(GROUP, SUPERGROUP)
    for task in world.kie.tasks:
        world.kie.finish(task)
    first, _ = await pictures(world, supergroup, 2)
    await world.closed()
    assert first.reply_to is None
    assert world.balance(anna.user_id) == 1000 - 158
    assert await answer(world, anna.press(first, "Ещё раз · 158", chat=supergroup))
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 4)
    for task in world.kie.tasks[2:]:
        world.kie.finish(task)
    await pictures(world, supergroup, 4)
    await world.closed()


async def test_pictures_of_a_group_that_threw_the_bot_out_come_in_private(world: World) -> None:
    world.kie.task_seconds = 60
    anna = await world.customer()
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    anna.send("/draw кот", chat=group)
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 1)
    await world.telegram.wait_for(lambda: said(group))
    world.telegram.remove_bot(GROUP)
    world.kie.finish(world.kie.tasks[0])
    (picture,) = await world.pictures(anna, 1)
    assert picture.reply_to is None
    await world.until(lambda: bool(world.rows("SELECT 1 FROM items WHERE status = 'delivered'")))
    assert world.rows("SELECT 1 FROM users WHERE blocked_at IS NOT NULL") == []


async def test_what_failed_in_a_group_that_threw_the_bot_out_is_told_in_private(
    world: World,
) -> None:
    world.kie.task_seconds = 60
    anna = await world.customer()
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    anna.send("/draw кот", chat=group)
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 1)
    await world.telegram.wait_for(lambda: said(group))
    world.telegram.remove_bot(GROUP)
    admin = world.telegram.person(ADMIN)
    admin.send("/jobs")
    card = await world.said(admin, lambda text: "Анна" in text)
    admin.forge(card, "jobs:end:1:1")
    await world.said(anna, lambda text: "Возвращено: 79 токенов." in text)
    await world.closed()


async def test_a_forged_press_shows_no_list_in_a_group(world: World) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    group = world.telegram.add_group(GROUP, "Группа", [anna, boris])
    anna.send("/draw кот", chat=group)
    await pictures(world, group, 1)
    await world.closed()
    (card,) = (each for each in said(group) if not each.photo)
    words = card.words
    for data in ("history:older:99", "queue", "drop:99"):
        assert await answer(world, boris.forge(card, data, chat=group)) == ""
    await world.answered()
    assert card.words == words


async def test_a_fault_of_the_machine_is_not_told_to_people_who_talk_to_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await world.customer()
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    world.telegram.privacy_mode = False

    async def fail(_self: PreferenceStore, _user_id: int) -> None:
        raise StorageFullError("the disk is full")

    monkeypatch.setattr(PreferenceStore, "language", fail)
    anna.send("как дела?", chat=group)
    asked = anna.send("/draw кот", chat=group)
    await world.telegram.wait_for(lambda: said(group))
    (answered,) = said(group)
    assert answered.reply_to is not None
    assert answered.reply_to.message_id == asked


async def test_imagine_is_understood_like_draw(world: World) -> None:
    anna = await world.customer(ask=None)
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    anna.send("/imagine кот --ar 3:2", chat=group)
    await pictures(world, group, 1)
    anna.send("/imagine", chat=group)
    await world.telegram.wait_for(lambda: any("после команды" in m.words for m in said(group)))
    await world.closed()
    assert world.kie.tasks[0].input["aspect_ratio"] == "3:2"


async def test_a_command_in_private_is_a_prompt_like_any_other_and_is_not_doubted(
    world: World,
) -> None:
    anna = await world.customer(ask=None)
    anna.send("/imagine кот")
    await world.pictures(anna, 1)
    anna.send("/draw пёс --ar 16:9")
    await world.pictures(anna, 2)
    anna.send_photo(png(), caption="/imagine акварель")
    await world.pictures(anna, 3)
    anna.send_album([(png(100, 50), None), (png(60, 60), "/draw комикс")])
    await world.pictures(anna, 4)
    await world.closed()
    prompts = [task.input["prompt"] for task in world.kie.tasks]
    assert prompts == ["кот", "пёс", "акварель", "комикс"]
    assert ["image_url" in task.input for task in world.kie.tasks] == [False, False, True, True]
    assert (await ask(world, anna, "/imagine")).startswith("Напишите после команды")
    assert (await ask(world, anna, "/paint кот")).startswith("Такой команды нет")
