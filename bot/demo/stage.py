"""The stage: the bot between stand-ins of all three services, and people who talk to it."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from providers.products import PRODUCTS

from .kie import KieSimulator
from .show import EXAMPLE, Show
from .supabase import SupabaseEmulator
from .telegram import TelegramEmulator

ADMIN = 1
WELCOME_TOKENS = 5000  # in the chat, where nobody grants any
STARS = 1500  # of each person

# Runs the bot with these settings until the event is set.
Serve = Callable[[Mapping[str, Any], asyncio.Event], Awaitable[None]]
Write = Callable[[str], None]


async def demo(serve: Serve, write: Write) -> bool:
    """A conversation told line by line; what comes stays in `demo-output`. Whether anything did.

    Prompt and picture come in DEMO_PROMPT and DEMO_IMAGE.

    Raises:
        ValueError: a Telegram client would not send that, or there is no such picture.
    """
    prompt, image, folder = _given()
    stop = asyncio.Event()
    async with stage() as (telegram, kie, settings):
        bot = asyncio.ensure_future(serve(settings, stop))
        show = Show(telegram, kie, folder, write)
        conversation = asyncio.create_task(show.run(prompt, telegram.person(ADMIN), image))
        # Whichever ends first: a bot that dies must not leave the show waiting.
        await asyncio.wait([bot, conversation], return_when=asyncio.FIRST_COMPLETED)
        if not conversation.done():
            conversation.cancel()
        stop.set()
        await bot
    pictures = await conversation
    write(f"\n{len(pictures)} file(s) in {folder}/")
    return bool(pictures)


def _given() -> tuple[str, bytes | None, Path]:
    """What to ask for, the picture to send with it, and where to put what comes."""
    image = None
    if path := os.environ.get("DEMO_IMAGE"):
        try:
            image = Path(path).read_bytes()
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    folder = Path("demo-output")
    folder.mkdir(exist_ok=True)
    return os.environ.get("DEMO_PROMPT") or EXAMPLE, image, folder


async def chat(serve: Serve, write: Write, stop: asyncio.Event) -> None:
    """A page on which one talks to it, until `stop` is set."""
    async with stage() as (telegram, _, settings):
        for user_id, name, language in ((1001, "Анна", "ru"), (1002, "John", "en")):
            telegram.add_person(user_id, name, language_code=language, stars=STARS)
        for product in PRODUCTS.values():  # all but the first are off in a new bot
            if product.slug:
                telegram.person(ADMIN).send(f"/enable {product.slug}")
        write(f"Talk to the bot at {telegram.url}/ - everything ends with Ctrl-C.")
        await serve({**settings, "welcome_tokens": WELCOME_TOKENS}, stop)


@asynccontextmanager
async def stage() -> AsyncIterator[tuple[TelegramEmulator, KieSimulator, Mapping[str, Any]]]:
    """The stand-ins, an admin, and the settings that lead a bot there."""
    with TemporaryDirectory(prefix="midjourney-bot-demo-") as data_dir:
        async with (
            TelegramEmulator.start() as telegram,
            KieSimulator.start() as kie,
            SupabaseEmulator.start() as supabase,
        ):
            for bucket in ("bot-images", "images", "videos"):
                supabase.add_bucket(bucket)
            kie.states = ("waiting", "generating")
            # A picture's half a minute in 4 s, a film's two in 8.
            kie.task_seconds = lambda task: 3 + kie.model_of(task.model).seconds / 25
            telegram.add_person(ADMIN, "Админ", language_code="ru", stars=STARS)
            yield (
                telegram,
                kie,
                {
                    "bot_token": telegram.token,
                    "telegram_api_url": telegram.url,
                    "admin_ids": frozenset({ADMIN}),
                    "data_dir": data_dir,
                    "kie_api_key": kie.key,
                    "kie_base_url": kie.url,
                    "kie_poll_interval": 1,
                    **{
                        f"{key}_kie_poll_interval": 1
                        for key, product in PRODUCTS.items()
                        if product.is_film
                    },
                    "supabase_url": supabase.url,
                    "supabase_service_role_key": supabase.service_key,
                },
            )
