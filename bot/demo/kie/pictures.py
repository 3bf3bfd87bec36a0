"""The bytes of results: drawn, padded; and what they may start from."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, UnidentifiedImageError

from bot.demo import art

from .state import Task

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_SOURCE_BYTES = 10 * 2**20
IEND_BYTES = 12

# The smallest file that starts as an mp4 does; it holds no frame.
FILM = b"\0\0\0\x18ftypisom\0\0\2\0isommp42\0\0\0\x08free\0\0\0\x08mdat"


def draw(task: Task) -> bytes:
    given = task.input
    prompt, seed = str(given.get("prompt", "")), given.get("seed", task.task_id)
    ratio, quality = given.get("aspect_ratio", "1:1"), given.get("quality", "standard")
    if task.source is not None:
        return art.restyle(task.source, prompt, seed, ratio, quality)
    return art.draw(prompt, seed, ratio, quality)


def wrong_with(source: bytes | None) -> str | None:
    """Why a task cannot start from what was fetched, in the words it fails with."""
    if source is None:
        return "Failed to fetch the image. Please check that the URL is accessible."
    if len(source) > MAX_SOURCE_BYTES:
        return "File size exceeds the limit of 10MB"
    try:
        with Image.open(io.BytesIO(source), formats=("JPEG", "PNG")) as image:
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        return "File type not supported"
    return None


def pad(png: bytes, size_bytes: int) -> bytes:
    """A PNG of the same picture and at least that many bytes, in a chunk no reader looks at."""
    body = b"paDd" + bytes(max(0, size_bytes - len(png)))
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:-IEND_BYTES] + chunk + png[-IEND_BYTES:]
