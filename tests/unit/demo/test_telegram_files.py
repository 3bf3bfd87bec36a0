"""Photos, documents and downloads."""

import io
import zlib
from typing import Any

import pytest
from PIL import Image

from bot.demo.telegram.media import MAX_REQUEST_BYTES
from tests.films import mp4
from tests.unit.demo.telegram_talk import Talk, jpeg, png


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is so large, without having the pixels."""
    data = bytearray(png(1, 1))
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


TOO_LONG_SIDES = "PHOTO_INVALID_DIMENSIONS"
NO_IMAGE = "IMAGE_PROCESS_FAILED"
EXTENSION = "photo has unsupported extension. Use one of .jpg, .jpeg, .gif, .png, .tif or .bmp"
HUGE = png() + bytes(10_485_760)


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (png_header(5001, 5000), "a.png", TOO_LONG_SIDES),
        (png_header(60_000, 60_000), "a.png", TOO_LONG_SIDES),
        (png_header(2101, 100), "a.png", TOO_LONG_SIDES),
        (png_header(100, 2001), "a.png", TOO_LONG_SIDES),
        (b"no picture", "a.png", NO_IMAGE),
        (png()[:60], "a.png", NO_IMAGE),
        (jpeg()[:-300], "a.jpg", NO_IMAGE),
        (png(), "a.webp", EXTENSION),
        (png(), "a", EXTENSION),
        (b"", "a.png", "file must be non-empty"),
        (HUGE, "a.png", f"file of size {len(HUGE)} bytes is too big for a photo; the maximum size"),
    ],
    ids=lambda value: None if isinstance(value, str) else "data",
)
async def test_photos_that_are_refused(talk: Talk, data: bytes, name: str, words: str) -> None:
    refusal = await talk.refusal("sendPhoto", photo=(data, name), chat_id=1001)
    assert refusal.startswith(words)
    assert not talk.anna.messages


@pytest.mark.parametrize(
    ("data", "name", "size"),
    [
        (png(2000, 100), "a.png", (1280, 64)),
        (png(6, 120), "a.PNG", (6, 120)),
        (jpeg(64, 48, orientation=6), "a.jpeg", (48, 64)),
        (jpeg()[:-2] + bytes(10_485_760 - len(jpeg())) + jpeg()[-2:], "a.jpg", (64, 48)),
    ],
    ids=["ratio 20", "upright", "turned by Exif", "exactly ten megabytes"],
)
async def test_photos_that_pass_are_made_anew(
    talk: Talk, data: bytes, name: str, size: tuple[int, int]
) -> None:
    sent = await talk.done("sendPhoto", photo=(data, name), chat_id=1001)
    largest = sent["photo"][-1]
    assert (largest["width"], largest["height"]) == size
    file = talk.telegram.files[largest["file_id"]]
    assert file.uploaded == data
    image = Image.open(io.BytesIO(file.data))
    assert (image.format, image.size) == ("JPEG", size)


async def test_a_request_over_fifty_megabytes_is_413(talk: Talk) -> None:
    assert talk.telegram.max_request_bytes == MAX_REQUEST_BYTES == 50 * 1024 * 1024
    talk.telegram.max_request_bytes = 100_000
    await talk.done("sendDocument", document=(bytes(99_000), "a.bin"), chat_id=1001)
    words = await talk.refusal("sendDocument", document=(bytes(100_000), "a.bin"), chat_id=1001)
    assert words == "Request Entity Too Large"


THUMBNAIL = (jpeg(320, 180), "thumbnail.jpg")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"video": (b"", "a.mp4")}, "file must be non-empty"),
        ({"video": (png(), "a.mp4")}, "VIDEO_CONTENT_TYPE_INVALID"),
        ({"video": "BAACAgIAAsomething"}, "wrong file identifier/HTTP URL specified"),
        ({}, "there is no video in the request"),
        ({"thumbnail": (png(), "a.jpg")}, "a thumbnail has to be a JPEG"),
        ({"thumbnail": (jpeg(321, 10), "a.jpg")}, "a thumbnail's sides are at most 320 px"),
        ({"thumbnail": (jpeg() + bytes(204_800), "a.jpg")}, "file of size "),
        ({"thumbnail": "AAMCsomething"}, "thumbnails can't be reused"),
        ({"width": -1}, "width, height and duration are not below 0"),
        ({"width": "wide"}, 'wrong type of "width": an integer expected'),
        ({"caption": "x" * 1025}, "message caption is too long"),
        ({"length": 5}, 'unknown field "length" of sendVideo'),
    ],
)
async def test_videos_that_are_refused(talk: Talk, params: dict[str, Any], words: str) -> None:
    given = {"video": (mp4(), "a.mp4")} if {*params} - {"video"} else {}
    refusal = await talk.refusal("sendVideo", chat_id=1001, **given, **params)
    assert refusal.startswith(words)
    assert not talk.anna.messages


async def test_a_video_is_what_the_bot_says_of_it(talk: Talk) -> None:
    facts = {"width": 320, "height": 180, "duration": 1}
    sent = await talk.done(
        "sendVideo",
        chat_id=1001,
        video=(mp4(), "a.mp4"),
        thumbnail=THUMBNAIL,
        supports_streaming=True,
        **facts,
    )
    video = sent["video"]
    assert {name: video[name] for name in facts} == facts
    assert (video["mime_type"], video["file_name"]) == ("video/mp4", "a.mp4")
    assert (video["thumbnail"]["width"], video["thumbnail"]["height"]) == (320, 180)
    again = await talk.done("sendVideo", chat_id=1001, video=video["file_id"])
    assert again["video"] == video
    words = await talk.refusal("sendPhoto", chat_id=1001, photo=video["file_id"])
    assert words == "can't use file of type Video as Photo"
    info = await talk.bot.get_file(video["file_id"])
    assert await talk.get(f"/file/bot{talk.telegram.token}/{info.file_path}") == (200, mp4())
    copied = await talk.bot.copy_message(1001, 1001, sent["message_id"])
    assert talk.anna.messages[-1].message_id == copied.message_id
    assert talk.anna.messages[-1].video


async def test_an_mp4_stays_a_document_only_where_that_is_asked_for(talk: Talk) -> None:
    document = (mp4(), "a.mp4")
    sent = await talk.done("sendDocument", chat_id=1001, document=document)
    assert sent["video"]["duration"] == 0
    assert "document" not in sent
    sent = await talk.done(
        "sendDocument",
        chat_id=1001,
        document=document,
        thumbnail=THUMBNAIL,
        disable_content_type_detection=True,
    )
    assert sent["document"]["thumbnail"]["width"] == 320
    assert "video" not in sent


async def test_downloads(talk: Talk) -> None:
    talk.anna.send_document("файл".encode(), filename="мой файл.txt")
    document = talk.anna.messages[-1].document
    assert document is not None
    path = f"/file/bot{talk.telegram.token}/{document.path}"
    assert (await talk.get(path))[0] == 404  # until getFile was asked
    info = await talk.bot.get_file(document.file_id)
    assert (info.file_size, info.file_path) == (8, document.path)
    assert await talk.get(path.replace(":TEST", "%3ATEST")) == (200, "файл".encode())
    talk.telegram.move_clock(3601)
    assert (await talk.get(path))[0] == 404
    await talk.bot.get_file(document.file_id)
    assert (await talk.get(path))[0] == 200
    assert (await talk.get(path.replace("TEST", "OTHER")))[0] == 401


async def test_get_file_up_to_twenty_megabytes(talk: Talk) -> None:
    ids = []
    for size in (20 << 20, (20 << 20) + 1):
        talk.anna.send_document(bytes(size), filename="a.bin")
        ids.append(talk.anna.messages[-1].wire()["document"]["file_id"])
    await talk.done("getFile", file_id=ids[0])
    assert await talk.refusal("getFile", file_id=ids[1]) == "file is too big"
