"""Recraft's Crisp Upscale: a picture becomes larger and sharper."""

from providers.base import ByInput, One, Product

PRODUCT = Product(
    key="crisp_upscale",
    name="Crisp Upscale",
    slug="upscale",
    description={
        "en": "makes a picture larger and sharper; takes no words",
        "ru": "увеличивает картинку и делает её чётче; слова не нужны",
    },
    models=ByInput(picture="recraft/crisp-upscale"),
    credits=0.5,
    picture=One("image"),
    picture_side_px=4096,
    prompt_chars=0,
    button={"en": "Upscale", "ru": "Увеличить"},
    settings=(),
)
