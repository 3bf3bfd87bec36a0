"""Health checks of the settings, the data and the services, made from outside, also while it runs.

The checks change nothing: the database is opened read-only, the calls to KIE are free, and no
updates are taken from a running bot.
"""

import asyncio
import errno
import logging
import os
import shlex
import shutil
import time
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Container,
    Iterable,
    Iterator,
    Sequence,
)
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlsplit

from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.types import WebhookInfo

from bot.admin.backups import HOUR_S, read_backups
from bot.admin.kie_account import DISCOVERY, access_of, models_of, open_kie
from bot.admin.kie_watch import compare
from bot.media.buckets import check_buckets, open_supabase
from bot.prompts.products import FIRST
from bot.settings import (
    ENV_FILE,
    KieAccess,
    Settings,
    given_in,
    misspelling,
    misspelt,
    outside_volume,
)
from bot.telegram.errors import StarsUnreachableError
from bot.telegram.session import open_bot
from bot.telegram.star_calls import StarCalls
from bot.telegram.webhook import PATH, address_of, last_error
from bot.tools.rate_limits import RateLimit
from providers.base import ByInput
from providers.differences import Difference, DifferenceKind
from providers.errors import AccessError, CreditError, NotTakenError, ProviderError, RefusedError
from providers.products import PRODUCTS
from storage.backup import inspect, on_sale, star_books, taken
from storage.catalogue import Model
from storage.errors import StorageError
from storage.kie_models import KieModel
from storage.owner import ADVICE, whose
from storage.prices import CREDIT_USD, losses
from storage.restore import pending
from storage.stats import Taken
from storage.supabase import FileStoreError

NETWORK_LIMIT_S = 15.0
DATABASE_LIMIT_S = 120.0
STUCK_FOR = timedelta(minutes=5)
GB = 10**9
MIN_FREE_BYTES = GB
MODELS_AT_ONCE = 20  # more time for these: KIE takes one question a second
SHOWN_LINES = 5
SHOWN_CHARS = 200  # of what a server says: it can be a whole page

FIRST_ROW = Model(
    slug=FIRST.slug,
    name=FIRST.name,
    provider=FIRST.key,
    description="",
    input_images=FIRST.pictures,
    price=1,
    enabled=True,
    position=1,
    options={},
    used=0,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer; `advice` is what to do where it is not `ok`."""

    ok: bool
    what: str
    advice: str = ""

    def __str__(self) -> str:
        return f"ok      {self.what}" if self.ok else f"PROBLEM {self.what}: {self.advice}"


Check = Callable[[], Awaitable[list[Finding]]]


async def examine(
    settings: Settings,
    *,
    env_file: Path | None = ENV_FILE,
    network_limit_s: float = NETWORK_LIMIT_S,
    database_limit_s: float = DATABASE_LIMIT_S,
) -> AsyncGenerator[Finding, None]:
    """Look at everything at once, and tell what was found in a fixed order, without secrets."""
    checks: list[tuple[str, float, Check]] = [
        (
            "settings",
            network_limit_s,
            partial(asyncio.to_thread, check_settings, settings, env_file),
        ),
        ("DATA_DIR", network_limit_s, partial(asyncio.to_thread, check_disk, settings.data_dir)),
        (
            "rights",
            network_limit_s,
            partial(asyncio.to_thread, check_rights, settings.data_dir, env_file),
        ),
        ("backups", network_limit_s, partial(asyncio.to_thread, check_backups, settings)),
        (
            "database",
            database_limit_s,
            partial(check_database, settings.data_dir / "bot.db", settings.bot_id),
        ),
        ("Telegram", network_limit_s, partial(check_telegram, settings)),
        ("KIE credit", network_limit_s, partial(check_credit, settings)),
        ("KIE models", network_limit_s * MODELS_AT_ONCE, partial(check_models, settings)),
        ("prices", database_limit_s, partial(check_prices, settings)),
        ("Supabase", network_limit_s, partial(check_supabase, settings)),
    ]
    tasks = [asyncio.create_task(_findings(*each)) for each in checks]
    try:
        for task in tasks:
            for finding in await task:
                yield Finding(
                    finding.ok,
                    _without(settings.secrets, finding.what),
                    _without(settings.secrets, finding.advice),
                )
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _findings(subject: str, limit_s: float, check: Check) -> list[Finding]:
    """A check's findings, with a timeout, whatever it raises."""
    try:
        async with asyncio.timeout(limit_s):
            return await check()
    except TimeoutError:
        return [Finding(False, subject, f"no result in {limit_s:g} s; try again later")]
    except Exception as error:
        # The check is at fault, not what it looked at: the others are to be told all the same.
        logger.exception("the check of %s failed", subject)
        return [Finding(False, subject, f"the check itself failed, please report {error!r}")]


def check_settings(settings: Settings, env_file: Path | None) -> list[Finding]:
    """What is not wrong by itself, and hardly meant so."""
    given = given_in(env_file)
    findings = []
    for each, nearest in misspelt(given):
        what, _, advice = misspelling(each, nearest).partition(": ")
        findings.append(Finding(False, what, f"{advice}: rename it, or remove it"))
    if not settings.admin_ids:
        advice = (
            "nobody can give tokens to people, and nobody gets alerts and requests for refunds: put"
            " your own Telegram id there"
        )
        findings.append(Finding(False, "ADMIN_IDS, empty", advice))
    places = {each.value != "": each.place for each in given if each.name == "DATA_DIR"}
    if list(places) == [False]:
        advice = f"name a folder, or remove the line; now it is {settings.data_dir.absolute()}"
        findings.append(Finding(False, f"DATA_DIR, set to nothing ({places[False]})", advice))
    if (why := outside_volume(settings)) is not None:
        what, _, advice = why.removeprefix("DATA_DIR: ").partition(": ")
        findings.append(Finding(False, what, advice))
    return findings or [Finding(True, "settings")]


def check_rights(data_dir: Path, env_file: Path | None) -> list[Finding]:
    """Whether others on the machine may read keys, and what people wrote."""
    # The database and its copies, whatever they are called; but what holds nothing of anybody's.
    kept = [
        path
        for path in data_dir.glob("*")
        if path.is_file() and path.stat().st_size and not path.name.endswith("-shm")
    ]
    paths = [*([env_file] if env_file else []), data_dir, *sorted(kept)]
    open_ = [str(path) for path in paths if path.exists() and path.stat().st_mode & 0o077]
    if not open_:
        return [Finding(True, "permissions: only the bot's user can read keys and database")]
    what = f"permissions, others on this machine may read {', '.join(open_)}"
    return [Finding(False, what, f"chmod go= {shlex.join(open_)}")]


def check_disk(data_dir: Path) -> list[Finding]:
    """Whether what the bot keeps can be written, and for how long there is room."""
    subject = f"DATA_DIR {data_dir}"
    try:
        # The first start makes it, and what is missing above it.
        folder = next(each for each in (data_dir, *data_dir.absolute().parents) if each.exists())
        with TemporaryFile(dir=folder) as probe:  # one without a name: nothing can stay behind
            probe.write(bytes(4096))
            probe.flush()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return [Finding(False, subject, "the disk is full: make room")]
        advice = "it must be a folder that the bot's user may write to"
        return [Finding(False, subject, f"{advice} ({error.strerror or error})")]
    own = [data_dir / name for name in ("bot.db", "bot.db-wal", "bot.db-shm", "files")]
    foreign = [path.name for path in own if path.exists() and not os.access(path, os.W_OK)]
    room = f"{free / GB:.1f} GB free on its disk"
    return [
        Finding(
            not foreign,
            f"{subject} can be written" if not foreign else subject,
            f"this user may not write {', '.join(foreign)}: give them to the bot's user (chown)",
        ),
        Finding(free >= MIN_FREE_BYTES, f"{subject}, {room}", "make room: 1 GB at least"),
    ]


def check_backups(settings: Settings) -> list[Finding]:
    """Whether there is a good backup, and none too old."""
    seen = read_backups(settings, time.time())
    if seen is None:
        return [Finding(True, "backups: none are made, BACKUP_DIR is not set")]
    advice = "see the log of the bot or of the timer that makes them, or make one: main.py backup"
    if seen.last is None or seen.age_s is None:
        what = f"backups, no good one in {settings.backup_dir}"
        return [Finding(False, what, f"the bot makes the first when it starts; {advice}")]
    last = f"the last good one is {seen.age_s / HOUR_S:.0f} h old, {seen.last.path}"
    return [Finding(not seen.is_old, f"backups: {last}", advice)]


async def check_database(path: Path, bot_id: int) -> list[Finding]:
    """Whether the database is sound and this bot's, and money and items agree in it."""
    if await asyncio.to_thread(pending, path.parent):
        advice = "start the bot, or restore again: either finishes it"
        return [Finding(False, "database, a restore was interrupted", advice)]
    try:
        if not await asyncio.to_thread(path.exists):
            return [Finding(True, "database: none yet, the first start makes it")]
        seen = await inspect(path)
    except StorageError as error:
        return [Finding(False, "database", _shown(error))]
    except OSError as error:
        return [Finding(False, "database", f"run doctor as the bot's user ({_shown(error)})")]
    if seen.damage:
        advice = "stop the bot and restore the latest backup: main.py restore FILE"
        return [Finding(False, f"database, damaged: {line}", advice) for line in _few(seen.damage)]
    if seen.version > seen.newest:
        return [
            Finding(
                False,
                f"database, version {seen.version}",
                f"this program knows versions up to {seen.newest}: start the newer program,"
                " or restore a backup from before the upgrade: main.py restore FILE",
            )
        ]
    if seen.version < seen.newest:
        later = (
            f"the next start brings it to version {seen.newest}; its balances can be checked then"
        )
        return [Finding(True, f"database: sound, version {seen.version}; {later}")]
    findings = [Finding(True, f"database: sound, version {seen.version}")]
    if seen.owner is not None and seen.owner != bot_id:
        findings.append(Finding(False, f"{whose(seen.owner)}, BOT_TOKEN is of {bot_id}", ADVICE))
    if seen.broken:
        advice = "back up, then correct it by a new entry in the ledger; and please report it"
        findings += [Finding(False, f"money, {line}", advice) for line in _few(seen.broken)]
    else:
        findings.append(Finding(True, "money: every balance, charge and refund agrees"))
    unfinished = seen.unfinished or {}
    states = ", ".join(f"{count} {status}" for status, count in unfinished.items())
    total = f"images: {sum(unfinished.values())} unfinished"
    return [*findings, Finding(True, f"{total} ({states})" if states else total)]


async def check_telegram(settings: Settings) -> list[Finding]:
    """Which bot the token is for, and whether somebody else takes its updates."""
    try:
        async with open_bot(settings) as bot:
            me = await bot.get_me()
            webhook = await bot.get_webhook_info()
            stars = await check_stars(settings, StarCalls(bot))
    except (TelegramUnauthorizedError, TelegramNotFound):
        advice = "Telegram does not know the token: copy it again from @BotFather"
        return [Finding(False, "BOT_TOKEN", advice)]
    except (TelegramAPIError, ClientDecodeError) as error:
        advice = "no usable answer: check the network and TELEGRAM_API_URL"
        return [Finding(False, "Telegram", f"{advice} ({_shown(error)})")]
    waiting = f"{webhook.pending_update_count} update(s) wait"
    findings = [Finding(True, f"Telegram: the token is that of @{me.username}; {waiting}"), stars]
    if webhook.url or settings.uses_webhook:
        findings.append(check_webhook(settings, webhook, datetime.now(UTC)))
    return findings


def check_webhook(settings: Settings, found: WebhookInfo, now: datetime) -> Finding:
    """Whether updates are brought where they should be, and get through."""
    ours = address_of(settings) if settings.uses_webhook else ""
    # The hosts only: the path of such an address is a secret.
    host, wanted = urlsplit(found.url).hostname, urlsplit(ours).hostname
    if found.url != ours:
        if not found.url:
            return Finding(True, f"webhook: none yet, the bot's start sets it to {wanted}")
        removes = "sets its own" if ours else "removes it"
        advice = (
            f"updates go there and not here; the next start of the bot {removes}. If it comes"
            " back, another program uses this token: stop it, or get a new one from @BotFather"
        )
        what = "another webhook" if ours else "a webhook"
        return Finding(False, f"Telegram, {what} is set to {host}", advice)
    error = last_error(found)
    if error is None:
        return Finding(True, f"webhook: set to {host}, Telegram tells of no error")
    told = f"the last error was at {error.at:%Y-%m-%d %H:%M:%S} UTC: {_cut(error.what)}"
    # While an update waits that cannot be brought, Telegram tries again within two minutes.
    is_stuck = found.pending_update_count > 0 and now - error.at < STUCK_FOR
    advice = (
        "start the bot if it is stopped; else see that the proxy passes"
        f" {settings.public_url}{PATH} on to HTTP_BIND ({settings.http_bind}), and its certificate"
    )
    return Finding(not is_stuck, f"webhook: set to {host}; {told}", advice)


async def check_stars(settings: Settings, calls: StarCalls) -> Finding:
    """Whether each Star that came in and went back, by Telegram's list, is booked."""
    try:
        balance = await calls.balance()
        difference = await _star_difference(settings, calls)
        if difference:  # somebody may just have paid
            difference = await _star_difference(settings, calls)
    except StarsUnreachableError as error:
        return Finding(False, "Stars", f"no usable answer: try again later ({_shown(error)})")
    what = f"Stars: {balance} on the bot's balance"
    if difference is None:
        return Finding(True, what)
    advice = (
        "what Telegram lists and what is booked differ by so many; the bot books it at its next"
        " start, or within the hour. If it stays, please report it"
    )
    return Finding(difference == 0, f"{what}, difference to the books {difference}", advice)


async def _star_difference(settings: Settings, calls: StarCalls) -> int | None:
    """Stars that came or went back by Telegram's list and not by the books, or the other way
    round; None: there are no books yet."""
    path = settings.data_dir / "bot.db"
    try:
        if not await asyncio.to_thread(path.exists):
            return None
        books = await star_books(path, settings.bot_id)
    except (StorageError, OSError):
        return None  # which the check of the database tells
    came, went, offset = books.reading.stars_in, books.reading.stars_out, books.reading.next_offset
    while moves := await calls.moves(offset):
        came += sum(each.stars for each in moves if each is not None and each.came)
        went += sum(each.stars for each in moves if each is not None and not each.came)
        offset += len(moves)
    return abs(came - books.came) + abs(went - books.went)


async def check_credit(settings: Settings) -> list[Finding]:
    """Whether KIE takes each key that is set, and how much credit is left."""
    rows, _ = await _on_sale(settings)
    accounts = {access_of(settings, each.provider): each.provider for each in reversed(rows)}
    return [await _credit(settings, each) for each in reversed(accounts.values())]


async def _credit(settings: Settings, product: str) -> Finding:
    access = access_of(settings, product)
    try:
        async with open_kie(access, discovery=RateLimit(*DISCOVERY)) as kie:
            credit = await kie.credit()
    except ProviderError as error:
        advice = _kie_advice(error, settings, product)
        return Finding(False, "KIE credit", f"{advice} ({_shown(error)})")
    low = settings.kie_low_credit
    advice = f"top up at kie.ai: below {low:g} (KIE_LOW_CREDIT) it will soon refuse pictures"
    return Finding(credit > 0 and credit >= low, f"KIE credit: {credit:g}", advice)


async def check_models(settings: Settings) -> list[Finding]:
    """Whether KIE lists the models of what is on sale, and takes what the bot sends."""
    rows, known = await _on_sale(settings)
    before, limit = {each.model: each for each in known}, RateLimit(*DISCOVERY)
    lists: dict[KieAccess, list[str]] = {}
    findings = []
    for row in rows:
        access = access_of(settings, row.provider)
        try:
            async with open_kie(access, discovery=limit) as kie:
                if access not in lists:
                    lists[access] = await kie.models()
                models = models_of(settings, row.product)
                compared = await compare(row, models, kie, lists[access], before)
        except ProviderError as error:
            what = row.slug if access in lists else "the list"
            advice = f"{what} cannot be read: {_kie_advice(error, settings, row.provider)}"
            findings.append(Finding(False, "KIE models", f"{advice} ({_shown(error)})"))
            if access not in lists:
                break
            continue
        findings += _models(row, models, compared.differences, len(lists[access]))
    return findings


def _models(
    row: Model, models: ByInput, differences: Sequence[Difference], count: int
) -> Iterator[Finding]:
    """A line for each model that KIE lists, and for each difference."""
    unlisted = {
        each.model
        for each in differences
        if each.kind in {DifferenceKind.UNLISTED, DifferenceKind.FALLBACK}
    }
    for name, model in (("TEXT", models.text), ("IMAGE", models.picture)):
        added = row.provider not in PRODUCTS
        variable = row.slug if added else f"{row.provider.upper()}_KIE_{name}_MODEL"
        if model is not None and model not in unlisted:
            yield Finding(True, f"{variable}: KIE lists {model}")
        for each in differences:
            if model == each.model and model in unlisted:
                yield Finding(False, f"{variable} {model}", _difference(each, count))
    for each in differences:
        if each.model not in unlisted:
            yield Finding(False, f"{row.slug} ({each.model})", _difference(each, count))


def _difference(difference: Difference, count: int) -> str:
    """What it is, and what to do."""
    said = difference.said
    match difference.kind:
        case DifferenceKind.UNLISTED:
            nearest = ", ".join(said) or "none"
            return f"not in KIE's list of {count}; set another name; the closest: {nearest}"
        case DifferenceKind.FALLBACK:
            return f"not in KIE's list of {count}; {said[0]} is used in its place, see its price"
        case DifferenceKind.REQUIRED:
            return f"KIE's schema requires what is never sent: {', '.join(said)}"
        case DifferenceKind.NOT_TAKEN:
            return f"KIE's schema does not take what the bot offers: {_cut('; '.join(said))}"
        case _:
            before, now = (_cut(each) for each in said)
            return f"KIE's price has changed, see /price: before {before!r}, now {now!r}"


async def check_prices(settings: Settings) -> list[Finding]:
    """Whether what is on sale brings what KIE takes, where a token's value is known."""
    usd = settings.token_price_usd
    if not usd:
        return []
    rows, _ = await _on_sale(settings)
    findings = [
        Finding(
            False,
            f"price of {f'{row.slug} {each.name}'.strip()}, {_brings(each.tokens, usd)}, KIE takes"
            f" {_takes(each.credits)}",
            f"raise it: /price {row.slug}",
        )
        for row in rows
        for each in losses(row, usd)
    ]
    findings += [
        Finding(
            False,
            f"price of {slug}, of late {_brings(each.tokens, usd)} on average, KIE took"
            f" {_takes(each.credits)}",
            f"raise it: /price {slug}",
        )
        for slug, each in (await _taken(settings, {row.slug for row in rows})).items()
        if each.credits * CREDIT_USD > each.tokens * usd
    ]
    return findings or [Finding(True, "prices: all on sale bring what KIE takes, as far as known")]


def _brings(tokens: float | None, token_usd: float) -> str:
    return f"{tokens or 0:g} tokens bring ${(tokens or 0) * token_usd:.3g}"


def _takes(credits: float) -> str:  # noqa: A002 - KIE's word
    return f"{credits:g} credits, ${credits * CREDIT_USD:.3g}"


async def _taken(settings: Settings, slugs: Container[str]) -> dict[str, Taken]:
    """What KIE took of late for models that are on sale."""
    path = settings.data_dir / "bot.db"
    try:
        if await asyncio.to_thread(path.exists):
            return {slug: each for slug, each in (await taken(path)).items() if slug in slugs}
    except (StorageError, OSError):
        pass  # which the check of the database tells
    return {}


async def _on_sale(settings: Settings) -> tuple[list[Model], list[KieModel]]:
    """The rows that are on sale, or will be after the first start; and what KIE said of models."""
    path = settings.data_dir / "bot.db"
    rows: list[Model] = []
    known: list[KieModel] = []
    try:
        if await asyncio.to_thread(path.exists):
            rows, known = await on_sale(path)
    except (StorageError, OSError):
        pass  # which the check of the database tells
    return rows or [FIRST_ROW], known


def _kie_advice(error: ProviderError, settings: Settings, product: str) -> str:
    key, address = (settings.variable(product, name) for name in ("api_key", "base_url"))
    match error:
        case CreditError():
            return "the account has no credit: top up at kie.ai"
        case AccessError(code=433):
            return f"the key of {key} is used up: raise its cap at kie.ai/api-key, or wait"
        case AccessError():
            return (
                f"KIE does not take the key of {key}: copy it again from kie.ai/api-key, and check"
                " whether its list of allowed addresses has this server's"
            )
        case NotTakenError(code=429):
            return "too many requests: try again in a minute"
        case RefusedError():
            return f"KIE refuses to answer: try again later, and check {address}"
        case _:
            return f"KIE cannot be reached: check the network and {address}"


async def check_supabase(settings: Settings) -> list[Finding]:
    """Whether the buckets are there, can be read by everybody, and take what comes."""
    rows, _ = await _on_sale(settings)
    films = any(each.product.is_film for each in rows)
    try:
        async with open_supabase(settings) as storage:
            if storage is None:
                return [Finding(True, "Supabase: not set up, pictures stay in DATA_DIR")]
            return [
                Finding(True, f"Supabase, bucket {bucket!r}: there, public, and takes our files")
                if error is None
                else Finding(False, _shown(error), error.advice)
                async for bucket, error in check_buckets(storage, settings, films=films)
            ]
    except FileStoreError as error:  # an address or a key that can be none
        return [Finding(False, _shown(error), error.advice)]


def _few(lines: Iterable[str]) -> Iterator[str]:
    """The first lines, each cut, and how many more there are."""
    lines = list(lines)
    yield from map(_cut, lines[:SHOWN_LINES])
    if len(lines) > SHOWN_LINES:
        yield f"and {len(lines) - SHOWN_LINES} more"


def _shown(error: Exception) -> str:
    """An error's text, or its class if it has none."""
    return _cut(str(error)) or type(error).__name__


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARS else f"{line[:SHOWN_CHARS]}…"


def _without(secrets: Iterable[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
