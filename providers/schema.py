"""KIE's own schema of a model: read from its OpenAPI document, and held against an `input`.

What is kept is a plain JSON Schema of the `input`: no references, no patterns, nothing but the
keywords that are checked here, and no value that a database or a chat would not take.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

TASKS = "/api/v1/jobs/createTask"
MAX_NODES = 5_000  # references can be circular, and each can be there twice
MAX_DEPTH = 20
MAX_WORD = 100  # characters of a value, or of a name
MAX_WORDS = 300
MAX_NUMBER = 1e12
TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})
COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
BOUNDS = ("minimum", "maximum")

Schema = Mapping[str, Any]
Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One field of a model's `input`. `kind` is JSON Schema's word, "" where it says nothing; of a
    list, the bounds are those of its length."""

    name: str
    kind: str
    required: bool
    default: Scalar | None
    enum: tuple[Scalar, ...]
    low: float | None
    high: float | None


def input_schema(document: Any) -> dict[str, Any] | None:
    """The schema of `input`; None: the document has none, or is not that of a task."""
    found = _Reader(document).input()
    return found if found and found["properties"] else None


def fields_of(schema: Schema) -> tuple[SchemaField, ...]:
    """The fields of an `input`, in the order of the schema."""
    required = set(schema["required"])
    return tuple(
        _field(name, each, name in required) for name, each in schema["properties"].items()
    )


def wrong_in(schema: Schema, given: Mapping[str, Any]) -> list[str]:
    """What of an `input` is not as the schema says, without the values that were given.

    What is missing is for KIE to refuse: its schemas require more than it does.
    """
    errors = Draft202012Validator(schema).iter_errors(given)
    return sorted({line for error in errors for line in _lines(error)})


def missing_in(schema: Schema, given: Mapping[str, Any]) -> list[str]:
    """The required fields that an `input` does not have."""
    forms = [each["required"] for each in schema.get("anyOf", ()) if "required" in each]
    of_form = min(([*set(form) - given.keys()] for form in forms), key=len, default=[])
    return sorted({*schema["required"], *of_form} - given.keys())


def _lines(error: ValidationError) -> Iterator[str]:
    where = ".".join(map(str, error.absolute_path)) or "input"
    limit: Any = error.validator_value
    given: Any = error.instance
    match error.validator:
        case "additionalProperties":
            known: Any = error.schema
            yield from (
                f"{name}: no such field" for name in given if name not in known["properties"]
            )
        case "required" | "anyOf" if not error.absolute_path:
            pass
        case "enum":
            yield f"{where}: none of {', '.join(map(str, limit))}"[:MAX_WORD]
        case "type":
            yield f"{where}: no {' or '.join([limit] if isinstance(limit, str) else limit)}"
        case "anyOf":
            yield f"{where}: none of its forms"
        case word:
            yield f"{where}: {word} {limit}"


class _Reader:
    """Goes through one document."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._left = MAX_NODES

    def input(self) -> dict[str, Any] | None:
        match self._document:
            case {"paths": {"/api/v1/jobs/createTask": {"post": {"requestBody": body}}}}:
                pass
            case _:
                return None
        match self._followed(body):
            case {"content": {"application/json": {"schema": schema}}}:
                found = self._plain(schema).get("properties", {}).get("input", {})
            case _:
                return None
        return _as_object(found)

    def _followed(self, node: Any) -> Any:
        """What a node refers to, where it does."""
        seen: set[str] = set()
        while isinstance(node, dict) and isinstance(ref := node.get("$ref"), str):
            if ref in seen:
                return None
            seen.add(ref)
            node = self._target(ref)
        return node

    def _target(self, ref: str) -> Any:
        """Local references only. A key may be percent-encoded, and have a blank at its end."""
        start, *keys = ref.split("/")
        if start != "#":
            return None
        node = self._document
        for encoded in keys:
            if not isinstance(node, dict):
                return None
            key = unquote(encoded).replace("~1", "/").replace("~0", "~")
            same = (each for each in (key, encoded) if each in node)
            alike = (each for each in node if each.strip() == key.strip())
            node = node.get(next(same, next(alike, key)))
        return node

    def _plain(
        self, node: Any, refs: frozenset[str] = frozenset(), depth: int = 0
    ) -> dict[str, Any]:
        """A schema without references; empty, which is anything, where they go in circles."""
        self._left -= 1
        if not isinstance(node, dict) or self._left < 0 or depth > MAX_DEPTH:
            return {}
        if isinstance(ref := node.get("$ref"), str):
            if ref in refs:
                return {}
            beside = {key: value for key, value in node.items() if key != "$ref"}
            target = self._plain(self._target(ref), refs | {ref}, depth + 1)
            return _both(target, self._plain(beside, refs, depth + 1))

        def below(child: Any) -> dict[str, Any]:
            return self._plain(child, refs, depth + 1)

        plain = _keywords(node)
        if isinstance(items := node.get("items"), dict):
            plain["items"] = below(items)
        if isinstance(properties := node.get("properties"), dict):
            names = [name for name in properties if _is_word(name)]
            plain["properties"] = {name: below(properties[name]) for name in names}
        required = node.get("required")
        if isinstance(required, list):
            plain["required"] = [name for name in required if _is_word(name)]
        forms = [*_listed(node.get("oneOf")), *_listed(node.get("anyOf"))]
        if forms:
            plain["anyOf"] = [below(each) for each in forms]
        return reduce(_both, map(below, _listed(node.get("allOf"))), plain)


def _keywords(node: Mapping[str, Any]) -> dict[str, Any]:
    """What a node itself says of a value."""
    said = node.get("type")
    types = [
        each
        for each in (said if isinstance(said, list) else [said])
        if isinstance(each, str) and each in TYPES
    ]
    words = node.get("enum")
    words = words if isinstance(words, list) else [node["const"]] if "const" in node else []
    values = [each for each in words[:MAX_WORDS] if _is_scalar(each)]
    may_be_null = node.get("nullable") is True or "null" in types or None in words
    plain: dict[str, Any] = {}
    if values:  # which say it all: types and bounds beside them are not always theirs
        plain["enum"] = [*values, *([None] if may_be_null else [])]
    else:
        if types:
            plain["type"] = [*dict.fromkeys([*types, *(["null"] if may_be_null else [])])]
        for key in COUNTS:
            if isinstance(count := node.get(key), int) and 0 <= count <= MAX_NUMBER:
                plain[key] = count
        for key in BOUNDS:
            if _is_number(node.get(key)):
                plain[key] = node[key]
    if _is_scalar(default := node.get("default")):
        plain["default"] = default
    return plain


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What holds where both do; of what one thing is said twice, the second."""
    both = {**one, **other}
    if "properties" in one and "properties" in other:
        both["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        both["required"] = [*dict.fromkeys([*one["required"], *other["required"]])]
    return both


def _as_object(schema: dict[str, Any]) -> dict[str, Any]:
    """An `input` with all fields of all its forms, and no others: KIE ignores those, and bills
    its defaults. Required is what every form requires."""
    forms = [each for each in schema.get("anyOf", ()) if each.get("properties")]
    properties = dict(schema.get("properties", {}))
    for form in forms:
        for name, field in form["properties"].items():
            properties[name] = _either(properties[name], field) if name in properties else field
    of_all = [set(form.get("required", ())) for form in forms]
    common = set.intersection(*of_all) if of_all else set()
    required = [*schema.get("required", ()), *sorted(common)]
    plain: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "required": [*dict.fromkeys(name for name in required if name in properties)],
        "additionalProperties": False,
    }
    if any(of_all):
        plain["anyOf"] = [{"required": sorted(each)} for each in of_all]
    return plain


def _either(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """A field that two forms have."""
    if one == other:
        return one
    if "enum" in one and "enum" in other:
        return {**one, "enum": [*dict.fromkeys([*one["enum"], *other["enum"]])]}
    return {"anyOf": [one, other]}


def _field(name: str, schema: Schema, required: bool) -> SchemaField:
    forms = [each for each in schema.get("anyOf", ()) if each.get("type") != ["null"]]
    whole: Schema = reduce(lambda one, other: {**other, **one}, forms, {**schema})
    enum = tuple(value for value in whole.get("enum", ()) if value is not None)
    kinds = [each for each in whole.get("type", ()) if each != "null"]
    kind = kinds[0] if kinds else _kind_of(enum[0]) if enum else ""
    low, high = {
        "string": ("minLength", "maxLength"),
        "array": ("minItems", "maxItems"),
    }.get(kind, BOUNDS)
    default = whole.get("default")
    return SchemaField(
        name,
        kind,
        required,
        default if not enum or default in enum else None,
        enum,
        whole.get(low),
        whole.get(high),
    )


def _kind_of(value: Scalar) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case _:
            return "string"


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _is_word(value: Any) -> bool:
    """Whether a text can be kept, sent and shown as it is."""
    return isinstance(value, str) and 0 < len(value) <= MAX_WORD and value.isprintable()


def _is_number(value: Any) -> bool:
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return is_one and abs(value) <= MAX_NUMBER


def _is_scalar(value: Any) -> bool:
    return isinstance(value, bool) or _is_word(value) or _is_number(value)
