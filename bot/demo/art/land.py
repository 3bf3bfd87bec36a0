"""Ridges with woods on them, dunes, and the mist between."""

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .canvas import AA, Canvas, Point, fade, gradient, line, noise, spline, step
from .palettes import Colour, blend
from .sky import Sun


def heights(
    canvas: Canvas, low: float, high: float, waves: float, rough: float, *, peaks: bool = False
) -> list[float]:
    """A skyline in pixels from the top, one every few columns, between the shares low and high."""
    count = max(2, canvas.width // 4)
    values = line(canvas.rng, count, waves * canvas.width / canvas.height, 7, rough)
    least, most = min(values), max(values)
    span = (most - least) or 1.0
    return [canvas.height * (low + (high - low) * (1 - (value - least) / span)) for value in values]


def edge_of(canvas: Canvas, ys: Sequence[float]) -> list[Point]:
    """A skyline as points in pixels."""
    pitch = canvas.width / (len(ys) - 1)
    return [(i * pitch, y) for i, y in enumerate(ys)]


def paint_ridge(
    canvas: Canvas,
    ys: Sequence[float],
    top: Colour,
    foot: Colour,
    *,
    trees: float = 0.0,
    kind: str = "conifer",
    gaps: float = 0.0,
) -> None:
    """A ridge from its skyline down, from `top` to `foot`; `trees` are so many units high."""
    grown = trees * canvas.unit
    start = max(0, int(min(ys) - grown * 1.3))
    fill = gradient((canvas.width, canvas.height - start), (top, blend(top, foot, 0.7), foot))

    def plant(draw: ImageDraw.ImageDraw, edge: list[Point]) -> None:
        if grown:
            _plant(canvas.rng, draw, edge, grown * AA, kind, gaps)

    canvas.raise_ground(edge_of(canvas, ys), fill, start, plant)


def _plant(
    rng: random.Random,
    draw: ImageDraw.ImageDraw,
    points: Sequence[Point],
    tall: float,
    kind: str,
    gaps: float,
) -> None:
    width = points[-1][0]
    x = -tall * 0.2
    thick = line(rng, 64, 5, 3, 0.6)
    while x < width + tall * 0.2:
        density = thick[min(63, max(0, int(x / width * 63)))]
        if density > gaps:
            y = points[min(len(points) - 1, max(0, round(x / width * (len(points) - 1))))][1]
            size = tall * rng.uniform(0.5, 1.0) * (0.6 + 0.5 * density)
            (conifer if kind == "conifer" else crown)(rng, draw, x, y + size * 0.1, size)
        x += tall * rng.uniform(0.10, 0.26)


def conifer(rng: random.Random, draw: ImageDraw.ImageDraw, x: float, y: float, tall: float) -> None:
    tiers = 7
    half = tall * rng.uniform(0.15, 0.20)
    right: list[Point] = [(x, y - tall)]
    left: list[Point] = []
    for tier in range(1, tiers + 1):
        share = tier / tiers
        level = y - tall * (1 - share * 0.93)
        reach = half * share**0.9
        right += [
            (x + reach * rng.uniform(0.8, 1.1), level),
            (x + reach * 0.55, level - tall * 0.015),
        ]
        left += [
            (x - reach * rng.uniform(0.8, 1.1), level),
            (x - reach * 0.55, level - tall * 0.015),
        ]
    draw.polygon(right + left[::-1], fill=255)
    draw.rectangle((x - tall * 0.018, y - tall * 0.1, x + tall * 0.018, y + tall * 0.02), fill=255)


def crown(rng: random.Random, draw: ImageDraw.ImageDraw, x: float, y: float, tall: float) -> None:
    """A leafy tree as part of a wood: crown upon crown, no trunk to be seen."""
    for _ in range(9):
        r = tall * rng.uniform(0.10, 0.20)
        cx, cy = x + tall * rng.gauss(0, 0.14), y - tall * rng.uniform(0.0, 0.62)
        draw.ellipse((cx - r, cy - r * 0.9, cx + r, cy + r * 0.9), fill=255)


def paint_mist(canvas: Canvas, y: float, tall: float, tint: Colour, strength: float) -> None:
    """A bank of mist across the picture, in pixels, thickest at `y`."""
    size = (canvas.width, max(4, round(tall)))
    bank = noise(canvas.rng, size, (3, 2), 3).point(step(0.15, 0.75, strength))
    canvas.lay(
        tint, ImageChops.multiply(fade(size, (0, 130, 255, 130, 0)), bank), (0, round(y - tall / 2))
    )


def paint_dunes(canvas: Canvas, horizon: int, sun: Sun) -> None:
    """Five rows of dunes, lit as sand is: one side of each crest bright, a curved shadow beyond."""
    palette = canvas.palette
    share = horizon / canvas.height
    for i in range(5):
        depth = i / 4
        low = share - 0.045 + depth * 0.22
        ys = heights(canvas, low, low + 0.07 + 0.10 * depth, 2.2 - 1.1 * depth, 0.22)
        sand = blend(palette.haze, palette.near, 0.10 + 0.38 * depth)
        lit = blend(sand, palette.glow, 0.55 - 0.22 * depth)
        dark = blend(sand, palette.near, 0.22 + 0.3 * depth)
        start = int(min(ys)) - 2
        size = (canvas.width, canvas.height - start)
        edge = edge_of(canvas, ys)
        points = [(x, y - start) for x, y in edge]
        face = Image.composite(
            gradient(size, (dark, blend(dark, palette.near, 0.3))),
            gradient(size, (blend(lit, palette.glow, 0.4), lit, blend(lit, dark, 0.6), dark)),
            _dune_shadows(canvas, points, size, sun),
        )
        canvas.raise_ground(edge, face, start)


def _dune_shadows(
    canvas: Canvas, points: Sequence[Point], size: tuple[int, int], sun: Sun
) -> Image.Image:
    """Where the sun does not reach: behind each crest, down to a curved edge."""
    rng = canvas.rng
    sheet = Image.new("L", size)
    draw = ImageDraw.Draw(sheet)
    span = 6
    for i in range(span, len(points) - span):
        x, y = points[i]
        if y > min(points[k][1] for k in range(i - span, i + span + 1)):
            continue
        away = 1 if sun.x < x else -1
        k = i
        while 0 < k < len(points) - 1 and points[k + away][1] >= points[k][1]:
            k += away
        wide, drop = points[k][0] - x, points[k][1] - y
        if drop < 14 * canvas.unit:
            continue
        # A lens: along the crest down to the valley, and back in a bow that hangs below it.
        hang = drop * rng.uniform(0.5, 0.8)
        bow = [
            (x + wide * 0.10, y + drop * 0.45 + hang * 0.8),
            (x + wide * 0.38, y + drop * 0.75 + hang),
            (x + wide * 0.75, y + drop * 0.95 + hang * 0.5),
        ]
        path = spline([(x - wide * 0.2, y), (x, y), *bow, points[k], points[k]])
        crest = points[min(i, k) : max(i, k) + 1]
        draw.polygon([*path, *(crest[::-1] if wide > 0 else crest)], fill=235)
    return sheet.filter(ImageFilter.GaussianBlur(1.5 * canvas.unit))
