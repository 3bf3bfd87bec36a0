"""Orders that start from several pictures, and from originals of the bot's own."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from PIL import Image

from bot.demo.kie.state import Result
from bot.demo.supabase import SupabaseEmulator
from bot.demo.telegram import Message, Person
from providers.products import PRODUCTS
from tests.support import World, png

INPUT = "Взять за основу"


@pytest.fixture
async def supabase() -> AsyncIterator[SupabaseEmulator]:
    async with SupabaseEmulator.start() as supabase:
        for bucket in ("bot-images", "images", "videos"):
            supabase.add_bucket(bucket)
        yield supabase


async def of_qwen(world: World, **preferences: object) -> Person:
    """Somebody whose requests go to a product that takes up to three pictures."""
    anna = await world.customer()
    await sell(world, "qwen", "qwen")
    await world.prefer(1001, model="qwen", **preferences)
    return anna


async def sell(world: World, slug: str, product: str) -> None:
    """Put a product on sale."""
    await world.write(
        "INSERT INTO models (slug, name, provider, description, input_images, price, enabled,"
        " position) VALUES (?, ?, ?, '', 1, 10, 1, 50)"
        " ON CONFLICT DO UPDATE SET enabled = 1, price = 10, name = excluded.name",
        slug,
        slug.capitalize(),
        product,
    )


def uploads(world: World) -> int:
    """How often a picture was put where KIE fetches it."""
    return sum(call.name == "upload" for call in world.kie.calls)


def album(count: int) -> list[tuple[bytes, str | None]]:
    """Pictures that can be told apart by their width: 101, 102, ..."""
    return [(png(100 + number, 50), None) for number in range(1, count + 1)]


def sources(world: World, param: str = "image_urls") -> list[tuple[str, bytes]]:
    """Addresses and files that the last task starts from, in their order."""
    urls = world.kie.tasks[-1].input[param]
    found = []
    for url in urls if isinstance(urls, list) else [urls]:
        upload = world.kie.upload_at(urlsplit(url).path)
        assert upload is not None
        found.append((url, upload.data))
    return found


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def widths(world: World) -> list[int]:
    """Of what the last task starts from."""
    return [opened(data).width for _, data in sources(world)]


def told(world: World, person: Person) -> list[str]:
    """What the bot said of pictures that it leaves out."""
    return [m.words for m in world.bot_messages(person) if m.words.startswith("Беру ")]


async def press(world: World, person: Person, message: Message, button: str) -> None:
    pressed = person.press(message, button)
    await world.telegram.wait_for(lambda: pressed.answer)


# --- Albums


async def test_an_album_gives_as_many_pictures_as_the_product_takes(world: World) -> None:
    anna = await of_qwen(world)
    anna.send_album([(png(101, 50), "коллаж"), *album(5)[1:]])
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    assert [task.model for task in world.kie.tasks] == ["qwen3/image-to-image"]
    assert widths(world) == [101, 102, 103]
    assert uploads(world) == 3
    assert told(world, anna) == ["Беру первые 3 из 5 в альбоме: больше Qwen не принимает."]
    assert "по 3 вашим картинкам" in picture.words
    assert world.balance(anna.user_id) == 990


async def test_nothing_is_said_where_all_are_taken(world: World) -> None:
    anna = await of_qwen(world)
    anna.send_album([(png(101, 50), "коллаж"), *album(2)[1:]])
    await world.pictures(anna, 1)
    assert widths(world) == [101, 102]
    assert told(world, anna) == []


async def test_the_question_says_how_many_are_taken_before_the_charge(world: World) -> None:
    anna = await of_qwen(world, ask="always")
    anna.send_album([(png(101, 50), "коллаж"), *album(4)[1:]])
    question = await world.said(anna, lambda text: text.startswith("Нарисовать это?"))
    assert "За основу возьму 3 ваши картинки.\nБеру первые 3 из 4 в альбоме" in question.words
    assert world.balance(anna.user_id) == 1000
    await world.stop()
    await world.start()
    await press(world, anna, question, "Нарисовать")
    await world.pictures(anna, 1)
    await world.closed()
    assert widths(world) == [101, 102, 103]
    assert told(world, anna) == []


async def test_what_is_no_picture_is_left_out_and_said_to_be(world: World) -> None:
    anna = await of_qwen(world)
    anna.send_album([(png(101, 50), "коллаж"), ("video", None), (png(103, 50), None)])
    await world.pictures(anna, 1)
    assert widths(world) == [101, 103]
    assert told(world, anna) == ["Беру 2 из 3 в альбоме: остальное использовать не могу."]


async def test_an_album_without_words_waits_whole(world: World) -> None:
    anna = await of_qwen(world)
    anna.send_album(album(4))
    await world.said(anna, lambda text: text.startswith("У меня 4 картинки. Что с ними сделать?"))
    await world.stop()
    await world.start()
    anna.send("коллаж")
    await world.pictures(anna, 1)
    await world.closed()
    assert widths(world) == [101, 102, 103]
    assert told(world, anna) == ["Беру первые 3 из 4 в альбоме: больше Qwen не принимает."]
    anna.send("ещё раз")
    await world.pictures(anna, 2)
    assert "image_urls" not in world.kie.tasks[-1].input


async def test_again_starts_from_all_of_them(world: World) -> None:
    anna = await of_qwen(world)
    anna.send_album([(png(101, 50), "коллаж"), *album(3)[1:]])
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    await press(world, anna, picture, "Ещё раз · 10")
    await world.pictures(anna, 2)
    assert len(world.kie.tasks) == 2
    assert widths(world) == [101, 102, 103]


async def test_a_crash_between_uploads_repeats_none_that_was_made(world: World) -> None:
    anna = await of_qwen(world)
    world.kie.fault("upload", effect=True, delay_s=0.01)
    world.kie.fault("upload", hang=True)
    anna.send_album([(png(101, 50), "коллаж"), *album(3)[1:]])
    await world.kie.wait_for(lambda: uploads(world) == 2)
    await world.kill()
    (row,) = world.rows("SELECT input_uploads FROM jobs")
    ((_, url, _),) = json.loads(row["input_uploads"])
    world.kie.mend()
    await world.start()
    await world.pictures(anna, 1)
    assert uploads(world) == 4
    assert widths(world) == [101, 102, 103]
    assert sources(world)[0][0] == url


async def test_one_that_cannot_be_used_ends_the_request_and_is_refunded(world: World) -> None:
    anna = await of_qwen(world)
    world.telegram.fault("download", effect=True, delay_s=0.01)
    world.telegram.fault("download", status=500, times=10)
    anna.send_album([(png(101, 50), "коллаж --n 2"), *album(2)[1:]])
    said = await world.said(anna, lambda text: text.startswith("Telegram больше не отдаёт"))
    assert said.words.endswith("Возвращено: 20 токенов.")
    await world.closed()
    assert world.balance(anna.user_id) == 1000
    assert world.kie.tasks == []


async def test_every_upload_is_removed_when_its_person_is_forgotten(
    world: World, supabase: SupabaseEmulator
) -> None:
    await world.stop()
    world.use_supabase(supabase)
    await world.start()
    anna = await of_qwen(world)
    anna.send_album([(png(101, 50), "коллаж"), *album(3)[1:]])
    await world.pictures(anna, 1)
    await world.closed()
    kept = [key for bucket, key in supabase.objects if bucket == "bot-images"]
    assert len(kept) == 3
    anna.send("/delete_me")
    card = await world.said(anna, lambda text: text.startswith("Удалить всё, что о вас"))
    await press(world, anna, card, "Удалить всё")
    await world.until(lambda: not any(bucket == "bot-images" for bucket, _ in supabase.objects))
    rows = world.rows("SELECT input_file_id, more_inputs, input_uploads FROM jobs")
    assert [tuple(row.values()) for row in rows] == [(None, "[]", "[]")]


# --- Originals


def large(width: int, height: int) -> bytes:
    """A picture that Telegram would make smaller."""
    out = io.BytesIO()
    Image.effect_noise((width, height), 30).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


async def drawn(world: World, anna: Person) -> Message:
    """A large picture of the bot's in the chat."""
    original = large(3000, 2000)
    world.kie.paint = lambda _: original
    anna.send("лиса")
    (picture,) = await world.pictures(anna, 1)
    await world.closed()
    world.kie.paint = lambda _: png()
    return picture


async def use(world: World, anna: Person, picture: Message) -> None:
    """Have it taken as the one to start from, and say what for."""
    before = len(await world.pictures(anna, 0))
    await press(world, anna, picture, INPUT)
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    anna.send("зима")
    await world.pictures(anna, before + 1)
    await world.closed()


async def test_an_original_is_the_source_from_the_disk(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna)
    await use(world, anna, picture)
    ((_, data),) = sources(world, "image_url")
    assert opened(data).size == (2048, 1365)
    assert world.telegram.calls_of("getFile") == []
    ((source,),) = [tuple(row.values()) for row in world.rows("SELECT input_file_id FROM jobs")][1:]
    assert source == "item:1"


async def test_words_in_reply_to_ones_own_picture_start_from_its_original(world: World) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис")
    group = world.telegram.add_group(-100500, "Группа", [anna, boris])
    original = large(3000, 2000)
    world.kie.paint = lambda _: original
    anna.send("/draw лиса", chat=group)
    picture = await world.telegram.wait_for(
        lambda: next((m for m in group.messages if m.photo or m.document), None)
    )
    await world.closed()
    anna.send("зима", chat=group, reply_to=picture)
    boris.send("весна", chat=group, reply_to=picture)
    await world.kie.wait_for(lambda: len(world.kie.tasks) == 3)
    await world.closed()
    rows = world.rows("SELECT user_id, input_file_id FROM jobs WHERE job_id > 1 ORDER BY user_id")
    assert rows[0] == {"user_id": 1001, "input_file_id": "item:1"}
    assert rows[1]["input_file_id"] == picture.photo[-1].file_id


async def test_an_original_that_fits_goes_as_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for_larger = replace(PRODUCTS["midjourney"], picture_side_px=4096)
    monkeypatch.setitem(PRODUCTS, "midjourney", for_larger)
    anna = await world.customer()
    picture = await drawn(world, anna)
    await use(world, anna, picture)
    ((_, data),) = sources(world, "image_url")
    (row,) = world.rows("SELECT file_key FROM items WHERE item_id = 1")
    assert data == (world.data_dir / "files" / row["file_key"]).read_bytes()


async def test_an_original_is_the_source_from_supabase(
    world: World, supabase: SupabaseEmulator
) -> None:
    await world.stop()
    world.use_supabase(supabase)
    await world.start()
    anna = await world.customer()
    picture = await drawn(world, anna)
    await world.until(lambda: bool(world.rows("SELECT 1 FROM items WHERE stored_url IS NOT NULL")))
    await world.until(lambda: not list((world.data_dir / "files").glob("??/*")))
    world.kie.tasks[0].result = Result(status=404)
    await use(world, anna, picture)
    (key,) = [key for bucket, key in supabase.objects if bucket == "bot-images"]
    assert opened(supabase.objects["bot-images", key].data).size == (2048, 1365)
    assert world.telegram.calls_of("getFile") == []


async def test_one_that_is_kept_nowhere_is_taken_from_telegram(world: World) -> None:
    anna = await world.customer()
    picture = await drawn(world, anna)
    for path in (world.data_dir / "files").glob("??/*"):
        path.unlink()
    world.kie.tasks[0].result = Result(status=404)
    await use(world, anna, picture)
    ((_, data),) = sources(world, "image_url")
    assert opened(data).width < 2048
    assert len(world.telegram.calls_of("getFile")) == 1
