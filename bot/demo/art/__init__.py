"""Pictures for the demo: landscapes painted from a prompt, each of its arguments' own."""

from __future__ import annotations

import io
import random

from PIL import Image

from .canvas import Canvas, finish
from .palettes import HOURS
from .scene import paint
from .words import read

LONGEST_PX = {"standard": 1024, "high": 1536}


def size_of(aspect_ratio: str, quality: str = "standard") -> tuple[int, int]:
    """Width and height in pixels of a ratio such as "16:9"."""
    across, down = (int(part) for part in aspect_ratio.split(":"))
    longest = LONGEST_PX[quality]
    return (
        round(longest * across / max(across, down)),
        round(longest * down / max(across, down)),
    )


def draw(prompt: str, seed: object, aspect_ratio: str, quality: str = "standard") -> bytes:
    """A PNG: the same for the same arguments, another for any other."""
    rng = random.Random(f"{prompt}\0{seed}")  # noqa: S311 - a picture, no secret
    motif = read(prompt, rng)
    palette = rng.choice(HOURS[motif.hour])
    canvas = Canvas(Image.new("RGB", size_of(aspect_ratio, quality)), rng, palette)
    paint(canvas, motif)
    finish(canvas)
    return encode(canvas.image)


def encode(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


def restyle(
    source: bytes, prompt: str, seed: object, aspect_ratio: str, quality: str = "standard"
) -> bytes:
    return draw(prompt, seed, aspect_ratio, quality)
