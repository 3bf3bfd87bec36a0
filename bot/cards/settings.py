"""/settings as a message with buttons: the card, a menu for each setting, what a press means.

A button carries "set:WHAT" (opens a menu), "set:WHAT@N" (its page N) or "set:WHAT:VALUE". A value
is looked up among those that can be chosen now, so that one which is old or forged is none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.cards.pager import LINES, turning
from bot.prompts.parse import PARAMS, QUALITIES, RATIOS
from bot.telegram.buttons import Button, Keyboard
from bot.texts import Texts
from bot.texts.settings import language_name
from storage.catalogue import Model
from storage.preferences import ALWAYS, NEVER, Preferences

SETTING = "set"
CARD = "card"
WHATS = {  # with the columns of its menu
    "model": 1,
    "ar": 5,
    "q": 2,
    "n": 5,
    "cfg": 4,
    "no": 2,
    "ask": 1,
    "lang": 2,
}
WRITE, NONE = "?", "-"
COLUMNS = 2  # of the card


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a setting that can be chosen now."""

    value: str  # as the button carries it
    label: str
    changes: Mapping[str, Any]  # of Preferences
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    """What there is to choose from, and what the person chose."""

    preferences: Preferences
    models: Sequence[Model]  # on sale, in order
    wanted: Model | None  # the person's choice, on sale or not
    languages: Sequence[str]
    max_quantity: int
    balance: int

    @property
    def model(self) -> Model | None:
        """The model that draws the person's requests."""
        chosen = (each for each in self.models if each.slug == self.preferences.model)
        return next(chosen, self.models[0] if self.models else None)

    @property
    def quantity(self) -> int:
        """Pictures that a request without flags asks for."""
        return min(self.preferences.quantity or 1, self.max_quantity)


def card(texts: Texts, shelf: Shelf) -> tuple[str, Keyboard]:
    """All settings, and what a request costs."""
    off_sale = None
    if shelf.wanted is not None and shelf.wanted.slug not in {m.slug for m in shelf.models}:
        off_sale = shelf.wanted.name
    text = texts.settings(
        shelf.preferences,
        model=shelf.model,
        off_sale=off_sale,
        quantity=shelf.quantity,
        balance=shelf.balance,
    )
    buttons = [Button(texts.setting(what), f"{SETTING}:{what}") for what in WHATS]
    return text, _rows(buttons, COLUMNS)


def options(texts: Texts, shelf: Shelf, what: str, page: int | None = None) -> tuple[str, Keyboard]:
    """What can be chosen for one setting; of models a page, that of the chosen one where none is
    named, the last where there are not so many."""
    offered = choices(texts, shelf, what)
    turns: Keyboard = ()
    if what == "model":
        last = max(-(-len(offered) // LINES), 1)
        at = next((n for n, each in enumerate(offered) if each.chosen), 0)
        number = min(page or at // LINES + 1, last)
        shown = slice((number - 1) * LINES, number * LINES)
        text = texts.models(shelf.models[shown], shelf.model.slug if shelf.model else None)
        offered = offered[shown]
        turns = turning(number, last, lambda to: f"{SETTING}:model@{to}")
    else:
        text = texts.setting_menu(what, shelf.preferences.negative_prompt)
    buttons = [
        Button(
            f"✓ {each.label}" if each.chosen else each.label,
            f"{SETTING}:{what}:{each.value}",
            style="primary" if each.chosen else None,
        )
        for each in offered
    ]
    if what == "no":
        buttons.insert(0, Button(texts.write_button(), f"{SETTING}:no:{WRITE}"))
    return text, (*_rows(buttons, WHATS[what]), *turns, *back(texts))


def back(texts: Texts) -> Keyboard:
    """The way from a menu to the card."""
    return ((Button(texts.back_button(), f"{SETTING}:{CARD}"),),)


def choices(texts: Texts, shelf: Shelf, what: str) -> list[Choice]:
    """The values of a setting that the person can choose now."""
    own = shelf.preferences
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
        case "ar":
            return _each("aspect_ratio", RATIOS, own.aspect_ratio)
        case "q":
            return _each("quality", QUALITIES, own.quality)
        case "n":
            return _each("quantity", range(1, shelf.max_quantity + 1), shelf.quantity)
        case "cfg":
            return _each("cfg_scale", [n / 10 for n in range(11)], own.cfg_scale)
        case "no":
            gone = Choice(NONE, texts.remove_button(), {"negative_prompt": None})
            return [gone] if own.negative_prompt else []
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


def _each(field: str, values: Iterable[Any], own: Any) -> list[Choice]:
    """One choice a value; what the person never set is as it is for everyone."""
    own = PARAMS[field] if own is None else own
    labels = ((value, value if isinstance(value, str) else f"{value:g}") for value in values)
    return [Choice(label, label, {field: value}, value == own) for value, label in labels]


def _rows(buttons: Sequence[Button], columns: int) -> Keyboard:
    return tuple(buttons[at : at + columns] for at in range(0, len(buttons), columns))
