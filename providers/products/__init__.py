"""The products that there are: a module of that name each, a line each here."""

from collections.abc import Mapping
from importlib import import_module

from providers.base import Product

KEYS = (
    "midjourney",
)  # fmt: skip
PRODUCTS: Mapping[str, Product] = {key: import_module(f"{__name__}.{key}").PRODUCT for key in KEYS}
