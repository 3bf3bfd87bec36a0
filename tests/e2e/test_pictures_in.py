"""Pictures that people send: every way in, both upload ways, and what is refused."""

import asyncio
import io
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from bot.demo.supabase import SupabaseEmulator
from bot.demo.telegram import Person
from bot.media.conversion import convert
from storage.errors import StorageBusyError
from storage.jobs import Jobs, PlacedJob
from tests.support import ADMIN, World, open_world, png

IMAGE_MODEL = "midjourney/v6-image-to-image"


@pytest.fixture
async def supabase() -> AsyncIterator[SupabaseEmulator]:
    async with SupabaseEmulator.start() as supabase:
        for bucket in ("bot-images", "images", "videos"):
            supabase.add_bucket(bucket)
        yield supabase


register_heif_opener()


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def input_picture(world: World) -> Image.Image:
    """The picture that KIE was given by the only task, as it fetched it."""
    (task,) = world.kie.tasks
    assert task.model == IMAGE_MODEL
    assert task.source is not None
    return Image.open(io.BytesIO(task.source))


def colour(image: Image.Image, x: int, y: int) -> tuple[int, int, int]:
    red, green, blue = image.convert("RGB").crop((x, y, x + 1, y + 1)).tobytes()
    return red, green, blue


async def test_a_photo_with_a_caption(world: World) -> None:
    anna = await world.customer()
    prompt = anna.send_photo(png(640, 480, "red"), caption="в стиле акварели --ar 3:2")
    (picture,) = await world.pictures(anna, 1)
    assert picture.reply_to is not None
    assert picture.reply_to.message_id == prompt
    (task,) = world.kie.tasks
    assert task.input["prompt"] == "в стиле акварели"
    assert task.input["aspect_ratio"] == "3:2"
    shown = input_picture(world)
    assert (shown.format, shown.size) == ("PNG", (640, 480))
    red, _, _ = colour(shown, 0, 0)
    assert red > 250


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "HEIF"])
async def test_an_image_file_with_a_caption(world: World, form: str) -> None:
    anna = await world.customer()
    data = encoded(Image.new("RGB", (300, 200), "blue"), form)
    kind = f"image/{form.lower()}"
    anna.send_document(data, filename=f"x.{form.lower()}", mime_type=kind, caption="акварель")
    await world.pictures(anna, 1)
    assert input_picture(world).size == (300, 200)


async def test_a_text_that_replies_to_a_picture(world: World) -> None:
    anna = await world.customer()
    picture = anna.send_photo(png(100, 50))
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    anna.send("комикс", reply_to=picture)
    await world.pictures(anna, 1)
    assert input_picture(world).size == (100, 50)


async def test_a_reply_to_the_bot_s_own_picture(world: World) -> None:
    anna = await world.customer()
    anna.send("кот")
    (picture,) = await world.pictures(anna, 1)
    anna.send("комикс", reply_to=picture)
    await world.pictures(anna, 2)
    assert [task.model for task in world.kie.tasks][1] == IMAGE_MODEL


async def test_a_picture_without_words_waits_for_them(world: World) -> None:
    anna = await world.customer()
    anna.send_photo(png(100, 50))
    await world.said(anna, lambda text: text.startswith("Картинка у меня. Что с ней сделать?"))
    assert world.balance(anna.user_id) == 1000
    await world.stop()  # what is held survives a restart
    await world.start()
    anna.send("комикс --ar 16х9")
    await world.said(anna, lambda text: "16:9" in text)
    anna.send("комикс --ar 16:9")
    await world.pictures(anna, 1)
    assert input_picture(world).size == (100, 50)
    anna.send("просто кот")
    await world.pictures(anna, 2)
    assert "image_url" not in world.kie.tasks[1].input


async def test_a_picture_whose_message_comes_again_is_not_held_again(world: World) -> None:
    anna = await world.customer()
    anna.send_photo(png(100, 50))
    update_id = world.telegram.pending_updates[-1].update_id
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    anna.send("комикс")
    await world.pictures(anna, 1)
    await world.stop()  # a new process has not seen the update
    world.telegram.updates.resend(update_id)
    await world.start()
    await world.answered()
    anna.send("просто кот")
    await world.pictures(anna, 2)
    assert "image_url" not in world.kie.tasks[1].input


async def test_a_held_picture_is_forgotten_after_ten_minutes(world: World) -> None:
    anna = await world.customer()
    anna.send_photo(png(100, 50))
    await world.said(anna, lambda text: text.startswith("Картинка у меня."))
    await world.write("UPDATE held_pictures SET received_at = received_at - 601")
    anna.send("кот")
    await world.pictures(anna, 1)
    assert "image_url" not in world.kie.tasks[0].input


@pytest.mark.parametrize("caption_at", [0, 7])
async def test_an_album_of_ten_uses_the_first(world: World, caption_at: int) -> None:
    anna = await world.customer()
    items = [(png(100 + n, 50), "комикс" if n == caption_at else None) for n in range(10)]
    first, *_ = anna.send_album(items)
    (picture,) = await world.pictures(anna, 1)
    assert picture.reply_to is not None
    assert picture.reply_to.message_id == first
    assert input_picture(world).size == (100, 50)
    await world.closed()
    told = "Беру первую из 10 в альбоме: больше Midjourney V6 не принимает."
    assert [m.words for m in world.bot_messages(anna)].count(told) == 1
    assert len(world.kie.tasks) == 1
    assert world.balance(anna.user_id) == 921


async def test_an_album_without_words_waits_for_them(world: World) -> None:
    anna = await world.customer()
    anna.send_album([(png(100, 50), None), (png(60, 60), None)])
    await world.said(anna, lambda text: text.startswith("У меня 2 картинки."))
    anna.send("комикс")
    await world.pictures(anna, 1)
    assert input_picture(world).size == (100, 50)


async def test_an_album_survives_a_restart(world: World) -> None:
    await world.stop()
    world.tune(album_pause_s=3600)
    await world.start()
    anna = await world.customer()
    anna.send_album([(png(100, 50), "комикс"), (png(60, 60), None)])
    await world.until(lambda: len(world.rows("SELECT * FROM album_items")) == 2)
    await world.stop()
    world.tune(album_pause_s=0)
    await world.start()
    await world.pictures(anna, 1)
    await world.closed()
    assert world.rows("SELECT * FROM album_items") == []


async def test_an_album_is_ordered_from_once_the_database_is_free(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would hear of it else: it waited for the next start."""
    monkeypatch.setattr("bot.tools.retry.STORAGE_PAUSE_S", 0.01)
    place, held = Jobs.place, iter([True, True])

    async def try_to(jobs: Jobs, *args: Any, **terms: Any) -> PlacedJob | None:
        if next(held, False):
            raise StorageBusyError("held")
        return await place(jobs, *args, **terms)

    monkeypatch.setattr(Jobs, "place", try_to)
    anna = await world.customer()
    anna.send_album([(png(100, 50), "комикс"), (png(60, 60), None)])
    await world.pictures(anna, 1)
    await world.until(lambda: world.rows("SELECT * FROM album_items") == [])


async def test_the_picture_is_uploaded_once_for_a_job(
    world: World, supabase: SupabaseEmulator
) -> None:
    await world.stop()
    world.use_supabase(supabase)
    await world.start()
    anna = await world.customer()
    anna.send_photo(png(100, 50), caption="комикс --n 4")
    await world.pictures(anna, 4)
    await world.closed()
    urls = {task.input["image_url"] for task in world.kie.tasks}
    assert len(urls) == 1
    (url,) = urls
    assert url.startswith(f"{supabase.url}/storage/v1/object/public/bot-images/")
    uploads = [key for bucket, key in supabase.objects if bucket == "bot-images"]
    assert len(uploads) == 1
    assert len(world.telegram.calls_of("getFile")) == 1


async def test_without_supabase_kie_s_own_upload_serves(world: World) -> None:
    anna = await world.customer()
    anna.send_photo(png(100, 50), caption="комикс --n 2")
    await world.pictures(anna, 2)
    uploads = [call for call in world.kie.calls if call.path == "/api/file-stream-upload"]
    assert len(uploads) == 1
    assert world.telegram.token not in str([task.input for task in world.kie.tasks])


async def test_an_exif_rotated_jpeg_arrives_upright_and_without_metadata(world: World) -> None:
    anna = await world.customer()
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees
    exif[0x010F] = "a camera"
    sideways = Image.new("RGB", (300, 200), "green")
    sideways.paste("red", (0, 0, 300, 20))  # becomes the right edge
    data = encoded(sideways, "JPEG", exif=exif, quality=95)
    anna.send_document(data, filename="x.jpg", mime_type="image/jpeg", caption="акварель")
    await world.pictures(anna, 1)
    upright = input_picture(world)
    assert upright.size == (200, 300)
    red, green, _ = colour(upright, 195, 150)
    assert red > 200 > green
    assert dict(upright.getexif()) == {}


async def test_alpha_is_kept_and_the_longest_side_is_2048(world: World) -> None:
    anna = await world.customer()
    data = png_of(Image.new("RGBA", (4096, 1024), (10, 20, 30, 40)))
    anna.send_document(data, filename="x.png", mime_type="image/png", caption="акварель")
    await world.pictures(anna, 1)
    shown = input_picture(world)
    assert (shown.mode, shown.size) == ("RGBA", (2048, 512))


def png_of(image: Image.Image) -> bytes:
    return encoded(image, "PNG")


def bomb() -> bytes:
    """A PNG of 20,000 x 20,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    row = bytes(1 + 20_000 // 8)
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(row * 20_000, 9))
        + chunk(b"IEND", b"")
    )


def animated() -> bytes:
    frames = [Image.new("RGB", (40, 30), color) for color in ("red", "blue")]
    return encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("data", "kind", "begins"),
    [
        (b"hello", "text/plain", "Не могу прочитать этот файл"),
        (b"GIF89a", "image/gif", "Ваша картинка анимированная."),
        (bytes(20 * 2**20 + 1), "image/png", "Ваша картинка слишком большая."),
    ],
)
async def test_what_can_be_known_is_refused_before_charging(
    world: World, data: bytes, kind: str, begins: str
) -> None:
    anna = await world.customer()
    anna.send_document(data, filename="photo.png", mime_type=kind, caption="акварель")
    answer = await world.said(anna, lambda text: text.startswith(begins))
    assert answer.words.endswith("Ничего не списано.")
    assert world.rows("SELECT * FROM jobs") == []


@pytest.mark.parametrize(
    ("data", "begins"),
    [
        (b"this is a text", "Не могу прочитать этот файл"),
        (png(200, 200)[:100], "Вашу картинку не удалось прочитать"),
        (animated(), "Ваша картинка анимированная."),
        (bomb(), "Ваша картинка слишком большая."),
    ],
    ids=["text called photo.png", "truncated", "animated", "bomb"],
)
async def test_what_is_found_out_later_is_refunded_whole(
    world: World, data: bytes, begins: str
) -> None:
    anna = await world.customer()
    anna.send_document(data, filename="photo.png", mime_type="image/png", caption="кот --n 3")
    said = await world.said(anna, lambda text: text.startswith(begins))
    assert said.words.endswith("Возвращено: 237 токенов.")
    await world.closed()
    assert world.balance(anna.user_id) == 1000
    assert world.kie.tasks == []
    assert len(world.telegram.calls_of("getFile")) == 1


async def test_a_model_without_pictures_refuses_before_charging(world: World) -> None:
    anna = await world.customer()
    await world.write("UPDATE models SET provider = 'z_image'")
    anna.send_photo(png(), caption="акварель")
    await world.said(anna, lambda text: text.startswith("Midjourney V6 рисует только по описанию"))
    assert world.balance(anna.user_id) == 1000


async def upload_refused(world: World, anna: Person) -> None:
    said = await world.said(anna, lambda text: text.startswith("Не удалось загрузить вашу"))
    assert said.words.endswith("Возвращено: 158 токенов.")
    await world.closed()
    assert world.balance(anna.user_id) == 1000
    assert world.kie.tasks == []


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        ("missing bucket", "bot-images"),
        ("bad key", "SUPABASE_SERVICE_ROLE_KEY"),
        ("too large", "bot-images"),
        ("wrong type", "bot-images"),
        ("gateway html", "SUPABASE_URL"),
        ("cut", "SUPABASE_URL"),
    ],
)
async def test_a_failed_upload_is_refunded_and_told_to_the_admins(
    tmp_path: Path,
    supabase: SupabaseEmulator,
    caplog: pytest.LogCaptureFixture,
    spoil: str,
    names: str,
) -> None:
    async with open_world(tmp_path) as world:
        world.use_supabase(supabase)
        bucket = supabase.buckets["bot-images"]
        match spoil:
            case "missing bucket":
                del supabase.buckets["bot-images"]
            case "bad key":
                world.changes["supabase_service_role_key"] = "sb_secret_wrong"
            case "too large":
                bucket.file_size_limit = 10
            case "wrong type":
                bucket.allowed_mime_types = ["image/jpeg"]
            case "gateway html":
                supabase.fault("upload", html=502, times=None)
            case _:
                supabase.fault("upload", cut_before_effect=True, times=None)
        await world.start()
        anna = await world.customer()
        anna.send_photo(png(100, 50), caption="комикс --n 2")
        await upload_refused(world, anna)
        admin = world.telegram.person(ADMIN)
        alert = await world.said(
            admin, lambda text: "Не удалось загрузить изображение в Supabase" in text
        )
        assert names in alert.words
        assert "Не удалось загрузить изображение в Supabase" in caplog.text
        assert world.telegram.token not in caplog.text


async def test_a_failed_kie_upload_is_refunded(world: World) -> None:
    anna = await world.customer()
    world.kie.fault("upload", html=502, times=10)
    anna.send_photo(png(100, 50), caption="комикс --n 2")
    await upload_refused(world, anna)


async def test_telegram_s_file_url_is_nowhere(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    anna = await world.customer()
    world.telegram.fault("download", status=500, times=10)
    anna.send_photo(png(100, 50), caption="комикс")
    await world.said(anna, lambda text: text.startswith("Telegram больше не отдаёт"))
    await world.closed()
    assert world.telegram.token not in caplog.text
    assert "/file/bot" not in caplog.text
    assert world.balance(anna.user_id) == 1000


async def test_a_download_that_fails_once_is_tried_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await world.customer()
    world.telegram.fault("download", status=500)
    world.telegram.fault("getFile", retry_after=1)
    anna.send_photo(png(100, 50), caption="комикс")
    await world.pictures(anna, 1)
    assert "(retry 2): getting a file from Telegram: ClientResponseError" in caplog.text


async def test_others_are_answered_while_a_large_picture_is_converted(world: World) -> None:
    anna = await world.customer()
    boris = await world.customer(1002, "Борис", tokens=200)
    noise = Image.effect_noise((3000, 2000), 80).convert("RGB")
    data = await asyncio.to_thread(encoded, noise, "JPEG", quality=85)
    anna.send_document(data, filename="x.jpg", mime_type="image/jpeg", caption="акварель")
    await world.until(lambda: bool(list((world.data_dir / "files/incoming").glob("input-*"))))
    boris.send("/balance")
    await world.said(boris, lambda text: text.startswith("200 токенов"))
    assert world.kie.tasks == [], "the picture is still on its way"
    await world.pictures(anna, 1)


async def test_the_event_loop_does_not_wait_for_a_conversion(tmp_path: Path) -> None:
    """It goes round thousands of times meanwhile; made in the loop itself, a few."""
    source = tmp_path / "source"
    noise = Image.effect_noise((2400, 1600), 80).convert("RGB")
    source.write_bytes(encoded(noise, "JPEG", quality=85))
    converting = asyncio.create_task(convert(source, tmp_path / "target.png"))
    rounds = 0
    while not converting.done():
        rounds += 1
        await asyncio.sleep(0)
    await converting
    assert rounds > 100


async def test_a_wrong_command_under_a_picture_is_not_drawn(world: World) -> None:
    anna = await world.customer()
    anna.send_photo(png(), caption="/balanse")
    await world.said(anna, lambda text: text.startswith("Такой команды нет."))
    assert world.rows("SELECT 1 FROM jobs") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((200, 100), (512, 256)),
        ((100, 100), (256, 256)),
        ((256, 400), (256, 400)),
        ((2000, 100), (2000, 100)),  # no size would do
    ],
)
async def test_a_small_picture_is_made_as_large_as_the_provider_needs(
    tmp_path: Path, before: tuple[int, int], after: tuple[int, int]
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(png(*before))
    await convert(source, target, least_px=256)
    with Image.open(target) as image:
        assert image.size == after


@pytest.mark.parametrize(
    ("size_bytes", "form", "width"),
    [(15_000_000, "PNG", 3000), (2_500_000, "JPEG", 3000), (250_000, "JPEG", 1228)],
)
async def test_a_large_photo_keeps_its_sides_for_as_long_as_its_file_fits(
    tmp_path: Path, size_bytes: int, form: str, width: int
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    Image.effect_noise((3000, 500), 80).convert("RGB").save(source, "PNG", compress_level=1)
    await convert(source, target, side_px=4096, size_bytes=size_bytes)
    with Image.open(target) as image:
        assert (image.format, image.width) == (form, width)
    assert target.stat().st_size <= size_bytes
