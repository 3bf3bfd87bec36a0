"""Nano Banana 2.1 by Google: pictures from words, and from up to 14 pictures."""

from providers.base import ByInput, Constant, Many, Product
from providers.products.fields import quality, ratio

RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4", "4:5", "5:4", "21:9", "4:1", "1:4")
SIZES = {"standard": "1K", "high": "2K", "ultra": "4K"}

PRODUCT = Product(
    key="nano_banana",
    name="Nano Banana 2.1",
    slug="banana",
    description={
        "en": "understands long prompts, changes photos, writes words into pictures",
        "ru": "понимает длинные описания, меняет фотографии, пишет слова на картинке",
    },
    models=ByInput("nano-banana-2-1", "nano-banana-2-1"),
    fallback=ByInput("nano-banana-2", "nano-banana-2"),
    credits=4,
    picture=Many("image_input", 14),
    prompt_chars=20_000,
    fields=(
        ratio(*RATIOS, "8:1", "1:8", with_picture="auto"),
        quality("resolution", SIZES, credits={"high": 6, "ultra": 9}),
    ),
    constants=(Constant("output_format", "jpg"),),
    settings=("ar", "q", "n"),
    caption=("ar", "q"),
)
