"""Taking back what was not sent to the provider yet."""

from bot.demo.telegram import Message, Person
from tests.support import World


async def waiting(world: World, anna: Person, prompt: str) -> Message:
    """An order of which the first item is at the provider and the others wait in the queue."""
    world.kie.task_seconds = 60
    anna.send(prompt)
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 1)
    return await world.said(anna, lambda text: text.startswith("Готово: 0 из"))


async def one_create_at_a_time(world: World) -> None:
    await world.stop()
    world.tune(creates=(1, 3600.0))
    await world.start()


async def test_the_button_cancels_what_waits_and_says_which_is_which(world: World) -> None:
    await one_create_at_a_time(world)
    anna = await world.customer(tokens=316)
    progress = await waiting(world, anna, "кот --n 4")
    press = anna.press(progress, "Отменить")
    await world.telegram.wait_for(lambda: press.answer)
    assert press.answer is not None
    assert press.answer.text == (
        "Отменено: 3. Возвращено: 237 токенов, на балансе: 237. Уже в работе и придёт: 1."
    )
    world.kie.finish(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.closed()
    assert world.balance(anna.user_id) == 237
    done = await world.said(anna, lambda text: text.startswith("Пришло картинок: 1 из 4."))
    assert done.message_id == progress.message_id
    assert "Отменено: 3." in done.words
    assert done.buttons == []


async def test_a_second_press_finds_nothing(world: World) -> None:
    await one_create_at_a_time(world)
    anna = await world.customer(tokens=158)
    progress = await waiting(world, anna, "кот --n 2")
    presses = [anna.press(progress, "Отменить") for _ in range(2)]
    await world.telegram.wait_for(lambda: all(press.answer for press in presses))
    texts = [press.answer.text for press in presses if press.answer]
    assert texts[1] == "Уже в работе и придёт: 1."
    assert world.balance(anna.user_id) == 79
    world.kie.finish(world.kie.tasks[0])
    await world.closed()


async def test_the_command_cancels_all_jobs(world: World) -> None:
    await one_create_at_a_time(world)
    anna = await world.customer(tokens=316)
    await waiting(world, anna, "кот --n 2")
    anna.send("пёс --n 2")
    await world.until(lambda: world.balance(anna.user_id) == 0)
    anna.send("/cancel")
    await world.said(anna, lambda text: text.startswith("Отменено: 3."))
    await world.said(anna, lambda text: text.startswith("Отменено.\n"))
    anna.send("/cancel")
    await world.said(anna, lambda text: text == "Уже в работе и придёт: 1.")
    world.kie.finish(world.kie.tasks[0])
    await world.pictures(anna, 1)
    await world.closed()
    anna.send("/cancel")
    await world.said(anna, lambda text: text == "Отменять нечего.")


async def test_nobody_cancels_somebody_else_s(world: World) -> None:
    await one_create_at_a_time(world)
    anna = await world.customer(tokens=158)
    boris = await world.customer(1002, "Борис", tokens=79)
    await waiting(world, anna, "кот --n 2")
    own = world.bot_messages(boris)[0]
    (job,) = world.rows("SELECT job_id FROM jobs")
    for data in (
        f"cancel:{job['job_id']}",
        "cancel:",
        "cancel:x",
        "cancel:9" + "9" * 30,
        "nonsense",
    ):
        boris.forge(own, data)
    await world.telegram.wait_for(lambda: all(press.answer for press in world.telegram.callbacks))
    assert world.balance(anna.user_id) == 0
    assert world.balance(boris.user_id) == 79
    anna.send("/cancel")
    await world.said(anna, lambda text: text.startswith("Отменено: 1."))
    world.kie.finish(world.kie.tasks[0])
    await world.closed()
