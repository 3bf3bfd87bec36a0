"""Telegram's command menu: everyone's, the admins', and each person's who chose a language."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeUnion,
)

from bot.texts import Texts
from bot.texts.catalogues import DEFAULT_LANGUAGE
from storage.admin_menus import AdminMenus
from storage.errors import StorageError
from storage.preferences import PreferenceStore

logger = logging.getLogger(__name__)


class Menu:
    """Sets the command menus, in every language. The bot works without them all the same.

    Telegram shows everyone the menu in the language of their client; whoever chose another here
    (/language) gets one of their own chat, as admins do for their commands.
    """

    def __init__(
        self,
        bot: Bot,
        texts: Mapping[str, Texts],
        admin_menus: AdminMenus,
        preferences: PreferenceStore,
        admin_ids: frozenset[int],
        *,
        hidden: frozenset[str],
    ) -> None:
        self._bot = bot
        self._texts = texts
        self._admin_menus = admin_menus
        self._preferences = preferences
        self._admin_ids = admin_ids
        self._hidden = hidden
        self._due: dict[int, None] = {}  # people, in the order in which they came
        self._unset = set(admin_ids)  # admins whose chat has no menu of theirs yet
        self._came = asyncio.Event()

    def offer(self, user_id: int) -> None:
        """Have the menu of a person's own chat set anew, as it is then: another language was
        chosen, say."""
        self._due[user_id] = None
        self._came.set()

    def note_chat(self, user_id: int) -> None:
        """The person writes: what Telegram did not take for an admin's chat, it may take now."""
        if user_id in self._unset:
            self._unset.remove(user_id)
            self.offer(user_id)

    async def run(self) -> None:
        """Set all menus, and later those of new people."""
        await self._set_all()
        while True:
            await self._came.wait()
            self._came.clear()
            while self._due:
                user_id = next(iter(self._due))
                del self._due[user_id]  # first: what comes while this one is set is set after it
                await self._own(self._set_own, user_id)

    async def _set_all(self) -> None:
        everyone = {language: each.menu(self._hidden) for language, each in self._texts.items()}
        await self._set(BotCommandScopeAllPrivateChats(), everyone)
        in_groups = {language: each.group_menu() for language, each in self._texts.items()}
        await self._set(BotCommandScopeAllGroupChats(), in_groups)
        try:
            shown = await self._admin_menus.chats()
        except StorageError as error:
            logger.warning("the menus of former admins stay: %s", error)
            shown = set()
        for admin_id in shown - self._admin_ids:  # of somebody who is no admin any more
            await self._own(self._remove, admin_id)
        for admin_id in sorted(self._admin_ids):
            await self._own(self._set_own, admin_id)

    async def _own(self, do: Callable[[int], Awaitable[None]], user_id: int) -> None:
        """The menu of one person's chat; the next change tries again what fails here."""
        try:
            await do(user_id)
        except (TelegramAPIError, ClientDecodeError, StorageError) as error:
            if user_id in self._admin_ids:
                self._unset.add(user_id)
            if "chat not found" in str(error):
                logger.info("the menu of %d will be set when they write to the bot", user_id)
            else:
                logger.warning("the command menu of chat %d could not be set: %s", user_id, error)
        else:
            self._unset.discard(user_id)

    async def _set_own(self, user_id: int) -> None:
        chosen = await self._preferences.language(user_id) or ""
        scope = BotCommandScopeChat(chat_id=user_id)
        if user_id in self._admin_ids:
            for language, texts in self._texts.items():
                each = self._texts.get(chosen, texts)
                menu = {**each.menu(self._hidden), **each.admin_menu(self._hidden)}
                await self._tell(scope, language, menu)
            await self._admin_menus.add(user_id)
        elif chosen in self._texts:
            await self._bot.set_my_commands(
                _commands(self._texts[chosen].menu(self._hidden)), scope=scope
            )
        else:
            await self._bot.delete_my_commands(scope=scope)

    async def _set(
        self, scope: BotCommandScopeUnion, menus: Mapping[str, Mapping[str, str]]
    ) -> None:
        try:
            for language, menu in menus.items():
                await self._tell(scope, language, menu)
        except (TelegramAPIError, ClientDecodeError) as error:
            logger.warning("a command menu could not be set: %s", error)

    async def _tell(
        self, scope: BotCommandScopeUnion, language: str, menu: Mapping[str, str]
    ) -> None:
        commands = _commands(menu)
        await self._bot.set_my_commands(commands, scope=scope, language_code=language)
        if language == DEFAULT_LANGUAGE:  # and for people whose language we do not speak
            await self._bot.set_my_commands(commands, scope=scope)

    async def _remove(self, admin_id: int) -> None:
        scope = BotCommandScopeChat(chat_id=admin_id)
        for language in (*self._texts, None):
            await self._bot.delete_my_commands(scope=scope, language_code=language)
        await self._set_own(admin_id)
        await self._admin_menus.remove(admin_id)


def _commands(menu: Mapping[str, str]) -> list[BotCommand]:
    return [BotCommand(command=name, description=text) for name, text in menu.items()]
