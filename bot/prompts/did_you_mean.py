"""Did-you-mean: a corrected line to send instead, offered only if the strict parser accepts it."""

import difflib
import math
import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from bot.prompts.closed_options import closed_in
from bot.prompts.errors import MisplacedFlagError, PromptError
from bot.prompts.grammar import (
    MODEL,
    OPTION,
    OPTIONS,
    QUANTITY,
    Grammar,
    Written,
    clean,
    options_of,
)
from bot.prompts.options import PAIR, as_json, json_object, object_in, pair_in, readings
from bot.prompts.values import decimal, first_word, nearest_step, number_and_more, value_of
from providers.base import Flag, Kind, Number, OneOf, Text, Url
from providers.order import Order

_RATIO = re.compile(
    r"(?P<width>\d{1,5}(?:[.,]\d{1,5})?)(?:\s*[:：∶;/\\xXхХ×*—–-]\s*|\s+)"
    r"(?P<height>\d{1,5}(?:[.,]\d{1,5})?)[.,;!]*(?!\S)"
)
_IS_RATIO = re.compile("[0-9]+:[0-9]+")
_IS_NUMBER = re.compile(r"[0-9]{1,9}([.,][0-9]{1,9})?")
Mended = tuple[list[Written], str]  # what to write for a flag, and the words of the prompt


def suggestion(
    grammar: Grammar,
    prompt: str,
    flags: list[Written],
    base: Order,
    max_quantity: int,
    allowed_options: Collection[str] = (),
) -> str | None:
    """The line to send instead of one that is wrong; None where there is none that parses."""
    return _Mender(grammar, base, max_quantity, allowed_options).line(prompt, flags)


class _Mender:
    def __init__(
        self,
        grammar: Grammar,
        base: Order,
        max_quantity: int,
        allowed_options: Collection[str],
    ) -> None:
        self._grammar = grammar
        self._base = base
        self._alone = replace(base, prompt="", params={}, options={})  # for one flag
        self._max_quantity = max_quantity
        self._allowed_options = allowed_options

    def line(self, prompt: str, flags: list[Written]) -> str | None:
        given = {flag.name for flag in flags}
        texts: list[str] = [prompt]
        mended: list[Written] = []
        for flag in flags:
            kept, words = self._mended(flag, given)
            mended += kept
            texts.append(words)
        grammar = self._grammar
        if grammar.product.is_tool:
            texts = []
        line = grammar.line(texts, self._last_of_each(mended))
        try:
            read = grammar.split(clean(line))
            grammar.read(*read, self._base, self._max_quantity, self._allowed_options)
        except PromptError:
            return None
        return line

    def _mended(self, flag: Written, given: set[str | None]) -> Mended:
        """What cannot be corrected stays as it is: the line will not parse, nor be suggested."""
        grammar = self._grammar
        if flag.name is None:
            nearest, glued = grammar.meant(flag.word)
            # A guess never replaces what was given under its right name
            if nearest and grammar.names[nearest] not in given - {OPTION}:
                guess = grammar.written(nearest, f"{glued} {flag.value}".strip())
                kept, words = self._mended(guess, given)
                if all(map(self._good, kept)):
                    return kept, words
            return [], self._left_behind(flag)
        if self._good(flag):
            return [flag], ""
        if flag.name in {OPTION, OPTIONS}:
            return self._mended_options(flag) if flag.value else ([], "")
        if self._misplaced(flag):
            return [], self._left_behind(flag)
        kind = self._kind(flag.name)
        if isinstance(kind, Flag):
            return [grammar.written(flag.word, "")], flag.value
        if isinstance(kind, Text) and flag.value:
            return [flag], ""
        value, rest = _nearest(kind, flag.value)
        return [grammar.written(flag.word, value)] if value else [], rest

    def _kind(self, name: str) -> Kind:
        if name == QUANTITY:
            return Number(1, self._max_quantity)
        return OneOf(self._base.model) if name == MODEL else self._grammar.fields[name].kind

    def _misplaced(self, flag: Written) -> bool:
        try:
            self._read_alone(flag)
        except MisplacedFlagError:
            return True
        except PromptError:
            pass
        return False

    def _read_alone(self, flag: Written) -> None:
        prompt = "" if self._grammar.product.is_tool else "prompt"
        self._grammar.read(prompt, [flag], self._alone, self._max_quantity)

    def _good(self, flag: Written) -> bool:
        try:
            self._read_alone(flag)
        except PromptError:
            return False
        return True

    def _left_behind(self, flag: Written) -> str:
        """The words after a flag that is taken out which are none of its value."""
        takes_value = self._grammar.takes_value(flag.word)
        if takes_value is False:
            return flag.value
        first, rest = first_word(flag.value)
        if takes_value or not rest or re.search(r"\d|://", first):
            return rest
        return flag.value

    def _mended_options(self, flag: Written) -> Mended:
        text = flag.value
        if not self._grammar.product.open_options:
            return self._flags_of_options(text), ""
        if text.startswith("{"):
            for reading in readings(text):
                found, end = json_object(reading, 0)
                if found is not None:
                    return [self._written(OPTIONS, reading[:end])], text[end:].strip()
            return [flag], ""
        if pair := PAIR.fullmatch(text):
            first, rest = first_word(pair["value"])
            pairs = [self._written(OPTION, f"{pair['key']}={first}")]
            if not number_and_more(pair["value"]):
                return [self._written(OPTION, text)], ""
            if all(PAIR.fullmatch(word) for word in rest.split()):
                return [*pairs, *(self._written(OPTION, word) for word in rest.split())], ""
            return pairs, rest
        if flag.name == OPTION:
            if pair := re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)(?:\s*:\s*|\s+)(\S+)", text):
                return [self._written(OPTION, f"{pair[1]}={pair[2]}")], ""
            return [], text if first_word(text)[1] else ""
        return [flag], ""

    def _flags_of_options(self, text: str) -> list[Written]:
        """What the product has a flag for, written as that."""
        found = pair_in(text) or object_in(text) or {}
        named = ((self._grammar.flag_of(key), value) for key, value in found.items())
        return [self._written(flag, str(value)) for flag, value in named if flag]

    def _written(self, name: str, value: str) -> Written:
        return self._grammar.written(name, value)

    def _last_of_each(self, flags: Iterable[Written]) -> list[Written]:
        """Without what a later flag says again, and without options that are closed."""
        kept: list[Written] = []
        seen: set[str] = set()
        keys: set[str] = set()
        for flag in reversed([*flags]):
            field = self._grammar.fields.get(flag.name or "")
            sets = field.param if field else str(flag.name)
            said = keys if field and field.option else seen
            if flag.name != OPTION and sets in said:
                continue
            said.add(sets)
            if flag.name in {OPTION, OPTIONS}:
                try:
                    options = options_of(flag)
                except PromptError:
                    options = {}
                new = {
                    key: value
                    for key, value in options.items()
                    if key not in keys and not any(closed_in({key: value}, self._allowed_options))
                }
                keys |= new.keys()
                if len(new) < len(options):
                    if not new:
                        continue
                    flag = self._written(flag.word, as_json(new))
            kept.append(flag)
        return kept[::-1]


def _nearest(kind: Kind, text: str) -> tuple[str | None, str]:
    """The value that was meant, if any, and the words that belong to the prompt."""
    text = text.lstrip("=: ")
    first, rest = first_word(text)
    value: str | None = None
    match kind:
        case OneOf(words=words) if all(_IS_RATIO.fullmatch(word) for word in words):
            if ratio := _RATIO.match(text):
                value, rest = _nearest_ratio(ratio, words), text[ratio.end() :].strip()
        case OneOf():
            value = nearest_word(first, kind)
        case Number():
            value = _nearest_number(first, kind)
        case Url():
            value = first if value_of(kind, first) else None
        case _:
            value = first
    if value is None:
        # "--ar в шляпе": a sentence belongs to the prompt, a single word was a try at a value
        return None, text if rest else ""
    return value, rest


def _nearest_ratio(found: re.Match[str], ratios: Iterable[str]) -> str | None:
    width, height = decimal(found["width"]), decimal(found["height"])
    if not width or not height:
        return None
    shape = math.log(width) - math.log(height)
    return min(ratios, key=lambda ratio: abs(_shape(ratio) - shape))


def _shape(ratio: str) -> float:
    """How wide "16:9" is; 0: a square."""
    across, _, down = ratio.partition(":")
    return math.log(int(across) / int(down))


def nearest_word(word: str, kind: OneOf) -> str | None:
    """The word that was meant, if any."""
    word = word.lower().strip(".,;!")
    for meant, pattern in kind.near.items():
        if re.fullmatch(pattern, word):
            return meant
    numbers = {each: decimal(each) for each in kind.words if _IS_NUMBER.fullmatch(each)}
    if numbers and _IS_NUMBER.fullmatch(word):
        number = decimal(word)
        return min(numbers, key=lambda each: abs(numbers[each] - number))
    return next(iter(difflib.get_close_matches(word, kind.words, n=1, cutoff=0.5)), None)


def _nearest_number(word: str, kind: Number) -> str | None:
    found = re.search(r"-?(?:\d+(?:[.,]\d+)?|[.,]\d+)", word)
    if not found:
        return None
    number = nearest_step(kind, decimal(found[0]))
    return str(int(number)) if number == int(number) else str(number.normalize())
