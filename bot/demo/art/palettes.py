"""The colours of an hour: what the light does to sky, air, land and water."""

from dataclasses import dataclass

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Palette:
    """`sky` runs from the zenith to the horizon, land from `haze` (far) to `near`."""

    sky: tuple[Colour, ...]
    light: Colour  # the sun's or moon's disc
    glow: Colour  # the air around it, and what it lights
    haze: Colour
    near: Colour
    cloud: Colour  # the shaded side of a cloud
    dark: float  # 0 by day, 1 at night: stars, lit windows


def colour(text: str) -> Colour:
    red, green, blue = bytes.fromhex(text)
    return red, green, blue


def blend(one: Colour, other: Colour, share: float) -> Colour:
    """`one` for 0, `other` for 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


# An hour, how dark it is, its sky from the zenith down; then light, glow, haze, near and cloud.
_TABLE = """
dawn   0.0 4a5f9e 8d8dc4 e3a9b9 fbd3b4 ffeccb  fffbea ffd9a8 d3a6bd 272445 8f86b3
dawn   0.0 3e6f97 7fa6b8 cfc9bb f7d9b0 fff0d2  fffdf0 ffe3b0 b9b9b8 1f2f3b 8fa3ab
day    0.0 1f6fb5 3f93cf 7fbde3 b9def0 e8f5f3  ffffff fff6da a9cfe0 123a35 c3d9e6
day    0.0 2c7f9e 55a8b5 97cfc9 cbe6d8 f4f6e4  fffef2 fff3c9 a8d2c6 16382f b5d3ce
golden 0.0 3d6f95 7fa3a8 d0bf94 f5d48c ffe9b4  fffbe6 ffcf7a e0b67c 2b2316 b09a7c
golden 0.0 5b5f8c a58a98 e3b083 fbcb7e ffe6a6  fff8dc ffb964 d99f72 2c1b1c a07c80
sunset 0.0 23194d 61296b b53f62 ee7350 ffb765  fff3cf ff9a4d d96a58 170c20 6b2f63
sunset 0.0 1d2656 574687 b0609a f08f8f ffc99e  fff4dc ffab80 c9789a 17112c 6d5590
sunset 0.0 17334f 3f5c74 a9725f f0914c ffca6a  fff2c4 ff9d45 bf7a58 151619 57575f
dusk   0.6 0b1034 232662 55418a a4629c f0a08f  fff2dd ff9f8c 8a5f9c 0a091c 43356f
dusk   0.6 07192f 12375a 2f6483 7c93a0 e3b79a  fff0d8 f6b388 6a8597 08121c 2d4c66
night  1.0 040817 0a1632 142b55 26487a 4a75a0  fdf8e4 9fc0e8 3d6390 040812 1b335c
night  1.0 03111d 05243a 0c4356 1f6b74 57a397  f8f6e2 8fe0cc 37807f 030d12 123f4e
night  1.0 0a0620 190f3d 311f66 56388c 8c63a8  fff4e6 d3a8f0 66478f 080516 35235f
mist   0.0 8ea6ab a9bab9 c4cdc6 dad9cb efe8d8  fffdf4 fff4da c2cbc4 1c2c2d a3b2b1
mist   0.0 8796a6 a5afb6 c3c5c4 dcd6cc f0e6da  fffaf0 ffedd6 bdc2c4 20262f a0a9b0
"""
HOURS: dict[str, list[Palette]] = {}
for _hour, _dark, *_rest in (row.split() for row in _TABLE.strip().splitlines()):
    *_sky, _light, _glow, _haze, _near, _cloud = map(colour, _rest)
    _palette = Palette(tuple(_sky), _light, _glow, _haze, _near, _cloud, float(_dark))
    HOURS.setdefault(_hour, []).append(_palette)
