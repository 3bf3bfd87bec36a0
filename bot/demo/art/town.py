"""A town by the water: rows of towers, lit windows, haze between."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageDraw, ImageFilter

from .canvas import AA, Canvas, curve, gradient, line, scaled
from .land import paint_mist
from .palettes import WHITE, blend, colour
from .sky import Sun

LAMP = colour("ffd68c")


def paint_town(canvas: Canvas, foot: int, sun: Sun) -> None:
    """Three rows of towers down to `foot`; the far row is highest, about the middle of the town."""
    palette, rng, unit = canvas.palette, canvas.rng, canvas.unit
    middle = canvas.width * (1 - 0.75 * sun.x / canvas.width)
    size = (canvas.width, foot)
    for row in range(3):
        depth = row / 2
        tone = blend(palette.haze, palette.near, 0.20 + 0.68 * depth)
        mask = Image.new("L", (size[0] * AA, size[1] * AA))
        lights = Image.new("L", size)
        draw, lamps = ImageDraw.Draw(mask), ImageDraw.Draw(lights)
        waves = line(rng, 100, 4, 3, 0.7)
        x = -20.0 * unit
        while x < canvas.width:
            wide = unit * rng.uniform(20, 58) * (0.75 + 0.4 * depth)
            rise = 0.25 + math.exp(-(((x - middle) / (0.26 * canvas.width)) ** 2))
            rise *= 0.35 + 0.9 * waves[min(99, max(0, int(x / canvas.width * 99)))]
            tall = unit * (45 + 420 * rise * rng.uniform(0.6, 1.1) * (1 - 0.55 * depth))
            _build(rng, draw, x, foot - tall, wide, unit, foot)
            if row:
                _light(rng, lamps, x, foot - tall, wide, unit, foot)
            x += wide * rng.uniform(0.8, 1.25)
        fill = gradient(size, (tone, tone, blend(tone, palette.haze, 0.5 - 0.3 * depth)))
        canvas.lay(fill, mask.reduce(AA))
        window = blend(LAMP, palette.glow, rng.uniform(0.0, 0.4))
        bloom = lights.filter(ImageFilter.BoxBlur(4 * unit))
        canvas.shine(window, bloom.point(curve(lambda v: v * (0.6 + 1.4 * palette.dark))))
        canvas.lay(
            blend(window, WHITE, 0.25),
            lights.point(scaled(115 + 127 * palette.dark)),
        )
        if row < 2:
            mist = blend(palette.haze, palette.glow, 0.3)
            paint_mist(canvas, foot - 20 * unit, 240 * unit, mist, 0.55)


def _build(
    rng: random.Random,
    draw: ImageDraw.ImageDraw,
    x: float,
    y: float,
    wide: float,
    unit: float,
    foot: int,
) -> None:
    """One tower with its roof: flat, stepped with a mast, slanted or pointed."""

    def box(left: float, top: float, right: float, low: float) -> None:
        draw.rectangle((left * AA, top * AA, right * AA, low * AA), fill=255)

    box(x, y, x + wide, foot)
    middle, style = x + wide / 2, rng.random()
    if style < 0.28:
        box(x + wide * 0.2, y - 14 * unit, x + wide * 0.8, y)
        box(middle - unit, y - rng.uniform(35, 70) * unit, middle + unit, y)
    elif style < 0.42:
        slant = [(x, y), (x + wide, y), (x + wide, y - wide * 0.5)]
        draw.polygon([(px * AA, py * AA) for px, py in slant], fill=255)
    elif style < 0.48:
        spire = [(x, y), (x + wide, y), (middle, y - wide * 1.1)]
        draw.polygon([(px * AA, py * AA) for px, py in spire], fill=255)


def _light(
    rng: random.Random,
    lamps: ImageDraw.ImageDraw,
    x: float,
    y: float,
    wide: float,
    unit: float,
    foot: int,
) -> None:
    """Windows of one tower; some houses are awake, most sleep."""
    share = rng.choice((0.04, 0.10, 0.22, 0.45))
    across, down = unit * rng.choice((5.0, 6.5, 8.0)), unit * rng.choice((7.0, 9.0))
    size = unit * 2.2
    column = x + across * 0.7
    while column < x + wide - size:
        row = y + down
        while row < foot - down * 2:
            if rng.random() < share:
                fill = rng.randrange(70, 256)
                lamps.rectangle((column, row, column + size * 0.8, row + size), fill=fill)
            row += down
        column += across
