"""The ledger of tokens and the balances: the only statements that charge, refund and grant.

A kind of entry is a row of `ledger_kinds`, made by a migration; what comes in by a payment gateway
is credited in storage/payments.py.

Inserting a ledger row is enough: a trigger adds its amount to the balance, a CHECK keeps the
balance from going below zero, and no row is ever changed or deleted.
"""

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from providers.base import Media
from storage.catalogue import ASKED_FOR, asked_for_in, product_in
from storage.database import Database, fetch_one
from storage.errors import InsufficientTokensError, UnknownUserError
from storage.journal import Act, record

DAY_S = 86_400
ENTRIES_OF_MOVEMENT = 10  # a job has at most so many items
BOOKED_AFTER = (
    "SELECT kind, sum(max(amount, 0)) AS given, sum(max(-amount, 0)) AS taken,"
    " max(entry_id) AS last FROM ledger WHERE entry_id > ? GROUP BY kind"
)


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant in the ledger, with the balance now. `new` is False for a repeat."""

    amount: int
    balance: int
    language: str  # the person's, to tell them
    new: bool


@dataclass(frozen=True, slots=True)
class Movement:
    """A change of the balance for one reason: so many `entries`, of one job if there is one."""

    kind: str  # the ledger's
    amount: int
    entries: int
    asked_for: str  # by the job, if there is one
    created_at: float  # Unix seconds
    media: Media = Media.IMAGE  # what the items of the job are


@dataclass(frozen=True, slots=True)
class Booked:
    """Tokens that were given and taken up to an entry, by the ledger's kind, all above 0."""

    last_entry: int
    given: Mapping[str, int]
    taken: Mapping[str, int]


class Ledger:
    """Balances and grants. `Jobs` books charges and refunds, with the state they belong to."""

    def __init__(
        self,
        database: Database,
        *,
        welcome_mark: Callable[[int], str] = lambda user_id: f"welcome:{user_id}",
    ) -> None:
        self._database = database
        self._welcome_mark = welcome_mark  # of people who were forgotten and are back

    async def balance(self, user_id: int) -> int:
        """Tokens the person has; 0 for someone who has never been here."""
        row = await self._database.fetch_one(
            "SELECT balance FROM users WHERE user_id = ?", (user_id,)
        )
        return int(row["balance"]) if row else 0

    async def movements(self, user_id: int, limit: int) -> list[Movement]:
        """The person's latest changes, newest first; a job's items count as one."""
        rows = await self._database.fetch_all(
            "SELECT ledger.entry_id, ledger.kind, ledger.amount, ledger.created_at,"  # noqa: S608 - our own names
            f" items.job_id, {ASKED_FOR} FROM ledger"
            " LEFT JOIN items ON items.item_id = ledger.item_id"
            " LEFT JOIN jobs ON jobs.job_id = items.job_id"
            " LEFT JOIN models ON models.slug = jobs.model WHERE ledger.user_id = ?"
            " ORDER BY ledger.entry_id DESC LIMIT ?",
            (user_id, limit * ENTRIES_OF_MOVEMENT),
        )
        movements = []
        together = groupby(rows, lambda row: (row["kind"], row["job_id"] or -row["entry_id"]))
        for _, group in together:
            each, *more = group
            movements.append(
                Movement(
                    each["kind"],
                    each["amount"] + sum(row["amount"] for row in more),
                    1 + len(more),
                    asked_for_in(each) if each["job_id"] else "",
                    each["created_at"],
                    _media(each),
                )
            )
        return movements[:limit]

    async def last_entry(self) -> int:
        """The number of the latest entry; 0: there is none."""
        row = await self._database.fetch_one("SELECT max(entry_id) AS last FROM ledger")
        return int(row["last"] or 0) if row else 0

    async def booked_after(self, entry_id: int) -> Booked:
        """What was entered after that entry: entries are numbered in their order, and none is
        ever deleted."""
        rows = await self._database.fetch_all(BOOKED_AFTER, (entry_id,))
        return Booked(
            max([entry_id, *(row["last"] for row in rows)]),
            {row["kind"]: row["given"] for row in rows if row["given"]},
            {row["kind"]: row["taken"] for row in rows if row["taken"]},
        )

    async def was_welcomed(self, user_id: int) -> bool:
        """Whether the person had their welcome tokens, before they were forgotten or since."""
        row = await self._database.fetch_one(
            "SELECT 1 FROM ledger WHERE grant_key IN (?, ?)",
            (f"welcome:{user_id}", self._welcome_mark(user_id)),
        )
        return row is not None

    async def welcome(self, user_id: int, amount: int, *, language: str) -> Granted:
        """Give the welcome tokens, once in a person's life. An amount of 0 gives nothing."""

        def work(tx: sqlite3.Connection) -> Granted:
            see_user(tx, user_id, language, self._database.now())
            mark = self._welcome_mark(user_id)
            # 0 for who had theirs before they were forgotten.
            had = fetch_one(tx, "SELECT 1 FROM ledger WHERE grant_key = ?", (mark,))
            return self._grant(tx, user_id, "welcome", 0 if had else amount, f"welcome:{user_id}")

        return await self._database.write(work)

    async def daily(self, user_id: int, amount: int, *, below: int) -> Granted:
        """Give the free tokens of this day (UTC), once, to who has fewer than `below`. Days on
        which nobody asked are lost, so nothing piles up.

        Raises:
            UnknownUserError: the person has never talked to the bot.
        """
        day = int(self._database.now() // DAY_S)

        def work(tx: sqlite3.Connection) -> Granted:
            cursor = tx.execute(
                "UPDATE users SET daily_on = ?1 WHERE user_id = ?2 AND balance < ?3 AND ?4 > 0"
                # Beyond tomorrow: the clock was put back since.
                " AND (daily_on IS NULL OR daily_on < ?1 OR daily_on > ?1 + 1)"
                " AND NOT EXISTS (SELECT 1 FROM left_people WHERE mark = ?5 AND daily_on = ?1)",
                (day, user_id, below, amount, self._welcome_mark(user_id)),
            )
            key = f"daily:{secrets.token_hex(8)}"  # names nobody: the day is with the person
            return self._grant(tx, user_id, "daily", amount if cursor.rowcount else 0, key)

        return await self._database.write(work)

    async def grant(
        self, user_id: int, amount: int, *, grant_key: str, granted_by: int, note: str = ""
    ) -> Granted:
        """Give tokens (or take them, with a negative amount), once for each `grant_key`.

        Raises:
            UnknownUserError: the person has never talked to the bot.
            InsufficientTokensError: more would be taken than the person has.
        """

        def work(tx: sqlite3.Connection) -> Granted:
            return self._grant(tx, user_id, "grant", amount, grant_key, granted_by, note)

        return await self._database.write(work)

    def _grant(
        self,
        tx: sqlite3.Connection,
        user_id: int,
        kind: str,
        amount: int,
        grant_key: str,
        granted_by: int | None = None,
        note: str = "",
    ) -> Granted:
        user = fetch_one(tx, "SELECT balance, language FROM users WHERE user_id = ?", (user_id,))
        if user is None:
            raise UnknownUserError(f"user {user_id}")
        balance, language = user["balance"], user["language"]
        booked = fetch_one(tx, "SELECT amount FROM ledger WHERE grant_key = ?", (grant_key,))
        if booked or amount == 0:
            return Granted(booked["amount"] if booked else 0, balance, language, new=False)
        if balance + amount < 0:
            raise InsufficientTokensError(needed=-amount, balance=balance)
        tx.execute(
            "INSERT INTO ledger (user_id, kind, amount, grant_key, granted_by, note, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (user_id, kind, amount, grant_key, granted_by, note, self._database.now()),
        )
        if granted_by is not None:
            record(
                tx,
                Act(grant_key, granted_by),
                kind,
                subject=str(user_id),
                before=str(balance),
                after=str(balance + amount),
                now=self._database.now(),
            )
        return Granted(amount, balance + amount, language, new=True)


def see_user(tx: sqlite3.Connection, user_id: int, language: str, now: float) -> None:
    """Make sure that the person has a row, and that it has the language they speak now."""
    tx.execute(
        "INSERT INTO users (user_id, language, created_at) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET language = excluded.language"
        " WHERE language <> excluded.language",
        (user_id, language, now),
    )


def balance_in(tx: sqlite3.Connection, user_id: int) -> int:
    """The balance as this transaction sees it: the only one to decide by."""
    row = fetch_one(tx, "SELECT balance FROM users WHERE user_id = ?", (user_id,))
    return int(row["balance"]) if row else 0


def charge(
    tx: sqlite3.Connection, user_id: int, items: Iterable[tuple[int, int]], now: float
) -> None:
    """Charge each (item_id, cost). The caller has checked that the balance covers it."""
    tx.executemany(
        "INSERT INTO ledger (user_id, kind, amount, item_id, created_at)"
        " VALUES (?, 'charge', ?, ?, ?)",
        [(user_id, -cost, item_id, now) for item_id, cost in items],
    )


def refund(tx: sqlite3.Connection, user_id: int, item_id: int, cost: int, now: float) -> None:
    """Give an item's tokens back, in the transaction that ends the item without a picture."""
    tx.execute(
        "INSERT INTO ledger (user_id, kind, amount, item_id, created_at)"
        " VALUES (?, 'refund', ?, ?, ?)",
        (user_id, cost, item_id, now),
    )


def book(
    tx: sqlite3.Connection, user_id: int, kind: str, amount: int, key: str, now: float
) -> None:
    """Enter what a payment, a promo code or an invitation gives or takes, in the transaction of
    the row that it is for. The key names that row and no person: it outlives them."""
    tx.execute(
        "INSERT INTO ledger (user_id, kind, amount, grant_key, created_at) VALUES (?, ?, ?, ?, ?)",
        (user_id, kind, amount, key, now),
    )


def take_back(
    tx: sqlite3.Connection, user_id: int, kind: str, tokens: int, key: str, now: float
) -> int:
    """Take so many tokens, or all that are left; returns how many were taken."""
    taken = min(tokens, balance_in(tx, user_id))
    if taken:
        book(tx, user_id, kind, -taken, key, now)
    return taken


def _media(row: sqlite3.Row) -> Media:
    """What a job made; of a product that is gone, nobody knows."""
    product = product_in(row)
    return product.media if product else Media.IMAGE
