"""Lines to send instead: every flag that can be mended is, and the strict reading has the say."""

import difflib
import math
import re
from collections.abc import Collection
from decimal import ROUND_HALF_UP, Decimal

from bot.prompts.closed_options import closed_in
from bot.prompts.grammar import (
    FOREIGN_BARE,
    NAMES,
    PAIR,
    QUALITIES,
    RATIOS,
    Flag,
    PromptError,
    as_json,
    clean,
    decimal,
    first_word,
    head,
    json_object,
    nearest_flag,
    number_and_more,
    options_of,
    read,
    readings,
    split,
)
from order import Order

_RATIO = re.compile(
    r"(?P<width>\d{1,5}(?:[.,]\d{1,5})?)(?:\s*[:：∶;/\\xXхХ×*—–-]\s*|\s+)"
    r"(?P<height>\d{1,5}(?:[.,]\d{1,5})?)[.,;!]*(?!\S)"
)
_QUALITY_WORDS = {
    "high": re.compile(r"[24]|4k|8k|best|hd|hi|hq|max|ultra|высок\w*|лучш\w*|хай"),
    "standard": re.compile(r"0?\.5|1|default|low|medium|normal|sd|std|обычн\w*|стандарт\w*"),
}


ANY = Order(model="", prompt="")


def suggestion(
    prompt: str,
    flags: list[Flag],
    base: Order,
    max_quantity: int,
    allowed_options: Collection[str] = (),
) -> str | None:
    """The line to send instead of one that is wrong; None where there is none that parses."""
    given = {flag.name for flag in flags}
    texts, mended = [prompt], []
    for flag in flags:
        kept, words = _mended(flag, given, max_quantity)
        mended += kept
        texts.append(words)
    kept = _last_of_each(mended, allowed_options)
    line = clean(" ".join(filter(None, [*texts, *map(str, kept)])))
    try:
        read(*split(line), base, max_quantity, allowed_options)
    except PromptError:
        return None
    return line


def _mended(flag: Flag, given: set[str | None], max_quantity: int) -> tuple[list[Flag], str]:
    """What to write for one flag, and the words that belong to the prompt.

    What cannot be mended comes back as it is: the line will not parse, and is not suggested.
    """
    if flag.name is None:
        nearest, glued = nearest_flag(flag.word)
        # A guess never replaces what was given under its right name
        if nearest and (NAMES[nearest] == "opt" or NAMES[nearest] not in given):
            guess = Flag(nearest, f"{glued} {flag.value}".strip())
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
            first, rest = first_word(flag.value)
            return [Flag(flag.word, first)], rest


def _good(flag: Flag, max_quantity: int) -> bool:
    try:
        read("prompt", [flag], ANY, max_quantity)
    except PromptError:
        return False
    return True


def _mended_word(flag: Flag, max_quantity: int) -> tuple[list[Flag], str]:
    text = flag.value.lstrip("=: ")
    first, rest = first_word(text)
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
        return [Flag(flag.word, value)], rest
    # "--ar в шляпе": a sentence belongs to the prompt, a single word was a try at a value
    return [], text if rest else ""


def _mended_options(flag: Flag) -> tuple[list[Flag], str]:
    text = flag.value
    if text.startswith("{"):
        for reading in readings(text):
            found, end = json_object(reading, 0)
            if found is not None:
                return [Flag("options", reading[:end])], text[end:].strip()
        return [flag], ""
    if pair := PAIR.fullmatch(text):
        first, rest = first_word(pair["value"])
        pairs = [Flag("opt", f"{pair['key']}={first}")]
        if not number_and_more(pair["value"]):
            return [Flag("opt", text)], ""
        if all(PAIR.fullmatch(word) for word in rest.split()):
            return [*pairs, *(Flag("opt", word) for word in rest.split())], ""
        return pairs, rest
    if flag.name == "opt":
        if pair := re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)(?:\s*:\s*|\s+)(\S+)", text):
            return [Flag("opt", f"{pair[1]}={pair[2]}")], ""
        return [], text if first_word(text)[1] else ""
    return [flag], ""


def _last_of_each(flags: list[Flag], allowed_options: Collection[str]) -> list[Flag]:
    """Without what a later flag says again, and without options that are closed."""
    kept: list[Flag] = []
    seen: set[str] = set()
    keys: set[str] = set()
    for flag in reversed(flags):
        if flag.name != "opt" and str(flag.name) in seen:
            continue
        seen.add(str(flag.name))
        if flag.name in {"opt", "options"}:
            try:
                options = options_of(flag)
            except PromptError:
                options = {}
            new = {
                key: value
                for key, value in options.items()
                if key not in keys and not any(closed_in({key: value}, allowed_options))
            }
            keys |= new.keys()
            if len(new) < len(options):
                if not new:
                    continue
                flag = Flag(flag.word, as_json(new))
        kept.append(flag)
    return kept[::-1]


def _left_behind(flag: Flag) -> str:
    """The words after a flag that is taken out which are none of its value."""
    if FOREIGN_BARE.fullmatch(head(flag.word.lower())):
        return flag.value
    first, rest = first_word(flag.value)
    if not rest:
        return ""
    return rest if re.search(r"\d|://", first) else flag.value


def _nearest_ratio(found: re.Match[str]) -> str | None:
    width, height = decimal(found["width"]), decimal(found["height"])
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
    number = min(max(decimal(found[0]), low), high).quantize(step, ROUND_HALF_UP)
    return str(int(number)) if number == int(number) else str(number)
