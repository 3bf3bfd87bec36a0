"""What a person writes becomes an order: `рыжая лиса --ar 16:9 --n 2`.

Two passes over the same flags. The strict one builds the order or raises the first error. Only
then the lenient one mends every flag it can; what it composes is offered as `suggestion` where the
strict pass takes it.
"""

import difflib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from pydantic import JsonValue

PROMPT_CHARS = 2000
NEGATIVE_CHARS = 2500
OPTIONS_BYTES = 4096
OPTIONS_DEPTH = 32  # deeper JSON may decode here and overflow the stack where it is encoded again

RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3")
QUALITIES = ("standard", "high")


@dataclass(frozen=True, slots=True)
class Order:
    """One request as it was understood.

    `params` goes into the provider's `input` beside prompt and image, in this order; `options` is
    merged into it last and unchanged.
    """

    prompt: str
    quantity: int
    params: dict[str, JsonValue]
    options: dict[str, JsonValue]


# --- What a flag takes: for the sentence that tells the person


@dataclass(frozen=True, slots=True)
class Choices:
    """One of these words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NumberRange:
    """A number from `low` to `high`, both included, in steps of `step`."""

    low: float
    high: float
    step: float


@dataclass(frozen=True, slots=True)
class TextUpTo:
    """Any text of 1 to `limit` characters."""

    limit: int


@dataclass(frozen=True, slots=True)
class BytesUpTo:
    """All options together, as compact JSON in UTF-8, take at most `limit` bytes."""

    limit: int


class Form(StrEnum):
    """A value told by its shape."""

    TEXT_OR_NUMBER = "text_or_number"  # a number stands alone, text may have several words
    KEY_VALUE = "key_value"
    JSON_OBJECT = "json_object"


Allowed = Choices | NumberRange | TextUpTo | BytesUpTo | Form


# --- Errors: data only. Not frozen, because contextlib assigns `__traceback__` to what passes it


@dataclass(eq=False)
class PromptError(Exception):
    """The text is no order; nothing was charged.

    `suggestion` is a whole line that parses, or None; it and `given` may be as long as the message.
    A `flag` is written with two hyphens, as the person named it.
    """

    suggestion: str | None = field(default=None, kw_only=True)

    def __str__(self) -> str:
        return repr(self)


@dataclass(eq=False)
class EmptyPromptError(PromptError):
    """There is no text before the first flag."""


@dataclass(eq=False)
class PromptTooLongError(PromptError):
    """The prompt has `length` characters."""

    length: int
    limit: int = PROMPT_CHARS


@dataclass(eq=False)
class UnknownFlagError(PromptError):
    """There is no such flag; `nearest` is one that exists ("--ar"), where one is likely meant."""

    flag: str
    nearest: str | None


@dataclass(eq=False)
class MissingValueError(PromptError):
    """Nothing stands between the flag and the next one."""

    flag: str
    allowed: Allowed


@dataclass(eq=False)
class BadValueError(PromptError):
    """The value is not what the flag takes."""

    flag: str
    given: str
    allowed: Allowed


@dataclass(eq=False)
class RepeatedFlagError(PromptError):
    """Given twice, aliases count as one. For options the flag with its key: "--opt seed"."""

    flag: str


@dataclass(eq=False)
class QuantityTooHighError(PromptError):
    """More images than one request may ask for."""

    given: int
    limit: int


# --- The flags


FIELDS = {  # in the order of `params`
    "ar": "aspect_ratio",
    "q": "quality",
    "no": "negative_prompt",
    "cfg": "cfg_scale",
    "chaos": "chaos",
    "seed": "seed",
    "style": "style",
    "mode": "mode",
}
NAMES = {name: name for name in (*FIELDS, "opt", "options", "n")}
NAMES |= {"quality": "q", "repeat": "n", "r": "n"}

# `--` before any letter; a dash only before a Latin one: "кот —рыжий" is plain Russian.
_FLAG = re.compile(r"(?<!\S)(?:--(?=[^\W\d_])|[—–](?=[A-Za-z]))(?P<word>[^\s=]+)=?")
# Without exponent and leading zeros: "1e5" and "007" are likelier codes, and would not survive.
_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|\.[0-9]+)")
_DECIMAL = re.compile(r"[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+")
_PAIR = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>\S.*)", re.DOTALL)
_OBJECT = re.compile(r"\s*(?=\{)")


@dataclass(frozen=True, slots=True)
class _Flag:
    word: str  # as written, without the dashes
    value: str  # stripped

    @property
    def name(self) -> str | None:
        return NAMES.get(self.word.lower())

    def __str__(self) -> str:
        # `--style=--x` has a value that would be a flag after a space
        return f"--{self.word.lower()}{'=' if _FLAG.match(self.value) else ' '}{self.value}"


def parse(text: str, *, max_quantity: int) -> Order:
    """The order that `text` stands for; raises a PromptError, and nothing else, for any text."""
    # A lone surrogate is no text: neither SQLite nor HTTP would take it.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    prompt, flags = _split(text)
    try:
        return _order(prompt, flags, max_quantity)
    except PromptError as error:
        error.suggestion = _suggestion(prompt, flags, max_quantity)
        raise


def _split(text: str) -> tuple[str, list[_Flag]]:
    start = _FLAG.search(text)
    prompt = text[: start.start()] if start else text
    readings = _readings(text) if start else ()
    flags: list[_Flag] = []
    while start:
        at = start.end()
        if start["word"].lower() == "options":
            at = _object_end(readings, at)
        following = _FLAG.search(text, at)
        value = text[start.end() : following.start() if following else None]
        flags.append(_Flag(start["word"], value.strip()))
        start = following
    return prompt.strip(), flags


def _order(prompt: str, flags: Iterable[_Flag], max_quantity: int) -> Order:
    values: dict[str, JsonValue] = {"ar": RATIOS[0], "q": QUALITIES[0], "cfg": 0.5}
    options: dict[str, JsonValue] = {}
    quantity = 1
    seen: set[str] = set()
    for flag in flags:
        written = f"--{flag.word}"
        if flag.name is None:
            nearest, _ = _nearest(flag.word)
            raise UnknownFlagError(written, f"--{nearest}" if nearest else None)
        if flag.name in seen and flag.name != "opt":
            raise RepeatedFlagError(written)
        seen.add(flag.name)
        if flag.name == "n":
            quantity = _quantity(flag, max_quantity)
        elif flag.name in FIELDS:
            values[flag.name] = _value(flag)
        else:
            added = _options(flag)
            for key in added:
                if key in options:
                    raise RepeatedFlagError(f"{written} {key}")
            options |= added
            # After each flag, so that the one that is too much is named
            if _bytes(options) > OPTIONS_BYTES:
                raise BadValueError(written, flag.value, BytesUpTo(OPTIONS_BYTES))
    if not prompt:
        raise EmptyPromptError
    if len(prompt) > PROMPT_CHARS:
        raise PromptTooLongError(len(prompt))
    params = {param: values[name] for name, param in FIELDS.items() if name in values}
    return Order(prompt, quantity, params, options)


def _value(flag: _Flag) -> JsonValue:
    allowed: Allowed
    value: JsonValue = None
    text = flag.value
    match flag.name:
        case "ar":
            allowed = Choices(RATIOS)
            value = text if text in RATIOS else None
        case "q":
            allowed = Choices(QUALITIES)
            value = text.lower() if text.lower() in QUALITIES else None
        case "no":
            allowed = TextUpTo(NEGATIVE_CHARS)
            value = text if len(text) <= NEGATIVE_CHARS else None
        case "cfg":
            allowed = NumberRange(0, 1, 0.1)
            if _DECIMAL.fullmatch(text) and 0 <= (number := _decimal(text)) <= 1:
                tenths = number.quantize(Decimal("0.1"))
                value = float(tenths) if tenths == number else None
        case _:
            allowed = Form.TEXT_OR_NUMBER
            value = None if _number_and_more(text) else _typed(text)
    if not text:
        raise MissingValueError(f"--{flag.word}", allowed)
    if value is None:
        raise BadValueError(f"--{flag.word}", text, allowed)
    return value


def _quantity(flag: _Flag, limit: int) -> int:
    allowed = NumberRange(1, limit, 1)
    if not flag.value:
        raise MissingValueError(f"--{flag.word}", allowed)
    number = _typed(flag.value.lstrip("0"))
    if not isinstance(number, int) or number < 1:
        raise BadValueError(f"--{flag.word}", flag.value, allowed)
    if number > limit:
        raise QuantityTooHighError(number, limit)
    return number


def _options(flag: _Flag) -> dict[str, JsonValue]:
    """What one `--opt` or `--options` adds."""
    allowed = Form.KEY_VALUE if flag.name == "opt" else Form.JSON_OBJECT
    if not flag.value:
        raise MissingValueError(f"--{flag.word}", allowed)
    if allowed is Form.JSON_OBJECT:
        found, end = _object(flag.value, 0)
        if found is not None and end == len(flag.value):
            return found
    elif (pair := _PAIR.fullmatch(flag.value)) and not _number_and_more(pair["value"]):
        word = pair["value"].lower()
        value = word == "true" if word in {"true", "false"} else _typed(pair["value"])
        return {pair["key"]: value}
    raise BadValueError(f"--{flag.word}", flag.value, allowed)


def _typed(text: str) -> int | float | str:
    """A number where `text` is one, otherwise `text` itself."""
    if not _NUMBER.fullmatch(text):
        return text
    try:
        number = float(text) if "." in text else int(text)
    except ValueError:  # more digits than int() takes
        return text
    return number if not isinstance(number, float) or math.isfinite(number) else text


def _number_and_more(text: str) -> bool:
    """True for "50 in a hat": the words were meant for the prompt."""
    first, rest = _first_word(text)
    return bool(rest) and not isinstance(_typed(first), str)


def _first_word(text: str) -> tuple[str, str]:
    first, *rest = text.split(maxsplit=1) or [""]
    return first, "".join(rest)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


# --- JSON


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _object(text: str, at: int) -> tuple[dict[str, JsonValue] | None, int]:
    """The JSON object that begins at `at` and where it ends; (None, at) where there is none."""
    try:
        found, end = json.JSONDecoder(parse_constant=_refuse).raw_decode(text, at)
        if isinstance(found, dict) and _shallow(found, OPTIONS_DEPTH):
            _bytes(found)  # refuses 1e999 (infinity) and "\ud800" (no text)
            return found, end
    except (ValueError, RecursionError):
        pass  # no JSON that could be sent, whatever the reason
    return None, at


def _shallow(value: JsonValue, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_shallow(each, levels - 1) for each in inner)


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _bytes(value: dict[str, JsonValue]) -> int:
    return len(_json(value).encode())


_DOUBLE_QUOTES = str.maketrans("“”„‟«»″＂\u00a0", '""""""""\u0020')
_ALL_QUOTES = _DOUBLE_QUOTES | str.maketrans("‘’‚‛′'", '""""""')


def _readings(text: str) -> tuple[str, ...]:
    """`text`, then with the quotes of phones made straight; all of the same length."""
    return text, text.translate(_DOUBLE_QUOTES), text.translate(_ALL_QUOTES)


def _object_end(readings: Iterable[str], at: int) -> int:
    """Where the object after `--options` ends: a `--` in one of its strings is no flag."""
    for reading in readings:
        if begin := _OBJECT.match(reading, at):
            found, end = _object(reading, begin.end())
            if found is not None:
                return end
    return at


# --- Suggestions


_SYNONYMS = {  # other tools' words for our flags, and the names of the fields
    "ar": ("aspect", "aspect-ratio", "aspect_ratio", "aspectratio", "ratio"),
    "cfg": ("cfg-scale", "cfg_scale", "cfgscale"),
    "chaos": ("c",),
    "n": ("count", "num", "quantity"),
    "no": ("neg", "negative", "negative-prompt", "negative_prompt"),
    "opt": ("option",),
}
# Flags people know from Midjourney itself and from other tools, which may look like ours and always
# mean something else: never taken for a typing error. The first group takes no value.
_FOREIGN_BARE = re.compile(
    "beta|creative|draft|fast|hd|hq|loop|public|raw|relax|sd|stealth|test|testp|tile|turbo|upanime|"
    "upbeta|uplight|video"
)
_FOREIGN = re.compile(
    "bs|cref|cw|dref|end|exp|iw|model|motion|niji|oref|ow|p|personalize|profile|s|sameseed|sampler|"
    "scale|speed|sref|steps|stop|stylise|stylize|sv|sw|v|version|w|weird|" + _FOREIGN_BARE.pattern
)
_HEAD = re.compile(r"[^\W\d_]+")
_LOOKALIKES = str.maketrans("аеорсухі", "aeopcyxi")  # Cyrillic to Latin
_RATIO = re.compile(
    r"(?P<width>\d{1,5}(?:[.,]\d{1,5})?)(?:\s*[:：∶;/\\xXхХ×*—–-]\s*|\s+)"
    r"(?P<height>\d{1,5}(?:[.,]\d{1,5})?)[.,;!]*(?!\S)"
)
_QUALITY_WORDS = {
    "high": re.compile(r"[24]|4k|8k|best|hd|hi|hq|max|ultra|высок\w*|лучш\w*|хай"),
    "standard": re.compile(r"0?\.5|1|default|low|medium|normal|sd|std|обычн\w*|стандарт\w*"),
}


def _suggestion(prompt: str, flags: list[_Flag], max_quantity: int) -> str | None:
    given = {flag.name for flag in flags}
    texts, mended = [prompt], []
    for flag in flags:
        kept, words = _mended(flag, given, max_quantity)
        mended += kept
        texts.append(words)
    line = " ".join(filter(None, [*texts, *map(str, _last_of_each(mended))]))
    try:
        _order(*_split(line), max_quantity)
    except PromptError:
        return None
    return line


def _mended(flag: _Flag, given: set[str | None], max_quantity: int) -> tuple[list[_Flag], str]:
    """What to write for one flag, and the words that belong to the prompt.

    What cannot be mended comes back as it is: the line will not parse, and is not suggested.
    """
    if flag.name is None:
        nearest, glued = _nearest(flag.word)
        # A guess never replaces what was given under its right name
        if nearest and (NAMES[nearest] == "opt" or NAMES[nearest] not in given):
            guess = _Flag(nearest, f"{glued} {flag.value}".strip())
            kept, words = _mended(guess, given, max_quantity)
            if all(_good(each, max_quantity) for each in kept):
                return kept, words
        return [], _left_behind(flag)
    if not flag.value:
        return [], ""
    if _good(flag, max_quantity):
        return [flag], ""
    match flag.name:
        case "no":
            return [flag], ""
        case "opt" | "options":
            return _mended_options(flag)
        case "ar" | "q" | "cfg" | "n":
            return _mended_word(flag, max_quantity)
        case _:
            first, rest = _first_word(flag.value)
            return [_Flag(flag.word, first)], rest


def _good(flag: _Flag, max_quantity: int) -> bool:
    try:
        _order("prompt", [flag], max_quantity)
    except PromptError:
        return False
    return True


def _mended_word(flag: _Flag, max_quantity: int) -> tuple[list[_Flag], str]:
    text = flag.value.lstrip("=: ")
    first, rest = _first_word(text)
    value: str | None
    match flag.name:
        case "ar":
            ratio = _RATIO.match(text)
            value = _nearest_ratio(ratio) if ratio else None
            rest = text[ratio.end() :].strip() if ratio else rest
        case "q":
            value = _nearest_quality(first)
        case "cfg":
            value = _nearest_step(first, Decimal(0), Decimal(1), Decimal("0.1"))
        case _:
            value = _nearest_step(first, Decimal(1), Decimal(max_quantity), Decimal(1))
    if value is not None:
        return [_Flag(flag.word, value)], rest
    # "--ar в шляпе": a sentence belongs to the prompt, a single word was a try at a value
    return [], text if rest else ""


def _mended_options(flag: _Flag) -> tuple[list[_Flag], str]:
    text = flag.value
    if text.startswith("{"):
        for reading in _readings(text):
            found, end = _object(reading, 0)
            if found is not None:
                return [_Flag("options", reading[:end])], text[end:].strip()
        return [flag], ""
    if pair := _PAIR.fullmatch(text):
        first, rest = _first_word(pair["value"])
        pairs = [_Flag("opt", f"{pair['key']}={first}")]
        if not _number_and_more(pair["value"]):
            return [_Flag("opt", text)], ""
        if all(_PAIR.fullmatch(word) for word in rest.split()):
            return [*pairs, *(_Flag("opt", word) for word in rest.split())], ""
        return pairs, rest
    if flag.name == "opt":
        if pair := re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)(?:\s*:\s*|\s+)(\S+)", text):
            return [_Flag("opt", f"{pair[1]}={pair[2]}")], ""
        return [], text if _first_word(text)[1] else ""
    return [flag], ""


def _last_of_each(flags: list[_Flag]) -> list[_Flag]:
    """Without what a later flag says again."""
    kept: list[_Flag] = []
    seen: set[str] = set()
    keys: set[str] = set()
    for flag in reversed(flags):
        if flag.name != "opt" and str(flag.name) in seen:
            continue
        seen.add(str(flag.name))
        if flag.name in {"opt", "options"}:
            try:
                options = _options(flag)
            except PromptError:
                options = {}
            new = {key: value for key, value in options.items() if key not in keys}
            keys |= new.keys()
            if len(new) < len(options):
                if not new:
                    continue
                flag = _Flag(flag.word, _json(new))
        kept.append(flag)
    return kept[::-1]


def _nearest(word: str) -> tuple[str | None, str]:
    """The flag that an unknown one was meant for, and the value glued to it: "n2", "ar:16:9"."""
    name = word.lower().translate(_LOOKALIKES)
    for known, others in _SYNONYMS.items():
        if name in others:
            return known, ""
    head = _head(name)
    tail = word[len(head) :]
    if head in NAMES and (not tail or tail[0] in ":.,;{" or tail[0].isdigit()):
        return head, tail.lstrip(":.,;")
    # With names of one letter every short word would be close to one
    if len(name) > 1 and not _FOREIGN.fullmatch(head):
        close = difflib.get_close_matches(name, [known for known in NAMES if len(known) > 1], n=1)
        return next(iter(close), None), ""
    return None, ""


def _head(name: str) -> str:
    """The letters before anything else: "v" of "v6"."""
    found = _HEAD.match(name)
    return found[0] if found else ""


def _left_behind(flag: _Flag) -> str:
    """The words after a flag that is taken out which are none of its value."""
    if _FOREIGN_BARE.fullmatch(_head(flag.word.lower())):
        return flag.value
    first, rest = _first_word(flag.value)
    if not rest:
        return ""
    return rest if re.search(r"\d|://", first) else flag.value


def _nearest_ratio(found: re.Match[str]) -> str | None:
    width, height = _decimal(found["width"]), _decimal(found["height"])
    if not width or not height:
        return None
    shape = math.log(width) - math.log(height)

    def distance(ratio: str) -> float:
        across, down = map(int, ratio.split(":"))
        return abs(math.log(across / down) - shape)

    return min(RATIOS, key=distance)


def _nearest_quality(word: str) -> str | None:
    word = word.lower().strip(".,;!")
    for quality, words in _QUALITY_WORDS.items():
        if words.fullmatch(word):
            return quality
    return next(iter(difflib.get_close_matches(word, QUALITIES, n=1, cutoff=0.5)), None)


def _nearest_step(word: str, low: Decimal, high: Decimal, step: Decimal) -> str | None:
    found = re.search(r"-?(?:\d+(?:[.,]\d+)?|[.,]\d+)", word)
    if not found:
        return None
    number = min(max(_decimal(found[0]), low), high).quantize(step, ROUND_HALF_UP)
    return str(int(number)) if number == int(number) else str(number)
