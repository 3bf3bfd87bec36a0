"""Every payment is credited once, or kept with what is wrong about it."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storage.errors import PackUnavailableError, StorageError
from storage.jobs import Jobs
from storage.packs import Pack
from storage.payment_orders import PAYABLE_S, STARS, XTR, Refusal
from storage.payments import Problem, StarReading
from storage.questions import Question, Questions
from storage.store import Store
from tests.unit.storage.shop import NOW, PRICE, asked
from tests.unit.storage.till import ANNA, BORIS, DAY_S, SMALL_STARS, SMALL_TOKENS, Till


async def test_packs_are_sized_by_pictures_and_the_larger_ones_give_more(till: Till) -> None:
    packs = await till.packs.on_sale()
    assert [pack.tokens / PRICE for pack in packs] == [5, 20, 60]
    assert [pack.total / PRICE for pack in packs] == [5, 22, 72]
    assert [pack.stars for pack in packs] == [50, 200, 600]


async def test_a_pack_is_set_and_switched_once_for_each_act(till: Till) -> None:
    act = till.act()
    for _ in range(2):
        entry = await till.packs.set("test", 1, 10, 2, act)
        assert (entry.before, entry.after) == ("", "1 10 2")
    entry = await till.packs.set("test", 2, 20, 0, till.act())
    assert (entry.action, entry.before, entry.after) == ("pack", "1 10 2", "2 20 0")
    assert (await till.packs.all())[-1] == Pack("test", 2, 20, 0, enabled=True)
    off = till.act()
    for _ in range(2):
        entry = await till.packs.set_enabled("test", off, enabled=False)
        assert (entry.before, entry.after) == ("1", "0")
    assert "test" not in [pack.slug for pack in await till.packs.on_sale()]
    assert await till.packs.get("test") == Pack("test", 2, 20, 0, enabled=False)
    with pytest.raises(PackUnavailableError):
        await till.packs.set_enabled("none", till.act(), enabled=True)


async def test_an_order_is_the_pack_as_it_is_now(till: Till) -> None:
    await till.person()
    order = await till.orders.make(ANNA, "medium", language="ru", waiting=(ANNA, 15))
    assert (order.amount, order.currency, order.tokens) == (200, XTR, 1738)
    assert await till.orders.get(order.order_id) == order
    assert order.waiting == (ANNA, 15)
    assert len(order.order_id.encode()) <= 128
    await till.packs.set_enabled("medium", till.act(), enabled=False)
    for slug in ("medium", "none"):
        with pytest.raises(PackUnavailableError):
            await till.orders.make(ANNA, slug, language="ru")


async def test_before_the_payment_it_is_said_what_is_wrong(till: Till) -> None:
    await till.person()
    order = await till.order()

    asked: dict[str, Any] = {
        "order_id": order.order_id,
        "user_id": ANNA,
        "amount": 50,
        "currency": XTR,
    }

    async def refusal(**changes: Any) -> Refusal | None:
        return await till.orders.refusal(**{**asked, **changes})

    assert await refusal() is None
    assert await refusal(order_id="forged") is Refusal.UNKNOWN
    assert await refusal(user_id=BORIS) is Refusal.OTHER_PERSON
    assert await refusal(amount=49) is Refusal.OTHER_AMOUNT
    assert await refusal(currency="USD") is Refusal.OTHER_AMOUNT
    await till.packs.set_enabled("small", till.act(), enabled=False)
    assert await refusal() is Refusal.PACK_OFF
    await till.packs.set_enabled("small", till.act(), enabled=True)
    await till.packs.set("small", 70, 300, 0, till.act())
    assert await refusal() is None  # as it was offered
    till.clock.now += PAYABLE_S + 1
    assert await refusal() is Refusal.TOO_OLD


async def test_a_payment_credits_what_the_order_says(till: Till) -> None:
    await till.person(tokens=10)
    order = await till.order()
    credited = await till.pay(order)
    assert credited.new
    assert (credited.balance, credited.language, credited.reward) == (405, "ru", None)
    assert credited.payment.problem is None
    assert credited.payment.tokens == SMALL_TOKENS
    assert credited.order == replace(order, paid_at=NOW)
    assert await till.entries() == [("purchase", SMALL_TOKENS)]
    assert await till.adds_up()


async def test_a_payment_told_twice_is_one(till: Till) -> None:
    await till.person()
    order = await till.order()
    told = await asyncio.gather(*(till.pay(order) for _ in range(8)))
    assert sum(each.new for each in told) == 1
    assert {each.payment for each in told} == {told[0].payment}
    assert await till.ledger.balance(ANNA) == SMALL_TOKENS
    assert await till.payments.of_person(ANNA, 5) == [told[0].payment]
    assert await till.adds_up()


async def test_a_second_payment_of_an_order_is_a_second_credit(till: Till) -> None:
    await till.person()
    order = await till.order()
    await till.pay(order)
    till.clock.now += 100 * DAY_S
    credited = await till.pay(order, "charge-2")
    assert credited.new
    assert credited.balance == 2 * SMALL_TOKENS
    assert credited.order == replace(order, paid_at=NOW)
    assert [each.external_id for each in await till.payments.of_person(ANNA, 5)] == [
        "charge-2",
        "charge-1",
    ]
    assert await till.adds_up()


async def test_a_pack_that_changed_since_does_not_matter(till: Till) -> None:
    await till.person()
    order = await till.order()
    await till.packs.set("small", 500, 1, 0, till.act())
    await till.packs.set_enabled("small", till.act(), enabled=False)
    assert (await till.pay(order)).balance == SMALL_TOKENS
    assert await till.adds_up()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"order_id": "nobody knows"}, Problem.NO_ORDER),
        ({"user_id": BORIS}, Problem.OTHER_PERSON),
        ({"amount": 49}, Problem.OTHER_AMOUNT),
        ({"currency": "USD"}, Problem.OTHER_AMOUNT),
    ],
)
async def test_what_fits_no_order_is_kept_and_credits_nothing(
    till: Till, changes: dict[str, Any], problem: Problem
) -> None:
    await till.person()
    order = await till.order()
    credited = await till.pay(order, **changes)
    assert credited.payment.problem is problem
    assert (credited.new, credited.payment.tokens, credited.balance) == (True, 0, 0)
    assert not (await till.pay(order, **changes)).new
    assert await till.payments.kept(5) == [credited.payment]
    assert (await till.orders.get(order.order_id)) == order  # not paid
    assert await till.rows("SELECT * FROM ledger") == []
    assert await till.adds_up()


async def test_the_order_of_another_gateway_is_none(till: Till) -> None:
    await till.person()
    order = await till.order()
    credited = await till.payments.credit(
        "crypto", "1", order_id=order.order_id, user_id=ANNA, amount=50, currency=XTR
    )
    assert credited.payment.problem is Problem.NO_ORDER
    assert (await till.pay(order, "1")).new  # an id is the gateway's own
    assert await till.adds_up()


async def test_a_payment_of_somebody_unknown_makes_them_known(till: Till) -> None:
    credited = await till.payments.credit(
        "stars", "c", order_id="?", user_id=5, amount=7, currency=XTR, language="en"
    )
    assert (credited.payment.user_id, credited.language, credited.order) == (5, "en", None)
    assert await till.payments.find("stars", "c") == credited.payment
    assert await till.payments.get(credited.payment.payment_id) == credited.payment
    assert await till.payments.find("stars", "d") is None


async def test_what_breaks_in_the_middle_leaves_nothing(till: Till) -> None:
    """As kill -9 does: payment, ledger and order are one transaction."""
    await till.person()
    order = await till.order()

    def breaks(tx: sqlite3.Connection) -> None:
        credited = till.payments.credit_in(
            tx,
            "stars",
            "charge-1",
            order_id=order.order_id,
            user_id=ANNA,
            amount=50,
            currency=XTR,
        )
        assert credited.balance == SMALL_TOKENS
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await till.database.write(breaks)
    assert await till.ledger.balance(ANNA) == 0
    assert await till.payments.of_person(ANNA, 5) == []
    assert await till.orders.get(order.order_id) == order
    assert (await till.pay(order)).new  # as the reconciling does it later


async def test_a_payment_stays_what_it_was(till: Till) -> None:
    await till.person()
    await till.bought()
    for sql, because in (
        ("DELETE FROM payments", "never deleted"),
        ("UPDATE payments SET amount = 1", "stays what it was"),
        ("UPDATE payments SET tokens = 1", "stays what it was"),
        ("UPDATE payments SET external_id = 'x'", "stays what it was"),
        ("UPDATE payments SET problem = 'no_order'", "stays what it was"),
        ("DELETE FROM payment_orders", "FOREIGN KEY"),
    ):
        with pytest.raises(StorageError, match=because):
            await till.database.execute(sql)


async def test_reading_on_counts_each_page_once(till: Till) -> None:
    reading = await till.payments.star_reading()
    assert reading == StarReading(0, 0, 0)
    noted = await asyncio.gather(
        *(till.payments.read_on(reading, 100, stars_in=70, stars_out=20) for _ in range(4))
    )
    assert sorted(noted) == [False, False, False, True]
    reading = await till.payments.star_reading()
    assert reading == StarReading(100, 70, 20)
    assert await till.payments.read_on(reading, 3, stars_in=1, stars_out=0)
    assert await till.payments.star_reading() == StarReading(103, 71, 20)


async def test_booked_stars_are_this_bot_s_whether_they_fitted_or_not(till: Till) -> None:
    await till.person()
    credited = await till.bought()
    await till.pay(await till.order(), "charge-2", amount=7)
    await till.refund(credited)
    assert await till.payments.booked_stars() == (SMALL_STARS + 7, SMALL_STARS)
    till.database.bot_id += 1
    assert await till.payments.booked_stars() == (0, 0)
    assert await till.payments.star_reading() == StarReading(0, 0, 0)


async def test_the_numbers_of_the_days_tell_stars_and_tokens(till: Till) -> None:
    await till.person(tokens=79)
    credited = await till.bought()
    till.clock.now += DAY_S
    await till.bought(charge="charge-2")
    await till.refund(credited)
    await till.ledger.grant(ANNA, 5, grant_key="k", granted_by=9)
    numbers = await till.stats.last(2)
    assert (numbers.payments, numbers.stars_in, numbers.stars_back) == (2, 100, 50)
    assert (numbers.tokens_sold, numbers.tokens_granted, numbers.tokens_free) == (395, 5, 79)
    assert numbers.tokens_used == 0
    today = await till.stats.last(1)
    assert (today.payments, today.stars_in, today.stars_back) == (1, 50, 50)


INSERT_PAYMENT = (
    "INSERT INTO payments (bot_id, gateway, external_id, user_id, amount, currency, tokens,"
    " problem, paid_at) VALUES "
)
INSERT_REFUND = (
    "INSERT INTO payment_refunds (payment_id, state, tokens_taken, tokens_short, reason, pay_to,"
    " next_attempt_at, made_at, ended_at) VALUES "
)


@pytest.mark.parametrize(
    ("sql", "because"),
    [
        (f"{INSERT_PAYMENT} (1, 'stars', 'charge-1', 5, 1, 'XTR', 0, 'no_order', 0)", "UNIQUE"),
        (f"{INSERT_PAYMENT} (1, 'stars', '', 5, 1, 'XTR', 0, 'no_order', 0)", "external_id <>"),
        (f"{INSERT_PAYMENT} (1, 'stars', 'c', 5, 1, 'XTR', 9, 'no_order', 0)", "tokens > 0"),
        (f"{INSERT_PAYMENT} (1, 'stars', 'c', 5, 1, 'XTR', 9, '', 0)", "order_id IS NOT NULL"),
        (f"{INSERT_PAYMENT} (1, 'stars', 'c', 5, 1, 'XTR', 0, 'odd', 0)", "problem IN"),
        (f"{INSERT_PAYMENT} (1, 'stars', 'c', 4, 1, 'XTR', 0, 'no_order', 0)", "FOREIGN KEY"),
        (f"{INSERT_REFUND} (1, 'done', 1, 0, '', NULL, NULL, 0, 0)", "UNIQUE"),
        (f"{INSERT_REFUND} (1, 'failed', 1, 0, '', 5, NULL, 0, 0)", "pay_to IS NULL"),
        (f"{INSERT_REFUND} (1, 'failed', 1, 0, '', NULL, NULL, 0, NULL)", "ended_at IS NULL"),
        (f"{INSERT_REFUND} (1, 'failed', -1, 0, '', NULL, NULL, 0, 0)", "tokens_taken >= 0"),
        ("UPDATE payments SET refunded_at = NULL", "stays what it was"),
        ("UPDATE packs SET stars = 0", "stars BETWEEN"),
        ("UPDATE payment_orders SET tokens = 0", "tokens > 0"),
        ("INSERT INTO referrals VALUES (5, 5, 0)", "user_id <> inviter_id"),
    ],
)
async def test_the_schema_refuses(till: Till, sql: str, because: str) -> None:
    await till.person(5)
    await till.refund(await till.bought(5))
    with pytest.raises(StorageError, match=because):
        await till.database.execute(sql)
    assert await till.adds_up()


async def test_a_request_that_lacked_tokens_waits_for_them(till: Till) -> None:
    await till.person()
    questions = Questions(till.database)
    order, origin = asked(user_id=ANNA, chat_id=ANNA, message_id=15)
    question = Question(order, origin, PRICE)
    await questions.wait_for_tokens(question)
    kept = await questions.get(ANNA, 15, ANNA)
    assert kept is not None
    assert (kept.order.prompt, kept.cost) == (order.prompt, PRICE)
    await till.bought()
    placed = await Jobs(till.database).place(order, origin, max_active_items=8)
    assert placed is not None
    await questions.drop(ANNA, 15)
    await questions.wait_for_tokens(question)  # it came again, and has its job
    assert await questions.get(ANNA, 15, ANNA) is None


async def test_a_store_has_the_whole_till(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "bot.db") as store:
        await store.ledger.welcome(ANNA, 0, language="ru")
        order = await store.payment_orders.make(ANNA, "small", language="ru")
        credited = await store.payments.credit(
            "stars", "c", order_id=order.order_id, user_id=ANNA, amount=50, currency=XTR
        )
        assert credited.balance == SMALL_TOKENS
    assert {"packs", "payment_refunds", "promo_codes", "referrals", "transfers"} <= {*store.parts}


async def test_a_further_gateway_credits_the_orders_that_were_made_for_it(till: Till) -> None:
    await till.person()
    order = await till.orders.make(ANNA, "small", language="ru", gateway="crypto_pay")
    assert (order.amount, order.currency, order.tokens) == (0, "", SMALL_TOKENS)
    values: dict[str, Any] = {"order_id": order.order_id, "user_id": ANNA}
    values |= {"amount": 0, "currency": ""}
    wrong = await till.payments.credit(STARS, "charge-1", **values)
    assert wrong.payment.problem is Problem.NO_ORDER
    for _ in range(2):
        await till.payments.credit("crypto_pay", "invoice-1", **values)
    assert await till.entries() == [("purchase", SMALL_TOKENS)]
