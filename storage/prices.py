"""What an item costs: the price of the row, and those of the values that were chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, prod

from providers.base import Field, Flag, Input, sent
from providers.order import Order
from storage.catalogue import Model
from storage.errors import UnpricedValueError

CREDIT_USD = 0.005  # what a credit costs at KIE


@dataclass(frozen=True, slots=True)
class Price:
    """What a row costs with some values, and all else by default. `tokens` None: it is not sold;
    `credits` are those that KIE takes, 0: nobody knows."""

    values: Sequence[tuple[Field, str]]
    tokens: int | None
    credits: float

    @property
    def name(self) -> str:
        """The values, as `duration=10 q=high`; "": all by default."""
        return " ".join(f"{field.flag}={word}" for field, word in self.values)

    def loses(self, token_usd: float) -> bool:
        """Whether KIE takes more for it than the tokens bring; where a token's value is known."""
        return bool(self.tokens and token_usd) and (
            self.credits * CREDIT_USD > (self.tokens or 0) * token_usd
        )


def price_of(model: Model, order: Order) -> int:
    """Whole tokens for one item of the order, as the row stands.

    The price of a value holds with all else by default; several at once multiply by what each is
    to the price of the row, for that is how KIE counts: so much a second, times so much for sharp;
    and by what the product says of those that cost something else together.

    Raises:
        UnpricedValueError: one of the values is not on sale.
    """
    options = {key: value for key, value in model.options.items() if key not in order.named}
    said = {**order.params, **options, **order.options}
    given = Input.PICTURE if order.inputs else Input.TEXT
    price = Fraction(model.price)
    words = {}
    for field in model.product.priced:
        if field.only not in {None, given}:
            continue
        prices = model.prices.get(field.param, {})
        default = default_of(model, field)
        word = field.word(said[field.param]) if said.get(field.param) is not None else default
        if word == default:
            continue
        if word not in prices:
            raise UnpricedValueError(field, word, words_on_sale(model, field.param))
        words[field.flag] = word
        price *= Fraction(prices[word], model.price)
    return ceil(price * _ratio(model, words))


def words_on_sale(model: Model, param: str) -> tuple[str, ...]:
    """The values of a priced field that can be had, in the order of the declaration."""
    field = next(each for each in model.product.priced if each.param == param)
    on_sale = {default_of(model, field), *model.prices.get(param, {})}
    return tuple(word for word in field.words if word in on_sale)


def price_with(model: Model, field: Field, word: str) -> int:
    """The price with one value, which is on sale, and all else by default."""
    if word == default_of(model, field):
        return model.price
    return model.prices[field.param][word]


def prices_of(model: Model) -> list[Price]:
    """The price of the row, and those with each other value that changes what a task costs."""
    prices = [Price((), model.price if model.price_set else None, _credits(model))]
    for field in model.product.priced:
        known = model.prices.get(field.param, {})
        prices += [
            Price([(field, word)], known.get(word), _credits(model, (field, word)))
            for word in field.words
            if word != default_of(model, field)
        ]
    return prices


def together(model: Model, values: Sequence[tuple[Field, str]]) -> Price:
    """The price with several values, all of them on sale."""
    ratios = (Fraction(model.prices[each.param][word], model.price) for each, word in values)
    ratio = _ratio(model, {each.flag: word for each, word in values})
    return Price(values, ceil(model.price * prod(ratios) * ratio), _credits(model, *values))


def together_on_sale(model: Model) -> list[Price]:
    """The prices of values that cost something else together than multiplied."""
    named = {each.name: each.values[0] for each in prices_of(model)[1:] if each.tokens}
    lists = [names.split() for names in model.product.together]
    return [
        together(model, [named[name] for name in names])
        for names in lists
        if named.keys() >= {*names}
    ]


def losses(model: Model, token_usd: float) -> list[Price]:
    """The prices that bring less than KIE takes; where there is none, the worst of several values
    at once, if that does."""
    base, *others = prices_of(model)
    if base.tokens is None:
        return []
    if found := [each for each in (base, *others) if each.loses(token_usd)]:
        return found
    worst: dict[str, Price] = {}  # of each field, where a credit brings less than with the default
    for each in others:
        before = worst.get(each.values[0][0].param, base)
        if each.tokens and each.tokens * before.credits < (before.tokens or 0) * each.credits:
            worst[each.values[0][0].param] = each
    mix = together(model, [value for each in worst.values() for value in each.values])
    return [mix] if mix.loses(token_usd) else []


def default_of(model: Model, field: Field) -> str:
    """The value that costs the price of the row."""
    return field.word(model.options.get(field.param, field.default))


def _ratio(model: Model, words: Mapping[str, str]) -> Fraction:
    return Fraction(model.product.ratio(words)).limit_denominator(1000)


def _credits(model: Model, *values: tuple[Field, str]) -> float:
    """With as many pictures as it takes: what they add has no price of its own."""
    said = {
        each.param: each.kind.sent if isinstance(each.kind, Flag) else sent(each.kind, word)
        for each, word in values
    }
    order = Order(model.slug, "", params={**model.options, **said})
    return model.product.credits_for(order, model.product.pictures)
