"""The models the simulator knows, and what each wants in `input`.

Kling's fields are those of docs.kie.ai (August 2026). No page of 2026 names a Midjourney model;
its two are this project's assumption, checked as strictly as the bot must fill them in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import wire

Check = Callable[[Any], str | None]
"""What is wrong with a value, in the words of a refusal; None when it is right."""


@dataclass(frozen=True, slots=True)
class Field:
    check: Check
    required: bool = False


def text(most: int) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return "must be a string"
        if not value.strip():
            return "must not be empty"
        return f"cannot exceed {most} characters" if len(value) > most else None

    return check


def choice(*options: str) -> Check:
    def check(value: Any) -> str | None:
        good = isinstance(value, str) and value in options
        return None if good else "is not within the range of allowed options"

    return check


def number(least: float, most: float, step: float | None = None) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "must be a number"
        if not least <= value <= most:
            return f"must be between {least:g} and {most:g}"
        if step and abs(value / step - round(value / step)) > 1e-6:
            return f"must be a multiple of {step:g}"
        return None

    return check


def integer(least: int, most: int) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return "must be an integer"
        return None if least <= value <= most else f"must be between {least} and {most}"

    return check


def flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be a boolean"


def address(value: Any) -> str | None:
    good = isinstance(value, str) and re.fullmatch(r"https?://[^\s/]+\S*", value)
    return None if good else "must be an http or https URL"


def addresses(most: int, least: int = 0) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, list):
            return "must be an array"
        if not least <= len(value) <= most:
            return f"must hold {least} to {most} URLs"
        return next((wrong for item in value if (wrong := address(item))), None)

    return check


def records(most: int) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            return "must be an array of objects"
        return None if len(value) <= most else f"must hold at most {most} objects"

    return check


def required(check: Check) -> Field:
    return Field(check, required=True)


RATIOS = {
    "1:1": (1, 1),
    "16:9": (16, 9),
    "9:16": (9, 16),
    "3:2": (3, 2),
    "2:3": (2, 3),
}

_MIDJOURNEY = {
    "prompt": required(text(2000)),
    "aspect_ratio": Field(choice(*RATIOS)),
    "quality": Field(choice("standard", "high")),
    "negative_prompt": Field(text(2500)),
    "cfg_scale": Field(number(0, 1, 0.1)),
}
_RATIO = choice("16:9", "9:16", "1:1")
_LENGTHS = choice(*(str(seconds) for seconds in range(3, 16)))
_KLING_2_1 = {
    "prompt": required(text(5000)),
    "duration": Field(choice("5", "10")),
    "negative_prompt": Field(text(500)),
    "cfg_scale": Field(number(0, 1)),
}
_KLING_2_5 = _KLING_2_1 | {
    "prompt": required(text(2500)),
    "negative_prompt": Field(text(2500)),
}
_KLING_2_6 = {
    "prompt": required(text(1000)),
    "sound": required(flag),
    "duration": required(choice("5", "10")),
}
_TURBO = {
    "prompt": required(text(2500)),
    "duration": required(_LENGTHS),
    "resolution": required(choice("720p", "1080p")),
}
_MOTION = {
    "input_urls": required(addresses(1, 1)),
    "video_urls": required(addresses(1, 1)),
    "prompt": Field(text(2500)),
}
_MOTION_SIDE = choice("image", "video")
_MOTION_MODE = choice("720p", "1080p")
_AVATAR = {
    "image_url": required(address),
    "audio_url": required(address),
    "prompt": required(text(5000)),
}
_IMAGE = {"image_url": required(address)}
_TAIL = {"tail_image_url": Field(address)}

KNOWN: Mapping[str, Mapping[str, Field]] = {
    "midjourney/v6-text-to-image": _MIDJOURNEY,
    "midjourney/v6-image-to-image": _MIDJOURNEY | _IMAGE,
    "kling/v2-1-standard": _KLING_2_1 | _IMAGE,
    "kling/v2-1-pro": _KLING_2_1 | _IMAGE | _TAIL,
    "kling/v2-1-master-image-to-video": _KLING_2_1 | _IMAGE,
    "kling/v2-1-master-text-to-video": _KLING_2_1 | {"aspect_ratio": Field(_RATIO)},
    "kling/v2-5-turbo-image-to-video-pro": _KLING_2_5 | _IMAGE | _TAIL,
    "kling/v2-5-turbo-text-to-video-pro": _KLING_2_5 | {"aspect_ratio": Field(_RATIO)},
    "kling-2.6/text-to-video": _KLING_2_6 | {"aspect_ratio": required(_RATIO)},
    "kling-2.6/image-to-video": _KLING_2_6 | {"image_urls": required(addresses(1, 1))},
    "kling-2.6/motion-control": _MOTION
    | {"character_orientation": required(_MOTION_SIDE), "mode": required(_MOTION_MODE)},
    "kling-3.0/video": {
        "prompt": required(text(2500)),
        "sound": required(flag),
        "duration": required(_LENGTHS),
        "aspect_ratio": Field(_RATIO),
        "mode": Field(choice("std", "pro", "4K")),
        "multi_shots": Field(flag),
        "multi_prompt": Field(records(5)),
        "image_urls": Field(addresses(2)),
        "kling_elements": Field(records(3)),
    },
    "kling-3.0/motion-control": _MOTION
    | {
        "character_orientation": Field(_MOTION_SIDE),
        "mode": Field(_MOTION_MODE),
        "background_source": Field(choice("input_video", "input_image")),
    },
    "kling/v3-turbo-text-to-video": _TURBO | {"aspect_ratio": required(_RATIO)},
    "kling/v3-turbo-image-to-video": _TURBO | {"image_urls": required(addresses(2, 1))},
    "kling-3.0-omni/text-to-video": {
        "prompt": required(text(3072)),
        "duration": Field(integer(3, 15)),
        "resolution": Field(choice("720p", "1080p", "4k")),
        "aspect_ratio": Field(_RATIO),
        "audio": Field(flag),
        "customize_multi_shots": Field(flag),
    },
    # Their schemas are alternatives that are not known in full.
    "kling-3.0-omni/image-to-video": {"audio": Field(flag)},
    "kling-3.0-omni/reference-to-video": {"audio": Field(flag)},
    "kling-3.0-omni/transformation": {
        "video_urls": Field(addresses(1)),
        "image_urls": Field(addresses(4)),
        "resolution": Field(choice("720p", "1080p", "4k")),
        "audio": Field(flag),
    },
    "kling/ai-avatar-standard": _AVATAR,
    "kling/ai-avatar-pro": _AVATAR,
}


def makes_film(model: str) -> bool:
    return model.startswith("kling")


def refusal(model: str, given: Any) -> tuple[int, str] | None:
    """Code and text with which createTask refuses this `input`; None when it may run.

    A missing field is a 500, as recorded; a wrong value a 422, as documented.
    """
    if given is None:
        return 500, wire.REQUIRED
    if not isinstance(given, dict):
        return 422, "input must be an object"
    fields = KNOWN.get(model, {})
    if any(field.required and given.get(name) is None for name, field in fields.items()):
        return 500, wire.REQUIRED
    for name, value in given.items():
        wrong = fields[name].check(value) if name in fields else None
        if wrong := wrong or next(filter(None, map(_unfit, _strings(value))), None):
            return 422, f"{name} {wrong}"
    return None


def _unfit(value: str) -> str | None:
    """What no string may be, in whatever field, known to the model or not."""
    if not value:
        return "must not be empty"
    # Telegram's file addresses hold the bot's token and must never leave the bot.
    return "must not be a Telegram file URL" if "/file/bot" in value else None


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return []
    return [text for item in items for text in _strings(item)]
