"""The caption of a picture, and its buttons, over HTTP."""

import pytest

from bot.demo.supabase import SupabaseEmulator
from bot.demo.telegram import Message, Person
from bot.demo.telegram.state import CallbackQuery
from tests.support import World, png

AGAIN, CHANGE, INPUT, ORIGINAL = "Ещё раз · 79", "Изменить", "Взять за основу", "Оригинал файлом"


async def drawn(world: World, anna: Person, prompt: str = "рыжая лиса", count: int = 1) -> Message:
    """A picture in the chat, with its job told to the end."""
    before = len(await world.pictures(anna, 0))
    anna.send(prompt)
    pictures = await world.pictures(anna, before + count)
    await world.closed()
    return pictures[-1]


async def answer(world: World, press: CallbackQuery) -> str:
    await world.telegram.wait_for(lambda: press.answer)
    assert press.answer is not None
    return press.answer.text or ""


async def test_a_picture_says_what_it_is_and_offers_what_can_be_done(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna, "лиса <b>& снег --ar 16:9 --seed 42 --n 2", 2)
    assert picture.words.startswith(("1/2 · ", "2/2 · "))
    assert picture.words.endswith("Midjourney V6 · 16:9 · seed 42\nлиса <b>& снег")
    quote = [each for each in picture.caption_entities if "blockquote" in each["type"]]
    assert [each["type"] for each in quote] == ["expandable_blockquote"]
    assert picture.reply_to is not None
    assert picture.reply_to.words.startswith("лиса")
    assert [each["text"] for each in picture.buttons] == [
        "Ещё раз · 158",
        CHANGE,
        INPUT,
        ORIGINAL,
        "Скопировать описание",
        "Скопировать seed",
    ]
    assert [each.get("style") for each in picture.buttons[:3]] == ["success", "primary", None]
    assert picture.buttons[4]["copy_text"] == {"text": "лиса <b>& снег"}
    assert picture.buttons[5]["copy_text"] == {"text": "42"}


async def test_a_long_prompt_is_cut_to_fit(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna, "к" + "&" * 1899)
    assert picture.words.endswith("&&…")
    assert 990 < len(picture.words) <= 1024
    assert "Скопировать описание" not in [each["text"] for each in picture.buttons]


async def test_again_draws_the_same_for_what_the_button_says_or_less(world: World) -> None:
    anna = await world.customer(tokens=1000)
    picture = await drawn(world, anna, "лиса --ar 16:9 --no снег --opt x=1 --n 2", 2)
    await world.write("UPDATE models SET price = 70")
    press = anna.press(picture, "Ещё раз · 158")
    assert await answer(world, press) == (
        "Рисую ещё раз. Списано: 140 токенов, на балансе осталось: 702."
    )
    pictures = await world.pictures(anna, 4)
    await world.closed()
    inputs = [task.input for task in world.kie.tasks]
    assert inputs[:2] == inputs[2:]
    assert world.balance(anna.user_id) == 1000 - 2 * 79 - 140
    assert picture.reply_to is not None
    assert all(each.reply_to is picture.reply_to for each in pictures)


async def test_options_that_were_closed_since_are_not_repeated(world: World) -> None:
    anna = await world.customer(tokens=1000)
    picture = await drawn(world, anna, "лиса --opt weird=1")
    await world.write("""UPDATE models SET options = '{"speed": "relax"}'""")
    old = '{"weird": 1, "n": 10, "prompt": "пёс", "speed": "relax", "a": {"image_url": "x"}}'
    await world.write("UPDATE jobs SET options = ?", old)
    await answer(world, anna.press(picture, AGAIN))
    await world.pictures(anna, 2)
    anna.send("--ar 9:16", reply_to=picture)
    await world.pictures(anna, 3)
    await world.closed()
    first, again, changed = (task.input for task in world.kie.tasks)
    assert again == {**first, "speed": "relax"}, "what is the model's own stays"
    assert changed == {**again, "aspect_ratio": "9:16"}


async def test_two_presses_of_one_thumb_charge_once_and_a_later_one_again(world: World) -> None:
    anna = await world.customer(tokens=1000)
    picture = await drawn(world, anna)
    world.telegram.updates.repeat_next()
    presses = [anna.press(picture, AGAIN) for _ in range(3)]
    texts = [await answer(world, press) for press in presses]
    assert sum(text.startswith("Рисую ещё раз.") for text in texts) == 1
    assert texts.count("Уже делаю ещё раз. Второй раз ничего не списано.") == 2
    await world.pictures(anna, 2)
    await world.closed()
    assert world.balance(anna.user_id) == 1000 - 2 * 79
    await world.write("UPDATE jobs SET created_at = created_at - 6")
    await answer(world, anna.press(picture, AGAIN))
    await world.pictures(anna, 3)
    await world.closed()
    assert world.balance(anna.user_id) == 1000 - 3 * 79


async def test_the_same_press_after_a_restart_charges_once(world: World) -> None:
    anna = await world.customer(tokens=1000)
    picture = await drawn(world, anna)
    press = anna.press(picture, AGAIN)
    update_id = world.telegram.updates.pending[-1].update_id
    await answer(world, press)
    await world.pictures(anna, 2)
    await world.closed()
    await world.stop()
    await world.write("UPDATE jobs SET created_at = created_at - 3600")
    world.telegram.updates.resend(update_id)
    await world.start()
    anna.send("/balance")
    await world.said(anna, lambda text: "842" in text)
    assert world.balance(anna.user_id) == 842


async def test_again_starts_from_the_same_picture(world: World) -> None:
    anna = await world.customer()
    anna.send_photo(png(), caption="в снегу")
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    await answer(world, anna.press(picture, AGAIN))
    await world.pictures(anna, 2)
    await world.closed()
    assert all("image_url" in task.input for task in world.kie.tasks)


async def test_buttons_work_after_a_restart_and_on_pictures_of_last_month(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna)
    await world.stop()
    world.telegram.move_clock(35 * 86_400)
    anna.delete(picture)  # Telegram hides what is old: the press comes without its message
    await world.start()
    assert (await answer(world, anna.forge(picture, data_of(picture, AGAIN)))).startswith("Рисую")
    await world.pictures(anna, 1)
    await world.closed()
    await answer(world, anna.forge(picture, data_of(picture, INPUT)))
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    await answer(world, anna.forge(picture, data_of(picture, ORIGINAL)))
    await world.telegram.wait_for(
        lambda: [each for each in world.bot_messages(anna) if each.document]
    )


def data_of(picture: Message, button: str) -> str:
    return next(str(each["callback_data"]) for each in picture.buttons if each["text"] == button)


async def test_nobody_else_s_buttons_and_no_forged_ones(world: World) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    picture = await drawn(world, anna)
    own = world.bot_messages(boris)[0]
    presses = [
        boris.forge(own, data)
        for button in (AGAIN, CHANGE, INPUT, ORIGINAL)
        for data in (data_of(picture, button), data_of(picture, button).split(":")[0] + ":x")
    ]
    presses.append(boris.forge(own, "again:" + "9" * 50))
    for press in presses:
        assert (await answer(world, press)).startswith("Эта кнопка не ваша")
    assert world.balance(boris.user_id) == 1000
    assert len(world.kie.tasks) == 1


async def test_again_says_why_not(world: World) -> None:
    anna = await world.customer(tokens=100)
    picture = await drawn(world, anna)
    assert await answer(world, anna.press(picture, AGAIN)) == ""
    await world.said(anna, lambda text: "нужно 79, у вас 21" in text)
    await world.write("UPDATE models SET enabled = 0")
    assert (await answer(world, anna.press(picture, AGAIN))).startswith(
        "Midjourney V6 больше не работает."
    )
    assert world.balance(anna.user_id) == 21


async def test_change_asks_and_a_reply_to_the_question_is_one_to_the_picture(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna, "лиса --ar 16:9")
    await answer(world, anna.press(picture, CHANGE))
    question = await world.said(anna, lambda text: text.startswith("Что изменить?"))
    assert question.reply_to is picture
    assert question.reply_markup is not None
    assert question.reply_markup["force_reply"] is True
    await world.noted(question)
    anna.send("--ar 9:16", reply_to=question)
    await world.pictures(anna, 2)
    anna.send("добавь шапку", reply_to=question)
    await world.pictures(anna, 3)
    await world.closed()
    first, second, third = (task.input for task in world.kie.tasks)
    assert second == {**first, "aspect_ratio": "9:16"}
    assert third["prompt"] == "добавь шапку"
    assert third["image_url"]


async def test_use_as_input_waits_for_words(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna)
    await answer(world, anna.press(picture, INPUT))
    await answer(world, anna.press(picture, INPUT))
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    anna.send("теперь зима")
    await world.pictures(anna, 2)
    await world.closed()
    assert world.kie.tasks[1].input["prompt"] == "теперь зима"
    assert world.kie.tasks[1].input["image_url"]
    said = [each for each in world.bot_messages(anna) if each.words.startswith("Картинка у меня")]
    assert len(said) == 1


async def test_the_original_is_the_file_as_it_was_drawn(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna)
    for _ in range(2):  # a thumb that presses twice gets one file
        assert await answer(world, anna.press(picture, ORIGINAL)) == (
            "Отправляю файл, это бесплатно."
        )
    await world.telegram.wait_for(
        lambda: [each for each in world.bot_messages(anna) if each.document]
    )
    anna.send("/balance")
    await world.said(anna, lambda text: text.startswith("921"))
    files = [each for each in world.bot_messages(anna) if each.document]
    assert len(files) == 1
    assert world.data(files[0]) == png()
    assert files[0].reply_to is picture
    assert files[0].document is not None
    assert files[0].document.name.endswith(".png")


async def test_the_original_comes_from_supabase_when_the_disk_has_it_no_more(
    world: World,
) -> None:
    async with SupabaseEmulator.start() as supabase:
        for bucket in ("bot-images", "images"):
            supabase.add_bucket(bucket)
        await world.stop()
        world.use_supabase(supabase)
        await world.start()
        anna = await world.customer()
        picture = await drawn(world, anna)
        await world.until(
            lambda: (
                not [path for path in (world.data_dir / "files").rglob("??/*") if path.is_file()]
            )
        )
        await answer(world, anna.press(picture, ORIGINAL))
        await world.telegram.wait_for(
            lambda: [each for each in world.bot_messages(anna) if each.document]
        )
        file = next(each for each in world.bot_messages(anna) if each.document)
        assert world.data(file) == png()
        await world.stop()


async def test_an_original_that_is_nowhere_gets_a_sentence(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna)
    for path in (world.data_dir / "files").glob("??/*"):
        path.unlink()
    await world.write("UPDATE items SET result_url = 'http://127.0.0.1:9/gone.png'")
    await answer(world, anna.press(picture, ORIGINAL))
    await world.said(anna, lambda text: text.startswith("Этот файл больше не хранится."))


@pytest.mark.parametrize("version", ["9.0", "7.10"])
async def test_an_old_server_gets_plain_buttons_and_is_asked_once(
    world: World, version: str
) -> None:
    world.telegram.server_version = version
    world.kie.task_seconds = 60  # the words are said before there is a picture
    anna = await world.customer()
    anna.send("рыжая лиса")
    await world.said(anna, lambda text: "Рисую картинку." in text)
    await world.answered()
    world.kie.task_seconds = 0
    world.kie.finish(world.kie.tasks[0])
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    assert all("style" not in each for each in picture.buttons)
    assert [each["text"] for each in picture.buttons][:2] == [AGAIN, CHANGE]
    refused = [call for call in world.telegram.calls if call.error and "field" in call.error]
    assert len(refused) == 1
    await answer(world, anna.press(picture, AGAIN))
    await world.pictures(anna, 2)
    await world.closed()
    assert [c for c in world.telegram.calls if c.error and "field" in c.error] == refused


async def test_a_chat_action_shows_while_pictures_are_drawn(world: World) -> None:
    world.kie.task_seconds = 60
    anna = await world.customer()
    anna.send("кот")
    await world.telegram.wait_for(lambda: anna.chat.actions)
    assert anna.chat.actions[0][1] == "upload_photo"
    world.kie.finish(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.closed()


async def test_a_refused_chat_action_changes_nothing(world: World) -> None:
    world.telegram.fault("sendChatAction", status=500, times=100)
    anna = await world.customer()
    await drawn(world, anna)


async def test_the_progress_is_one_message_with_a_bar(world: World) -> None:
    world.kie.task_seconds = 60
    anna = await world.customer()
    anna.send("кот --n 2")
    progress = await world.said(anna, lambda text: text.startswith("Готово: 0 из 2."))
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 2)
    world.kie.finish(world.kie.tasks[0])
    await world.said(anna, lambda text: text.startswith("Готово: 1 из 2.") and "▰▰▰▰▰▱" in text)
    world.kie.finish(world.kie.tasks[1])
    await world.closed()
    done = await world.said(anna, lambda text: text.startswith("Готово: пришли 2"))
    assert done.message_id == progress.message_id
    assert "▰" not in done.words


async def test_a_picture_that_was_refunded_is_not_given_as_a_file(world: World) -> None:
    world.kie.task_seconds = 60
    anna = await world.customer()
    own = world.bot_messages(anna)[0]
    anna.send("кот")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 1)
    for method in ("sendPhoto", "sendDocument"):
        world.telegram.fault(method, status=400, description="Bad Request: NEVER", times=None)
    world.kie.finish(world.kie.tasks[0])
    await world.until(lambda: bool(world.rows("SELECT 1 FROM items WHERE status = 'failed'")))
    assert world.balance(anna.user_id) == 1000
    assert (await answer(world, anna.forge(own, "original:1"))).startswith("Эта кнопка не ваша")
