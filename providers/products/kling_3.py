"""Kling 3.0: films of 3 to 15 seconds, with sound where it is asked for.

A picture is the first frame; of two the second is the last one.
"""

from providers.base import ByInput, Constant, Field, Flag, Input, Many, Media, OneOf, Product
from providers.products.fields import quality, seconds

LENGTHS = tuple(map(str, range(3, 16)))
PER_SECOND = 14

PRODUCT = Product(
    key="kling_3",
    name="Kling 3.0",
    slug="kling-3",
    description={
        "en": "videos of 3 to 15 seconds, also with --sound; two pictures: first and last frame",
        "ru": "видео на 3–15 секунд, можно с --sound; две картинки — первый и последний кадр",
    },
    media=Media.FILM,
    models=ByInput("kling-3.0/video", "kling-3.0/video"),
    credits=5 * PER_SECOND,
    together={"q=high sound=on": 135},
    seconds=127,
    picture=Many("image_urls", 2),
    prompt_chars=2500,
    fields=(
        Field("ar", "aspect_ratio", OneOf("16:9", "9:16", "1:1"), "16:9", only=Input.TEXT),
        seconds(*LENGTHS, costs={each: int(each) * PER_SECOND for each in LENGTHS}),
        quality("mode", {"standard": "std", "high": "pro"}, credits={"high": 90}),
        Field("sound", "sound", Flag(), credits={"on": 100}, title={"en": "Sound", "ru": "Звук"}),
    ),
    constants=(Constant("sound", False), Constant("multi_shots", False)),
    waived=("multi_prompt",),
    settings=("ar", "duration", "q", "sound"),
    caption=("ar", "duration", "q"),
)
