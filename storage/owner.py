"""The owner of a data directory: one bot.

Telegram numbers messages and files for each bot separately, so one bot's updates could be taken for
another's. A directory therefore belongs to the bot that first started on it. That bot's id is part
of the keys of jobs, grants and admins' acts. The directory can be handed over to another bot.
"""

import sqlite3

from storage.errors import ForeignDataError

# Kept before there was an owner, they are those of whoever starts first.
KEYED = (
    "UPDATE jobs SET bot_id = ?1 WHERE bot_id = 0",
    "UPDATE ledger SET grant_key = ?1 || ':' || grant_key WHERE kind = 'grant'",
    "UPDATE journal SET act_key = ?1 || ':' || act_key",
    "UPDATE broadcasts SET asked_key = ?1 || ':' || asked_key",
)
ADVICE = (
    "give this bot a DATA_DIR of its own. To hand people, balances and pictures over to it for"
    " good, stop the other one and run: main.py adopt"
)
APPEND_ONLY = ("ledger_keeps_entries", "journal_keeps_entries")


def claim(bot_id: int, tx: sqlite3.Connection) -> None:
    """Claim the data at the first start.

    Raises:
        ForeignDataError: they are another bot's.
    """
    owner = owner_of(tx)
    if owner == bot_id:
        return
    if owner is not None:
        raise ForeignDataError(f"{whose(owner)}, and BOT_TOKEN is that of bot {bot_id}: {ADVICE}")
    with tx:
        tx.execute("BEGIN IMMEDIATE")
        tx.execute("INSERT INTO owner (bot_id) VALUES (?)", (bot_id,))
        kept = [_trigger(tx, name) for name in APPEND_ONLY]
        for name in APPEND_ONLY:
            tx.execute(f"DROP TRIGGER {name}")
        for sql in KEYED:
            tx.execute(sql, (bot_id,))
        for sql in kept:
            tx.execute(sql)


def whose(owner: int) -> str:
    """A sentence that says whose DATA_DIR is."""
    return f"DATA_DIR belongs to bot {owner} (its token begins so)"


def owner_of(tx: sqlite3.Connection) -> int | None:
    """The id of the bot whose the data are; None: no bot has started on them."""
    row = tx.execute("SELECT bot_id FROM owner").fetchone()
    return int(row[0]) if row else None


def _trigger(tx: sqlite3.Connection, name: str) -> str:
    row = tx.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    return str(row[0])
