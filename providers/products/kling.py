"""Kling 2.5 Turbo: films of 5 or 10 seconds from words or a picture."""

from providers.base import ByInput, Field, Input, Media, Number, One, OneOf, Product, Text
from providers.products.fields import seconds

PRODUCT = Product(
    key="kling",
    name="Kling 2.5 Turbo",
    slug="kling",
    description={
        "en": "videos of 5 or 10 seconds from words or a picture",
        "ru": "видео на 5 или 10 секунд по описанию или картинке",
    },
    media=Media.FILM,
    models=ByInput("kling/v2-5-turbo-text-to-video-pro", "kling/v2-5-turbo-image-to-video-pro"),
    credits=42,
    picture=One("image_url"),
    prompt_chars=2500,
    fields=(
        Field("ar", "aspect_ratio", OneOf("16:9", "9:16", "1:1"), "16:9", only=Input.TEXT),
        seconds("5", "10", costs={"10": 84}),
        Field("no", "negative_prompt", Text(500)),
        Field("cfg", "cfg_scale", Number(0, 1, 0.1)),
    ),
    settings=("ar", "duration", "no", "cfg"),
    caption=("ar", "duration"),
)
