"""Money goes back once, with the tokens that it bought."""

import asyncio

import pytest

from storage.adoption import adopt
from storage.errors import (
    ForeignPaymentError,
    InsufficientTokensError,
    StorageError,
    UnknownPaymentError,
    UnknownUserError,
)
from tests.unit.storage.shop import NOW
from tests.unit.storage.till import ADMIN, ANNA, BORIS, BOT, SMALL_TOKENS, Till


async def test_tokens_are_taken_with_the_row_that_has_the_money_sent(till: Till) -> None:
    await till.person(tokens=10)
    credited = await till.bought()
    begun = await till.refunds.begin(credited.payment.payment_id, till.act(), reason="дважды")
    assert begun.new
    assert (begun.balance, begun.language) == (10, "ru")
    ((refund, payment),) = await till.refunds.due(10)
    assert refund == begun.refund
    assert (refund.state, refund.pay_to, refund.asked_by) == ("pending", ANNA, ADMIN)
    assert (refund.tokens_taken, refund.tokens_short, refund.reason) == (395, 0, "дважды")
    assert (payment.external_id, payment.refund, payment.refunded_at) == (
        "charge-1",
        "pending",
        None,
    )
    assert await till.adds_up()
    done = await till.refunds.done(refund.refund_id)
    assert done.new
    assert (done.refund.state, done.refund.pay_to) == ("done", None)
    assert (done.payment.refund, done.payment.refunded_at) == ("done", NOW)
    assert not (await till.refunds.done(refund.refund_id)).new
    assert not (await till.refunds.failed(refund.refund_id, "late")).new
    assert await till.refunds.due(10) == []
    assert await till.entries() == [("purchase", 395), ("payment_refund", -395)]
    assert await till.adds_up()


async def test_a_payment_is_refunded_once_however_often_it_is_asked_for(till: Till) -> None:
    await till.person(tokens=1000)
    credited = await till.bought()
    number = credited.payment.payment_id
    begun = await asyncio.gather(*(till.refunds.begin(number, till.act()) for _ in range(5)))
    assert sum(each.new for each in begun) == 1
    assert {each.refund.refund_id for each in begun} == {begun[0].refund.refund_id}
    await till.refunds.done(begun[0].refund.refund_id)
    assert not (await till.refunds.begin(number, till.act())).new
    assert await till.ledger.balance(ANNA) == 1000
    assert await till.adds_up()


async def test_spent_tokens_need_the_admin_s_yes_and_the_balance_ends_at_nothing(
    till: Till,
) -> None:
    await till.person()
    credited = await till.bought()
    await till.spend(ANNA, 300)
    number, act = credited.payment.payment_id, till.act()
    with pytest.raises(InsufficientTokensError) as caught:
        await till.refunds.begin(number, act)
    assert (caught.value.needed, caught.value.balance) == (SMALL_TOKENS, 95)
    assert await till.refunds.due(10) == []
    begun = await till.refunds.begin(number, act, force=True)
    assert (begun.refund.tokens_taken, begun.refund.tokens_short, begun.balance) == (95, 300, 0)
    assert await till.adds_up()
    await till.refunds.done(begun.refund.refund_id)
    assert (await till.bought(charge="charge-2")).balance == SMALL_TOKENS  # no debt
    assert await till.adds_up()


async def test_with_nothing_left_there_is_nothing_to_take(till: Till) -> None:
    await till.person()
    credited = await till.bought()
    await till.spend(ANNA, SMALL_TOKENS)
    done = await till.refund(credited, force=True)
    assert (done.refund.tokens_taken, done.refund.tokens_short) == (0, SMALL_TOKENS)
    assert await till.entries() == [("purchase", SMALL_TOKENS)]
    assert await till.adds_up()


async def test_what_was_kept_can_be_given_back_too(till: Till) -> None:
    await till.person()
    credited = await till.pay(await till.order(), user_id=BORIS)
    begun = await till.refunds.begin(credited.payment.payment_id, till.act())
    assert (begun.refund.pay_to, begun.refund.tokens_taken) == (BORIS, 0)
    await till.refunds.done(begun.refund.refund_id)
    assert await till.payments.kept(5) == []
    assert await till.adds_up()


async def test_a_lost_answer_is_asked_for_again_after_a_pause(till: Till) -> None:
    await till.person()
    credited = await till.bought()
    begun = await till.refunds.begin(credited.payment.payment_id, till.act())
    assert await till.refunds.due_in_s() == 0
    await till.refunds.again(begun.refund.refund_id, 60, "timeout")
    assert await till.refunds.due(10) == []
    assert await till.refunds.due_in_s() == 60
    till.clock.now += 60
    ((refund, _),) = await till.refunds.due(10)
    assert (refund.attempts, refund.error) == (1, "timeout")
    await till.refunds.done(refund.refund_id)
    await till.refunds.again(refund.refund_id, 60, "late")
    assert await till.refunds.due_in_s() is None


async def test_a_clock_put_back_holds_no_refund_up(till: Till) -> None:
    await till.person()
    credited = await till.bought()
    await till.refunds.begin(credited.payment.payment_id, till.act())
    till.clock.now -= 10 * 86_400
    assert len(await till.refunds.due(10)) == 1


async def test_a_refund_that_failed_gives_the_tokens_again_and_can_be_tried_anew(
    till: Till,
) -> None:
    await till.person()
    credited = await till.bought()
    number, act = credited.payment.payment_id, till.act()
    begun = await till.refunds.begin(number, act)
    failed = await till.refunds.failed(begun.refund.refund_id, "CHARGE_NOT_FOUND")
    assert failed.new
    assert (failed.refund.state, failed.balance) == ("failed", SMALL_TOKENS)
    assert failed.payment.refund is None
    assert not (await till.refunds.failed(begun.refund.refund_id, "again")).new
    assert not (await till.refunds.begin(number, act)).new  # the same message, told again
    assert await till.ledger.balance(ANNA) == SMALL_TOKENS
    assert await till.adds_up()
    anew = await till.refunds.begin(number, till.act())
    assert anew.new
    await till.refunds.done(anew.refund.refund_id)
    assert await till.entries() == [
        ("purchase", 395),
        ("payment_refund", -395),
        ("payment_refund_undo", 395),
        ("payment_refund", -395),
    ]
    assert await till.adds_up()


async def test_a_refund_made_elsewhere_is_booked_once(till: Till) -> None:
    await till.person()
    assert await till.refunds.made_elsewhere("stars", "charge-1") is None
    await till.bought()
    await till.spend(ANNA, 300)
    booked = await till.refunds.made_elsewhere("stars", "charge-1")
    assert booked is not None
    assert booked.new
    assert (booked.refund.state, booked.refund.asked_by) == ("done", None)
    assert (booked.refund.tokens_taken, booked.refund.tokens_short) == (95, 300)
    again = await till.refunds.made_elsewhere("stars", "charge-1")
    assert again is not None
    assert not again.new
    assert await till.refunds.due(10) == []
    assert await till.adds_up()


async def test_our_own_refund_that_telegram_tells_of_is_done(till: Till) -> None:
    await till.person()
    credited = await till.bought()
    begun = await till.refunds.begin(credited.payment.payment_id, till.act())
    told = await till.refunds.made_elsewhere("stars", "charge-1")
    assert told is not None
    assert told.new
    assert told.refund.refund_id == begun.refund.refund_id
    assert told.refund.asked_by == ADMIN
    assert await till.entries() == [("purchase", 395), ("payment_refund", -395)]
    assert not (await till.refunds.done(begun.refund.refund_id)).new
    assert await till.adds_up()


async def test_what_cannot_be_given_back_is_refused_in_time(till: Till) -> None:
    with pytest.raises(UnknownPaymentError):
        await till.refunds.begin(99, till.act())
    with pytest.raises(UnknownPaymentError):
        await till.refunds.done(99)
    await till.person()
    credited = await till.bought()
    till.database.bot_id += 1
    with pytest.raises(ForeignPaymentError):
        await till.refunds.begin(credited.payment.payment_id, till.act())
    till.database.bot_id -= 1
    await till.forgetting.forget(ANNA)
    with pytest.raises(UnknownUserError):
        await till.refunds.begin(credited.payment.payment_id, till.act())
    assert await till.adds_up()


async def test_an_ended_refund_stays_ended(till: Till) -> None:
    await till.person()
    await till.refund(await till.bought())
    for state in ("pending", "failed"):
        with pytest.raises(StorageError, match="stays ended"):
            await till.database.execute(
                "UPDATE payment_refunds SET state = ?, ended_at = iif(?1 = 'pending', NULL, 1),"
                " next_attempt_at = iif(?1 = 'pending', 1, NULL)",
                (state,),
            )


async def test_who_adopts_gives_no_stars_back_that_the_other_bot_has(till: Till) -> None:
    await till.person()
    credited = await till.bought()
    begun = await till.refunds.begin(credited.payment.payment_id, till.act())
    await till.database.write(lambda tx: adopt(BOT + 1, NOW, tx))
    till.database.bot_id = BOT + 1
    assert await till.refunds.due(10) == []
    failed = await till.refunds.failed(begun.refund.refund_id, "?")
    assert (failed.new, failed.refund.state, failed.balance) == (False, "failed", SMALL_TOKENS)
    assert await till.adds_up()
