"""Products as they are declared, and what every image provider looks like from inside the bot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
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
class TextOrNumber:
    """Whatever the provider makes of it; what reads as a number is sent as one."""


@dataclass(frozen=True, slots=True)
class Url:
    """An address that begins with http:// or https://."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Nothing: it is given, or it is not. `sent` is what it is in `input`."""

    sent: Any = True


Kind = OneOf | Number | Text | TextOrNumber | Url | Flag


# --- Products


class Media(StrEnum):
    """What a product makes."""

    IMAGE = "image"
    FILM = "film"


@dataclass(frozen=True, slots=True)
class ByInput:
    """The provider's models for orders without and with a picture; None: there is none."""

    text: str | None = None
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class One:
    """The field of `input` that holds the address of the picture to start from."""

    param: str


@dataclass(frozen=True, slots=True)
class Many:
    """The same as a list of addresses."""

    param: str


@dataclass(frozen=True, slots=True)
class Field:
    """Something that can be said about an order: `--flag value`, as `param` in `input`.

    `default` is sent where nobody says otherwise; None: nothing is. An `option` goes where
    `--opt` goes: into `input` last. `title` names it in each language, where it is none of the
    fields that all products share (bot/texts/fields.py).
    """

    flag: str
    param: str
    kind: Kind
    default: Any = None
    aliases: tuple[str, ...] = ()
    option: bool = False
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """All that is known of a product before it is asked for anything.

    `key` is the `provider` of its rows in the catalogue, and begins the names of its settings.
    `lacks` is what its name makes people expect and it cannot do, each as it is written ("cref
    URL"). `settings` are the flags that people can keep for all their requests, in the order of
    the card ("n" is the number of pictures), `caption` those that are named under each result.
    """

    key: str
    name: str
    models: ByInput
    fields: tuple[Field, ...]
    media: Media = Media.IMAGE
    picture: One | Many | None = None
    prompt_chars: int = 2000
    lacks: tuple[str, ...] = ()
    settings: tuple[str, ...] = ("n",)
    caption: tuple[str, ...] = ()

    @property
    def own_params(self) -> frozenset[str]:
        """What every order says itself in `input`: nothing else may stand in its place."""
        return frozenset({"prompt", *([self.picture.param] if self.picture else [])})

    def field(self, flag: str) -> Field | None:
        """The field of that flag; None: there is none."""
        return next((each for each in self.fields if each.flag == flag), None)

    def input(self, order: Order, picture_url: str | None = None) -> dict[str, Any]:
        """The `input` of a task: the prompt, the parameters, the picture, then the options.

        The options come last and unchanged, over all that stands before.
        """
        picture: dict[str, Any] = {}
        if picture_url is not None and self.picture is not None:
            many = isinstance(self.picture, Many)
            picture = {self.picture.param: [picture_url] if many else picture_url}
        kinds = {each.param: each.kind for each in self.fields if not each.option}
        params = {param: sent(kinds.get(param), value) for param, value in order.params.items()}
        return {"prompt": order.prompt, **params, **picture, **order.options}


def sent(kind: Kind | None, value: Any) -> Any:
    """What stands in `input` for a value as people choose it."""
    return kind.sent.get(value, value) if isinstance(kind, OneOf) else value


# --- Providers


@dataclass(frozen=True, slots=True)
class Pending:
    """Still working."""


@dataclass(frozen=True, slots=True)
class Done:
    """Finished. The URLs expire: fetch straight away. They may be none: ask again a few times.

    `seconds` is how long it took, from the create to the end, by the provider's own clock; None:
    it does not say.
    """

    urls: tuple[str, ...]
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Finished without a picture, for the provider's own `reason`."""

    reason: str
    code: str = ""


TaskState = Pending | Done | Failed


class Provider(Protocol):
    """Who makes a product, one image a task."""

    @property
    def name(self) -> str:
        """What people and admins read in front of an error, e.g. `Kling (KIE)`."""

    @property
    def poll_interval_s(self) -> float:
        """The longest pause between two questions about a task."""

    @property
    def poll_timeout_s(self) -> float:
        """After so long an answer "still running" is the end."""

    async def submit(self, order: Order, *, picture_url: str | None = None) -> str:
        """Create a task for one image of an order, in one attempt, and return the provider's id.

        `picture_url` is where the provider finds the picture to start from.

        Raises:
            NotTakenError, RefusedError, OutcomeUnknownError: see `providers.errors`.
        """

    async def check(self, task_id: str) -> TaskState:
        """Ask once how a task is doing.

        Raises:
            ProviderError: the question failed, which says nothing about the task.
        """
