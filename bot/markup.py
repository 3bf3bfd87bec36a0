"""Keyboards as Telegram has them, in full dress where its server knows the newer fields.

Styles came with Bot API 9.4, buttons that copy with 7.11; a server of one's own may be older.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiogram.exceptions import TelegramBadRequest, TelegramNotFound
from aiogram.types import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from bot.keyboards import Button, Keyboard

# Refusals that may be about a field of a button.
ABOUT_BUTTONS = ("button", "keyboard", "markup", "field")

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Dress:
    """Remembers whether the server knows decorated buttons, so that it is asked once."""

    def __init__(self) -> None:
        self._known = True

    async def wear(
        self,
        keyboard: Keyboard,
        request: Callable[[InlineKeyboardMarkup | None], Awaitable[T]],
    ) -> T:
        """Make a request with this keyboard; where its decoration is refused, without it."""
        plain = markup_of(keyboard, decorated=False)
        dressed = markup_of(keyboard, decorated=self._known)
        try:
            return await request(dressed)
        except (TelegramBadRequest, TelegramNotFound) as error:
            words = error.message.lower()
            if dressed == plain or not any(each in words for each in ABOUT_BUTTONS):
                raise
            result = await request(plain)
            self._known = False  # the same without it went through: it was the decoration
            logger.info("this server knows no decorated buttons: %s", error.message)
            return result


def markup_of(keyboard: Keyboard, *, decorated: bool) -> InlineKeyboardMarkup | None:
    """None removes the buttons of an edited message: they are sent again with every edit."""
    rows = [
        [made for each in row if (made := _button(each, decorated=decorated))] for row in keyboard
    ]
    rows = [row for row in rows if row]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _button(button: Button, *, decorated: bool) -> InlineKeyboardButton | None:
    """None: without decoration there is no such button."""
    if button.copy:
        if not decorated:
            return None
        return InlineKeyboardButton(
            text=button.text, style=button.style, copy_text=CopyTextButton(text=button.copy)
        )
    style = button.style if decorated else None
    return InlineKeyboardButton(text=button.text, style=style, callback_data=button.data)
