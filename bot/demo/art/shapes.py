"""Silhouettes: outlines on a square of side 1 that stands on its lower edge.

x runs to the right from the middle, y up from the ground; a little more than the square is seen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from PIL import Image, ImageDraw

from .canvas import AA, Point, spline


@dataclass(slots=True)
class Sheet:
    """Masks of one silhouette: its outline, and what on it is pale (a tail's tip, a lit window)."""

    outline: Image.Image
    accent: Image.Image
    side: float  # pixels of the unit, before averaging down

    @classmethod
    def of(cls, side: int) -> Self:
        """Empty masks, twice as wide as the unit and half again as high."""
        size = (side * 2 * AA, side * 3 // 2 * AA)
        return cls(Image.new("L", size), Image.new("L", size), side * AA)

    def at(self, points: Sequence[Point]) -> list[Point]:
        foot, middle = self.outline.height, self.outline.width / 2
        return [(middle + x * self.side, foot - y * self.side) for x, y in points]

    def shape(self, points: Sequence[Point], fill: int = 255, *, accent: bool = False) -> None:
        """A polygon as it stands."""
        self._draw(accent).polygon(self.at(points), fill=fill)

    def smooth(self, points: Sequence[Point]) -> None:
        """A closed shape through the points, round everywhere."""
        self.shape(spline([*points, *points[:3]])[:-1])

    def box(self, left: float, low: float, right: float, high: float, fill: int = 0) -> None:
        """A rectangle; with a `fill` it is a lit one."""
        corners = [(left, low), (right, low), (right, high), (left, high)]
        self.shape(corners, fill or 255, accent=bool(fill))

    def stroke(
        self, points: Sequence[Point], thick: Sequence[float], *, accent: bool = False
    ) -> None:
        """A brush drawn through the points; `thick` are its widths along the way."""
        path = spline([points[0], *points, points[-1]])
        left, right, radii = [], [], []
        for i, (x, y) in enumerate(path):
            share = i / (len(path) - 1) * (len(thick) - 1)
            k = min(int(share), len(thick) - 2)
            radii.append((thick[k] + (thick[k + 1] - thick[k]) * (share - k)) / 2)
            (x0, y0), (x1, y1) = path[max(0, i - 1)], path[min(len(path) - 1, i + 1)]
            long = math.hypot(x1 - x0, y1 - y0) or 1.0
            across = ((y0 - y1) / long * radii[i], (x1 - x0) / long * radii[i])
            left.append((x + across[0], y + across[1]))
            right.append((x - across[0], y - across[1]))
        self.shape([*left, *reversed(right)], accent=accent)
        for (x, y), r in ((path[0], radii[0]), (path[-1], radii[-1])):
            box = [*self.at([(x - r, y + r)]), *self.at([(x + r, y - r)])]
            self._draw(accent).ellipse(box, fill=255)

    def _draw(self, accent: bool) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.accent if accent else self.outline)


def path(text: str) -> list[Point]:
    """Points from "x,y x,y ..."."""
    pairs = (pair.split(",") for pair in text.split())
    return [(float(x), float(y)) for x, y in pairs]


def mirrored(half: str) -> list[Point]:
    """A symmetrical outline from its right half, given from the top down."""
    right = path(half)
    return [*right, *((-x, y) for x, y in reversed(right) if x)]


def cat(sheet: Sheet) -> None:
    """From behind, looking at what we look at."""
    sheet.smooth(mirrored("0,.60 .10,.57 .145,.47 .165,.37 .215,.24 .25,.11 .215,.005 0,-.02"))
    sheet.smooth(mirrored("0,.80 .10,.79 .155,.70 .135,.60 .06,.53 0,.52"))
    for side in (-1, 1):
        sheet.shape([(side * x, y) for x, y in path(".045,.77 .132,.945 .152,.70")])
        ear = path(".03,.77 .09,.87 .135,.93 .15,.82 .145,.68")
        sheet.smooth([(side * x, y) for x, y in ear])
    tail = path(".12,.05 .30,.03 .43,.08 .48,.20 .43,.30 .38,.27")
    sheet.stroke(tail, [0.085, 0.075, 0.06, 0.045])


def fox(sheet: Sheet) -> None:
    """From behind, its brush curled beside it, the tip pale."""
    sheet.smooth(mirrored("0,.62 .09,.585 .125,.50 .135,.40 .18,.26 .225,.12 .195,.005 0,-.02"))
    sheet.smooth(mirrored("0,.78 .075,.77 .13,.70 .185,.615 .10,.57 0,.52"))
    for side in (-1, 1):
        sheet.shape([(side * x, y) for x, y in path(".012,.75 .125,.99 .155,.66")])
        inner = path(".065,.79 .118,.93 .135,.74")
        sheet.shape([(side * x, y) for x, y in inner], 150, accent=True)
    brush = path(".08,.06 .26,.05 .42,.09 .53,.21 .55,.36 .50,.47")
    sheet.stroke(brush, [0.08, 0.15, 0.19, 0.185, 0.13, 0.02])
    sheet.stroke(path(".553,.33 .55,.38 .50,.47"), [0.11, 0.10, 0.02], accent=True)


def lighthouse(sheet: Sheet) -> None:
    """A tower with its lamp lit."""
    sheet.shape(path("-.085,0 .085,0 .052,.80 -.052,.80"))
    sheet.shape(path("-.082,.80 .082,.80 .072,.835 -.072,.835"))
    sheet.box(-0.045, 0.83, 0.045, 0.925)
    sheet.shape(path("-.066,.92 .066,.92 .012,.99 .006,1.05 -.006,1.05 -.012,.99"))
    sheet.box(-0.033, 0.84, 0.033, 0.915, 255)
    for y in (0.18, 0.42, 0.62):
        sheet.box(-0.012, y, 0.012, y + 0.05, 190)
    sheet.shape(path(".08,0 .30,0 .30,.14 .19,.23 .08,.14"))
    sheet.box(0.15, 0.055, 0.185, 0.11, 255)
