"""Sky and water: stars, clouds, sun and moon, and what lies below them upside down."""

import math
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .canvas import AA, Canvas, curve, fade, gradient, noise, step
from .palettes import WHITE, blend
from .words import Motif


@dataclass(frozen=True, slots=True)
class Sun:
    """The sun or the moon, in pixels."""

    x: float
    y: float
    radius: float


def paint_sky(canvas: Canvas, motif: Motif, horizon: int) -> Sun:
    """Fill the canvas with a sky whose brightest edge is at `horizon`; tell where its light is."""
    rng = canvas.rng
    canvas.image.paste(gradient((canvas.width, horizon), canvas.palette.sky), (0, 0))
    canvas.image.paste(canvas.palette.sky[-1], (0, horizon, canvas.width, canvas.height))
    low = {"sunset": 0.80, "dawn": 0.80, "golden": 0.74, "dusk": 0.66, "mist": 0.62}
    sun = Sun(
        canvas.width * rng.choice((rng.uniform(0.27, 0.42), rng.uniform(0.58, 0.73))),
        horizon * (low.get(motif.hour, 0.42) + rng.uniform(-0.06, 0.06)),
        canvas.unit * rng.uniform(34, 66),
    )
    if canvas.palette.dark > 0.3:
        _paint_stars(canvas, horizon)
    day = 1 - 0.45 * canvas.palette.dark
    rings = [(sun.radius * far, day * share) for far, share in ((14, 0.38), (6, 0.42), (2.6, 0.55))]
    canvas.glow((sun.x, sun.y), canvas.palette.glow, rings)
    _paint_clouds(canvas, motif, sun, horizon)
    _paint_disc(canvas, sun)
    return sun


def _paint_disc(canvas: Canvas, sun: Sun) -> None:
    size = round(sun.radius * 2) + 4
    mask = Image.new("L", (size * AA, size * AA))
    ImageDraw.Draw(mask).ellipse((2 * AA, 2 * AA, (size - 2) * AA, (size - 2) * AA), fill=255)
    light, glow = canvas.palette.light, canvas.palette.glow
    at = (round(sun.x - size / 2), round(sun.y - size / 2))
    canvas.lay(gradient((size, size), (light, blend(light, glow, 0.18))), mask.reduce(AA), at)


def _paint_stars(canvas: Canvas, horizon: int) -> None:
    rng, unit = canvas.rng, canvas.unit
    mask = Image.new("L", (canvas.width, horizon))
    draw = ImageDraw.Draw(mask)
    dot = max(1.0, unit)
    for _ in range(420):
        x, y = rng.random() * canvas.width, rng.random() ** 1.3 * horizon
        bright = (40 + 215 * rng.random() ** 3) * canvas.palette.dark * (1 - 0.7 * y / horizon)
        size = dot * rng.choice((0.5, 0.5, 0.5, 1.0))
        draw.ellipse((x, y, x + size, y + size), fill=round(bright))
    canvas.lay((255, 252, 244), mask)


def _paint_clouds(canvas: Canvas, motif: Motif, sun: Sun, horizon: int) -> None:
    rng, palette = canvas.rng, canvas.palette
    size = (canvas.width, horizon)
    cover = (0.60 if motif.hour == "mist" else 0.54) + rng.uniform(-0.03, 0.05)
    across = max(1, round(3 * canvas.width / canvas.height))
    lift = round(7 * canvas.unit)
    wide = noise(rng, (size[0] + 2 * lift, size[1] + lift), (across, 5), 5)
    shape = wide.crop((lift, lift, lift + size[0], lift + size[1]))
    # What is thinner towards the light is lit; the same noise moved a little tells where.
    left = lift * (2 if sun.x > canvas.width / 2 else 0)
    lit = ImageChops.subtract(shape, wide.crop((left, 0, left + size[0], size[1])), 0.22, 90)
    colours = Image.composite(
        Image.new("RGB", size, blend(palette.glow, WHITE, 0.25)),
        gradient(size, (palette.cloud, blend(palette.cloud, palette.sky[-2], 0.6))),
        lit,
    )
    mask = shape.point(step(cover, cover + 0.22, 0.8 - 0.25 * palette.dark))
    # Thin overhead and at the very horizon, so that neither the zenith nor the sun is lost.
    mask = ImageChops.multiply(mask, fade(size, (60, 190, 255, 70)))
    canvas.lay(colours, mask)


def paint_water(canvas: Canvas, top: int, sun: Sun, *, rough: float = 0.4) -> None:
    """Water from `top` down: the picture above upside down, broken by ripples, with glitter."""
    palette, rng = canvas.palette, canvas.rng
    width, tall = canvas.width, canvas.height - top
    above = canvas.image.crop((0, max(0, top - round(tall * 1.25)), width, top))
    mirror = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((width, tall))
    deep = blend(palette.sky[0], palette.near, 0.35)
    mirror.paste(deep, mask=fade(mirror.size, (30, 158)))
    _ripple(canvas, mirror, rough)
    canvas.image.paste(mirror, (0, top))
    waves = noise(rng, (width, tall), (3, max(8, tall // 9)), 3)
    nearer = fade(waves.size, (64, 230))
    troughs = waves.point(step(0.56, 0.74, 0.25 + 0.5 * rough))
    crests = waves.point(curve(lambda value: max(0.0, 0.4 - value) * 1.6 * rough))
    canvas.lay(deep, ImageChops.multiply(troughs, nearer), (0, top))
    lit = blend(palette.glow, palette.sky[-1], 0.5)
    canvas.lay(lit, ImageChops.multiply(crests, nearer), (0, top))
    _glitter(canvas, top, sun)


def _ripple(canvas: Canvas, mirror: Image.Image, rough: float) -> None:
    """Shift bands of the mirrored picture to and fro, wider ones the nearer they are."""
    rng, unit = canvas.rng, canvas.unit
    y, phase = 0.0, rng.random() * 9
    while y < mirror.height:
        share = y / mirror.height
        band = max(1.0, (1.0 + 5.0 * share) * unit)
        sway = (0.6 + 11 * share) * unit * (0.35 + rough) * rng.uniform(0.3, 1)
        strip = mirror.crop((0, int(y), mirror.width, int(y + band) + 1))
        mirror.paste(strip, (round(math.sin(phase) * sway), int(y)))
        phase += rng.uniform(0.7, 1.7)
        y += band


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
        thick = max(1, round(unit * (0.6 + 1.4 * share)))
        draw.line((x - long, y, x + long, y), fill=bright, width=thick)
    light = blend(canvas.palette.light, canvas.palette.glow, 0.6)
    canvas.lay(light, sheet.filter(ImageFilter.BoxBlur(0.6 * unit)), (0, top))
