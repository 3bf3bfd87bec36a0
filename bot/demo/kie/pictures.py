"""The bytes of results: drawn off the event loop, remembered, padded; and what they start from."""

from __future__ import annotations

import asyncio
import io
import struct
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from bot.demo import art

from .loopback import fetch
from .state import Task

if TYPE_CHECKING:
    from .simulator import KieSimulator

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEPT_PICTURES = 64
MAX_SOURCE_BYTES = 10 * 2**20
IEND_BYTES = 12
PAD_BYTES = 2**20

# The smallest file that starts as an mp4 does; it holds no frame.
FILM = (
    struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"isom", 512, b"isom", b"mp42")
    + struct.pack(">I4s", 8, b"free")
    + struct.pack(">I4s", 8, b"mdat")
)


class SourceError(Exception):
    """The picture to start from could not be had; the text is the task's `failMsg`."""


class Pictures:
    """The drawn pictures. Drawing is repeatable, so old ones are dropped without loss."""

    def __init__(self, paint: Callable[[Task], bytes] | None = None) -> None:
        """`paint` draws in place of the artist, for tests that have no eye for pictures."""
        self._paint = paint or draw
        self._kept: dict[str, asyncio.Task[bytes]] = {}

    async def png(self, task: Task) -> bytes:
        """The picture of a task; two who ask at once wait for one drawing."""
        drawing = self._kept.get(task.task_id)
        if drawing is None or drawing.cancelled():
            drawing = asyncio.create_task(asyncio.to_thread(self._paint, task))
            self._kept[task.task_id] = drawing
            if len(self._kept) > KEPT_PICTURES:
                del self._kept[next(iter(self._kept))]
        return await asyncio.shield(drawing)

    async def close(self) -> None:
        """Wait for what is still being drawn; a thread cannot be stopped."""
        await asyncio.gather(*self._kept.values(), return_exceptions=True)


def draw(task: Task) -> bytes:
    given = task.input
    seed = given.get("seed", task.task_id)
    ratio = given.get("aspect_ratio", "1:1")
    quality = given.get("quality", "standard")
    prompt = str(given.get("prompt", ""))
    if task.source is not None:
        return art.restyle(task.source, prompt, seed, ratio, quality)
    return art.draw(prompt, seed, ratio, quality)


async def fetch_source(kie: KieSimulator, url: str) -> bytes:
    """The picture at `url`: from this server's own stores, or from another on this machine.

    Raises SourceError with the words the task shall fail with.
    """
    data = await fetch(kie, url, MAX_SOURCE_BYTES)
    if data is None:
        raise SourceError("Failed to fetch the image. Please check that the URL is accessible.")
    if len(data) > MAX_SOURCE_BYTES:
        raise SourceError("File size exceeds the limit of 10MB")
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise SourceError("File type not supported") from error
    return data


def pad(png: bytes, size_bytes: int) -> bytes:
    """A PNG of the same picture and at least that many bytes, in chunks no reader looks at."""
    missing = max(0, size_bytes - len(png))
    sizes = [PAD_BYTES] * (missing // PAD_BYTES) + [missing % PAD_BYTES]
    padding = b"".join(_chunk(b"paDd", bytes(size)) for size in sizes) if missing else b""
    return png[:-IEND_BYTES] + padding + png[-IEND_BYTES:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
