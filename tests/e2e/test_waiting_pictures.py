"""A picture that waits for words is seen, can be dropped, and is for the next request only."""

from collections.abc import Awaitable, Callable

import pytest

from bot.demo.telegram import Message, Person
from bot.demo.telegram.state import CallbackQuery
from tests.support import World, png

AGAIN, INPUT = "Ещё раз · 79", "Взять за основу"
DROP, DROP_IN_QUEUE = "Не использовать", "Не использовать картинку"


async def drawn(world: World, anna: Person, prompt: str = "лиса") -> Message:
    """One more picture of the bot's in the chat."""
    before = len(await world.pictures(anna, 0))
    anna.send(prompt)
    picture = (await world.pictures(anna, before + 1))[-1]
    await world.closed()
    return picture


async def waiting(world: World, anna: Person) -> Message:
    """A picture without words, and the bot's answer to it."""
    sent = anna.send_photo(png(100, 50))
    return await world.telegram.wait_for(
        lambda: next((m for m in world.bot_messages(anna) if m.message_id > sent), None)
    )


async def answer(world: World, press: CallbackQuery) -> str:
    await world.telegram.wait_for(lambda: press.answer)
    assert press.answer is not None
    return press.answer.text or ""


def starts_from(world: World, number: int) -> bool:
    """Whether that task starts from a picture."""
    return "image_url" in world.kie.tasks[number].input


async def test_its_answer_has_a_button_that_drops_it_also_after_a_restart(world: World) -> None:
    anna = await world.customer()
    card = await waiting(world, anna)
    assert card.words.startswith("Картинка у меня. Что с ней сделать?")
    assert [each["text"] for each in card.buttons] == [DROP]
    await world.stop()
    await world.start()
    assert await answer(world, anna.press(card, DROP)) == ""
    await world.telegram.wait_for(
        lambda: card.words == "Эта картинка не понадобится. Ничего не списано."
    )
    assert card.buttons == []
    await drawn(world, anna)
    assert not starts_from(world, 0)


async def test_one_taken_by_a_button_can_be_dropped_as_well(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna)
    await answer(world, anna.press(picture, INPUT))
    card = await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    await answer(world, anna.press(card, DROP))
    await world.telegram.wait_for(lambda: card.words.startswith("Эта картинка не понадобится."))
    await drawn(world, anna)
    assert not starts_from(world, 1)


async def test_so_can_that_of_an_album(world: World) -> None:
    anna = await world.customer()
    anna.send_album([(png(100, 50), None), (png(60, 60), None)])
    card = await world.said(anna, lambda text: text.startswith("У меня 2 картинки."))
    anna.send("/queue")
    await world.said(anna, lambda text: text.startswith("Ваши 2 картинки ждут описания ещё 10 мин"))
    await answer(world, anna.press(card, DROP))
    await world.telegram.wait_for(
        lambda: card.words == "Эти 2 картинки не понадобятся. Ничего не списано."
    )
    await drawn(world, anna)
    assert not starts_from(world, 0)


async def test_an_old_button_drops_no_other_picture(world: World) -> None:
    anna = await world.customer()
    first = await waiting(world, anna)
    second = await waiting(world, anna)
    gone = "Эта картинка уже не ждёт описания. Что ждёт, покажет /queue."
    assert await answer(world, anna.press(first, DROP)) == gone
    assert await answer(world, anna.forge(second, "held:x")) == gone
    await drawn(world, anna)
    assert starts_from(world, 0)
    assert await answer(world, anna.press(second, DROP)) == gone


async def test_cancel_drops_it_and_says_so(world: World) -> None:
    anna = await world.customer()
    await waiting(world, anna)
    anna.send("/cancel")
    await world.said(anna, lambda text: text == "Картинка, которая ждала описания, не понадобится.")
    anna.send("/cancel")
    await world.said(anna, lambda text: text == "Отменять нечего.")
    await drawn(world, anna)
    assert not starts_from(world, 0)


async def test_the_queue_shows_it_with_its_button(world: World) -> None:
    anna = await world.customer()
    await waiting(world, anna)
    anna.send("/queue")
    card = await world.said(anna, lambda text: text.startswith("Ваша картинка ждёт описания"))
    assert card.words == (
        "Ваша картинка ждёт описания ещё 10 мин. Следующий запрос будет нарисован по ней."
    )
    assert [each["text"] for each in card.buttons] == [DROP_IN_QUEUE, "Обновить"]
    said = await answer(world, anna.press(card, DROP_IN_QUEUE))
    assert said == "Эта картинка не понадобится. Ничего не списано."
    await world.telegram.wait_for(lambda: card.words.startswith("Ничего не ждёт"))
    said = await answer(world, anna.forge(card, "queue:held:1"))
    assert said.startswith("Эта картинка уже не ждёт описания.")
    await drawn(world, anna)
    assert not starts_from(world, 0)


async def test_progress_queue_and_caption_name_the_picture(world: World) -> None:
    world.kie.task_seconds = 60
    anna = await world.customer()
    await waiting(world, anna)
    anna.send("зима")
    progress = await world.said(anna, lambda text: "По вашей картинке." in text)
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 1)
    anna.send("/queue")
    await world.said(anna, lambda text: "1. Midjourney V6 · зима" in text and "По вашей" in text)
    world.kie.finish(world.kie.tasks[0])
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    assert picture.words == "Midjourney V6 · 1:1 · по вашей картинке\nзима"
    assert progress.words.startswith("Готово: пришла 1 картинка.\nПо вашей картинке.")
    world.kie.task_seconds = 0.05
    plain = await drawn(world, anna)
    assert plain.words == "Midjourney V6 · 1:1\nлиса"
    last = world.bot_messages(anna)[-1]
    assert "По вашей картинке" not in last.words


Step = Callable[[World, Person, Message], Awaitable[object]]


async def change(world: World, anna: Person, picture: Message) -> None:
    anna.send("--ar 9:16", reply_to=picture)


async def words_for_another(world: World, anna: Person, picture: Message) -> None:
    anna.send("зима", reply_to=picture)


async def another_with_words(world: World, anna: Person, picture: Message) -> None:
    anna.send_photo(png(30, 30), caption="зима")


async def again(world: World, anna: Person, picture: Message) -> None:
    await answer(world, anna.press(picture, AGAIN))


@pytest.mark.parametrize("step", [change, words_for_another, another_with_words, again])
async def test_it_is_forgotten_when_the_next_request_is_taken_without_it(
    world: World, step: Step
) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna)
    await waiting(world, anna)
    await step(world, anna, picture)
    await world.pictures(anna, 2)
    await world.closed()
    await drawn(world, anna, "просто кот")
    assert not starts_from(world, 2)


async def test_a_question_forgets_it_and_its_answer_not_a_later_one(world: World) -> None:
    anna = await world.customer()
    await world.prefer(1001, ask="always")
    picture = anna.send_photo(png(30, 30), caption="зима")
    question = await world.said(anna, lambda text: text.startswith("Нарисовать это?"))
    assert question.reply_to is not None
    assert question.reply_to.message_id == picture
    await waiting(world, anna)
    await answer(world, anna.press(question, "Нарисовать"))
    await world.pictures(anna, 1)
    await world.closed()
    await world.prefer(1001, ask="never")
    await drawn(world, anna, "весна")
    assert starts_from(world, 1)


async def test_a_refused_request_and_one_in_a_group_leave_it_waiting(world: World) -> None:
    anna = await world.customer()
    group = world.telegram.add_group(-100500, "Группа", [anna])
    await waiting(world, anna)
    anna.send("кот --ar 4:3")
    await world.said(anna, lambda text: "кот --ar 3:2" in text)
    anna.send("/draw кот", chat=group)
    await world.until(lambda: len(world.rows("SELECT 1 FROM jobs WHERE closed_at > 0")) == 1)
    await drawn(world, anna, "зима")
    assert [starts_from(world, 0), starts_from(world, 1)] == [False, True]


async def test_with_a_model_of_words_only_the_words_can_be_sent_alone(world: World) -> None:
    anna = await world.customer()
    await waiting(world, anna)
    await world.write("UPDATE models SET provider = 'z_image'")
    anna.send("кот")
    await world.said(anna, lambda text: text.startswith("Midjourney V6 рисует только по описанию"))
    await drawn(world, anna, "кот")


@pytest.mark.parametrize("how", ["used", "dropped"])
async def test_a_press_that_comes_again_does_not_bring_it_back(world: World, how: str) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna)
    press = anna.press(picture, INPUT)
    update_id = world.telegram.pending_updates[-1].update_id
    await answer(world, press)
    card = await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    if how == "used":
        await drawn(world, anna, "зима")
    else:
        await answer(world, anna.press(card, DROP))
    await world.stop()  # a new process has not seen the update
    world.telegram.updates.resend(update_id)
    await world.start()
    await world.answered()
    tasks = len(world.kie.tasks)
    await drawn(world, anna, "просто кот")
    assert not starts_from(world, tasks)
    cards = [m for m in world.bot_messages(anna) if m.words.startswith("Картинка у меня.")]
    assert len(cards) == (how == "used")


async def test_in_english(world: World) -> None:
    kate = await world.customer(1003, "Kate", language="en")
    card = await waiting(world, kate)
    assert card.words.startswith("Got the picture. What should I make of it?")
    kate.send("/queue")
    await world.said(
        kate, lambda text: text.startswith("Your picture is waiting for a prompt, 10 min")
    )
    kate.send("winter")
    (picture,) = await world.pictures(kate, 1)
    await world.said(kate, lambda text: "Based on your picture." in text)
    assert " · based on your picture\n" in picture.words
    await world.closed()
