"""The originals of items: each is fetched from the first source that still has it whole."""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

from bot.media.inspection import inspect
from bot.media.kinds import NotAResultError, Picture, Result
from providers.base import Media
from providers.download import Downloader
from providers.errors import DownloadError, ResultRefusedError
from storage.files import Buckets, DiskFiles
from storage.items import Item
from storage.supabase import FileStoreError, SupabaseStorage

logger = logging.getLogger(__name__)


class OriginalMissingError(Exception):
    """None of its sources has it this time."""


class Originals:
    """On the disk, in Supabase, and at last at the provider, for as long as that keeps them."""

    def __init__(
        self,
        files: DiskFiles,
        downloader: Downloader,
        supabase: SupabaseStorage | None,
        buckets: Buckets,
    ) -> None:
        self._files = files
        self._downloader = downloader
        self._supabase = supabase
        self._buckets = buckets

    async def copy_picture(self, item: Item, path: Path) -> Picture:
        """The same of an item that is a picture."""
        original = await self.copy(item, path, Media.IMAGE)
        assert isinstance(original, Picture)  # noqa: S101 - it was looked at as one
        return original

    async def copy(self, item: Item, path: Path, media: Media) -> Result:
        """Write an item's original to `path`.

        Raises:
            OriginalMissingError: no source has it whole.
        """
        for fetch in self._sources(item, path):
            try:
                await fetch()
                return await inspect(path, media)
            except (
                DownloadError,
                ResultRefusedError,
                FileStoreError,
                NotAResultError,
                OSError,
            ) as error:
                logger.info("item %d is gone from one source: %s", item.item_id, error)
        raise OriginalMissingError(f"item {item.item_id}")

    def _sources(self, item: Item, path: Path) -> Iterator[Callable[[], Awaitable[object]]]:
        """What puts the file at `path`, the nearest source first."""
        if item.file_key is not None:
            # A copy: the one on disk may be moved away while it is used.
            yield partial(asyncio.to_thread, shutil.copyfile, self._files.path(item.file_key), path)
            if item.stored_url and self._supabase is not None:
                yield partial(self._from_bucket, self._supabase, item.file_key, path)
        for url in filter(None, (item.stored_url, item.result_url)):
            yield partial(self._downloader.fetch, url, path)

    async def _from_bucket(self, supabase: SupabaseStorage, key: str, path: Path) -> None:
        data = await supabase.get(self._buckets.of(key), key)
        await asyncio.to_thread(path.write_bytes, data)
