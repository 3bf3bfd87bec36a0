"""A request for a purchase's money: one at a time, told to the admins, answered in words."""

import pytest

from tests.unit.storage.till import ANNA, BORIS, Till


async def test_a_payment_is_found_by_its_id_and_by_the_end_of_it(till: Till) -> None:
    await till.person()
    first = (await till.bought(charge="stxAAAA-long-one-11112222==")).payment
    second = (await till.bought(charge="stxAAAA-long-one-33334444")).payment
    assert (first.short_id, second.short_id) == ("11112222", "33334444")
    assert await till.payments.meant(first.external_id) == [first]
    assert await till.payments.meant(second.short_id) == [second]
    assert await till.payments.meant("stxAAAA-") == [second, first]
    assert await till.payments.meant("99999999") == []


async def test_a_request_is_open_until_it_is_answered(till: Till) -> None:
    await till.person()
    payment = (await till.bought()).payment
    number = payment.payment_id
    assert not await till.requests.ask(number, BORIS)
    assert not await till.requests.ask(99, ANNA)
    assert await till.requests.ask(number, ANNA)
    assert await till.requests.open_of(ANNA) == {number}
    assert await till.requests.untold(5) == [payment]
    await till.requests.told(number)
    assert await till.requests.untold(5) == []
    assert not await till.requests.ask(number, ANNA)
    answer = till.act()
    assert await till.requests.answer(number, answer)
    assert not await till.requests.answer(number, answer)
    assert await till.requests.open_of(ANNA) == set()
    assert await till.requests.ask(number, ANNA), "once more, for it was answered"
    assert await till.requests.untold(5) == [payment]
    assert await till.requests.answer(number, till.act())


@pytest.mark.parametrize("state", ["pending", "done", "failed"])
async def test_what_is_on_its_way_back_is_not_asked_for(till: Till, state: str) -> None:
    await till.person()
    credited = await till.bought()
    begun = await till.refunds.begin(credited.payment.payment_id, till.act())
    if state == "done":
        await till.refunds.done(begun.refund.refund_id)
    if state == "failed":
        await till.refunds.failed(begun.refund.refund_id, "CHARGE_NOT_FOUND")
    assert await till.requests.ask(credited.payment.payment_id, ANNA) == (state == "failed")


async def test_of_who_was_forgotten_nobody_is_told(till: Till) -> None:
    await till.person()
    credited = await till.bought()
    assert await till.requests.ask(credited.payment.payment_id, ANNA)
    await till.forgetting.forget(ANNA)
    assert await till.requests.untold(5) == []
