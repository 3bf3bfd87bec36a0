"""/jobs: what is queued and running, and a button to end what hangs."""

import time

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.cards.pager import LINES
from bot.pipeline.worker import Worker
from bot.telegram.buttons import Button, Keyboard
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.admin.acts import by_press
from storage.open_images import OpenImage, OpenImages

JOBS = "jobs"  # jobs:list:PAGE, jobs:one:PAGE:IMAGE_ID, jobs:end:PAGE:IMAGE_ID
IN_A_ROW = 4


def create_router() -> Router:
    """The command, and the buttons under its answer."""
    router = Router(name=__name__)
    router.message.register(show_jobs, Command("jobs"))
    router.callback_query.register(press, F.data.startswith(f"{JOBS}:"))
    return router


async def show_jobs(
    message: Message, open_images: OpenImages, messenger: Messenger, texts: Texts
) -> None:
    """The oldest of them."""
    text, keyboard = await page(1, open_images, texts)
    messenger.say(message.chat.id, text, keyboard=keyboard)


async def press(
    query: CallbackQuery,
    open_images: OpenImages,
    worker: Worker,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Another page, one image, or the end of one; the message is edited in place."""
    numbers = [
        int(part) if part.isascii() and part.isdigit() and len(part) < 16 else 0
        for part in (query.data or "").split(":")[2:4]
    ]
    verb = (query.data or "").split(":")[1]
    number = max(numbers[0], 1) if numbers else 1
    keyboard: Keyboard
    image = await open_images.get(numbers[1]) if len(numbers) > 1 else None
    if image is not None and verb == "end":
        if await worker.give_up(image.image_id, by_press(query)) is None:
            messenger.answer_press(query.id, texts.not_given_up(), alert=True)
            return
        messenger.answer_press(query.id)
        text, keyboard = texts.given_up(image), (_back(number, texts),)
    else:
        messenger.answer_press(query.id)
        if image is not None and verb == "one":
            text, keyboard = _card(image, number, texts)
        else:
            text, keyboard = await page(number, open_images, texts)
    if isinstance(query.message, Message):
        messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)


async def page(number: int, open_images: OpenImages, texts: Texts) -> tuple[str, Keyboard]:
    """One page of the list, the last one where there are not so many."""
    total = await open_images.count()
    last = max(-(-total // LINES), 1)
    number = min(number, last)
    images = await open_images.page(LINES, (number - 1) * LINES)
    now = time.time()
    lines = [texts.open_head(total), *(texts.open_line(image, now) for image in images)]
    buttons = [
        Button(f"{each.image_id}", f"{JOBS}:one:{number}:{each.image_id}") for each in images
    ]
    rows = [buttons[n : n + IN_A_ROW] for n in range(0, len(buttons), IN_A_ROW)]
    turn = [Button(f"↻ {number} / {last}", f"{JOBS}:list:{number}")]
    if number > 1:
        turn.insert(0, Button("◀", f"{JOBS}:list:{number - 1}"))
    if number < last:
        turn.append(Button("▶", f"{JOBS}:list:{number + 1}"))
    return "\n".join(lines), (*rows, turn)


def _card(image: OpenImage, number: int, texts: Texts) -> tuple[str, Keyboard]:
    rows = [_back(number, texts)]
    if not image.status.ended:
        data = f"{JOBS}:end:{number}:{image.image_id}"
        rows.insert(0, [Button(texts.give_up_button(image), data, style="danger")])
    return texts.open_card(image, time.time()), rows


def _back(number: int, texts: Texts) -> list[Button]:
    return [Button(texts.open_back_button(), f"{JOBS}:list:{number}")]
