"""The product behind a row of the catalogue."""

from providers.base import Product
from providers.products import PRODUCTS
from storage.catalogue import Model

FIRST = next(iter(PRODUCTS.values()))


def product_of(model: Model | None) -> Product:
    """The product of a model; where none is on sale, the one that people will think of."""
    return model.product if model else FIRST
