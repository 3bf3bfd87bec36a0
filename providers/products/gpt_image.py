"""GPT Image 2.5 by OpenAI, in its quick form."""

from providers.base import ByInput, Field, Many, OneOf, Product
from providers.products.fields import SQUARE_TO_WIDE, quality, ratio

SIZES = {"standard": "1K", "high": "2K", "ultra": "4K"}

PRODUCT = Product(
    key="gpt_image",
    name="GPT Image 2.5",
    slug="gpt",
    description={
        "en": "follows the words closely, makes logos and drawings without a background",
        "ru": "точно следует описанию; логотипы и рисунки без фона",
    },
    models=ByInput("gpt-image-2-5-flare-text-to-image", "gpt-image-2-5-flare-image-to-image"),
    credits=6,
    seconds=75,
    picture=Many("input_urls", 16),
    prompt_chars=20_000,
    fields=(
        ratio(*SQUARE_TO_WIDE, with_picture="auto"),
        quality("resolution", SIZES, credits={"high": 10, "ultra": 16}),
        Field(
            "background",
            "background",
            OneOf("transparent", "opaque", "auto"),
            title={"en": "Background", "ru": "Фон"},
        ),
    ),
    settings=("ar", "q", "n", "background"),
    caption=("ar", "q"),
)
