"""A promo code gives once a person, and never more often in all than it may."""

import asyncio

import pytest

from storage.errors import CodeTakenError, StorageError, UnknownCodeError, UnknownUserError
from storage.promo_codes import WRONG_A_DAY, PromoOutcome, PromoUse
from tests.unit.storage.shop import NOW
from tests.unit.storage.till import ANNA, BORIS, DAY_S, Till


async def test_a_code_gives_once_in_whatever_case(till: Till) -> None:
    await till.person(tokens=5)
    act = till.act()
    for _ in range(2):
        entry = await till.promo_codes.make(" Summer ", 100, None, None, act)
        assert (entry.action, entry.subject, entry.after) == ("promo", "SUMMER", "100")
    used = await till.promo_codes.use("sUmmer", ANNA)
    assert used == PromoUse(PromoOutcome.GIVEN, 100, 105)
    assert await till.promo_codes.use("SUMMER", ANNA) == PromoUse(PromoOutcome.HAD, 0, 105)
    assert await till.entries() == [("promo", 100)]
    (code,) = await till.promo_codes.last(5)
    assert (code.code, code.used, code.max_uses, code.enabled) == ("SUMMER", 1, None, True)
    assert await till.adds_up()
    with pytest.raises(CodeTakenError):
        await till.promo_codes.make("summer", 1, 1, None, till.act())


async def test_fifty_people_on_a_code_with_ten_uses(till: Till) -> None:
    people = [await till.person(user_id) for user_id in range(1, 51)]
    await till.promo_codes.make("ten", 100, 10, None, till.act())
    used = await asyncio.gather(*(till.promo_codes.use("TEN", each) for each in people))
    outcomes = [each.outcome for each in used]
    assert (outcomes.count(PromoOutcome.GIVEN), outcomes.count(PromoOutcome.WRONG)) == (10, 40)
    assert len(await till.rows("SELECT * FROM ledger WHERE kind = 'promo'")) == 10
    assert (await till.promo_codes.last(1))[0].used == 10
    assert await till.adds_up()


async def test_one_person_at_once_gets_it_once(till: Till) -> None:
    await till.person()
    await till.promo_codes.make("ten", 100, 10, None, till.act())
    used = await asyncio.gather(*(till.promo_codes.use("ten", ANNA) for _ in range(20)))
    assert [each.outcome for each in used].count(PromoOutcome.GIVEN) == 1
    assert await till.ledger.balance(ANNA) == 100
    assert (await till.promo_codes.last(1))[0].used == 1


async def test_unknown_used_up_over_and_off_are_answered_alike(till: Till) -> None:
    for user_id in (ANNA, BORIS):
        await till.person(user_id)
    await till.promo_codes.make("used", 1, 1, None, till.act())
    await till.promo_codes.use("used", BORIS)
    await till.promo_codes.make("over", 1, None, NOW, till.act())
    await till.promo_codes.make("off", 1, None, NOW + 1, till.act())
    off = till.act()
    for _ in range(2):
        entry = await till.promo_codes.set_enabled("Off", off, enabled=False)
        assert (entry.action, entry.before, entry.after) == ("promo enabled", "1", "0")
    for code in ("none", "used", "over", "off"):
        assert (await till.promo_codes.use(code, ANNA)).outcome is PromoOutcome.WRONG
    await till.promo_codes.set_enabled("off", till.act(), enabled=True)
    assert (await till.promo_codes.use("off", ANNA)).outcome is PromoOutcome.GIVEN
    with pytest.raises(UnknownCodeError):
        await till.promo_codes.set_enabled("none", till.act(), enabled=True)
    assert await till.adds_up()


async def test_after_five_wrong_codes_none_is_looked_at_until_tomorrow(till: Till) -> None:
    for user_id in (ANNA, BORIS):
        await till.person(user_id)
    await till.promo_codes.make("right", 100, None, None, till.act())
    for number in range(WRONG_A_DAY):
        assert (await till.promo_codes.use(f"wrong{number}", ANNA)).outcome is PromoOutcome.WRONG
    assert (await till.promo_codes.use("right", ANNA)).outcome is PromoOutcome.TOO_MANY
    assert (await till.promo_codes.use("right", BORIS)).outcome is PromoOutcome.GIVEN
    till.clock.now += DAY_S
    assert (await till.promo_codes.use("wrong", ANNA)).outcome is PromoOutcome.WRONG
    assert (await till.promo_codes.use("right", ANNA)).outcome is PromoOutcome.GIVEN


async def test_a_code_for_somebody_unknown_changes_nothing(till: Till) -> None:
    await till.promo_codes.make("ten", 100, 10, None, till.act())
    with pytest.raises(UnknownUserError):
        await till.promo_codes.use("ten", ANNA)
    assert (await till.promo_codes.last(1))[0].used == 0


async def test_the_schema_itself_lets_no_code_be_used_too_often(till: Till) -> None:
    await till.promo_codes.make("one", 100, 1, None, till.act())
    with pytest.raises(StorageError, match="used <= coalesce"):
        await till.database.execute("UPDATE promo_codes SET used = 2")
