"""Still and rough water: what stands above it upside down, ripples, the sun's road."""

from __future__ import annotations

import math

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .canvas import Canvas, curve, fade, noise, step
from .palettes import blend
from .sky import Sun


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
    canvas.lay(lit, ImageChops.multiply(crests, nearer), (0, top))
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
    light = blend(canvas.palette.light, canvas.palette.glow, 0.6)
    canvas.lay(light, sheet.filter(ImageFilter.BoxBlur(0.6 * unit)), (0, top))
