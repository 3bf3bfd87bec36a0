"""What an order starts from, as it is kept: pictures, originals, and where they were uploaded."""

from providers.order import item_input, item_of
from storage.files import Buckets
from storage.forgetting import Forgetting
from storage.inputs import Inputs
from storage.items import InputUpload
from storage.questions import Question, Questions
from tests.unit.storage.shop import NOW, PRICE, Shop, asked

SOURCES = ("telegram-1", item_input(41), "telegram-2")
BUCKET = "https://x.supabase.co/storage/v1/object/public/bot-images/"


def test_an_original_is_told_from_telegram_s_file() -> None:
    assert [item_of(source) for source in SOURCES] == [None, 41, None]


async def test_a_job_and_a_question_keep_all_in_their_order(shop: Shop) -> None:
    await shop.customer()
    for inputs in ((), SOURCES[:1], SOURCES):
        order, origin = asked(inputs=inputs, message_id=100 + len(inputs))
        questions = Questions(shop.database)
        await questions.ask(Question(order, origin, PRICE))
        question = await questions.get(origin.chat_id, origin.message_id, origin.user_id)
        assert question is not None
        assert question.order == order
        placed = await shop.jobs.place(order, origin, max_active_items=10)
        assert placed is not None
        assert (await shop.jobs.view(placed.job_id)).order.inputs == inputs


async def test_an_album_waits_whole_and_is_used_once(shop: Shop) -> None:
    await shop.customer()
    inputs = Inputs(shop.database)
    assert await inputs.hold(1, SOURCES, 12)
    held = await inputs.held(1)
    assert held is not None
    assert held.inputs == SOURCES
    assert await inputs.drop(1) == 3
    assert await inputs.drop(1) == 0
    assert not await inputs.hold(1, SOURCES, 12), "it came again"
    assert await inputs.hold(1, SOURCES[:1], 13)
    held = await inputs.held(1)
    assert held is not None
    assert held.inputs == SOURCES[:1]


async def test_uploads_are_a_list_and_the_one_of_older_versions_is_the_first(shop: Shop) -> None:
    await shop.customer()
    placed = await shop.place(inputs=SOURCES)
    assert placed is not None
    item = await shop.walk(placed.items[0], "delivered")
    await shop.run(
        "UPDATE jobs SET input_url = ?, input_uploaded_at = 5 WHERE job_id = ?",
        f"{BUCKET}aa/0.png",
        item.job_id,
    )
    for position, key in ((1, "aa/1.png"), (2, "aa/2.png"), (1, "aa/3.png")):
        await shop.jobs.input_uploaded(item.job_id, position, BUCKET + key)
    assert (await shop.jobs.view(item.job_id)).job.uploads == [
        InputUpload(0, f"{BUCKET}aa/0.png", 5),
        InputUpload(1, f"{BUCKET}aa/1.png", NOW),
        InputUpload(2, f"{BUCKET}aa/2.png", NOW),
        InputUpload(1, f"{BUCKET}aa/3.png", NOW),
    ]
    forgetting = Forgetting(shop.database, buckets=Buckets(), welcome_mark=str)
    assert await forgetting.forget(1) == 0
    removed = {each.file_key for each in await forgetting.due(10) if each.place == "bot-images"}
    assert removed == {"aa/0.png", "aa/1.png", "aa/2.png", "aa/3.png"}
    job = (await shop.jobs.view(item.job_id)).job
    assert (job.order.inputs, job.uploads) == ((), [])
