"""Land: ridges with woods on them, mist, mountains with lit slopes and snow."""

import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .canvas import AA, Canvas, Point, fade, gradient, line, noise, step
from .palettes import WHITE, Colour, blend
from .sky import Sun


def heights(canvas: Canvas, low: float, high: float, waves: float, rough: float) -> list[float]:
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
    trees: float = 0.0,
) -> None:
    """A ridge from its skyline down, from `top` to `foot`; `trees` are so many units high."""
    grown = trees * canvas.unit
    start = max(0, int(min(ys) - grown * 1.3))
    fill = gradient((canvas.width, canvas.height - start), (top, blend(top, foot, 0.7), foot))

    def plant(draw: ImageDraw.ImageDraw, edge: list[Point]) -> None:
        rng, tall, width = canvas.rng, grown * AA, edge[-1][0]
        thick = line(rng, 64, 5, 3, 0.6)
        x = -tall * 0.2
        while tall and x < width + tall * 0.2:
            share = min(1.0, max(0.0, x / width))
            density = thick[round(share * 63)]
            y = edge[round(share * (len(edge) - 1))][1]
            size = tall * rng.uniform(0.5, 1.0) * (0.6 + 0.5 * density)
            _conifer(rng, draw, x, y + size * 0.1, size)
            x += tall * rng.uniform(0.10, 0.26)

    canvas.raise_ground(edge_of(canvas, ys), fill, start, plant)


def _conifer(
    rng: random.Random, draw: ImageDraw.ImageDraw, x: float, y: float, tall: float
) -> None:
    half = tall * rng.uniform(0.15, 0.20)
    sides: dict[int, list[Point]] = {1: [(x, y - tall)], -1: []}
    for tier in range(1, 8):
        level, reach = y - tall * (1 - tier / 7 * 0.93), half * (tier / 7) ** 0.9
        for side, edge in sides.items():
            edge.append((x + side * reach * rng.uniform(0.8, 1.1), level))
            edge.append((x + side * reach * 0.55, level - tall * 0.015))
    draw.polygon(sides[1] + sides[-1][::-1], fill=255)
    draw.rectangle((x - tall * 0.018, y - tall * 0.1, x + tall * 0.018, y + tall * 0.02), fill=255)


def paint_mist(canvas: Canvas, y: float, tall: float, tint: Colour, strength: float) -> None:
    """A bank of mist across the picture, in pixels, thickest at `y`."""
    size = (canvas.width, max(4, round(tall)))
    bank = noise(canvas.rng, size, (3, 2), 3).point(step(0.15, 0.75, strength))
    canvas.lay(
        tint, ImageChops.multiply(fade(size, (0, 130, 255, 130, 0)), bank), (0, round(y - tall / 2))
    )


def _skyline(
    canvas: Canvas, low: float, high: float, count: int
) -> tuple[list[float], list[Point]]:
    """The edge of a range, from the shares `low` (summit) to `high` (valley), and its summits."""
    rng, width = canvas.rng, canvas.width
    columns = max(2, width // 4)
    # However tall the picture, a mountain stays wider than it is high.
    span = min((high - low) * canvas.height, 0.52 * width)
    count = max(2, round(count * width / canvas.height / 1.78 + 0.4))
    summits = []
    for i in range(count):
        x = width * (i + 0.5 + rng.uniform(-0.38, 0.38)) / count
        tall = span * (1.0 if i == count // 2 else rng.uniform(0.5, 0.92))
        summits.append((x, tall, rng.uniform(0.62, 0.9)))
    fine, coarse = line(rng, columns, 9 * count, 4, 0.6), line(rng, columns, 2.2 * count, 3, 0.6)
    ys = []
    for i in range(columns):
        x = i * width / (columns - 1)
        tall = max(tall - abs(x - at) * slope for at, tall, slope in summits)
        # Between the summits runs a lower crest, or they would stand about like cones.
        tall = max(tall, span * (0.12 + 0.5 * coarse[i])) + span * 0.10 * (fine[i] - 0.5)
        ys.append(canvas.height * high - tall)
    tops = []
    for at, _, _ in summits:
        column = int(at / width * columns)
        i = min(range(max(0, column - 4), min(columns, column + 5)), key=ys.__getitem__)
        tops.append((i * width / (columns - 1), ys[i]))
    return ys, tops


def paint_mountains(
    canvas: Canvas,
    sun: Sun,
    span: tuple[float, float],
    count: int,
    depth: float,
    snow: float,
    *,
    until: float,
) -> None:
    """A range of `count` summits or so with lit and shaded slopes.

    `span` are the shares of the height of summits and valleys; `depth` 0 is far, 1 near; `snow` is
    how far down it lies, 0 to 1. Below the share `until` something else will cover it.
    """
    p = canvas.palette
    ys, tops = _skyline(canvas, *span, count)
    start = int(min(ys)) - 2
    size = (canvas.width, max(2, round(canvas.height * until) - start))
    outline = edge_of(canvas, ys)
    points = [(x, y - start) for x, y in outline]
    tone = _slopes(canvas, [(x, y - start) for x, y in tops], size, sun)
    shade, foot = blend(p.haze, p.near, depth), blend(p.haze, p.near, depth * 0.25)
    lit = blend(blend(shade, p.glow, 0.42), p.haze, 0.2)
    white = blend(blend(WHITE, p.glow, 0.3), p.haze, 0.08 + p.dark * 0.5)
    blue = blend(blend(p.haze, p.cloud, 0.35), WHITE, 0.30 - 0.2 * p.dark)
    rock, ice = (
        Image.composite(
            gradient(size, (bright, blend(bright, foot, 0.5), foot)),
            gradient(size, (dull, blend(dull, foot, 0.45), foot)),
            tone,
        )
        for bright, dull in ((lit, shade), (white, blue))
    )
    rock.paste(ice, mask=_snow_line(canvas, points, size, snow))
    canvas.raise_ground(outline, rock, start)


def _slopes(canvas: Canvas, tops: Sequence[Point], size: tuple[int, int], sun: Sun) -> Image.Image:
    """How lit the slopes are: each summit's spine runs downhill, bright on the light's side."""
    rng = canvas.rng
    tone = Image.new("L", size, 60)
    draw = ImageDraw.Draw(tone)
    down, wide = float(size[1]), canvas.width * 0.5
    # The highest first, and all the light's side of it; the lower ones stand before it.
    for i, (x, y) in enumerate(sorted(tops, key=lambda top: top[1])):
        side = -1 if sun.x < x else 1
        tall = max(1.0, down - y)
        spine = [(x, y)]
        for share in (0.1, 0.2, 0.35, 0.5, 0.7, 1.0):
            drift = wide * 0.22 * -side * share + tall * rng.uniform(-0.05, 0.05)
            spine.append((x + drift, y + tall * share))
        foot = x + side * wide * 0.6
        draw.polygon([(x, y - 4), (foot, down), (x - side * wide * 0.6, down)], fill=52)
        far = x + side * 2 * canvas.width
        outer = [(foot, down)] if i else [(far, down), (far, y - 4)]
        draw.polygon([(x, y - 4), *spine, *outer], fill=205)
        for _ in range(9):
            # Gullies and ribs: slivers running down and out from somewhere on the massif.
            share, out = rng.random() ** 1.4 * 0.5, rng.choice((-1, 1))
            at = (x + out * share * wide * 0.55 * rng.random(), y + share * down * 0.7)
            long = down * rng.uniform(0.12, 0.4)
            tip = (at[0] + out * long * rng.uniform(0.25, 0.6), at[1] + long)
            low = (at[0] + out * long * rng.uniform(0.05, 0.2), at[1] + long * 0.95)
            draw.polygon([at, tip, low], fill=70 if out == side else 170)
    soft = tone.filter(ImageFilter.BoxBlur(0.7 * canvas.unit))
    return Image.blend(soft, noise(rng, size, (9, 7), 5), 0.28).point(step(0.25, 0.72))


def _snow_line(
    canvas: Canvas, points: Sequence[Point], size: tuple[int, int], snow: float
) -> Image.Image:
    lowest = max(y for _, y in points)
    jag = line(canvas.rng, len(points), 40, 3, 0.8)
    edge = [
        (x, y + max(0.0, lowest * snow - y) * (0.25 + 1.1 * share))
        for (x, y), share in zip(points, jag, strict=True)
    ]
    sheet = Image.new("L", size)
    ImageDraw.Draw(sheet).polygon([*points, *reversed(edge)], fill=255)
    return sheet.filter(ImageFilter.GaussianBlur(0.8 * canvas.unit))
