"""What every image provider looks like from inside the bot."""

from dataclasses import dataclass
from typing import Protocol

from order import Order


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
