"""/audit: the invariants checked on the database, and the journal."""

import time
from pathlib import Path

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from bot.admin.metrics import Metrics
from bot.cards.pager import Listing, Pager, Source
from bot.settings import Settings
from bot.telegram.messenger import Messenger
from bot.texts import Texts
from bot.tools.background import Background
from storage.backup import inspect
from storage.journal import Journal

LIST = "journal"


def create_router() -> Router:
    """One command; the pager turns the pages."""
    router = Router(name=__name__)
    router.message.register(audit, Command("audit"))
    return router


def lister(journal: Journal) -> Source:
    """The journal, for the pager."""

    async def read(texts: Texts, limit: int, offset: int) -> Listing:
        total = await journal.count()
        entries = await journal.last(limit, offset)
        lines = [texts.journal_line(entry) for entry in entries]
        return Listing(texts.journal_head(total), lines, total)

    return read


async def audit(
    message: Message,
    settings: Settings,
    pager: Pager,
    background: Background,
    metrics: Metrics,
    messenger: Messenger,
    texts: Texts,
) -> None:
    """Check the whole file, which takes seconds when it is large."""
    path = settings.data_dir / "bot.db"
    background.run(
        _answer(message.chat.id, message.message_id, path, pager, metrics, messenger, texts),
        lambda: messenger.say(message.chat.id, texts.audit_failed(), reply_to=message.message_id),
    )


async def _answer(
    chat_id: int,
    reply_to: int,
    path: Path,
    pager: Pager,
    metrics: Metrics,
    messenger: Messenger,
    texts: Texts,
) -> None:
    inspection = await inspect(path)
    metrics.books_checked(len(inspection.broken))
    found = texts.audit(inspection, time.time())
    text, keyboard = await pager.page(LIST, 1, texts)
    messenger.say(chat_id, found, reply_to=reply_to)
    messenger.say(chat_id, text, keyboard=keyboard)
