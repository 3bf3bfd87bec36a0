"""Ranges with summits, lit slopes and snow."""

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFilter

from .canvas import Canvas, Point, gradient, line, noise, step
from .land import edge_of
from .palettes import WHITE, Colour, blend
from .sky import Sun


def skyline(
    canvas: Canvas, low: float, high: float, count: int, *, steep: float = 1.0, rough: float = 0.10
) -> tuple[list[float], list[Point]]:
    """The edge of a range, from the shares `low` (summit) to `high` (valley), and its summits."""
    rng, width = canvas.rng, canvas.width
    columns = max(2, width // 4)
    # However tall the picture, a mountain stays wider than it is high.
    span = min((high - low) * canvas.height, 0.52 * width)
    count = max(2, round(count * width / canvas.height / 1.78 + 0.4))
    summits: list[tuple[float, float, float]] = []
    for i in range(count):
        x = width * (i + 0.5 + rng.uniform(-0.38, 0.38)) / count
        tall = span * (1.0 if i == count // 2 else rng.uniform(0.5, 0.92))
        summits.append((x, tall, steep * rng.uniform(0.62, 0.9)))
    fine = line(rng, columns, 9 * count, 4, 0.6)
    coarse = line(rng, columns, 2.2 * count, 3, 0.6)
    ys = []
    for i in range(columns):
        x = i * width / (columns - 1)
        tall = max(tall - abs(x - at) * slope for at, tall, slope in summits)
        # Between the summits runs a lower crest, or they would stand about like cones.
        crest = span * (0.12 + 0.5 * coarse[i])
        tall = max(tall, crest) + span * rough * (fine[i] - 0.5)
        ys.append(canvas.height * high - tall)
    tops = []
    for at, _, _ in summits:
        near = range(
            max(0, int(at / width * columns) - 4), min(columns, int(at / width * columns) + 5)
        )
        i = min(near, key=ys.__getitem__)
        tops.append((i * width / (columns - 1), ys[i]))
    return ys, tops


def paint_mountains(
    canvas: Canvas,
    edge: tuple[list[float], list[Point]],
    sun: Sun,
    colours: tuple[Colour, Colour, Colour],
    snow: float = 0.0,
    *,
    until: float = 1.0,
) -> None:
    """A range with lit and shaded slopes.

    `colours` are those of lit rock, shaded rock and the foot; `snow` how far down it lies, 0 to 1.
    Below the share `until` of the height something else will cover it.
    """
    palette = canvas.palette
    ys, tops = edge
    lit, shade, foot = colours
    start = int(min(ys)) - 2
    size = (canvas.width, max(2, round(canvas.height * until) - start))
    outline = edge_of(canvas, ys)
    points = [(x, y - start) for x, y in outline]
    tone = _slopes(canvas, points, [(x, y - start) for x, y in tops], size, sun)
    face = Image.composite(
        gradient(size, (lit, blend(lit, foot, 0.5), foot)),
        gradient(size, (shade, blend(shade, foot, 0.4), foot)),
        tone,
    )
    if snow:
        night = palette.dark * 0.5
        bright = blend(blend(WHITE, palette.glow, 0.3), palette.haze, 0.08 + night)
        blue = blend(blend(palette.haze, palette.cloud, 0.35), WHITE, 0.30 - 0.2 * palette.dark)
        white = Image.composite(
            gradient(size, (bright, blend(bright, foot, 0.5), foot)),
            gradient(size, (blue, blend(blue, foot, 0.5), foot)),
            tone,
        )
        face.paste(white, mask=_snow_line(canvas, points, size, snow))
    canvas.raise_ground(outline, face, start)


def _slopes(
    canvas: Canvas,
    points: Sequence[Point],
    tops: Sequence[Point],
    size: tuple[int, int],
    sun: Sun,
) -> Image.Image:
    """How lit the slopes are: each summit's spine runs downhill, bright on the light's side."""
    rng = canvas.rng
    tone = Image.new("L", size, 60)
    draw = ImageDraw.Draw(tone)
    down = float(size[1])
    wide = canvas.width * 0.5
    # The highest first, and all the light's side of it; the lower ones stand before it.
    for i, (x, y) in enumerate(sorted(tops, key=lambda top: top[1])):
        side = -1 if sun.x < x else 1
        spine = _spine(rng, (x, y), down, wide * 0.22 * -side)
        foot = x + side * wide * 0.6
        draw.polygon([(x, y - 4), (foot, down), (x - side * wide * 0.6, down)], fill=52)
        far = x + side * 2 * canvas.width
        outer = [(foot, down)] if i else [(far, down), (far, y - 4)]
        draw.polygon([(x, y - 4), *spine, *outer], fill=205)
        for _ in range(9):
            # Gullies and ribs: slivers running down and out from somewhere on the massif.
            share = rng.random() ** 1.4 * 0.5
            out = rng.choice((-1, 1))
            at = (x + out * share * wide * 0.55 * rng.random(), y + share * down * 0.7)
            tall = down * rng.uniform(0.12, 0.4)
            tip = (at[0] + out * tall * rng.uniform(0.25, 0.6), at[1] + tall)
            low = (
                at[0] + out * tall * rng.uniform(0.05, 0.2),
                at[1] + tall * rng.uniform(0.8, 1.1),
            )
            draw.polygon([at, tip, low], fill=70 if out == side else 170)
    rough = noise(rng, size, (9, 7), 5)
    soft = tone.filter(ImageFilter.BoxBlur(0.7 * canvas.unit))
    return Image.blend(soft, rough, 0.28).point(step(0.25, 0.72))


def _spine(rng: random.Random, top: Point, down: float, drift: float) -> list[Point]:
    x, y = top
    tall = max(1.0, down - y)
    spine, share = [top], 0.0
    while share < 1:
        share = min(1.0, share + rng.uniform(0.03, 0.08))
        spine.append((x + drift * share + tall * rng.uniform(-0.05, 0.05), y + tall * share))
    return spine


def _snow_line(
    canvas: Canvas, points: Sequence[Point], size: tuple[int, int], snow: float
) -> Image.Image:
    rng = canvas.rng
    lowest = max(y for _, y in points)
    jag = line(rng, len(points), 40, 3, 0.8)
    sheet = Image.new("L", size)
    edge = [
        (x, y + max(0.0, (lowest * snow - y)) * (0.25 + 1.1 * jag[i]))
        for i, (x, y) in enumerate(points)
    ]
    ImageDraw.Draw(sheet).polygon([*points, *reversed(edge)], fill=255)
    return sheet.filter(ImageFilter.GaussianBlur(0.8 * canvas.unit))
