"""Fields that many products have, by the names that each has for them."""

from collections.abc import Mapping
from typing import Any

from providers.base import Constant, Field, Number, OneOf

SAFE = Constant("nsfw_checker", True)  # KIE's own default is to look at nothing
SQUARE_TO_WIDE = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4", "21:9")

_NEAR = {
    "high": r"[24]|2k|best|hd|hi|hq|max|высок\w*|лучш\w*|хай",
    "ultra": r"4k|8k|uhd|ультра|4к",
    "standard": r"0?\.5|1|1k|default|low|medium|normal|sd|std|обычн\w*|стандарт\w*",
}


def ratio(*words: str, param: str = "aspect_ratio", **more: Any) -> Field:
    """`--ar`, a square by default."""
    sent: Mapping[str, str] = more.pop("sent", {})
    return Field("ar", param, OneOf(*words, sent=sent), **{"default": "1:1", **more})


def quality(param: str, sent: Mapping[str, str], **more: Any) -> Field:
    """`--q`: "standard", "high" and maybe "ultra", and what each is in `input`."""
    near = {word: pattern for word, pattern in _NEAR.items() if word in sent}
    if "ultra" not in sent:
        near["high"] += "|" + _NEAR["ultra"] + "|ultra"
    kind = OneOf(*sent, sent=sent, near=near)
    return Field("q", param, kind, default="standard", aliases=("quality",), **more)


def seed() -> Field:
    """`--seed`: the same number gives a similar picture."""
    return Field("seed", "seed", Number(0, 2**31 - 1))


def seconds(
    *words: str, costs: Mapping[str, float], sent: Mapping[str, Any] | None = None
) -> Field:
    """`--duration`, 5 seconds by default; `costs` are the credits of other lengths."""
    return Field(
        "duration",
        "duration",
        OneOf(*words, sent=sent),
        default="5",
        aliases=("seconds",),
        credits={word: each for word, each in costs.items() if word != "5"},
        title={"ru": "Длительность, с", "en": "Duration, s"},
    )
