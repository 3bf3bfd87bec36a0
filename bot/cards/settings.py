"""The /settings card: its text, a menu for each setting, what a button means.

A value is looked up among those that can be chosen now, so that one which is old or forged is none.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from bot.cards.pager import LINES, PageNumber, turning
from bot.prompts.products import product_of
from bot.prompts.values import is_whole, takes
from bot.service_limits import BUTTON_BYTES, BUTTONS
from bot.telegram.buttons import Button, ButtonData, Keyboard
from bot.telegram.html import quoted
from bot.texts import Texts
from bot.texts.choosing import NAME_SHOWN
from bot.texts.fields import WORDS_SHOWN
from bot.texts.settings import language_name
from providers.base import Field, Flag, Number, OneOf, Product, Text
from providers.order import Order
from storage.catalogue import Model
from storage.errors import UnpricedValueError
from storage.preferences import ALWAYS, NEVER, Awaited, Preferences
from storage.prices import price_of, price_with, words_on_sale

CARD = "card"
OTHERS = {"model": 1, "n": 5, "ask": 1, "lang": 2}  # than fields, with the columns of the menu
WRITE, NONE = "?", "-"
ON = "on"
HALF_CHARS = 18  # that a phone shows whole on half of a row of the card
MOST_CHOICES = BUTTONS - 2  # in a menu, with one to write and one back; all can be said by flags
CHOICES = 10  # and one, of a number
WIRE = re.compile(
    r"set:(?P<what>[^:@]*)(@((?P<page>[0-9]{1,15})|[^:]*))?(:(?P<value>.*))?", re.DOTALL
)


class SettingButton(ButtonData, prefix="set"):
    """Opens a menu, "set:WHAT" or its page "set:WHAT@N"; or chooses a value, which may hold the
    separator, "set:WHAT:VALUE"."""

    what: str
    page: PageNumber | None = None
    value: str | None = None

    def pack(self) -> str:
        where = self.what if self.page is None else f"{self.what}@{self.page}"
        return self.__separator__.join(filter(None, (self.__prefix__, where, self.value)))

    @property
    def fits(self) -> bool:
        """Whether Telegram takes it."""
        return len(self.pack().encode()) <= BUTTON_BYTES

    @classmethod
    def unpack(cls, value: str) -> Self:
        if not (said := WIRE.fullmatch(value)):
            raise ValueError("no setting's")
        return cls.model_validate(said.groupdict())


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a setting that can be chosen now."""

    value: str  # as the button carries it
    label: str
    changes: Mapping[str, Any]  # of Preferences, or of a product's params
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    """The choices that exist, and what the person chose."""

    preferences: Preferences
    models: Sequence[Model]  # on sale, in order, without tools
    wanted: Model | None  # the person's choice, on sale or not
    languages: Sequence[str]
    max_quantity: int
    balance: int
    tools: Sequence[Model] = ()  # that is: what is used on a picture
    seconds: Mapping[str, float] = field(default_factory=dict)  # that a model takes, by its slug

    @property
    def model(self) -> Model | None:
        """The model that draws the person's requests."""
        chosen = (each for each in self.models if each.slug == self.preferences.model)
        return next(chosen, self.models[0] if self.models else None)

    @property
    def product(self) -> Product:
        """The product of that model."""
        return product_of(self.model)

    @property
    def whats(self) -> list[str]:
        """The settings, in the order of the card."""
        return ["model", *self.product.settings, "ask", "lang"]

    def text_field(self, what: str) -> Field | None:
        """The field of that flag where a text can be kept for it."""
        field = self.product.field(what) if what in self.product.settings else None
        return field if field is not None and isinstance(field.kind, Text) else None

    def own(self, field: Field) -> Any:
        """What the person set of a field, or what holds for everyone."""
        value = self.preferences.of(self.product.key).get(field.param)
        return field.default if value is None or not takes(field.kind, value) else value

    @property
    def quantity(self) -> int:
        """Items that a request without flags asks for."""
        own = self.preferences.quantity if "n" in self.product.settings else 1
        return min(own or 1, self.max_quantity)

    @property
    def cost(self) -> int | None:
        """Tokens for a request without flags; None: it is not on sale."""
        if self.model is None:
            return None
        own = {
            each.param: self.own(each)
            for each in self.product.priced
            if self.preferences.of(self.product.key).get(each.param) is not None
        }
        order = Order(self.model.slug, "", params=own, named=frozenset(own))
        try:
            return self.quantity * price_of(self.model, order)
        except UnpricedValueError:
            return None

    def is_on_sale(self, field: Field) -> bool:
        """Whether the value that the person kept of a field can be had."""
        value = self.preferences.of(self.product.key).get(field.param)
        if self.model is None or not field.credits or value is None:
            return True
        return field.word(value) in words_on_sale(self.model, field.param)


def card(texts: Texts, shelf: Shelf) -> tuple[str, Keyboard]:
    """The card: all settings, and what a request costs."""
    off_sale = None
    if shelf.wanted is not None and shelf.wanted.slug not in {m.slug for m in shelf.models}:
        off_sale = shelf.wanted.name
    text = texts.settings(
        [(_name(texts, shelf, what), _shown(texts, shelf, what)) for what in shelf.whats],
        model=shelf.model,
        off_sale=off_sale,
        cost=shelf.cost,
        balance=shelf.balance,
        flag=texts.example_flag(shelf.product),
    )
    buttons = [
        Button(_name(texts, shelf, what), SettingButton(what=what).pack()) for what in shelf.whats
    ]
    return text, _card_rows(buttons)


def _name(texts: Texts, shelf: Shelf, what: str) -> str:
    field = shelf.product.field(what)
    return texts.setting(what) if field is None else texts.field(field)


def _shown(texts: Texts, shelf: Shelf, what: str) -> str:
    if field := shelf.product.field(what):
        shown = texts.value(field, shelf.own(field), WORDS_SHOWN)
        return shown if shelf.is_on_sale(field) else texts.value_off_sale(shown)
    own = shelf.preferences
    match what:
        case "model":
            return quoted(shelf.model.name, NAME_SHOWN) if shelf.model else "—"
        case "n":
            return str(shelf.quantity)
        case "ask":
            return texts.when_asked(own.ask)
        case _:
            return language_name(own.language) if own.language else texts.telegram_language()


def options(texts: Texts, shelf: Shelf, what: str, page: int | None = None) -> tuple[str, Keyboard]:
    """What can be chosen for one setting; of models a page, that of the chosen one where none is
    named, the last where there are not so many."""
    offered = choices(texts, shelf, what)
    field = shelf.product.field(what)
    turns: Keyboard = ()
    if what == "model":
        last = max(-(-len(offered) // LINES), 1)
        at = next((n for n, each in enumerate(offered) if each.chosen), 0)
        number = min(page or at // LINES + 1, last)
        shown = slice((number - 1) * LINES, number * LINES)
        text = texts.models(
            shelf.models[shown],
            shelf.model.slug if shelf.model else None,
            tools=shelf.tools if number == last else (),
            seconds=shelf.seconds,
            alone=len(shelf.models) + len(shelf.tools) == 1,
        )
        offered = offered[shown]
        turns = turning(number, last, lambda to: SettingButton(what="model", page=to).pack())
    elif field is not None:
        text = texts.field_menu(field, shelf.own(field))
    else:
        text = texts.setting_menu(what)
    buttons = [
        Button(
            f"✓ {each.label}" if each.chosen else each.label,
            SettingButton(what=what, value=each.value).pack(),
            style="primary" if each.chosen else None,
        )
        for each in offered
        if SettingButton(what=what, value=each.value).fits
    ][:MOST_CHOICES]
    if shelf.text_field(what):
        write = SettingButton(what=what, value=WRITE).pack()
        buttons.insert(0, Button(texts.write_button(), write))
    columns = OTHERS[what] if field is None else _columns(field)
    return text, (*_rows(buttons, columns), *turns, *back(texts))


def back(texts: Texts) -> Keyboard:
    """The way from a menu to the card."""
    return ((Button(texts.back_button(), SettingButton(what=CARD).pack()),),)


def choices(texts: Texts, shelf: Shelf, what: str) -> list[Choice]:
    """The values of a setting that the person can choose now."""
    own = shelf.preferences
    if field := shelf.product.field(what):
        return _of_field(texts, shelf, field) if what in shelf.product.settings else []
    match what:
        case "model":
            return [
                Choice(
                    each.slug,
                    texts.model_button(each),
                    {"model": each.slug},
                    shelf.model is not None and each.slug == shelf.model.slug,
                )
                for each in shelf.models
            ]
        case "n":
            return [
                Choice(str(n), str(n), {"quantity": n}, n == shelf.quantity)
                for n in range(1, shelf.max_quantity + 1)
            ]
        case "ask":
            return [
                Choice(when or NONE, texts.when_asked(when), {"ask": when}, own.ask == when)
                for when in (ALWAYS, None, NEVER)
            ]
        case "lang":
            return [
                Choice(NONE, texts.telegram_language(), {"language": None}, own.language is None),
                *(
                    Choice(each, language_name(each), {"language": each}, own.language == each)
                    for each in shelf.languages
                ),
            ]
        case _:
            return []


def _of_field(texts: Texts, shelf: Shelf, field: Field) -> list[Choice]:
    """One choice per value, and one for the default."""
    own = shelf.own(field)
    match field.kind:
        case OneOf(words=words):
            if shelf.model is None or not field.credits:
                return [Choice(each, each, {field.param: each}, each == own) for each in words]
            return [
                Choice(
                    each,
                    f"{each} · {price_with(shelf.model, field, each)}",
                    {field.param: each},
                    each == own,
                )
                for each in words_on_sale(shelf.model, field.param)
            ]
        case Number():
            return [
                Choice(f"{each:g}", f"{each:g}", {field.param: each}, each == own)
                for each in _numbers(field.kind)
            ]
        case Flag(sent=sent):
            on = Choice(ON, texts.value(field, sent), {field.param: sent}, own is not None)
            off = Choice(NONE, texts.value(field, None), {field.param: None}, own is None)
            if field.credits and (shelf.model is None or not shelf.model.prices.get(field.param)):
                return [off]
            return [on, off]
        case Text() if own:
            return [Choice(NONE, texts.remove_button(), {field.param: None})]
        case _:
            return []


def _numbers(kind: Number) -> list[float]:
    """From the lowest to the highest, at equal distances as far as its steps allow."""
    step = kind.step
    parts = [kind.low + (kind.high - kind.low) * part / CHOICES for part in range(CHOICES + 1)]
    numbers = dict.fromkeys(round(round(each / step) * step, 6) for each in parts)
    return [int(each) for each in numbers] if is_whole(kind) else [*numbers]


def _columns(field: Field) -> int:
    """Of its menu."""
    match field.kind:
        case OneOf(words=words):
            return min(len(words), 5)
        case Number():
            return 4
        case _:
            return 2


def awaited_field(awaited: Awaited | None, product: Product | None) -> Field | None:
    """The field of the product that a person's next words are for, if there still is one."""
    if awaited is None or product is None:
        return None
    fields = (each for each in product.fields if isinstance(each.kind, Text))
    return next((each for each in fields if each.param == awaited.param), None)


def _card_rows(buttons: Sequence[Button]) -> Keyboard:
    """Two in a row, a long one alone."""
    rows: list[list[Button]] = []
    for each in buttons:
        row = rows[-1] if rows else []
        if len(row) == 1 and all(len(button.text) <= HALF_CHARS for button in (*row, each)):
            row.append(each)
        else:
            rows.append([each])
    return rows


def _rows(buttons: Sequence[Button], columns: int) -> Keyboard:
    return tuple(buttons[at : at + columns] for at in range(0, len(buttons), columns))
