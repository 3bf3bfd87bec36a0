"""The painter's tools: gradients, noise, glows, soft masks, grain. Pillow and nothing else."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw

from .palettes import Colour, Palette

Point = tuple[float, float]
Fill = Colour | Image.Image

# Edges are drawn twice as large and averaged down: Pillow's polygons have hard ones.
AA = 2


@dataclass(slots=True)
class Canvas:
    """A picture under way. Lengths are shares of its sides, so that every size looks alike."""

    image: Image.Image
    rng: random.Random
    palette: Palette

    @property
    def width(self) -> int:
        return self.image.width

    @property
    def height(self) -> int:
        return self.image.height

    @property
    def unit(self) -> float:
        """Pixels of one thousandth of the picture's mean side."""
        return math.sqrt(self.width * self.height) / 1000

    def lay(self, fill: Fill, mask: Image.Image, at: tuple[int, int] = (0, 0)) -> None:
        """Paint a colour, or a picture of the mask's size, where the mask is light."""
        box = (*at, at[0] + mask.width, at[1] + mask.height)
        self.image.paste(fill, box, mask)

    def shine(self, tint: Colour, mask: Image.Image, at: tuple[int, int] = (0, 0)) -> None:
        """Add light of a colour where the mask is light, as light adds: never past white."""
        box = (at[0], at[1], at[0] + mask.width, at[1] + mask.height)
        under = self.image.crop(box)
        light = Image.merge("RGB", [mask.point(scaled(part)) for part in tint])
        self.image.paste(ImageChops.screen(under, light), at)

    def raise_ground(
        self,
        edge: Sequence[Point],
        fill: Image.Image,
        start: int,
        plant: Callable[[ImageDraw.ImageDraw, list[Point]], None] | None = None,
    ) -> None:
        """Paint what is below an edge across the picture with `fill`, whose top is at `start`.

        `plant` may draw more along the edge; it is given the sheet and the edge in its scale.
        """
        # Below the lowest point of the edge there is nothing to blend.
        low = min(fill.height, max(1, int(max(y for _, y in edge)) - start + 2))
        sheet = Image.new("L", (self.width * AA, low * AA))
        draw = ImageDraw.Draw(sheet)
        scaled_edge = [(x * AA, (y - start) * AA) for x, y in edge]
        corners = [(scaled_edge[-1][0], sheet.height), (scaled_edge[0][0], sheet.height)]
        draw.polygon([*scaled_edge, *corners], fill=255)
        if plant is not None:
            plant(draw, scaled_edge)
        self.lay(fill.crop((0, 0, self.width, low)), sheet.reduce(AA), (0, start))
        self.image.paste(fill.crop((0, low, self.width, fill.height)), (0, start + low))

    def glow(self, centre: Point, tint: Colour, rings: Sequence[tuple[float, float]]) -> None:
        """Round glows about a point in pixels; each ring is a radius and a strength up to 1."""
        reach = max(radius for radius, _ in rings)
        left, top = max(0, int(centre[0] - reach)), max(0, int(centre[1] - reach))
        right = min(self.width, round(centre[0] + reach))
        foot = min(self.height, round(centre[1] + reach))
        if right <= left or foot <= top:
            return
        # Nothing in a glow is sharp: a quarter of the size is enough to add them up in.
        shrink = 4 if reach > 80 else 1
        sheet = Image.new("L", (-(-(right - left) // shrink), -(-(foot - top) // shrink)))
        for radius, strength in rings:
            size = max(2, round(2 * radius / shrink))
            spot = Image.new("L", sheet.size)
            x, y = (centre[0] - left - radius) / shrink, (centre[1] - top - radius) / shrink
            spot.paste(halo(size, 255 * strength), (round(x), round(y)))
            sheet = ImageChops.screen(sheet, spot)
        self.shine(
            tint, sheet.resize((right - left, foot - top), Image.Resampling.BICUBIC), (left, top)
        )


def scaled(part: float) -> list[int]:
    return [round(value * part / 255) for value in range(256)]


def halo(size: int, brightest: float) -> Image.Image:
    """A square mask of light falling off from its centre, softly, to nothing at the rim."""
    fall = [round(brightest * (1 - value / 255) ** 2.2) for value in range(256)]
    # Pillow's radial gradient is the distance; its corners lie beyond the rim and end black.
    return Image.radial_gradient("L").resize((size, size), Image.Resampling.BILINEAR).point(fall)


def gradient(size: tuple[int, int], stops: Sequence[Colour]) -> Image.Image:
    """Colours from the top down, evenly spaced and smooth between."""
    column = Image.new("RGB", (1, len(stops)))
    column.putdata(list(stops))
    return column.resize((1, size[1]), Image.Resampling.BICUBIC).resize(
        size, Image.Resampling.NEAREST
    )


def fade(size: tuple[int, int], values: Sequence[int]) -> Image.Image:
    """A mask through values of 0 to 255 from the top down, evenly spaced and smooth between."""
    column = Image.new("L", (1, len(values)))
    column.putdata(list(values))
    tall = column.resize((1, size[1]), Image.Resampling.BICUBIC)
    return tall.resize(size, Image.Resampling.NEAREST)


def noise(
    rng: random.Random, size: tuple[int, int], cells: tuple[int, int], octaves: int
) -> Image.Image:
    """Cloudy noise around mid-grey; `cells` counts the largest blots across and down."""
    small = (max(2, size[0] // 3), max(2, size[1] // 3))
    total: Image.Image | None = None
    weight, sum_ = 1.0, 0.0
    for octave in range(octaves):
        across, down = cells[0] << octave, cells[1] << octave
        blots = Image.frombytes("L", (across, down), rng.randbytes(across * down))
        layer = blots.resize(small, Image.Resampling.BICUBIC)
        sum_ += weight
        total = layer if total is None else Image.blend(total, layer, weight / sum_)
        weight *= 0.55
    if total is None:
        raise ValueError("noise needs an octave")
    return total.resize(size, Image.Resampling.BILINEAR)


def curve(function: Callable[[float], float]) -> list[int]:
    """A table for `Image.point` of a function from 0..1 to 0..1."""
    return [min(255, max(0, round(255 * function(value / 255)))) for value in range(256)]


def step(low: float, high: float, most: float = 1.0) -> list[int]:
    """A table for `Image.point`: 0 below `low`, `most` above `high`, smooth between."""

    def smooth(value: float) -> float:
        share = min(1.0, max(0.0, (value - low) / (high - low)))
        return most * share * share * (3 - 2 * share)

    return curve(smooth)


def line(rng: random.Random, count: int, first: float, octaves: int, rough: float) -> list[float]:
    """A noise line of `count` values about 0..1; `first` is the number of its largest waves."""
    values = [0.0] * count
    weight, sum_ = 1.0, 0.0
    for octave in range(octaves):
        waves = first * 2**octave
        knots = [rng.random() for _ in range(math.ceil(waves) + 2)]
        for i in range(count):
            at = i / max(1, count - 1) * waves
            k = int(at)
            share = at - k
            share = share * share * (3 - 2 * share)
            values[i] += weight * (knots[k] + (knots[k + 1] - knots[k]) * share)
        sum_ += weight
        weight *= rough
    return [value / sum_ for value in values]


def mask_of(
    size: tuple[int, int], draw: Callable[[ImageDraw.ImageDraw, float], None]
) -> Image.Image:
    """A mask with soft edges; `draw` is given a larger sheet and its scale."""
    sheet = Image.new("L", (size[0] * AA, size[1] * AA))
    draw(ImageDraw.Draw(sheet), AA)
    return sheet.reduce(AA)


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


def finish(canvas: Canvas) -> None:
    """Darken the corners a little and lay grain over all, as film does."""
    size = canvas.image.size
    rim = Image.radial_gradient("L").resize(size, Image.Resampling.BILINEAR)
    canvas.lay(canvas.palette.near, rim.point(step(0.45, 1.25, 0.55)))
    tile = Image.frombytes("L", (256, 256), canvas.rng.randbytes(65_536))
    tile = tile.point(curve(lambda value: 0.5 + (value - 0.5) * 0.055))
    grain = Image.new("L", size)
    for left in range(0, size[0], 256):
        for top in range(0, size[1], 256):
            grain.paste(tile, (left, top))
    canvas.image = ImageChops.add(canvas.image, Image.merge("RGB", [grain] * 3), offset=-128)
