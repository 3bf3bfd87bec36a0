"""Seedream 5 Flash by ByteDance: quick and cheap."""

from providers.base import ByInput, Constant, Many, Product
from providers.products.fields import SAFE, SQUARE_TO_WIDE, quality, ratio

PRODUCT = Product(
    key="seedream_flash",
    name="Seedream 5 Flash",
    slug="seedream-fast",
    description={
        "en": "quick and cheap, good at photographs",
        "ru": "быстро и недорого, хороша для фотографий",
    },
    models=ByInput("seedream/5-flash-text-to-image", "seedream/5-flash-image-to-image"),
    credits=3.24,
    seconds=25,
    picture=Many("image_urls", 10),
    prompt_chars=5000,
    least_chars=3,
    fields=(ratio(*SQUARE_TO_WIDE), quality("size", {"standard": "1K", "high": "2K"})),
    constants=(Constant("output_format", "jpeg"), SAFE),
    settings=("ar", "q", "n"),
    caption=("ar", "q"),
)
