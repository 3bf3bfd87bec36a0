"""Declarations of products and their fields, and the interface of every provider."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import prod
from typing import Any, Protocol

from providers.order import Order

# --- What a field takes


@dataclass(frozen=True, slots=True, init=False)
class OneOf:
    """One of a few words. `sent` is what some of them are in `input`, where it is not the word;
    `near` is what people write for a word and mean it (patterns), to be asked whether they did."""

    words: tuple[str, ...]
    sent: Mapping[str, Any] = field(compare=False)
    near: Mapping[str, str] = field(compare=False)

    def __init__(
        self,
        *words: str,
        sent: Mapping[str, Any] | None = None,
        near: Mapping[str, str] | None = None,
    ) -> None:
        object.__setattr__(self, "words", words)
        object.__setattr__(self, "sent", sent or {})
        object.__setattr__(self, "near", near or {})


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `low` to `high`, both included, in steps of `step`: a whole one by default."""

    low: float
    high: float
    step: float = 1


@dataclass(frozen=True, slots=True)
class Text:
    """Any text of 1 to `limit` characters."""

    limit: int


@dataclass(frozen=True, slots=True)
class Word:
    """Any word without blanks."""


@dataclass(frozen=True, slots=True)
class TextOrNumber:
    """Whatever the provider makes of it; what reads as a number is sent as one."""


@dataclass(frozen=True, slots=True)
class Url:
    """A URL that begins with http:// or https://."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Nothing: it is given, or it is not. `sent` is what it is in `input`."""

    sent: Any = True


Kind = OneOf | Number | Text | Word | TextOrNumber | Url | Flag


# --- Products


class Media(StrEnum):
    """What a product makes."""

    IMAGE = "image"
    FILM = "film"


class Input(StrEnum):
    """What an order starts from."""

    TEXT = "text"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class ByInput:
    """The provider's models for orders without and with a picture; None: there is none."""

    text: str | None = None
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class One:
    """The field of `input` that holds the address of the picture to start from."""

    param: str

    @property
    def limit(self) -> int:
        """The pictures that an order may start from."""
        return 1


@dataclass(frozen=True, slots=True)
class Many:
    """The same as a list of up to `limit` addresses."""

    param: str
    limit: int = 1


@dataclass(frozen=True, slots=True)
class Field:
    """Something that can be said about an order: `--flag value`, as `param` in `input`.

    `default` is sent where nobody says otherwise, `with_picture` in its place where the order
    starts from a picture; None: nothing is. A field `only` for one kind of input is refused with
    the other. With `credits` its value changes what a task costs: KIE's credits for a task with
    that value ("on" of a Flag) and all else by default. An `option` goes where `--opt` goes: into
    `input` last. `title` names it in each language, where it is none of the fields that all
    products share (bot/texts/fields.py).
    """

    flag: str
    param: str
    kind: Kind
    default: Any = None
    with_picture: Any = None
    aliases: tuple[str, ...] = ()
    only: Input | None = None
    credits: Mapping[str, float] = field(default_factory=dict)
    option: bool = False
    title: Mapping[str, str] = field(default_factory=dict)

    def default_for(self, given: Input) -> Any:
        """The value sent by default; None: none is."""
        if self.only is not None and self.only is not given:
            return None
        if given is Input.PICTURE and self.with_picture is not None:
            return self.with_picture
        return self.default

    @property
    def words(self) -> tuple[str, ...]:
        """What can be written, where it is one of a few; of a Flag "on"."""
        match self.kind:
            case OneOf(words=words):
                return words
            case Flag():
                return ("on",)
            case _:
                return ()

    def word(self, value: Any) -> str:
        """A value, as it was chosen or as it is sent, as people write it."""
        if value is True:
            return "on"
        if isinstance(self.kind, OneOf):
            words = (word for word in self.kind.words if sent(self.kind, word) == value)
            return next(words, str(value))
        return f"{value:g}" if isinstance(value, float) else str(value)


RANDOM = object()
"""A constant that is another whole number of 31 bits for each task."""


@dataclass(frozen=True, slots=True)
class Constant:
    """What every order has in `input`, or `only` one of that kind, unless a field says it."""

    param: str
    value: Any
    only: Input | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """All that is known of a product before it is asked for anything.

    `key` is the `provider` of its rows in the catalogue, and begins the names of its settings;
    `slug` is that of the row that it brings, `description` what it is good for, by language.
    `fallback` are models with the same fields, for when the provider drops the first. `credits`
    is what a task costs by default, in KIE's credits of $0.005, and `credits_a_picture` what each
    picture that it starts from adds; `seconds` is how long it takes. `together` are the credits
    with several values, "q=high sound=on", that cost something else than what each says alone.

    `picture` is where the pictures go that an order may start from; one with a side longer than
    `picture_side_px`, or a file larger than `picture_bytes`, is made smaller, and one with a side
    shorter than `picture_least_px` larger. A product whose prompt may have no characters is a tool:
    it takes a picture, and no words; `button` is what is written under the pictures that it can be
    used on. What comes `as_file` would lose by being a photo.

    `constants` are what every order has besides. `open_options`: people may send fields that are
    not declared, by `--opt`. `waived` are fields that KIE's schema calls required, though an order
    without them is taken. `lacks` is what its name makes people expect and it cannot do, each
    as it is written ("cref URL"). `settings` are the flags that people can keep for all their
    requests, in the order of the card ("n" is the number of pictures), `caption` those that are
    named under each result.
    """

    key: str
    name: str
    models: ByInput
    fields: tuple[Field, ...] = ()
    slug: str = ""
    description: Mapping[str, str] = field(default_factory=dict)
    fallback: ByInput = ByInput()
    credits: float = 0
    credits_a_picture: float = 0
    together: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None
    media: Media = Media.IMAGE
    picture: One | Many | None = None
    picture_side_px: int = 2048
    picture_least_px: int = 1
    picture_bytes: int | None = None  # where it is less than the provider's usual limit
    prompt_chars: int = 2000
    least_chars: int = 1
    constants: tuple[Constant, ...] = ()
    open_options: bool = False
    button: Mapping[str, str] = field(default_factory=dict)
    as_file: bool = False
    waived: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    settings: tuple[str, ...] = ("n",)
    caption: tuple[str, ...] = ()

    @property
    def own_params(self) -> frozenset[str]:
        """What every order says itself in `input`: nothing else may stand in its place."""
        return frozenset({"prompt", *([self.picture.param] if self.picture else [])})

    @property
    def is_tool(self) -> bool:
        """Whether it takes a picture and no words."""
        return self.prompt_chars == 0

    @property
    def is_film(self) -> bool:
        """Whether it makes films."""
        return self.media is Media.FILM

    @property
    def pictures(self) -> int:
        """The pictures that an order may start from."""
        return self.picture.limit if self.picture else 0

    @property
    def priced(self) -> tuple[Field, ...]:
        """The fields whose values change what a task costs."""
        return tuple(each for each in self.fields if each.credits)

    def credits_for(self, order: Order, pictures: int = 0) -> float:
        """What a task of the order costs, in KIE's credits: several values that change it multiply
        by what each is to the default. 0: nobody knows."""
        if not self.credits:
            return 0
        said = {**order.params, **order.options}
        words = {each.flag: each.word(said.get(each.param)) for each in self.priced}
        costs = self.credits * self.ratio(words) * prod(map(self._ratio, words, words.values()))
        return costs and costs + pictures * self.credits_a_picture

    def ratio(self, words: Mapping[str, str]) -> float:
        """What the values, by their flags, cost together to what they cost multiplied."""
        said = {f"{flag}={word}" for flag, word in words.items()}
        ratio = 1.0
        for names, costs in self.together.items():
            if said.issuperset(names.split()):
                alone = (self._ratio(*each.split("=")) for each in names.split())
                ratio *= costs / self.credits / prod(alone)
        return ratio

    def _ratio(self, flag: str, word: str) -> float:
        """What a value costs to what the default does."""
        field = self.field(flag)
        return field.credits.get(word, self.credits) / self.credits if field else 1

    def field(self, flag: str) -> Field | None:
        """The field with that flag; None: there is none."""
        return next((each for each in self.fields if each.flag == flag), None)

    def input(self, order: Order, picture_urls: Sequence[str] = ()) -> dict[str, Any]:
        """The `input` of a task: the prompt, the constants, the parameters, the pictures, and then
        the options, unchanged, over all that stands before."""
        given = Input.PICTURE if picture_urls else Input.TEXT
        prompt = {} if self.is_tool else {"prompt": order.prompt}
        constants = {
            each.param: random.randrange(1, 2**31) if each.value is RANDOM else each.value  # noqa: S311 - a seed is no secret
            for each in self.constants
            if each.only in {None, given}
        }
        kinds = {each.param: each.kind for each in self.fields if not each.option}
        params = {param: sent(kinds.get(param), value) for param, value in order.params.items()}
        pictures: dict[str, Any] = {}
        if picture_urls and self.picture is not None:
            urls = [*picture_urls[: self.picture.limit]]
            pictures = {self.picture.param: urls if isinstance(self.picture, Many) else urls[0]}
        return {**prompt, **constants, **params, **pictures, **order.options}


def sent(kind: Kind | None, value: Any) -> Any:
    """The value in `input` for a value as people write it."""
    return kind.sent.get(value, value) if isinstance(kind, OneOf) else value


# --- Providers


@dataclass(frozen=True, slots=True)
class Pending:
    """Still running."""


@dataclass(frozen=True, slots=True)
class Done:
    """Finished. The URLs expire: fetch straight away. They may be none: ask again a few times.

    `seconds` is how long it took, from the create to the end, by the provider's own clock, and
    `credits` what it took for it; None: it does not say.
    """

    urls: tuple[str, ...]
    seconds: float | None = None
    credits: float | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Finished without a result, for the provider's own `reason`."""

    reason: str
    code: str = ""


TaskState = Pending | Done | Failed


class Provider(Protocol):
    """Who makes a product, one item a task."""

    @property
    def name(self) -> str:
        """What people and admins read in front of an error, e.g. `Kling (KIE)`."""

    @property
    def poll_interval_s(self) -> float:
        """The longest pause between two polls of a task."""

    @property
    def least_poll_pause_s(self) -> float:
        """The shortest, however likely it is that the task is done."""

    @property
    def poll_timeout_s(self) -> float:
        """After so long an answer "still running" is the end."""

    async def submit(self, order: Order, *, picture_urls: Sequence[str] = ()) -> str:
        """Create a task for one item of an order, in one attempt, and return the provider's id.

        `picture_urls` are where the provider finds the pictures to start from.

        Raises:
            NotTakenError, RefusedError, OutcomeUnknownError: see `providers.errors`.
        """

    async def check(self, task_id: str) -> TaskState:
        """Poll a task once.

        Raises:
            ProviderError: the question failed, which says nothing about the task.
        """


ProviderOf = Callable[[Product], Provider]
