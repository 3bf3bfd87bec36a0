"""/jobs: queued and running items, and a button to end one that is stuck."""

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
from storage.admin_items import OpenItem, OpenItems

IN_A_ROW = 4


class OpenButton(ButtonData, prefix="jobs"):
    """A page of the list ("list"), one item ("one"), or the end of it ("end")."""

    verb: str = ""
    page: Number = 1
    item_id: Number | None = None


def create_router() -> Router:
    """The command, and the buttons under its answer."""
    router = Router(name=__name__)
    router.message.register(show_jobs, Command("jobs"))
    router.callback_query.register(press, OpenButton.filter())
    return router


async def show_jobs(
    message: Message, open_items: OpenItems, messenger: Messenger, texts: Texts
) -> None:
    """Show the oldest unfinished items."""
    text, keyboard = await page(1, open_items, texts)
    messenger.say(message.chat.id, text, keyboard=keyboard)


async def press(
    query: CallbackQuery,
    callback_data: OpenButton,
    open_items: OpenItems,
    worker: Worker,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Another page, one item, or the end of one; the message is edited in place."""
    verb, number, item_id = callback_data.verb, max(callback_data.page, 1), callback_data.item_id
    keyboard: Keyboard
    item = None if item_id is None else await open_items.get(item_id)
    if item is not None and verb == "end":
        if await worker.give_up(item.item_id, by_press(query)) is None:
            messenger.answer_press(query.id, texts.not_given_up(), alert=True)
            return
        messenger.answer_press(query.id)
        text, keyboard = texts.given_up(item), (_back(number, texts),)
    else:
        messenger.answer_press(query.id)
        if item is not None and verb == "one":
            text, keyboard = _card(item, number, texts)
        else:
            text, keyboard = await page(number, open_items, texts)
    if isinstance(query.message, Message):
        messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)


async def page(number: int, open_items: OpenItems, texts: Texts) -> tuple[str, Keyboard]:
    """One page of the list, the last one where there are not so many."""
    total = await open_items.count()
    last = max(-(-total // LINES), 1)
    number = min(number, last)
    items = await open_items.page(LINES, (number - 1) * LINES)
    now = time.time()
    lines = [texts.open_head(total), *(texts.open_line(item, now) for item in items)]
    buttons = [
        Button(
            f"{each.item_id}",
            OpenButton(verb="one", page=number, item_id=each.item_id).pack(),
        )
        for each in items
    ]
    rows = [buttons[n : n + IN_A_ROW] for n in range(0, len(buttons), IN_A_ROW)]
    turn = [_turn(f"↻ {number} / {last}", number)]
    if number > 1:
        turn.insert(0, _turn("◀", number - 1))
    if number < last:
        turn.append(_turn("▶", number + 1))
    return "\n".join(lines), (*rows, turn)


def _card(item: OpenItem, number: int, texts: Texts) -> tuple[str, Keyboard]:
    rows = [_back(number, texts)]
    if not item.status.ended:
        end = OpenButton(verb="end", page=number, item_id=item.item_id)
        rows.insert(0, [Button(texts.give_up_button(item), end.pack(), style="danger")])
    return texts.open_card(item, time.time()), rows


def _back(number: int, texts: Texts) -> list[Button]:
    return [_turn(texts.open_back_button(), number)]


def _turn(text: str, page_number: int) -> Button:
    return Button(text, OpenButton(verb="list", page=page_number).pack())
