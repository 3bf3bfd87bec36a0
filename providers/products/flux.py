"""FLUX.2 pro by Black Forest Labs."""

from providers.base import ByInput, Many, Product
from providers.products.fields import SAFE, quality, ratio

RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4")
SIZES = {"standard": "1K", "high": "2K"}

PRODUCT = Product(
    key="flux",
    name="FLUX.2 pro",
    slug="flux",
    description={
        "en": "lifelike: people, things, light",
        "ru": "как в жизни: люди, предметы, свет",
    },
    models=ByInput("flux-2/pro-text-to-image", "flux-2/pro-image-to-image"),
    credits=5,
    picture=Many("input_urls", 8),
    prompt_chars=5000,
    least_chars=3,
    fields=(
        ratio(*RATIOS, with_picture="auto"),
        quality("resolution", SIZES, credits={"high": 7}),
    ),
    constants=(SAFE,),
    settings=("ar", "q", "n"),
    caption=("ar", "q"),
)
