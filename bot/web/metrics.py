"""/metrics: the numbers that Prometheus reads (docs/metrics.md), for those on this machine only."""

import asyncio
import logging
from collections.abc import Callable, Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from bot.admin.backups import read_backups
from bot.admin.kie_account import KieAccount
from bot.admin.metrics import OPEN_STAGES, Metrics
from bot.settings import Settings
from bot.tools.clock import CLOCK, Clock
from bot.web.server import Route, is_from_outside
from storage.admin_items import OpenItems, OpenNow
from storage.errors import StorageError
from storage.ledger import Ledger

Encode = Callable[[CollectorRegistry], bytes]

DATABASE_FILES = ("bot.db", "bot.db-wal")  # the second: what was not moved into the first yet

logger = logging.getLogger(__name__)


class Scrape:
    """What is counted, with what can be read at that moment: by indexes, and of KIE's credits what
    it said last."""

    def __init__(
        self,
        metrics: Metrics,
        ledger: Ledger,
        open_items: OpenItems,
        kie_account: KieAccount,
        settings: Settings,
        *,
        clock: Clock = CLOCK,
    ) -> None:
        self._metrics = metrics
        self._ledger = ledger
        self._open_items = open_items
        self._kie_account = kie_account
        self._settings = settings
        self._clock = clock
        self._one = asyncio.Lock()  # at a time, however many ask
        self._entry: int | None = None  # the last of the ledger that was counted

    async def begin(self) -> None:
        """Count tokens from here on."""
        if self._entry is None:
            self._entry = await self._ledger.last_entry()

    async def text(self, encode: Encode) -> bytes:
        """All numbers as they are now.

        Raises:
            StorageError: the database cannot be read.
        """
        async with self._one:
            await self.begin()
            assert self._entry is not None  # noqa: S101 - begun just now
            booked = await self._ledger.booked_after(self._entry)
            self._entry = booked.last_entry
            self._metrics.booked(booked)
            self._tell_of(await self._open_items.now())
            if (credits_left := self._kie_account.left) is not None:
                self._metrics.kie_credits.set(credits_left)
            # Files are looked at and thousands of lines written elsewhere: the loop has people to
            # answer.
            return await asyncio.to_thread(self._write, encode)

    def _tell_of(self, items: OpenNow) -> None:
        for stage in OPEN_STAGES:
            self._metrics.jobs_in_progress.labels(stage).set(items.by_status.get(stage, 0))
        now = self._clock.now()
        age_s = 0.0 if items.oldest_at is None else max(now - items.oldest_at, 0.0)
        self._metrics.oldest_job_age.set(age_s)

    def _write(self, encode: Encode) -> bytes:
        files = (self._settings.data_dir / name for name in DATABASE_FILES)
        sizes = [path.stat().st_size for path in files if path.exists()]
        self._metrics.database_size.set(sum(sizes))
        backups = read_backups(self._settings, self._clock.now())
        if backups is not None:
            made_at = backups.last.made_at if backups.last is not None else 0.0
            self._metrics.last_backup.set(made_at)
        return encode(self._metrics.registry)


def routes(scrape: Scrape) -> Iterator[Route]:
    """One. What a proxy brings is told that there is nothing: the numbers of a shop are its own."""

    async def metrics(request: web.Request) -> web.Response:
        if is_from_outside(request):
            raise web.HTTPNotFound
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        try:
            body = await scrape.text(encode)
        except StorageError as error:
            logger.warning("/metrics: %s", error)
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from error
        return web.Response(body=body, headers={"Content-Type": content_type})

    yield web.get("/metrics", metrics)
