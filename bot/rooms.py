"""Construction of the bot: each room is built from those below it."""

from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from aiogram import Bot

from bot import __version__
from bot.admin.alerts import Alerts
from bot.admin.backups import Backups
from bot.admin.broadcast import Broadcaster
from bot.admin.discovery import Discovery
from bot.admin.health import Health
from bot.admin.kie_account import ADDED, KieAccount, models_of, open_all_kie, open_kie
from bot.admin.kie_watch import KieWatch
from bot.admin.metrics import Metrics
from bot.cards.menu import Menu
from bot.media.buckets import open_supabase
from bot.media.originals import Originals
from bot.media.outbox import FileRemover, ResultUploader
from bot.media.uploads import KieUpload, SupabaseUpload, Upload
from bot.pipeline.breaker import CircuitBreaker
from bot.pipeline.durations import Durations
from bot.pipeline.fair_queue import FairQueue
from bot.pipeline.fetching import Fetcher
from bot.pipeline.finish import Delivery, Results
from bot.pipeline.housekeeping import Housekeeping
from bot.pipeline.input_pictures import InputPictures, Prepare
from bot.pipeline.polling import Poller
from bot.pipeline.progress import Progress
from bot.pipeline.resend import Resender
from bot.pipeline.sending import Sender
from bot.pipeline.submit import Gate, Submit, SubmitPolicy
from bot.pipeline.worker import Worker
from bot.settings import Settings
from bot.shop.albums import Albums
from bot.shop.daily import DailyTokens
from bot.shop.invitations import Invitations
from bot.shop.orders import Orders
from bot.shop.payments.counter import Counter
from bot.shop.payments.crediting import Crediting
from bot.shop.payments.manual import Manual
from bot.shop.payments.reconcile import Reconciler
from bot.shop.payments.refunds import Refunds
from bot.shop.payments.requests import Requests
from bot.shop.payments.stars import Stars
from bot.telegram.checkout import Checkout
from bot.telegram.downloads import TelegramDownloads
from bot.telegram.messenger import Messenger
from bot.telegram.session import open_bot
from bot.telegram.star_calls import StarCalls
from bot.telegram.telegram_time import TelegramTime
from bot.telegram.webhook import Webhook, address_of
from bot.texts import load_texts
from bot.texts.catalogues import DEFAULT_LANGUAGE
from bot.tools.background import Background
from bot.tools.heartbeats import Heartbeats
from bot.tools.rate_limits import RateLimit
from bot.tools.retry import insist
from bot.tuning import Tuning
from providers.base import Product, Provider
from providers.download import Downloader
from providers.kie import CallLog, Kie
from providers.kie_provider import KieProvider
from providers.products import PRODUCTS
from storage.files import DiskFiles
from storage.payment_orders import STARS
from storage.store import Store
from storage.supabase import SupabaseStorage


@dataclass(frozen=True, slots=True)
class Ground:
    """What every room stands on: settings, what is kept, and the services outside."""

    settings: Settings
    tuning: Tuning
    heartbeats: Heartbeats
    store: Store
    bot: Bot
    checkout_bot: Bot  # the same one, over connections of its own
    telegram_time: TelegramTime
    kie: Mapping[str, Kie]  # by product; ADDED for those that admins added
    kie_log: CallLog
    metrics: Metrics
    uploads: Kie
    downloader: Downloader
    supabase: SupabaseStorage | None


@asynccontextmanager
async def open_ground(settings: Settings, tuning: Tuning) -> AsyncIterator[Ground]:
    """Open it; no service is called yet."""
    metrics, telegram_time = Metrics(__version__, tuning.clock), TelegramTime(tuning.clock)
    log = CallLog(now=tuning.clock.now, answered=metrics.kie_answered)
    discovery = RateLimit(*tuning.discovery)
    first = settings.kie(next(iter(PRODUCTS))).access  # whose account is watched
    async with (
        Store.open(
            settings.data_dir / "bot.db",
            settings.bot_id,
            secret=settings.bot_token.get_secret_value(),
            buckets=settings.buckets,
            referral_terms=settings.referral_terms,
            clock=tuning.clock.now,
        ) as store,
        open_all_kie(settings, log, discovery) as kie,
        open_kie(
            replace(first, base_url=settings.kie_upload_url), log, discovery=discovery
        ) as uploads,
        Downloader.open(
            provider_url=first.base_url,
            max_bytes=tuning.result_max_bytes,
            total_timeout_s=tuning.result_timeout_s,
        ) as downloader,
        open_bot(settings, telegram_time, metrics.telegram_answered) as bot,
        open_bot(settings, telegram_time, metrics.telegram_answered) as checkout_bot,
        open_supabase(settings) as supabase,
    ):
        await insist(store.kie_models.load)
        yield Ground(
            settings,
            tuning,
            Heartbeats(tuning.clock),
            store,
            bot,
            checkout_bot,
            telegram_time,
            kie,
            log,
            metrics,
            uploads,
            downloader,
            supabase,
        )


class Talk:
    """Messages to people, and their texts."""

    def __init__(self, ground: Ground) -> None:
        settings, tuning, store = ground.settings, ground.tuning, ground.store
        self.all_texts = load_texts()
        self.telegram_time = ground.telegram_time
        self.is_late = ground.telegram_time.late_after(settings.stale_prompt_minutes * 60)
        self.messenger = Messenger(
            ground.bot,
            overall_limit=RateLimit(*tuning.messages),
            chat_limit=lambda: RateLimit(*tuning.chat_messages),
            bulk_limit=RateLimit(*tuning.bulk_messages),
            lost_pauses_s=tuning.lost_pauses_s,
        )
        self.webhook = (
            Webhook(ground.bot, address_of(settings), settings.telegram_secret)
            if settings.uses_webhook
            else None
        )
        self.menu = Menu(
            ground.bot,
            self.all_texts,
            store.admin_menus,
            store.preferences,
            settings.admin_ids,
            hidden=settings.hidden_commands,
        )


class Media:
    """Files: on disk, in the buckets, and where the provider fetches them."""

    def __init__(self, ground: Ground) -> None:
        settings, store, supabase = ground.settings, ground.store, ground.supabase
        pause_s = ground.tuning.store_pause_s
        self.files = DiskFiles(settings.data_dir / "files")
        self.originals = Originals(self.files, ground.downloader, supabase, settings.buckets)
        self.file_remover = FileRemover(
            store.forgetting, self.files, supabase, first_pause_s=pause_s
        )
        self.result_uploader: ResultUploader | None = None
        self.upload: Upload = KieUpload(ground.uploads)
        if supabase is not None:
            self.upload = SupabaseUpload(supabase, settings.supabase_input_bucket)
            self.result_uploader = ResultUploader(
                store.jobs,
                store.result_uploads,
                self.files,
                supabase,
                settings.buckets,
                first_pause_s=pause_s,
            )


class Admin:
    """The admins' side."""

    def __init__(self, ground: Ground, talk: Talk) -> None:
        settings, tuning, store = ground.settings, ground.tuning, ground.store
        self.alerts = Alerts(
            settings.admin_ids,
            talk.messenger,
            talk.all_texts[DEFAULT_LANGUAGE],
            token_usd=settings.token_price_usd,
        )
        self.metrics = ground.metrics
        self.kie_account = KieAccount(
            next(iter(ground.kie.values())),
            ground.kie_log,
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
        self.kie_watch = KieWatch(
            settings,
            ground.kie,
            store.catalogue,
            store.kie_models,
            self.alerts,
            pauses_s=tuning.comparison_pauses_s,
            clock=tuning.clock,
        )
        self.backups = Backups(
            settings, books_checked=ground.metrics.books_checked, clock=tuning.clock
        )
        self.health = Health(
            ground.heartbeats,
            store.write_probe.write,
            settings.data_dir,
            kie_timeout_s=max(settings.kie(key).access.request_timeout_s for key in PRODUCTS),
            listens=settings.http_address,
            policy=tuning.health,
            clock=tuning.clock,
        )
        self.background = Background()
        self.discovery = Discovery(ground.kie[ADDED], store.kie_models)


class Pipeline:
    """The path of an item: through the provider, and to the chat."""

    def __init__(self, ground: Ground, talk: Talk, media: Media, admin: Admin) -> None:
        settings, tuning, store = ground.settings, ground.tuning, ground.store
        jobs, messenger, texts, clock = store.jobs, talk.messenger, talk.all_texts, tuning.clock
        provider_of = cache(partial(open_provider, ground))
        self.durations = Durations()
        self.queue = FairQueue()
        self.progress = Progress(
            jobs,
            self.queue,
            messenger,
            texts,
            provider_of,
            self.durations,
            edit_pause_s=tuning.edit_pause_s,
            clock=clock,
        )
        pictures = InputPictures(
            jobs,
            TelegramDownloads(ground.bot),
            media.originals,
            media.files,
            media.upload,
            alerts=admin.alerts,
            retry=tuning.input_retry,
            clock=clock,
        )
        self.prepare = Prepare(jobs, pictures, self.queue, self.progress)
        pauses_s = tuning.outage_pause_s, tuning.longest_outage_pause_s
        submit = Submit(
            jobs,
            self.queue,
            self.prepare,
            provider_of,
            Gate(RateLimit(*tuning.creates), lambda: CircuitBreaker(*pauses_s)),
            admin.alerts,
            policy=SubmitPolicy(
                settings.cancel_seconds,
                tuning.lost_pause_s,
                tuning.refused_pause_s,
                tuning.create_retry,
            ),
            clock=clock,
        )
        self.poller = Poller(
            RateLimit(*tuning.polls),
            tuning.polling,
            self.durations,
            heartbeats=ground.heartbeats,
        )
        fetcher = Fetcher(
            jobs=jobs,
            downloader=ground.downloader,
            files=media.files,
            to_store=media.result_uploader is not None,
            policy=tuning.fetching,
            clock=clock,
        )
        results = Results(jobs, provider_of, self.poller, fetcher, admin.alerts, clock=clock)
        sender = Sender(messenger, texts, media.result_uploader, store.catalogue)
        delivery = Delivery(jobs, store.people, sender, messenger, texts)
        self.worker = Worker(
            jobs, store.people, admin.alerts, self.prepare, submit, results, delivery
        )
        self.resender = Resender(
            jobs=jobs,
            files=media.files,
            originals=media.originals,
            sender=sender,
            messenger=messenger,
            texts=texts,
        )
        self.housekeeping = Housekeeping(
            store.result_uploads,
            media.files,
            store.pruning,
            settings.data_dir,
            keep_days=settings.keep_files_days,
        )


def open_provider(ground: Ground, product: Product) -> Provider:
    """The provider of a product, by its settings; of one that an admin added, by those for all."""
    own = ground.settings.kie(product.key, is_film=product.is_film)
    return KieProvider(
        product,
        ground.kie.get(product.key) or ground.kie[ADDED],
        models_of(ground.settings, product),
        ground.store.kie_models.known,
        poll_interval_s=own.poll_interval_s,
        poll_timeout_s=own.poll_timeout_s,
    )


class Shop:
    """From what people ask for to a job."""

    def __init__(self, ground: Ground, talk: Talk) -> None:
        settings, tuning, store = ground.settings, ground.tuning, ground.store
        self.daily = DailyTokens(settings.daily_tokens, store.ledger, store.catalogue)
        self.orders = Orders(
            settings=settings,
            catalogue=store.catalogue,
            jobs=store.jobs,
            maintenance=store.maintenance,
            preferences=store.preferences,
            questions=store.questions,
            inputs=store.inputs,
            daily=self.daily,
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


class Till:
    """What sells tokens, and what follows from a payment."""

    def __init__(self, ground: Ground, talk: Talk, admin: Admin) -> None:
        store = ground.store
        self.invitations = Invitations(
            store.referrals,
            store.people,
            ground.settings.referral_terms,
            talk.messenger,
            talk.all_texts,
            clock=ground.tuning.clock,
        )
        self.crediting = Crediting(
            store.payments,
            store.questions,
            talk.messenger,
            talk.all_texts,
            booked=admin.metrics.paid,
            kept=admin.alerts.payment_kept,
            promised=self.invitations.promised,
        )
        self.manual = Manual(
            ground.settings.manual_payment_text,
            ground.settings.admin_ids,
            packs=store.packs,
            transfers=store.transfers,
            people=store.people,
            maintenance=store.maintenance,
            crediting=self.crediting,
            background=admin.background,
            messenger=talk.messenger,
            texts=talk.all_texts,
            pause_s=ground.tuning.transfers_pause_s,
        )
        self.counter = Counter(
            packs=store.packs,
            payment_orders=store.payment_orders,
            ledger=store.ledger,
            catalogue=store.catalogue,
            preferences=store.preferences,
            maintenance=store.maintenance,
            questions=store.questions,
            messenger=talk.messenger,
            has_other_way=self.manual.is_offered,
        )
        calls = StarCalls(ground.bot)
        self.refunds = Refunds(
            store.payment_refunds,
            {STARS: calls.give_back},
            talk.messenger,
            talk.all_texts,
            admin.alerts.tell,
            ended=admin.metrics.money_back,
            first_pause_s=ground.tuning.refund_pause_s,
        )
        self.reconciler = Reconciler(
            store.payments,
            self.crediting,
            self.refunds,
            calls,
            admin.alerts.tell,
            pauses_s=ground.tuning.reconcile_pauses_s,
        )
        self.requests = Requests(
            store.refund_requests,
            store.payments,
            store.people,
            talk.messenger,
            talk.all_texts,
            ground.settings.admin_ids,
        )
        self.checkout = Checkout(ground.checkout_bot)
        self.stars = Stars(
            settings=ground.settings,
            payment_orders=store.payment_orders,
            people=store.people,
            maintenance=store.maintenance,
            preferences=store.preferences,
            texts=talk.all_texts,
            check_s=ground.tuning.checkout_s,
        )

    def loops(self) -> Iterator[Coroutine[Any, Any, None]]:
        """What runs beside the handlers."""
        yield self.invitations.run()
        yield self.refunds.run()
        yield self.reconciler.run()
        yield self.requests.run()
        yield self.manual.run()
