"""/jobs: what is queued and running, and a button to end what hangs."""

import time

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.cards.pager import LINES
from bot.pipeline.worker import Worker
from bot.telegram.buttons import Button, ButtonData, Keyboard, Number
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.admin.acts import by_press
from storage.open_images import OpenImage, OpenImages

IN_A_ROW = 4


class OpenButton(ButtonData, prefix="jobs"):
    """A page of the list ("list"), one image ("one"), or the end of it ("end")."""

    verb: str = ""
    page: Number = 1
    image_id: Number | None = None


def create_router() -> Router:
    """The command, and the buttons under its answer."""
    router = Router(name=__name__)
    router.message.register(show_jobs, Command("jobs"))
    router.callback_query.register(press, OpenButton.filter())
    return router


async def show_jobs(
    message: Message, open_images: OpenImages, messenger: Messenger, texts: Texts
) -> None:
    """The oldest of them."""
    text, keyboard = await page(1, open_images, texts)
    messenger.say(message.chat.id, text, keyboard=keyboard)


async def press(
    query: CallbackQuery,
    callback_data: OpenButton,
    open_images: OpenImages,
    worker: Worker,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Another page, one image, or the end of one; the message is edited in place."""
    verb, number, image_id = callback_data.verb, max(callback_data.page, 1), callback_data.image_id
    keyboard: Keyboard
    image = None if image_id is None else await open_images.get(image_id)
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
        Button(
            f"{each.image_id}",
            OpenButton(verb="one", page=number, image_id=each.image_id).pack(),
        )
        for each in images
    ]
    rows = [buttons[n : n + IN_A_ROW] for n in range(0, len(buttons), IN_A_ROW)]
    turn = [_turn(f"↻ {number} / {last}", number)]
    if number > 1:
        turn.insert(0, _turn("◀", number - 1))
    if number < last:
        turn.append(_turn("▶", number + 1))
    return "\n".join(lines), (*rows, turn)


def _card(image: OpenImage, number: int, texts: Texts) -> tuple[str, Keyboard]:
    rows = [_back(number, texts)]
    if not image.status.ended:
        end = OpenButton(verb="end", page=number, image_id=image.image_id)
        rows.insert(0, [Button(texts.give_up_button(image), end.pack(), style="danger")])
    return texts.open_card(image, time.time()), rows


def _back(number: int, texts: Texts) -> list[Button]:
    return [_turn(texts.open_back_button(), number)]


def _turn(text: str, page_number: int) -> Button:
    return Button(text, OpenButton(verb="list", page=page_number).pack())
