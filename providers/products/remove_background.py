"""Recraft's background removal: what is in front, as a PNG with nothing behind it."""

from providers.base import ByInput, One, Product

PRODUCT = Product(
    key="remove_background",
    name="Cut-out",
    slug="cutout",
    description={
        "en": "removes the background; takes no words",
        "ru": "убирает фон; слова не нужны",
    },
    models=ByInput(picture="recraft/remove-background"),
    credits=1,
    picture=One("image"),
    picture_least_px=256,
    picture_bytes=5_000_000,
    prompt_chars=0,
    as_file=True,  # a photo has no transparency
    button={"en": "Cut out", "ru": "Без фона"},
    settings=(),
)
