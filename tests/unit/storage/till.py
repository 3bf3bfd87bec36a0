"""A till over a new database: what sells tokens, and short ways to buy some."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storage.audit import broken_invariants
from storage.database import Database
from storage.forgetting import Forgetting, welcome_mark
from storage.journal import Act
from storage.ledger import Ledger
from storage.packs import Packs
from storage.payment_orders import STARS, XTR, PaymentOrder, PaymentOrders
from storage.payment_refunds import PaymentRefunds, Refunded
from storage.payments import Credited, Payments
from storage.promo_codes import PromoCodes
from storage.referrals import Referrals, ReferralTerms
from storage.refund_requests import RefundRequests
from storage.stats import Stats
from storage.store import NO_BUCKETS
from storage.transfers import Transfers
from tests.unit.storage.shop import NOW

BOT, ANNA, BORIS, ADMIN = 123456, 777000111, 777000222, 9
SMALL_STARS, SMALL_TOKENS = 50, 395  # the pack that the migration brings
DAY_S = 86_400.0


@dataclass
class Clock:
    """Time that stands until a test moves it."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Till:
    """The parts that move money, over one database."""

    path: Path
    database: Database
    clock: Clock
    ledger: Ledger
    packs: Packs
    orders: PaymentOrders
    payments: Payments
    refunds: PaymentRefunds
    promo_codes: PromoCodes
    referrals: Referrals
    requests: RefundRequests
    transfers: Transfers
    forgetting: Forgetting
    stats: Stats
    acts: int = field(default=0)

    def act(self) -> Act:
        """An admin's new message."""
        self.acts += 1
        return Act(f"{ADMIN}:{self.acts}", ADMIN)

    async def person(self, user_id: int = ANNA, tokens: int = 0) -> int:
        """Somebody with so many tokens."""
        await self.ledger.welcome(user_id, tokens, language="ru")
        return user_id

    async def order(self, user_id: int = ANNA, pack: str = "small") -> PaymentOrder:
        """A new offer to them."""
        return await self.orders.make(user_id, pack, language="ru")

    async def pay(self, order: PaymentOrder, charge: str = "charge-1", **changes: Any) -> Credited:
        """A payment of the order by its person, or with something else about it."""
        values: dict[str, Any] = {
            "order_id": order.order_id,
            "user_id": order.user_id,
            "amount": order.amount,
            "currency": XTR,
            **changes,
        }
        return await self.payments.credit(STARS, charge, **values)

    async def bought(self, user_id: int = ANNA, charge: str = "charge-1") -> Credited:
        """A small pack of theirs."""
        return await self.pay(await self.order(user_id), charge)

    async def refund(self, credited: Credited, *, force: bool = False) -> Refunded:
        """A refund of it that the gateway has done."""
        begun = await self.refunds.begin(credited.payment.payment_id, self.act(), force=force)
        return await self.refunds.done(begun.refund.refund_id)

    async def spend(self, user_id: int, tokens: int) -> None:
        """They have so many fewer."""
        key = f"spent:{self.act().key}"
        await self.ledger.grant(user_id, -tokens, grant_key=key, granted_by=ADMIN)

    async def rows(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        """What is committed."""
        return [dict(row) for row in await self.database.fetch_all(sql, params)]

    async def entries(self, user_id: int = ANNA) -> list[tuple[str, int]]:
        """Their ledger but for the welcome and what they spent: kinds and amounts."""
        rows = await self.rows(
            "SELECT kind, amount FROM ledger WHERE user_id = ? AND kind NOT IN"
            " ('welcome', 'grant') ORDER BY entry_id",
            user_id,
        )
        return [(row["kind"], row["amount"]) for row in rows]

    async def adds_up(self) -> bool:
        """Whether no invariant is broken."""
        return await broken_invariants(self.database) == []


@asynccontextmanager
async def open_till(
    path: Path, terms: ReferralTerms | None = None, bot_id: int = BOT
) -> AsyncIterator[Till]:
    """A till over the file."""
    clock, mark = Clock(), welcome_mark("secret")
    async with Database.open(path, bot_id, clock=clock) as database:
        payments = Payments(database, terms or ReferralTerms())
        yield Till(
            path,
            database,
            clock,
            Ledger(database, welcome_mark=mark),
            Packs(database),
            PaymentOrders(database),
            payments,
            PaymentRefunds(database),
            PromoCodes(database, mark),
            Referrals(database, mark),
            RefundRequests(database),
            Transfers(database, payments),
            Forgetting(database, buckets=NO_BUCKETS, welcome_mark=mark),
            Stats(database),
        )
