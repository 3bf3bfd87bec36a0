"""/admin: the panel of buttons, edited in place."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.cards.models import PanelButton
from bot.cards.pager import PageButton, Pager
from bot.settings import Settings
from bot.telegram.buttons import Button, Keyboard
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from handlers.admin import audit, jobs
from handlers.admin.model_cards import models_page
from handlers.admin.packs import packs_page
from storage.admin_items import OpenItems
from storage.catalogue import Catalogue
from storage.maintenance import Maintenance
from storage.packs import Packs
from storage.stats import Stats

PERIODS = (1, 7, 30, 365)


def create_router() -> Router:
    """The command and the panel's pages."""
    router = Router(name=__name__)
    router.message.register(show_panel, Command("admin"))
    router.callback_query.register(press, PanelButton.filter())
    return router


async def show_panel(message: Message, messenger: Messenger, texts: Texts) -> None:
    """Show the panel."""
    messenger.say(message.chat.id, texts.panel(), keyboard=_rooms(texts))


async def press(
    query: CallbackQuery,
    callback_data: PanelButton,
    pager: Pager,
    catalogue: Catalogue,
    packs: Packs,
    stats: Stats,
    open_items: OpenItems,
    maintenance: Maintenance,
    settings: Settings,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Show another page; anything unknown leads back to the panel."""
    messenger.answer_press(query.id)
    if not isinstance(query.message, Message):
        return
    keyboard: Keyboard
    match callback_data.room:
        case "models":
            text, keyboard = await models_page(1, pager, catalogue, texts)
        case "packs":
            text, keyboard = await packs_page(packs, catalogue, texts)
        case "people":
            text, keyboard = texts.panel_people(await stats.last(7)), ()
        case "numbers":
            days = callback_data.days if callback_data.days in PERIODS else 7
            text = texts.panel_numbers(await stats.last(days), settings.token_price_usd)
            keyboard = (
                [
                    Button(texts.panel_days(each), PanelButton(room="numbers", days=each).pack())
                    for each in PERIODS
                ],
            )
        case "service":
            text = texts.panel_service(await open_items.count(), await maintenance.text())
            keyboard = (
                (
                    Button(texts.panel_jobs(), jobs.OpenButton(verb="list", page=1).pack()),
                    Button(texts.panel_journal(), PageButton(what=audit.LIST, number=1).pack()),
                ),
            )
        case _:
            text, keyboard = texts.panel(), ()
    all_rooms = Button(texts.panel_back(), PanelButton(room="all").pack())
    back = (
        ()
        if text == texts.panel() or callback_data.room in {"models", "packs"}
        else ((all_rooms,),)
    )
    keyboard = (*keyboard, *back) or _rooms(texts)
    messenger.change(query.message.chat.id, query.message.message_id, text, keyboard=keyboard)


def _rooms(texts: Texts) -> Keyboard:
    buttons = [
        Button(text, PanelButton(room=room).pack()) for room, text in texts.panel_buttons().items()
    ]
    return buttons[:3], buttons[3:]
