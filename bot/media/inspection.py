"""Looking at a result: what the product makes has to be in the file."""

import asyncio
from pathlib import Path

from bot.media.films import inspect_film
from bot.media.kinds import Result, inspect_picture
from providers.base import Media


async def inspect(path: Path, media: Media) -> Result:
    """What is known of the picture or film at `path`.

    Raises:
        NotAResultError: it is none, or broken.
        OSError: it cannot be read.
    """
    if media is Media.FILM:
        return await inspect_film(path)
    return await asyncio.to_thread(inspect_picture, path)
