"""The flags of a prompt, read strictly: what each takes, the order they make, the errors."""

import difflib
import json
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from pydantic import JsonValue

from bot.prompts.closed_options import closed_in
from order import Order

PROMPT_CHARS = 2000
NEGATIVE_CHARS = 2500
OPTIONS_BYTES = 4096
OPTIONS_DEPTH = 32  # deeper JSON may decode here and overflow the stack where it is encoded again

RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3")
QUALITIES = ("standard", "high")


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
    """There is nothing before the first flag that a picture could be drawn of."""


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
class ClosedOptionError(PromptError):
    """Nobody but the admins may set `option`; `allowed` are others like it which they opened."""

    option: str
    allowed: tuple[str, ...] = ()


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
PARAMS: Mapping[str, JsonValue] = {  # where nobody says otherwise
    "aspect_ratio": RATIOS[0],
    "quality": QUALITIES[0],
    "cfg_scale": 0.5,
}
NAMES = {name: name for name in (*FIELDS, "opt", "options", "n")}
NAMES |= {"quality": "q", "repeat": "n", "r": "n"}

# `--` before any letter; a dash only before a Latin one: "кот —рыжий" is plain Russian. With a
# blank in between it is a mistyped flag where one of ours follows; after a dash only with a value,
# because "— no people" is plain English.
_FLAG = re.compile(
    r"(?<!\S)(?:--(?=[^\W\d_])|[—–](?=[A-Za-z])"
    rf"|--(?=[^\S\n]+(?i:(?:{'|'.join(NAMES)})(?![^\s=])|ar[:\d]))"
    r"|[—–](?=[^\S\n]+(?i:ar|cfg|chaos|n|opt|options|q|quality|r|repeat|seed)(?:=|[^\S\n]+)"
    r"(?i:[\d.,{]|high\b|standard\b|\w+=)))"
    r"(?P<word>\s*[^\s=]+)=?"
)
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
# Without exponent and leading zeros: "1e5" and "007" are likelier codes, and would not survive.
_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|\.[0-9]+)")
_DECIMAL = re.compile(r"[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+")
PAIR = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>\S.*)", re.DOTALL)
_OBJECT = re.compile(r"\s*(?=\{)")


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag as it was written."""

    word: str  # as written, without the dashes
    value: str  # stripped

    @property
    def name(self) -> str | None:
        """Which of ours it is: the keys of FIELDS, "opt", "options", "n"."""
        return NAMES.get(self.word.lower())

    def __str__(self) -> str:
        # `--style=--x` has a value that would be a flag after a space
        return f"--{self.word.lower()}{'=' if _FLAG.match(self.value) else ' '}{self.value}"


def clean(text: str) -> str:
    """The text without lone surrogates, which neither SQLite nor HTTP would take, and without
    what nobody sees: a prompt of that would be one of nothing."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _JOINS_NOTHING.sub("", _INVISIBLE.sub("", text.translate(_BLANKS)))


def split(text: str) -> tuple[str, list[Flag]]:
    """The words of a text, and the flags after them."""
    start = _FLAG.search(text)
    prompt = text[: start.start()] if start else text
    all_readings = readings(text) if start else ()
    flags: list[Flag] = []
    while start:
        at = start.end()
        if start["word"].lstrip().lower() == "options":
            at = _object_end(all_readings, at)
        following = _FLAG.search(text, at)
        value = text[start.end() : following.start() if following else None]
        flags.append(Flag(start["word"], value.strip()))
        start = following
    return prompt.strip(), flags


def read(
    prompt: str,
    flags: Iterable[Flag],
    base: Order,
    max_quantity: int,
    allowed_options: Collection[str] = (),
) -> Order:
    """The order that prompt and flags make of `base`; raises the first PromptError there is."""
    prompt = prompt or base.prompt
    values: dict[str, JsonValue] = {**PARAMS, **base.params}
    options: dict[str, JsonValue] = {}
    quantity = min(base.quantity, max_quantity)
    seen: set[str] = set()
    for flag in flags:
        written = f"--{flag.word}"
        if flag.name is None:
            nearest, _ = nearest_flag(flag.word)
            raise UnknownFlagError(written, f"--{nearest}" if nearest else None)
        if flag.name in seen and flag.name != "opt":
            raise RepeatedFlagError(written)
        seen.add(flag.name)
        if flag.name == "n":
            quantity = _quantity(flag, max_quantity)
        elif flag.name in FIELDS:
            values[FIELDS[flag.name]] = _value(flag)
        else:
            added = options_of(flag)
            for key in added:
                if key in options:
                    raise RepeatedFlagError(f"{written} {key}")
            for option in closed_in(added, allowed_options):
                raise ClosedOptionError(option, tuple(allowed_options))
            options |= added
            # After each flag, so that the one that is too much is named
            if _bytes({**base.options, **options}) > OPTIONS_BYTES:
                raise BadValueError(written, flag.value, BytesUpTo(OPTIONS_BYTES))
    if not _SUBSTANCE.search(prompt):
        raise EmptyPromptError
    if len(prompt) > PROMPT_CHARS:
        raise PromptTooLongError(len(prompt))
    params = {param: values[param] for param in FIELDS.values() if param in values}
    chosen = {FIELDS[name] for name in seen if name in FIELDS}
    # Options win over params: one of an earlier request must not win over a flag of this one
    kept = {key: value for key, value in base.options.items() if key not in chosen}
    return replace(
        base,
        prompt=prompt,
        quantity=quantity,
        params=params,
        options={**kept, **options},
        named=frozenset(chosen | base.params.keys()),
    )


def _value(flag: Flag) -> JsonValue:
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
            if _DECIMAL.fullmatch(text) and 0 <= (number := decimal(text)) <= 1:
                tenths = number.quantize(Decimal("0.1"))
                value = float(tenths) if tenths == number else None
        case _:
            allowed = Form.TEXT_OR_NUMBER
            value = None if number_and_more(text) else _typed(text)
    if not text:
        raise MissingValueError(f"--{flag.word}", allowed)
    if value is None:
        raise BadValueError(f"--{flag.word}", text, allowed)
    return value


def _quantity(flag: Flag, limit: int) -> int:
    allowed = NumberRange(1, limit, 1)
    if not flag.value:
        raise MissingValueError(f"--{flag.word}", allowed)
    number = _typed(flag.value.lstrip("0"))
    if not isinstance(number, int) or number < 1:
        raise BadValueError(f"--{flag.word}", flag.value, allowed)
    if number > limit:
        raise QuantityTooHighError(number, limit)
    return number


def options_of(flag: Flag) -> dict[str, JsonValue]:
    """What one `--opt` or `--options` adds."""
    allowed = Form.KEY_VALUE if flag.name == "opt" else Form.JSON_OBJECT
    if not flag.value:
        raise MissingValueError(f"--{flag.word}", allowed)
    if allowed is Form.JSON_OBJECT:
        found, end = json_object(flag.value, 0)
        if found is not None and end == len(flag.value):
            return found
    elif (pair := PAIR.fullmatch(flag.value)) and not number_and_more(pair["value"]):
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


def number_and_more(text: str) -> bool:
    """True for "50 in a hat": the words were meant for the prompt."""
    first, rest = first_word(text)
    return bool(rest) and not isinstance(_typed(first), str)


def first_word(text: str) -> tuple[str, str]:
    """The first word, and the rest."""
    first, *rest = text.split(maxsplit=1) or [""]
    return first, "".join(rest)


def decimal(text: str) -> Decimal:
    """The number, with a point or a comma."""
    return Decimal(text.replace(",", "."))


# --- JSON


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def json_object(text: str, at: int) -> tuple[dict[str, JsonValue] | None, int]:
    """The JSON object that begins at `at` and where it ends; (None, at) where there is none."""
    try:
        found, end = json.JSONDecoder(parse_constant=_refuse).raw_decode(text, at)
        if isinstance(found, dict) and _shallow(found, OPTIONS_DEPTH):
            _bytes(found)  # refuses 1e999 (infinity) and "\ud800" (no text)
            return found, end
    except (ValueError, RecursionError):
        pass  # no JSON that could be sent, whatever the reason
    return None, at


def read_options(text: str) -> dict[str, JsonValue]:
    """The JSON object that is the whole of `text`, by the rules of `--options`.

    Raises:
        BadValueError: it is none, or one that is too large.
    """
    for reading in readings(text.strip()):
        found, end = json_object(reading, 0)
        if found is not None and end == len(reading):
            if _bytes(found) > OPTIONS_BYTES:
                raise BadValueError("--options", text, BytesUpTo(OPTIONS_BYTES))
            return found
    raise BadValueError("--options", text, Form.JSON_OBJECT)


def _shallow(value: JsonValue, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_shallow(each, levels - 1) for each in inner)


def as_json(value: JsonValue) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _bytes(value: dict[str, JsonValue]) -> int:
    return len(as_json(value).encode())


_DOUBLE_QUOTES = str.maketrans("“”„‟«»″＂\u00a0", '""""""""\u0020')
_ALL_QUOTES = _DOUBLE_QUOTES | str.maketrans("‘’‚‛′'", '""""""')


def readings(text: str) -> tuple[str, ...]:
    """`text`, then with the quotes of phones made straight; all of the same length."""
    return text, text.translate(_DOUBLE_QUOTES), text.translate(_ALL_QUOTES)


def _object_end(readings: Iterable[str], at: int) -> int:
    """Where the object after `--options` ends: a `--` in one of its strings is no flag."""
    for reading in readings:
        if begin := _OBJECT.match(reading, at):
            found, end = json_object(reading, begin.end())
            if found is not None:
                return end
    return at


# --- The flag that an unknown one was meant for


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
FOREIGN_BARE = re.compile(
    "beta|creative|draft|fast|hd|hq|loop|public|raw|relax|sd|stealth|test|testp|tile|turbo|upanime|"
    "upbeta|uplight|video"
)
_FOREIGN = re.compile(
    "bs|cref|cw|dref|end|exp|iw|model|motion|niji|oref|ow|p|personalize|profile|s|sameseed|sampler|"
    "scale|speed|sref|steps|stop|stylise|stylize|sv|sw|v|version|w|weird|" + FOREIGN_BARE.pattern
)
_HEAD = re.compile(r"[^\W\d_]+")
_LOOKALIKES = str.maketrans("аеорсухі", "aeopcyxi")  # Cyrillic to Latin


def nearest_flag(word: str) -> tuple[str | None, str]:
    """The flag that an unknown one was meant for, and the value glued to it: "n2", "ar:16:9"."""
    word = word.lstrip()  # "-- ar"
    name = word.lower().translate(_LOOKALIKES)
    for known, others in _SYNONYMS.items():
        if name in others:
            return known, ""
    begin = head(name)
    tail = word[len(begin) :]
    if begin in NAMES and (not tail or tail[0] in ":.,;{" or tail[0].isdigit()):
        return begin, tail.lstrip(":.,;")
    # With names of one letter every short word would be close to one
    if len(name) > 1 and not _FOREIGN.fullmatch(begin):
        close = difflib.get_close_matches(name, [known for known in NAMES if len(known) > 1], n=1)
        return next(iter(close), None), ""
    return None, ""


def head(name: str) -> str:
    """The letters before anything else: "v" of "v6"."""
    found = _HEAD.match(name)
    return found[0] if found else ""
