"""Downloads from Telegram of the files that people sent."""

from pathlib import Path

import aiohttp
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError, TelegramBadRequest

from bot.media.kinds import InputError
from storage.failures import FailureKind

DOWNLOAD_TIMEOUT_S = 60


class TelegramUnavailableError(Exception):
    """The file could not be downloaded this time."""


class TelegramDownloads:
    """Fetches by file id. The address that Telegram gives for a file holds the bot's token: it
    stays in here, and errors that name it are not chained."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def fetch(self, file_id: str, path: Path) -> None:
        """Write a file to `path`; safe to repeat.

        Raises:
            InputError: Telegram does not give it: too large for bots, or gone.
            TelegramUnavailableError: it did not work this time.
        """
        try:
            file = await self._bot.get_file(file_id)
            if file.file_path is None:
                raise InputError(FailureKind.INPUT_GONE, "no path")
            await self._bot.download_file(file.file_path, path, timeout=DOWNLOAD_TIMEOUT_S)
        except TelegramBadRequest as error:
            large = "too big" in error.message
            kind = FailureKind.INPUT_TOO_LARGE if large else FailureKind.INPUT_GONE
            raise InputError(kind, error.message) from None
        except (TelegramAPIError, ClientDecodeError, aiohttp.ClientError, TimeoutError) as error:
            raise TelegramUnavailableError(
                f"getting a file from Telegram: {type(error).__name__}"
            ) from None
