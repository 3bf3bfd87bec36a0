"""Who brought somebody gets a share of what they buy, once it can hardly go back."""

from pathlib import Path

import pytest

from storage.referrals import Invited, ReferralTerms, Reward
from tests.unit.storage.till import ANNA, BORIS, DAY_S, SMALL_TOKENS, Till, open_till

SHARE = SMALL_TOKENS // 10
HOLD_S = 21 * DAY_S


@pytest.fixture
async def boris(till: Till) -> int:
    """Whom Anna brought."""
    await till.person(ANNA)
    assert await till.referrals.attach(BORIS, ANNA, language="ru")
    await till.person(BORIS)
    return BORIS


async def test_the_inviter_is_noted_at_the_first_contact_ever(till: Till) -> None:
    await till.person(ANNA, tokens=79)
    assert await till.referrals.attach(BORIS, ANNA, language="en")
    assert (await till.ledger.welcome(BORIS, 79, language="en")).new
    carol = await till.person(3)
    for user_id, inviter_id in (
        (BORIS, carol),  # has one
        (carol, ANNA),  # was here
        (ANNA, ANNA),
        (4, 4),
        (4, 99),  # is nobody
        (4, -1),
    ):
        assert not await till.referrals.attach(user_id, inviter_id, language="ru")
    assert await till.referrals.invited(ANNA) == Invited(1, 0, 0)
    assert await till.entries(ANNA) == []  # nothing for joining


async def test_a_share_is_promised_held_and_paid(till: Till, boris: int) -> None:
    credited = await till.bought(boris)
    assert credited.reward == Reward(ANNA, SHARE, 0, "ru")
    assert await till.referrals.invited(ANNA) == Invited(1, SHARE, 0)
    till.clock.now += HOLD_S - 1
    assert await till.referrals.pay_due() == []
    till.clock.now += 1
    assert await till.referrals.pay_due() == [Reward(ANNA, SHARE, SHARE, "ru")]
    assert await till.referrals.pay_due() == []
    assert await till.referrals.invited(ANNA) == Invited(1, 0, SHARE)
    assert await till.entries(ANNA) == [("referral", SHARE)]
    assert await till.adds_up()


async def test_who_was_brought_by_nobody_earns_nobody_anything(till: Till, boris: int) -> None:
    await till.referrals.attach(3, boris, language="ru")
    assert (await till.bought(ANNA)).reward is None
    # What an inviter of an inviter earns: nothing.
    credited = await till.bought(3, "charge-2")
    assert credited.reward is not None
    assert credited.reward.inviter_id == boris


async def test_a_refund_before_it_was_paid_undoes_the_reward(till: Till, boris: int) -> None:
    credited = await till.bought(boris)
    begun = await till.refunds.begin(credited.payment.payment_id, till.act())
    till.clock.now += HOLD_S
    assert await till.referrals.pay_due() == []  # it waits for the refund
    done = await till.refunds.done(begun.refund.refund_id)
    assert done.undone == Reward(ANNA, SHARE, 0, "ru", taken=0)
    assert await till.referrals.pay_due() == []
    assert await till.entries(ANNA) == []
    assert await till.adds_up()


async def test_a_refund_that_failed_leaves_the_reward(till: Till, boris: int) -> None:
    credited = await till.bought(boris)
    begun = await till.refunds.begin(credited.payment.payment_id, till.act())
    await till.refunds.failed(begun.refund.refund_id, "?")
    till.clock.now += HOLD_S
    assert len(await till.referrals.pay_due()) == 1
    assert await till.adds_up()


@pytest.mark.parametrize(("left", "taken"), [(SHARE, SHARE), (5, 5), (0, 0)])
async def test_a_refund_after_it_was_paid_takes_back_what_is_left(
    till: Till, boris: int, left: int, taken: int
) -> None:
    credited = await till.bought(boris)
    till.clock.now += HOLD_S
    await till.referrals.pay_due()
    if left < SHARE:
        await till.spend(ANNA, SHARE - left)
    undone = await till.refunds.made_elsewhere("stars", credited.payment.external_id)
    assert undone is not None
    assert undone.undone == Reward(ANNA, SHARE, 0, "ru", taken=taken)
    again = await till.refunds.made_elsewhere("stars", credited.payment.external_id)
    assert again is not None
    assert again.undone is None
    assert await till.ledger.balance(ANNA) == 0
    assert await till.referrals.invited(ANNA) == Invited(1, 0, 0)
    assert await till.adds_up()


async def test_in_a_month_no_more_is_earned_than_the_cap(tmp_path: Path) -> None:
    terms = ReferralTerms(percent=10, hold_s=0, month_cap=SHARE + 5)
    async with open_till(tmp_path / "bot.db", terms) as till:
        await till.person(ANNA)
        await till.referrals.attach(BORIS, ANNA, language="ru")
        promised = [(await till.bought(BORIS, f"charge-{n}")).reward for n in range(3)]
        assert [each and each.tokens for each in promised] == [SHARE, 5, None]
        till.clock.now += 31 * DAY_S
        credited = await till.bought(BORIS, "charge-3")
        assert credited.reward is not None
        assert credited.reward.tokens == SHARE
        await till.refund(credited)  # what is undone does not count
        assert (await till.bought(BORIS, "charge-4")).reward is not None
        await till.referrals.pay_due()
        assert await till.adds_up()


async def test_without_a_share_there_are_no_rewards(tmp_path: Path) -> None:
    async with open_till(tmp_path / "bot.db", ReferralTerms(percent=0)) as till:
        await till.person(ANNA)
        await till.referrals.attach(BORIS, ANNA, language="ru")
        assert (await till.bought(BORIS)).reward is None
