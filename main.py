"""The command line. Builds everything, runs it, and closes it in reverse; nobody else constructs.

python main.py run          the bot, with the settings of the environment and .env
python main.py doctor       what is wrong with the settings, the data or the services, a line each
python main.py backup FILE  a consistent copy of the database, while the bot runs
python main.py restore FILE such a copy put in place of the database, while the bot is stopped
python main.py adopt        hand DATA_DIR over to the bot of BOT_TOKEN, from another one
python main.py demo         the bot against stand-ins of Telegram and KIE, without any account
python main.py chat         the same, on a page where you talk to it yourself
"""

import argparse
import asyncio
import logging
import os
import random
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import bot.telegram.aiogram_patches  # noqa: F401 - before aiogram

# isort: split
import aiohttp
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.types import LinkPreviewOptions
from pydantic import SecretStr, ValidationError

from bot.admin.alerts import Alerts
from bot.admin.broadcast import CARD_PAUSE_S, Broadcaster
from bot.admin.doctor import Telegram, examine
from bot.admin.kie_account import LOOK_PAUSE_S, Account
from bot.cards.menu import Menu
from bot.logs import set_up_logging
from bot.media.buckets import report_buckets
from bot.media.keeping import Keeper
from bot.media.removal import Remover
from bot.media.uploads import KieUpload, SupabaseUpload, Upload
from bot.pipeline.breaker import FIRST_PAUSE_S, LONGEST_PAUSE_S, CircuitBreaker
from bot.pipeline.durations import Durations
from bot.pipeline.estimates import Estimates
from bot.pipeline.fair_queue import Queue
from bot.pipeline.fetching import FETCHING, Fetcher, FetchPolicy
from bot.pipeline.housekeeping import Housekeeping
from bot.pipeline.inputs import INPUT_RETRY, InputPictures
from bot.pipeline.polling import POLLING, Poller, PollPolicy
from bot.pipeline.progress import EDIT_PAUSE_S, Progress
from bot.pipeline.resend import Archive
from bot.pipeline.worker import CREATE_RETRY, LOST_PAUSE_S, Worker
from bot.settings import Settings, explain, load_settings
from bot.shop.albums import Albums
from bot.shop.orders import Orders
from bot.telegram.clock import TelegramTime
from bot.telegram.files import Incoming
from bot.telegram.messenger import LOST_PAUSES_S, Messenger
from bot.telegram.session import Session
from bot.telegram.updates import Updates
from bot.texts import load_texts
from bot.texts.catalogues import DEFAULT_LANGUAGE
from bot.tools.background import Errands
from bot.tools.rate_limits import RateLimit
from bot.tools.retry import RetryPolicy
from handlers import create_dispatcher
from providers.download import Downloader
from providers.kie import CallLog, Kie
from providers.midjourney import Midjourney
from storage.adoption import adopt
from storage.backup import BackupError, back_up
from storage.broadcasts import Broadcasts
from storage.catalogue import Catalogue
from storage.database import Database
from storage.errors import StorageError
from storage.files import DiskFiles
from storage.forgetting import Forgetting, welcome_mark
from storage.gallery import Gallery
from storage.handled_updates import KEPT, HandledUpdates
from storage.inputs import Inputs
from storage.jobs import Jobs
from storage.journal import Journal
from storage.ledger import Ledger
from storage.lock import hold_lock
from storage.maintenance import Flags
from storage.open_images import OpenImages
from storage.outbox import ToStore
from storage.people import People
from storage.preferences import PreferenceStore
from storage.private import keep_private, tighten
from storage.pruning import Pruning
from storage.questions import Questions
from storage.restore import finish_restore, pending, restore
from storage.stats import Stats
from storage.supabase import SupabaseStorage
from storage.users import Users

if TYPE_CHECKING:  # the real bot has no use for the stand-ins
    from bot.demo.kie import KieSimulator
    from bot.demo.telegram import TelegramEmulator

logger = logging.getLogger("main")

EXIT_SETTINGS = 2
EXIT_PROBLEM = 2  # make ends with 2 whatever its recipe ends with: so it is the same through make
STAGE_ADMIN = 1
FIRST_LOOK_S = 3  # whether Telegram knows the token; who does not answer is asked again later
# A stop is over after so long, whatever it waits for: the database held by another program, an
# answer that does not come. Ten seconds are promised, on a busy machine as well. The next start
# takes up what was torn, as after a crash.
STOP_LIMIT_S = 6.0


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
    now: Callable[[], float] = time.time  # the machine's clock, which may be wrong


async def serve(settings: Settings, stop: asyncio.Event, tuning: Tuning) -> None:
    """Run the bot until `stop` is set. A part that dies takes the rest with it, and is raised."""
    with hold_lock(settings.data_dir / "lock"):
        if aside := await asyncio.to_thread(finish_restore, settings.data_dir):
            logger.warning("a restore that was broken off is done; the old database is %s", aside)
        tighten(settings.data_dir)
        await _serve(settings, stop, tuning)
    logger.info("stopped")


async def _serve(settings: Settings, stop: asyncio.Event, tuning: Tuning) -> None:
    async with (
        Database.open(settings.data_dir / "bot.db", settings.bot_id) as database,
        aiohttp.ClientSession() as kie_session,
        aiohttp.ClientSession() as create_session,
        Downloader.open(
            provider_url=settings.midjourney_kie_base_url,
            max_bytes=tuning.result_max_bytes,
            total_timeout_s=tuning.result_timeout_s,
        ) as downloader,
        _open_bot(settings, telegram_time := TelegramTime(tuning.now)) as bot,
        _open_supabase(settings) as supabase,
    ):
        now = tuning.now
        mark = welcome_mark(settings.bot_token.get_secret_value())
        jobs, catalogue = Jobs(database, now=now), Catalogue(database, now=now)
        to_store = ToStore(database, now=now)
        ledger = Ledger(database, welcome_mark=mark, now=now)
        texts = load_texts()
        users = Users(database, now=now)
        people, flags = People(database, now=now), Flags(database, now=now)
        preferences = PreferenceStore(database, now=telegram_time)
        menu = Menu(bot, texts, flags, preferences, settings.admin_ids)
        queue = Queue()
        estimates = Estimates()
        durations = Durations()
        kie_log = CallLog(now=now)
        kie = _kie(settings, kie_session, settings.midjourney_kie_base_url, kie_log, create_session)
        providers = {
            "midjourney": Midjourney(
                kie,
                text_model=settings.midjourney_kie_text_model,
                image_model=settings.midjourney_kie_image_model,
            )
        }
        messenger = Messenger(
            bot,
            overall_limit=RateLimit(*tuning.messages),
            chat_limit=lambda: RateLimit(*tuning.chat_messages),
            bulk_limit=RateLimit(*tuning.bulk_messages),
            lost_pauses_s=tuning.lost_pauses_s,
        )
        progress = Progress(
            jobs,
            queue,
            messenger,
            texts,
            providers,
            estimates,
            edit_pause_s=tuning.edit_pause_s,
            now=now,
        )
        alerts = Alerts(settings.admin_ids, messenger, texts[DEFAULT_LANGUAGE])
        account = Account(
            kie, kie_log, alerts, low=settings.kie_low_credit, pause_s=tuning.credit_pause_s
        )
        files = DiskFiles(settings.data_dir / "files")
        keeper = None
        upload: Upload = KieUpload(_kie(settings, kie_session, settings.kie_upload_url, kie_log))
        if supabase is not None:
            keeper = Keeper(
                jobs,
                to_store,
                files,
                supabase,
                settings.supabase_image_bucket,
                first_pause_s=tuning.store_pause_s,
                now=now,
            )
            upload = SupabaseUpload(supabase, settings.supabase_input_bucket)
        input_pictures = InputPictures(
            jobs, Incoming(bot), files, upload, alerts=alerts, retry=tuning.input_retry, now=now
        )
        poller = Poller(
            RateLimit(*tuning.polls),
            replace(
                tuning.polling,
                interval_s=settings.midjourney_kie_poll_interval,
                timeout_s=settings.midjourney_kie_poll_timeout,
            ),
            durations,
        )
        worker = Worker(
            jobs=jobs,
            queue=queue,
            providers=providers,
            create_limit=RateLimit(*tuning.creates),
            breaker=CircuitBreaker(tuning.outage_pause_s, tuning.longest_outage_pause_s),
            poller=poller,
            fetcher=Fetcher(
                jobs=jobs,
                downloader=downloader,
                files=files,
                progress=progress,
                keeper=keeper,
                policy=tuning.fetching,
                now=now,
            ),
            messenger=messenger,
            progress=progress,
            alerts=alerts,
            texts=texts,
            inputs=input_pictures,
            keeper=keeper,
            users=users,
            estimates=estimates,
            durations=durations,
            cancel_s=settings.cancel_seconds,
            on_created=account.spent,
            lost_pause_s=tuning.lost_pause_s,
            create_retry=tuning.create_retry,
            now=now,
        )
        inputs = Inputs(database, now=now)
        orders = Orders(
            settings=settings,
            catalogue=catalogue,
            jobs=jobs,
            flags=flags,
            preferences=preferences,
            questions=Questions(database, now=now),
            inputs=inputs,
            worker=worker,
            progress=progress,
            messenger=messenger,
            texts=texts,
        )
        stale_s = settings.stale_prompt_minutes * 60

        def is_late(sent_at: float) -> bool:
            """Whether what was sent then waited so long that nobody may be charged unasked."""
            return sent_at < telegram_time() - stale_s

        albums = Albums(
            inputs,
            orders,
            messenger,
            texts,
            is_late=is_late,
            pause_s=tuning.album_pause_s,
        )
        archive = Archive(
            jobs=jobs,
            files=files,
            downloader=downloader,
            supabase=supabase,
            bucket=settings.supabase_image_bucket,
            messenger=messenger,
            texts=texts,
        )
        forgetting = Forgetting(
            database,
            image_bucket=settings.supabase_image_bucket,
            input_bucket=settings.supabase_input_bucket,
            welcome_mark=mark,
            now=now,
        )
        remover = Remover(forgetting, files, supabase, first_pause_s=tuning.store_pause_s, now=now)
        broadcasts = Broadcasts(database, now=now)
        broadcaster = Broadcaster(
            broadcasts, users, messenger, texts, card_pause_s=tuning.card_pause_s
        )
        housekeeping = Housekeeping(
            to_store,
            files,
            Pruning(database),
            settings.data_dir,
            keep_days=settings.keep_files_days,
        )
        errands = Errands()
        dispatcher = create_dispatcher(
            settings=settings,
            ledger=ledger,
            catalogue=catalogue,
            jobs=jobs,
            users=users,
            people=people,
            preferences=preferences,
            flags=flags,
            menu=menu,
            broadcasts=broadcasts,
            broadcaster=broadcaster,
            journal=Journal(database),
            stats=Stats(database, now=now),
            open_images=OpenImages(database),
            account=account,
            errands=errands,
            inputs=inputs,
            orders=orders,
            albums=albums,
            gallery=Gallery(database),
            archive=archive,
            forgetting=forgetting,
            remover=remover,
            queue=queue,
            worker=worker,
            progress=progress,
            messenger=messenger,
            texts=texts,
            is_late=is_late,
        )
        handled = HandledUpdates(database, bot.id, keep=tuning.updates_kept)
        async with asyncio.TaskGroup() as group:
            parts = [
                group.create_task(part)
                for part in (
                    worker.run(),
                    progress.run(),
                    albums.run(),
                    archive.run(),
                    remover.run(),
                    broadcaster.run(),
                    account.run(),
                    menu.run(),
                    housekeeping.run(),
                )
            ]
            if keeper is not None and supabase is not None:
                parts.append(group.create_task(keeper.run(), name="keeper"))
                parts.append(group.create_task(report_buckets(supabase, settings), name="buckets"))
            logger.info("started")
            await Updates(bot, dispatcher, handled).run(stop)
            logger.info("stopping: pictures under way go on at the next start")
            messenger.finish()
            for part in parts:
                part.cancel()
        await errands.close()
        await messenger.close(tuning.close_s)


def _kie(
    settings: Settings,
    session: aiohttp.ClientSession,
    base_url: str,
    log: CallLog | None = None,
    creates: aiohttp.ClientSession | None = None,
) -> Kie:
    return Kie(
        session,
        base_url=base_url,
        api_key=settings.midjourney_key,
        request_timeout_s=settings.midjourney_kie_request_timeout,
        log=log,
        creates=creates,
    )


@asynccontextmanager
async def _open_supabase(settings: Settings) -> AsyncIterator[SupabaseStorage | None]:
    """Supabase's Storage, where it is set up."""
    if settings.supabase_url is None or settings.supabase_service_role_key is None:
        yield None
        return
    key = settings.supabase_service_role_key.get_secret_value()
    async with SupabaseStorage.open(settings.supabase_url, key) as supabase:
        yield supabase


@asynccontextmanager
async def _open_bot(
    settings: Settings, telegram_time: TelegramTime | None = None
) -> AsyncIterator[Bot]:
    session = Session(
        api=TelegramAPIServer.from_base(settings.telegram_api_url),
        telegram_time=telegram_time,
    )
    async with Bot(
        settings.bot_token.get_secret_value(),
        session=session,
        default=DefaultBotProperties(
            parse_mode="HTML", link_preview=LinkPreviewOptions(is_disabled=True)
        ),
    ) as bot:
        yield bot


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="main.py", description="A Telegram bot that sells Midjourney pictures."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start the bot with the settings of the environment and .env")
    commands.add_parser("doctor", help="check settings, data and services, a line each")
    backup = commands.add_parser("backup", help="copy the database while the bot runs")
    backup.add_argument("file", type=Path, help="where to; must not exist yet")
    backup.add_argument(
        "--files", action="store_true", help="with the pictures on disk, as a tar archive"
    )
    bring_back = commands.add_parser("restore", help="put a backup in place of the database")
    bring_back.add_argument("file", type=Path, help="what backup wrote")
    bring_back.add_argument(
        "--anyway", action="store_true", help="even where its books do not agree"
    )
    commands.add_parser("adopt", help="hand DATA_DIR over to the bot of BOT_TOKEN")
    commands.add_parser("demo", help="see it work without any account")
    commands.add_parser("chat", help="talk to it in the browser without any account")
    given = parser.parse_args(arguments)
    keep_private()
    if given.command == "demo":
        return demo()
    if given.command == "chat":
        set_up_logging("WARNING", "text", [])
        return asyncio.run(_chat())
    try:
        settings = load_settings()
    except ValidationError as error:
        print("\n".join(explain(error)), file=sys.stderr)
        return EXIT_SETTINGS
    except UnicodeDecodeError:
        print(".env: it has to be a text file in UTF-8; save it so", file=sys.stderr)
        return EXIT_SETTINGS
    if given.command == "doctor":
        set_up_logging("ERROR", settings.log_format, settings.secrets)
        return asyncio.run(_doctor(settings))
    if given.command == "backup":
        return back_up_database(settings, given.file, files=given.files)
    if given.command == "restore":
        return restore_database(settings, given.file, anyway=given.anyway)
    if given.command == "adopt":
        return asyncio.run(_adopt(settings))
    set_up_logging(settings.log_level, settings.log_format, settings.secrets)
    return asyncio.run(_run(settings))


async def _doctor(settings: Settings) -> int:
    status = 0
    async with aiohttp.ClientSession() as session, _open_bot(settings) as bot:
        findings = examine(
            settings,
            telegram=Telegram(
                bot,
                refused=(TelegramUnauthorizedError, TelegramNotFound),
                failed=(TelegramAPIError, ClientDecodeError),
            ),
            kie=_kie(settings, session, settings.midjourney_kie_base_url),
            supabase=_open_supabase(settings),
        )
        async with aclosing(findings):
            async for finding in findings:
                print(finding, flush=True)
                if not finding.ok:
                    status = EXIT_PROBLEM
    return status


def back_up_database(settings: Settings, target: Path, *, files: bool = False) -> int:
    """Copy the database, and the pictures if wanted; the bot may be running."""
    folder = settings.data_dir / "files"
    try:
        size = asyncio.run(back_up(settings.data_dir / "bot.db", target, folder if files else None))
    except BackupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("broken off; nothing was written", file=sys.stderr)
        return 1
    left_out = "" if files else f" The pictures under {folder} are not in it: --files takes them."
    print(f"{target}: {size / 1e6:.1f} MB.{left_out}")
    return 0


def restore_database(settings: Settings, source: Path, *, anyway: bool) -> int:
    """Put a backup in place of the database, and say what is in it."""
    data_dir = settings.data_dir
    try:
        found = restore(source, data_dir, anyway=anyway)
    except StorageError as error:
        print(f"{error}\n{_left_by_restore(data_dir)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"broken off\n{_left_by_restore(data_dir)}", file=sys.stderr)
        return 1
    images = ", ".join(f"{count} {status}" for status, count in sorted(found.images.items()))
    newest = "none"
    if found.newest_entry_at is not None:
        newest = f"{datetime.fromtimestamp(found.newest_entry_at, UTC):%Y-%m-%d %H:%M} UTC"
    print(
        f"{data_dir / 'bot.db'} is {source} now. People: {found.people}, tokens: {found.tokens},"
        f" images: {images or 'none'}; newest entry of the ledger: {newest}."
    )
    print(
        f"Pictures on disk: {found.pictures}. New images get numbers above"
        f" {found.last_image_id}: buttons in old messages name no other picture."
    )
    for line in found.broken:
        print(f"PROBLEM money, {line}")
    if found.set_aside is not None:
        print(f"The database that was there is {found.set_aside} now; nothing of it is lost.")
    return 0


def _left_by_restore(data_dir: Path) -> str:
    return "The next start ends it." if pending(data_dir) else "Nothing was changed."


async def _adopt(settings: Settings) -> int:
    """Make the data those of this bot; no other process may use them."""
    bot_id = settings.bot_id
    try:
        with hold_lock(settings.data_dir / "lock"):
            await asyncio.to_thread(finish_restore, settings.data_dir)  # else its data come back
            async with Database.open(settings.data_dir / "bot.db") as database:
                former = await database.write(partial(adopt, bot_id, time.time()))
    except StorageError as error:
        print(error, file=sys.stderr)
        return 1
    if former is None:
        print(f"nothing to do: {settings.data_dir} belongs to no other bot than {bot_id}")
    else:
        print(
            f"{settings.data_dir} was bot {former}'s and is bot {bot_id}'s now: people, balances"
            " and pictures stay, buttons and questions of the old chats do not work any more"
        )
    return 0


async def _run(settings: Settings) -> int:
    stop = asyncio.Event()
    _listen_to_signals(stop)
    async with _open_bot(settings) as bot:
        try:
            me = await bot.get_me(request_timeout=FIRST_LOOK_S)
            logger.info("this is @%s", me.username)
        except (TelegramUnauthorizedError, TelegramNotFound):
            print(
                "BOT_TOKEN: Telegram does not know it; copy it anew from @BotFather",
                file=sys.stderr,
            )
            return EXIT_SETTINGS
        except (TelegramAPIError, ClientDecodeError) as error:
            logger.warning("Telegram cannot be reached yet: %s", error)
    status = 0
    try:
        await serve(settings, stop, Tuning())
    except* StorageError as group:
        for each in group.exceptions:
            logger.critical("%s", each)
        status = 1
    return status


def demo() -> int:
    """The same bot between stand-ins; prompt and picture come in DEMO_PROMPT and DEMO_IMAGE."""
    # Imported here: the real bot has no use for the stand-ins.
    from bot.demo.show import EXAMPLE

    prompt = os.environ.get("DEMO_PROMPT") or EXAMPLE
    image = None
    if path := os.environ.get("DEMO_IMAGE"):
        try:
            image = Path(path).read_bytes()
        except OSError as error:
            print(f"IMAGE: {path} cannot be read: {error.strerror}", file=sys.stderr)
            return EXIT_SETTINGS
    folder = Path("demo-output")
    folder.mkdir(exist_ok=True)
    set_up_logging("WARNING", "text", [])
    try:
        return asyncio.run(_demo(prompt, image, folder))
    except ValueError as error:
        print(f"PROMPT or IMAGE: {error}", file=sys.stderr)
        return EXIT_SETTINGS


async def _demo(prompt: str, image: bytes | None, folder: Path) -> int:
    from bot.demo.show import Show

    stop = asyncio.Event()
    async with _stage() as (telegram, kie, settings):
        bot = asyncio.create_task(serve(settings, stop, Tuning()))
        show = Show(telegram, kie, folder, print)
        conversation = asyncio.create_task(show.run(prompt, telegram.person(STAGE_ADMIN), image))
        # Whichever ends first: a bot that dies must not leave the show waiting.
        await asyncio.wait([bot, conversation], return_when=asyncio.FIRST_COMPLETED)
        if not conversation.done():
            conversation.cancel()
        stop.set()
        await bot
    pictures = await conversation
    print(f"\n{len(pictures)} picture(s) in {folder}/")
    return 0 if pictures else 1


async def _chat() -> int:
    """The bot between stand-ins, with a page to talk to it on, until a signal comes."""
    stop = asyncio.Event()
    _listen_to_signals(stop)
    async with _stage() as (telegram, _, settings):
        for user_id, name, language in ((1001, "Анна", "ru"), (1002, "John", "en")):
            telegram.add_person(user_id, name, language_code=language)
        print(f"Talk to the bot at {telegram.url}/ - everything ends with Ctrl-C.", flush=True)
        await serve(settings.model_copy(update={"welcome_tokens": 1000}), stop, Tuning())
    return 0


@asynccontextmanager
async def _stage() -> AsyncIterator[tuple["TelegramEmulator", "KieSimulator", Settings]]:
    """Stand-ins of all three services, an admin, and the settings that lead there."""
    from bot.demo.kie import KieSimulator
    from bot.demo.supabase import SupabaseEmulator
    from bot.demo.telegram import TelegramEmulator

    with TemporaryDirectory(prefix="midjourney-bot-demo-") as data_dir:
        async with (
            TelegramEmulator.start() as telegram,
            KieSimulator.start() as kie,
            SupabaseEmulator.start() as supabase,
        ):
            for bucket in ("bot-images", "images", "videos"):
                supabase.add_bucket(bucket)
            kie.states = ("waiting", "generating")
            kie.task_seconds = lambda _: random.uniform(3, 8)  # noqa: S311 - a pause, no secret
            telegram.add_person(STAGE_ADMIN, "Админ", language_code="ru")
            yield (
                telegram,
                kie,
                Settings(
                    _env_file=None,
                    bot_token=SecretStr(telegram.token),
                    telegram_api_url=telegram.url,
                    admin_ids=frozenset({STAGE_ADMIN}),
                    data_dir=Path(data_dir),
                    kie_api_key=SecretStr(kie.key),
                    midjourney_kie_base_url=kie.url,
                    midjourney_kie_poll_interval=1,
                    supabase_url=supabase.url,
                    supabase_service_role_key=SecretStr(supabase.service_key),
                ),
            )


def _listen_to_signals(stop: asyncio.Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _on_signal, stop)


def _on_signal(stop: asyncio.Event) -> None:
    if stop.is_set():  # the second signal means now
        os._exit(1)
    stop.set()
    # A thread: the loop itself may be what is waited for.
    watchdog = threading.Timer(STOP_LIMIT_S, _give_up)
    watchdog.daemon = True
    watchdog.start()


def _give_up() -> None:
    logger.warning("stopping takes too long: what is under way goes on at the next start")
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
