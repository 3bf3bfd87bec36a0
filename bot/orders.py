"""A request becomes a paid job in the queue, or a sentence that says why not."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from bot.delivery import Messenger
from bot.progress import Progress
from bot.prompt import PromptError, parse
from bot.queue import Queue
from bot.settings import Settings
from bot.texts import Texts
from storage.catalogue import Catalogue
from storage.errors import (
    InsufficientTokensError,
    ModelUnavailableError,
    TooManyActiveImagesError,
)
from storage.jobs import Jobs

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wrote, and the picture it is about, if any (Telegram's file id)."""

    user_id: int
    chat_id: int
    message_id: int
    text: str
    language: str
    input_file_id: str | None = None


class Orders:
    """Takes requests, from wherever they come."""

    def __init__(
        self,
        *,
        settings: Settings,
        catalogue: Catalogue,
        jobs: Jobs,
        queue: Queue,
        progress: Progress,
        messenger: Messenger,
        texts: Mapping[str, Texts],
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._jobs = jobs
        self._queue = queue
        self._progress = progress
        self._messenger = messenger
        self._texts = texts

    async def take(self, request: Request) -> None:
        """Charge and queue what was asked for, or say why not. Safe to repeat: a message has one
        job, however often it comes."""
        refusal = await self._take(request)
        if refusal is not None:
            self._messenger.say(request.chat_id, refusal, reply_to=request.message_id)

    async def _take(self, request: Request) -> str | None:
        """The sentence that refuses the request, or None when it was taken."""
        texts = self._texts[request.language]
        try:
            order = parse(request.text, max_quantity=self._settings.max_quantity)
        except PromptError as error:
            return texts.prompt_error(error)
        model = await self._catalogue.first()
        if model is None:
            return texts.no_model()
        if request.input_file_id is not None and model.input_images == 0:
            return texts.model_takes_no_picture(model.name)
        try:
            placed = await self._jobs.place(
                user_id=request.user_id,
                chat_id=request.chat_id,
                message_id=request.message_id,
                model=model,
                prompt=order.prompt,
                quantity=order.quantity,
                params=order.params,
                options=order.options,
                language=request.language,
                max_active_images=self._settings.user_max_active_images,
                input_file_id=request.input_file_id,
            )
        except (InsufficientTokensError, TooManyActiveImagesError, ModelUnavailableError) as error:
            return texts.refused(error)
        if placed is None:  # the message came again; its job is on its way
            return None
        for image in placed.images:
            self._queue.put(image)
        self._progress.touch(placed.job_id)
        logger.info("job %d placed, %d image(s)", placed.job_id, len(placed.images))
        return None
