"""The command menu that Telegram shows."""

import logging
from collections.abc import Mapping

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import BotCommand, BotCommandScopeAllPrivateChats

from bot.i18n import DEFAULT_LANGUAGE
from bot.texts import Texts

logger = logging.getLogger(__name__)


async def publish_menu(bot: Bot, texts: Mapping[str, Texts]) -> None:
    """Tell Telegram the commands, in every language. Without them the bot works all the same."""
    scope = BotCommandScopeAllPrivateChats()
    try:
        for language, each in texts.items():
            commands = [
                BotCommand(command=name, description=text) for name, text in each.menu().items()
            ]
            await bot.set_my_commands(commands, scope=scope, language_code=language)
            if language == DEFAULT_LANGUAGE:  # and for everybody whose language we do not speak
                await bot.set_my_commands(commands, scope=scope)
    except (TelegramAPIError, ClientDecodeError) as error:
        logger.warning("the command menu could not be set: %s", error)
