"""/history: delivered pictures, to send again. /queue: unfinished jobs, to cancel."""

from typing import Literal

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, User

from bot.pipeline.fair_queue import FairQueue
from bot.pipeline.resend import Resender, ResendRequest
from bot.telegram.buttons import (
    HELD_BY_NOTHING,
    NOTHING,
    Button,
    ButtonData,
    Keyboard,
    MessageNumber,
    Number,
)
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.middlewares import Debounce
from storage.gallery import Gallery, Page
from storage.inputs import Inputs
from storage.items import ItemStatus
from storage.jobs import Jobs

PAGE = 5
JOBS_SHOWN = 10
QUEUE = "queue"  # the button that shows it anew


class PageButton(ButtonData, prefix="history"):
    """Pictures before or after one."""

    side: Literal["older", "newer"]
    item_id: Number


class ShowButton(ButtonData, prefix="show"):
    """Sends a picture of the list again."""

    item_id: Number = NOTHING


class DropButton(ButtonData, prefix="drop"):
    """Cancels a job's queued items, and refreshes the queue."""

    job_id: Number = NOTHING


class DropHeldButton(ButtonData, prefix=QUEUE):
    """Drops a picture that waits for words, and shows the queue again."""

    what: Literal["held"] = "held"
    held_by: MessageNumber = HELD_BY_NOTHING


def create_router() -> Router:
    """In private only: a group need not see what somebody drew elsewhere."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private")
    router.callback_query.filter(F.message.chat.type == "private")  # one in a group is forged
    router.message.register(show_history, Command("history"))
    router.message.register(show_queue, Command("queue"))
    router.callback_query.register(turn_page, PageButton.filter())
    router.callback_query.register(send_again, ShowButton.filter())
    router.callback_query.register(refresh_queue, F.data == QUEUE)
    router.callback_query.register(drop_held, DropHeldButton.filter())
    router.callback_query.register(drop_job, DropButton.filter())
    return router


async def show_history(
    message: Message, event_from_user: User, gallery: Gallery, messenger: Messenger, texts: Texts
) -> None:
    """The latest pictures."""
    page = await gallery.page(event_from_user.id, PAGE)
    messenger.say(message.chat.id, texts.history(page), keyboard=history_keyboard(texts, page))


async def turn_page(
    query: CallbackQuery,
    callback_data: PageButton,
    event_from_user: User,
    gallery: Gallery,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Pictures before or after those that are shown, in place."""
    messenger.answer_press(query.id)
    if query.message is None:
        return
    page = await gallery.page(event_from_user.id, PAGE, callback_data.side, callback_data.item_id)
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
        Button(str(number), ShowButton(item_id=each.item_id).pack())
        for number, each in enumerate(page.pictures, 1)
    ]
    turns = []
    if page.has_newer:
        newer = PageButton(side="newer", item_id=page.pictures[0].item_id)
        turns.append(Button(texts.newer_button(), newer.pack()))
    if page.has_older:
        older = PageButton(side="older", item_id=page.pictures[-1].item_id)
        turns.append(Button(texts.older_button(), older.pack()))
    return [row for row in (pictures, turns) if row]


async def send_again(
    query: CallbackQuery,
    callback_data: ShowButton,
    event_from_user: User,
    jobs: Jobs,
    resender: Resender,
    debounce: Debounce,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Send a picture of the list again, free of charge."""
    item = await jobs.owned(callback_data.item_id, event_from_user.id)
    if item is None or query.message is None or item.status is not ItemStatus.DELIVERED:
        messenger.answer_press(query.id, texts.not_your_picture(), alert=True)
        return
    messenger.answer_press(query.id, texts.result_coming())
    if not debounce.is_repeat(event_from_user.id, query.data or ""):
        resender.send(
            ResendRequest(item, query.message.chat.id, None, texts.language, as_file=False)
        )


async def show_queue(
    message: Message,
    event_from_user: User,
    gallery: Gallery,
    jobs: Jobs,
    inputs: Inputs,
    queue: FairQueue,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """The unfinished jobs."""
    text, keyboard = await _queue_card(event_from_user.id, gallery, jobs, inputs, queue, texts)
    messenger.say(message.chat.id, text, keyboard=keyboard)


async def refresh_queue(
    query: CallbackQuery,
    event_from_user: User,
    gallery: Gallery,
    jobs: Jobs,
    inputs: Inputs,
    queue: FairQueue,
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
    callback_data: DropButton,
    event_from_user: User,
    gallery: Gallery,
    jobs: Jobs,
    inputs: Inputs,
    queue: FairQueue,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Cancel the queued items of one job, and show what is left."""
    cancelled = await jobs.cancel(event_from_user.id, callback_data.job_id)
    messenger.answer_press(query.id, texts.cancelled(cancelled), alert=True)
    if query.message is None:
        return
    text, keyboard = await _queue_card(event_from_user.id, gallery, jobs, inputs, queue, texts)
    messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)


async def drop_held(
    query: CallbackQuery,
    callback_data: DropHeldButton,
    event_from_user: User,
    gallery: Gallery,
    jobs: Jobs,
    inputs: Inputs,
    queue: FairQueue,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Do not use the picture that waits for words, and show what is left."""
    if dropped := await inputs.drop(event_from_user.id, callback_data.held_by):
        messenger.answer_press(query.id, texts.picture_dropped(dropped))
    else:
        messenger.answer_press(query.id, texts.picture_waits_no_more(), alert=True)
    if query.message is None:
        return
    text, keyboard = await _queue_card(event_from_user.id, gallery, jobs, inputs, queue, texts)
    messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)


async def _queue_card(
    user_id: int, gallery: Gallery, jobs: Jobs, inputs: Inputs, queue: FairQueue, texts: Texts
) -> tuple[str, Keyboard]:
    shown = []
    buttons: list[list[Button]] = []
    for number, job_id in enumerate(await gallery.unfinished_jobs(user_id, JOBS_SHOWN), 1):
        view = await jobs.view(job_id)
        waiting = [item for item in view.items if item.status is ItemStatus.QUEUED]
        shown.append((view, queue.position_of(waiting[0]) if waiting else None))
        if waiting:
            label = texts.drop_button(number)
            drop = DropButton(job_id=job_id)
            buttons.append([Button(label, drop.pack(), style="danger")])
    held = await inputs.held(user_id)
    if held is not None:
        drop_it = DropHeldButton(held_by=held.held_by)
        label = texts.drop_held_button(len(held.inputs))
        buttons.append([Button(label, drop_it.pack())])
    if buttons or shown:
        buttons.append([Button(texts.refresh_button(), QUEUE)])
    return texts.queue(shown, held), buttons
