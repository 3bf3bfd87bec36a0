"""Nano Banana Pro by Google: the dearer one, for words in pictures and for 4K."""

from providers.base import ByInput, Constant, Many, Product
from providers.products.fields import quality, ratio

RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4", "4:5", "5:4", "21:9")
SIZES = {"standard": "1K", "high": "2K", "ultra": "4K"}

PRODUCT = Product(
    key="nano_banana_pro",
    name="Nano Banana Pro",
    slug="banana-pro",
    description={
        "en": "the most exact: posters, words in pictures, up to 4K",
        "ru": "самая точная: плакаты, надписи, до 4K",
    },
    models=ByInput("nano-banana-pro", "nano-banana-pro"),
    credits=18,
    seconds=52,
    picture=Many("image_input", 8),
    prompt_chars=10_000,
    fields=(
        ratio(*RATIOS, with_picture="auto"),
        quality("resolution", SIZES, credits={"high": 18, "ultra": 24}),
    ),
    constants=(Constant("output_format", "jpg"),),
    settings=("ar", "q", "n"),
    caption=("ar", "q"),
)
