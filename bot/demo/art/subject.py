"""The one thing a picture is about, put on a mound where the light is."""

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from . import shapes
from .canvas import AA, Canvas, Point, curve, gradient, line, scaled
from .palettes import WHITE, Colour, blend, colour
from .sky import Sun
from .words import Motif

# Each with how high it stands, in thousandths of the picture's mean side.
SHAPES = {
    "fox": (shapes.fox, 270), "cat": (shapes.cat, 250),
    "lighthouse": (shapes.lighthouse, 400),
}  # fmt: skip
LAMP, COAT = colour("ffd27a"), colour("c2500f")


def paint_subject(canvas: Canvas, motif: Motif, sun: Sun, ground: Colour) -> None:
    """Paint what the prompt names, if it names anything."""
    if not motif.subject:
        return
    rng, palette, unit = canvas.rng, canvas.palette, canvas.unit
    x = min(0.76, max(0.24, sun.x / canvas.width + rng.uniform(-0.05, 0.05))) * canvas.width
    y = canvas.height * (0.87 if canvas.width >= canvas.height else 0.82)
    tall = SHAPES[motif.subject][1] * unit
    light = [(tall * 1.3, 0.5 - 0.15 * palette.dark)]
    canvas.glow((x, y - tall * 0.5), blend(palette.glow, palette.haze, 0.4), light)
    _mound(canvas, x, y, ground, snowy=motif.season == "snow")
    _put(canvas, motif, (x, y + 4 * unit), sun)


def _mound(canvas: Canvas, x: float, y: float, ground: Colour, *, snowy: bool) -> None:
    """A rise of the foreground with its crest at a point, grass along the edge."""
    rng, unit, palette = canvas.rng, canvas.unit, canvas.palette
    bumps = line(rng, 200, 6, 4, 0.5)

    def level(at: float) -> float:
        away = (at - x) / (0.62 * canvas.width)
        bump = bumps[min(199, max(0, int(at / canvas.width * 199)))] - 0.5
        drop = canvas.height * 0.13 * away * away
        return y + drop + bump * 26 * unit * min(1.0, abs(away) * 3)

    def grow_grass(draw: ImageDraw.ImageDraw, edge: list[Point]) -> None:
        size = unit * AA
        for _ in range(0 if snowy else round(canvas.width / unit * 0.42)):
            at, foot = rng.choice(edge)
            tip = (at + size * rng.uniform(-6, 6), foot - size * rng.uniform(5, 17))
            root = foot + 2 * size
            draw.polygon([(at - size, root), (at + size, root), tip], fill=255)

    top, foot = ground, blend(ground, palette.near, 0.8)
    if snowy:
        top = blend(blend(WHITE, palette.glow, 0.25), palette.haze, 0.25 + 0.25 * palette.dark)
        foot = blend(palette.haze, palette.cloud, 0.6)
    start = round(y - 40 * unit)
    fill = gradient((canvas.width, canvas.height - start), (top, blend(top, foot, 0.6), foot))
    edge = [(at, level(at)) for at in range(0, canvas.width + 4, 4)]
    canvas.raise_ground(edge, fill, start, grow_grass)


def _put(canvas: Canvas, motif: Motif, foot: Point, sun: Sun) -> None:
    """A silhouette with its foot at a point, its edge lit from the sun's side."""
    palette, name, unit = canvas.palette, motif.subject, canvas.unit
    shape, size = SHAPES[name]
    sheet = shapes.Sheet.of(max(8, round(size * unit)))
    shape(sheet)
    outline, accent = sheet.outline.reduce(AA), sheet.accent.reduce(AA)
    at = (round(foot[0] - outline.width / 2), round(foot[1] - outline.height))
    coat = blend(palette.near, COAT, 0.8 - 0.4 * palette.dark) if name == "fox" else palette.near
    canvas.lay(gradient(outline.size, (coat, coat, blend(palette.near, coat, 0.35))), outline, at)
    if name == "lighthouse":
        bloom = accent.filter(ImageFilter.GaussianBlur(9 * unit))
        canvas.shine(LAMP, bloom.point(curve(lambda v: v * 1.8)), at)
        _beam(canvas, (foot[0], foot[1] - size * unit * 0.88), sun)
    lamp = LAMP if name == "lighthouse" else palette.light
    canvas.lay(blend(lamp, WHITE, 0.1), accent.point(scaled(120 if name == "fox" else 245)), at)
    rim = max(1, round(1.6 * unit))
    moved = ImageChops.offset(outline, rim if sun.x < foot[0] else -rim, rim)
    canvas.shine(palette.glow, ImageChops.subtract(outline, moved).point(scaled(90)), at)


def _beam(canvas: Canvas, lamp: Point, sun: Sun) -> None:
    """The cone of light a lighthouse throws, away from the sun."""
    x, y = lamp
    side = 1 if sun.x < x else -1
    reach = canvas.width * 0.55
    mask = Image.new("L", canvas.image.size)
    draw = ImageDraw.Draw(mask)
    for part in range(40, 0, -1):  # the nearer to the lamp, the brighter
        far = reach * part / 40
        end = x + side * far
        cone = [(x, y - 2), (x, y + 2), (end, y + far * 0.10), (end, y - far * 0.16)]
        draw.polygon(cone, fill=round(110 * (1 - part / 40)))
    canvas.shine(LAMP, mask.filter(ImageFilter.BoxBlur(2 * canvas.unit)))
    canvas.glow(lamp, LAMP, [(60 * canvas.unit, 0.7), (18 * canvas.unit, 0.9)])
