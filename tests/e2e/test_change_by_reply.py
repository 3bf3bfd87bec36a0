"""A reply with flags only, to a picture of the bot's: the same once more, with them."""

import io
import time

import pytest
from PIL import Image

from bot.demo.telegram import Message, Person
from tests.support import World, png


async def drawn(world: World, person: Person, count: int) -> list[Message]:
    """So many pictures, and the bot knows that they came."""
    pictures = await world.pictures(person, count)
    await world.closed()
    return pictures


async def test_the_same_with_another_ratio(world: World) -> None:
    anna = await world.customer()
    anna.send("рыжая лиса --seed 7 --cfg 0.8 --no текст --opt weird=3")
    (picture,) = await drawn(world, anna, 1)
    change = anna.send("--ar 9:16", reply_to=picture)
    _, changed = await drawn(world, anna, 2)
    assert changed.reply_to is not None
    assert changed.reply_to.message_id == change
    first, second = (dict(task.input) for task in world.kie.tasks)
    assert second == {**first, "aspect_ratio": "9:16"}
    await world.closed()
    assert world.balance(anna.user_id) == 842


@pytest.mark.parametrize("pauses_s", [(), (3600.0,)], ids=["for ever", "for now"])
async def test_a_picture_whose_message_the_bot_does_not_know_is_changed_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, pauses_s: tuple[float, ...]
) -> None:
    """It is in the chat, and the answer that tells its number was lost."""
    monkeypatch.setattr("bot.tools.background.STOP_S", 0.0)
    await world.stop()
    world.tune(lost_pauses_s=pauses_s)
    await world.start()
    anna = await world.customer()
    world.telegram.fault("sendPhoto", cut_after_effect=True)
    anna.send("лиса")
    (picture,) = await world.pictures(anna, 1)
    anna.send("--ar 9:16", reply_to=picture)
    await world.pictures(anna, 2)
    press = anna.press(picture, "Оригинал файлом")
    await world.telegram.wait_for(lambda: press.answer)
    file = (await world.pictures(anna, 3))[2].document
    assert file is not None
    await world.kill()


async def test_what_the_buttons_of_a_picture_say_counts_in_its_own_chat_only(world: World) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    for person in (anna, boris):
        person.send("лиса")
    (picture,), (other,) = await drawn(world, anna, 1), await drawn(world, boris, 1)
    await world.write("DELETE FROM picture_messages")
    picture.reply_markup, other.reply_markup = other.reply_markup, {"inline_keyboard": []}
    anna.send("--ar 9:16", reply_to=picture)
    boris.send("--ar 9:16", reply_to=other)
    for person in (anna, boris):
        await world.said(person, lambda text: text.startswith("Нет описания"))
    assert len(world.kie.tasks) == 2


async def test_a_change_of_a_change_and_more_pictures(world: World) -> None:
    anna = await world.customer()
    anna.send("лиса --n 3")
    pictures = await drawn(world, anna, 3)
    anna.send("—q high", reply_to=pictures[1])  # one picture was replied to: one comes
    pictures = await drawn(world, anna, 4)
    assert len(world.kie.tasks) == 4
    anna.send("--ar 16:9 --n 2", reply_to=pictures[3])
    await drawn(world, anna, 6)
    for task in world.kie.tasks[4:]:
        assert (task.input["quality"], task.input["aspect_ratio"]) == ("high", "16:9")
    await world.closed()
    assert world.balance(anna.user_id) == 1000 - 6 * 79


async def test_an_option_of_the_first_request_gives_way_to_a_flag(world: World) -> None:
    anna = await world.customer()
    anna.send('лиса --options {"aspect_ratio": "3:2", "weird": 1}')
    (picture,) = await drawn(world, anna, 1)
    anna.send("--ar 16:9 --opt weird=2", reply_to=picture)
    await drawn(world, anna, 2)
    task = world.kie.tasks[1]
    assert (task.input["aspect_ratio"], task.input["weird"]) == ("16:9", 2)


async def test_its_own_input_picture_is_used_again(world: World) -> None:
    anna = await world.customer()
    anna.send_photo(png(100, 50), caption="акварель")
    (picture,) = await drawn(world, anna, 1)
    anna.send_photo(png(30, 30))  # held for words; flags alone do not take it
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    anna.send("--ar 3:2", reply_to=picture)
    await drawn(world, anna, 2)
    source = world.kie.tasks[1].source
    assert source is not None
    assert Image.open(io.BytesIO(source)).size == (100, 50)
    assert world.kie.tasks[1].input["prompt"] == "акварель"


async def test_the_first_request_wins_over_settings_made_since(world: World) -> None:
    anna = await world.customer()
    anna.send("лиса --ar 3:2")
    (picture,) = await drawn(world, anna, 1)
    await world.prefer(1001, quantity=4)
    await world.prefer_params(1001, aspect_ratio="9:16", quality="high", negative_prompt="текст")
    anna.send("--cfg 1", reply_to=picture)
    await drawn(world, anna, 2)
    first, second = (dict(task.input) for task in world.kie.tasks)
    assert second == {**first, "cfg_scale": 1}


async def test_a_wrong_flag_is_explained_and_costs_nothing(world: World) -> None:
    anna = await world.customer()
    anna.send("лиса")
    (picture,) = await drawn(world, anna, 1)
    anna.send("--ar 4:3", reply_to=picture)
    answer = await world.said(anna, lambda text: text.startswith("--ar не может быть «4:3»"))
    assert answer.words.endswith("Отправьте вместо этого:\n--ar 3:2")
    assert world.balance(anna.user_id) == 921


async def test_flags_in_reply_to_anything_else_are_no_prompt(world: World) -> None:
    anna = await world.customer()
    own = anna.send_photo(png())
    message = await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    for target in (own, message):
        anna.send("--ar 9:16", reply_to=target)
    await world.telegram.wait_for(
        lambda: sum(m.words.startswith("Нет описания") for m in world.bot_messages(anna)) == 2
    )
    assert world.balance(anna.user_id) == 1000


async def test_a_repeated_change_is_drawn_once(world: World) -> None:
    anna = await world.customer()
    anna.send("лиса")
    (picture,) = await drawn(world, anna, 1)
    world.telegram.updates.repeat_next()
    anna.send("--ar 9:16", reply_to=picture)
    await drawn(world, anna, 2)
    await world.answered()
    assert world.balance(anna.user_id) == 842


async def test_a_change_is_asked_about_where_the_person_wants_that(world: World) -> None:
    anna = await world.customer()
    anna.send("лиса")
    (picture,) = await drawn(world, anna, 1)
    await world.prefer(1001, ask="always")
    anna.send("--ar 9:16", reply_to=picture)
    question = await world.said(anna, lambda text: text.startswith("Нарисовать это?\nлиса\n"))
    assert "9:16" in question.words
    press = anna.press(question, "Нарисовать")
    await world.telegram.wait_for(lambda: press.answer)
    await drawn(world, anna, 2)


async def test_a_stale_reply_is_asked_about_and_keeps_its_picture(world: World) -> None:
    anna = await world.customer()
    anna.send("лиса")
    (picture,) = await drawn(world, anna, 1)
    own = anna.send_photo(png(100, 50))
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    await world.stop()
    long_ago = time.time() - 61 * 60
    anna.send("комикс", reply_to=own, sent_at=long_ago)
    anna.send("--ar 9:16", reply_to=picture, sent_at=long_ago)
    await world.start()
    comic = await world.said(anna, lambda text: "недоступен" in text and "комикс" in text)
    change = await world.said(anna, lambda text: "недоступен" in text and "9:16" in text)
    presses = [anna.press(question, "Нарисовать") for question in (comic, change)]
    await world.telegram.wait_for(lambda: all(press.answer for press in presses))
    await drawn(world, anna, 3)
    by_prompt = {task.input["prompt"]: task for task in world.kie.tasks[1:]}
    source = by_prompt["комикс"].source
    assert source is not None
    assert Image.open(io.BytesIO(source)).size == (100, 50)
    assert by_prompt["лиса"].input["aspect_ratio"] == "9:16"
    assert world.balance(anna.user_id) == 1000 - 3 * 79
