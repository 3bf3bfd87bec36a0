"""Ideogram v3: lettering and design; a picture to start from is remixed."""

from providers.base import ByInput, Constant, Field, Input, Number, One, OneOf, Product, Text
from providers.products.fields import quality, ratio, seed

SIZES = {
    "1:1": "square_hd",
    "16:9": "landscape_16_9",
    "9:16": "portrait_16_9",
    "4:3": "landscape_4_3",
    "3:4": "portrait_4_3",
}
STYLES = {each: each.upper() for each in ("auto", "general", "realistic", "design")}

PRODUCT = Product(
    key="ideogram",
    name="Ideogram v3",
    slug="ideogram",
    description={
        "en": "lettering, logos, posters; takes --no and --seed",
        "ru": "надписи, логотипы, плакаты; понимает --no и --seed",
    },
    models=ByInput("ideogram/v3-text-to-image", "ideogram/v3-remix"),
    credits=7,
    picture=One("image_url"),
    prompt_chars=5000,
    fields=(
        ratio(*SIZES, param="image_size", sent=SIZES),
        quality(
            "rendering_speed", {"standard": "BALANCED", "high": "QUALITY"}, credits={"high": 10}
        ),
        Field("no", "negative_prompt", Text(5000)),
        seed(),
        Field(
            "style",
            "style",
            OneOf(*STYLES, sent=STYLES),
            default="auto",
            title={"en": "Style", "ru": "Стиль"},
        ),
        Field(
            "strength",
            "strength",
            Number(0.01, 1, 0.01),
            only=Input.PICTURE,
            title={"en": "Closeness to your picture", "ru": "Близость к исходной картинке"},
        ),
    ),
    constants=(Constant("num_images", "1", only=Input.PICTURE),),
    settings=("ar", "q", "n", "style", "no"),
    caption=("ar", "q", "seed"),
)
