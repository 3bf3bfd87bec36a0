"""What a model wants in `input`, what it bills, and how its document tells it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from . import wire

Schema = dict[str, Any]
"""The JSON Schema of one field, from which the check and the document both come."""

USD_PER_CREDIT = 0.005
RANGE = "is not within the range of allowed options"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model and what it bills: `credits` by the values of the fields in `by`, times the number in
    `times`, and `per_picture` that it is given. Names of fields stand in one text, with spaces.

    `required` is what createTask wants, `text_only` what it wants without a picture; `told` is what
    the document calls required, where it says something else, and `vague` are fields whose bounds
    it tells in prose alone; a model may have no document. `not_at` are the aspect ratios that a
    resolution lacks. `tool` makes the result of the picture alone.
    """

    provider: str
    fields: Mapping[str, Schema]
    required: str = "prompt"
    text_only: str = ""
    told: str = ""
    vague: str = ""
    not_at: Mapping[str, str] | None = None
    credits: float | Mapping[str, float] = 8.0
    by: str = ""
    times: str = ""
    per_picture: float = 0.0
    seconds: float = 30.0
    picture: str = ""
    picture_mb: int = 10
    sides_px: tuple[int, int] = (1, 100_000)
    formats: str = "JPEG PNG WEBP"
    tool: Callable[[bytes, Mapping[str, Any]], bytes] | None = None
    listed_as: str = ""
    has_document: bool = True

    @property
    def makes_film(self) -> bool:
        return "duration" in self.fields

    @property
    def task_types(self) -> list[str]:
        """As the list has them, which is not always right."""
        made = "Video" if self.makes_film else "Image"
        if self.listed_as:
            return [self.listed_as]
        text = [] if self.picture in self.required.split() else [f"Text to {made}"]
        return text + [f"Image to {made}"] * bool(self.picture)

    def filled(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """An input, with what it leaves open as by default."""
        usual = {name: each["default"] for name, each in self.fields.items() if "default" in each}
        return {**usual, **given}

    def pictures(self, given: Mapping[str, Any]) -> list[str]:
        """The addresses of the pictures to start from."""
        value = given.get(self.picture) or []
        return [value] if isinstance(value, str) else list(value)

    def results(self, filled: Mapping[str, Any]) -> int:
        return 1 if self.makes_film else int(filled.get(self.times, 1))

    def cost(self, given: Mapping[str, Any]) -> float:
        """The credits of a task."""
        filled = self.filled(given)
        rate = self.credits
        if isinstance(rate, Mapping):
            rate = rate[" ".join(str(filled[name]) for name in self.by.split())]
        more = self.per_picture * len(self.pictures(filled))
        return round(rate * float(filled.get(self.times, 1)) + more, 3)

    @property
    def price(self) -> str:
        """The price, in prose."""
        per = {"": "", "duration": " per second"}.get(self.times, " per image")
        rates = self.credits if isinstance(self.credits, Mapping) else {"A request": self.credits}
        told = [
            f"{what}: {n:g} credits (${n * USD_PER_CREDIT:g}){per}" for what, n in rates.items()
        ]
        more = f", plus {self.per_picture:g} credits per input image" if self.per_picture else ""
        return f"{', '.join(told)}{more}."

    def check(self, given: Any) -> None:
        """Let an `input` through, or raise RefusedError.

        A missing field is a 500, as recorded; a wrong value a 422, as documented.
        """
        if given is None:
            raise wire.RefusedError(500, wire.REQUIRED)
        if not isinstance(given, dict):
            raise wire.RefusedError(422, "input must be an object")
        if any(given.get(name) is None for name in self.required.split() if name in self.fields):
            raise wire.RefusedError(500, wire.REQUIRED)
        for name, value in given.items():
            wrong = wrong_with(self.fields.get(name, {}), value)
            if wrong := wrong or next(filter(None, map(_unfit, _strings(value))), None):
                raise wire.RefusedError(422, f"{name} {wrong}")
        filled = self.filled(given)
        for name in self.text_only.split():
            if name not in filled and not self.pictures(filled):
                raise wire.RefusedError(500, f"{name} is required for text-to-video")
        lacking = (self.not_at or {}).get(str(filled.get("resolution")), "").split()
        if filled.get("aspect_ratio") in lacking:
            raise wire.RefusedError(422, f"aspect_ratio {RANGE}")

    def document(self, name: str) -> dict[str, Any] | None:
        """Its OpenAPI document, with references as KIE has them: by keys that end in a space and
        are percent-encoded, and one in a circle."""
        if not self.has_document:
            return None
        given = {
            "type": "object",
            "properties": {each: self._told(each) for each in self.fields},
            "required": (self.told or self.required).split(),
            "x-apidog-orders": [*self.fields],
        }
        body = {
            "type": "object",
            "required": ["model", "input"],
            "properties": {
                "model": {"type": "string", "enum": [name], "default": name},
                "callBackUrl": {"type": "string", "format": "uri"},
                "input": reference("Input "),
            },
        }
        schemas = {
            "Input ": given,
            "nsfw_checker ": {"type": "boolean", "nullable": True, "default": False},
            # Nobody has a recording of the circles that there are: this one is made up.
            "kling element ": {"properties": {"parts": {"items": reference("kling element ")}}},
        }
        post = {
            "requestBody": {"content": {"application/json": {"schema": body}}},
            "responses": {"500": reference("Error ", "responses")},
        }
        return {
            "openapi": "3.1.0",
            "info": {"title": "", "description": "", "version": "1.0.0"},
            "paths": {"/api/v1/jobs/createTask": {"post": post}},
            "components": {"schemas": schemas, "responses": {"Error ": {"description": "Error"}}},
        }

    def _told(self, name: str) -> Schema:
        schema = self.fields[name]
        if name == "nsfw_checker":
            return reference("nsfw_checker ")
        if name not in self.vague.split():
            return schema
        low, high = schema["minimum"], schema["maximum"]
        known = {key: schema[key] for key in schema if key not in {"minimum", "maximum"}}
        return known | {"description": f"The value must be within [{low}, {high}]."}


def reference(key: str, kind: str = "schemas") -> Schema:
    return {"$ref": f"#/components/{kind}/{quote(key)}"}


def wrong_with(schema: Schema, value: Any) -> str | None:
    """What is wrong with a value, in the words of a refusal; None when it is right."""
    kind = schema.get("type", "")
    kinds = [kind] if isinstance(kind, str) else kind
    if value is None and (schema.get("nullable") or "null" in kinds):
        return None
    match schema | {"type": kinds[0]}:
        case {"anyOf": ways}:
            wrong = [wrong_with(each, value) for each in ways]
            return None if None in wrong else wrong[0]
        case {"enum": words}:
            good = any(type(each) is type(value) and each == value for each in words)
            return None if good else RANGE
        case {"type": "boolean"}:
            return None if isinstance(value, bool) else "must be a boolean"
        case {"format": "uri"}:
            return address(value)
        case {"type": "string"}:
            return _text(schema, value)
        case {"type": "integer" | "number"}:
            return _number(schema, value, whole=kinds[0] == "integer")
        case {"type": "array"}:
            return _list(schema, value)
    return None


def _text(schema: Schema, value: Any) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    if not value.strip():
        return "must not be empty"
    if len(value) < schema.get("minLength", 1):
        return f"must be at least {schema['minLength']} characters"
    most = schema.get("maxLength", len(value))
    return f"cannot exceed {most} characters" if len(value) > most else None


def _number(schema: Schema, value: Any, *, whole: bool) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number"
    if whole and not isinstance(value, int):
        return "must be an integer"
    least, most = schema["minimum"], schema["maximum"]
    if not least <= value <= most:
        return f"must be between {least:g} and {most:g}"
    step = schema.get("multipleOf")
    if step and abs(value / step - round(value / step)) > 1e-6:
        return f"must be a multiple of {step:g}"
    return None


def _list(schema: Schema, value: Any) -> str | None:
    if not isinstance(value, list) or len(value) < schema.get("minItems", 0):
        return "must be an array of URLs"
    if len(value) > schema["maxItems"]:
        return f"cannot exceed {schema['maxItems']} items"
    return next((wrong for each in value if (wrong := wrong_with(schema["items"], each))), None)


def address(value: Any) -> str | None:
    good = isinstance(value, str) and re.fullmatch(r"https?://[^\s/]+\S*", value)
    return None if good else "must be an http or https URL"


def _unfit(value: str) -> str | None:
    """What no string may be, in whatever field, known to the model or not."""
    if not value:
        return "must not be empty"
    # Telegram's file addresses hold the bot's token and must never leave the bot.
    return "must not be a Telegram file URL" if "/file/bot" in value else None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
