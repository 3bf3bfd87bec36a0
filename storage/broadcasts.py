"""Broadcasts and the state of each recipient.

A recipient's state is stored before and after each sending. A copy found halfway at a start may
have arrived, and is never sent again.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from storage.database import Database, fetch_one
from storage.journal import Act, record

DRAFT_AWAITED_S = 600.0
QUESTION_LASTS_S = 3600.0  # a button found weeks later must not write to everybody


class BroadcastStatus(StrEnum):
    """The state of a broadcast."""

    ASKED = "asked"  # the admin was asked whether to
    DROPPED = "dropped"  # they said no
    RUNNING = "running"
    STOPPED = "stopped"  # by an admin, or by the bot for a `reason`
    DONE = "done"


class RecipientStatus(StrEnum):
    """The state of one person's copy."""

    PENDING = "pending"
    SENDING = "sending"  # on its way; when nobody sends it any more: it may have arrived
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One message to everyone."""

    broadcast_id: int
    admin_id: int
    language: str
    message_id: int
    card_message_id: int | None
    status: BroadcastStatus
    reason: str
    counts: Mapping[RecipientStatus, int]

    @property
    def total(self) -> int:
        """How many people it is for."""
        return sum(self.counts.values())

    @property
    def failed(self) -> int:
        """People for whom Telegram refused it."""
        return self.counts.get(RecipientStatus.FAILED, 0)

    @property
    def sent(self) -> int:
        """People who certainly have it."""
        return self.counts.get(RecipientStatus.SENT, 0)

    @property
    def unsure(self) -> int:
        """Copies being sent; once it has ended, people who may or may not have it."""
        return self.counts.get(RecipientStatus.SENDING, 0)

    @property
    def left(self) -> int:
        """People to whom nothing was sent."""
        return self.counts.get(RecipientStatus.PENDING, 0)


@dataclass(frozen=True, slots=True)
class Unreached:
    """Somebody who may not have it. `error` is Telegram's; empty when it is unknown."""

    user_id: int
    error: str


class Broadcasts:
    """The tables `broadcasts`, `broadcast_recipients` and `awaited_drafts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reachable(self) -> int:
        """How many people have neither blocked the bot nor been banned."""
        row = await self._database.fetch_one(
            "SELECT count(*) AS n FROM users WHERE blocked_at IS NULL AND banned_at IS NULL"
        )
        return int(row["n"]) if row else 0

    async def await_draft(self, admin_id: int, message_id: int, asked_at: float) -> None:
        """The admin's next message is what to send, for a while, says a message; it may come again
        when that has come. The time is Telegram's."""
        await self._database.execute(
            "INSERT INTO awaited_drafts (admin_id, asked_at) VALUES (?1, ?2)"
            " ON CONFLICT DO UPDATE SET asked_at = ?2 WHERE draft_message_id < ?3",
            (admin_id, asked_at, message_id),
        )

    async def awaits_draft(
        self, admin_id: int, message_id: int, album: str | None, sent_at: float
    ) -> bool:
        """Whether a message is what to send, or was, or is of the album that was: it may come
        again, and an album comes in pieces.

        Updates of a chat are handled in order, so what is older than the last one was handled.
        """
        row = await self._database.fetch_one(
            "SELECT * FROM awaited_drafts WHERE admin_id = ?", (admin_id,)
        )
        return row is not None and (
            message_id <= row["draft_message_id"]
            or (album is not None and album == row["media_group_id"])
            or sent_at - row["asked_at"] < DRAFT_AWAITED_S
        )

    async def take_draft(self, admin_id: int, message_id: int, album: str | None) -> bool:
        """Whether this message is the one; the others of its album are not."""

        def work(tx: sqlite3.Connection) -> bool:
            tx.execute(
                "UPDATE awaited_drafts SET asked_at = 0, draft_message_id = ?1,"
                " media_group_id = ?2 WHERE admin_id = ?3 AND asked_at > 0"
                " AND draft_message_id < ?1",
                (message_id, album, admin_id),
            )
            row = fetch_one(
                tx,
                "SELECT 1 FROM awaited_drafts WHERE admin_id = ? AND draft_message_id = ?",
                (admin_id, message_id),
            )
            return row is not None

        return await self._database.write(work)

    async def stop_awaiting(self, admin_id: int, sent_at: float) -> bool:
        """A message of the admin's ends the waiting; False: nothing was waited for then."""

        def work(tx: sqlite3.Connection) -> bool:
            row = fetch_one(
                tx,
                "SELECT asked_at FROM awaited_drafts WHERE admin_id = ? AND asked_at > 0",
                (admin_id,),
            )
            if row is None:
                return False
            tx.execute("UPDATE awaited_drafts SET asked_at = 0 WHERE admin_id = ?", (admin_id,))
            return bool(sent_at - row["asked_at"] < DRAFT_AWAITED_S)

        return await self._database.write(work)

    async def ask(
        self, *, asked_key: str, admin_id: int, language: str, message_id: int
    ) -> int | None:
        """Note what an admin wants to send; None when this was noted before."""

        def work(tx: sqlite3.Connection) -> int | None:
            row = fetch_one(
                tx,
                "INSERT INTO broadcasts (asked_key, admin_id, language, message_id, created_at)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING broadcast_id",
                (asked_key, admin_id, language, message_id, self._database.now()),
            )
            return int(row["broadcast_id"]) if row else None

        return await self._database.write(work)

    async def begin(self, broadcast_id: int, act: Act, card_message_id: int) -> int | None:
        """Begin what this admin was asked about: everybody reachable now is to get it.

        The card is the bot's message that is edited as it goes. Returns how many people that are;
        None, and nothing happens, when there is no such open question.
        """

        def work(tx: sqlite3.Connection) -> int | None:
            now = self._database.now()
            cursor = tx.execute(
                "UPDATE broadcasts SET status = 'running', started_at = ?, card_message_id = ?"
                " WHERE broadcast_id = ? AND admin_id = ? AND status = 'asked' AND created_at > ?",
                (now, card_message_id, broadcast_id, act.admin_id, now - QUESTION_LASTS_S),
            )
            if cursor.rowcount == 0:
                return None
            cursor = tx.execute(
                "INSERT INTO broadcast_recipients (broadcast_id, user_id)"
                " SELECT ?, user_id FROM users WHERE blocked_at IS NULL AND banned_at IS NULL",
                (broadcast_id,),
            )
            people = cursor.rowcount
            record(
                tx,
                act,
                "broadcast",
                subject=str(broadcast_id),
                before="asked",
                after=f"running, {people}",
                now=now,
            )
            return people

        return await self._database.write(work)

    async def drop(self, broadcast_id: int, admin_id: int) -> bool:
        """The admin declined; False: the question is already closed."""
        return await self._end(
            "UPDATE broadcasts SET status = 'dropped', ended_at = ?"
            " WHERE broadcast_id = ? AND admin_id = ? AND status = 'asked'",
            broadcast_id,
            admin_id,
        )

    async def stop(self, broadcast_id: int, act: Act | None, reason: str = "") -> bool:
        """Stop sending it; False: it was not running. Without an act, the bot itself stops it."""

        def work(tx: sqlite3.Connection) -> bool:
            now = self._database.now()
            cursor = tx.execute(
                "UPDATE broadcasts SET status = 'stopped', ended_at = ?, reason = ?"
                " WHERE broadcast_id = ? AND status = 'running'",
                (now, reason, broadcast_id),
            )
            if cursor.rowcount and act is not None:
                record(
                    tx,
                    act,
                    "broadcast",
                    subject=str(broadcast_id),
                    before="running",
                    after="stopped",
                    now=now,
                )
            return cursor.rowcount > 0

        return await self._database.write(work)

    async def finish(self, broadcast_id: int) -> bool:
        """Everybody was sent to; False: it was stopped before that."""
        return await self._end(
            "UPDATE broadcasts SET status = 'done', ended_at = ?"
            " WHERE broadcast_id = ? AND status = 'running'",
            broadcast_id,
        )

    async def told(self, broadcast_id: int) -> None:
        """The admin was told how it ended."""
        await self._database.execute(
            "UPDATE broadcasts SET told_at = ? WHERE broadcast_id = ?",
            (self._database.now(), broadcast_id),
        )

    async def get(self, broadcast_id: int) -> Broadcast | None:
        """One broadcast as it is now."""
        row = await self._database.fetch_one(
            "SELECT * FROM broadcasts WHERE broadcast_id = ?", (broadcast_id,)
        )
        return await self._with_counts(row) if row else None

    async def next_open(self) -> Broadcast | None:
        """The oldest that runs, or whose end was not told; None: there is nothing to do."""
        row = await self._database.fetch_one(
            "SELECT * FROM broadcasts WHERE status = 'running'"
            " OR (status IN ('stopped', 'done') AND told_at IS NULL) ORDER BY broadcast_id LIMIT 1"
        )
        return await self._with_counts(row) if row else None

    async def last_ended(self) -> Broadcast | None:
        """The latest that was sent to anybody and is over."""
        row = await self._database.fetch_one(
            "SELECT * FROM broadcasts WHERE status IN ('stopped', 'done')"
            " ORDER BY broadcast_id DESC LIMIT 1"
        )
        return await self._with_counts(row) if row else None

    async def pending(self, broadcast_id: int, after: int, limit: int) -> list[int]:
        """The next people to send it to, with ids above `after`, in the order of their ids."""
        rows = await self._database.fetch_all(
            "SELECT user_id FROM broadcast_recipients"
            " WHERE broadcast_id = ? AND status = 'pending' AND user_id > ?"
            " ORDER BY user_id LIMIT ?",
            (broadcast_id, after, limit),
        )
        return [row["user_id"] for row in rows]

    async def unreached(self, broadcast_id: int, limit: int, offset: int) -> list[Unreached]:
        """People who do not surely have it although it was sent, those refused first."""
        rows = await self._database.fetch_all(
            "SELECT user_id, error FROM broadcast_recipients WHERE broadcast_id = ?"
            " AND status IN ('failed', 'sending') ORDER BY status, user_id LIMIT ? OFFSET ?",
            (broadcast_id, limit, offset),
        )
        return [Unreached(row["user_id"], row["error"]) for row in rows]

    async def sending(self, broadcast_id: int, user_id: int) -> bool:
        """It is about to be sent to a person; False: it must not be, it was before, or the
        broadcast does not run any more."""

        def work(tx: sqlite3.Connection) -> bool:
            cursor = tx.execute(
                "UPDATE broadcast_recipients SET status = 'sending'"
                " WHERE broadcast_id = ? AND user_id = ? AND status = 'pending' AND EXISTS"
                " (SELECT 1 FROM broadcasts WHERE broadcast_id = ? AND status = 'running')",
                (broadcast_id, user_id, broadcast_id),
            )
            return cursor.rowcount > 0

        return await self._database.write(work)

    async def not_sent(self, broadcast_id: int, user_id: int) -> None:
        """It certainly did not arrive: it is still to be sent."""
        await self._move(broadcast_id, user_id, RecipientStatus.PENDING)

    async def sent(self, broadcast_id: int, user_id: int) -> None:
        """Telegram took it."""
        await self._move(broadcast_id, user_id, RecipientStatus.SENT)

    async def failed(self, broadcast_id: int, user_id: int, error: str) -> None:
        """Telegram refused it for this person."""
        await self._move(broadcast_id, user_id, RecipientStatus.FAILED, error)

    async def _move(
        self, broadcast_id: int, user_id: int, status: RecipientStatus, error: str = ""
    ) -> None:
        await self._database.execute(
            "UPDATE broadcast_recipients SET status = ?, error = ?"
            " WHERE broadcast_id = ? AND user_id = ? AND status = 'sending'",
            (status, error, broadcast_id, user_id),
        )

    async def _end(self, sql: str, *params: object) -> bool:

        def work(tx: sqlite3.Connection) -> bool:
            cursor = tx.execute(sql, (self._database.now(), *params))
            return cursor.rowcount > 0

        return await self._database.write(work)

    async def _with_counts(self, row: sqlite3.Row) -> Broadcast:
        counts = await self._database.fetch_all(
            "SELECT status, count(*) AS n FROM broadcast_recipients WHERE broadcast_id = ?"
            " GROUP BY status",
            (row["broadcast_id"],),
        )
        return Broadcast(
            broadcast_id=row["broadcast_id"],
            admin_id=row["admin_id"],
            language=row["language"],
            message_id=row["message_id"],
            card_message_id=row["card_message_id"],
            status=BroadcastStatus(row["status"]),
            reason=row["reason"],
            counts={RecipientStatus(each["status"]): each["n"] for each in counts},
        )
