"""A given picture painted over: flat areas, inked edges, the colours of another hour."""

from __future__ import annotations

from PIL import Image, ImageFilter, ImageOps

from .canvas import Canvas, gradient, step
from .palettes import Colour, blend

# How far the palette replaces the picture's own colours.
SHARE = 0.66


def overpaint(canvas: Canvas) -> None:
    """Turn what is on the canvas into a print in its palette."""
    size, palette = canvas.image.size, canvas.palette
    # The median flattens small detail as a brush would; at half the size it is quick as well.
    small = canvas.image.resize((size[0] // 2, size[1] // 2), Image.Resampling.BOX)
    flat = small.filter(ImageFilter.MedianFilter(5)).resize(size, Image.Resampling.BICUBIC)
    tones = ImageOps.autocontrast(flat.convert("L"), cutoff=1)
    inks = (palette.near, palette.sky[0], *palette.sky[1:], palette.light)
    scale = gradient((1, 256), sorted(inks, key=_luminance))
    tables = [band.tobytes() for band in scale.split()]
    print_ = Image.merge("RGB", [tones.point(list(table)) for table in tables])
    canvas.image = Image.blend(flat, print_, SHARE)
    edges = tones.filter(ImageFilter.FIND_EDGES).filter(ImageFilter.BoxBlur(0.7 * canvas.unit))
    ink = edges.point(step(0.10, 0.5, 0.5))
    canvas.lay(blend(palette.near, palette.sky[0], 0.3), ink)


def _luminance(tint: Colour) -> float:
    red, green, blue = tint
    return 0.299 * red + 0.587 * green + 0.114 * blue
