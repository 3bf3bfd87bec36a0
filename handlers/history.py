"""/history: pictures that came, to be sent again. /queue: those that are still to come."""

from typing import Literal

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, User

from bot.cards.result import number_in
from bot.pipeline.fair_queue import Queue
from bot.pipeline.progress import Progress
from bot.pipeline.resend import Archive, Wish
from bot.telegram.buttons import HELD, Button, Keyboard, held_by_in
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.cancel import forget
from handlers.debounce import Presses
from storage.gallery import Gallery, Page
from storage.images import ImageStatus
from storage.inputs import Inputs
from storage.jobs import Jobs

PAGE = 5
JOBS_SHOWN = 10
# In the queue the button that drops a picture shows the queue again.
QUEUE_HELD = f"queue:{HELD}"  # queue:held:HELD_BY
OLDER, NEWER, SHOW = "history:older", "history:newer", "show"  # each with :IMAGE_ID
QUEUE, DROP = "queue", "drop"  # drop:JOB_ID


def create_router() -> Router:
    """In private only: a group need not see what somebody drew elsewhere."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private")
    router.callback_query.filter(F.message.chat.type == "private")  # one in a group is forged
    router.message.register(show_history, Command("history"))
    router.message.register(show_queue, Command("queue"))
    router.callback_query.register(turn_page, F.data.startswith("history:"))
    router.callback_query.register(send_again, F.data.startswith(f"{SHOW}:"))
    router.callback_query.register(refresh_queue, F.data == QUEUE)
    router.callback_query.register(drop_held, F.data.startswith(f"{QUEUE_HELD}:"))
    router.callback_query.register(drop_job, F.data.startswith(f"{DROP}:"))
    return router


async def show_history(
    message: Message, event_from_user: User, gallery: Gallery, messenger: Messenger, texts: Texts
) -> None:
    """The last pictures."""
    page = await gallery.page(event_from_user.id, PAGE)
    messenger.say(message.chat.id, texts.history(page), keyboard=history_keyboard(texts, page))


async def turn_page(
    query: CallbackQuery,
    event_from_user: User,
    gallery: Gallery,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Pictures before or after those that are shown, in place."""
    messenger.answer_press(query.id)
    number = number_in(query.data)
    if query.message is None or number < 0:
        return
    newer = (query.data or "").startswith(f"{NEWER}:")
    side: Literal["older", "newer"] = "newer" if newer else "older"
    page = await gallery.page(event_from_user.id, PAGE, side, number)
    if not page.pictures:  # an old list: what it goes on with is gone
        page = await gallery.page(event_from_user.id, PAGE)
    messenger.change(
        query.message.chat.id,
        query.message.message_id,
        texts.history(page),
        keyboard=history_keyboard(texts, page),
    )


def history_keyboard(texts: Texts, page: Page) -> Keyboard:
    """A button for each picture, and those that turn the page."""
    pictures = [
        Button(str(number), f"{SHOW}:{each.image_id}")
        for number, each in enumerate(page.pictures, 1)
    ]
    turns = []
    if page.has_newer:
        turns.append(Button(texts.newer_button(), f"{NEWER}:{page.pictures[0].image_id}"))
    if page.has_older:
        turns.append(Button(texts.older_button(), f"{OLDER}:{page.pictures[-1].image_id}"))
    return [row for row in (pictures, turns) if row]


async def send_again(
    query: CallbackQuery,
    event_from_user: User,
    jobs: Jobs,
    archive: Archive,
    presses: Presses,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """A picture of the list, once more and free of charge."""
    image = await jobs.owned(number_in(query.data), event_from_user.id)
    if image is None or query.message is None or image.status is not ImageStatus.DELIVERED:
        messenger.answer_press(query.id, texts.not_your_picture(), alert=True)
        return
    messenger.answer_press(query.id, texts.picture_coming())
    if not presses.is_repeat(event_from_user.id, query.data or ""):
        archive.send(Wish(image, query.message.chat.id, None, texts.language, as_file=False))


async def show_queue(
    message: Message,
    event_from_user: User,
    gallery: Gallery,
    jobs: Jobs,
    inputs: Inputs,
    queue: Queue,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """What is not finished yet."""
    text, keyboard = await _queue_card(event_from_user.id, gallery, jobs, inputs, queue, texts)
    messenger.say(message.chat.id, text, keyboard=keyboard)


async def refresh_queue(
    query: CallbackQuery,
    event_from_user: User,
    gallery: Gallery,
    jobs: Jobs,
    inputs: Inputs,
    queue: Queue,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """The same list as it is now, in place."""
    messenger.answer_press(query.id)
    if query.message is None:
        return
    text, keyboard = await _queue_card(event_from_user.id, gallery, jobs, inputs, queue, texts)
    messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)


async def drop_job(
    query: CallbackQuery,
    event_from_user: User,
    gallery: Gallery,
    jobs: Jobs,
    inputs: Inputs,
    queue: Queue,
    progress: Progress,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Cancel what still waits of one job, and show what is left."""
    cancelled = await jobs.cancel(event_from_user.id, number_in(query.data))
    forget(cancelled, queue, progress)
    messenger.answer_press(query.id, texts.cancelled(cancelled), alert=True)
    if query.message is None:
        return
    text, keyboard = await _queue_card(event_from_user.id, gallery, jobs, inputs, queue, texts)
    messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)


async def drop_held(
    query: CallbackQuery,
    event_from_user: User,
    gallery: Gallery,
    jobs: Jobs,
    inputs: Inputs,
    queue: Queue,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Do not use the picture that waits for words, and show what is left."""
    if await inputs.drop(event_from_user.id, held_by_in(query.data)):
        messenger.answer_press(query.id, texts.picture_dropped())
    else:
        messenger.answer_press(query.id, texts.picture_waits_no_more(), alert=True)
    if query.message is None:
        return
    text, keyboard = await _queue_card(event_from_user.id, gallery, jobs, inputs, queue, texts)
    messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)


async def _queue_card(
    user_id: int, gallery: Gallery, jobs: Jobs, inputs: Inputs, queue: Queue, texts: Texts
) -> tuple[str, Keyboard]:
    shown = []
    buttons: list[list[Button]] = []
    for number, job_id in enumerate(await gallery.unfinished_jobs(user_id, JOBS_SHOWN), 1):
        view = await jobs.view(job_id)
        waiting = [image for image in view.images if image.status is ImageStatus.QUEUED]
        shown.append((view, queue.place(waiting[0]) if waiting else None))
        if waiting:
            label = texts.drop_button(number)
            buttons.append([Button(label, f"{DROP}:{job_id}", style="danger")])
    held = await inputs.held(user_id)
    if held is not None:
        buttons.append([Button(texts.drop_held_button(), f"{QUEUE_HELD}:{held.held_by}")])
    if buttons or shown:
        buttons.append([Button(texts.refresh_button(), QUEUE)])
    return texts.queue(shown, held.left_s if held else None), buttons
