"""The whole picture: which ground goes under which sky, from far to near."""

from .canvas import Canvas
from .land import heights, paint_mist, paint_mountains, paint_ridge
from .palettes import WHITE, Colour, blend, colour
from .sky import Sun, paint_sky, paint_water
from .subject import paint_subject
from .words import Motif

HORIZONS = {"sea": 0.60, "lake": 0.62, "forest": 0.72, "mountain": 0.66}
AUTUMN, SUMMER = colour("bd4f16"), colour("3d7a3c")


def paint(canvas: Canvas, motif: Motif) -> None:
    """Fill the canvas with the motif, in the canvas's palette."""
    horizon = round(canvas.height * HORIZONS[motif.place])
    sun = paint_sky(canvas, motif, horizon)
    if motif.place == "forest":
        _forest(canvas, motif)
    elif motif.place == "mountain":
        _mountain(canvas, motif, sun)
    else:
        _shore(canvas, motif, sun, horizon / canvas.height)
        paint_water(canvas, horizon, sun, rough=0.8 if motif.place == "sea" else 0.25)
    paint_subject(canvas, motif, sun, _ground(canvas, motif, 0.95))


def _ground(canvas: Canvas, motif: Motif, depth: float) -> Colour:
    """The colour of wood and meadow; `depth` 0 is far, 1 near."""
    p = canvas.palette
    air = blend(p.haze, p.near, depth)
    if motif.season == "autumn":
        return blend(air, blend(AUTUMN, p.near, 0.55 * depth), 0.52 * (1 - 0.6 * p.dark))
    if motif.hour in ("day", "golden", "dawn") and motif.place == "forest":
        return blend(air, blend(SUMMER, p.near, 0.45 * depth), 0.42 * (1 - p.dark))
    return air


def _woods(
    canvas: Canvas, motif: Motif, base: float, rise: float, depth: float, trees: float
) -> None:
    """A wooded ridge `rise` of the height high, under snow in winter; `trees` in units."""
    p = canvas.palette
    ys = heights(canvas, base - rise, base, 2.0, 0.4)
    # Mist gathers at the foot of what is far; what is near only gets darker.
    top, foot = _ground(canvas, motif, depth), _ground(canvas, motif, depth * 0.75)
    if depth > 0.8:
        foot = blend(top, p.near, 0.7)
    paint_ridge(canvas, ys, top, foot, trees)
    if motif.season == "snow":
        lit = blend(WHITE, p.glow, 0.25)
        top = blend(lit, p.haze, 0.25 + 0.25 * p.dark + 0.15 * (1 - depth))
        foot = blend(blend(p.haze, p.cloud, 0.5), WHITE, 0.2 * (1 - p.dark))
        paint_ridge(canvas, [y + 3 * canvas.unit for y in ys], top, foot)


def _mist(canvas: Canvas, share: float, tall: float, strength: float) -> None:
    tint = blend(canvas.palette.haze, canvas.palette.glow, 0.38)
    paint_mist(canvas, canvas.height * share, canvas.height * tall, tint, strength)


def _mountain(canvas: Canvas, motif: Motif, sun: Sun) -> None:
    snow = 0.95 if motif.season == "snow" else 0.62
    paint_mountains(canvas, sun, (0.40, 0.66), 5, 0.16, snow, until=0.82)
    paint_mountains(canvas, sun, (0.30, 0.80), 3, 0.42, snow, until=0.82)
    _mist(canvas, 0.72, 0.24, 0.75)
    _woods(canvas, motif, 0.78, 0.10, 0.5, 26)
    _mist(canvas, 0.82, 0.16, 0.6)
    if not motif.subject:
        _woods(canvas, motif, 0.90, 0.12, 0.88, 62)


def _shore(canvas: Canvas, motif: Motif, sun: Sun, h: float) -> None:
    """What stands beyond the water: an island in the sea, mountains and woods at a lake."""
    p = canvas.palette
    if motif.place == "sea":
        island = heights(canvas, h - 0.06, h + 0.06, 2.0, 0.45)
        paint_ridge(canvas, island, blend(p.haze, p.sky[-2], 0.4), p.haze)
        return
    snow = 0.95 if motif.season == "snow" else 0.55
    paint_mountains(canvas, sun, (h - 0.22, h), 5, 0.18, snow, until=h)
    paint_mountains(canvas, sun, (h - 0.32, h + 0.06), 3, 0.42, snow, until=h)
    _mist(canvas, h, 0.12, 0.7)
    _woods(canvas, motif, h + 0.01, 0.04, 0.66, 34)


def _forest(canvas: Canvas, motif: Motif) -> None:
    for i in range(3 if motif.subject else 5):
        depth = i / 4
        base = 0.50 + 0.40 * depth**1.1
        _woods(canvas, motif, base + 0.05, 0.09, 0.15 + 0.85 * depth, 50 + 190 * depth**1.4)
        if i < 4:
            _mist(canvas, base + 0.10, 0.20, 0.6)
