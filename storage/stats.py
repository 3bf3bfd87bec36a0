"""Statistics of the last days, read from daily counters that triggers keep (migrations 0005,
0028, 0030).

Days are UTC; the last one is today. A year of a million items is a few thousand rows of these
tables, and one for each person and day they asked for a picture.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database

DAY_S = 86_400
LAST_ITEMS = 1_000

# The ledger's kinds, by what the numbers call them.
SOLD = ("purchase", "payment_refund", "payment_refund_undo")
USED = ("charge", "refund")
GRANTED = ("grant",)
FREE = ("welcome", "daily", "promo", "referral", "referral_undo")


@dataclass(frozen=True, slots=True)
class Day:
    """One day: pictures delivered, items failed, people who asked; Stars and tokens that moved."""

    day: int  # since 1970
    delivered: int
    failed: int
    people: int
    stars_in: int
    stars_back: int
    tokens: Mapping[str, int]  # as those of `Numbers`

    @property
    def tokens_sold(self) -> int:
        """Tokens paid for, without those that were taken back."""
        return _of(self.tokens, SOLD)

    @property
    def tokens_used(self) -> int:
        """Tokens that pictures took, without those that were given back."""
        return -_of(self.tokens, USED)

    @property
    def tokens_given(self) -> int:
        """Tokens that nobody paid for: given by admins, or for nothing by rule."""
        return _of(self.tokens, (*GRANTED, *FREE))


@dataclass(frozen=True, slots=True)
class OfModel:
    """One model: pictures delivered, and the tokens that they cost; items failed."""

    name: str
    delivered: int
    failed: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """What `days` days came to. Seconds are from the prompt to the picture in the chat."""

    days: int
    people: int  # who ever pressed /start
    new_people: int
    active_people: int  # who asked for a picture
    items: Mapping[str, int]  # by how they ended
    tokens: Mapping[str, int]  # by the ledger's kind; charges are below 0
    payments: int
    stars_in: int
    stars_back: int  # refunds, ours and others'
    credits: float  # that KIE told of
    credit_tokens: int  # what was paid for the items of those credits
    median_s: int | None
    p95_s: int | None
    by_day: Sequence[Day]
    by_model: Sequence[OfModel]  # what brought most first

    @property
    def delivered(self) -> int:
        """Pictures delivered."""
        return self.items.get("delivered", 0)

    @property
    def failed(self) -> int:
        """Items that failed, without those that people cancelled."""
        return self.items.get("failed", 0)

    @property
    def tokens_sold(self) -> int:
        """Tokens paid for, without those that were taken back."""
        return _of(self.tokens, SOLD)

    @property
    def tokens_granted(self) -> int:
        """Tokens that admins gave, without those that they took."""
        return _of(self.tokens, GRANTED)

    @property
    def tokens_free(self) -> int:
        """Tokens given for nothing by rule."""
        return _of(self.tokens, FREE)

    @property
    def tokens_used(self) -> int:
        """Tokens that pictures took, without those that were given back."""
        return -_of(self.tokens, USED)

    @property
    def success(self) -> float | None:
        """The share of items delivered, without those that people cancelled."""
        ended = self.delivered + self.failed
        return self.delivered / ended if ended else None


@dataclass(frozen=True, slots=True)
class Taken:
    """What an item of a model took at KIE of late, and what people paid for it, on average."""

    credits: float
    tokens: float


class Stats:
    """Reads the tables `daily_*`, and the last items."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, days: int) -> Numbers:
        """The numbers of today and the days before it, so many in all."""
        today = int(self._database.now() // DAY_S)
        first = today - days + 1
        median_s, p95_s = await self._percentiles(first)
        (taken,) = await self._database.fetch_all(
            "SELECT coalesce(sum(credits), 0) AS credits, coalesce(sum(tokens), 0) AS tokens"
            " FROM daily_credits WHERE day >= ?",
            (first,),
        )
        stars = await self._sums(
            "SELECT way, sum(amount) FROM daily_payments"
            " WHERE day >= ? AND gateway = 'stars' GROUP BY way",
            first,
        )
        return Numbers(
            days=days,
            people=await self._count("SELECT count(*) FROM users WHERE user_id > 0"),
            new_people=await self._count(
                "SELECT count(*) FROM users WHERE created_at >= ? AND user_id > 0", first * DAY_S
            ),
            active_people=await self._count(
                "SELECT count(DISTINCT user_id) FROM daily_people WHERE day >= ?", first
            ),
            items=await self._sums(
                "SELECT status, sum(items) FROM daily_items WHERE day >= ? GROUP BY status", first
            ),
            tokens=await self._sums(
                "SELECT kind, sum(amount) FROM daily_tokens WHERE day >= ? GROUP BY kind", first
            ),
            payments=await self._count(
                "SELECT coalesce(sum(payments), 0) FROM daily_payments"
                " WHERE day >= ? AND way = 'in'",
                first,
            ),
            stars_in=stars.get("in", 0),
            stars_back=stars.get("out", 0),
            credits=taken["credits"],
            credit_tokens=taken["tokens"],
            median_s=median_s,
            p95_s=p95_s,
            by_day=await self._by_day(first, today),
            by_model=await self._by_model(first),
        )

    async def taken(self) -> dict[str, Taken]:
        """Of each model, as far as it is among the last items."""
        rows = await self._database.fetch_all(
            "SELECT jobs.model, avg(items.credits) AS credits, avg(items.cost) AS tokens"
            " FROM items JOIN jobs USING (job_id) WHERE items.credits IS NOT NULL"
            " AND items.item_id > (SELECT max(item_id) FROM items) - ? GROUP BY jobs.model",
            (LAST_ITEMS,),
        )
        return {row["model"]: Taken(row["credits"], row["tokens"]) for row in rows}

    async def _percentiles(self, first: int) -> tuple[int | None, int | None]:
        """The shortest times within which half, and 95 of 100, of the pictures came."""
        row = await self._database.fetch_one(
            "WITH by_time AS (SELECT seconds, sum(items) AS items FROM daily_seconds"
            " WHERE day >= ? GROUP BY seconds),"
            " up_to AS (SELECT seconds, sum(items) OVER (ORDER BY seconds) AS items,"
            " sum(items) OVER () AS total FROM by_time)"
            " SELECT min(seconds) FILTER (WHERE items * 100 >= total * 50) AS median,"
            " min(seconds) FILTER (WHERE items * 100 >= total * 95) AS p95 FROM up_to",
            (first,),
        )
        return (row["median"], row["p95"]) if row else (None, None)

    async def _by_day(self, first: int, today: int) -> list[Day]:
        rows = await self._database.fetch_all(
            "SELECT day, sum(items) FILTER (WHERE status = 'delivered') AS delivered,"
            " sum(items) FILTER (WHERE status = 'failed') AS failed"
            " FROM daily_items WHERE day >= ? GROUP BY day",
            (first,),
        )
        items = {row["day"]: (row["delivered"] or 0, row["failed"] or 0) for row in rows}
        people = await self._sums(
            "SELECT day, count(*) FROM daily_people WHERE day >= ? GROUP BY day", first
        )
        rows = await self._database.fetch_all(
            "SELECT day, sum(amount) FILTER (WHERE way = 'in') AS came,"
            " sum(amount) FILTER (WHERE way = 'out') AS went FROM daily_payments"
            " WHERE day >= ? AND gateway = 'stars' GROUP BY day",
            (first,),
        )
        stars = {row["day"]: (row["came"] or 0, row["went"] or 0) for row in rows}
        tokens: defaultdict[int, dict[str, int]] = defaultdict(dict)
        for row in await self._database.fetch_all(
            "SELECT day, kind, amount FROM daily_tokens WHERE day >= ?", (first,)
        ):
            tokens[row["day"]][row["kind"]] = row["amount"]
        return [
            Day(
                day,
                *items.get(day, (0, 0)),
                people.get(day, 0),
                *stars.get(day, (0, 0)),
                tokens[day],
            )
            for day in range(first, today + 1)
        ]

    async def _by_model(self, first: int) -> list[OfModel]:
        rows = await self._database.fetch_all(
            "SELECT name, coalesce(sum(items) FILTER (WHERE status = 'delivered'), 0) AS delivered,"
            " coalesce(sum(items) FILTER (WHERE status = 'failed'), 0) AS failed,"
            " coalesce(sum(tokens) FILTER (WHERE status = 'delivered'), 0) AS tokens"
            " FROM daily_models JOIN models ON slug = model WHERE day >= ? GROUP BY model"
            " ORDER BY tokens DESC, model",
            (first,),
        )
        return [OfModel(**row) for row in rows]

    async def _count(self, sql: str, *params: int) -> int:
        row = await self._database.fetch_one(sql, params)
        return int(row[0]) if row else 0

    async def _sums(self, sql: str, *params: int) -> dict[Any, int]:
        return {row[0]: row[1] for row in await self._database.fetch_all(sql, params)}


def _of(tokens: Mapping[str, int], kinds: Iterable[str]) -> int:
    return sum(tokens.get(kind, 0) for kind in kinds)
