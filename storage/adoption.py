"""Handover of a data directory from one bot to another."""

import sqlite3

from storage.journal import Act, record
from storage.owner import owner_of
from storage.payment_refunds import give_up

# What means something to the bot that it was said to or by, and nothing to another.
DROPPED = (
    "DELETE FROM picture_messages",
    "DELETE FROM questions",
    "DELETE FROM held_pictures",
    "DELETE FROM album_items",
    "DELETE FROM awaited_words",
    "DELETE FROM awaited_drafts",
    "DELETE FROM admin_menus",
    "UPDATE items SET sent_file_id = NULL, sent_as = NULL WHERE sent_file_id IS NOT NULL",
    # Their outcome is told in a message of its own, in reply to none.
    "UPDATE jobs SET progress_message_id = NULL, reply_to_message_id = -1 WHERE closed_at IS NULL",
    "UPDATE users SET blocked_at = NULL WHERE blocked_at IS NOT NULL AND user_id > 0",
    "DELETE FROM broadcasts WHERE status IN ('asked', 'dropped')",
    "DELETE FROM transfers WHERE state = 'awaiting'",
    "UPDATE transfers SET file_id = NULL, sent_as = NULL WHERE state = 'open'",
)
STOP_BROADCASTS = (
    "UPDATE broadcasts SET status = CASE status WHEN 'running' THEN 'stopped' ELSE status END,"
    " ended_at = coalesce(ended_at, ?1), told_at = ?1 WHERE status = 'running'"
    " OR (status IN ('stopped', 'done') AND told_at IS NULL)"
)


def adopt(bot_id: int, now: float, tx: sqlite3.Connection) -> int | None:
    """Hand the data over to this bot; returns whose they were, None when they were its own.

    People, balances, the ledger, payments, pictures and what they were made of stay. Stars that
    the other bot was to give back stay with it, and the people get their tokens again.
    """
    owner = owner_of(tx)
    if owner in {None, bot_id}:
        return None
    tx.execute("UPDATE owner SET bot_id = ?", (bot_id,))
    for sql in DROPPED:
        tx.execute(sql)
    tx.execute(STOP_BROADCASTS, (now,))
    pending = tx.execute(
        "SELECT refund_id FROM payment_refunds JOIN payments USING (payment_id)"
        " WHERE state = 'pending' AND gateway = 'stars' AND bot_id <> ?",
        (bot_id,),
    ).fetchall()
    for (refund_id,) in pending:
        give_up(tx, refund_id, f"the data were handed over to bot {bot_id}", now)
    record(
        tx,
        Act(f"{bot_id}:adopt:{now}", 0),
        "adopt",
        subject="",
        before=str(owner),
        after=str(bot_id),
        now=now,
    )
    return owner
