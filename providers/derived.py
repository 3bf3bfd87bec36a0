"""A product worked out from KIE's schemas, for models that nobody has declared.

What a field is for is read from its name and its values. What nobody can say is not sent: KIE has a
default for it. But what is required is sent always, and so is what a task may cost more by.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from providers.base import (
    RANDOM,
    ByInput,
    Constant,
    Field,
    Input,
    Kind,
    Many,
    Media,
    Number,
    One,
    OneOf,
    Product,
    Text,
    sent,
)
from providers.order import Order
from providers.schema import Scalar, Schema, SchemaField, fields_of, missing_in, wrong_in

PROMPT, SEED, DURATION, NEGATIVE = "prompt", "seed", "duration", "negative_prompt"
RATIOS = ("aspect_ratio", "image_size", "ratio", "size")
QUALITIES = ("resolution", "quality", "image_resolution", "size", "rendering_speed", "mode")
CFGS = ("cfg_scale", "guidance_scale", "guidance")
PICTURES = (
    *("image_urls", "input_urls", "image_input", "images", "image_url", "image", "input_image"),
    *("first_frame_url", "first_frame_image", "start_image_url", "start_image"),
)
SAFE = "nsfw_checker"
COUNTS = ("num_images", "n", "max_images")
UNWANTED = ("sound", "audio", "generate_audio", "watermark", "add_watermark")
PRICED = {DURATION, *QUALITIES}

FILM_FIELDS = {DURATION, "fps", "first_frame_url", "generate_audio", "sound", "multi_shots"}
IMAGE_FORMATS = {"png", "jpg", "jpeg", "webp"}
FILM_WORDS = re.compile(r"video|per second|/s\b", re.IGNORECASE)
IMAGE_WORDS = re.compile(r"image|picture", re.IGNORECASE)
OF_THE_TASK = re.compile(r"(text|image)-to-(image|video)")

PROMPT_CHARS = 2000  # where the schema has no limit
NEGATIVE_CHARS = 500
SEED_CHARS = 20
MAX_SEED = 2**31 - 1
MAX_LENGTHS = 60  # that a film can be chosen from
RATIO = re.compile(r"\d+:\d+")
NAMED_RATIO = re.compile(r"(square|landscape|portrait)(?:_(\d+)_(\d+)|_hd)?")
AUTOMATIC = ("auto", "adaptive")
EXAMPLE_URL = "https://example.com/picture.png"


class Unfit(StrEnum):
    """Why no product can be made of schemas."""

    REQUIRED = "required"  # fields that the bot has nothing for
    NO_PROMPT = "no_prompt"  # and no picture either
    NO_PICTURE = "no_picture"  # the second model of a pair takes none
    NEEDS_PICTURE = "needs_picture"  # the first model of a pair
    MEDIA = "media"  # it cannot be told what it makes


class UnfitError(Exception):
    """No product can be made of it; `names` are fields, where it is about some."""

    def __init__(self, why: Unfit, *names: str) -> None:
        super().__init__(f"{why}: {', '.join(names)}")
        self.why = why
        self.names = names


@dataclass(frozen=True, slots=True)
class Found:
    """A model as KIE describes it."""

    model: str
    schema: Schema
    price: str = ""


@dataclass(frozen=True, slots=True)
class _Side:
    """A model in its part: what it takes when an order starts from that."""

    given: Input | None  # None: from either
    found: Found
    fields: Mapping[str, SchemaField]

    def first(self, names: Iterable[str], fits: Callable[[SchemaField], Any]) -> SchemaField | None:
        """The first of these names that has what it takes."""
        found = (self.fields[name] for name in names if name in self.fields)
        return next((each for each in found if fits(each)), None)

    @property
    def picture(self) -> SchemaField | None:
        """Where pictures go: a required one before others."""
        return self.first(PICTURES, lambda each: each.required and _is_picture(each)) or self.first(
            PICTURES, _is_picture
        )


def media_of(*found: Found) -> Media | None:
    """What they make, by their names, fields and prices; None: it cannot be told."""
    for each in found:
        names = {field.name for field in fields_of(each.schema)}
        values = {value for field in fields_of(each.schema) for value in field.enum}
        if values & IMAGE_FORMATS:
            return Media.IMAGE
        if names & FILM_FIELDS or FILM_WORDS.search(f"{each.model} {each.price}"):
            return Media.FILM
    said = " ".join(f"{each.model} {each.price}" for each in found)
    return Media.IMAGE if IMAGE_WORDS.search(said) else None


def derive(
    key: str, slug: str, first: Found, second: Found | None = None, media: Media | None = None
) -> Product:
    """The product of one model, or of a text and a picture model.

    Raises:
        UnfitError: there is none.
    """
    sides = _sides(first, second)
    media = media or media_of(*(side.found for side in sides))
    if media is None:
        raise UnfitError(Unfit.MEDIA)
    fields = tuple(_fields(sides, media))
    picture = sides[-1].picture
    prompts = [side.fields.get(PROMPT) for side in sides]
    limits = [int(each.high or PROMPT_CHARS) for each in prompts if each]
    product = Product(
        key=key,
        name=_title(first.model),
        slug=slug,
        media=media,
        models=_models(sides),
        picture=_place(picture) if picture else None,
        prompt_chars=min(limits, default=0),
        least_chars=max((int(each.low or 1) for each in prompts if each), default=1),
        fields=fields,
        constants=tuple(_constants(sides, fields)),
    )
    _verify(product, sides)
    flags = {each.flag for each in fields}
    many = {"n"} if media is Media.IMAGE and not product.is_tool else set()
    settings = ("ar", "duration", "q", "n", "no", "cfg")
    return replace(
        product,
        settings=tuple(each for each in settings if each in flags | many),
        caption=tuple(each for each in ("ar", "duration", "q", "seed") if each in flags),
    )


def _sides(first: Found, second: Found | None) -> list[_Side]:
    def side(given: Input | None, found: Found) -> _Side:
        return _Side(given, found, {each.name: each for each in fields_of(found.schema)})

    if second is None:
        sides = [side(None, first)]
        if sides[0].picture is None and PROMPT not in sides[0].fields:
            raise UnfitError(Unfit.NO_PROMPT)
        return sides
    sides = [side(Input.TEXT, first), side(Input.PICTURE, second)]
    text, picture = (each.picture for each in sides)
    if text is not None and text.required:
        raise UnfitError(Unfit.NEEDS_PICTURE, text.name)
    if picture is None:
        raise UnfitError(Unfit.NO_PICTURE)
    if missing := [each.found.model for each in sides if PROMPT not in each.fields]:
        raise UnfitError(Unfit.NO_PROMPT, *missing)
    return sides


def _models(sides: list[_Side]) -> ByInput:
    if len(sides) == 2:
        return ByInput(*(side.found.model for side in sides))
    (side,) = sides
    name, picture = side.found.model, side.picture
    takes_words = PROMPT in side.fields and not (picture and picture.required)
    return ByInput(text=name if takes_words else None, picture=name if picture else None)


# --- What people can say


def _fields(sides: list[_Side], media: Media) -> Iterator[Field]:
    """One a flag. Where two models have other names for a thing, the first one's can be said."""
    taken: set[str] = set()
    for flag, names, kind_of in ROLES:
        free = [name for name in names if name not in taken]
        found = [(side, each) for side in sides if (each := side.first(free, kind_of))]
        if not found:
            continue
        (side, field), *others = found
        alike = [field, *(each for _, each in others if each.name == field.name)]
        kind = _common([kind_of(each) for each in alike])
        if kind is None:  # there is nothing that both take
            alike, kind = [field], kind_of(field)
        if kind is not None:
            taken.add(field.name)
            only = None if len(alike) == len(sides) else side.given
            yield _field(flag, kind, alike, only, media)


def _field(
    flag: str, kind: Kind, alike: list[SchemaField], only: Input | None, media: Media
) -> Field:
    """As products declare it; what its values cost is for the admins to say: 0 is not known."""
    default = with_picture = None
    prices: dict[str, float] = {}
    if isinstance(kind, OneOf):
        usual = [word for word in kind.words if sent(kind, word) == alike[0].default]
        if flag == "ar":
            common = ("16:9" if media is Media.FILM else "1:1", *kind.words)
            usual += [word for word in common if word in kind.words]
            with_picture = next((each for each in AUTOMATIC if each in alike[-1].enum), None)
        default = (*usual, *kind.words)[0]
        if flag != "ar":
            prices = {word: 0.0 for word in kind.words if word != default}
    return Field(
        flag,
        alike[0].name,
        kind,
        default,
        with_picture,
        ALIASES.get(flag, ()),
        only,
        prices,
        title=TITLES.get(flag, {}),
    )


def _ratio(field: SchemaField) -> Kind | None:
    """A list of ratios, some of them under names: landscape_16_9."""
    words: dict[str, Scalar] = {}
    for value in field.enum:
        word = _ratio_word(str(value))
        if word and (word not in words or str(value).endswith("_hd")):
            words[word] = value
    return _one_of(words)


def _ratio_word(value: str) -> str:
    if RATIO.fullmatch(value):
        return value
    match NAMED_RATIO.fullmatch(value):
        case None:
            return ""
        case found if found[1] == "square":
            return "1:1"
        case found if found[2]:
            high, low = sorted((int(found[2]), int(found[3])), reverse=True)
            return f"{high}:{low}" if found[1] == "landscape" else f"{low}:{high}"
        case _:
            return ""


def _length(field: SchemaField) -> Kind | None:
    """Seconds: a list, or whole numbers from one to another."""
    if field.enum:
        return _one_of({str(value): value for value in field.enum})
    if field.kind not in {"integer", "number"} or field.low is None or field.high is None:
        return None
    lengths = range(math.ceil(field.low), math.floor(field.high) + 1)
    return _one_of({str(each): each for each in lengths}) if len(lengths) <= MAX_LENGTHS else None


def _quality(field: SchemaField) -> Kind | None:
    if field.kind == "boolean" or any(_ratio_word(str(value)) for value in field.enum):
        return None
    return _one_of({str(value): value for value in field.enum})


def _negative(field: SchemaField) -> Kind | None:
    is_text = field.kind == "string" and not field.enum
    return Text(int(field.high or NEGATIVE_CHARS)) if is_text else None


def _seed(field: SchemaField) -> Kind | None:
    if field.kind == "string" and not field.enum:
        return Text(min(int(field.high or SEED_CHARS), SEED_CHARS))
    low, high = max(field.low or 0, 0), min(field.high or MAX_SEED, MAX_SEED)
    return Number(low, high) if field.kind == "integer" and low < high else None


def _cfg(field: SchemaField) -> Kind | None:
    if field.low is None or field.high is None or field.low >= field.high:
        return None
    if field.kind == "integer":
        return Number(field.low, field.high)
    return Number(field.low, field.high, 0.1) if field.kind == "number" else None


def _one_of(words: Mapping[str, Scalar]) -> OneOf | None:
    """A choice between these, where it is one, and they can be written behind a flag."""
    writable = {word: value for word, value in words.items() if word and not re.search(r"\s", word)}
    if len({word.lower() for word in writable}) < 2:
        return None
    return OneOf(*writable, sent={word: value for word, value in writable.items() if word != value})


def _common(kinds: list[Kind | None]) -> Kind | None:
    """What all of them take."""
    match kinds:
        case [kind]:
            return kind
        case [OneOf() as one, OneOf() as other]:
            both = {word: sent(one, word) for word in one.words if word in other.words}
            return _one_of({w: v for w, v in both.items() if sent(other, w) == v})
        case [Number() as one, Number() as other] if one.step == other.step:
            low, high = max(one.low, other.low), min(one.high, other.high)
            return Number(low, high, one.step) if low < high else None
        case [Text() as one, Text() as other]:
            return Text(min(one.limit, other.limit))
        case _:
            return None


ROLES: tuple[tuple[str, tuple[str, ...], Callable[[SchemaField], Kind | None]], ...] = (
    ("ar", RATIOS, _ratio),
    ("duration", (DURATION,), _length),
    ("q", QUALITIES, _quality),
    ("no", (NEGATIVE,), _negative),
    ("seed", (SEED,), _seed),
    ("cfg", CFGS, _cfg),
)
ALIASES = {"q": ("quality",), "duration": ("seconds",)}
TITLES = {
    "duration": {"ru": "Длительность, с", "en": "Duration, s"},
    "q": {"ru": "Качество", "en": "Quality"},
    "ar": {"ru": "Соотношение сторон", "en": "Aspect ratio"},
}


# --- What is always sent


def _constants(sides: list[_Side], fields: tuple[Field, ...]) -> list[Constant]:
    """What an order has without anybody saying it, that of both models once."""
    always: dict[str, list[tuple[_Side, Any]]] = {}
    for side in sides:
        for field in side.fields.values():
            is_said = (
                field.name == PROMPT
                or field is side.picture
                or any(
                    each.param == field.name
                    and each.default_for(side.given or Input.TEXT) is not None
                    for each in fields
                )
            )
            if not is_said and (value := _always(field)) is not None:
                always.setdefault(field.name, []).append((side, value))
    constants = []
    for param, values in always.items():
        if len(values) == len(sides) and len({repr(value) for _, value in values}) == 1:
            constants.append(Constant(param, values[0][1]))
        else:
            constants += [Constant(param, value, side.given) for side, value in values]
    return constants


def _always(field: SchemaField) -> Any:
    """What is sent of a field that nobody has said anything of; None: nothing."""
    if field.kind == "boolean" and field.name == SAFE:
        return True
    if field.kind == "boolean" and field.name in UNWANTED:
        return False
    if field.name in COUNTS and (one := _one(field)) is not None:
        return one
    if field.name == SEED and (field.required or field.default is not None) and _takes_all(field):
        return RANDOM  # KIE's own default makes the same picture each time
    if field.required or field.name in PRICED:
        return _usual(field)
    return None


def _one(field: SchemaField) -> Scalar | None:
    """1, as the field writes it."""
    ones = (1, "1") if field.kind != "string" else ("1",)
    if field.enum:
        return next((each for each in ones if each in field.enum), None)
    is_within = field.low is None or field.kind == "string" or field.low <= 1
    return ones[0] if field.kind in {"string", "integer", "number"} and is_within else None


def _takes_all(field: SchemaField) -> bool:
    """Whether a seed may be any whole number of 31 bits."""
    low, high = field.low or 0, field.high or MAX_SEED
    return field.kind == "integer" and not field.enum and low <= 1 and high >= MAX_SEED


def _usual(field: SchemaField) -> Scalar | None:
    if field.default is not None:
        return field.default
    if field.enum:
        return field.enum[0]
    if field.kind == "boolean" and field.required:
        return False
    if field.kind in {"integer", "number"} and field.low is not None:
        return int(field.low) if field.kind == "integer" else field.low
    return None


# --- Pictures, and the whole


def _is_picture(field: SchemaField) -> bool:
    if field.enum:
        return False
    return field.kind == "string" or (field.kind == "array" and (field.low or 0) <= 1)


def _place(field: SchemaField) -> One | Many:
    if field.kind == "array":
        return Many(field.name, max(int(field.high or 1), 1))
    return One(field.name)


def _title(model: str) -> str:
    """A name for people, from KIE's: kling/v3-turbo-text-to-video is Kling V3 Turbo."""
    words = re.split(r"[/_\s-]+", OF_THE_TASK.sub("", model))
    return " ".join(word[:1].upper() + word[1:] for word in words if word) or model


def _verify(product: Product, sides: list[_Side]) -> None:
    """The least and the most that can be ordered is what the schemas take."""
    for given, model in (
        (Input.TEXT, product.models.text),
        (Input.PICTURE, product.models.picture),
    ):
        schemas = [side.found.schema for side in sides if side.found.model == model]
        for schema in schemas:
            shown = example(product, given)
            wrong = [line.partition(":")[0] for line in wrong_in(schema, shown)]
            if wrong := [*missing_in(schema, shown), *wrong]:
                raise UnfitError(Unfit.REQUIRED, *dict.fromkeys(wrong))


def example(product: Product, given: Input) -> dict[str, Any]:
    """The `input` of an order that says nothing but its words."""
    params = {each.param: each.default_for(given) for each in product.fields}
    order = Order(
        product.slug,
        "a red fox in the snow",
        params={param: value for param, value in params.items() if value is not None},
    )
    return product.input(order, [EXAMPLE_URL] if given is Input.PICTURE else [])
