"""Balances, the welcome tokens and grants."""

import asyncio

import pytest

from storage.audit import broken_invariants
from storage.errors import InsufficientTokensError, UnknownUserError
from storage.ledger import Booked, Granted
from tests.unit.storage.shop import NOW, PRICE, Shop
from tests.unit.storage.till import ANNA, DAY_S, Till


async def test_the_welcome_is_given_once(shop: Shop) -> None:
    assert await shop.ledger.welcome(1, 79, language="ru") == Granted(79, 79, "ru", new=True)
    assert await shop.ledger.welcome(1, 500, language="ru") == Granted(79, 79, "ru", new=False)
    assert await shop.ledger.balance(1) == 79
    (entry,) = await shop.rows("SELECT * FROM ledger")
    assert (entry["kind"], entry["amount"], entry["created_at"]) == ("welcome", 79, NOW)


async def test_the_welcome_is_given_once_to_ten_starts_at_once(shop: Shop) -> None:
    given = await asyncio.gather(*(shop.ledger.welcome(1, 79, language="ru") for _ in range(10)))
    assert sum(each.new for each in given) == 1
    assert await shop.ledger.balance(1) == 79


async def test_a_welcome_of_nothing_still_makes_the_person_known(shop: Shop) -> None:
    assert await shop.ledger.welcome(1, 0, language="ru") == Granted(0, 0, "ru", new=False)
    assert await shop.rows("SELECT * FROM ledger") == []
    await shop.ledger.grant(1, 5, grant_key="9:1", granted_by=9)
    assert await shop.ledger.balance(1) == 5


async def test_the_language_follows_the_person(shop: Shop) -> None:
    await shop.ledger.welcome(1, 79, language="ru")
    await shop.ledger.welcome(2, 79, language="ru")
    assert (await shop.ledger.welcome(1, 79, language="en")).language == "en"
    people = await shop.rows("SELECT user_id, language FROM users ORDER BY 1")
    assert [person["language"] for person in people] == ["en", "ru"]


async def test_a_grant_is_booked_once_for_its_key(shop: Shop) -> None:
    await shop.customer(tokens=10)
    first = await shop.ledger.grant(1, 500, grant_key="9:1", granted_by=9, note="payday")
    assert first == Granted(500, 510, "ru", new=True)
    repeat = await shop.ledger.grant(1, 500, grant_key="9:1", granted_by=9, note="payday")
    assert repeat == Granted(500, 510, "ru", new=False)
    assert (await shop.ledger.grant(1, 500, grant_key="9:2", granted_by=9)).balance == 1010
    entries = await shop.rows("SELECT * FROM ledger WHERE kind = 'grant' ORDER BY entry_id")
    assert [(entry["grant_key"], entry["granted_by"], entry["note"]) for entry in entries] == [
        ("9:1", 9, "payday"),
        ("9:2", 9, ""),
    ]


async def test_a_grant_can_take_down_to_nothing_and_no_further(shop: Shop) -> None:
    await shop.customer(tokens=10)
    with pytest.raises(InsufficientTokensError) as caught:
        await shop.ledger.grant(1, -11, grant_key="9:1", granted_by=9)
    assert (caught.value.needed, caught.value.balance) == (11, 10)
    assert await shop.ledger.balance(1) == 10
    # The key was not used up by what was refused.
    assert (await shop.ledger.grant(1, -10, grant_key="9:1", granted_by=9)).balance == 0


async def test_a_grant_for_somebody_unknown_changes_nothing(shop: Shop) -> None:
    before = await shop.everything()
    with pytest.raises(UnknownUserError):
        await shop.ledger.grant(4, 5, grant_key="9:1", granted_by=9)
    assert await shop.everything() == before
    assert await shop.ledger.balance(4) == 0


async def test_grants_at_once_lose_nothing(shop: Shop) -> None:
    await shop.customer(tokens=0)
    await asyncio.gather(
        *(shop.ledger.grant(1, 3, grant_key=f"9:{n}", granted_by=9) for n in range(30)),
        *(shop.ledger.grant(1, 3, grant_key=f"9:{n}", granted_by=9) for n in range(30)),
    )
    assert await shop.ledger.balance(1) == 90
    assert await broken_invariants(shop.database) == []


async def test_the_free_tokens_of_a_day_are_given_once_to_who_has_few(shop: Shop) -> None:
    await shop.customer(tokens=10)
    given = await asyncio.gather(*(shop.ledger.daily(1, 20, below=79) for _ in range(10)))
    assert sum(each.new for each in given) == 1
    assert await shop.ledger.balance(1) == 30
    await shop.customer(2, tokens=79)
    assert await shop.ledger.daily(2, 20, below=79) == Granted(0, 79, "ru", new=False)
    assert await shop.ledger.daily(1, 0, below=79) == Granted(0, 30, "ru", new=False)
    with pytest.raises(UnknownUserError):
        await shop.ledger.daily(3, 20, below=79)
    assert await broken_invariants(shop.database) == []


async def test_free_tokens_never_pile_up(till: Till) -> None:
    await till.person(ANNA, tokens=0)
    for _ in range(30):
        await till.ledger.daily(ANNA, 20, below=79)
        till.clock.now += DAY_S
    assert await till.ledger.balance(ANNA) == 80
    await till.spend(ANNA, 80)
    till.clock.now += 30 * DAY_S
    assert (await till.ledger.daily(ANNA, 20, below=79)).balance == 20  # not 30 times
    till.clock.now -= 400 * DAY_S  # a clock that was put back holds nothing up
    assert (await till.ledger.daily(ANNA, 20, below=79)).new
    assert await till.adds_up()


async def test_what_was_entered_since_the_last_look_is_told_once(shop: Shop) -> None:
    assert await shop.ledger.last_entry() == 0
    await shop.customer(tokens=1000)
    last = await shop.ledger.last_entry()
    assert await shop.ledger.booked_after(last) == Booked(last, {}, {})
    await shop.item("failed")
    await shop.ledger.grant(1, 30, grant_key="9:1", granted_by=9)
    await shop.ledger.grant(1, -7, grant_key="9:2", granted_by=9)
    booked = await shop.ledger.booked_after(last)
    assert booked.given == {"refund": PRICE, "grant": 30}
    assert booked.taken == {"charge": PRICE, "grant": 7}
    assert await shop.ledger.booked_after(booked.last_entry) == Booked(booked.last_entry, {}, {})
