"""Photos, documents and downloads."""

import io
import zlib

import pytest
from PIL import Image

from bot.demo.telegram import TelegramEmulator
from tests.unit.demo.test_telegram_basics import png, talking


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is so large, without having the pixels."""
    data = bytearray(png(1, 1))
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


def jpeg(width: int = 64, height: int = 48, orientation: int = 1) -> bytes:
    target = io.BytesIO()
    image = Image.new("RGB", (width, height), "teal")
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(target, "JPEG", exif=exif)
    return target.getvalue()


TOO_BIG = (
    f"file of size {len(png()) + 10_485_760} bytes is too big for a photo; "
    "the maximum size is 10485760 bytes"
)
EXTENSION = "photo has unsupported extension. Use one of .jpg, .jpeg, .gif, .png, .tif or .bmp"


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (png_header(5001, 5000), "a.png", "PHOTO_INVALID_DIMENSIONS"),
        (png_header(60_000, 60_000), "a.png", "PHOTO_INVALID_DIMENSIONS"),
        (png_header(2101, 100), "a.png", "PHOTO_INVALID_DIMENSIONS"),
        (png_header(100, 2001), "a.png", "PHOTO_INVALID_DIMENSIONS"),
        (b"no picture", "a.png", "IMAGE_PROCESS_FAILED"),
        (png()[:60], "a.png", "IMAGE_PROCESS_FAILED"),
        (jpeg()[:-300], "a.jpg", "IMAGE_PROCESS_FAILED"),
        (png(), "a.webp", EXTENSION),
        (png(), "a", EXTENSION),
        (b"", "a.png", "file must be non-empty"),
        (png() + bytes(10_485_760), "a.png", TOO_BIG),
    ],
    ids=lambda value: None if isinstance(value, str) else "data",
)
async def test_photos_that_are_refused(data: bytes, name: str, words: str) -> None:
    async with talking() as talk:
        body = await talk.upload("sendPhoto", "photo", data, name, chat_id=1001)
        assert body["description"] == f"Bad Request: {words}"
    assert not talk.anna.messages


@pytest.mark.parametrize(
    ("data", "name", "size"),
    [
        (png(2000, 100), "a.png", (1280, 64)),
        (png(6, 120), "a.PNG", (6, 120)),
        (jpeg(64, 48, orientation=6), "a.jpeg", (48, 64)),
    ],
    ids=["ratio 20", "upright", "turned by Exif"],
)
async def test_photos_that_pass_are_made_anew(
    data: bytes, name: str, size: tuple[int, int]
) -> None:
    async with talking() as talk:
        body = await talk.upload("sendPhoto", "photo", data, name, chat_id=1001)
        largest = body["result"]["photo"][-1]
        assert (largest["width"], largest["height"]) == size
        file = talk.telegram.files[largest["file_id"]]
        assert file.uploaded == data
        image = Image.open(io.BytesIO(file.data))
        assert (image.format, image.size) == ("JPEG", size)


async def test_exactly_ten_megabytes_pass() -> None:
    async with talking() as talk:
        data = jpeg()
        padded = data[:-2] + bytes(10_485_760 - len(data)) + data[-2:]
        body = await talk.upload("sendPhoto", "photo", padded, "a.jpg", chat_id=1001)
        assert body["ok"], body


async def test_documents() -> None:
    async with talking() as talk:
        body = await talk.upload("sendDocument", "document", b"", "a.png", chat_id=1001)
        assert body["description"] == "Bad Request: file must be non-empty"
        body = await talk.upload("sendDocument", "document", b"RIFF", "a.webp", chat_id=1001)
        assert body["result"]["document"]["mime_type"] == "image/webp"
        assert talk.telegram.files[body["result"]["document"]["file_id"]].data == b"RIFF"


async def test_a_request_over_fifty_megabytes_is_413() -> None:
    async with talking() as talk:
        talk.telegram.max_request_bytes = 100_000
        body = await talk.upload("sendDocument", "document", bytes(99_000), "a.bin", chat_id=1001)
        assert body["ok"]
        body = await talk.upload("sendDocument", "document", bytes(100_000), "a.bin", chat_id=1001)
        assert body == {
            "ok": False,
            "error_code": 413,
            "description": "Request Entity Too Large",
        }
    async with TelegramEmulator.start() as fresh:
        assert fresh.max_request_bytes == 50 * 1024 * 1024


async def test_sending_by_file_id_and_by_url() -> None:
    async with talking() as talk:
        body = await talk.upload("sendPhoto", "photo", png(), "a.png", chat_id=1001)
        photo = body["result"]["photo"][0]["file_id"]
        assert (await talk.call("sendPhoto", chat_id=1001, photo=photo))["ok"]
        assert (
            await talk.refusal("sendDocument", chat_id=1001, document=photo)
            == "can't use file of type Photo as Document"
        )
        assert (
            await talk.refusal("sendPhoto", chat_id=1001, photo="AgACinvented")
            == "wrong file identifier/HTTP URL specified"
        )
        assert (
            await talk.refusal("sendPhoto", chat_id=1001, photo="https://example.com/a.png")
            == "failed to get HTTP URL content"
        )


async def test_downloads() -> None:
    async with talking() as talk:
        talk.anna.send_document("файл".encode(), filename="мой файл.txt")
        document = talk.anna.messages[-1].document
        assert document is not None
        url = f"{talk.telegram.url}/file/bot{talk.telegram.token}/{document.path}"
        async with talk.http.get(url) as response:
            assert response.status == 404  # until getFile was asked
        info = await talk.bot.get_file(document.file_id)
        assert (info.file_size, info.file_path) == (8, document.path)
        data = await talk.bot.download(document.file_id)
        assert data is not None
        assert data.read() == "файл".encode()
        async with talk.http.get(url.replace(":TEST", "%3ATEST")) as response:
            assert response.status == 200
        talk.telegram.move_clock(3601)
        async with talk.http.get(url) as response:
            assert response.status == 404
        await talk.bot.get_file(document.file_id)
        async with talk.http.get(url) as response:
            assert response.status == 200
        async with talk.http.get(url.replace("TEST", "OTHER")) as response:
            assert response.status == 401


async def test_get_file_up_to_twenty_megabytes() -> None:
    async with talking() as talk:
        talk.anna.send_document(bytes(20 * 1024 * 1024), filename="a.bin")
        talk.anna.send_document(bytes(20 * 1024 * 1024 + 1), filename="b.bin")
        fits, too_big = (message.document for message in talk.anna.messages)
        assert fits is not None
        assert too_big is not None
        assert (await talk.call("getFile", file_id=fits.file_id))["ok"]
        assert await talk.refusal("getFile", file_id=too_big.file_id) == "file is too big"
