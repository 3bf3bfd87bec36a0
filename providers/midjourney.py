"""Midjourney as KIE resells it: what goes into `input`."""

from collections.abc import Mapping
from typing import Any

from order import Order
from providers.base import TaskState
from providers.kie import Kie


class Midjourney:
    """Midjourney over KIE's jobs API; another model takes over when the request has a picture."""

    name = "Midjourney (KIE)"

    def __init__(self, kie: Kie, *, text_model: str, image_model: str) -> None:
        self._kie = kie
        self._text_model = text_model
        self._image_model = image_model

    async def submit(self, order: Order, *, picture_url: str | None = None) -> str:
        """Create one task for one image."""
        model = self._image_model if picture_url else self._text_model
        return await self._kie.create_task(model, input_fields(order, picture_url))

    async def check(self, task_id: str) -> TaskState:
        """Ask once how the task is doing."""
        return await self._kie.record_info(task_id)


def input_fields(order: Order, picture_url: str | None = None) -> Mapping[str, Any]:
    """The `input` of createTask: the prompt, the parameters, the picture, then the options.

    The options (`midjourney_options`) come last and unchanged, over all that stands before.
    """
    picture = {"image_url": picture_url} if picture_url else {}
    return {"prompt": order.prompt, **order.params, **picture, **order.options}
