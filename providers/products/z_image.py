"""Z-Image by Alibaba: drafts for next to nothing."""

from providers.base import ByInput, Product
from providers.products.fields import SAFE, ratio

PRODUCT = Product(
    key="z_image",
    name="Z-Image",
    slug="draft",
    description={
        "en": "drafts for next to nothing",
        "ru": "черновики почти даром",
    },
    models=ByInput("z-image"),
    credits=0.8,
    prompt_chars=1000,
    fields=(ratio("1:1", "16:9", "9:16", "4:3", "3:4"),),
    constants=(SAFE,),
    settings=("ar", "n"),
    caption=("ar",),
)
