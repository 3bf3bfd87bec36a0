"""The team's own texts: files in DATA_DIR/texts that replace ours."""

import asyncio
import logging
from pathlib import Path

from bot.service_limits import MESSAGE_UNITS
from bot.telegram.html import fits

MAX_BYTES = 16_384  # far more than fits into a message with all its tags

logger = logging.getLogger(__name__)


async def own_text(folder: Path, name: str, language: str) -> str | None:
    """What stands in `NAME.LANGUAGE.html` now, Telegram HTML; None where there is no such file,
    or it cannot be used."""
    return await asyncio.to_thread(_read, folder / f"{name}.{language}.html")


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES} bytes")
        text = data.decode("utf-8-sig").strip()
        if not fits(text):
            raise ValueError(f"longer than a message, {MESSAGE_UNITS} characters")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # text that is no UTF-8 is a ValueError too
        logger.error("%s is not used: %s", path, error)
        return None
    return text or None
