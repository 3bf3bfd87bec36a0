"""The application: builds the rooms, runs their loops, and closes everything in reverse order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    nullcontext,
)
from typing import Any

from bot.media.buckets import report_buckets, sells_films
from bot.pipeline.durations import SAMPLE
from bot.rooms import Admin, Ground, Media, Pipeline, Shop, Talk, Till, open_ground
from bot.settings import Settings
from bot.telegram.updates import Updates
from bot.tools.retry import insist
from bot.tools.standstill import Standstill
from bot.tuning import TUNING, Tuning
from bot.web import health, metrics, telegram
from bot.web.kie import KieCallbacks
from bot.web.metrics import Scrape
from bot.web.server import listen
from handlers import create_dispatcher
from storage.announcements import Listener
from storage.lock import hold_lock
from storage.private import tighten
from storage.restore import finish_restore

logger = logging.getLogger(__name__)


async def serve(
    settings: Settings,
    stop: asyncio.Event,
    tuning: Tuning = TUNING,
    *,
    end: Callable[[str], None] | None = None,
) -> None:
    """Run the bot until `stop` is set. A part that dies takes the rest with it, and is raised.

    `end` ends the process when loops stand still, for the reason that it is given; without it
    nobody looks.
    """
    with hold_lock(settings.data_dir / "lock"):
        if aside := await asyncio.to_thread(finish_restore, settings.data_dir):
            logger.warning("an interrupted restore was finished; the old database is %s", aside)
        tighten(settings.data_dir)
        async with open_app(settings, tuning) as app:
            with app.watched(end):
                await app.run(stop)
    logger.info("stopped")


@asynccontextmanager
async def open_app(settings: Settings, tuning: Tuning = TUNING) -> AsyncIterator["App"]:
    """Build the application; nothing runs yet."""
    async with open_ground(settings, tuning) as ground:
        yield App(ground)


class App:
    """The rooms, each with what it takes from those below it."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._talk = Talk(ground)
        self._media = Media(ground)
        self._admin = Admin(ground, self._talk)
        self._pipeline = Pipeline(ground, self._talk, self._media, self._admin)
        self._shop = Shop(ground, self._talk)
        self._till = Till(ground, self._talk, self._admin)
        ground.store.jobs.listen(*self._listeners())
        self.dispatcher = create_dispatcher(
            ground.store, {"settings": ground.settings, **self.parts}
        )
        self.updates = Updates(
            ground.bot,
            self.dispatcher,
            ground.store.handled_updates,
            keep=ground.tuning.updates_kept,
            heartbeats=ground.heartbeats,
            webhook=self._talk.webhook,
        )

    @property
    def parts(self) -> dict[str, Any]:
        """What the rooms hold, by the names by which handlers ask for it."""
        rooms = (self._talk, self._media, self._admin, self._pipeline, self._shop, self._till)
        return {name: part for room in rooms for name, part in vars(room).items()}

    def _listeners(self) -> Iterator[Listener]:
        """Those who are told of jobs and items; the queues first, so that an item has its place
        when it is told."""
        pipeline, media = self._pipeline, self._media
        yield pipeline.queue.hear
        yield pipeline.prepare.queue.hear
        yield pipeline.worker.hear
        yield pipeline.progress.hear
        yield pipeline.durations.hear
        yield self._admin.kie_account.hear
        yield self._admin.metrics.hear
        yield media.file_remover.hear
        if media.result_uploader is not None:
            yield media.result_uploader.hear

    async def _take_up(self) -> None:
        """Seed the catalogue, and resume what an earlier process left unfinished."""
        jobs, catalogue = self._ground.store.jobs, self._ground.store.catalogue
        await insist(catalogue.seed)
        self._pipeline.durations.recall(await insist(lambda: jobs.recent_durations(SAMPLE)))
        await insist(jobs.replay)

    async def _report_buckets(self) -> None:
        models = await insist(self._ground.store.catalogue.all)
        films = sells_films(models)
        await report_buckets(self._ground.supabase, self._ground.settings, films=films)

    def _listening(self) -> AbstractAsyncContextManager[None]:
        """What is answered on HTTP_BIND: as long as anything runs."""
        settings, tuning, store = self._ground.settings, self._ground.tuning, self._ground.store
        scrape = Scrape(
            self._ground.metrics,
            store.ledger,
            store.open_items,
            self._admin.kie_account,
            settings,
            clock=tuning.clock,
        )
        routes = [
            *health.routes(self._admin.health),
            *metrics.routes(scrape),
            *telegram.routes(settings, self.updates.take),
            *KieCallbacks(settings, self._pipeline.poller.wake).routes(),
        ]
        return listen(settings.http_address, routes, close_s=tuning.close_s / 2)

    def watched(self, end: Callable[[str], None] | None) -> AbstractContextManager[None]:
        """Whether all moves is looked at inside."""
        if end is None:
            return nullcontext()
        policy, limits_s = self._ground.tuning.health, self._admin.health.standstills_s
        standstill = Standstill(self._ground.heartbeats, limits_s, end, pause_s=policy.beat_pause_s)
        return standstill.watched(policy.last_resort_s)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set, and shut down without interrupting anything halfway."""
        result_uploader, messenger = self._media.result_uploader, self._talk.messenger
        async with self._listening(), asyncio.TaskGroup() as group:
            loops = [
                group.create_task(loop)
                for loop in (
                    self._take_up(),
                    self._pipeline.worker.run(),
                    self._pipeline.progress.run(),
                    self._shop.albums.run(),
                    self._pipeline.resender.run(),
                    self._media.file_remover.run(),
                    self._admin.broadcaster.run(),
                    self._admin.health.run(stop),
                    self._admin.kie_account.run(),
                    self._admin.kie_watch.run(),
                    self._admin.backups.run(),
                    self._talk.menu.run(),
                    self._pipeline.housekeeping.run(),
                    self._report_buckets(),
                    *self._till.loops(),
                    *((result_uploader.run(),) if result_uploader else ()),
                )
            ]
            logger.info("started")
            await self.updates.run(stop)
            logger.info("stopping: unfinished pictures resume at the next start")
            messenger.finish()
            for loop in loops:
                loop.cancel()
        await self._admin.background.close()
        await messenger.close(self._ground.tuning.close_s)
