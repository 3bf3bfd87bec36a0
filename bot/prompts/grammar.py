"""The strict parser of flags: `--ar 16:9` becomes the product's field `aspect_ratio`, and so on."""

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pydantic import JsonValue

from bot.prompts.closed_options import closed_in
from bot.prompts.errors import (
    BadValueError,
    BytesUpTo,
    ClosedOptionError,
    EmptyPromptError,
    Form,
    LackingFlagError,
    MisplacedFlagError,
    MissingValueError,
    NoWordsNeededError,
    PromptError,
    PromptTooLongError,
    PromptTooShortError,
    QuantityTooHighError,
    RepeatedFlagError,
    UnknownFlagError,
)
from bot.prompts.options import (
    OPTIONS_BYTES,
    object_end,
    object_in,
    pair_in,
    readings,
    size,
)
from bot.prompts.values import first_of, takes, value_of
from providers.base import Field, Flag, Input, Kind, Number, OneOf, Product, Text, Word, sent
from providers.order import Order
from providers.products import PRODUCTS

QUANTITY = "n"
MODEL = "model"
OPTION, OPTIONS = "opt", "options"
ALL_HAVE = (OPTION, OPTIONS, QUANTITY, MODEL)  # flags of every product
ANY_QUANTITY = Number(1, 10**100)
ANY_MODEL = Word()

# Other tools' words for our flags; the name in `input` is one as well.
_SYNONYMS = {
    "aspect_ratio": ("aspect", "ratio"),
    "negative_prompt": ("neg", "negative"),
    QUANTITY: ("count", "num", "quantity"),
    OPTION: ("option",),
    MODEL: ("модель",),
}
# Flags of other tools, which may look like ours and always mean something else, and whether they
# take a value.
_OTHER_TOOLS = dict.fromkeys(("dref", "sampler", "scale", "speed", "steps"), True)
_OTHER_TOOLS |= dict.fromkeys(("hq", "sd"), False)
_HEAD = re.compile(r"[^\W\d_]+")
_LOOKALIKES = str.maketrans("аеорсухі", "aeopcyxi")  # Cyrillic to Latin

# A picture can be drawn of letters, digits and emoji, and of nothing else.
_SUBSTANCE = re.compile(
    "[^\\W_]|[\u2194-\u21aa\u231a-\u23ff\u25aa-\u25fe\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff]"
)
# Controls, and what takes no place on the screen. Two of these join emoji, or letters of some
# scripts, and stay where they do.
_BLANKS = str.maketrans("\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2800", " " * 8)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e"
    "\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]"
)
_JOINS_NOTHING = re.compile(r"(?<![^\s\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\s\x00-\x7f])")


def clean(text: str) -> str:
    """The text without lone surrogates, which neither SQLite nor HTTP would take, and without
    what nobody sees: a prompt of that would be one of nothing."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _JOINS_NOTHING.sub("", _INVISIBLE.sub("", text.translate(_BLANKS)))


@dataclass(frozen=True, slots=True)
class Written:
    """A flag as the person wrote it."""

    word: str  # without the dashes
    value: str  # stripped
    name: str | None  # of the flag that it is; None: the product has none of the kind


class Grammar:
    """The grammar of one product's orders."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.fields = {each.flag: each for each in product.fields}
        self.names = {name: name for name in (*self.fields, *ALL_HAVE)}
        self.names |= {alias: each.flag for each in product.fields for alias in each.aliases}
        self.names |= {"repeat": QUANTITY, "r": QUANTITY}
        self._lacks = _usage(product.lacks)
        self._elsewhere = {
            name: takes_value
            for name, takes_value in (_OTHER_TOOLS | _known_anywhere() | self._lacks).items()
            if name not in self.names
        }
        params = {each.param: each.flag for each in reversed(product.fields)}
        self._synonyms = {
            _plain(other).translate(_LOOKALIKES): flag
            for param, flag in (params | {name: name for name in ALL_HAVE}).items()
            for other in (param, *_SYNONYMS.get(param, ()))
        }
        self._flag = self._pattern()

    def _pattern(self) -> re.Pattern[str]:
        """`--` before any letter; a dash only before a Latin one: "кот —рыжий" is plain Russian.

        With a blank in between it is a mistyped flag where one of ours follows; after a dash only
        with a value, because "— no people" is plain English.
        """
        kinds = {
            name: self.fields[flag].kind for name, flag in self.names.items() if flag in self.fields
        }
        valued = [name for name in self.names if not isinstance(kinds.get(name), Text | Flag)]
        words = [word for kind in kinds.values() if isinstance(kind, OneOf) for word in kind.words]
        of_letters = [word for word in words if word[0].isalpha()]
        return re.compile(
            r"(?<!\S)(?:--(?=[^\W\d_])|[—–](?=[A-Za-z])"
            rf"|--(?=[^\S\n]+(?i:(?:{_any_of(self.names)})(?![^\s=])|ar[:\d]))"
            rf"|[—–](?=[^\S\n]+(?i:{_any_of(valued)})(?:=|[^\S\n]+)"
            rf"(?i:[\d.,{{]|(?:{_any_of(of_letters)})\b|\w+=)))"
            r"(?P<word>\s*[^\s=]+)=?"
        )

    # --- From text to flags

    def written(self, word: str, value: str) -> Written:
        """The flag for the word after the dashes."""
        return Written(word, value, self.names.get(word.lower()))

    def split(self, text: str) -> tuple[str, list[Written]]:
        """The prompt of a text, and its flags. Those may stand before the words as well, where it
        is plain how long their values are."""
        prompt, flags = self.as_written(text)
        if not prompt:
            for place, flag in enumerate(flags):
                kind = self._kind(flag.name)
                if kind is not None and (parts := first_of(kind, flag.value)):
                    flags[place] = replace(flag, value=parts[0])
                    return parts[1], flags
        return prompt, flags

    def as_written(self, text: str) -> tuple[str, list[Written]]:
        """The words before the first flag, and each flag with all the words behind it."""
        start = self._flag.search(text)
        prompt = text[: start.start()].strip() if start else text.strip()
        all_readings = readings(text) if start else ()
        flags: list[Written] = []
        while start:
            at = start.end()
            if start["word"].lstrip().lower() == OPTIONS:
                at = object_end(all_readings, at)
            following = self._flag.search(text, at)
            value = text[start.end() : following.start() if following else None]
            flags.append(self.written(start["word"], value.strip()))
            start = following
        return prompt, flags

    def line(self, words: Iterable[str], flags: Iterable[Written]) -> str:
        """The inverse of `split`."""
        return clean(" ".join(filter(None, [*words, *map(self._line_of, flags)])))

    def _line_of(self, flag: Written) -> str:
        # `--style=--x` has a value that would be a flag after a space
        between = "=" if self._flag.match(flag.value) else " " if flag.value else ""
        return f"--{flag.word.lower()}{between}{flag.value}"

    def _kind(self, name: str | None) -> Kind | None:
        if name == QUANTITY:
            return ANY_QUANTITY
        if name == MODEL:
            return ANY_MODEL
        field = self.fields.get(name or "")
        return field.kind if field else None

    # --- From flags to an order

    def read(
        self,
        prompt: str,
        flags: Iterable[Written],
        base: Order,
        max_quantity: int,
        allowed_options: Collection[str] = (),
    ) -> Order:
        """The order that prompt and flags make of `base`; raises the first PromptError."""
        if self.product.is_tool and prompt:
            raise NoWordsNeededError
        prompt = prompt or base.prompt
        given = Input.PICTURE if base.inputs else Input.TEXT
        kept = {
            each.param: value
            for each in self._params
            if each.only in {None, given}
            and (value := base.params.get(each.param)) is not None
            and takes(each.kind, value)
        }
        defaults = {each.param: each.default_for(given) for each in self._params}
        values = {param: value for param, value in defaults.items() if value is not None} | kept
        options: dict[str, JsonValue] = {}
        quantity = min(base.quantity, max_quantity)
        seen: set[str] = set()
        for flag in flags:
            written = f"--{flag.word}"
            field = self.fields.get(flag.name or "")
            sets = field.param if field else flag.name  # two flags may set the same
            if sets is None:
                raise self._unknown(flag)
            if sets in seen and sets != OPTION:
                raise RepeatedFlagError(written)
            seen.add(sets)
            if sets == QUANTITY and field is None:
                quantity = _quantity(flag, max_quantity)
                continue
            if sets == MODEL:  # it was looked up: the rest of its value is none of it
                if flag.value.lower() != base.model.lower():
                    raise BadValueError(written, flag.value, OneOf(base.model))
                continue
            if field is not None and field.only not in {None, given}:
                raise MisplacedFlagError(written, field.only or given)
            if field is not None and not field.option:
                values[field.param] = _value(flag, field.kind)
                continue
            added = {field.param: _sent(flag, field)} if field else options_of(flag)
            for key in added:
                if key in options:
                    raise RepeatedFlagError(written if field else f"{written} {key}")
            if field is None and not self.product.open_options:
                raise self._no_option(next(iter(added), flag.word))
            if field is None:
                for option in closed_in(added, allowed_options):
                    raise ClosedOptionError(option, tuple(allowed_options))
            options |= added
            # After each flag, so that the one that is too much is named
            if size({**base.options, **options}) > OPTIONS_BYTES:
                raise BadValueError(written, flag.value, BytesUpTo(OPTIONS_BYTES))
        self._check_prompt(prompt)
        chosen = {each.param for each in self._params if each.param in seen}
        # Options win over params: one of an earlier request must not win over a flag of this one
        before = {key: value for key, value in base.options.items() if key not in chosen}
        return replace(
            base,
            prompt=prompt,
            quantity=quantity,
            params={
                each.param: values[each.param] for each in self._params if each.param in values
            },
            options={**before, **options},
            named=frozenset(chosen | kept.keys()),
        )

    def _check_prompt(self, prompt: str) -> None:
        if self.product.is_tool:  # it says what the picture shows, and is not sent
            return
        if not _SUBSTANCE.search(prompt):
            raise EmptyPromptError
        if len(prompt) < self.product.least_chars:
            raise PromptTooShortError(self.product.least_chars)
        if len(prompt) > self.product.prompt_chars:
            raise PromptTooLongError(len(prompt), self.product.prompt_chars)

    @property
    def _params(self) -> Sequence[Field]:
        return [each for each in self.product.fields if not each.option]

    # --- Flags that there are not

    def _unknown(self, flag: Written) -> PromptError:
        written = f"--{flag.word}"
        if _head(flag.word.strip().lower()) in self._lacks:
            return LackingFlagError(written)
        nearest, _ = self.meant(flag.word)
        return UnknownFlagError(written, f"--{nearest}" if nearest else None)

    def _no_option(self, key: str) -> PromptError:
        flag = self.flag_of(key)
        return UnknownFlagError(f"--opt {key}", f"--{flag}" if flag else None)

    def flag_of(self, param: str) -> str | None:
        """The flag of a name in `input`; None: there is none."""
        return next((each.flag for each in self.product.fields if each.param == param), None)

    def meant(self, word: str) -> tuple[str | None, str]:
        """The flag that an unknown one was meant for, and a value glued to it: "n2", "ar:16:9"."""
        word = word.lstrip()  # "-- ar"
        name = word.lower().translate(_LOOKALIKES)
        if flag := self._synonyms.get(_plain(name)):
            return flag, ""
        begin = _head(name)
        tail = word[len(begin) :]
        if begin in self.names and (not tail or tail[0] in ":.,;{" or tail[0].isdigit()):
            return begin, tail.lstrip(":.,;")
        # With names of one letter every short word would be close to one
        if len(name) > 1 and self.takes_value(begin) is None:
            long = [known for known in self.names if len(known) > 1]
            return next(iter(difflib.get_close_matches(name, long, n=1)), None), ""
        return None, ""

    def takes_value(self, word: str) -> bool | None:
        """Whether a flag that is none here, and one elsewhere, takes a value there; None: nobody is
        known to have it, and it may be a typing error."""
        return self._elsewhere.get(_head(word.strip().lower()))


@lru_cache(maxsize=256)
def grammar_of(product: Product) -> Grammar:
    """The grammar of the product's orders."""
    return Grammar(product)


def options_of(flag: Written) -> dict[str, JsonValue]:
    """The options that one `--opt` or `--options` adds."""
    pair = flag.name == OPTION
    allowed = Form.KEY_VALUE if pair else Form.JSON_OBJECT
    if not flag.value:
        raise MissingValueError(f"--{flag.word}", allowed)
    found = pair_in(flag.value) if pair else object_in(flag.value)
    if found is None:
        raise BadValueError(f"--{flag.word}", flag.value, allowed)
    return found


def _known_anywhere() -> dict[str, bool]:
    """The flags of all products, and those they lack, and whether each takes a value."""
    known: dict[str, bool] = {}
    for product in PRODUCTS.values():
        for field in product.fields:
            takes_value = not isinstance(field.kind, Flag)
            known |= dict.fromkeys((field.flag, *field.aliases), takes_value)
        known |= _usage(product.lacks)
    return known


def _usage(flags: Iterable[str]) -> dict[str, bool]:
    """Of flags as they are written: whether each takes a value."""
    return {name: bool(value) for name, _, value in (each.partition(" ") for each in flags)}


def _value(flag: Written, kind: Kind) -> JsonValue:
    if not flag.value and not isinstance(kind, Flag):
        raise MissingValueError(f"--{flag.word}", kind)
    value = value_of(kind, flag.value)
    if value is None:
        raise BadValueError(f"--{flag.word}", flag.value, kind)
    return value


def _sent(flag: Written, field: Field) -> JsonValue:
    value: JsonValue = sent(field.kind, _value(flag, field.kind))
    return value


def _quantity(flag: Written, limit: int) -> int:
    if not flag.value:
        raise MissingValueError(f"--{flag.word}", Number(1, limit))
    number = value_of(ANY_QUANTITY, flag.value)
    if not isinstance(number, int):
        raise BadValueError(f"--{flag.word}", flag.value, Number(1, limit))
    if number > limit:
        raise QuantityTooHighError(number, limit)
    return number


def _head(name: str) -> str:
    """The letters before anything else: "v" of "v6"."""
    found = _HEAD.match(name)
    return found[0] if found else ""


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "")


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in words) or "(?!)"
