"""The command menu that Telegram shows: everyone's, and the admins' in their own chats."""

import asyncio
import logging
from collections.abc import Mapping

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeUnion,
)

from bot.i18n import DEFAULT_LANGUAGE
from bot.texts import Texts
from storage.flags import Flags

logger = logging.getLogger(__name__)


class Menu:
    """Tells Telegram the commands, in every language. Without them the bot works all the same."""

    def __init__(
        self, bot: Bot, texts: Mapping[str, Texts], flags: Flags, admin_ids: frozenset[int]
    ) -> None:
        self._bot = bot
        self._texts = texts
        self._flags = flags
        self._admin_ids = admin_ids
        self._came: asyncio.Queue[int] = asyncio.Queue()

    def offer(self, admin_id: int) -> None:
        """An admin opened the chat, which Telegram may not have known before."""
        self._came.put_nowait(admin_id)

    async def run(self) -> None:
        """Set all menus, and those of admins who come later."""
        everyone = {language: each.menu() for language, each in self._texts.items()}
        await self._set(BotCommandScopeAllPrivateChats(), everyone)
        in_groups = {language: each.group_menu() for language, each in self._texts.items()}
        await self._set(BotCommandScopeAllGroupChats(), in_groups)
        shown = await self._flags.admin_menus()
        for admin_id in shown - self._admin_ids:  # of somebody who is no admin any more
            await self._remove(admin_id)
        for admin_id in sorted(self._admin_ids):
            await self._set_admin(admin_id)
        while True:
            await self._set_admin(await self._came.get())

    async def _set_admin(self, admin_id: int) -> None:
        commands = {
            language: {**each.menu(), **each.admin_menu()} for language, each in self._texts.items()
        }
        if await self._set(BotCommandScopeChat(chat_id=admin_id), commands):
            await self._flags.add_admin_menu(admin_id)

    async def _set(
        self, scope: BotCommandScopeUnion, menus: Mapping[str, Mapping[str, str]]
    ) -> bool:
        try:
            for language, menu in menus.items():
                commands = [
                    BotCommand(command=name, description=text) for name, text in menu.items()
                ]
                await self._bot.set_my_commands(commands, scope=scope, language_code=language)
                if language == DEFAULT_LANGUAGE:  # and for people whose language we do not speak
                    await self._bot.set_my_commands(commands, scope=scope)
        except (TelegramAPIError, ClientDecodeError) as error:
            logger.warning("a command menu could not be set: %s", error)
            return False
        return True

    async def _remove(self, admin_id: int) -> None:
        scope = BotCommandScopeChat(chat_id=admin_id)
        try:
            for language in (*self._texts, None):
                await self._bot.delete_my_commands(scope=scope, language_code=language)
        except (TelegramAPIError, ClientDecodeError) as error:
            logger.warning("the menu of a former admin could not be removed: %s", error)
            return
        await self._flags.remove_admin_menu(admin_id)
