"""/cancel, and the button under a progress message."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, User

from bot.telegram.buttons import CancelButton
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from storage.inputs import Inputs
from storage.jobs import Jobs


def create_router() -> Router:
    """Cancels what was not sent to the provider yet."""
    router = Router(name=__name__)
    router.message.register(cancel_all, Command("cancel"), F.chat.type == "private")
    router.callback_query.register(cancel_job, CancelButton.filter())
    return router


async def cancel_all(
    message: Message,
    event_from_user: User,
    jobs: Jobs,
    inputs: Inputs,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Cancel all the person's queued items, and discard a picture held for a prompt."""
    cancelled = await jobs.cancel(event_from_user.id)
    dropped = await inputs.drop(event_from_user.id)
    said = texts.cancelled(cancelled, dropped=dropped)
    messenger.say(message.chat.id, said, reply_to=message.message_id)


async def cancel_job(
    query: CallbackQuery,
    callback_data: CancelButton,
    event_from_user: User,
    jobs: Jobs,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Cancel the queued items of one job. In somebody else's job there is nothing to cancel."""
    cancelled = await jobs.cancel(event_from_user.id, callback_data.job_id)
    messenger.answer_press(query.id, texts.cancelled(cancelled), alert=True)
