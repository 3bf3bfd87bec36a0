"""Words that may be no prompt: asked about, not charged."""

import pytest

from bot.demo.telegram import CallbackQuery, Message, Person
from tests.asking import answer as reply
from tests.asking import ask
from tests.e2e.test_first_contact import forgotten
from tests.e2e.test_groups import GROUP, pictures, said
from tests.e2e.test_pictures_buttons import answer
from tests.support import World, png

DRAW, NOT, NEVER = "Нарисовать", "Не рисовать", "Да, и больше не спрашивать"


@pytest.mark.parametrize("words", ["привет", "спасибо", "сколько стоит?", "🦊", "кот"])
async def test_what_may_be_no_prompt_is_shown_and_costs_nothing(world: World, words: str) -> None:
    anna = await world.customer(ask=None)
    card = await reply(world, anna, words)
    assert card.words == (
        f"Нарисовать картинку по этим словам?\n{words}\n"
        "1 картинка за 79 токенов, на балансе останется 921. Пока ничего не списано.\n"
        "Как это работает: /help"
    )
    assert [each["text"] for each in card.buttons] == [DRAW, NOT, NEVER]
    await answer(world, anna.press(card, NOT))
    await world.telegram.wait_for(lambda: card.words == "Хорошо, не буду. Ничего не списано.")
    assert world.balance(1001) == 1000
    assert world.kie.tasks == []


@pytest.mark.parametrize("words", ["hello!", "thanks a lot", "how much is it?", "fox"])
async def test_in_english_too(world: World, words: str) -> None:
    anna = await world.customer(language="en", ask=None)
    assert await ask(world, anna, words) == (
        f"Shall I draw a picture of this?\n{words}\n"
        "1 picture for 79 tokens; 921 will be left. Nothing is charged yet.\n"
        "How it works: /help"
    )


@pytest.mark.parametrize("words", ["рыжая лиса в снегу", "кот --ar 1:1", "спасибо, сказала лиса"])
async def test_a_newcomer_s_first_prompt_is_drawn_at_once(world: World, words: str) -> None:
    anna = world.person(1001, "Анна")
    anna.send(words)
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(1001) == 0


async def test_a_newcomer_s_greeting_leaves_the_gift_alone(world: World) -> None:
    anna = world.person(1001, "Анна")
    anna.send("привет")
    card = await world.said(anna, lambda text: text.startswith("Нарисовать картинку"))
    assert "на балансе останется 0." in card.words
    assert world.balance(1001) == 79


async def test_one_press_draws_and_two_charge_once_after_a_restart_too(world: World) -> None:
    anna = await world.customer(ask=None)
    card = await reply(world, anna, "кот")
    await world.stop()
    await world.start()
    presses = [anna.press(card, DRAW) for _ in range(2)]
    await world.pictures(anna, 1)
    await world.closed()
    await world.telegram.wait_for(lambda: all(press.answer for press in presses))
    assert world.balance(1001) == 921
    assert card.words.startswith("Готово")
    said = {press.answer.text for press in presses if press.answer}
    assert said == {"", "Этот запрос уже принят. Второй раз ничего не списано."}
    assert (await ask(world, anna, "пёс")).startswith("Нарисовать картинку"), "it asks again"


async def test_who_does_not_want_to_be_asked_is_asked_no_more(world: World) -> None:
    anna = await world.customer(ask=None)
    card = await reply(world, anna, "кот")
    said = await answer(world, anna.press(card, NEVER))
    assert said == "Начинаю. Больше не спрошу; вернуть вопросы можно в /settings."
    await world.pictures(anna, 1)
    anna.send("пёс")
    await world.pictures(anna, 2)
    await world.closed()
    assert world.balance(1001) == 1000 - 2 * 79
    anna.send("/settings")
    await world.said(anna, lambda text: "Спрашивать перед списанием: никогда" in text)


async def test_a_price_that_changed_is_shown_with_all_three_answers(world: World) -> None:
    anna = await world.customer(ask=None)
    card = await reply(world, anna, "кот")
    await world.write("UPDATE models SET price = 100")
    assert (await answer(world, anna.press(card, NEVER))).startswith("Цена изменилась.")
    await world.telegram.wait_for(lambda: "за 100 токенов, на балансе останется 900" in card.words)
    assert [each["text"] for each in card.buttons] == [DRAW, NOT, NEVER]
    assert world.rows("SELECT ask FROM preferences WHERE ask IS NOT NULL") == []
    await answer(world, anna.press(card, DRAW))
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(1001) == 900


async def test_nobody_presses_for_somebody_else(world: World) -> None:
    anna = await world.customer(ask=None)
    boris = await world.customer(1002, "Борис", ask=None)
    prompt = anna.send("кот")
    await world.said(anna, lambda text: text.startswith("Нарисовать картинку"))
    own = world.bot_messages(boris)[0]
    for data in (f"ask:never:{prompt}", "ask:never:", "ask:never:x"):
        assert not (await answer(world, boris.forge(own, data))).startswith("Рисую")
    assert world.rows("SELECT * FROM preferences") == []
    assert world.kie.tasks == []


@pytest.mark.parametrize("words", ["привет", "сколько стоит?", "🔥"])
async def test_a_greeting_is_not_answered_with_missing_tokens(world: World, words: str) -> None:
    anna = await world.customer(tokens=10, ask=None)
    assert await ask(world, anna, words) == (
        "Опишите картинку, и я её нарисую. Например: рыжая лиса в снегу."
        " Картинка стоит 79 токенов, на балансе 10. /help"
    )
    assert "нужно 79, у вас 10" in await ask(world, anna, "кот"), "a prompt, maybe"


async def test_always_asks_about_everything_and_never_about_nothing(world: World) -> None:
    anna = await world.customer(ask="always")
    card = await reply(world, anna, "привет")
    assert card.words.startswith("Нарисовать это?\n")
    assert [each["text"] for each in card.buttons] == [DRAW, NOT]
    boris = await world.customer(1002, "Борис", ask="never")
    boris.send("привет")
    await world.pictures(boris, 1)
    await world.closed()


# --- With pictures


async def test_one_word_for_a_picture_of_one_s_own_is_drawn_and_thanks_are_not(
    world: World,
) -> None:
    anna = await world.customer(ask=None)
    anna.send_photo(png(), caption="акварель")
    (drawn,) = await world.pictures(anna, 1)
    await world.closed()
    anna.send("комикс", reply_to=drawn)
    await world.pictures(anna, 2)
    await world.closed()
    anna.send("спасибо!", reply_to=drawn)
    card = await world.said(anna, lambda text: text.startswith("Нарисовать картинку"))
    assert "За основу возьму вашу картинку." in card.words
    assert world.balance(1001) == 1000 - 2 * 79


async def test_a_picture_that_waits_for_words_waits_on_after_thanks(world: World) -> None:
    anna = await world.customer(ask=None)
    anna.send_photo(png(100, 50))
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    card = await reply(world, anna, "спасибо")
    await answer(world, anna.press(card, NOT))
    anna.send("акварель")
    await world.pictures(anna, 1)
    await world.closed()
    anna.send_photo(png(50, 100))
    await world.telegram.wait_for(
        lambda: sum(m.words.startswith("Картинка у меня.") for m in world.bot_messages(anna)) == 2
    )
    await answer(world, anna.press(await reply(world, anna, "спасибо"), DRAW))
    await world.pictures(anna, 2)
    anna.send("рыжая лиса")
    await world.pictures(anna, 3)
    await world.closed()
    assert ["image_url" in task.input for task in world.kie.tasks] == [True, True, False]


async def test_flags_alone_stay_a_change(world: World) -> None:
    anna = await world.customer(ask=None)
    anna.send("рыжая лиса")
    (drawn,) = await world.pictures(anna, 1)
    anna.send("--ar 9:16", reply_to=drawn)
    await world.pictures(anna, 2)
    await world.closed()


# --- In a group


async def test_words_to_a_picture_in_a_group_are_asked_about(world: World) -> None:
    anna = await world.customer(ask=None)
    boris = await world.customer(1002, "Борис", ask=None)
    group = world.telegram.add_group(GROUP, "Группа", [anna, boris])
    anna.send("/draw кот", chat=group)  # a command leaves no doubt
    (picture,) = await pictures(world, group, 1)
    await world.closed()

    async def card_for(person: Person, words: str) -> Message:
        sent = person.send(words, chat=group, reply_to=picture)
        return await world.telegram.wait_for(
            lambda: next(
                (m for m in said(group) if m.reply_to and m.reply_to.message_id == sent), None
            )
        )

    await card_for(boris, "класс, спасибо!")
    card = await card_for(boris, "смотри, какие у него усы")
    assert card.words == (
        "Нарисовать картинку по этим словам?\nсмотри, какие у него усы\n"
        "За основу возьму вашу картинку.\n"
        "1 картинка за 79 токенов, на балансе останется 921. Пока ничего не списано."
    )
    press: CallbackQuery = anna.press(card, DRAW, chat=group)
    assert (await answer(world, press)).startswith(
        "На этот вопрос уже ответили, он устарел или задан не вам."
    )
    await answer(world, boris.press(card, DRAW, chat=group))
    await pictures(world, group, 2)
    await world.closed()
    assert (world.balance(1001), world.balance(1002)) == (921, 921)
    boris.send("--ar 16:9", chat=group, reply_to=picture)
    await pictures(world, group, 3)
    await world.closed()


async def test_the_answer_to_what_shall_be_changed_is_a_request_in_a_group_too(
    world: World,
) -> None:
    anna = await world.customer(ask=None)
    group = world.telegram.add_group(GROUP, "Группа", [anna])
    anna.send("/draw кот", chat=group)
    (picture,) = await pictures(world, group, 1)
    await answer(world, anna.press(picture, "Изменить", chat=group))
    question = await world.telegram.wait_for(
        lambda: next((m for m in said(group) if m.words.startswith("Что изменить?")), None)
    )
    await world.noted(question)
    anna.send("акварель", chat=group, reply_to=question)
    await pictures(world, group, 2)
    await world.closed()


async def test_a_remark_in_a_group_is_not_answered_with_missing_tokens(world: World) -> None:
    anna = await world.customer(ask=None)
    boris = await world.customer(1002, "Борис", tokens=0, ask=None)
    group = world.telegram.add_group(GROUP, "Группа", [anna, boris])
    anna.send("/draw кот", chat=group)
    (picture,) = await pictures(world, group, 1)
    boris.send("смотри, какие у него усы", chat=group, reply_to=picture)
    await world.telegram.wait_for(
        lambda: [m for m in said(group) if m.words.startswith("Опишите картинку")]
    )
    assert said(group)[-1].words == (
        "Опишите картинку, и я её нарисую. Например: /draw рыжая лиса в снегу."
        " Картинка стоит 79 токенов."
    )
    await world.answered()


async def test_an_open_question_goes_with_its_person(world: World) -> None:
    anna = await world.customer(ask=None)
    card = await reply(world, anna, "кот")
    await forgotten(world, anna)
    assert (await answer(world, anna.press(card, NEVER))).startswith("На этот вопрос уже ответили")
    assert world.rows("SELECT * FROM questions") == []
    assert world.rows("SELECT * FROM preferences") == []
