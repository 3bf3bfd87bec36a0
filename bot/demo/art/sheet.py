"""The paper silhouettes are cut from: a square of side 1 that stands on its lower edge.

x runs to the right from the middle, y up from the ground; a little more than the square is seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from .canvas import AA, Point, spline


@dataclass(slots=True)
class Sheet:
    """Masks of one silhouette: its outline, and what on it is pale (a tail's tip, a lit window)."""

    outline: Image.Image
    accent: Image.Image
    side: float  # pixels of the unit, before averaging down

    @classmethod
    def of(cls, side: int) -> Sheet:
        """Empty masks, twice as wide as the unit and half again as high."""
        size = (side * 2 * AA, side * 3 // 2 * AA)
        return cls(Image.new("L", size), Image.new("L", size), side * AA)

    def at(self, points: Sequence[Point]) -> list[Point]:
        foot = self.outline.height
        middle = self.outline.width / 2
        return [(middle + x * self.side, foot - y * self.side) for x, y in points]

    def shape(self, points: Sequence[Point], fill: int = 255, *, accent: bool = False) -> None:
        """A polygon as it stands."""
        self._draw(accent).polygon(self.at(points), fill=fill)

    def smooth(self, points: Sequence[Point], fill: int = 255, *, accent: bool = False) -> None:
        """A closed shape through the points, round everywhere."""
        self.shape(spline([*points, *points[:3]])[:-1], fill, accent=accent)

    def disc(
        self, x: float, y: float, rx: float, ry: float, fill: int = 255, *, accent: bool = False
    ) -> None:
        (left, top), (right, foot) = self.at([(x - rx, y + ry), (x + rx, y - ry)])
        self._draw(accent).ellipse((left, top, right, foot), fill=fill)

    def stroke(
        self, points: Sequence[Point], thick: Sequence[float], *, accent: bool = False
    ) -> None:
        """A brush drawn through the points; `thick` are its widths along the way."""
        path = spline([points[0], *points, points[-1]])
        radii = []
        for i in range(len(path)):
            share = i / (len(path) - 1) * (len(thick) - 1)
            k = min(int(share), len(thick) - 2)
            radii.append((thick[k] + (thick[k + 1] - thick[k]) * (share - k)) / 2)
        left, right = [], []
        for i, (x, y) in enumerate(path):
            (x0, y0), (x1, y1) = path[max(0, i - 1)], path[min(len(path) - 1, i + 1)]
            long = math.hypot(x1 - x0, y1 - y0) or 1.0
            across = ((y0 - y1) / long * radii[i], (x1 - x0) / long * radii[i])
            left.append((x + across[0], y + across[1]))
            right.append((x - across[0], y - across[1]))
        self.shape([*left, *reversed(right)], accent=accent)
        for (x, y), r in ((path[0], radii[0]), (path[-1], radii[-1])):
            self.disc(x, y, r, r, accent=accent)

    def _draw(self, accent: bool) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.accent if accent else self.outline)


def mirrored(half: Sequence[Point]) -> list[Point]:
    """A symmetrical outline from its right half, given from the top down."""
    return [*half, *((-x, y) for x, y in reversed(half) if abs(x) > 1e-9)]
