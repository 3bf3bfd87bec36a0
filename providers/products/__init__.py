"""The list of products: one module and one line here for each; then `make models`.

The recipe is in CONTRIBUTING.md ("How to add"); the simulator has KIE's side of them in
bot/demo/kie/market.py.
"""

from collections.abc import Mapping
from importlib import import_module

from providers.base import Product

KEYS = (
    "midjourney",
    "nano_banana",
    "gpt_image",
    "seedream_flash",
    "seedream",
    "flux",
    "ideogram",
    "qwen",
    "z_image",
    "nano_banana_pro",
    "kling_2_1",
    "kling",
    "kling_3",
    "seedance",
    "crisp_upscale",
    "topaz",
    "remove_background",
)
PRODUCTS: Mapping[str, Product] = {key: import_module(f"{__name__}.{key}").PRODUCT for key in KEYS}
