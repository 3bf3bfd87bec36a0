"""A prompt becomes a paid job in the queue."""

from aiogram import F, Router
from aiogram.types import Message, User

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


def create_router() -> Router:
    """Everything in a private chat that is no command is a prompt."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private")
    router.message.register(refuse_command, F.text.startswith("/"))
    router.message.register(order_pictures, F.text)
    router.message.register(refuse_message)
    return router


async def refuse_command(message: Message, messenger: Messenger, texts: Texts) -> None:
    """A command that there is not."""
    messenger.say(message.chat.id, texts.unknown_command(), reply_to=message.message_id)


async def refuse_message(message: Message, messenger: Messenger, texts: Texts) -> None:
    """Voice, stickers and the like."""
    messenger.say(message.chat.id, texts.cannot_use(), reply_to=message.message_id)


async def order_pictures(
    message: Message,
    event_from_user: User,
    settings: Settings,
    catalogue: Catalogue,
    jobs: Jobs,
    queue: Queue,
    progress: Progress,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Charge what was asked for and queue it, or say why not."""

    def refuse(sentence: str) -> None:
        messenger.say(message.chat.id, sentence, reply_to=message.message_id)

    try:
        order = parse(message.text or "", max_quantity=settings.max_quantity)
    except PromptError as error:
        refuse(texts.prompt_error(error))
        return
    model = await catalogue.first()
    if model is None:
        refuse(texts.no_model())
        return
    try:
        placed = await jobs.place(
            user_id=event_from_user.id,
            chat_id=message.chat.id,
            message_id=message.message_id,
            model=model,
            prompt=order.prompt,
            quantity=order.quantity,
            params=order.params,
            options=order.options,
            language=texts.language,
            max_active_images=settings.user_max_active_images,
        )
    except (InsufficientTokensError, TooManyActiveImagesError, ModelUnavailableError) as error:
        refuse(texts.refused(error))
        return
    if placed is None:  # Telegram sent the message again; its job is on its way
        return
    for image in placed.images:
        queue.put(image)
    progress.touch(placed.job_id)
