"""The bot between the emulators: real HTTP, a real database, the real dispatcher."""

import asyncio
import io
import json
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from inspect import iscoroutinefunction
from pathlib import Path
from types import CoroutineType, FunctionType
from typing import Any

from PIL import Image as PillowImage
from pydantic import SecretStr
from stamina import AsyncRetryingCaller

from bot.app import serve
from bot.demo.kie import KieLimits, KieSimulator
from bot.demo.supabase import SupabaseEmulator
from bot.demo.telegram import Message, Person, TelegramEmulator
from bot.pipeline.fetching import FetchPolicy
from bot.pipeline.polling import PollPolicy
from bot.settings import Settings
from bot.telegram.messenger import Messenger
from bot.tuning import Tuning
from providers.products import PRODUCTS

ADMIN = 1
PUBLIC_URL = "https://bot.example.org"
# The limits of the services stay in force elsewhere; here they would only cost time.
FAST = Tuning(
    creates=(1000, 1.0),
    polls=(1000, 1.0),
    messages=(1000, 1.0),
    chat_messages=(1000, 1.0),
    bulk_messages=(1000, 1.0),
    comparison_pauses_s=(86_400.0, 86_400.0),
    card_pause_s=0.02,
    refund_pause_s=0.05,
    edit_pause_s=0.02,
    lost_pauses_s=(0.01, 0.01),
    refused_pause_s=0.01,
    create_retry=AsyncRetryingCaller(
        attempts=None, timeout=2, wait_initial=0.01, wait_max=0.05, wait_jitter=0.01
    ),
    lost_pause_s=0.05,
    outage_pause_s=0.01,
    longest_outage_pause_s=0.05,
    fetching=FetchPolicy(first_pause_s=0.01, max_pause_s=0.05, gone_pause_s=0.05, believed_s=0.2),
    input_retry=AsyncRetryingCaller(
        attempts=3, timeout=5, wait_initial=0.01, wait_max=0.05, wait_jitter=0.01
    ),
    album_pause_s=0.1,
    store_pause_s=0.05,
    polling=PollPolicy(max_pause_s=0.1, unknown_for_s=0.2, without_urls_for_s=0.1),
    result_timeout_s=1.0,
    close_s=1.0,
    updates_kept=0,  # what must not count twice has to hold without
)

# What the messenger does beside the handlers, each in a task of its own.
SAYING = {
    function.__code__
    for function in vars(Messenger).values()
    if isinstance(function, FunctionType) and iscoroutinefunction(function)
}


class GivenSettings(Settings):
    """Settings as they are given: to look for each in the environment takes as long as a start."""

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[Any, ...]:
        return (sources["init_settings"],)


@dataclass
class World:
    """Everything around the bot, and the bot, which can be stopped and started again."""

    telegram: TelegramEmulator
    kie: KieSimulator
    data_dir: Path
    tuning: Tuning = FAST
    changes: dict[str, Any] = field(default_factory=dict)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _bot: asyncio.Task[None] | None = None

    @property
    def settings(self) -> Settings:
        values: dict[str, Any] = {
            "bot_token": SecretStr(self.telegram.token),
            "telegram_api_url": self.telegram.url,
            "admin_ids": frozenset({ADMIN}),
            "data_dir": self.data_dir,
            "kie_api_key": SecretStr(self.kie.key),
            "kie_base_url": self.kie.url,
            "kie_upload_url": self.kie.url,
            "kie_poll_interval": 0.02,
            "kie_poll_timeout": 10,
            **{f"{key}_kie_poll_interval": 0.02 for key, each in PRODUCTS.items() if each.is_film},
            "kie_request_timeout": 2,
            "cancel_seconds": 0,
        }
        return GivenSettings(_env_file=None, **{**values, **self.changes})

    def tune(self, **changes: Any) -> None:
        """Change the tuning of the next start."""
        self.tuning = replace(self.tuning, **changes)

    def use_supabase(self, supabase: SupabaseEmulator) -> None:
        """Let the next start keep pictures there."""
        self.changes |= {
            "supabase_url": supabase.url,
            "supabase_service_role_key": SecretStr(supabase.service_key),
        }

    def use_webhook(self, port: int) -> None:
        """Let Telegram bring updates from the next start on, to a port that is reserved."""
        webhook = self.telegram.updates.webhook
        webhook.hosts = {PUBLIC_URL: f"http://127.0.0.1:{port}"}
        webhook.pace = 0.02
        self.changes |= {"http_bind": f"127.0.0.1:{port}", "public_url": PUBLIC_URL}

    async def start(self, **changes: Any) -> None:
        """Start the bot, with settings changed from the usual ones."""
        self.changes |= changes
        self._stop = asyncio.Event()
        self._bot = asyncio.create_task(serve(self.settings, self._stop, self.tuning))

    async def stop(self) -> None:
        """Stop the bot as SIGTERM does, and let its errors out."""
        if self._bot is not None:
            self._stop.set()
            await self._bot
            self._bot = None

    async def kill(self) -> None:
        """End the bot in the middle of everything."""
        if self._bot is not None:
            self._bot.cancel()
            await asyncio.gather(self._bot, return_exceptions=True)
            self._bot = None

    def person(self, user_id: int, name: str, *, language: str | None = "ru") -> Person:
        """Somebody new, who has not pressed /start."""
        return self.telegram.add_person(user_id, name, language_code=language)

    async def customer(
        self,
        user_id: int = 1001,
        name: str = "Анна",
        *,
        tokens: int = 1000,
        language: str = "ru",
        ask: str | None = "never",
    ) -> Person:
        """Somebody who pressed /start, has so many tokens, and is drawn whatever they write: a
        word is enough for a test. With None they are asked in doubt, as everybody is at first."""
        person = self.person(user_id, name, language=language)
        person.send("/start")
        await self.said(person, lambda text: "/help" in text)
        missing = tokens - self.balance(user_id)
        if missing:
            greeted = len(self.bot_messages(person))
            self.telegram.person(ADMIN).send(f"/grant {user_id} {missing}")
            await self.telegram.wait_for(lambda: len(self.bot_messages(person)) > greeted)
            assert self.balance(user_id) == tokens
        if ask is not None:
            await self.prefer(user_id, ask=ask)
        return person

    async def prefer(self, user_id: int, **values: Any) -> None:
        """Set a person's preferences, those that are named."""
        columns = ", ".join(values)
        changes = ", ".join(f"{name} = excluded.{name}" for name in values)
        await self.write(
            f"INSERT INTO preferences (user_id, {columns})"  # noqa: S608 - tests' own names
            f" VALUES (?{', ?' * len(values)}) ON CONFLICT DO UPDATE SET {changes}",
            user_id,
            *values.values(),
        )

    async def prefer_params(self, user_id: int, **params: Any) -> None:
        """Set what a person wants of Midjourney, by the names in `input`."""
        await self.write(
            "INSERT INTO preferences (user_id) VALUES (?) ON CONFLICT DO NOTHING", user_id
        )
        await self.write(
            "INSERT OR REPLACE INTO product_preferences VALUES (?, 'midjourney', ?)",
            user_id,
            json.dumps(params),
        )

    async def said(self, person: Person, what: Any, *, timeout_s: float = 60) -> Message:
        """Wait for a message of the bot's in the person's chat whose words fulfil `what`."""

        def found() -> Message | None:
            if self._bot is not None and self._bot.done():
                self._bot.result()
            return next((m for m in self.bot_messages(person) if what(m.words)), None)

        message = await self.telegram.wait_for(found, timeout_s=timeout_s)
        assert message is not None
        return message

    async def pictures(self, person: Person, count: int, *, timeout_s: float = 60) -> list[Message]:
        """Wait until so many pictures, films or files have come."""

        def come() -> list[Message]:
            if self._bot is not None and self._bot.done():
                self._bot.result()
            return [m for m in self.bot_messages(person) if m.photo or m.video or m.document]

        await self.telegram.wait_for(lambda: len(come()) >= count, timeout_s=timeout_s)
        return come()

    async def until(self, holds: Callable[[], bool], *, timeout_s: float = 60) -> None:
        """Wait for something that rings no bell: another process's or connection's doing."""
        async with asyncio.timeout(timeout_s):
            while not holds():  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.01)

    async def answered(self) -> None:
        """Wait until the bot has seen all that was sent, and said what it had to say to it."""
        await self.telegram.wait_for(
            lambda: not self.telegram.pending_updates and not self.is_talking()
        )

    def is_talking(self) -> bool:
        """Whether an answer of the bot's is under way, or the word that Telegram has it."""
        doing = (task.get_coro() for task in asyncio.all_tasks())
        return any(isinstance(each, CoroutineType) and each.cr_code in SAYING for each in doing)

    async def noted(self, message: Message) -> None:
        """Wait until the bot has noted which item a message of its own stands for."""
        await self.until(
            lambda: bool(
                self.rows("SELECT 1 FROM picture_messages WHERE message_id = ?", message.message_id)
            )
        )

    async def closed(self, *, timeout_s: float = 60) -> None:
        """Wait until the outcome of every job was told."""
        await self.until(
            lambda: not self.rows("SELECT 1 FROM jobs WHERE closed_at IS NULL"),
            timeout_s=timeout_s,
        )

    def bot_messages(self, person: Person) -> list[Message]:
        """What the bot has said to the person, as it reads now."""
        return [message for message in person.messages if message.from_bot]

    def data(self, message: Message) -> bytes:
        """The bytes that the bot sent with a message."""
        file = message.photo[-1] if message.photo else message.video or message.document
        assert file is not None
        return self.telegram.files[file.file_id].uploaded

    def rows(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        """What is committed in the bot's database."""
        path = self.data_dir / "bot.db"
        if not path.exists():
            return []
        connection = sqlite3.connect(path)
        try:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, params)]
        finally:
            connection.close()

    async def write(self, sql: str, *params: Any) -> None:
        """Change the bot's database from outside, as an operator may.

        In a thread: the bot, in whose transaction this may come, needs the loop to end it.
        """
        await asyncio.to_thread(self._write, sql, params)

    def _write(self, sql: str, params: Any) -> None:
        connection = sqlite3.connect(self.data_dir / "bot.db", timeout=10)
        try:
            with connection:
                connection.execute(sql, params)
        finally:
            connection.close()

    def balance(self, user_id: int) -> int:
        """Tokens, by the ledger."""
        return int(
            self.rows(
                "SELECT coalesce(sum(amount), 0) AS n FROM ledger WHERE user_id = ?", user_id
            )[0]["n"]
        )


@asynccontextmanager
async def open_world(data_dir: Path) -> AsyncIterator[World]:
    """The emulators, and an admin; the bot is not started."""
    async with TelegramEmulator.start() as telegram, KieSimulator.start() as kie:
        kie.limits = KieLimits(creates=1000, polls_per_s=1000, discoveries_per_s=1000)
        kie.paint = lambda _: png()
        telegram.add_person(ADMIN, "Админ", language_code="ru", started=True)
        world = World(telegram, kie, data_dir)
        try:
            yield world
        finally:
            await world.stop()


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port that a bot can listen on, also after a restart, and that nobody else is given."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as who listens there does
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def png(width: int = 64, height: int = 48, color: str = "teal") -> bytes:
    """A picture."""
    out = io.BytesIO()
    PillowImage.new("RGB", (width, height), color).save(out, "PNG")
    return out.getvalue()
