"""Promo codes: tokens for a word, once a person and so many times in all."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from storage.database import Database, fetch_one
from storage.errors import CodeTakenError, UnknownCodeError, UnknownUserError
from storage.journal import Act, Entry, record, recorded
from storage.ledger import DAY_S, balance_in, book

WRONG_A_DAY = 5  # then no code is tried any more on this day (UTC)
PROMO, PROMO_ENABLED = "promo", "promo enabled"  # the journal's words


@dataclass(frozen=True, slots=True)
class PromoCode:
    """A code, in capitals. Times are Unix seconds."""

    code: str
    tokens: int
    max_uses: int | None
    used: int
    ends_at: float | None
    enabled: bool
    made_at: float


class PromoOutcome(StrEnum):
    """What became of a code that was tried."""

    GIVEN = "given"
    HAD = "had"  # this person has used it
    WRONG = "wrong"  # there is none, or it is used up, over or switched off
    TOO_MANY = "too_many"  # wrong ones today: this one was not looked at


@dataclass(frozen=True, slots=True)
class PromoUse:
    """A code that was tried, with the balance now."""

    outcome: PromoOutcome
    tokens: int
    balance: int


class PromoCodes:
    """The tables `promo_codes`, `promo_uses` and `promo_tries`.

    `left_mark` is what stands in a use for somebody who was forgotten since.
    """

    def __init__(self, database: Database, left_mark: Callable[[int], str]) -> None:
        self._database = database
        self._left_mark = left_mark

    async def make(
        self, code: str, tokens: int, max_uses: int | None, ends_at: float | None, act: Act
    ) -> Entry:
        """Make a code, once for each act; `max_uses` None: any number, `ends_at` None: never.

        Raises:
            CodeTakenError: there is one of that name, in whatever case.
        """
        code = folded(code)

        def work(tx: sqlite3.Connection) -> Entry:
            if done := recorded(tx, act):
                return done
            now = self._database.now()
            cursor = tx.execute(
                "INSERT INTO promo_codes (code, tokens, max_uses, ends_at, made_at)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (code, tokens, max_uses, ends_at, now),
            )
            if cursor.rowcount == 0:
                raise CodeTakenError(code)
            return record(tx, act, PROMO, subject=code, before="", after=str(tokens), now=now)

        return await self._database.write(work)

    async def set_enabled(self, code: str, act: Act, *, enabled: bool) -> Entry:
        """Switch a code on or off, once for each act.

        Raises:
            UnknownCodeError: there is no such code.
        """
        code = folded(code)

        def work(tx: sqlite3.Connection) -> Entry:
            if done := recorded(tx, act):
                return done
            row = fetch_one(tx, "SELECT enabled FROM promo_codes WHERE code = ?", (code,))
            if row is None:
                raise UnknownCodeError(code)
            tx.execute("UPDATE promo_codes SET enabled = ? WHERE code = ?", (enabled, code))
            return record(
                tx,
                act,
                PROMO_ENABLED,
                subject=code,
                before=str(row["enabled"]),
                after=str(int(enabled)),
                now=self._database.now(),
            )

        return await self._database.write(work)

    async def last(self, limit: int, offset: int = 0) -> Sequence[PromoCode]:
        """Codes, the latest first."""
        rows = await self._database.fetch_all(
            "SELECT * FROM promo_codes ORDER BY rowid DESC LIMIT ? OFFSET ?", (limit, offset)
        )
        return [_code(row) for row in rows]

    async def count(self) -> int:
        """How many codes there are."""
        row = await self._database.fetch_one("SELECT count(*) AS n FROM promo_codes")
        return int(row["n"]) if row else 0

    async def get(self, code: str) -> PromoCode | None:
        """The code of that name, in any case."""
        row = await self._database.fetch_one(
            "SELECT * FROM promo_codes WHERE code = ?", (folded(code),)
        )
        return _code(row) if row else None

    async def use(self, code: str, user_id: int) -> PromoUse:
        """Try a code, in any case, for somebody who has a row.

        Raises:
            UnknownUserError: the person has never talked to the bot.
        """
        code, mark = folded(code), self._left_mark(user_id)
        day = int(self._database.now() // DAY_S)

        def work(tx: sqlite3.Connection) -> PromoUse:
            if fetch_one(tx, "SELECT 1 FROM users WHERE user_id = ?", (user_id,)) is None:
                raise UnknownUserError(f"user {user_id}")
            outcome, tokens = self._try(tx, code, user_id, mark, day)
            return PromoUse(outcome, tokens, balance_in(tx, user_id))

        return await self._database.write(work)

    def _try(
        self, tx: sqlite3.Connection, code: str, user_id: int, mark: str, day: int
    ) -> tuple[PromoOutcome, int]:
        if fetch_one(
            tx,
            "SELECT 1 FROM promo_tries WHERE user_id = ? AND day = ? AND wrong >= ?",
            (user_id, day, WRONG_A_DAY),
        ):
            return PromoOutcome.TOO_MANY, 0
        if fetch_one(
            tx,
            "SELECT 1 FROM promo_uses WHERE code = ?1 AND user_id = ?2"
            " UNION ALL SELECT 1 FROM promo_uses WHERE code = ?1 AND mark = ?3",
            (code, user_id, mark),
        ):
            return PromoOutcome.HAD, 0
        now = self._database.now()
        row = fetch_one(
            tx,
            "UPDATE promo_codes SET used = used + 1 WHERE code = ? AND enabled"
            " AND (max_uses IS NULL OR used < max_uses) AND (ends_at IS NULL OR ends_at > ?)"
            " RETURNING tokens",
            (code, now),
        )
        if row is None:
            tx.execute(
                "INSERT INTO promo_tries (user_id, day, wrong) VALUES (?1, ?2, 1) ON CONFLICT"
                " DO UPDATE SET wrong = iif(day = ?2, wrong + 1, 1), day = ?2",
                (user_id, day),
            )
            return PromoOutcome.WRONG, 0
        cursor = tx.execute(
            "INSERT INTO promo_uses (code, user_id, used_at) VALUES (?, ?, ?)",
            (code, user_id, now),
        )
        book(tx, user_id, "promo", row["tokens"], f"promo:{cursor.lastrowid}", now)
        return PromoOutcome.GIVEN, row["tokens"]


def _code(row: sqlite3.Row) -> PromoCode:
    return PromoCode(**{**dict(row), "enabled": bool(row["enabled"])})


def folded(code: str) -> str:
    """A code as it is kept: upper and lower case are alike."""
    return code.strip().upper()
