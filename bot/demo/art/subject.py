"""The one thing a picture is about, put where the light is: on a mound, at sea, in the air."""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from . import animals, things
from .canvas import AA, Canvas, curve, gradient, line, scaled
from .palettes import WHITE, Colour, blend, colour
from .sheet import Sheet
from .sky import Sun
from .words import Motif

SHAPES: dict[str, Callable[[Sheet, random.Random], None]] = {
    "fox": animals.fox, "cat": animals.cat, "wolf": animals.wolf, "deer": animals.deer,
    "birds": animals.birds, "ship": things.ship, "lighthouse": things.lighthouse,
    "castle": things.castle, "house": things.house, "tree": things.tree,
    "balloon": things.balloon,
}  # fmt: skip
# How high the unit of a shape stands, in thousandths of the picture's mean side.
SIZES = {
    "fox": 270, "cat": 250, "wolf": 280, "deer": 270, "ship": 270, "lighthouse": 400,
    "castle": 380, "house": 300, "tree": 430, "balloon": 170, "birds": 300,
}  # fmt: skip
ALOFT = ("balloon", "birds")
LAMP = colour("ffd27a")
SUMMER_LEAF = colour("4f8f3a")
LEAVES = {"autumn": colour("e2761f"), "blossom": colour("f2a3bd"), "snow": colour("e9f0f6")}
COATS = {"fox": (colour("c2500f"), 0.8)}


def on_ground(motif: Motif) -> bool:
    """Whether the subject needs a mound to stand on, and light behind it."""
    return bool(motif.subject) and motif.subject != "ship" and motif.subject not in ALOFT


def paint_subject(canvas: Canvas, motif: Motif, sun: Sun, horizon: int, ground: Colour) -> None:
    """Paint what the prompt names; without a name, now and then a few birds."""
    rng = canvas.rng
    name = motif.subject
    if not name:
        if canvas.palette.dark < 0.3 and rng.random() < 0.45:
            _put(canvas, "birds", (sun.x, horizon * 0.62), 190, sun, motif)
        return
    size = SIZES[name]
    if name == "ship":
        _sail(canvas, sun, horizon, motif)
    elif name == "balloon":
        for share, x, y in ((0.45, 0.24, 0.40), (0.62, 0.82, 0.52), (1.35, 0.56, 0.66)):
            at = (
                canvas.width * (x + rng.uniform(-0.06, 0.06)),
                horizon * (y + rng.uniform(-0.08, 0.08)),
            )
            _put(canvas, name, at, size * share, sun, motif)
    elif name == "birds":
        _put(canvas, name, (sun.x, horizon * 0.85), size, sun, motif)
    else:
        _stand(canvas, name, size, sun, motif, ground)


def _stand(canvas: Canvas, name: str, size: float, sun: Sun, motif: Motif, ground: Colour) -> None:
    rng, palette = canvas.rng, canvas.palette
    x = min(0.76, max(0.24, sun.x / canvas.width + rng.uniform(-0.05, 0.05))) * canvas.width
    y = canvas.height * (0.87 if canvas.width >= canvas.height else 0.82)
    tall = size * canvas.unit
    canvas.glow(
        (x, y - tall * 0.5),
        blend(palette.glow, palette.haze, 0.4),
        [(tall * 1.3, 0.5 - 0.15 * palette.dark)],
    )
    _mound(canvas, x, y, ground, motif)
    _put(canvas, name, (x, y + 4 * canvas.unit), size, sun, motif)


def _mound(canvas: Canvas, x: float, y: float, ground: Colour, motif: Motif) -> None:
    """A rise of the foreground with its crest at a point, grass along the edge."""
    rng, unit, palette = canvas.rng, canvas.unit, canvas.palette
    snowy = motif.season == "snow"
    bare = snowy or motif.place == "desert"
    bumps = line(rng, 200, 6, 4, 0.5)
    drop = canvas.height * 0.13

    def level(at: float) -> float:
        away = (at - x) / (0.62 * canvas.width)
        bump = bumps[min(199, max(0, int(at / canvas.width * 199)))] - 0.5
        return y + drop * away * away + bump * 26 * unit * min(1.0, abs(away) * 3)

    edge = [(at, level(at)) for at in range(0, canvas.width + 4, 4)]

    def grow_grass(draw: ImageDraw.ImageDraw, edge: list[tuple[float, float]]) -> None:
        size = unit * AA
        for _ in range(0 if bare else round(canvas.width / unit * 0.42)):
            at, foot = rng.choice(edge)
            long, lean = size * rng.uniform(5, 17), size * rng.uniform(-6, 6)
            blade = [
                (at - size, foot + 2 * size),
                (at + size, foot + 2 * size),
                (at + lean, foot - long),
            ]
            draw.polygon(blade, fill=255)

    top, foot_colour = ground, blend(ground, palette.near, 0.8)
    if snowy:
        top = blend(blend(WHITE, palette.glow, 0.25), palette.haze, 0.25 + 0.25 * palette.dark)
        foot_colour = blend(palette.haze, palette.cloud, 0.6)
    start = round(y - 40 * unit)
    size = (canvas.width, canvas.height - start)
    fill = gradient(size, (top, blend(top, foot_colour, 0.6), foot_colour))
    canvas.raise_ground(edge, fill, start, grow_grass)


def _put(
    canvas: Canvas, name: str, foot: tuple[float, float], size: float, sun: Sun, motif: Motif
) -> None:
    """A silhouette with its foot at a point, its edge lit from the sun's side."""
    palette = canvas.palette
    sheet = Sheet.of(max(8, round(size * canvas.unit)))
    SHAPES[name](sheet, canvas.rng)
    outline, accent = sheet.outline.reduce(AA), sheet.accent.reduce(AA)
    if sun.x > foot[0] and name in ("wolf", "deer"):
        outline, accent = (m.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for m in (outline, accent))
    at = (round(foot[0] - outline.width / 2), round(foot[1] - outline.height))
    tint, share = COATS.get(name, (palette.near, 0.0))
    coat = blend(palette.near, tint, share * (1 - 0.5 * palette.dark))
    canvas.lay(gradient(outline.size, (coat, coat, blend(palette.near, coat, 0.35))), outline, at)
    if name in ("house", "castle", "lighthouse"):
        bloom = accent.filter(ImageFilter.GaussianBlur(9 * canvas.unit)).point(
            curve(lambda v: v * 1.8)
        )
        canvas.shine(LAMP, bloom, at)
    canvas.lay(_accent(canvas, name, motif, accent.size), accent.point(scaled(_strength(name))), at)
    rim = max(1, round(1.6 * canvas.unit))
    side = rim if sun.x < foot[0] else -rim
    edge = ImageChops.subtract(outline, ImageChops.offset(outline, side, rim))
    canvas.shine(palette.glow, edge.point(scaled(90)), at)
    if name == "lighthouse":
        _beam(canvas, (foot[0], foot[1] - size * canvas.unit * 0.88), sun)


def _strength(name: str) -> float:
    return 120 if name == "fox" else 245


def _accent(canvas: Canvas, name: str, motif: Motif, size: tuple[int, int]) -> Image.Image:
    """What a shape's pale parts are filled with."""
    palette = canvas.palette
    if name == "tree":
        leaf = LEAVES.get(motif.season, blend(palette.near, SUMMER_LEAF, 0.45))
        leaf = blend(leaf, palette.near, 0.35 * palette.dark)
        return gradient(
            size, (blend(leaf, palette.glow, 0.35), leaf, leaf, blend(leaf, palette.near, 0.6))
        )
    if name == "balloon":
        cloth = canvas.rng.choice(("d9482b", "e08a1e", "2f7f8f", "b03a5b", "e0b02a"))
        return gradient(
            size,
            (
                blend(colour(cloth), palette.light, 0.3),
                colour(cloth),
                blend(colour(cloth), palette.near, 0.3),
            ),
        )
    if name in ("fox", "cat"):
        return gradient(size, (palette.light, palette.light))
    return gradient(size, (blend(LAMP, WHITE, 0.2), LAMP))


def _sail(canvas: Canvas, sun: Sun, horizon: int, motif: Motif) -> None:
    """A ship a little below the horizon, and its broken likeness in the water."""
    rng, unit = canvas.rng, canvas.unit
    x = min(0.8, max(0.2, sun.x / canvas.width + rng.choice((-0.10, 0.10)))) * canvas.width
    foot = horizon + 0.05 * canvas.height
    size = SIZES["ship"]
    _put(canvas, "ship", (x, foot), size, sun, motif)
    sheet = Sheet.of(round(size * unit))
    SHAPES["ship"](sheet, rng)
    likeness = sheet.outline.reduce(AA).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    likeness = likeness.resize((likeness.width, round(likeness.height * 0.7)))
    likeness = likeness.filter(ImageFilter.BoxBlur(1.5 * unit)).point(scaled(130))
    draw = ImageDraw.Draw(likeness)
    y = 4 * unit
    while y < likeness.height:
        draw.line(
            (0, y, likeness.width, y), fill=0, width=max(1, round(unit * rng.uniform(0.6, 2.2)))
        )
        y += unit * rng.uniform(3, 8)
    canvas.lay(canvas.palette.near, likeness, (round(x - likeness.width / 2), round(foot)))


def _beam(canvas: Canvas, lamp: tuple[float, float], sun: Sun) -> None:
    """The cone of light a lighthouse throws, away from the sun."""
    reach = canvas.width * 0.55 * (1 if sun.x < lamp[0] else -1)
    mask = Image.new("L", canvas.image.size)
    x, y = lamp
    ImageDraw.Draw(mask).polygon(
        [
            (x, y - 2),
            (x, y + 2),
            (x + reach, y + abs(reach) * 0.10),
            (x + reach, y - abs(reach) * 0.16),
        ],
        fill=110,
    )
    fall = gradient((canvas.height, abs(round(reach))), ((255, 255, 255), (0, 0, 0))).convert("L")
    fall = fall.transpose(Image.Transpose.ROTATE_90 if reach > 0 else Image.Transpose.ROTATE_270)
    sheet = Image.new("L", mask.size)
    sheet.paste(fall, (round(x) if reach > 0 else round(x + reach), 0))
    mask = ImageChops.multiply(mask, sheet).filter(ImageFilter.BoxBlur(2 * canvas.unit))
    canvas.shine(LAMP, mask)
    canvas.glow(lamp, LAMP, [(60 * canvas.unit, 0.7), (18 * canvas.unit, 0.9)])
