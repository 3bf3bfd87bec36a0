"""The upper half: sky, stars, clouds, sun and moon, northern lights, nebulae and planets."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .canvas import Canvas, fade, gradient, halo, line, mask_of, noise, step
from .palettes import Colour, blend
from .words import Motif


@dataclass(frozen=True, slots=True)
class Sun:
    """The sun or the moon, in pixels."""

    x: float
    y: float
    radius: float


def paint_sky(canvas: Canvas, motif: Motif, horizon: int) -> Sun:
    """Fill the canvas with a sky whose brightest edge is at `horizon`; tell where its light is."""
    canvas.image.paste(gradient((canvas.width, horizon), canvas.palette.sky), (0, 0))
    canvas.image.paste(canvas.palette.sky[-1], (0, horizon, canvas.width, canvas.height))
    sun = _place_sun(canvas, motif, horizon)
    if motif.hour == "space":
        _paint_nebula(canvas)
    if canvas.palette.dark > 0.3:
        _paint_stars(canvas, horizon)
    if motif.aurora:
        _paint_aurora(canvas, horizon)
    if motif.hour == "space":
        _paint_planet(canvas, sun)
        return sun
    _paint_glow(canvas, sun)
    _paint_clouds(canvas, motif, sun, horizon)
    _paint_disc(canvas, motif, sun)
    return sun


def _place_sun(canvas: Canvas, motif: Motif, horizon: int) -> Sun:
    rng, unit = canvas.rng, canvas.unit
    x = canvas.width * rng.choice((rng.uniform(0.27, 0.42), rng.uniform(0.58, 0.73)))
    low = {"sunset": 0.80, "dawn": 0.80, "golden": 0.74, "dusk": 0.66, "mist": 0.62}
    share = low.get(motif.hour, 0.42) + rng.uniform(-0.06, 0.06)
    radius = unit * (rng.uniform(46, 70) if motif.hour != "day" else rng.uniform(30, 40))
    if motif.hour == "space":
        radius = unit * rng.uniform(150, 210)
    if motif.hour == "neon":
        share, radius = 0.72, unit * rng.uniform(130, 170)
    return Sun(x, horizon * share, radius)


def _paint_glow(canvas: Canvas, sun: Sun) -> None:
    day = 1 - 0.45 * canvas.palette.dark
    rings = [
        (sun.radius * reach, share * day) for reach, share in ((14, 0.38), (6, 0.42), (2.6, 0.55))
    ]
    canvas.glow((sun.x, sun.y), canvas.palette.glow, rings)


def _paint_disc(canvas: Canvas, motif: Motif, sun: Sun) -> None:
    size = round(sun.radius * 2) + 4
    middle = size / 2
    at = (round(sun.x - middle), round(sun.y - middle))

    def disc(draw: ImageDraw.ImageDraw, scale: float) -> None:
        near, far = (middle - sun.radius) * scale, (middle + sun.radius) * scale
        draw.ellipse((near, near, far, far), fill=255)

    mask = mask_of((size, size), disc)
    light, glow = canvas.palette.light, canvas.palette.glow
    if motif.hour == "neon":
        canvas.lay(
            gradient((size, size), (light, glow, blend(glow, canvas.palette.sky[-2], 0.6))),
            mask,
            at,
        )
        return
    canvas.lay(gradient((size, size), (light, blend(light, glow, 0.18))), mask, at)
    if canvas.palette.dark > 0.3:
        seas = noise(canvas.rng, (size, size), (3, 3), 3).point(step(0.5, 0.68, 0.22))
        canvas.lay(blend(light, canvas.palette.cloud, 0.7), ImageChops.multiply(mask, seas), at)


def _paint_stars(canvas: Canvas, horizon: int) -> None:
    rng, unit = canvas.rng, canvas.unit
    mask = Image.new("L", (canvas.width, horizon))
    draw = ImageDraw.Draw(mask)
    dot = max(1.0, unit)
    for _ in range(420):
        x, y = rng.random() * canvas.width, rng.random() ** 1.3 * horizon
        bright = round(
            (40 + 215 * rng.random() ** 3) * canvas.palette.dark * (1 - 0.7 * y / horizon)
        )
        size = dot * rng.choice((0.5, 0.5, 0.5, 1.0))
        draw.ellipse((x, y, x + size, y + size), fill=bright)
    band = noise(rng, mask.size, (2, 2), 5).point(step(0.5, 0.85, 0.16 * canvas.palette.dark))
    canvas.shine(blend(canvas.palette.glow, (255, 255, 255), 0.3), band)
    for _ in range(9):
        size = max(3, round(unit * rng.uniform(10, 22)))
        at = (round(rng.random() * canvas.width), round(rng.random() * horizon * 0.6))
        flare = halo(size, 230 * canvas.palette.dark)
        mask.paste(255, (at[0], at[1], at[0] + size, at[1] + size), flare)
    canvas.lay((255, 252, 244), mask)


def _paint_clouds(canvas: Canvas, motif: Motif, sun: Sun, horizon: int) -> None:
    rng, palette = canvas.rng, canvas.palette
    size = (canvas.width, horizon)
    cover = {"day": 0.52, "storm": 0.40, "mist": 0.60}.get(motif.hour, 0.54) + rng.uniform(
        -0.03, 0.05
    )
    across = max(1, round(3 * canvas.width / canvas.height))
    lift = round(7 * canvas.unit)
    wide = noise(rng, (size[0] + 2 * lift, size[1] + lift), (across, 5), 5)
    shape = wide.crop((lift, lift, lift + size[0], lift + size[1]))
    # What is thinner towards the light is lit; the same noise moved a little tells where.
    left = lift * (2 if sun.x > canvas.width / 2 else 0)
    lit = ImageChops.subtract(shape, wide.crop((left, 0, left + size[0], size[1])), 0.22, 90)
    colours = Image.composite(
        Image.new("RGB", size, blend(palette.glow, (255, 255, 255), 0.25)),
        gradient(size, (palette.cloud, blend(palette.cloud, palette.sky[-2], 0.6))),
        lit,
    )
    mask = shape.point(step(cover, cover + 0.22, 0.8 - 0.25 * palette.dark))
    # Thin overhead and at the very horizon, so that neither the zenith nor the sun is lost.
    mask = ImageChops.multiply(mask, fade(size, (60, 190, 255, 70)))
    canvas.lay(colours, mask)


def _paint_aurora(canvas: Canvas, horizon: int) -> None:
    rng = canvas.rng
    width, height = canvas.width // 6, horizon // 4
    for tint in ((60, 240, 170), (90, 200, 255), (190, 110, 255)):
        mask = Image.new("L", (width, height))
        draw = ImageDraw.Draw(mask)
        path, rays = line(rng, width, 2, 3, 0.5), line(rng, width, 26, 3, 0.7)
        for x in range(width):
            foot = height * (0.45 + 0.55 * path[x])
            tall = height * (0.35 + 0.35 * rays[x])
            for part in range(8):
                bright = round(190 * rays[x] ** 1.6 * (part / 8) ** 1.7)
                y = foot - tall + tall * part / 8
                draw.line((x, y, x, y + tall / 8), fill=bright)
        mask = mask.filter(ImageFilter.BoxBlur(0.9))
        canvas.shine(tint, mask.resize((canvas.width, horizon), Image.Resampling.BICUBIC))


def _paint_nebula(canvas: Canvas) -> None:
    rng, palette = canvas.rng, canvas.palette
    size = canvas.image.size
    across = max(1, round(2 * size[0] / size[1]))
    tints: tuple[tuple[Colour, float], ...] = (
        (palette.cloud, 1.0),
        (palette.sky[-1], 0.75),
        (palette.glow, 0.55),
        (palette.sky[-2], 0.9),
    )
    for tint, strength in tints:
        gas = noise(rng, size, (across, 2), 6).point(step(0.42, 0.78, strength))
        canvas.shine(tint, gas)
    dust = noise(rng, size, (across + 1, 3), 6).point(step(0.52, 0.72, 0.75))
    canvas.lay(palette.sky[0], dust)


def _paint_planet(canvas: Canvas, sun: Sun) -> None:
    rng, palette = canvas.rng, canvas.palette
    size = round(sun.radius * 2) + 4
    middle = size / 2
    at = (round(sun.x - middle), round(sun.y - middle))
    canvas.glow((sun.x, sun.y), palette.glow, [(sun.radius * 1.9, 0.6)])
    mask = mask_of(
        (size, size),
        lambda draw, scale: draw.ellipse(
            (2 * scale, 2 * scale, (size - 2) * scale, (size - 2) * scale), fill=255
        ),
    )
    bands = noise(rng, (size, size), (1, 9), 4)
    face = Image.composite(
        Image.new("RGB", (size, size), blend(palette.light, palette.glow, 0.35)),
        Image.new("RGB", (size, size), blend(palette.sky[-1], palette.cloud, 0.3)),
        bands.point(step(0.3, 0.7)),
    )
    # Night falls across it from one side: the shadow is a halo's rim moved off the middle.
    shadow = Image.radial_gradient("L").resize((round(size * 1.9),) * 2, Image.Resampling.BILINEAR)
    shadow = shadow.crop(
        (
            round(size * 0.62),
            round(size * 0.62),
            round(size * 0.62) + size,
            round(size * 0.62) + size,
        )
    )
    face.paste(palette.sky[0], mask=shadow.point(step(0.24, 0.74, 0.96)))
    canvas.lay(face, mask, at)
    _paint_ring(canvas, sun)


def _paint_ring(canvas: Canvas, sun: Sun) -> None:
    width, height = round(sun.radius * 4.4), round(sun.radius * 1.3)

    def ring(draw: ImageDraw.ImageDraw, scale: float) -> None:
        for share, fill in (
            (1.0, 90),
            (0.93, 150),
            (0.86, 60),
            (0.80, 190),
            (0.70, 110),
            (0.62, 0),
        ):
            w, h = width * share * scale, height * share * scale
            x, y = (width * scale - w) / 2, (height * scale - h) / 2
            draw.ellipse((x, y, x + w, y + h), fill=fill)
        # Behind the planet's upper half there is no ring to see.
        r = sun.radius * scale
        cx, cy = width * scale / 2, height * scale / 2
        draw.pieslice((cx - r, cy - r, cx + r, cy + r), 180, 360, fill=0)

    mask = mask_of((width, height), ring).rotate(14, Image.Resampling.BICUBIC, expand=True)
    at = (round(sun.x - mask.width / 2), round(sun.y - mask.height / 2))
    canvas.shine(blend(canvas.palette.light, canvas.palette.glow, 0.3), mask, at)
