"""What an item costs: the price of the row, and those of the values that were chosen."""

from fractions import Fraction
from math import ceil

from providers.base import Input
from providers.order import Order
from storage.catalogue import Model
from storage.errors import UnpricedValueError


def price_of(model: Model, order: Order) -> int:
    """Whole tokens for one item of the order, as the row stands.

    The price of a value holds with all else by default; several at once multiply by what each is
    to the price of the row, for that is how KIE counts: so much a second, times so much for sharp.

    Raises:
        UnpricedValueError: one of the values is not on sale.
    """
    options = {key: value for key, value in model.options.items() if key not in order.named}
    said = {**order.params, **options, **order.options}
    given = Input.PICTURE if order.inputs else Input.TEXT
    price = Fraction(model.price)
    for field in model.product.priced:
        if field.only not in {None, given}:
            continue
        prices = model.prices.get(field.param, {})
        default = field.word(model.options.get(field.param, field.default))
        word = field.word(said[field.param]) if said.get(field.param) is not None else default
        if word == default:
            continue
        if word not in prices:
            raise UnpricedValueError(field, word, words_on_sale(model, field.param))
        price *= Fraction(prices[word], model.price)
    return ceil(price)


def words_on_sale(model: Model, param: str) -> tuple[str, ...]:
    """The values of a priced field that can be had, in the order of the declaration."""
    field = next(each for each in model.product.priced if each.param == param)
    default = field.word(model.options.get(param, field.default))
    on_sale = {default, *model.prices.get(param, {})}
    return tuple(word for word in field.words if word in on_sale)
