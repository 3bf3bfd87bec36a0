"""What the progress message says, and when."""

from tests.support import World


async def test_the_first_word_of_a_job_comes_before_pictures(world: World) -> None:
    await world.stop()
    world.tune(chat_messages=(1, 0.25))  # one message at a time, as Telegram has it
    await world.start(max_quantity=10, user_max_active_images=100, midjourney_kie_poll_timeout=600)
    anna = await world.customer(tokens=79 * 21)
    world.kie.task_seconds = 60
    anna.send("лес --n 10")
    anna.send("море --n 10")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 20)
    for task in world.kie.tasks:
        world.kie.finish(task)
    await world.pictures(anna, 1)
    prompt = anna.send("кот")

    def first_word() -> list[int]:
        answers = [each for each in world.bot_messages(anna) if each.reply_to and not each.photo]
        return [m.message_id for m in answers if m.reply_to and m.reply_to.message_id == prompt]

    await world.telegram.wait_for(first_word, timeout_s=60)
    last_picture = (await world.pictures(anna, 20))[-1]
    assert first_word()[0] < last_picture.message_id


async def test_the_cancel_button_goes_as_soon_as_nothing_can_be_cancelled(world: World) -> None:
    await world.stop()
    # The next edit would be due in an hour; the second create waits for a second, and then hangs.
    world.tune(edit_pause_s=3600.0, creates=(1, 1.0))
    await world.start(midjourney_kie_request_timeout=60)
    bob, anna = await world.customer(1002, "Боб"), await world.customer()
    world.kie.task_seconds = 60
    bob.send("лес")
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 1)
    world.kie.fault("createTask", hang=True)
    anna.send("кот")
    progress = await world.said(anna, lambda text: text.startswith(("Рисую", "Место в очереди")))
    await world.until(lambda: world.rows("SELECT 1 FROM images WHERE status = 'submitting'") != [])
    await world.telegram.wait_for(lambda: not progress.buttons)
    assert progress.words.startswith("Рисую картинку.")
