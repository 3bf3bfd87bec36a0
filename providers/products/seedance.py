"""Seedance 2 mini by ByteDance: the cheapest films, of 4 to 15 seconds."""

from providers.base import ByInput, Constant, Field, Media, One, OneOf, Product
from providers.products.fields import SAFE, quality, seconds

LENGTHS = {str(each): each for each in range(4, 16)}
RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
PER_SECOND, SHARP_PER_SECOND = 3.8, 8.2

PRODUCT = Product(
    key="seedance",
    name="Seedance 2 mini",
    slug="clip",
    description={
        "en": "short clips, the cheapest videos; 4 to 15 seconds",
        "ru": "короткие ролики, самые недорогие; 4–15 секунд",
    },
    media=Media.FILM,
    models=ByInput("bytedance/seedance-2-mini", "bytedance/seedance-2-mini"),
    credits=5 * PER_SECOND,
    picture=One("first_frame_url"),
    prompt_chars=20_000,
    least_chars=3,
    fields=(
        Field("ar", "aspect_ratio", OneOf(*RATIOS), "16:9", with_picture="adaptive"),
        seconds(
            *LENGTHS,
            sent=LENGTHS,
            costs={each: n * PER_SECOND for each, n in LENGTHS.items()},
        ),
        quality(
            "resolution",
            {"standard": "480p", "high": "720p"},
            credits={"high": 5 * SHARP_PER_SECOND},
        ),
    ),
    constants=(Constant("generate_audio", False), SAFE),
    settings=("ar", "duration", "q"),
    caption=("ar", "duration", "q"),
)
