"""The provider's own options: `--opt key=value`, and `--options` with a JSON object.

The flags of a product (`--ar` and the like) are read in grammar.py.
"""

import json
import re
from collections.abc import Iterable

from pydantic import JsonValue

from bot.prompts.errors import BadValueError, BytesUpTo, Form
from bot.prompts.values import number_and_more, typed

OPTIONS_BYTES = 4096
OPTIONS_DEPTH = 32  # deeper JSON may decode here and overflow the stack where it is encoded again
PAIR = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>\S.*)", re.DOTALL)

_OBJECT = re.compile(r"\s*(?=\{)")
_DOUBLE_QUOTES = str.maketrans("“”„‟«»″＂\u00a0", '""""""""\u0020')
_ALL_QUOTES = _DOUBLE_QUOTES | str.maketrans("‘’‚‛′'", '""""""')


def pair_in(text: str) -> dict[str, JsonValue] | None:
    """The option in "key=value"; None: it is not of that form."""
    pair = PAIR.fullmatch(text)
    if pair is None or number_and_more(pair["value"]):
        return None
    word = pair["value"].lower()
    return {pair["key"]: word == "true" if word in {"true", "false"} else typed(pair["value"])}


def object_in(text: str) -> dict[str, JsonValue] | None:
    """The text as a JSON object; None: it is not one."""
    found, end = json_object(text, 0)
    return found if end == len(text) else None


def json_object(text: str, at: int) -> tuple[dict[str, JsonValue] | None, int]:
    """The JSON object that begins at `at` and where it ends; (None, at) where there is none."""
    try:
        found, end = json.JSONDecoder(parse_constant=_refuse).raw_decode(text, at)
        if isinstance(found, dict) and _shallow(found, OPTIONS_DEPTH):
            size(found)  # refuses 1e999 (infinity) and "\ud800" (no text)
            return found, end
    except (ValueError, RecursionError):
        pass  # JSON that could not be sent on
    return None, at


def read_options(text: str) -> dict[str, JsonValue]:
    """The JSON object that is the whole of `text`, by the rules of `--options`.

    Raises:
        BadValueError: it is none, or one that is too large.
    """
    for reading in readings(text.strip()):
        found = object_in(reading)
        if found is not None:
            if size(found) > OPTIONS_BYTES:
                raise BadValueError("--options", text, BytesUpTo(OPTIONS_BYTES))
            return found
    raise BadValueError("--options", text, Form.JSON_OBJECT)


def readings(text: str) -> tuple[str, ...]:
    """`text`, then with the quotes of phones made straight; all of the same length."""
    return text, text.translate(_DOUBLE_QUOTES), text.translate(_ALL_QUOTES)


def object_end(readings: Iterable[str], at: int) -> int:
    """Where the object after `--options` ends: a `--` in one of its strings is no flag."""
    for reading in readings:
        if begin := _OBJECT.match(reading, at):
            found, end = json_object(reading, begin.end())
            if found is not None:
                return end
    return at


def as_json(value: JsonValue) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def size(value: dict[str, JsonValue]) -> int:
    """The bytes that it takes as compact JSON."""
    return len(as_json(value).encode())


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _shallow(value: JsonValue, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_shallow(each, levels - 1) for each in inner)
