"""What every image provider looks like from inside the bot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One image to be made. `options` go to the provider last and unchanged."""

    prompt: str
    params: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    image_url: str | None = None


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
    """A product that makes one image a task."""

    @property
    def name(self) -> str:
        """What people and admins read in front of an error, e.g. `Midjourney (KIE)`."""

    async def submit(self, request: ImageRequest) -> str:
        """Create a task, in one attempt, and return the provider's id of it.

        Raises:
            NotTakenError, RefusedError, OutcomeUnknownError: see `providers.errors`.
        """

    async def check(self, task_id: str) -> TaskState:
        """Ask once how a task is doing.

        Raises:
            ProviderError: the question failed, which says nothing about the task.
        """
