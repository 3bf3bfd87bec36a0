from __future__ import annotations

import io
import random

import pytest
from PIL import Image, ImageChops, ImageStat

from bot.demo import art
from bot.demo.art.words import read


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def difference(one: bytes, other: bytes) -> float:
    """The mean difference of two pictures' colours, 0 to 255."""
    thumbs = [opened(data).convert("RGB").resize((48, 48)) for data in (one, other)]
    return sum(ImageStat.Stat(ImageChops.difference(*thumbs)).mean) / 3


@pytest.mark.parametrize(
    ("ratio", "quality", "size"),
    [
        ("1:1", "standard", (1024, 1024)),
        ("16:9", "standard", (1024, 576)),
        ("9:16", "standard", (576, 1024)),
        ("3:2", "standard", (1024, 683)),
        ("2:3", "standard", (683, 1024)),
        ("16:9", "high", (1536, 864)),
        ("2:3", "high", (1024, 1536)),
    ],
)
def test_the_size_follows_ratio_and_quality(
    ratio: str, quality: str, size: tuple[int, int]
) -> None:
    image = opened(art.draw("море", 1, ratio, quality))

    assert (image.format, image.mode, image.size) == ("PNG", "RGB", size)


def test_the_same_arguments_make_the_same_bytes() -> None:
    assert art.draw("лиса в лесу", "id", "3:2") == art.draw("лиса в лесу", "id", "3:2")


def test_prompts_and_seeds_make_different_pictures() -> None:
    first = art.draw("a fox at night", "1", "16:9")

    assert difference(first, art.draw("the sea at noon", "1", "16:9")) > 10
    assert art.draw("a fox at night", "2", "16:9") != first


def test_a_higher_quality_is_the_same_picture() -> None:
    one = art.draw("горы на закате", "1", "16:9")
    assert difference(one, art.draw("горы на закате", "1", "16:9", "high")) < 12


@pytest.mark.parametrize(
    "prompt",
    [
        "a fox", "кот", "маяк", "море на закате", "озеро", "осенний лес", "ночь, снег", "туман", "",
        "🙂" * 500,
    ],
)  # fmt: skip
def test_whatever_the_prompt_says_is_drawn(prompt: str) -> None:
    image = opened(art.draw(prompt, "7", "16:9"))

    # No flat or black picture: there is light, shade and colour.
    low, high = image.convert("L").getextrema()
    assert isinstance(low, int)
    assert isinstance(high, int)
    assert high - low > 120
    assert high > 130
    assert image.resize((64, 36)).getcolors(2304) is not None
    assert len(image.resize((64, 36)).getcolors(2304) or []) > 500


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("Рыжая лиса в зимнем лесу на рассвете", ("dawn", "forest", "fox", "snow")),
        ("маяк на закате", ("sunset", "sea", "lighthouse", "")),
        ("A black cat by a lake at night", ("night", "lake", "cat", "")),
        ("Осенний лес", ("golden", "forest", "", "autumn")),
    ],
)
def test_words_choose_the_motif(prompt: str, found: tuple[str, ...]) -> None:
    motif = read(prompt, random.Random(1))

    assert (motif.hour, motif.place, motif.subject, motif.season) == found


@pytest.mark.parametrize(
    "prompt",
    [
        "лестница", "который час", "листья", "место", "cathedral", "searching", "start",
        "catalogue", "forestall", "горошек", "котёл",
    ],
)  # fmt: skip
def test_words_that_only_begin_alike_choose_nothing(prompt: str) -> None:
    one, other = (read(text, random.Random(3)) for text in (prompt, "xyz"))

    assert (one.hour, one.place, one.subject, one.season) == (
        other.hour,
        other.place,
        other.subject,
        other.season,
    )


def test_restyling_keeps_the_source_in_sight() -> None:
    source = art.draw("маяк на закате", "1", "16:9")
    restyled = art.restyle(source, "ночь", "2", "16:9")

    assert restyled == art.restyle(source, "ночь", "2", "16:9")
    assert difference(source, restyled) > 8
    # Where the source is light the print is light: one sees what it was made from.
    tones = [opened(data).convert("L").resize((32, 18)).tobytes() for data in (source, restyled)]
    order = sorted(range(len(tones[0])), key=tones[0].__getitem__)
    dark, light = order[: len(order) // 4], order[-len(order) // 4 :]
    assert sum(tones[1][i] for i in dark) < sum(tones[1][i] for i in light)


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "CMYK"])
def test_any_kind_of_picture_is_restyled_to_the_ratio(mode: str) -> None:
    out = io.BytesIO()
    picture = Image.linear_gradient("L").convert("RGB").convert(mode)
    picture.save(out, "JPEG" if mode == "CMYK" else "PNG")

    assert opened(art.restyle(out.getvalue(), "лес", 1, "9:16")).size == (576, 1024)
