"""The bot as a whole: each room built from those below it, run, and closed in reverse."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from aiogram import Bot

from bot.admin.alerts import Alerts
from bot.admin.broadcast import CARD_PAUSE_S, Broadcaster
from bot.admin.kie_account import LOOK_PAUSE_S, Account, open_all_kie, open_kie
from bot.cards.menu import Menu
from bot.media.buckets import open_supabase, report_buckets
from bot.media.outbox import Keeper, Remover
from bot.media.uploads import KieUpload, SupabaseUpload, Upload
from bot.pipeline.breaker import FIRST_PAUSE_S, LONGEST_PAUSE_S, CircuitBreaker
from bot.pipeline.durations import SAMPLE, Durations
from bot.pipeline.fair_queue import FairQueue
from bot.pipeline.fetching import FETCHING, Fetcher, FetchPolicy
from bot.pipeline.finish import Delivery, Results
from bot.pipeline.housekeeping import Housekeeping
from bot.pipeline.inputs import INPUT_RETRY, InputPictures, Prepare
from bot.pipeline.polling import POLLING, Poller, PollPolicy
from bot.pipeline.progress import EDIT_PAUSE_S, Progress
from bot.pipeline.resend import Archive
from bot.pipeline.submit import CREATE_RETRY, LOST_PAUSE_S, Gate, Submit, SubmitPolicy
from bot.pipeline.worker import Worker
from bot.settings import Settings
from bot.shop.albums import Albums
from bot.shop.orders import Orders
from bot.telegram.files import Incoming
from bot.telegram.messenger import LOST_PAUSES_S, Messenger
from bot.telegram.session import open_bot
from bot.telegram.telegram_time import TelegramTime
from bot.telegram.updates import Updates
from bot.texts import load_texts
from bot.texts.catalogues import DEFAULT_LANGUAGE
from bot.tools.background import Background
from bot.tools.clock import CLOCK, Clock
from bot.tools.rate_limits import RateLimit
from bot.tools.retry import RetryPolicy, insist
from handlers import create_dispatcher
from providers.base import Provider
from providers.download import Downloader
from providers.kie import CallLog, Kie
from providers.kie_provider import KieProvider
from providers.products import PRODUCTS
from storage.announcements import Listener
from storage.files import DiskFiles
from storage.handled_updates import KEPT
from storage.lock import hold_lock
from storage.private import tighten
from storage.restore import finish_restore
from storage.store import Store
from storage.supabase import SupabaseStorage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tuning:
    """What is not the operator's to set: the services' limits, and pauses. Tests shorten some."""

    # docs.kie.ai: 20 creates in 10 s an account, 10 polls a second a key. Polls go one by one and a
    # little less often, because they do not travel equally fast and KIE counts their arrivals.
    creates: tuple[int, float] = (20, 10.1)
    polls: tuple[int, float] = (1, 0.11)
    # Telegram's Bots FAQ: 30 messages a second, and one in a chat. A little wider as well.
    messages: tuple[int, float] = (30, 1.1)
    chat_messages: tuple[int, float] = (1, 1.05)
    bulk_messages: tuple[int, float] = (20, 1.0)  # a third is left to answers and pictures
    card_pause_s: float = CARD_PAUSE_S
    credit_pause_s: float = LOOK_PAUSE_S
    edit_pause_s: float = EDIT_PAUSE_S
    lost_pauses_s: tuple[float, ...] = LOST_PAUSES_S
    create_retry: RetryPolicy = CREATE_RETRY
    lost_pause_s: float = LOST_PAUSE_S
    outage_pause_s: float = FIRST_PAUSE_S
    longest_outage_pause_s: float = LONGEST_PAUSE_S
    fetching: FetchPolicy = FETCHING
    input_retry: RetryPolicy = INPUT_RETRY
    polling: PollPolicy = POLLING
    album_pause_s: float = 1.0
    store_pause_s: float = 10.0
    result_max_bytes: int = 50 * 1024 * 1024  # Bot API: the largest document a bot can send
    result_timeout_s: float = 120.0
    close_s: float = 2.0
    updates_kept: int = KEPT
    clock: Clock = CLOCK  # the machine's, which may be wrong


TUNING = Tuning()


async def serve(settings: Settings, stop: asyncio.Event, tuning: Tuning = TUNING) -> None:
    """Run the bot until `stop` is set. A part that dies takes the rest with it, and is raised."""
    with hold_lock(settings.data_dir / "lock"):
        if aside := await asyncio.to_thread(finish_restore, settings.data_dir):
            logger.warning("a restore that was broken off is done; the old database is %s", aside)
        tighten(settings.data_dir)
        async with open_app(settings, tuning) as app:
            await app.run(stop)
    logger.info("stopped")


@asynccontextmanager
async def open_app(settings: Settings, tuning: Tuning = TUNING) -> AsyncIterator["App"]:
    """Everything in its place, and nothing begun."""
    telegram_time, log = TelegramTime(tuning.clock), CallLog(now=tuning.clock.now)
    first = settings.kie(next(iter(PRODUCTS))).access  # whose account is watched
    async with (
        Store.open(
            settings.data_dir / "bot.db",
            settings.bot_id,
            secret=settings.bot_token.get_secret_value(),
            image_bucket=settings.supabase_image_bucket,
            input_bucket=settings.supabase_input_bucket,
            clock=tuning.clock.now,
        ) as store,
        open_all_kie(settings, log) as kie,
        open_kie(replace(first, base_url=settings.kie_upload_url), log) as uploads,
        Downloader.open(
            provider_url=first.base_url,
            max_bytes=tuning.result_max_bytes,
            total_timeout_s=tuning.result_timeout_s,
        ) as downloader,
        open_bot(settings, telegram_time) as bot,
        open_supabase(settings) as supabase,
    ):
        outside = Outside(bot, telegram_time, kie, log, uploads, downloader, supabase)
        yield App(settings, tuning, store, outside)


@dataclass(frozen=True, slots=True)
class Outside:
    """The services around the bot."""

    bot: Bot
    telegram_time: TelegramTime
    kie: Mapping[str, Kie]  # by product
    kie_log: CallLog
    uploads: Kie
    downloader: Downloader
    supabase: SupabaseStorage | None


class App:
    """The rooms, each with what it takes from those below it."""

    def __init__(self, settings: Settings, tuning: Tuning, store: Store, outside: Outside) -> None:
        self._settings, self._tuning = settings, tuning
        self._store = store
        self._outside = outside
        self._talk = Talk(settings, tuning, store, outside)
        self._media = Media(settings, tuning, store, outside)
        self._admin = Admin(settings, tuning, store, outside, self._talk)
        self._pipeline = Pipeline(
            settings, tuning, store, outside, self._talk, self._media, self._admin
        )
        self._shop = Shop(settings, tuning, store, self._talk)
        store.jobs.listen(*self._listeners())
        self.dispatcher = create_dispatcher(store, {"settings": settings, **self.parts})

    @property
    def parts(self) -> dict[str, Any]:
        """What the rooms hold, by the names by which handlers ask for it."""
        rooms = (self._talk, self._media, self._admin, self._pipeline, self._shop)
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
        yield self._admin.account.hear
        yield media.remover.hear
        if media.keeper is not None:
            yield media.keeper.hear

    async def _take_up(self) -> None:
        """Go on with what an earlier process left."""
        jobs = self._store.jobs
        self._pipeline.durations.recall(await insist(lambda: jobs.recent_durations(SAMPLE)))
        await insist(jobs.replay)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set, and stop in such a way that nothing is torn."""
        keeper, messenger = self._media.keeper, self._talk.messenger
        updates = Updates(
            self._outside.bot,
            self.dispatcher,
            self._store.handled_updates,
            keep=self._tuning.updates_kept,
        )
        async with asyncio.TaskGroup() as group:
            loops = [
                group.create_task(loop)
                for loop in (
                    self._take_up(),
                    self._pipeline.worker.run(),
                    self._pipeline.progress.run(),
                    self._shop.albums.run(),
                    self._pipeline.archive.run(),
                    self._media.remover.run(),
                    self._admin.broadcaster.run(),
                    self._admin.account.run(),
                    self._talk.menu.run(),
                    self._pipeline.housekeeping.run(),
                    report_buckets(self._outside.supabase, self._settings),
                    *((keeper.run(),) if keeper else ()),
                )
            ]
            logger.info("started")
            await updates.run(stop)
            logger.info("stopping: pictures under way go on at the next start")
            messenger.finish()
            for loop in loops:
                loop.cancel()
        await self._admin.background.close()
        await messenger.close(self._tuning.close_s)


class Talk:
    """What is said to people, and in which words."""

    def __init__(self, settings: Settings, tuning: Tuning, store: Store, outside: Outside) -> None:
        self.all_texts = load_texts()
        self.telegram_time = outside.telegram_time
        self.is_late = outside.telegram_time.late_after(settings.stale_prompt_minutes * 60)
        self.messenger = Messenger(
            outside.bot,
            overall_limit=RateLimit(*tuning.messages),
            chat_limit=lambda: RateLimit(*tuning.chat_messages),
            bulk_limit=RateLimit(*tuning.bulk_messages),
            lost_pauses_s=tuning.lost_pauses_s,
        )
        self.menu = Menu(
            outside.bot, self.all_texts, store.flags, store.preferences, settings.admin_ids
        )


class Media:
    """Files: on disk, in the buckets, and where the provider fetches them."""

    def __init__(self, settings: Settings, tuning: Tuning, store: Store, outside: Outside) -> None:
        supabase, pause_s = outside.supabase, tuning.store_pause_s
        self.files = DiskFiles(settings.data_dir / "files")
        self.remover = Remover(store.forgetting, self.files, supabase, first_pause_s=pause_s)
        self.keeper: Keeper | None = None
        self.upload: Upload = KieUpload(outside.uploads)
        if supabase is not None:
            self.upload = SupabaseUpload(supabase, settings.supabase_input_bucket)
            self.keeper = Keeper(
                store.jobs,
                store.to_store,
                self.files,
                supabase,
                settings.supabase_image_bucket,
                first_pause_s=pause_s,
            )


class Admin:
    """What the team sees and does."""

    def __init__(
        self, settings: Settings, tuning: Tuning, store: Store, outside: Outside, talk: Talk
    ) -> None:
        self.alerts = Alerts(settings.admin_ids, talk.messenger, talk.all_texts[DEFAULT_LANGUAGE])
        self.account = Account(
            next(iter(outside.kie.values())),
            outside.kie_log,
            self.alerts,
            low=settings.kie_low_credit,
            pause_s=tuning.credit_pause_s,
        )
        self.broadcaster = Broadcaster(
            store.broadcasts,
            store.people,
            talk.messenger,
            talk.all_texts,
            card_pause_s=tuning.card_pause_s,
        )
        self.background = Background()


class Pipeline:
    """The walk of an item: through the provider, and to the chat."""

    def __init__(
        self,
        settings: Settings,
        tuning: Tuning,
        store: Store,
        outside: Outside,
        talk: Talk,
        media: Media,
        admin: Admin,
    ) -> None:
        jobs, messenger, texts, clock = store.jobs, talk.messenger, talk.all_texts, tuning.clock
        providers = {key: provider_of(key, settings, kie) for key, kie in outside.kie.items()}
        self.durations = Durations()
        self.queue = FairQueue()
        self.progress = Progress(
            jobs,
            self.queue,
            messenger,
            texts,
            providers,
            self.durations,
            edit_pause_s=tuning.edit_pause_s,
            clock=clock,
        )
        pictures = InputPictures(
            jobs,
            Incoming(outside.bot),
            media.files,
            media.upload,
            alerts=admin.alerts,
            retry=tuning.input_retry,
            clock=clock,
        )
        self.prepare = Prepare(jobs, pictures, self.queue, self.progress)
        breaker = CircuitBreaker(tuning.outage_pause_s, tuning.longest_outage_pause_s)
        submit = Submit(
            jobs,
            self.queue,
            self.prepare,
            providers,
            Gate(RateLimit(*tuning.creates), breaker),
            admin.alerts,
            policy=SubmitPolicy(settings.cancel_seconds, tuning.lost_pause_s, tuning.create_retry),
            clock=clock,
        )
        poller = Poller(RateLimit(*tuning.polls), tuning.polling, self.durations)
        fetcher = Fetcher(
            jobs=jobs,
            downloader=outside.downloader,
            files=media.files,
            to_store=media.keeper is not None,
            policy=tuning.fetching,
            clock=clock,
        )
        results = Results(jobs, providers, poller, fetcher, admin.alerts, clock=clock)
        delivery = Delivery(jobs, store.people, messenger, texts)
        self.worker = Worker(
            jobs, store.people, admin.alerts, self.prepare, submit, results, delivery
        )
        self.archive = Archive(
            jobs=jobs,
            files=media.files,
            downloader=outside.downloader,
            supabase=outside.supabase,
            bucket=settings.supabase_image_bucket,
            messenger=messenger,
            texts=texts,
        )
        self.housekeeping = Housekeeping(
            store.to_store,
            media.files,
            store.pruning,
            settings.data_dir,
            keep_days=settings.keep_files_days,
        )


def provider_of(key: str, settings: Settings, kie: Kie) -> Provider:
    """Who makes a product, as it is set."""
    own = settings.kie(key)
    return KieProvider(
        PRODUCTS[key],
        kie,
        own.models,
        poll_interval_s=own.poll_interval_s,
        poll_timeout_s=own.poll_timeout_s,
    )


class Shop:
    """From what people ask for to a job."""

    def __init__(self, settings: Settings, tuning: Tuning, store: Store, talk: Talk) -> None:
        self.orders = Orders(
            settings=settings,
            catalogue=store.catalogue,
            jobs=store.jobs,
            flags=store.flags,
            preferences=store.preferences,
            questions=store.questions,
            inputs=store.inputs,
            messenger=talk.messenger,
            texts=talk.all_texts,
        )
        self.albums = Albums(
            store.inputs,
            self.orders,
            talk.messenger,
            talk.all_texts,
            is_late=talk.is_late,
            pause_s=tuning.album_pause_s,
        )
