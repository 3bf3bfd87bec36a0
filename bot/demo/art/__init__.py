"""Pictures for the demo: landscapes painted from a prompt, with Pillow and nothing else.

A picture depends on its arguments alone, so that it can be painted anew at any time.
"""

import io
import random

from PIL import Image, ImageFilter, ImageOps

from .canvas import Canvas, finish, gradient, step
from .palettes import HOURS, blend
from .scene import paint
from .words import Motif, read

__all__ = ["draw", "is_winter", "restyle", "size_of"]

# zlib's strategy for noisy rows; with grain in it a picture is hardly smaller without, but slower.
FILTERED = 1
# How far the colours of the prompt replace those of a given picture.
SHARE = 0.66
LONGEST_PX = {"standard": 1024, "high": 1536}


def size_of(aspect_ratio: str, quality: str = "standard") -> tuple[int, int]:
    """Width and height in pixels of a ratio such as "16:9"."""
    across, down = (int(part) for part in aspect_ratio.split(":"))
    scale = LONGEST_PX[quality] / max(across, down)
    return round(scale * across), round(scale * down)


def is_winter(prompt: str) -> bool:
    """Whether the prompt has snow in it."""
    return read(prompt, random.Random()).season == "snow"  # noqa: S311 - a picture, no secret


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
    _overpaint(canvas)
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


def _overpaint(canvas: Canvas) -> None:
    """Turn what is on the canvas into a print in its palette."""
    size, palette = canvas.image.size, canvas.palette
    # The median flattens small detail as a brush would; at half the size it is quick as well.
    small = canvas.image.resize((size[0] // 2, size[1] // 2), Image.Resampling.BOX)
    flat = small.filter(ImageFilter.MedianFilter(5)).resize(size, Image.Resampling.BICUBIC)
    tones = ImageOps.autocontrast(flat.convert("L"), cutoff=1)
    inks = (palette.near, palette.sky[0], *palette.sky[1:], palette.light)
    scale = gradient((1, 256), sorted(inks, key=sum))
    tables = [band.tobytes() for band in scale.split()]
    print_ = Image.merge("RGB", [tones.point(list(table)) for table in tables])
    canvas.image = Image.blend(flat, print_, SHARE)
    edges = tones.filter(ImageFilter.FIND_EDGES).filter(ImageFilter.BoxBlur(0.7 * canvas.unit))
    ink = edges.point(step(0.10, 0.5, 0.5))
    canvas.lay(blend(palette.near, palette.sky[0], 0.3), ink)
