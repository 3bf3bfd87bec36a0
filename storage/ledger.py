"""Tokens: who has how many, and the only statements that move them.

A ledger row is all it takes: a trigger adds its amount to the balance, a CHECK keeps the balance
from going below zero, and no row is ever changed or removed.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import aiosqlite

from storage.database import Database, fetch_one
from storage.errors import InsufficientTokensError, UnknownUserError


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant that is booked, with the balance now. `new` is False for a repeat."""

    amount: int
    balance: int
    language: str  # the person's, to tell them
    new: bool


class Ledger:
    """Balances and grants. `Jobs` books charges and refunds, with the state they belong to."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def balance(self, user_id: int) -> int:
        """Tokens the person has; 0 for someone who has never been here."""
        row = await self._database.fetch_one(
            "SELECT balance FROM users WHERE user_id = ?", (user_id,)
        )
        return int(row["balance"]) if row else 0

    async def welcome(self, user_id: int, amount: int, *, language: str) -> Granted:
        """Give the welcome tokens, once in a person's life. An amount of 0 gives nothing."""
        async with self._database.transaction() as tx:
            await see_user(tx, user_id, language, self._now())
            return await self._grant(tx, user_id, "welcome", amount, f"welcome:{user_id}")

    async def grant(
        self, user_id: int, amount: int, *, grant_key: str, granted_by: int, note: str = ""
    ) -> Granted:
        """Give tokens (or take them, with a negative amount), once for each `grant_key`.

        Raises:
            UnknownUserError: the person has never talked to the bot.
            InsufficientTokensError: more would be taken than the person has.
        """
        async with self._database.transaction() as tx:
            return await self._grant(tx, user_id, "grant", amount, grant_key, granted_by, note)

    async def _grant(
        self,
        tx: aiosqlite.Connection,
        user_id: int,
        kind: str,
        amount: int,
        grant_key: str,
        granted_by: int | None = None,
        note: str = "",
    ) -> Granted:
        user = await fetch_one(
            tx, "SELECT balance, language FROM users WHERE user_id = ?", (user_id,)
        )
        if user is None:
            raise UnknownUserError(f"user {user_id}")
        balance, language = user["balance"], user["language"]
        booked = await fetch_one(tx, "SELECT amount FROM ledger WHERE grant_key = ?", (grant_key,))
        if booked or amount == 0:
            return Granted(booked["amount"] if booked else 0, balance, language, new=False)
        if balance + amount < 0:
            raise InsufficientTokensError(needed=-amount, balance=balance)
        await tx.execute(
            "INSERT INTO ledger (user_id, kind, amount, grant_key, granted_by, note, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (user_id, kind, amount, grant_key, granted_by, note, self._now()),
        )
        return Granted(amount, balance + amount, language, new=True)


async def see_user(tx: aiosqlite.Connection, user_id: int, language: str, now: float) -> None:
    """Make sure that the person has a row, and that it has the language they speak now."""
    await tx.execute(
        "INSERT INTO users (user_id, language, created_at) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET language = excluded.language"
        " WHERE language <> excluded.language",
        (user_id, language, now),
    )


async def balance_in(tx: aiosqlite.Connection, user_id: int) -> int:
    """The balance as this transaction sees it: the only one to decide by."""
    row = await fetch_one(tx, "SELECT balance FROM users WHERE user_id = ?", (user_id,))
    return int(row["balance"]) if row else 0


async def charge(
    tx: aiosqlite.Connection, user_id: int, images: Iterable[tuple[int, int]], now: float
) -> None:
    """Book one charge for each (image_id, cost). The caller has seen that the balance allows it."""
    await tx.executemany(
        "INSERT INTO ledger (user_id, kind, amount, image_id, created_at)"
        " VALUES (?, 'charge', ?, ?, ?)",
        [(user_id, -cost, image_id, now) for image_id, cost in images],
    )


async def refund(
    tx: aiosqlite.Connection, user_id: int, image_id: int, cost: int, now: float
) -> None:
    """Give an image's tokens back, in the transaction that ends the image without a picture."""
    await tx.execute(
        "INSERT INTO ledger (user_id, kind, amount, image_id, created_at)"
        " VALUES (?, 'refund', ?, ?, ?)",
        (user_id, cost, image_id, now),
    )
