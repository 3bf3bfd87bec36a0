"""The lower half: ridges, trees, water, towns, dunes."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .canvas import AA, Canvas, Point, curve, fade, gradient, line, noise, step
from .palettes import WHITE, Colour, blend
from .sky import Sun


def heights(
    canvas: Canvas, low: float, high: float, waves: float, rough: float, *, peaks: bool = False
) -> list[float]:
    """A skyline in pixels from the top, one every few columns, between the shares low and high."""
    count = max(2, canvas.width // 4)
    values = line(canvas.rng, count, waves * canvas.width / canvas.height, 7, rough)
    if peaks:
        values = [1 - abs(2 * value - 1) * 1.9 for value in values]
    least, most = min(values), max(values)
    span = (most - least) or 1.0
    return [canvas.height * (low + (high - low) * (1 - (value - least) / span)) for value in values]


def _points(canvas: Canvas, ys: Sequence[float]) -> list[Point]:
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
    """A ridge from its skyline down, paling from `top` to `foot`; `trees` is their height in units."""
    grown = trees * canvas.unit
    start = max(0, int(min(ys) - grown * 1.3))
    size = (canvas.width, canvas.height - start)
    sheet = Image.new("L", (size[0] * AA, size[1] * AA))
    draw = ImageDraw.Draw(sheet)
    points = [(x * AA, (y - start) * AA) for x, y in _points(canvas, ys)]
    draw.polygon([*points, (size[0] * AA, size[1] * AA), (0, size[1] * AA)], fill=255)
    if grown:
        _plant(canvas.rng, draw, points, grown * AA, kind, gaps)
    canvas.lay(gradient(size, (top, blend(top, foot, 0.7), foot)), sheet.reduce(AA), (0, start))


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
            (conifer if kind == "conifer" else crown)(rng, draw, x, y + size * 0.06, size)
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
    draw.rectangle((x - tall * 0.025, y - tall * 0.5, x + tall * 0.025, y), fill=255)
    for _ in range(11):
        r = tall * rng.uniform(0.10, 0.2)
        cx, cy = x + tall * rng.gauss(0, 0.13), y - tall * rng.uniform(0.42, 0.82)
        draw.ellipse((cx - r, cy - r * 0.85, cx + r, cy + r * 0.85), fill=255)


def skyline(
    canvas: Canvas, low: float, high: float, count: int, *, steep: float = 1.0, rough: float = 0.10
) -> tuple[list[float], list[Point]]:
    """The edge of a range between the shares `low` (a summit) and `high` (a valley), and its summits."""
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
    smooth: bool = False,
) -> None:
    """A range with lit and shaded slopes: `colours` are lit, shaded and foot; `snow` how far down it lies."""
    palette = canvas.palette
    ys, tops = edge
    lit, shade, foot = colours
    start = int(min(ys)) - 2
    size = (canvas.width, canvas.height - start)
    points = [(x, y - start) for x, y in _points(canvas, ys)]
    mask = Image.new("L", (size[0] * AA, size[1] * AA))
    outline = [(x * AA, y * AA) for x, y in points]
    ImageDraw.Draw(mask).polygon(
        [*outline, (size[0] * AA, size[1] * AA), (0, size[1] * AA)], fill=255
    )
    tone = _slopes(canvas, points, [(x, y - start) for x, y in tops], size, sun, smooth=smooth)
    face = Image.composite(
        gradient(size, (lit, blend(lit, foot, 0.6), foot, foot)),
        gradient(size, (shade, blend(shade, foot, 0.5), foot, foot)),
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
    canvas.lay(face, mask.reduce(AA), (0, start))


def _slopes(
    canvas: Canvas,
    points: Sequence[Point],
    tops: Sequence[Point],
    size: tuple[int, int],
    sun: Sun,
    *,
    smooth: bool,
) -> Image.Image:
    """How lit the slopes are: each summit has a spine downhill, bright on the light's side of it."""
    rng = canvas.rng
    tone = Image.new("L", size, 60)
    draw = ImageDraw.Draw(tone)
    down = float(size[1])
    ordered = sorted(tops, key=lambda top: -top[1])
    for x, y in ordered:
        side = -1 if sun.x < x else 1
        wide = canvas.width * 0.5
        spine = _spine(rng, (x, y), down, wide * 0.22 * -side, smooth=smooth)
        # Its whole massif first, then the lit half: a near spur covers what stands behind it.
        massif = [(x, y - 4), (x + wide * 0.6, down), (x - wide * 0.6, down)]
        draw.polygon(massif, fill=52)
        draw.polygon(
            [(x, y - 4), *spine, (x + side * wide, down), (x + side * wide, y - 4)], fill=205
        )
        if smooth:
            continue
        for _ in range(9):
            # Gullies and ribs: slivers running down and out from somewhere on the massif.
            share = rng.random() ** 1.4 * 0.5
            out = rng.choice((-1, 1))
            at = (x + out * share * wide * 0.55 * rng.random(), y + share * down * 0.7)
            tall = down * rng.uniform(0.12, 0.4)
            tip = (at[0] + out * tall * rng.uniform(0.25, 0.6), at[1] + tall)
            foot = (
                at[0] + out * tall * rng.uniform(0.05, 0.2),
                at[1] + tall * rng.uniform(0.8, 1.1),
            )
            draw.polygon([at, tip, foot], fill=70 if out == side else 170)
    if smooth:
        return tone.filter(ImageFilter.GaussianBlur(2.2 * canvas.unit))
    rough = noise(rng, size, (9, 7), 5)
    return Image.blend(tone.filter(ImageFilter.BoxBlur(0.7 * canvas.unit)), rough, 0.28).point(
        step(0.25, 0.72)
    )


def _spine(
    rng: random.Random, top: Point, down: float, drift: float, *, smooth: bool
) -> list[Point]:
    x, y = top
    tall = max(1.0, down - y)
    if smooth:
        sway = rng.uniform(0.6, 1.3)
        return [
            (x + drift * (share * 1.6 + 0.35 * math.sin(share * 5 * sway)), y + tall * share)
            for share in (i / 24 for i in range(25))
        ]
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


def paint_mist(canvas: Canvas, y: float, tall: float, tint: Colour, strength: float) -> None:
    """A bank of mist across the picture, in pixels, thickest at `y`."""
    size = (canvas.width, max(4, round(tall)))
    bank = noise(canvas.rng, size, (3, 2), 3).point(step(0.15, 0.75, strength))
    canvas.lay(
        tint, ImageChops.multiply(fade(size, (0, 130, 255, 130, 0)), bank), (0, round(y - tall / 2))
    )


def paint_water(canvas: Canvas, top: int, sun: Sun, *, rough: float = 0.4) -> None:
    """Water from `top` down: the picture above upside down, broken by ripples, with glitter."""
    palette, rng = canvas.palette, canvas.rng
    width, tall = canvas.width, canvas.height - top
    above = canvas.image.crop((0, max(0, top - round(tall * 1.25)), width, top))
    mirror = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((width, tall))
    deep = blend(palette.sky[0], palette.near, 0.35)
    mirror = Image.composite(
        Image.new("RGB", mirror.size, deep), mirror, fade(mirror.size, (30, 158))
    )
    mirror = _ripple(canvas, mirror, rough)
    canvas.image.paste(mirror, (0, top))
    waves = noise(rng, (width, tall), (3, max(8, tall // 9)), 3)
    nearer = fade(waves.size, (64, 230))
    troughs = waves.point(step(0.56, 0.74, 0.25 + 0.5 * rough))
    crests = waves.point(curve(lambda value: max(0.0, 0.4 - value) * 1.6 * rough))
    canvas.lay(deep, ImageChops.multiply(troughs, nearer), (0, top))
    lit = blend(palette.glow, palette.sky[-1], 0.5)
    canvas.shine(lit, ImageChops.multiply(crests, nearer), (0, top))
    _glitter(canvas, top, sun)


def _ripple(canvas: Canvas, mirror: Image.Image, rough: float) -> Image.Image:
    width, tall = mirror.size
    rng = canvas.rng
    bands = []
    y, phase = 0.0, rng.random() * 9
    while y < tall:
        share = y / tall
        band = max(1.0, (1.0 + 5.0 * share) * canvas.unit)
        shift = (
            math.sin(phase)
            * (0.6 + 11 * share)
            * canvas.unit
            * (0.35 + rough)
            * rng.uniform(0.3, 1)
        )
        phase += rng.uniform(0.7, 1.7)
        low, high = int(y), min(tall, int(y + band) + 1)
        bands.append(
            (
                (0, low, width, high),
                (shift, low, shift, high, width + shift, high, width + shift, low),
            )
        )
        y += band
    wide = Image.new("RGB", (width, tall))
    wide.paste(mirror)
    moved = wide.transform((width, tall), Image.Transform.MESH, bands, Image.Resampling.NEAREST)
    # A shifted band bares the edge; the still picture under it hides that.
    bare = Image.new("L", (width, tall), 255).transform(
        (width, tall), Image.Transform.MESH, bands, Image.Resampling.NEAREST
    )
    wide.paste(moved, mask=bare)
    return wide


def _glitter(canvas: Canvas, top: int, sun: Sun) -> None:
    rng, unit = canvas.rng, canvas.unit
    tall = canvas.height - top
    sheet = Image.new("L", (canvas.width, tall))
    draw = ImageDraw.Draw(sheet)
    for _ in range(520):
        share = rng.random() ** 1.5
        y = share * tall
        spread = sun.radius * (0.45 + 2.0 * share)
        x = sun.x + rng.gauss(0, 0.6) * spread
        long = unit * (2 + 16 * share) * rng.uniform(0.3, 1.2)
        bright = round(255 * (1 - 0.75 * share) * rng.uniform(0.25, 1))
        draw.line(
            (x - long, y, x + long, y), fill=bright, width=max(1, round(unit * (0.6 + 1.4 * share)))
        )
    soft = sheet.filter(ImageFilter.GaussianBlur(0.7 * unit))
    canvas.shine(canvas.palette.glow, soft, (0, top))
    canvas.shine(
        blend(canvas.palette.light, canvas.palette.glow, 0.5),
        sheet.point(curve(lambda v: v * 0.6)),
        (0, top),
    )


def paint_dunes(canvas: Canvas, horizon: int, sun: Sun) -> None:
    """Four rows of dunes, each crest bright on the light's side and dark on the other."""
    palette = canvas.palette
    share = horizon / canvas.height
    for i in range(4):
        depth = i / 3
        low = share - 0.03 + depth * 0.13
        edge = skyline(canvas, low, low + 0.10 + 0.14 * depth, 4 - i, steep=0.7, rough=0.03)
        sand = blend(palette.haze, palette.near, 0.12 + 0.3 * depth)
        lit = blend(sand, palette.glow, 0.55 - 0.15 * depth)
        paint_mountains(
            canvas,
            edge,
            sun,
            (
                lit,
                blend(sand, palette.near, 0.15 + 0.3 * depth),
                blend(sand, palette.near, 0.2 + 0.4 * depth),
            ),
            smooth=True,
        )


def paint_town(canvas: Canvas, horizon: int) -> None:
    """Three rows of towers, the near ones dark with lit windows."""
    palette, rng, unit = canvas.palette, canvas.rng, canvas.unit
    window = blend((255, 214, 140), palette.glow, 0.3)
    for i in range(3):
        depth = i / 2
        tone = blend(palette.haze, palette.near, 0.25 + 0.65 * depth)
        mask = Image.new("L", (canvas.width * AA, horizon * AA))
        lights = Image.new("L", (canvas.width, horizon))
        draw, lamp = ImageDraw.Draw(mask), ImageDraw.Draw(lights)
        x = -20.0 * unit
        skyline = line(rng, 100, 2.5, 3, 0.6)
        while x < canvas.width:
            wide = unit * rng.uniform(22, 62) * (0.7 + 0.5 * depth)
            share = skyline[min(99, max(0, int(x / canvas.width * 99)))]
            tall = unit * (60 + 330 * share**1.6 * rng.uniform(0.55, 1.1)) * (1.05 - 0.35 * depth)
            _tower(rng, draw, x, horizon - tall, wide, unit, horizon)
            if i:
                _light(
                    rng, lamp, x, horizon - tall, wide, unit, horizon, 0.25 + 0.45 * palette.dark
                )
            x += wide * rng.uniform(0.8, 1.15)
        canvas.lay(
            gradient(
                (canvas.width, horizon),
                (tone, tone, blend(tone, palette.haze, 0.45 - 0.25 * depth)),
            ),
            mask.reduce(AA),
        )
        if i:
            canvas.shine(
                window,
                lights.filter(ImageFilter.GaussianBlur(3.5 * unit)).point(curve(lambda v: v * 1.6)),
            )
            canvas.lay(blend(window, WHITE, 0.25), lights)


def _tower(
    rng: random.Random,
    draw: ImageDraw.ImageDraw,
    x: float,
    y: float,
    wide: float,
    unit: float,
    foot: int,
) -> None:
    draw.rectangle((x * AA, y * AA, (x + wide) * AA, foot * AA), fill=255)
    style = rng.random()
    middle = x + wide / 2
    if style < 0.25:
        step_ = wide * 0.2
        draw.rectangle(
            ((x + step_) * AA, (y - 14 * unit) * AA, (x + wide - step_) * AA, y * AA), fill=255
        )
        draw.line(
            (middle * AA, (y - 52 * unit) * AA, middle * AA, y * AA),
            fill=255,
            width=round(2 * unit * AA),
        )
    elif style < 0.4:
        draw.polygon(
            [(x * AA, y * AA), ((x + wide) * AA, y * AA), ((x + wide) * AA, (y - wide * 0.5) * AA)],
            fill=255,
        )
    elif style < 0.5:
        draw.polygon(
            [(x * AA, y * AA), ((x + wide) * AA, y * AA), (middle * AA, (y - wide * 0.9) * AA)],
            fill=255,
        )


def _light(
    rng: random.Random,
    lamp: ImageDraw.ImageDraw,
    x: float,
    y: float,
    wide: float,
    unit: float,
    foot: int,
    share: float,
) -> None:
    pitch, size = 7.5 * unit, 3.2 * unit
    column = x + pitch * 0.6
    while column < x + wide - size:
        row = y + pitch
        while row < foot - pitch:
            if rng.random() < share * 0.6:
                lamp.rectangle(
                    (column, row, column + size * 0.8, row + size), fill=round(rng.uniform(90, 255))
                )
            row += pitch * 1.15
        column += pitch
