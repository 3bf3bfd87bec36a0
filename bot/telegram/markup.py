"""Inline keyboards, with newer fields only where the Bot API server knows them.

Buttons that do nothing came with Bot API 10.3, styles with 9.4, buttons that copy with 7.11; a
self-hosted server may be older.
"""

import logging
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import TypeVar

from aiogram.exceptions import TelegramBadRequest, TelegramNotFound
from aiogram.types import (
    CopyTextButton,
    DisabledButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
)

from bot.telegram.buttons import Button, Keyboard

# Refusals that may be about a field of a button.
ABOUT_BUTTONS = ("button", "keyboard", "markup", "field")
NOT_MODIFIED = "message is not modified"  # speaks of the markup, and is no fault of it

T = TypeVar("T")
logger = logging.getLogger(__name__)


class ButtonSupport(IntEnum):
    """How much of a keyboard's decoration the server knows."""

    PLAIN = 0
    STYLED = 1
    FULL = 2  # with buttons that do nothing


class KeyboardFallback:
    """Remembers which decorations the server knows, so that it is asked once about each."""

    def __init__(self) -> None:
        self._support = ButtonSupport.FULL

    async def send_with(
        self,
        keyboard: Keyboard,
        request: Callable[[InlineKeyboardMarkup | None], Awaitable[T]],
    ) -> T:
        """Make a request with this keyboard; where its decoration is refused, with less of it."""
        supported = [
            support for support in sorted(ButtonSupport, reverse=True) if support <= self._support
        ]
        markups = [(support, markup_of(keyboard, support)) for support in supported]
        different = [
            (support, markup)
            for at, (support, markup) in enumerate(markups)
            if at == 0 or markup != markups[at - 1][1]
        ]
        *decorated, (plainest, plain) = different
        refusal = ""
        for support, markup in decorated:
            try:
                return self._learn(support, await request(markup), refusal)
            except (TelegramBadRequest, TelegramNotFound) as error:
                if not _is_about_buttons(error.message):
                    raise
                refusal = error.message
        return self._learn(plainest, await request(plain), refusal)

    def _learn(self, support: ButtonSupport, result: T, refusal: str) -> T:
        """The same with less went through: it was the decoration that was refused."""
        if refusal:
            self._support = min(self._support, support)
            logger.info("this Bot API server supports fewer button decorations: %s", refusal)
        return result


def _is_about_buttons(refusal: str) -> bool:
    words = refusal.lower()
    return any(each in words for each in ABOUT_BUTTONS) and NOT_MODIFIED not in words


def markup_of(keyboard: Keyboard, support: ButtonSupport) -> InlineKeyboardMarkup | None:
    """None removes the buttons of an edited message: they are sent again with every edit."""
    rows = [[made for each in row if (made := _button(each, support))] for row in keyboard]
    rows = [row for row in rows if row]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _button(button: Button, support: ButtonSupport) -> InlineKeyboardButton | None:
    """None: without decoration there is no such button."""
    style = button.style if support >= ButtonSupport.STYLED else None
    if button.copy:
        if support < ButtonSupport.STYLED:
            return None
        copy = CopyTextButton(text=button.copy)
        return InlineKeyboardButton(text=button.text, style=style, copy_text=copy)
    if button.disabled and support >= ButtonSupport.FULL:
        return InlineKeyboardButton(text=button.text, style=style, disabled=DisabledButton())
    if button.url:
        return InlineKeyboardButton(text=button.text, style=style, url=button.url)
    return InlineKeyboardButton(text=button.text, style=style, callback_data=button.data)
