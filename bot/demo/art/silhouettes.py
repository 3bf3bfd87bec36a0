"""What a prompt may name and a silhouette can show. Drawn in a square of side 1 that stands on
its lower edge: x to the right from the middle, y up from the ground."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from .canvas import AA, Point


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


def spline(points: Sequence[Point], parts: int = 14) -> list[Point]:
    """A curve through all points but the first and last, which only lend it direction."""
    path = []
    for a, b, c, d in zip(points, points[1:], points[2:], points[3:], strict=False):
        for i in range(parts):
            t = i / parts
            path.append((_through(a[0], b[0], c[0], d[0], t), _through(a[1], b[1], c[1], d[1], t)))
    return [*path, points[-2]]


def _through(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )


def mirrored(half: Sequence[Point]) -> list[Point]:
    """A symmetrical outline from its right half, given from the top down."""
    return [*half, *((-x, y) for x, y in reversed(half) if abs(x) > 1e-9)]


def cat(sheet: Sheet, rng: random.Random) -> None:
    """From behind, looking at what we look at."""
    sheet.smooth(
        mirrored(
            [
                (0.0, 0.60),
                (0.10, 0.57),
                (0.145, 0.47),
                (0.165, 0.37),
                (0.215, 0.24),
                (0.25, 0.11),
                (0.215, 0.005),
                (0.0, -0.02),
            ]
        )
    )
    sheet.smooth(
        mirrored(
            [(0.0, 0.80), (0.10, 0.79), (0.155, 0.70), (0.135, 0.60), (0.06, 0.53), (0.0, 0.52)]
        )
    )
    for side in (-1, 1):
        sheet.smooth(
            [
                (side * 0.03, 0.77),
                (side * 0.09, 0.87),
                (side * 0.135, 0.93),
                (side * 0.15, 0.82),
                (side * 0.145, 0.68),
            ]
        )
        sheet.shape([(side * 0.045, 0.77), (side * 0.132, 0.945), (side * 0.152, 0.70)])
    sheet.stroke(
        [(0.12, 0.05), (0.30, 0.03), (0.43, 0.08), (0.48, 0.20), (0.43, 0.30), (0.38, 0.27)],
        [0.085, 0.075, 0.06, 0.045],
    )


def fox(sheet: Sheet, rng: random.Random) -> None:
    """From behind, its brush curled beside it, the tip pale."""
    sheet.smooth(
        mirrored(
            [
                (0.0, 0.62),
                (0.09, 0.585),
                (0.125, 0.50),
                (0.135, 0.40),
                (0.18, 0.26),
                (0.225, 0.12),
                (0.195, 0.005),
                (0.0, -0.02),
            ]
        )
    )
    sheet.smooth(
        mirrored(
            [(0.0, 0.78), (0.075, 0.77), (0.13, 0.70), (0.185, 0.615), (0.10, 0.57), (0.0, 0.52)]
        )
    )
    for side in (-1, 1):
        sheet.shape([(side * 0.012, 0.75), (side * 0.125, 0.99), (side * 0.155, 0.66)])
        sheet.shape(
            [(side * 0.065, 0.79), (side * 0.118, 0.93), (side * 0.135, 0.74)], 150, accent=True
        )
    sheet.stroke(
        [(0.08, 0.06), (0.26, 0.05), (0.42, 0.09), (0.53, 0.21), (0.55, 0.36), (0.50, 0.47)],
        [0.08, 0.15, 0.19, 0.185, 0.13, 0.02],
    )
    sheet.stroke([(0.553, 0.33), (0.55, 0.38), (0.50, 0.47)], [0.11, 0.10, 0.02], accent=True)


def wolf(sheet: Sheet, rng: random.Random) -> None:
    """In profile, seated, howling."""
    sheet.smooth(
        [
            (-0.02, 0.76),
            (0.06, 0.62),
            (0.15, 0.46),
            (0.25, 0.28),
            (0.30, 0.12),
            (0.27, 0.0),
            (0.10, -0.01),
            (0.0, 0.0),
            (-0.06, 0.02),
            (-0.09, 0.15),
            (-0.14, 0.30),
            (-0.205, 0.44),
            (-0.225, 0.58),
            (-0.18, 0.72),
        ]
    )
    sheet.smooth(
        [
            (-0.215, 0.55),
            (-0.225, 0.68),
            (-0.23, 0.79),
            (-0.262, 0.89),
            (-0.305, 0.985),
            (-0.275, 1.015),
            (-0.21, 0.965),
            (-0.13, 0.925),
            (-0.05, 0.865),
            (0.01, 0.77),
            (0.05, 0.62),
        ]
    )
    sheet.shape(
        [
            (-0.215, 0.80),
            (-0.27, 0.865),
            (-0.345, 0.935),
            (-0.33, 0.955),
            (-0.26, 0.91),
            (-0.20, 0.90),
        ]
    )
    sheet.shape([(-0.13, 0.91), (-0.02, 0.965), (0.015, 0.95), (-0.01, 0.80)])
    for x, y in ((-0.21, 0.66), (-0.22, 0.58), (-0.205, 0.50)):
        sheet.shape([(x, y), (x - 0.045, y - 0.075), (x + 0.03, y - 0.06)])
    for x in (-0.155, -0.07):
        sheet.stroke([(x + 0.02, 0.36), (x + 0.005, 0.18), (x, 0.02)], [0.12, 0.075, 0.06])
        sheet.disc(x - 0.025, 0.018, 0.05, 0.024)
    sheet.stroke(
        [(0.22, 0.07), (0.38, 0.045), (0.52, 0.06), (0.62, 0.12)], [0.10, 0.13, 0.12, 0.01]
    )


def deer(sheet: Sheet, rng: random.Random) -> None:
    """In profile, standing, with a crown of antlers."""
    sheet.smooth(
        [
            (0.31, 0.52),
            (0.30, 0.60),
            (0.18, 0.635),
            (0.0, 0.60),
            (-0.13, 0.64),
            (-0.20, 0.58),
            (-0.18, 0.47),
            (-0.10, 0.41),
            (0.06, 0.41),
            (0.20, 0.40),
            (0.29, 0.43),
        ]
    )
    sheet.smooth(
        [
            (-0.08, 0.60),
            (-0.17, 0.74),
            (-0.205, 0.84),
            (-0.255, 0.82),
            (-0.27, 0.74),
            (-0.25, 0.62),
            (-0.19, 0.50),
            (-0.12, 0.50),
        ]
    )
    sheet.smooth(
        [
            (-0.20, 0.855),
            (-0.265, 0.86),
            (-0.34, 0.80),
            (-0.385, 0.765),
            (-0.375, 0.735),
            (-0.30, 0.735),
            (-0.22, 0.75),
        ]
    )
    sheet.smooth([(-0.20, 0.83), (-0.14, 0.87), (-0.11, 0.865), (-0.16, 0.80)])
    for x, lean in ((-0.165, -0.02), (-0.115, 0.03), (0.21, -0.02), (0.265, 0.035)):
        sheet.stroke(
            [(x, 0.46), (x + lean, 0.26), (x + lean * 0.6, 0.0)], [0.085, 0.04, 0.03, 0.03]
        )
        sheet.shape(
            [
                (x + lean * 0.6 - 0.02, 0.03),
                (x + lean * 0.6 + 0.018, 0.03),
                (x + lean * 0.6 + 0.012, 0.0),
                (x + lean * 0.6 - 0.03, 0.0),
            ]
        )
    sheet.stroke([(0.30, 0.58), (0.345, 0.56), (0.35, 0.52)], [0.05, 0.04, 0.015])
    for sway, thin in ((0.0, 1.0), (0.075, 0.8)):
        beam = [
            (-0.235 + sway * 0.4, 0.85),
            (-0.21 + sway, 0.95),
            (-0.13 + sway, 1.04),
            (-0.13 + sway, 1.16),
            (-0.19 + sway, 1.26),
        ]
        sheet.stroke(beam, [0.024 * thin, 0.022 * thin, 0.02 * thin, 0.016 * thin, 0.006])
        for start, elbow, tip in (
            ((-0.205, 0.955), (-0.29, 0.98), (-0.325, 1.06)),
            ((-0.145, 1.03), (-0.235, 1.07), (-0.265, 1.15)),
            ((-0.125, 1.12), (-0.075, 1.17), (-0.07, 1.24)),
        ):
            tine = [(x + sway, y) for x, y in (start, elbow, tip)]
            sheet.stroke(tine, [0.017 * thin, 0.014 * thin, 0.005])


def ship(sheet: Sheet, rng: random.Random) -> None:
    """A two-master under sail."""
    sheet.smooth(
        [
            (-0.44, 0.15),
            (-0.36, 0.13),
            (0.0, 0.105),
            (0.30, 0.125),
            (0.40, 0.165),
            (0.39, 0.10),
            (0.33, 0.02),
            (0.1, -0.01),
            (-0.25, -0.01),
            (-0.37, 0.04),
        ]
    )
    sheet.shape([(-0.43, 0.14), (-0.62, 0.215), (-0.62, 0.222), (-0.40, 0.165)])
    for x, tall in ((-0.14, 0.98), (0.17, 0.88)):
        sheet.shape([(x - 0.009, 0.1), (x + 0.009, 0.1), (x + 0.005, tall), (x - 0.005, tall)])
        for low, high, wide in ((0.17, 0.44, 0.145), (0.46, 0.68, 0.115), (0.70, 0.85, 0.085)):
            a, b = low * tall / 0.98, high * tall / 0.98
            sheet.smooth(
                [
                    (x - wide * 0.88, b),
                    (x, b + 0.005),
                    (x + wide * 0.80, b),
                    (x + wide * 1.0, (a + b) / 2),
                    (x + wide * 0.95, a),
                    (x, a + 0.03),
                    (x - wide * 1.05, a),
                    (x - wide * 0.80, (a + b) / 2),
                ]
            )
        sheet.shape([(x, tall), (x + 0.09, tall - 0.022), (x, tall - 0.045)])
    sheet.smooth([(-0.16, 0.80), (-0.34, 0.52), (-0.56, 0.24), (-0.38, 0.26), (-0.24, 0.34)])


def lighthouse(sheet: Sheet, rng: random.Random) -> None:
    """A tower with its lamp lit."""
    sheet.shape([(-0.085, 0.0), (0.085, 0.0), (0.052, 0.80), (-0.052, 0.80)])
    sheet.shape([(-0.082, 0.80), (0.082, 0.80), (0.072, 0.835), (-0.072, 0.835)])
    sheet.shape([(-0.045, 0.83), (0.045, 0.83), (0.045, 0.925), (-0.045, 0.925)])
    sheet.shape(
        [
            (-0.066, 0.92),
            (0.066, 0.92),
            (0.012, 0.99),
            (0.006, 1.05),
            (-0.006, 1.05),
            (-0.012, 0.99),
        ]
    )
    sheet.shape([(-0.033, 0.84), (0.033, 0.84), (0.033, 0.915), (-0.033, 0.915)], accent=True)
    for y in (0.18, 0.42, 0.62):
        sheet.shape(
            [(-0.012, y), (0.012, y), (0.012, y + 0.05), (-0.012, y + 0.05)], 190, accent=True
        )
    sheet.shape([(0.08, 0.0), (0.30, 0.0), (0.30, 0.14), (0.19, 0.23), (0.08, 0.14)])
    sheet.shape([(0.15, 0.055), (0.185, 0.055), (0.185, 0.11), (0.15, 0.11)], accent=True)


def castle(sheet: Sheet, rng: random.Random) -> None:
    """Towers with pointed roofs, some windows lit."""
    towers = (
        (-0.40, 0.085, 0.46),
        (-0.20, 0.07, 0.62),
        (0.02, 0.10, 0.82),
        (0.22, 0.065, 0.58),
        (0.41, 0.09, 0.42),
    )
    sheet.shape([(-0.48, 0.0), (0.48, 0.0), (0.45, 0.28), (-0.45, 0.28)])
    for i in range(12):
        x = -0.44 + i * 0.08
        sheet.shape([(x - 0.02, 0.27), (x + 0.02, 0.27), (x + 0.02, 0.315), (x - 0.02, 0.315)])
    for x, half, tall in towers:
        sheet.shape(
            [(x - half, 0.0), (x + half, 0.0), (x + half * 0.92, tall), (x - half * 0.92, tall)]
        )
        sheet.shape([(x - half * 1.2, tall), (x + half * 1.2, tall), (x, tall + half * 3.1)])
        sheet.shape(
            [
                (x - 0.004, tall),
                (x + 0.004, tall),
                (x + 0.004, tall + half * 3.9),
                (x - 0.004, tall + half * 3.9),
            ]
        )
        sheet.shape(
            [
                (x, tall + half * 3.9),
                (x + 0.065, tall + half * 3.9 - 0.018),
                (x, tall + half * 3.9 - 0.036),
            ]
        )
        for row in range(3):
            if rng.random() < 0.75:
                y = tall - 0.10 - row * 0.13
                sheet.shape(
                    [
                        (x - 0.013, y),
                        (x + 0.013, y),
                        (x + 0.013, y + 0.045),
                        (x, y + 0.062),
                        (x - 0.013, y + 0.045),
                    ],
                    accent=True,
                )
    sheet.shape(
        [(-0.05, 0.0), (0.05, 0.0), (0.05, 0.11), (0.0, 0.16), (-0.05, 0.11)], 200, accent=True
    )


def house(sheet: Sheet, rng: random.Random) -> None:
    """A cabin with a warm window and a chimney, a fir on either side."""
    sheet.shape([(-0.26, 0.0), (0.26, 0.0), (0.26, 0.27), (-0.26, 0.27)])
    sheet.shape([(-0.33, 0.25), (0.33, 0.25), (0.16, 0.54), (-0.16, 0.54)])
    sheet.shape([(0.10, 0.45), (0.17, 0.45), (0.17, 0.66), (0.10, 0.66)])
    sheet.shape([(0.09, 0.64), (0.18, 0.64), (0.18, 0.675), (0.09, 0.675)])
    for x in (-0.17, 0.10):
        for dx, dy in ((0, 0), (0.045, 0), (0, 0.055), (0.045, 0.055)):
            sheet.shape(
                [
                    (x + dx, 0.10 + dy),
                    (x + dx + 0.038, 0.10 + dy),
                    (x + dx + 0.038, 0.147 + dy),
                    (x + dx, 0.147 + dy),
                ],
                accent=True,
            )
    sheet.shape([(-0.035, 0.0), (0.035, 0.0), (0.035, 0.17), (-0.035, 0.17)], 120, accent=True)
    for x, tall in ((-0.42, 0.62), (0.40, 0.78), (0.53, 0.5)):
        for tier in range(6):
            share = tier / 6
            half = tall * 0.2 * (1 - share) + 0.012
            y = 0.04 + tall * share * 0.9
            sheet.shape([(x - half, y), (x + half, y), (x, y + tall * 0.26)])
        sheet.shape([(x - 0.012, 0.0), (x + 0.012, 0.0), (x + 0.012, 0.1), (x - 0.012, 0.1)])


def tree(sheet: Sheet, rng: random.Random) -> None:
    """An old tree on its own; its leaves are the accent."""

    def grow(x: float, y: float, angle: float, long: float, thick: float, level: int) -> None:
        end = (x + math.sin(angle) * long, y + math.cos(angle) * long)
        bend = (
            x + math.sin(angle) * long * 0.5 + rng.uniform(-0.02, 0.02),
            y + math.cos(angle) * long * 0.5,
        )
        sheet.stroke([(x, y), bend, end], [thick, thick * 0.8, thick * 0.62])
        if level <= 1:
            for _ in range(5):
                r = rng.uniform(0.035, 0.075)
                sheet.disc(
                    end[0] + rng.gauss(0, 0.055),
                    end[1] + rng.gauss(0.01, 0.045),
                    r,
                    r * 0.8,
                    rng.randrange(150, 256),
                    accent=True,
                )
        if level:
            for side in (-1, 1):
                grow(
                    *end,
                    angle + side * rng.uniform(0.32, 0.62) + rng.uniform(-0.1, 0.1),
                    long * rng.uniform(0.66, 0.8),
                    thick * 0.6,
                    level - 1,
                )

    sheet.shape([(-0.10, 0.0), (0.10, 0.0), (0.035, 0.10), (-0.035, 0.10)])
    grow(0.0, 0.0, rng.uniform(-0.08, 0.08), 0.31, 0.085, 4)


def balloon(sheet: Sheet, rng: random.Random) -> None:
    """A hot-air balloon; its gores are the accent."""
    sheet.smooth(
        mirrored(
            [
                (0.0, 1.0),
                (0.20, 0.955),
                (0.315, 0.80),
                (0.29, 0.60),
                (0.17, 0.42),
                (0.07, 0.29),
                (0.0, 0.285),
            ]
        )
    )
    for share in (0.9, 0.34):
        inner = mirrored(
            [
                (0.0, 1.0),
                (0.20 * share, 0.955),
                (0.315 * share, 0.80),
                (0.29 * share, 0.60),
                (0.17 * share, 0.42),
                (0.07 * share, 0.29),
                (0.0, 0.285),
            ]
        )
        sheet.smooth(inner, 255 if share > 0.5 else 0, accent=True)
    sheet.smooth(
        mirrored(
            [
                (0.0, 1.0),
                (0.20 * 0.12, 0.955),
                (0.315 * 0.12, 0.80),
                (0.29 * 0.12, 0.60),
                (0.17 * 0.12, 0.42),
                (0.0, 0.285),
            ]
        ),
        255,
        accent=True,
    )
    for x in (-0.05, 0.05):
        sheet.shape(
            [(x * 1.3, 0.30), (x * 1.3 + 0.006, 0.30), (x * 0.9 + 0.006, 0.17), (x * 0.9, 0.17)]
        )
    sheet.shape([(-0.058, 0.18), (0.058, 0.18), (0.048, 0.09), (-0.048, 0.09)])


def birds(sheet: Sheet, rng: random.Random) -> None:
    """A loose flock."""
    for _ in range(11):
        x, y = rng.gauss(0, 0.40), 0.75 + rng.gauss(0, 0.22)
        wide = rng.uniform(0.05, 0.10)
        lift = wide * rng.uniform(0.25, 0.6)
        for side in (-1, 1):
            sheet.stroke(
                [(x, y), (x + side * wide * 0.5, y + lift), (x + side * wide, y + lift * 0.35)],
                [wide * 0.15, wide * 0.11, wide * 0.02],
            )


SHAPES: dict[str, Callable[[Sheet, random.Random], None]] = {
    "fox": fox,
    "cat": cat,
    "wolf": wolf,
    "deer": deer,
    "ship": ship,
    "lighthouse": lighthouse,
    "castle": castle,
    "house": house,
    "tree": tree,
    "balloon": balloon,
    "birds": birds,
}
