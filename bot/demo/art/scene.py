"""The whole picture: which ground goes under which sky, from far to near."""

from __future__ import annotations

from .canvas import Canvas
from .land import heights, paint_dunes, paint_mist, paint_ridge
from .mountains import paint_mountains, skyline
from .palettes import WHITE, Colour, blend, colour
from .sky import Sun, paint_sky
from .subject import on_ground, paint_subject
from .town import paint_town
from .water import paint_water
from .words import Motif

HORIZONS = {"sea": 0.60, "lake": 0.62, "city": 0.68, "forest": 0.72, "space": 0.80}
SEASONS = {"autumn": (colour("bd4f16"), 0.52), "blossom": (colour("c96a8c"), 0.22)}
SUMMER = colour("3d7a3c")


def paint(canvas: Canvas, motif: Motif) -> None:
    """Fill the canvas with the motif, in the canvas's palette."""
    horizon = round(canvas.height * HORIZONS.get(motif.place, 0.66))
    sun = paint_sky(canvas, motif, horizon)
    {
        "mountain": _mountain,
        "lake": _lake,
        "sea": _sea,
        "forest": _forest,
        "meadow": _meadow,
        "desert": _desert,
        "city": _city,
        "space": _space,
    }[motif.place](canvas, motif, sun, horizon)
    paint_subject(canvas, motif, sun, horizon, _ground(canvas, motif, 0.95))


def _ground(canvas: Canvas, motif: Motif, depth: float) -> Colour:
    """The colour of wood and meadow; `depth` 0 is far, 1 near."""
    p = canvas.palette
    air = blend(p.haze, p.near, depth)
    if motif.season in SEASONS:
        tint, share = SEASONS[motif.season]
        return blend(air, blend(tint, p.near, 0.55 * depth), share * (1 - 0.6 * p.dark))
    if motif.hour in ("day", "golden", "dawn") and motif.place in ("meadow", "forest"):
        return blend(air, blend(SUMMER, p.near, 0.45 * depth), 0.42 * (1 - p.dark))
    return air


def _snowfield(canvas: Canvas, depth: float) -> tuple[Colour, Colour]:
    """The colours of snow on the ground, top and foot."""
    p = canvas.palette
    top = blend(blend(WHITE, p.glow, 0.25), p.haze, 0.25 + 0.25 * p.dark + 0.15 * (1 - depth))
    return top, blend(blend(p.haze, p.cloud, 0.5), WHITE, 0.2 * (1 - p.dark))


def _woods(
    canvas: Canvas,
    motif: Motif,
    low: float,
    high: float,
    waves: float,
    depth: float,
    *,
    trees: float,
    gaps: float = 0.0,
    kind: str = "conifer",
) -> None:
    """A wooded ridge between two shares of the height, under snow in winter."""
    ys = heights(canvas, low, high, waves, 0.4)
    if motif.season in ("autumn", "blossom"):
        kind = "crown"
    # Mist gathers at the foot of what is far; what is near only gets darker.
    top, foot = _ground(canvas, motif, depth), _ground(canvas, motif, depth * 0.75)
    if depth > 0.8:
        foot = blend(top, canvas.palette.near, 0.7)
    paint_ridge(canvas, ys, top, foot, trees=trees, gaps=gaps, kind=kind)
    if motif.season == "snow":
        paint_ridge(canvas, [y + 3 * canvas.unit for y in ys], *_snowfield(canvas, depth))


def _rock(canvas: Canvas, depth: float) -> tuple[Colour, Colour, Colour]:
    """Lit, shaded and foot colours of rock; `depth` 0 is far, 1 near."""
    p = canvas.palette
    shade = blend(p.haze, p.near, depth)
    lit = blend(blend(shade, p.glow, 0.42), p.haze, 0.2)
    return lit, shade, blend(p.haze, p.near, depth * 0.25)


def _mist(canvas: Canvas, share: float, tall: float, strength: float) -> None:
    tint = blend(canvas.palette.haze, canvas.palette.glow, 0.38)
    paint_mist(canvas, canvas.height * share, canvas.height * tall, tint, strength)


def _mountain(canvas: Canvas, motif: Motif, sun: Sun, horizon: int) -> None:
    snow = 0.95 if motif.season == "snow" else 0.62
    paint_mountains(
        canvas, skyline(canvas, 0.40, 0.66, 5), sun, _rock(canvas, 0.16), snow, until=0.82
    )
    paint_mountains(
        canvas, skyline(canvas, 0.30, 0.80, 3), sun, _rock(canvas, 0.42), snow, until=0.82
    )
    _mist(canvas, 0.72, 0.24, 0.75)
    _woods(canvas, motif, 0.68, 0.78, 2.5, 0.5, trees=26)
    _mist(canvas, 0.82, 0.16, 0.6)
    if not on_ground(motif):
        _woods(canvas, motif, 0.78, 0.90, 1.6, 0.88, trees=62)


def _lake(canvas: Canvas, motif: Motif, sun: Sun, horizon: int) -> None:
    snow = 0.95 if motif.season == "snow" else 0.55
    h = horizon / canvas.height
    paint_mountains(
        canvas, skyline(canvas, h - 0.22, h, 5), sun, _rock(canvas, 0.18), snow, until=h
    )
    paint_mountains(
        canvas, skyline(canvas, h - 0.32, h + 0.06, 3), sun, _rock(canvas, 0.42), snow, until=h
    )
    _mist(canvas, h, 0.12, 0.7)
    _woods(canvas, motif, h - 0.03, h + 0.01, 2.2, 0.66, trees=34, gaps=0.3)
    paint_water(canvas, horizon, sun, rough=0.25)


def _sea(canvas: Canvas, motif: Motif, sun: Sun, horizon: int) -> None:
    p = canvas.palette
    h = horizon / canvas.height
    island = heights(canvas, h - 0.06, h + 0.06, 2.0, 0.45)
    paint_ridge(canvas, island, blend(p.haze, p.sky[-2], 0.4), p.haze)
    paint_water(canvas, horizon, sun, rough=0.8)


def _forest(canvas: Canvas, motif: Motif, sun: Sun, horizon: int) -> None:
    layers = 3 if on_ground(motif) else 5
    for i in range(layers):
        depth = i / 4
        base = 0.50 + 0.40 * depth**1.1
        tall = 50 + 190 * depth**1.4
        _woods(canvas, motif, base - 0.04, base + 0.05, 2.0, 0.15 + 0.85 * depth, trees=tall)
        if i < 4:
            _mist(canvas, base + 0.10, 0.20, 0.6)


def _meadow(canvas: Canvas, motif: Motif, sun: Sun, horizon: int) -> None:
    for i, trees in enumerate((14, 18, 30, 0, 0)):
        depth = i / 4
        base = 0.60 + 0.28 * depth
        _woods(
            canvas,
            motif,
            base - 0.05,
            base + 0.05,
            1.2,
            0.15 + 0.7 * depth,
            trees=trees,
            gaps=0.55,
            kind="crown",
        )


def _desert(canvas: Canvas, motif: Motif, sun: Sun, horizon: int) -> None:
    paint_dunes(canvas, horizon, sun)


def _city(canvas: Canvas, motif: Motif, sun: Sun, horizon: int) -> None:
    paint_town(canvas, horizon, sun)
    paint_water(canvas, horizon, sun, rough=0.5)


def _space(canvas: Canvas, motif: Motif, sun: Sun, horizon: int) -> None:
    paint_mountains(canvas, skyline(canvas, 0.70, 0.90, 5), sun, _rock(canvas, 0.5))
    paint_mountains(canvas, skyline(canvas, 0.76, 1.00, 4), sun, _rock(canvas, 0.85))
