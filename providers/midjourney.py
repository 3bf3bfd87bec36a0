"""Midjourney as KIE resells it: what goes into `input`."""

from collections.abc import Mapping
from typing import Any

from providers.base import ImageRequest, TaskState
from providers.kie import Kie


class Midjourney:
    """Midjourney over KIE's jobs API; another model takes over when the request has a picture."""

    name = "Midjourney (KIE)"

    def __init__(self, kie: Kie, *, text_model: str, image_model: str) -> None:
        self._kie = kie
        self._text_model = text_model
        self._image_model = image_model

    async def submit(self, request: ImageRequest) -> str:
        """Create one task for one image."""
        model = self._image_model if request.image_url else self._text_model
        return await self._kie.create_task(model, input_fields(request))

    async def check(self, task_id: str) -> TaskState:
        """Ask once how the task is doing."""
        return await self._kie.record_info(task_id)


def input_fields(request: ImageRequest) -> Mapping[str, Any]:
    """The `input` of createTask: the prompt, the parameters, the picture, then the options.

    The options (`midjourney_options`) come last and unchanged, over all that stands before.
    """
    picture = {"image_url": request.image_url} if request.image_url else {}
    return {"prompt": request.prompt, **request.params, **picture, **request.options}
