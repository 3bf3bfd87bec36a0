"""Kling 2.1 Standard: a picture comes alive."""

from providers.base import ByInput, Field, Media, Number, One, Product, Text
from providers.products.fields import seconds

PRODUCT = Product(
    key="kling_2_1",
    name="Kling 2.1",
    slug="animate",
    description={
        "en": "makes a picture move for 5 or 10 seconds",
        "ru": "оживляет картинку на 5 или 10 секунд",
    },
    media=Media.FILM,
    models=ByInput(picture="kling/v2-1-standard"),
    credits=25,
    picture=One("image_url"),
    prompt_chars=5000,
    fields=(
        seconds("5", "10", costs={"10": 50}),
        Field("no", "negative_prompt", Text(500)),
        Field("cfg", "cfg_scale", Number(0, 1, 0.1)),
    ),
    settings=("duration", "no", "cfg"),
    caption=("duration",),
)
