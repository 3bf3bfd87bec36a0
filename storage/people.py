"""People: their names, what they did last, who is banned, and who blocked the bot."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from storage.catalogue import ASKED_FOR, asked_for_in
from storage.database import Database, fetch_one
from storage.errors import UnknownUserError
from storage.journal import Act, Entry, record, recorded
from storage.payments import Payment, payments_of

NEAREST = 3
COMPARED = 500  # names looked at when one is not known: those that begin alike
BAN = "ban"
BANNED, NOT_BANNED = "banned", "not banned"  # the journal's words


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has talked to the bot. Times are Unix seconds."""

    user_id: int
    username: str | None  # without @, as last seen
    first_name: str
    balance: int
    language: str
    created_at: float
    blocked_at: float | None
    banned_at: float | None
    ban_reason: str


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A ledger entry, for a list."""

    entry_id: int
    kind: str
    amount: int
    note: str
    created_at: float


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job, for a list."""

    job_id: int
    asked_for: str
    created_at: float
    items: int
    delivered: int
    failed: int  # or cancelled: refunded


@dataclass(frozen=True, slots=True)
class Record:
    """A person with their latest ledger entries, jobs and payments, newest first."""

    person: Person
    entries: Sequence[LedgerLine]
    jobs: Sequence[JobLine]
    payments: Sequence[Payment] = ()


class People:
    """The tables `users` and `usernames`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._banned: dict[int, str] | None = None  # id to reason; None: ask the database
        self._ban_changes = 0

    async def get(self, user_id: int) -> Person | None:
        """The person of that id."""
        found = await self._select("SELECT * FROM users WHERE user_id = ?", user_id)
        return found[0] if found else None

    async def named(self, username: str) -> list[Person]:
        """People who have, or had, the @name (given without @, in any case)."""
        return await self._select(
            "SELECT users.* FROM usernames JOIN users USING (user_id)"
            " WHERE usernames.username = ? ORDER BY user_id LIMIT 20",
            username,
        )

    async def near_name(self, username: str) -> list[Person]:
        """A few people with a similar @name."""
        rows: list[sqlite3.Row] = []
        for begin in (username[:2], username[:1]):
            rows = await self._database.fetch_all(
                "SELECT username, user_id FROM usernames WHERE username >= ? AND username < ?"
                " LIMIT ?",
                (begin, begin + "\U0010ffff", COMPARED),
            )
            if rows:
                break
        ids = {row["username"].lower(): row["user_id"] for row in rows}
        close = get_close_matches(username.lower(), ids, NEAREST, cutoff=0.5)
        people = [await self.get(ids[each]) for each in close]
        return [each for each in dict.fromkeys(people) if each is not None]

    async def near_id(self, user_id: int) -> list[Person]:
        """A few people with a similar id."""
        rows = [
            *await self._database.fetch_all(
                "SELECT user_id FROM users WHERE user_id BETWEEN 1 AND ? - 1"
                " ORDER BY user_id DESC LIMIT ?",
                (user_id, NEAREST),
            ),
            *await self._database.fetch_all(
                "SELECT user_id FROM users WHERE user_id > ? ORDER BY user_id LIMIT ?",
                (user_id, NEAREST),
            ),
        ]
        close = get_close_matches(str(user_id), [str(row[0]) for row in rows], NEAREST, cutoff=0)
        people = [await self.get(int(each)) for each in close]
        return [each for each in people if each is not None]

    async def record(
        self, user_id: int, *, entries: int = 8, jobs: int = 5, payments: int = 5
    ) -> Record | None:
        """A person with so many of their last ledger entries, jobs and payments; None: there is
        nobody."""
        person = await self.get(user_id)
        if person is None:
            return None
        ledger_rows = await self._database.fetch_all(
            "SELECT entry_id, kind, amount, note, created_at FROM ledger WHERE user_id = ?"
            " ORDER BY entry_id DESC LIMIT ?",
            (user_id, entries),
        )
        job_rows = await self._database.fetch_all(
            f"SELECT last.job_id, {ASKED_FOR}, created_at, count(*) AS items,"  # noqa: S608 - our own names
            " sum(status = 'delivered') AS delivered,"
            " sum(status IN ('failed', 'cancelled')) AS failed"
            " FROM (SELECT * FROM jobs WHERE user_id = ? ORDER BY job_id DESC LIMIT ?) AS last"
            " JOIN items USING (job_id) JOIN models ON models.slug = last.model"
            " GROUP BY last.job_id ORDER BY last.job_id DESC",
            (user_id, jobs),
        )
        return Record(
            person,
            [LedgerLine(**dict(row)) for row in ledger_rows],
            [
                JobLine(
                    row["job_id"],
                    asked_for_in(row),
                    row["created_at"],
                    row["items"],
                    row["delivered"],
                    row["failed"],
                )
                for row in job_rows
            ],
            await self._database.read(lambda tx: payments_of(tx, user_id, payments)),
        )

    async def note_name(self, user_id: int, username: str | None, first_name: str) -> None:
        """Keep the names the person has now, if they have a row; writes what is new only, and
        nobody waits for that.

        The row of somebody who was forgotten and stays banned, which has no language, gets none.
        """
        row = await self._database.fetch_one(
            "SELECT username, first_name FROM users WHERE user_id = ? AND language <> ''",
            (user_id,),
        )
        if row is None or (row["username"], row["first_name"]) == (username, first_name):
            return

        def work(tx: sqlite3.Connection) -> None:
            tx.execute(
                "UPDATE users SET username = ?, first_name = ? WHERE user_id = ?",
                (username, first_name, user_id),
            )
            if username is not None:
                tx.execute(
                    "INSERT INTO usernames (username, user_id) VALUES (?, ?)"
                    " ON CONFLICT DO NOTHING",
                    (username, user_id),
                )

        self._database.note(work, f"the name of {user_id}")

    async def ban(self, user_id: int, reason: str, act: Act) -> Entry:
        """Ban the person; once for each act.

        Raises:
            UnknownUserError: nobody by that id has talked to the bot.
        """
        return await self._set_ban(user_id, self._database.now(), reason, act)

    async def unban(self, user_id: int, act: Act) -> Entry:
        """Lift the person's ban; once for each act.

        Raises:
            UnknownUserError: nobody by that id has talked to the bot.
        """
        return await self._set_ban(user_id, None, "", act)

    async def ban_of(self, user_id: int) -> str | None:
        """The reason (it may be empty) when the person is banned; None: they are not."""
        banned = self._banned
        if banned is None:
            changes = self._ban_changes
            rows = await self._database.fetch_all(
                "SELECT user_id, ban_reason FROM users WHERE banned_at IS NOT NULL"
            )
            banned = {row["user_id"]: row["ban_reason"] for row in rows}
            if changes == self._ban_changes:  # nothing was written while this was read
                self._banned = banned
        return banned.get(user_id)

    async def _set_ban(self, user_id: int, at: float | None, reason: str, act: Act) -> Entry:
        try:

            def work(tx: sqlite3.Connection) -> Entry:
                if done := recorded(tx, act):
                    return done
                row = fetch_one(
                    tx, "SELECT banned_at, ban_reason FROM users WHERE user_id = ?", (user_id,)
                )
                if row is None:
                    raise UnknownUserError(f"user {user_id}")
                tx.execute(
                    "UPDATE users SET banned_at = ?, ban_reason = ? WHERE user_id = ?",
                    (at, reason, user_id),
                )
                return record(
                    tx,
                    act,
                    BAN,
                    subject=str(user_id),
                    before=_ban_words(row["banned_at"], row["ban_reason"]),
                    after=_ban_words(at, reason),
                    now=self._database.now(),
                )

            return await self._database.write(work)
        finally:
            self._banned = None
            self._ban_changes += 1

    async def is_blocked(self, user_id: int) -> bool:
        """Whether the person blocked the bot, as far as is known."""
        row = await self._database.fetch_one(
            "SELECT 1 FROM users WHERE user_id = ? AND blocked_at IS NOT NULL", (user_id,)
        )
        return row is not None

    async def set_blocked(self, user_id: int, *, blocked: bool) -> None:
        """The person blocked or unblocked the bot."""
        await self._database.execute(
            "UPDATE users SET blocked_at = ? WHERE user_id = ? AND (blocked_at IS NOT NULL) <> ?",
            (self._database.now() if blocked else None, user_id, blocked),
        )

    async def _select(self, sql: str, *params: object) -> list[Person]:
        rows = await self._database.fetch_all(sql, params)
        return [Person(**{name: row[name] for name in Person.__slots__}) for row in rows]


def _ban_words(at: float | None, reason: str) -> str:
    if at is None:
        return NOT_BANNED
    return f"{BANNED}: {reason}" if reason else BANNED
