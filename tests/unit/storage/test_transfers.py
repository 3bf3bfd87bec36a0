"""A transfer by hand is confirmed once, and credits like any other payment."""

import asyncio

import pytest

from storage.errors import PackUnavailableError, UnknownPaymentError
from tests.unit.storage.till import ADMIN, ANNA, BORIS, DAY_S, SMALL_TOKENS, Till

HOUR_S = 3600.0


async def opened(till: Till, user_id: int = ANNA) -> str:
    """A transfer with its receipt; its order."""
    await till.person(user_id)
    order = await till.transfers.begin(user_id, "small", language="ru")
    assert await till.transfers.receipt(order.order_id, "receipt", "photo") is not None
    return order.order_id


async def test_a_receipt_is_awaited_for_the_last_order_and_a_while(till: Till) -> None:
    await till.person()
    await till.transfers.begin(ANNA, "small", language="ru")
    order = await till.transfers.begin(ANNA, "large", language="ru", waiting=(ANNA, 5))
    assert (order.tokens, order.amount, order.currency) == (5688, 0, "")
    assert await till.transfers.awaited(ANNA, HOUR_S) == order
    assert await till.transfers.awaited(BORIS, HOUR_S) is None
    till.clock.now += HOUR_S
    assert await till.transfers.awaited(ANNA, HOUR_S) is None
    await till.transfers.drop(ANNA)
    assert await till.transfers.receipt(order.order_id, "f", "photo") is None
    with pytest.raises(PackUnavailableError):
        await till.transfers.begin(ANNA, "none", language="ru")


async def test_a_receipt_opens_it_once(till: Till) -> None:
    await till.person()
    order = await till.transfers.begin(ANNA, "small", language="ru")
    transfer = await till.transfers.receipt(order.order_id, "f", "document")
    assert transfer is not None
    assert (transfer.order, transfer.state) == (order, "open")
    assert (transfer.file_id, transfer.sent_as) == ("f", "document")
    assert await till.transfers.receipt(order.order_id, "g", "photo") is None
    assert await till.transfers.awaited(ANNA, HOUR_S) is None
    assert await till.transfers.open(5) == [transfer]


async def test_it_is_confirmed_once_whoever_presses(till: Till) -> None:
    order_id = await opened(till)
    decided = await asyncio.gather(
        *(till.transfers.confirm(order_id, till.act()) for _ in range(5)),
        till.transfers.refuse(order_id, till.act()),
    )
    assert sum(each.new for each in decided) == 1
    assert {each.transfer.state for each in decided} == {"confirmed"}
    credited = decided[0].credited
    assert credited is not None
    assert (credited.new, credited.balance) == (True, SMALL_TOKENS)
    assert credited.payment.gateway == "manual"
    (row,) = await till.rows("SELECT credited_by FROM payments")
    assert row["credited_by"] == ADMIN
    assert await till.transfers.open(5) == []
    assert await till.payments.booked_stars() == (0, 0)
    (entry,) = await till.rows("SELECT * FROM journal WHERE action = 'transfer'")
    assert (entry["subject"], entry["before"], entry["after"]) == (
        str(ANNA),
        order_id,
        "confirmed",
    )
    assert await till.adds_up()


async def test_a_refused_one_credits_nothing_even_later(till: Till) -> None:
    order_id = await opened(till)
    assert (await till.transfers.refuse(order_id, till.act())).new
    late = await till.transfers.confirm(order_id, till.act())
    assert (late.new, late.credited, late.transfer.state) == (False, None, "refused")
    assert await till.ledger.balance(ANNA) == 0
    assert await till.adds_up()


async def test_without_a_receipt_there_is_nothing_to_confirm(till: Till) -> None:
    await till.person()
    order = await till.transfers.begin(ANNA, "small", language="ru")
    for order_id in (order.order_id, "none"):
        with pytest.raises(UnknownPaymentError):
            await till.transfers.confirm(order_id, till.act())
    assert await till.transfers.awaited(ANNA, HOUR_S) == order


async def test_the_admins_are_reminded_once_a_day(till: Till) -> None:
    order_id = await opened(till)
    assert await till.transfers.to_remind_of(DAY_S) == []
    till.clock.now += DAY_S
    (transfer,) = await till.transfers.to_remind_of(DAY_S)
    assert transfer.order.order_id == order_id
    assert await till.transfers.to_remind_of(DAY_S) == []
    till.clock.now += DAY_S
    assert len(await till.transfers.to_remind_of(DAY_S)) == 1
    await till.transfers.confirm(order_id, till.act())
    till.clock.now += DAY_S
    assert await till.transfers.to_remind_of(DAY_S) == []


async def test_money_that_came_by_hand_goes_back_by_hand(till: Till) -> None:
    decided = await till.transfers.confirm(await opened(till), till.act())
    assert decided.credited is not None
    begun = await till.refunds.begin(decided.credited.payment.payment_id, till.act())
    assert (begun.refund.state, begun.balance) == ("done", 0)
    assert await till.refunds.due(5) == []
    assert await till.adds_up()
