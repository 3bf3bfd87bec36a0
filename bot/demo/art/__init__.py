"""Pictures for the demo: landscapes painted from a prompt, with Pillow and nothing else.

A picture depends on its arguments alone, so that it can be painted anew at any time.
"""

from __future__ import annotations

import io
import random

from PIL import Image, ImageOps

from .canvas import Canvas, finish
from .overpaint import overpaint
from .palettes import HOURS
from .scene import paint
from .words import Motif, read

__all__ = ["draw", "restyle", "size_of"]

# zlib's strategy for noisy rows; with grain in it a picture is hardly smaller without, but slower.
FILTERED = 1
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
    """A PNG of what the prompt names, as far as a landscape can hold it."""
    canvas, motif = _begin(prompt, seed, aspect_ratio, quality)
    paint(canvas, motif)
    return _end(canvas)


def restyle(
    source: bytes, prompt: str, seed: object, aspect_ratio: str, quality: str = "standard"
) -> bytes:
    """A PNG of the given picture in the colours of the prompt, cut to the ratio.

    Raises what Pillow raises for bytes that are no picture.
    """
    canvas, _ = _begin(prompt, seed, aspect_ratio, quality)
    with Image.open(io.BytesIO(source)) as opened:
        # A large JPEG is decoded at a fraction of its size where that is enough.
        opened.draft("RGB", canvas.image.size)
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    canvas.image = ImageOps.fit(upright, canvas.image.size)
    overpaint(canvas)
    return _end(canvas)


def _begin(prompt: str, seed: object, ratio: str, quality: str) -> tuple[Canvas, Motif]:
    rng = random.Random(f"{prompt}\0{seed}")  # noqa: S311 - a picture, no secret
    motif = read(prompt, rng)
    palette = rng.choice(HOURS[motif.hour])
    return Canvas(Image.new("RGB", size_of(ratio, quality)), rng, palette), motif


def _end(canvas: Canvas) -> bytes:
    finish(canvas)
    out = io.BytesIO()
    canvas.image.save(out, "PNG", compress_level=1, compress_type=FILTERED)
    return out.getvalue()
