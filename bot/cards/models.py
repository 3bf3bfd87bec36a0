"""The cards of /admin for the catalogue: its list, a model with its prices, a price to change.

Each button that sets something says what it is set to, and from what: a press on an old card
changes nothing that the admin does not see.
"""

from collections.abc import Iterable, Sequence

from bot.cards.pager import LINES, PageNumber, turning
from bot.telegram.buttons import Button, ButtonData, Keyboard, Number
from bot.texts import Texts
from bot.texts.admin_prices import MAX_PRICE, MOST_PRICES
from storage.catalogue import Model, proposed
from storage.prices import Price, prices_of

COLUMNS = 2
STEPS = (-10, 10)  # percent


class PanelButton(ButtonData, prefix="panel"):
    """A page of the panel; for the statistics, how many days."""

    room: str = ""
    days: Number | None = None


class ModelButton(ButtonData, prefix="model"):
    """A page of the list ("list"), a model ("one"), which goes on sale ("on") or off it ("off"),
    one of its prices ("price"), which is set from what it was to another ("set"; 0: none)."""

    verb: str = "list"
    page: PageNumber = 1
    slug: str = ""
    value: str = ""  # as in `Price.name`
    seen: Number | None = None
    to: Number | None = None


def models(texts: Texts, found: Sequence[Model], number: int) -> Keyboard:
    """Under a page of the list, the last one where there are not so many."""
    last = max(-(-len(found) // LINES), 1)
    number = min(number, last)
    buttons = [
        _button(texts.model_name(each), ModelButton(verb="one", page=number, slug=each.slug))
        for each in found[(number - 1) * LINES : number * LINES]
    ]
    turns = turning(number, last, lambda to: ModelButton(page=to).pack())
    back = Button(texts.panel_back(), PanelButton(room="all").pack())
    return (*_rows(buttons), *turns, (back,))


def model_card(texts: Texts, model: Model, page: int, token_usd: float) -> tuple[str, Keyboard]:
    """A model: its state, its prices, and a button for each."""
    verb = "off" if model.enabled else "on"
    switch = _button(texts.switch_button(model), ModelButton(verb=verb, page=page, slug=model.slug))
    prices = [
        _button(
            texts.price_button(each),
            ModelButton(verb="price", page=page, slug=model.slug, value=each.name),
        )
        for each in prices_of(model)[:MOST_PRICES]
    ]
    back = Button(texts.panel_back(), ModelButton(page=page).pack())
    return texts.prices(model, token_usd), (switch, *_rows(prices), (back,))


def price_card(
    texts: Texts, model: Model, price: Price, page: int, token_usd: float
) -> tuple[str, Keyboard]:
    """One price, and what it can be changed to with a press."""
    seen = price.tokens or 0

    def to(text: str, tokens: int) -> list[Button]:
        return _button(
            text,
            ModelButton(
                verb="set", page=page, slug=model.slug, value=price.name, seen=seen, to=tokens
            ),
        )

    if seen:
        steps = [
            to(texts.step_button(percent, tokens), tokens)
            for percent in STEPS
            if 1 <= (tokens := _stepped(seen, percent)) <= MAX_PRICE
        ]
        rows = [*_rows(steps), *([to(texts.off_sale_button(), 0)] if price.values else [])]
    else:
        tokens = min(proposed(price.credits) if price.credits else model.price, MAX_PRICE)
        rows = [to(texts.sell_button(tokens), tokens)]
    command = " ".join(filter(None, ("/price", model.slug, price.name)))
    back = ModelButton(verb="one", page=page, slug=model.slug)
    return texts.one_price(model, price, token_usd), (
        *rows,
        (Button(texts.own_price_button(), copy=f"{command} "),),
        _button(texts.panel_back(), back),
    )


def _stepped(tokens: int, percent: int) -> int:
    """By one token at least."""
    step = max(tokens * abs(percent) // 100, 1)
    return tokens + step if percent > 0 else tokens - step


def _button(text: str, data: ModelButton) -> list[Button]:
    """The button, unless what it names does not fit into one."""
    try:
        return [Button(text, data.pack())]
    except ValueError:
        return []


def _rows(buttons: Iterable[list[Button]]) -> Keyboard:
    shown = [each for found in buttons for each in found]
    return tuple(shown[at : at + COLUMNS] for at in range(0, len(shown), COLUMNS))
