"""/admin: the same as buttons, edited in place."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.cards.pager import PAGE, Pager
from bot.telegram.buttons import Button, Keyboard
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.admin import audit, jobs, models
from storage.maintenance import Flags
from storage.open_images import OpenImages
from storage.stats import Stats

PANEL = "panel"  # panel:ROOM, panel:numbers:DAYS
PERIODS = (1, 7, 30, 365)


def create_router() -> Router:
    """The command and its rooms."""
    router = Router(name=__name__)
    router.message.register(show_panel, Command("admin"))
    router.callback_query.register(press, F.data.startswith(f"{PANEL}:"))
    return router


async def show_panel(message: Message, messenger: Messenger, texts: Texts) -> None:
    """The rooms."""
    messenger.say(message.chat.id, texts.panel(), keyboard=_rooms(texts))


async def press(
    query: CallbackQuery,
    pager: Pager,
    stats: Stats,
    open_images: OpenImages,
    flags: Flags,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Another room; whatever is not known leads back to all of them."""
    messenger.answer_press(query.id)
    if not isinstance(query.message, Message):
        return
    keyboard: Keyboard
    match (query.data or "").split(":")[1:]:
        case ["models"]:
            text, keyboard = await pager.page(models.LIST, 1, texts)
        case ["people"]:
            text, keyboard = texts.panel_people(await stats.last(7)), ()
        case ["numbers", *given]:
            days = next((each for each in PERIODS if [str(each)] == given), 7)
            text = texts.panel_numbers(await stats.last(days))
            keyboard = (
                [Button(texts.panel_days(each), f"{PANEL}:numbers:{each}") for each in PERIODS],
            )
        case ["service"]:
            text = texts.panel_service(await open_images.count(), await flags.maintenance())
            keyboard = (
                (
                    Button(texts.panel_jobs(), f"{jobs.JOBS}:list:1"),
                    Button(texts.panel_journal(), f"{PAGE}:{audit.LIST}:1"),
                ),
            )
        case _:
            text, keyboard = texts.panel(), ()
    back = () if text == texts.panel() else ((Button(texts.panel_back(), f"{PANEL}:all"),),)
    keyboard = (*keyboard, *back) or _rooms(texts)
    messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)


def _rooms(texts: Texts) -> Keyboard:
    buttons = [Button(text, f"{PANEL}:{room}") for room, text in texts.panel_buttons().items()]
    return buttons[:2], buttons[2:]
