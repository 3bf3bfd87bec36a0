"""What is read of a film, and what is none."""

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image

from bot.media import isolation
from bot.media.films import inspect_film
from bot.media.kinds import NotAFilmError
from tests.films import mp4

FILM = mp4()


async def inspected(folder: Path, data: bytes, name: str = "1.mp4") -> tuple[int, int, float, str]:
    path = folder / name
    await asyncio.to_thread(path.write_bytes, data)
    film = await inspect_film(path)
    assert (film.path, film.size_bytes, film.extension) == (path, len(data), "mp4")
    with Image.open(io.BytesIO(film.thumbnail)) as image:
        assert image.format == "JPEG"
        assert max(image.size) <= 320
        assert abs(image.width / image.height - film.width_px / film.height_px) < 0.05
    assert len(film.thumbnail) <= 200_000
    return film.width_px, film.height_px, film.duration_s, film.codec


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (FILM, (320, 180, 1.0, "h264")),
        (mp4(3840, 2160, 0.5), (3840, 2160, 0.5, "h264")),
        (mp4(180, 320, 2.5), (180, 320, 2.5, "h264")),
        (mp4(codec="mpeg4"), (320, 180, 1.0, "mpeg4")),
        (FILM + bytes(5), (320, 180, 1.0, "h264")),
    ],
    ids=["small", "4K", "upright", "another codec", "with something behind it"],
)
async def test_films(tmp_path: Path, data: bytes, facts: tuple[int, int, float, str]) -> None:
    assert await inspected(tmp_path, data) == facts


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>Just a moment...</html>",
        b"\0\0\0\x18ftypisom\0\0\2\0isommp42\0\0\0\x08free\0\0\0\x08mdat",
        FILM[:-1],
        FILM[: len(FILM) // 2],
        b"\0\0\0\x18ftypisom" + bytes(1000),
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/1.ts\n",
        FILM.replace(b"avc1", b"none"),
    ],
)
async def test_what_is_no_film(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(NotAFilmError):
        await inspected(tmp_path, data)


async def test_one_that_takes_for_ever_is_none(tmp_path: Path) -> None:
    path = tmp_path / "1.mp4"
    path.write_bytes(FILM)
    with pytest.raises(NotAFilmError, match="too long"):
        await inspect_film(path, timeout_s=0.001)


async def test_what_is_not_there_is_a_fault_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await inspect_film(tmp_path / "1.mp4")


async def test_without_a_decoder_nothing_is_said_of_the_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = tmp_path / "1.mp4"
    await asyncio.to_thread(film.write_bytes, FILM)
    broken = "raise ImportError('libavcodec.so: cannot open shared object file')"
    await asyncio.to_thread((tmp_path / "av.py").write_text, broken)
    monkeypatch.setattr(isolation, "PROJECT", f"{tmp_path}:{isolation.PROJECT}")
    with pytest.raises(OSError, match="cannot be looked at"):
        await inspect_film(film)
