"""The outbox of files to move into a bucket or to delete, each retried as it falls due.

Delivery does not wait for this: a result is on disk once it is downloaded and goes to the chat from
there. It is moved meanwhile or later, across restarts, with growing pauses.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from bot.media.kinds import CONTENT_TYPES, FILM_TYPES
from bot.tools.retry import pause_after
from storage.announcements import Announcement, Forgotten, Moved
from storage.errors import StorageError
from storage.files import Buckets, DiskFiles
from storage.forgetting import FileToRemove, Forgetting
from storage.items import Item
from storage.jobs import Jobs
from storage.result_uploads import ResultUploads
from storage.supabase import FileStoreError, SupabaseStorage

AT_ONCE = 3
FIRST_PAUSE_S = 10.0
MAX_PAUSE_S = 3600.0

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Outbox(ABC, Generic[T]):
    """Goes on across restarts, with growing pauses.

    A row that cannot be dealt with is put off, whatever is wrong with it; the others go on.
    """

    subject = "files"  # for the log

    def __init__(self, *, first_pause_s: float = FIRST_PAUSE_S) -> None:
        self._first_pause_s = first_pause_s
        self._more = asyncio.Event()

    def wake(self) -> None:
        """Wake the loop: there is more to do."""
        self._more.set()

    async def run(self) -> None:
        """Do what is due, then wait for more, until cancelled."""
        while True:
            self._more.clear()
            pause_s: float | None = self._first_pause_s
            try:
                due = await self._due(AT_ONCE)
                outcomes = await asyncio.gather(
                    *(self._try(row) for row in due), return_exceptions=True
                )
                for error in filter(None, outcomes):  # once all of them have ended
                    raise error
                pause_s = 0.0 if due else await self._pause_s()
            except StorageError as error:
                logger.error(
                    "%s wait for the database, retrying in %.0f s: %s", self.subject, pause_s, error
                )
            except Exception:  # part of the worker's boundary: no row must stop the bot
                logger.exception("%s wait, retrying in %.0f s", self.subject, pause_s)
            try:
                async with asyncio.timeout(pause_s):
                    await self._more.wait()
            except TimeoutError:
                continue

    async def _pause_s(self) -> float | None:
        in_s = await self._due_in_s()
        return None if in_s is None else max(in_s, 0.01)

    async def _try(self, row: T) -> None:
        try:
            await self._do(row)
        except StorageError:
            raise
        except Exception as error:
            what, attempts = self._describe(row)
            pause_s = pause_after(attempts, first_s=self._first_pause_s, longest_s=MAX_PAUSE_S)
            if isinstance(error, FileStoreError):
                logger.warning(
                    "%s waits, again in %.0f s: %s; %s", what, pause_s, error, error.advice
                )
            elif isinstance(error, OSError):
                logger.warning("%s waits, again in %.0f s: %s", what, pause_s, error)
            else:
                logger.exception("%s waits, again in %.0f s", what, pause_s)
            await self._put_off(row, pause_s)

    @abstractmethod
    async def _due(self, limit: int) -> Sequence[T]:
        """The rows that are due now."""

    @abstractmethod
    async def _due_in_s(self) -> float | None:
        """Seconds until the next is due; None: there is nothing to do."""

    @abstractmethod
    async def _do(self, row: T) -> None:
        """Process one row, and record that it is done."""

    @abstractmethod
    async def _put_off(self, row: T, pause_s: float) -> None:
        """Count the failed attempt, and try again after a pause."""

    @abstractmethod
    def _describe(self, row: T) -> tuple[str, int]:
        """A row's name for the log, and its number of failed attempts."""


class ResultUploader(Outbox[Item]):
    """Moves results from the disk into a bucket."""

    def __init__(
        self,
        jobs: Jobs,
        result_uploads: ResultUploads,
        files: DiskFiles,
        storage: SupabaseStorage,
        buckets: Buckets,
        *,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        super().__init__(first_pause_s=first_pause_s)
        self._jobs = jobs
        self._result_uploads = result_uploads
        self._files = files
        self._storage = storage
        self._buckets = buckets
        self._ended: asyncio.Queue[int] = asyncio.Queue()  # items

    def hear(self, news: Announcement) -> None:
        """There is more to do when a file was fetched, and a copy may be of no more use when its
        picture was delivered."""
        if not isinstance(news, Moved):
            return
        if news.after.file_key != news.before.file_key:
            self.wake()
        if news.after.status.ended:
            self._ended.put_nowait(news.after.item_id)

    async def run(self) -> None:
        """As every outbox; first what an older version gave up for good is taken up again."""
        try:
            await self._take_up_again()
        except StorageError as error:
            logger.error("uploads given up earlier wait for the next start: %s", error)
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run())
            while True:
                await self._tidy(await self._ended.get())

    async def _take_up_again(self) -> None:
        after = 0
        while rows := await self._result_uploads.given_up(after):
            for item_id, key in rows:
                if await asyncio.to_thread(self._files.has, key):
                    await self._result_uploads.take_up(item_id)
            after = rows[-1][0]

    async def _due(self, limit: int) -> Sequence[Item]:
        return await self._result_uploads.due(limit)

    async def _due_in_s(self) -> float | None:
        return await self._result_uploads.due_in_s()

    async def _do(self, row: Item) -> None:
        assert row.file_key is not None  # noqa: S101 - only such are due
        try:
            await self._store(row, row.file_key)
        except FileNotFoundError:
            logger.error("item %d is gone from the disk and was never stored", row.item_id)
            await self._result_uploads.later(row, None)
            return
        await self._tidy(row.item_id)

    async def _store(self, item: Item, key: str) -> str:
        path = self._files.path(key)
        kind = (CONTENT_TYPES | FILM_TYPES)[path.suffix.removeprefix(".")]
        url = await self._storage.put(self._buckets.of(key), key, path, kind)
        await self._result_uploads.stored(item, url)
        return url

    async def store_now(self, item: Item) -> str | None:
        """The address in the bucket of a file that cannot be sent; None: it is not there yet.

        Raises:
            StorageError: of our own database.
        """
        stored = (await self._jobs.item(item.item_id)).stored_url
        if stored or item.file_key is None:
            return stored
        try:
            return await self._store(item, item.file_key)
        except (FileStoreError, OSError) as error:
            logger.warning("item %d is not stored yet: %s", item.item_id, error)
            return None

    async def _put_off(self, row: Item, pause_s: float) -> None:
        await self._result_uploads.later(row, pause_s)

    def _describe(self, row: Item) -> tuple[str, int]:
        return f"item {row.item_id} on disk", row.store_attempts

    async def _tidy(self, item_id: int) -> None:
        """Remove the copy on disk, once the picture is both kept elsewhere and delivered."""
        try:
            item = await self._jobs.item(item_id)
            if item.file_key and item.stored_url and item.status.ended:
                await asyncio.to_thread(self._files.remove, item.file_key)
        except (StorageError, OSError) as error:  # one file too many harms nobody
            logger.warning("item %d may stay on disk: %s", item_id, error)
        except Exception:  # part of the worker's boundary: no file must stop the bot
            logger.exception("item %d may stay on disk", item_id)


class FileRemover(Outbox[FileToRemove]):
    """Removes the files of people who were forgotten, from the disk and from the buckets."""

    def __init__(
        self,
        forgetting: Forgetting,
        files: DiskFiles,
        supabase: SupabaseStorage | None,
        *,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        super().__init__(first_pause_s=first_pause_s)
        self._forgetting = forgetting
        self._files = files
        self._supabase = supabase

    def hear(self, news: Announcement) -> None:
        """There is more to do when a person was forgotten."""
        if isinstance(news, Forgotten):
            self.wake()

    async def _due(self, limit: int) -> Sequence[FileToRemove]:
        return await self._forgetting.due(limit)

    async def _due_in_s(self) -> float | None:
        return await self._forgetting.due_in_s()

    async def _do(self, row: FileToRemove) -> None:
        if not row.place:
            await asyncio.to_thread(self._files.remove, row.file_key)
        elif self._supabase is not None:
            await self._supabase.remove(row.place, row.file_key)
        else:
            raise OSError("Supabase is not set up any more")
        await self._forgetting.removed(row)

    async def _put_off(self, row: FileToRemove, pause_s: float) -> None:
        await self._forgetting.remove_later(row, pause_s)

    def _describe(self, row: FileToRemove) -> tuple[str, int]:
        return "a file to be removed", row.attempts
