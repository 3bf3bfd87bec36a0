"""Who is forgotten leaves sums that add up, and nothing that can be had twice."""

import sqlite3
from contextlib import closing

from storage.audit import broken_invariants
from storage.payments import Problem
from storage.promo_codes import PromoOutcome
from storage.pruning import Pruning
from tests.unit.storage.till import ANNA, BORIS, DAY_S, SMALL_TOKENS, Till


def dump(till: Till) -> str:
    """All that is in the database, as SQL."""
    with closing(sqlite3.connect(till.path)) as connection:
        return "\n".join(connection.iterdump())


async def test_payments_stay_without_the_person(till: Till) -> None:
    await till.person(ANNA, tokens=79)
    await till.referrals.attach(BORIS, ANNA, language="ru")
    credited = await till.bought(ANNA)
    await till.refund(await till.bought(ANNA, "charge-2"))
    await till.bought(BORIS, "charge-3")
    await till.promo_codes.make("ten", 100, 10, None, till.act())
    await till.promo_codes.use("ten", ANNA)
    await till.promo_codes.use("wrong", ANNA)
    order = await till.transfers.begin(ANNA, "small", language="ru", waiting=(ANNA, 15))
    await till.transfers.receipt(order.order_id, "receipt-of-hers", "photo")
    await till.transfers.begin(ANNA, "small", language="ru")
    await till.ledger.daily(ANNA, 5, below=10_000)
    assert await till.forgetting.forget(ANNA) == 0
    left = dump(till)
    assert str(ANNA) not in left
    assert "receipt-of-hers" not in left
    assert await till.transfers.open(5) == []
    till.clock.now += 30 * DAY_S
    assert await till.referrals.pay_due() == []
    kept = await till.payments.get(credited.payment.payment_id)
    assert kept is not None
    assert (kept.user_id < 0, kept.tokens, kept.external_id) == (True, SMALL_TOKENS, "charge-1")
    assert await till.payments.booked_stars() == (150, 50)
    assert await broken_invariants(till.database) == []


async def test_a_refund_on_its_way_still_arrives(till: Till) -> None:
    await till.person()
    credited = await till.bought()
    await till.refunds.begin(credited.payment.payment_id, till.act(), reason="тайна")
    await till.forgetting.forget(ANNA)
    assert "тайна" not in dump(till)
    ((refund, payment),) = await till.refunds.due(5)
    assert (refund.pay_to, payment.user_id < 0) == (ANNA, True)
    await till.refunds.done(refund.refund_id)
    assert str(ANNA) not in dump(till)
    assert await till.adds_up()


async def test_a_chargeback_of_who_was_forgotten_is_booked(till: Till) -> None:
    await till.person(ANNA)
    await till.referrals.attach(BORIS, ANNA, language="ru")
    await till.bought(BORIS)
    till.clock.now += 21 * DAY_S
    await till.referrals.pay_due()
    for user_id in (ANNA, BORIS):
        await till.forgetting.forget(user_id)
    booked = await till.refunds.made_elsewhere("stars", "charge-1")
    assert booked is not None
    assert (booked.refund.tokens_taken, booked.balance) == (SMALL_TOKENS, 0)
    assert booked.undone is not None
    assert await till.adds_up()


async def test_who_is_back_has_no_code_no_inviter_and_no_day_twice(till: Till) -> None:
    for user_id in (ANNA, BORIS):
        await till.person(user_id)
    await till.promo_codes.make("ten", 100, 10, None, till.act())
    await till.promo_codes.use("ten", ANNA)
    assert (await till.ledger.daily(ANNA, 20, below=1000)).new
    for _ in range(2):
        await till.forgetting.forget(ANNA)
        assert not await till.referrals.attach(ANNA, BORIS, language="ru")
        await till.person(ANNA)
        assert (await till.promo_codes.use("ten", ANNA)).outcome is PromoOutcome.HAD
        assert not (await till.ledger.daily(ANNA, 20, below=1000)).new
    till.clock.now += DAY_S
    assert (await till.ledger.daily(ANNA, 20, below=1000)).new
    assert await till.adds_up()


async def test_an_invoice_paid_after_that_is_kept(till: Till) -> None:
    await till.person()
    order = await till.order()
    await till.forgetting.forget(ANNA)
    credited = await till.pay(order)
    assert credited.payment.problem is Problem.OTHER_PERSON
    assert (credited.payment.user_id, credited.balance) == (ANNA, 0)
    assert await till.adds_up()


async def test_offers_that_nobody_paid_for_go_after_a_month(till: Till) -> None:
    await till.person()
    await till.bought()
    await till.pay(await till.order(), "charge-2", amount=1)  # kept
    unpaid = await till.order()
    awaiting = await till.transfers.begin(ANNA, "small", language="ru")
    till.clock.now += 31 * DAY_S
    young = await till.order()
    assert await Pruning(till.database).prune() == 3
    for order_id in (unpaid.order_id, awaiting.order_id):
        assert await till.orders.get(order_id) is None
    assert await till.orders.get(young.order_id) == young
    assert len(await till.rows("SELECT * FROM payment_orders")) == 3
    assert await till.adds_up()
