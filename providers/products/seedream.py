"""Seedream 4.5 by ByteDance: large pictures, nearest in looks to Midjourney."""

from providers.base import ByInput, Many, Product
from providers.products.fields import SAFE, SQUARE_TO_WIDE, quality, ratio

PRODUCT = Product(
    key="seedream",
    name="Seedream 4.5",
    slug="seedream",
    description={
        "en": "large, atmospheric pictures, up to 4K at one price",
        "ru": "крупные, атмосферные картинки, до 4K по одной цене",
    },
    models=ByInput("seedream/4.5-text-to-image", "seedream/4.5-edit"),
    credits=6.5,
    picture=Many("image_urls", 14),
    prompt_chars=3000,
    fields=(ratio(*SQUARE_TO_WIDE), quality("quality", {"standard": "basic", "high": "high"})),
    constants=(SAFE,),
    settings=("ar", "q", "n"),
    caption=("ar", "q"),
)
