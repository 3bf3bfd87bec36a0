"""Whatever is bought, refunded, given and forgotten, in any order: the till adds up after each."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from storage.audit import broken_invariants
from storage.errors import InsufficientTokensError, UnknownUserError
from storage.referrals import ReferralTerms
from tests.unit.storage.till import DAY_S, Till, open_till

STEPS = 150
PEOPLE = range(1, 6)


class Walk:
    """Steps that are taken by chance, and what Telegram would have of them in the end."""

    def __init__(self, till: Till, chance: random.Random) -> None:
        self.till = till
        self.chance = chance
        self.charges: dict[str, int] = {}  # Stars
        self.gone_back: set[str] = set()
        self.orders: list[tuple[str, int, int]] = []
        self.steps: list[Callable[[], Awaitable[object]]] = [
            self.arrive,
            self.order,
            self.pay,
            self.pay,
            self.replay,
            self.spend,
            self.begin_refund,
            self.answer_refunds,
            self.charge_back,
            self.code,
            self.day,
            self.transfer,
            self.forget,
            self.wait,
        ]

    def person(self) -> int:
        return self.chance.choice(PEOPLE)

    async def arrive(self) -> None:
        user_id = self.person()
        await self.till.referrals.attach(user_id, self.person(), language="ru")
        await self.till.ledger.welcome(user_id, 79, language="ru")

    async def order(self) -> None:
        user_id = self.person()
        await self.till.person(user_id)
        pack = self.chance.choice(["small", "medium", "large"])
        order = await self.till.order(user_id, pack)
        self.orders.append((order.order_id, user_id, order.amount))

    async def pay(self) -> None:
        if self.orders:
            order_id, user_id, amount = self.chance.choice(self.orders)
            user_id = self.chance.choice([user_id] * 5 + [self.person()])
            amount += self.chance.choice([0] * 5 + [1])
            charge = f"charge-{len(self.charges)}"
            self.charges[charge] = amount
            await self.till.payments.credit(
                "stars", charge, order_id=order_id, user_id=user_id, amount=amount, currency="XTR"
            )

    async def replay(self) -> None:
        if self.charges:
            charge = self.chance.choice([*self.charges])
            credited = await self.till.payments.credit(
                "stars", charge, order_id="?", user_id=1, amount=1, currency="XTR"
            )
            assert not credited.new

    async def spend(self) -> None:
        user_id = self.person()
        if balance := await self.till.ledger.balance(user_id):
            await self.till.spend(user_id, self.chance.randint(1, balance))

    async def begin_refund(self) -> None:
        if self.charges:
            charge = self.chance.choice([*self.charges])
            payment = await self.till.payments.find("stars", charge)
            assert payment is not None
            force = self.chance.random() < 0.5
            try:
                await self.till.refunds.begin(payment.payment_id, self.till.act(), force=force)
            except InsufficientTokensError:
                assert not force
            except UnknownUserError:
                assert payment.user_id < 0

    async def answer_refunds(self) -> None:
        for refund, payment in await self.till.refunds.due(100):
            assert payment.external_id not in self.gone_back
            match self.chance.randint(0, 3):
                case 0:
                    await self.till.refunds.again(refund.refund_id, 60, "lost")
                case 1:
                    await self.till.refunds.failed(refund.refund_id, "no")
                case _:
                    assert refund.pay_to in PEOPLE
                    self.gone_back.add(payment.external_id)
                    if self.chance.random() < 0.7:  # else the answer is lost for good
                        await self.till.refunds.done(refund.refund_id)
                    else:
                        await self.till.refunds.made_elsewhere("stars", payment.external_id)

    async def charge_back(self) -> None:
        if self.charges:
            charge = self.chance.choice([*self.charges])
            booked = await self.till.refunds.made_elsewhere("stars", charge)
            assert booked is not None
            assert booked.new is (charge not in self.gone_back)
            self.gone_back.add(charge)

    async def code(self) -> None:
        if not await self.till.promo_codes.last(1):
            await self.till.promo_codes.make("ten", 100, 3, None, self.till.act())
        user_id = await self.till.person(self.person())
        await self.till.promo_codes.use(self.chance.choice(["TEN", "ten", "none"]), user_id)

    async def day(self) -> None:
        await self.till.ledger.daily(await self.till.person(self.person()), 20, below=79)

    async def transfer(self) -> None:
        user_id = await self.till.person(self.person())
        order = await self.till.transfers.begin(user_id, "small", language="ru")
        await self.till.transfers.receipt(order.order_id, "f", "photo")
        decide = self.chance.choice([self.till.transfers.confirm, self.till.transfers.refuse])
        for _ in range(self.chance.randint(0, 2)):
            await decide(order.order_id, self.till.act())

    async def forget(self) -> None:
        if self.chance.random() < 0.3:
            await self.till.forgetting.forget(self.person())

    async def wait(self) -> None:
        self.till.clock.now += self.chance.choice([60, DAY_S, 20 * DAY_S])
        await self.till.referrals.pay_due()


@pytest.mark.parametrize("seed", range(6))
async def test_the_till_adds_up_after_every_step(tmp_path: Path, seed: int) -> None:
    async with open_till(tmp_path / "bot.db", ReferralTerms(month_cap=300)) as till:
        walk = Walk(till, random.Random(seed))
        for _ in range(STEPS):
            step = walk.chance.choice(walk.steps)
            await step()
            assert await broken_invariants(till.database) == [], step.__name__
        came, went = await till.payments.booked_stars()
        assert came == sum(walk.charges.values())
        assert went == sum(walk.charges[charge] for charge in walk.gone_back)
        assert len(walk.charges) > 5
