"""The button "again" and the question before a charge."""

from typing import Any

import pytest

from bot.demo.telegram import Message, Person
from providers.order import Order, Origin
from storage.jobs import Jobs, PlacedJob
from tests.e2e.test_groups import GROUP, pictures, said
from tests.e2e.test_pictures_buttons import AGAIN, answer, data_of, drawn
from tests.support import World, png

DRAW, NOT = "Нарисовать", "Не рисовать"


def cards(world: World, person: Person) -> list[Message]:
    return [m for m in world.bot_messages(person) if m.words.startswith("Нарисовать это?")]


async def card(world: World, person: Person) -> Message:
    return await world.said(person, lambda text: text.startswith("Нарисовать это?"))


async def test_who_wants_to_be_asked_always_is_asked_by_again_as_well(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna, "лиса --ar 16:9 --no снег --n 2", 2)
    await world.prefer(1001, ask="always")
    assert await answer(world, anna.press(picture, "Ещё раз · 158")) == ""
    question = await card(world, anna)
    assert question.words == (
        "Нарисовать это?\nлиса\nMidjourney V6 · 16:9 · standard · cfg 0.5\n"
        "Чего не рисовать: снег\n"
        "2 картинки за 158 токенов; на балансе 842 токена. Пока ничего не списано."
    )
    assert question.reply_to is picture.reply_to
    assert [each["text"] for each in question.buttons] == [DRAW, NOT]
    assert world.balance(1001) == 842
    await world.stop()
    await world.start()
    presses = [anna.press(question, DRAW) for _ in range(2)]
    come = await world.pictures(anna, 4)
    await world.closed()
    await world.telegram.wait_for(lambda: all(press.answer for press in presses))
    assert world.balance(1001) == 1000 - 4 * 79
    assert question.words.startswith("Готово"), "the question became the summary"
    assert all(each.reply_to is picture.reply_to for each in come)
    assert world.kie.tasks[0].input == world.kie.tasks[2].input
    first, again = world.rows("SELECT again_of FROM jobs")
    assert (first["again_of"], again["again_of"] in {1, 2}) == (None, True)


async def test_a_no_costs_nothing_and_the_button_works_on(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna)
    await world.prefer(1001, ask="always")
    await answer(world, anna.press(picture, AGAIN))
    question = await card(world, anna)
    await answer(world, anna.press(question, NOT))
    await world.telegram.wait_for(lambda: question.words == "Хорошо, не буду. Ничего не списано.")
    await answer(world, anna.press(picture, AGAIN))
    await answer(world, anna.press(await card(world, anna), DRAW))
    await world.pictures(anna, 2)
    await world.closed()
    assert world.balance(1001) == 1000 - 2 * 79


async def test_two_presses_of_one_thumb_ask_once(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna)
    await world.prefer(1001, ask="always")
    presses = [anna.press(picture, AGAIN) for _ in range(3)]
    assert [await answer(world, press) for press in presses] == ["", "", ""]
    await answer(world, anna.press(await card(world, anna), DRAW))
    await world.pictures(anna, 2)
    await world.closed()
    assert cards(world, anna) == []
    assert world.balance(1001) == 1000 - 2 * 79
    assert world.rows("SELECT * FROM questions") == []


@pytest.mark.parametrize("ask", [None, "never"])
async def test_a_price_that_rose_is_asked_about_and_charged_only_then(
    world: World, ask: str | None
) -> None:
    anna = await world.customer(ask=ask)
    picture = await drawn(world, anna)
    await world.write("UPDATE models SET price = 100")
    said = await answer(world, anna.press(picture, AGAIN))
    assert said == "Цена изменилась. Ничего не списано, посмотрите ещё раз."
    question = await card(world, anna)
    assert "1 картинка за 100 токенов; на балансе 921 токен." in question.words
    assert world.balance(1001) == 921
    await answer(world, anna.press(question, DRAW))
    _, second = await world.pictures(anna, 2)
    await world.closed()
    assert world.balance(1001) == 821
    assert second.buttons[0]["text"] == "Ещё раз · 100"


async def test_a_price_that_rises_at_the_last_moment_is_asked_about_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Jobs.place

    async def place_late(
        self: Jobs, order: Order, origin: Origin, **terms: Any
    ) -> PlacedJob | None:
        if origin.again_of is not None:
            await world.write("UPDATE models SET price = 100")
        return await place(self, order, origin, **terms)

    monkeypatch.setattr(Jobs, "place", place_late)
    anna = await world.customer()
    picture = await drawn(world, anna)
    assert (await answer(world, anna.press(picture, AGAIN))).startswith("Цена изменилась.")
    assert "за 100 токенов" in (await card(world, anna)).words
    assert world.balance(1001) == 921


async def test_a_button_from_before_prices_were_shown_asks(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna)
    old = data_of(picture, AGAIN).rpartition(":")[0]
    assert await answer(world, anna.forge(picture, old)) == ""
    await card(world, anna)
    for data in (f"{old}:", f"{old}:x", f"{old}:-1", f"{old}:{'9' * 16}", f"{old}:79:79"):
        said = await answer(world, anna.forge(picture, data))
        assert said.startswith("Эта кнопка не ваша")
    assert world.balance(1001) == 921


async def test_too_few_tokens_are_told_at_the_press(world: World) -> None:
    anna = await world.customer(tokens=100)
    picture = await drawn(world, anna)
    await world.prefer(1001, ask="always")
    assert await answer(world, anna.press(picture, AGAIN)) == ""
    await world.said(anna, lambda text: "нужно 79, у вас 21" in text)
    await world.answered()
    assert cards(world, anna) == []


async def test_in_a_group_the_question_is_for_whoever_pressed(world: World) -> None:
    anna = await world.customer(ask="always")
    boris = await world.customer(1002, "Борис")
    group = world.telegram.add_group(GROUP, "Группа", [anna, boris])
    anna.send("/draw кот", chat=group)
    first = await world.telegram.wait_for(lambda: next(iter(said(group)), None))
    await answer(world, anna.press(first, DRAW, chat=group))
    (picture,) = await pictures(world, group, 1)
    await world.closed()
    await answer(world, anna.press(picture, AGAIN, chat=group))
    question = await world.telegram.wait_for(
        lambda: next((m for m in said(group) if m.words.startswith("Нарисовать это?")), None)
    )
    press = boris.press(question, DRAW, chat=group)
    assert (await answer(world, press)).startswith("На этот вопрос уже ответили")
    await answer(world, anna.press(question, DRAW, chat=group))
    await pictures(world, group, 2)
    await world.closed()
    assert (world.balance(1001), world.balance(1002)) == (1000 - 2 * 79, 1000)


async def test_again_starts_from_the_same_picture_after_the_question_too(world: World) -> None:
    anna = await world.customer()
    anna.send_photo(png(100, 50), caption="акварель")
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    await world.prefer(1001, ask="always")
    await answer(world, anna.press(picture, AGAIN))
    question = await card(world, anna)
    assert "За основу возьму вашу картинку." in question.words
    await answer(world, anna.press(question, DRAW))
    await world.pictures(anna, 2)
    await world.closed()
    assert "image_url" in world.kie.tasks[1].input
