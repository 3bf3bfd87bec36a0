"""Download of results, retried for as long as the provider's URL can live.

Only the provider's word ends the attempts. A 404 or 410 counts only if the provider, polled again,
names the same URL and that is gone again after a pause. Everything else is taken to be temporary:
it is retried with growing pauses, across restarts, and holds up nobody else.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bot.media.inspection import inspect
from bot.media.kinds import NotAResultError, Result
from bot.service_limits import KIE_ADDRESS_LIFE_S, KIE_RESULT_LIFE_S
from bot.tools.clock import CLOCK, Clock
from bot.tools.retry import pause_after
from providers.base import Done, Media
from providers.download import Downloader
from providers.errors import DownloadError, ResultRefusedError
from storage.errors import StaleItemError
from storage.files import DiskFiles, new_key
from storage.items import Item, ItemStatus
from storage.jobs import Jobs

GONE = frozenset({404, 410})

FILMS_AT_ONCE = 3

Ask = Callable[[Item], Awaitable[Done]]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """How a failing download is retried. Seconds."""

    first_pause_s: float = 2.0
    max_pause_s: float = 600.0
    # Cloudflare keeps a 404 for three minutes unless it is told otherwise: before that the second
    # is no more than the first.
    gone_pause_s: float = 200.0
    # What is no picture or film, or leads astray, for so long is so, and no gateway's page or
    # redirect: hosts are in trouble for half an hour, and KIE bills what is given up.
    believed_s: float = 3600.0
    address_s: float = KIE_ADDRESS_LIFE_S
    life_s: float = KIE_RESULT_LIFE_S


FETCHING = FetchPolicy()


class Fetcher:
    """Downloads results to the disk."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        downloader: Downloader,
        files: DiskFiles,
        to_store: bool,
        policy: FetchPolicy = FETCHING,
        clock: Clock = CLOCK,
    ) -> None:
        self._jobs = jobs
        self._downloader = downloader
        self._files = files
        self._to_store = to_store  # from the disk into a bucket
        self._policy = policy
        self._clock = clock
        # Each takes a process of its own, and after an outage there may be a hundred.
        self._films = asyncio.Semaphore(FILMS_AT_ONCE)

    async def result(self, item: Item, media: Media, ask: Ask) -> tuple[Result, Item]:
        """The result on disk: fetched once, and again only when it is gone from there.

        `ask` asks the provider for the result's addresses, and raises when it has none any more.

        Raises:
            DownloadError: it is gone from the provider, too large, or where nothing may be fetched.
            NotAResultError: it is not what the product makes.
            StaleItemError: the item was ended meanwhile.
        """
        if item.file_key is not None:
            try:
                return await self._inspect(self._files.path(item.file_key), media), item
            except (NotAResultError, OSError) as error:  # gone, damaged, or not ours to read
                logger.warning("the file on disk cannot be used, fetched again: %s", error)
        result, key, item = await self._until_fetched(item, media, ask)
        return result, await self._jobs.file_kept(item, key, to_store=self._to_store)

    async def _inspect(self, path: Path, media: Media) -> Result:
        if media is Media.IMAGE:
            return await inspect(path, media)
        async with self._films:
            return await inspect(path, media)

    async def _until_fetched(self, item: Item, media: Media, ask: Ask) -> tuple[Result, str, Item]:
        policy = self._policy
        began = self._clock.steady()
        wrong_since: float | None = None
        named_at = item.submitted_at or 0.0  # when the provider told the address
        confirmed = False  # it told it once more since it was gone
        while True:
            gone = wrong = False
            try:
                return *await self._fetch(item, media), item
            except (NotAResultError, ResultRefusedError) as error:
                wrong = True
                if wrong_since is None:
                    wrong_since = self._clock.steady()
                elif self._clock.steady() - wrong_since >= policy.believed_s:
                    raise
                trouble: Exception = error
            except DownloadError as error:
                gone = error.code in GONE
                if (gone and confirmed) or self._is_over(item, began):
                    raise
                trouble = error
            except OSError as error:  # of our disk: the network's are sorted by now
                trouble = error
            if not wrong:
                wrong_since = None
            item = await self._jobs.fetch_failed(item)
            pause_s = pause_after(
                item.fetch_attempts - 1, first_s=policy.first_pause_s, longest_s=policy.max_pause_s
            )
            logger.warning(
                "the result could not be downloaded yet (%d), retrying in %.0f s: %s",
                item.fetch_attempts,
                pause_s,
                trouble,
            )
            if gone or self._clock.now() - named_at >= policy.address_s:
                done = await ask(item)
                named_at = self._clock.now()
                confirmed = gone and item.result_url in done.urls
                if confirmed:
                    pause_s = policy.gone_pause_s
                elif item.result_url not in done.urls:
                    item = await self._jobs.result_moved(item, done.urls[0])
            await self._clock.sleep(pause_s * random.uniform(0.9, 1.1))  # noqa: S311 - jitter
            item = await self._jobs.item(item.item_id)
            if item.status is not ItemStatus.READY:
                raise StaleItemError(f"item {item.item_id} is {item.status}")

    def _is_over(self, item: Item, began: float) -> bool:
        """Whether the provider has deleted it by now, by its own rules; a clock that jumped, or a
        network that is not up yet, is not enough."""
        age_s = self._clock.now() - (item.submitted_at or 0.0)
        return (
            age_s >= self._policy.life_s and self._clock.steady() - began >= self._policy.believed_s
        )

    async def _fetch(self, item: Item, media: Media) -> tuple[Result, str]:
        """Download it in one attempt, to its final path."""
        assert item.result_url is not None  # noqa: S101 - the schema says so
        incoming = self._files.incoming(str(item.item_id))
        try:
            await self._downloader.fetch(item.result_url, incoming)
            result = await self._inspect(incoming, media)
            key = new_key(result.extension)
            path = await asyncio.to_thread(self._files.keep, incoming, key)
        finally:
            await asyncio.to_thread(incoming.unlink, missing_ok=True)
        return replace(result, path=path), key
