"""The painter's tools: gradients, noise, glows, soft masks, grain. Pillow and nothing else."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw

from .palettes import Colour, Palette

Point = tuple[float, float]
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

    def lay(
        self, fill: Colour | Image.Image, mask: Image.Image, at: tuple[int, int] = (0, 0)
    ) -> None:
        """Paint a colour, or a picture of the mask's size, where the mask is light."""
        self.image.paste(fill, (*at, at[0] + mask.width, at[1] + mask.height), mask)

    def shine(self, tint: Colour, mask: Image.Image, at: tuple[int, int] = (0, 0)) -> None:
        """Add light of a colour where the mask is light, as light adds: never past white."""
        box = (at[0], at[1], at[0] + mask.width, at[1] + mask.height)
        light = Image.merge("RGB", [mask.point(scaled(part)) for part in tint])
        self.image.paste(ImageChops.screen(self.image.crop(box), light), at)

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
        # Nothing in a glow is sharp: a quarter of the size is enough to add them up in.
        sheet = Image.new("L", (-(-self.width // 4), -(-self.height // 4)))
        for radius, strength in rings:
            spot = Image.new("L", sheet.size)
            corner = (round((centre[0] - radius) / 4), round((centre[1] - radius) / 4))
            spot.paste(_halo(max(2, round(radius / 2)), 255 * strength), corner)
            sheet = ImageChops.screen(sheet, spot)
        self.shine(tint, sheet.resize(self.image.size, Image.Resampling.BICUBIC))


def scaled(part: float) -> list[int]:
    return [round(value * part / 255) for value in range(256)]


def _halo(size: int, brightest: float) -> Image.Image:
    """A square mask of light falling off from its centre, softly, to nothing at the rim."""
    fall = [round(brightest * (1 - value / 255) ** 2.2) for value in range(256)]
    # Pillow's radial gradient is the distance; its corners lie beyond the rim and end black.
    return Image.radial_gradient("L").resize((size, size), Image.Resampling.BILINEAR).point(fall)


def gradient(size: tuple[int, int], stops: Sequence[Colour]) -> Image.Image:
    """Colours from the top down, evenly spaced and smooth between."""
    column = Image.new("RGB", (1, len(stops)))
    column.putdata(list(stops))
    tall = column.resize((1, size[1]), Image.Resampling.BICUBIC)
    return tall.resize(size, Image.Resampling.NEAREST)


def fade(size: tuple[int, int], values: Sequence[int]) -> Image.Image:
    """A mask through values of 0 to 255 from the top down, evenly spaced and smooth between."""
    return gradient(size, [(value, value, value) for value in values]).getchannel("R")


def noise(
    rng: random.Random, size: tuple[int, int], cells: tuple[int, int], octaves: int
) -> Image.Image:
    """Cloudy noise around mid-grey; `cells` counts the largest blots across and down."""
    small = (max(2, size[0] // 3), max(2, size[1] // 3))
    total, sum_ = Image.new("L", small), 0.0
    for octave in range(octaves):
        across, down = cells[0] << octave, cells[1] << octave
        blots = Image.frombytes("L", (across, down), rng.randbytes(across * down))
        sum_ += (weight := 0.55**octave)
        layer = blots.resize(small, Image.Resampling.BICUBIC)
        total = Image.blend(total, layer, weight / sum_)
    return total.resize(size, Image.Resampling.BILINEAR)


def curve(function: Callable[[float], float]) -> list[int]:
    """A table for `Image.point` of a function from 0..1 to 0..1."""
    return [min(255, max(0, round(255 * function(value / 255)))) for value in range(256)]


def step(low: float, high: float, most: float = 1.0) -> list[int]:
    """A table for `Image.point`: 0 below `low`, `most` above `high`, smooth between."""

    shares = curve(lambda value: min(1.0, max(0.0, (value - low) / (high - low))))
    return [round(most * share * share * (3 - share / 127.5) / 255) for share in shares]


def line(rng: random.Random, count: int, first: float, octaves: int, rough: float) -> list[float]:
    """A noise line of `count` values about 0..1; `first` is the number of its largest waves."""
    values = [0.0] * count
    for octave in range(octaves):
        waves = first * 2**octave
        knots = [rng.random() for _ in range(math.ceil(waves) + 2)]
        for i in range(count):
            share, k = math.modf(i / max(1, count - 1) * waves)
            one, other = knots[int(k) : int(k) + 2]
            values[i] += rough**octave * (one + (other - one) * share * share * (3 - 2 * share))
    return [value / sum(rough**octave for octave in range(octaves)) for value in values]


def spline(points: Sequence[Point], parts: int = 14) -> list[Point]:
    """A curve through all points but the first and last, which only lend it direction."""
    path = []
    for knots in zip(points, points[1:], points[2:], points[3:], strict=False):
        for t in (i / parts for i in range(parts)):
            x, y = (
                b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
                for a, b, c, d in zip(*knots, strict=True)
            )
            path.append((x, y))
    return [*path, points[-2]]


def finish(canvas: Canvas) -> None:
    """Darken the corners a little and lay grain over all, as film does."""
    size = canvas.image.size
    rim = Image.radial_gradient("L").resize(size, Image.Resampling.BILINEAR)
    canvas.lay(canvas.palette.near, rim.point(step(0.45, 1.25, 0.55)))
    dots = Image.frombytes("L", size, canvas.rng.randbytes(size[0] * size[1]))
    grain = dots.point(curve(lambda value: 0.5 + (value - 0.5) * 0.055))
    canvas.image = ImageChops.add(canvas.image, Image.merge("RGB", [grain] * 3), offset=-128)
