"""Silhouettes of what people build, fly and sail, and of a tree."""

from __future__ import annotations

import math
import random

from .sheet import Sheet, mirrored


def ship(sheet: Sheet, _rng: random.Random) -> None:
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


def lighthouse(sheet: Sheet, _rng: random.Random) -> None:
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


def house(sheet: Sheet, _rng: random.Random) -> None:
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
        for _ in range(0 if level > 1 else 16):
            r = rng.uniform(0.012, 0.034)
            spot = (end[0] + rng.gauss(0, 0.062), end[1] + rng.gauss(0.012, 0.05))
            sheet.disc(*spot, r, r * 0.85, rng.randrange(120, 256), accent=True)
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


def balloon(sheet: Sheet, _rng: random.Random) -> None:
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
