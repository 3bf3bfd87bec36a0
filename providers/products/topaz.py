"""Topaz: a picture twice or four times as large, with its details drawn anew."""

from providers.base import ByInput, Field, One, OneOf, Product

PRODUCT = Product(
    key="topaz",
    name="Topaz Upscale",
    slug="upscale-x2",
    description={
        "en": "a picture 2 or 4 times as large, rich in detail; takes no words",
        "ru": "картинка в 2 или 4 раза крупнее, с новыми деталями; слова не нужны",
    },
    models=ByInput(picture="topaz/image-upscale"),
    credits=10,
    picture=One("image_url"),
    picture_side_px=4096,
    prompt_chars=0,
    fields=(
        Field(
            "factor",
            "upscale_factor",
            OneOf("2", "4"),
            "2",
            credits={"4": 20},
            title={"en": "Times", "ru": "Во сколько раз"},
        ),
    ),
    button={"en": "Upscale ×{value}", "ru": "Увеличить ×{value}"},
    settings=(),
    caption=("factor",),
)
