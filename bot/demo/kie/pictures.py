"""The bytes of results: drawn, filmed, made of another picture; and what they may start from."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFilter, UnidentifiedImageError

from bot.demo import art

from . import films
from .state import Task

if TYPE_CHECKING:
    from .models import Model

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
IEND_BYTES = 12
MOST_PIXELS = 16_000_000
# The words for more than the smallest picture, in whatever field a model has for it.
LARGE = {"high", "ultra", "1.5K", "2K", "4K", "QUALITY"}


def made(task: Task, number: int, model: Model, paint: Callable[[Task], bytes]) -> bytes:
    """The result of a task, or the so-manieth of its results."""
    if task.source is not None and model.tool is not None:
        return model.tool(task.source, task.filled)
    if number > 1:
        seed = f"{task.filled.get('seed', task.task_id)} {number}"
        task = replace(task, filled=task.filled | {"seed": seed})
    if not model.makes_film:
        return paint(task)
    still = task.source or paint(task)
    ratio, seconds = _ratio(task, still), float(task.filled["duration"])
    return films.film(still, ratio, seconds, snow=art.is_winter(str(task.filled.get("prompt"))))


def draw(task: Task) -> bytes:
    given = task.filled
    prompt, seed = str(given.get("prompt", "")), given.get("seed", task.task_id)
    sizes = {str(given.get(name)) for name in ("quality", "resolution", "size", "rendering_speed")}
    quality = "high" if sizes & LARGE else "standard"
    ratio = _ratio(task, task.source)
    if task.source is not None:
        png = art.restyle(task.source, prompt, seed, ratio, quality)
    else:
        png = art.draw(prompt, seed, ratio, quality)
    if suffix_of(task) == "png":
        return png
    with Image.open(io.BytesIO(png)) as image:
        return _encoded(image, "JPEG")


def suffix_of(task: Task) -> str:
    wanted = task.filled.get("output_format")
    return wanted if wanted in ("jpg", "jpeg") else "png"


def _ratio(task: Task, source: bytes | None) -> str:
    """The aspect ratio of a result as 16:9: as it was asked for, by number or name, or as that of
    the picture it starts from."""
    ratio = str(task.filled.get("aspect_ratio") or task.filled.get("image_size", "auto"))
    if ratio.startswith("square"):
        return "1:1"
    if "_" in ratio:
        name, across, down = ratio.split("_")
        return f"{across}:{down}" if name == "landscape" else f"{down}:{across}"
    if ":" in ratio:
        return ratio
    if source is None:
        return "1:1"
    with Image.open(io.BytesIO(source)) as image:
        return f"{image.width}:{image.height}"


def wrong_with(source: bytes | None, model: Model) -> str | None:
    """Why a task cannot start from what was fetched, in the words it fails with."""
    if source is None:
        return "Failed to fetch the image. Please check that the URL is accessible."
    if len(source) > model.picture_mb * 2**20:
        return f"File size exceeds the limit of {model.picture_mb}MB"
    try:
        with Image.open(io.BytesIO(source), formats=model.formats.split()) as image:
            image.verify()
            least, most = model.sides_px
            if not least <= min(image.size) <= max(image.size) <= most:
                return f"Image width and height must be between {least} and {most} pixels"
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        return "File type not supported"
    return None


# --- Tools


def upscaled(source: bytes, given: Mapping[str, Any]) -> bytes:
    """The picture, larger: twice as wide unless it says otherwise."""
    times = int(given.get("upscale_factor", 2))
    with Image.open(io.BytesIO(source)) as image:
        size = (image.width * times, image.height * times)
        return _encoded(image.convert("RGB").resize(size, Image.Resampling.BICUBIC), "PNG")


def cut_out(source: bytes, _: Mapping[str, Any]) -> bytes:
    """The middle of the picture; around it nothing."""
    with Image.open(io.BytesIO(source)) as opened:
        image = opened.convert("RGB")
    mask = Image.new("L", image.size)
    across, down = image.width // 8, image.height // 8
    ImageDraw.Draw(mask).ellipse(
        (across, down, image.width - across, image.height - down), fill=255
    )
    image.putalpha(mask.filter(ImageFilter.BoxBlur(min(image.size) / 60)))
    return _encoded(image, "PNG")


def _encoded(image: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    image.save(out, form, compress_level=1)
    return out.getvalue()


# --- Files


def type_of(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return "video/mp4"
    return "image/jpeg" if data.startswith(b"\xff\xd8") else "image/png"


def pad(png: bytes, size_bytes: int) -> bytes:
    """A PNG of the same picture and at least that many bytes, in a chunk no reader looks at."""
    body = b"paDd" + bytes(max(0, size_bytes - len(png)))
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:-IEND_BYTES] + chunk + png[-IEND_BYTES:]
