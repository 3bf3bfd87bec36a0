"""/stats [DAYS]: the numbers, with a chart."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from bot.admin.charts import ChartError, draw, stats_chart
from bot.media.kinds import inspect_picture
from bot.settings import Settings
from bot.telegram.errors import DeliveryError
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.texts.numbers import MAX_DAYS
from bot.tools.background import Background
from storage.stats import Day, Stats

USUAL_DAYS = 30
CHART_DAYS = 7  # at least: one bar is no chart

logger = logging.getLogger(__name__)


def create_router() -> Router:
    """One command."""
    router = Router(name=__name__)
    router.message.register(show_stats, Command("stats"))
    return router


async def show_stats(
    message: Message,
    command: CommandObject,
    stats: Stats,
    settings: Settings,
    background: Background,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Send the statistics of so many days."""
    given = (command.args or "").strip() or str(USUAL_DAYS)
    if not (given.isascii() and given.isdigit() and len(given) < 9) or not (
        1 <= int(given) <= MAX_DAYS
    ):
        messenger.say(message.chat.id, texts.stats_usage(), reply_to=message.message_id)
        return
    background.run(
        _answer(
            message.chat.id,
            message.message_id,
            int(given),
            stats,
            settings.token_price_usd,
            messenger,
            texts,
        ),
        lambda: messenger.say(message.chat.id, texts.broken(), reply_to=message.message_id),
    )


async def _answer(
    chat_id: int,
    reply_to: int,
    days: int,
    stats: Stats,
    token_usd: float,
    messenger: Messenger,
    texts: Texts,
) -> None:
    numbers = await stats.last(days)
    shown = numbers if days >= CHART_DAYS else await stats.last(CHART_DAYS)
    text = texts.stats(numbers, token_usd)
    try:
        await _send_chart(chat_id, reply_to, shown.by_day, text, messenger, texts)
    except (ChartError, DeliveryError, OSError) as error:
        logger.warning("the statistics go without a chart: %s", error)
        messenger.say(chat_id, text, reply_to=reply_to)


async def _send_chart(
    chat_id: int,
    reply_to: int,
    days: Sequence[Day],
    caption: str,
    messenger: Messenger,
    texts: Texts,
) -> None:
    png = await draw(stats_chart(days, texts.chart_words()), texts.language)
    with TemporaryDirectory(prefix="chart-") as folder:
        path = Path(folder) / "stats.png"
        await asyncio.to_thread(path.write_bytes, png)
        picture = await asyncio.to_thread(inspect_picture, path)
        await messenger.send_result(chat_id, picture, caption=caption, reply_to=reply_to)
