"""Qwen 3 by Alibaba."""

from providers.base import RANDOM, ByInput, Constant, Field, Many, Product, Text
from providers.products.fields import SAFE, SQUARE_TO_WIDE, quality, ratio, seed

PRODUCT = Product(
    key="qwen",
    name="Qwen 3",
    slug="qwen",
    description={
        "en": "takes --no and --seed, and up to 3 pictures",
        "ru": "понимает --no и --seed, берёт до 3 картинок",
    },
    models=ByInput("qwen3/text-to-image", "qwen3/image-to-image"),
    credits=4.8,
    credits_a_picture=0.5,
    picture=Many("image_urls", 3),
    prompt_chars=5000,
    fields=(
        ratio(*SQUARE_TO_WIDE, param="image_size"),
        quality("resolution", {"standard": "1K", "high": "2K"}),
        Field("no", "negative_prompt", Text(5000)),
        seed(),
    ),
    # Without a seed KIE takes the same one each time.
    constants=(Constant("seed", RANDOM), Constant("output_format", "jpeg"), SAFE),
    settings=("ar", "q", "n", "no"),
    caption=("ar", "q", "seed"),
)
