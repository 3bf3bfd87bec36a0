"""Midjourney, as KIE resells it.

No page of KIE's names the fields of its Midjourney today. The first eight are this project's from
the beginning. The others are Midjourney's own parameters by their own names: those for which KIE's
earlier API for it had something of the kind (a version, stylize, weird, a style by its address),
and those that say what a picture is like (tile, iw). What needs a task of another kind there, or
changes what a task costs, is lacking here.
"""

from providers.base import (
    ByInput,
    Field,
    Flag,
    Number,
    One,
    OneOf,
    Product,
    Text,
    TextOrNumber,
    Url,
)

VERSIONS = ("7", "6.1", "6", "5.2", "5.1", "5", "4", "3", "2", "1")

PRODUCT = Product(
    key="midjourney",
    name="Midjourney",
    models=ByInput(text="midjourney/v6-text-to-image", picture="midjourney/v6-image-to-image"),
    slug="midjourney-v7-fast",
    description={
        "en": "artistic pictures with a character of their own",
        "ru": "художественные картинки с характером",
    },
    picture=One("image_url"),
    open_options=True,
    fields=(
        Field("ar", "aspect_ratio", OneOf("1:1", "16:9", "9:16", "3:2", "2:3"), default="1:1"),
        Field(
            "q",
            "quality",
            OneOf(
                "standard",
                "high",
                near={
                    "high": r"[24]|4k|8k|best|hd|hi|hq|max|ultra|высок\w*|лучш\w*|хай",
                    "standard": r"0?\.5|1|default|low|medium|normal|sd|std|обычн\w*|стандарт\w*",
                },
            ),
            default="standard",
            aliases=("quality",),
        ),
        Field("no", "negative_prompt", Text(2500)),
        Field("cfg", "cfg_scale", Number(0, 1, 0.1), default=0.5),
        Field("chaos", "chaos", Number(0, 100), aliases=("c",)),
        Field("seed", "seed", TextOrNumber()),
        Field("style", "style", TextOrNumber()),
        Field("mode", "mode", TextOrNumber()),
        Field("raw", "style", Flag("raw")),
        Field("version", "version", OneOf(*VERSIONS), aliases=("v",), option=True),
        Field("niji", "version", OneOf("6", "5", sent={"6": "niji6", "5": "niji5"}), option=True),
        Field("stylize", "stylize", Number(0, 1000), aliases=("s", "stylise"), option=True),
        Field("weird", "weird", Number(0, 3000), aliases=("w",), option=True),
        Field("iw", "iw", Number(0, 3, 0.01), option=True),
        Field("sref", "sref", Url(), option=True),
        Field("tile", "tile", Flag(), option=True),
    ),
    lacks=(
        *("cref URL", "cw N", "oref URL", "ow N", "sw N", "sv N", "p CODE", "profile CODE"),
        *("personalize CODE", "stop N", "exp N", "sameseed N", "motion WORD", "bs N", "end URL"),
        *("draft", "fast", "relax", "turbo", "stealth", "public", "hd", "video", "loop"),
        *("beta", "creative", "test", "testp", "upbeta", "uplight", "upanime"),
    ),
    settings=("ar", "q", "n", "cfg", "no"),
    caption=("ar", "seed"),
)
