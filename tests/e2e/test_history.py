"""/history and /queue, over HTTP."""

from bot.demo.telegram import Message, Person
from tests.e2e.test_pictures_buttons import answer
from tests.support import World, png


async def drawn(world: World, anna: Person, count: int) -> None:
    for number in range(1, count + 1):
        anna.send(f"картина {number}")
        await world.pictures(anna, number)
    await world.closed()


async def listed(world: World, anna: Person) -> Message:
    anna.send("/history")
    return await world.said(
        anna, lambda text: text.startswith("Ваши картинки и видео, сначала новые")
    )


async def test_history_is_paged_and_edited_in_place(world: World) -> None:
    anna = await world.customer()
    await drawn(world, anna, 7)
    card = await listed(world, anna)
    assert "· картина 7\n" in card.words
    assert "· картина 2" not in card.words
    assert [each["text"] for each in card.buttons] == ["1", "2", "3", "4", "5", "Старше ›"]
    await answer(world, anna.press(card, "Старше ›"))
    await world.said(anna, lambda text: "1. " in text and "· картина 2\n" in text)
    assert [each["text"] for each in card.buttons] == ["1", "2", "‹ Новее"]
    await answer(world, anna.press(card, "‹ Новее"))
    await world.said(anna, lambda text: "· картина 7\n" in text)
    assert len(card.edits) == 2


async def test_a_picture_of_the_history_comes_again_by_telegram_s_file(world: World) -> None:
    anna = await world.customer()
    await drawn(world, anna, 2)
    card = await listed(world, anna)
    for path in (world.data_dir / "files").glob("??/*"):
        path.unlink()
    presses = [anna.press(card, "2") for _ in range(2)]
    for press in presses:
        assert await answer(world, press) == "Отправляю, это бесплатно."
    pictures = await world.pictures(anna, 3)
    assert "картина 1" in pictures[2].words
    assert [each["text"] for each in pictures[2].buttons][:2] == ["Ещё раз · 79", "Изменить"]
    assert pictures[2].photo[-1].file_id == pictures[0].photo[-1].file_id
    assert world.balance(anna.user_id) == 1000 - 2 * 79
    anna.send("/balance")
    await world.said(anna, lambda text: text.startswith("842"))
    assert len(await world.pictures(anna, 3)) == 3
    anna.send("--ar 9:16", reply_to=pictures[2])  # one sent again is a picture as well
    await world.pictures(anna, 4)
    await world.closed()
    assert world.kie.tasks[2].input == {**world.kie.tasks[0].input, "aspect_ratio": "9:16"}


async def test_a_picture_that_telegram_forgot_comes_from_storage(world: World) -> None:
    anna = await world.customer()
    await drawn(world, anna, 1)
    card = await listed(world, anna)
    await world.write("UPDATE items SET sent_file_id = 'AgACAgIAAxkgone'")
    await answer(world, anna.press(card, "1"))
    pictures = await world.pictures(anna, 2)
    assert world.data(pictures[1]) == png()
    await world.until(lambda: len(world.rows("SELECT * FROM picture_messages")) == 2)
    (item,) = world.rows("SELECT sent_file_id FROM items")
    assert item["sent_file_id"] == pictures[1].photo[-1].file_id


async def test_a_list_of_somebody_else_s_shows_nothing(world: World) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    await drawn(world, anna, 1)
    own = world.bot_messages(boris)[0]
    (item,) = world.rows("SELECT item_id FROM items")
    assert (await answer(world, boris.forge(own, f"show:{item['item_id']}"))).startswith(
        "Эта кнопка не ваша"
    )
    for data in ("history:older:99", "history:newer:0", "history:", "history:older:x"):
        await answer(world, boris.forge(own, data))
    boris.send("/history")
    await world.said(boris, lambda text: text.startswith("Картинок и видео пока нет."))
    assert not [each for each in world.bot_messages(boris) if "картина" in each.words]


async def test_the_queue_shows_what_is_under_way_and_cancels_it(world: World) -> None:
    await world.stop()
    world.tune(creates=(1, 3600.0))
    await world.start()
    anna = await world.customer(tokens=316)
    anna.send("/queue")
    await world.said(anna, lambda text: text.startswith("Ничего не ждёт"))
    world.kie.task_seconds = 60
    anna.send("кот --n 2")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 1)
    anna.send("пёс --n 2")
    await world.until(lambda: world.balance(anna.user_id) == 0)
    anna.send("/queue")
    card = await world.said(anna, lambda text: text.startswith("Ещё не готово"))
    assert card.words.splitlines()[1:5] == [
        "1. Midjourney V6 · кот",
        "Готово: 0 из 2. Место в очереди: 1.",
        "2. Midjourney V6 · пёс",
        "Готово: 0 из 2. Место в очереди: 2.",
    ]
    assert [each["text"] for each in card.buttons] == ["Отменить 1", "Отменить 2", "Обновить"]
    assert (await answer(world, anna.press(card, "Отменить 2"))).startswith(
        "Отменено: 2. Возвращено: 158 токенов"
    )
    await world.telegram.wait_for(lambda: "пёс" not in card.words)
    assert world.balance(anna.user_id) == 158
    anna.send("/cancel")
    world.kie.finish(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.closed()
    await answer(world, anna.press(card, "Обновить"))
    await world.telegram.wait_for(lambda: card.words.startswith("Ничего не ждёт"))
    assert card.buttons == []


async def test_a_damaged_file_is_passed_over(world: World) -> None:
    anna = await world.customer()
    await drawn(world, anna, 1)
    card = await listed(world, anna)
    (path,) = (world.data_dir / "files").glob("??/*")
    path.write_bytes(b"rubbish")
    await world.write("UPDATE items SET sent_file_id = NULL")
    await answer(world, anna.press(card, "1"))
    pictures = await world.pictures(anna, 2)
    assert world.data(pictures[1]) == png(), "from the provider, which has it still"
