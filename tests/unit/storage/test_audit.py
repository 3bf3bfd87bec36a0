"""The audit finds what the schema would have refused, had it been asked."""

import sqlite3
from pathlib import Path

import pytest

from storage.audit import INVARIANTS, broken_invariants
from storage.database import Database
from storage.referrals import ReferralTerms
from tests.unit.storage.shop import open_shop
from tests.unit.storage.till import ANNA, BORIS, open_till

BALANCE, CHARGE, REFUND, OWNER, CREDIT, TAKEN, BACK, NOTHING, REWARD, CODE = (
    rule for rule, _ in INVARIANTS
)

INSERT = "INSERT INTO ledger (entry_id, user_id, kind, amount, item_id, created_at) VALUES"
OVERDRAW = "UPDATE users SET balance = -5 WHERE user_id = 2"
# Item 1 is queued, item 2 delivered, item 3 failed; person 2 has no tokens.
BREAKAGES = {
    "a wrong balance": ("UPDATE users SET balance = 5 WHERE user_id = 1", [BALANCE]),
    "a negative balance": (OVERDRAW, [BALANCE]),
    "a negative balance that the ledger agrees with": (
        f"{INSERT} (99, 2, 'grant', -5, NULL, 0); {OVERDRAW}",
        [BALANCE],
    ),
    "an entry gone": ("DELETE FROM ledger WHERE kind = 'welcome' AND user_id = 1", [BALANCE]),
    "no charge": ("DELETE FROM ledger WHERE item_id = 2", [BALANCE, CHARGE]),
    "a charge of another amount": (
        "UPDATE ledger SET amount = -1 WHERE item_id = 2",
        [BALANCE, CHARGE],
    ),
    "somebody else charged": (
        "UPDATE ledger SET user_id = 2 WHERE item_id = 2",
        [BALANCE, BALANCE, CHARGE],
    ),
    "two charges": (
        f"{INSERT} (99, 1, 'charge', -79, 2, 0)",
        [BALANCE, CHARGE],
    ),
    "a refund of what was delivered": (
        f"{INSERT} (99, 1, 'refund', 79, 2, 0)",
        [BALANCE, REFUND],
    ),
    "a refund of what is under way": (
        f"{INSERT} (99, 1, 'refund', 79, 1, 0)",
        [BALANCE, REFUND],
    ),
    "no refund": ("DELETE FROM ledger WHERE kind = 'refund'", [BALANCE, REFUND]),
    "half a refund": ("UPDATE ledger SET amount = 40 WHERE kind = 'refund'", [BALANCE, REFUND]),
    "a cancelled item without refund": (
        "UPDATE items SET status = 'cancelled', finished_at = 0 WHERE item_id = 1",
        [REFUND],
    ),
    "an item of somebody else's job": (
        "UPDATE jobs SET user_id = 2 WHERE job_id = 2",
        [OWNER],
    ),
    "an item dearer than its job": (
        "UPDATE jobs SET price = 5 WHERE job_id = 2",
        [OWNER],
    ),
}


@pytest.mark.parametrize(("script", "broken"), BREAKAGES.values(), ids=BREAKAGES.keys())
async def test_each_breakage_is_found(tmp_path: Path, script: str, broken: list[str]) -> None:
    path = tmp_path / "bot.db"
    async with open_shop(path) as shop:
        await shop.customer(1)
        await shop.customer(2, tokens=0)
        for number, status in enumerate(["queued", "delivered", "failed"]):
            await shop.item(status, message_id=10 + number)
        assert await broken_invariants(shop.database) == []
    _break(path, script)
    async with Database.open(path) as database:
        lines = await broken_invariants(database)
    assert [line.partition(": {")[0] for line in lines] == broken


# Payment 1 is Anna's, 2 was refunded, 3 fits no order, 4 is of Boris, whom Anna brought and has her
# share for; the refund of 1 failed.
ENTRY = "INSERT INTO ledger (entry_id, user_id, kind, amount, grant_key, created_at) VALUES"
PAYMENT_BREAKAGES = {
    "a payment that was not credited": (
        "DELETE FROM ledger WHERE grant_key = 'payment:1'",
        [BALANCE, CREDIT],
    ),
    "a payment credited twice": (
        f"{ENTRY} (99, {ANNA}, 'purchase', 395, 'payment:1', 0)",
        [BALANCE, CREDIT],
    ),
    "somebody else credited": (
        f"UPDATE ledger SET user_id = {BORIS} WHERE grant_key = 'payment:1'",  # noqa: S608 - ours
        [BALANCE, BALANCE, CREDIT],
    ),
    "more than the order says": (
        "UPDATE payment_orders SET tokens = 5",
        [CREDIT, CREDIT, CREDIT],
    ),
    "a credit for what was kept": (
        f"{ENTRY} (99, {ANNA}, 'purchase', 395, 'payment:3', 0)",
        [BALANCE, CREDIT],
    ),
    "a credit for nothing": (
        f"{ENTRY} (99, {ANNA}, 'purchase', 395, 'payment:77', 0)",
        [BALANCE, NOTHING],
    ),
    "a refund that took nothing": (
        "DELETE FROM ledger WHERE grant_key = 'payment_refund:2'",
        [BALANCE, TAKEN],
    ),
    "a refund that took twice": (
        f"{ENTRY} (99, {ANNA}, 'payment_refund', -395, 'payment_refund:2', 0)",
        [BALANCE, TAKEN],
    ),
    "a refund of nothing": (
        f"{ENTRY} (99, {ANNA}, 'payment_refund', -395, 'payment_refund:77', 0)",
        [BALANCE, NOTHING],
    ),
    "a failed refund that gave nothing again": (
        "DELETE FROM ledger WHERE kind = 'payment_refund_undo'",
        [BALANCE, TAKEN],
    ),
    "a refund of half": ("UPDATE payment_refunds SET tokens_short = 1", [TAKEN, TAKEN]),
    "money that went back by itself": ("UPDATE payments SET refunded_at = 1", [BACK] * 3),
    "money that is said to have gone back": (
        "UPDATE payments SET refunded_at = NULL",
        [BACK],
    ),
    "a reward that was not paid": (
        "DELETE FROM ledger WHERE kind = 'referral'",
        [BALANCE, REWARD],
    ),
    "a reward paid too early": (
        "UPDATE referral_rewards SET state = 'pending', paid_at = NULL",
        [REWARD],
    ),
    "a reward taken back in words only": (
        "UPDATE referral_rewards SET state = 'undone', taken = 5",
        [REWARD],
    ),
    "a code that gave nothing": ("DELETE FROM ledger WHERE kind = 'promo'", [BALANCE, CODE]),
    "a code used too often": ("UPDATE promo_codes SET max_uses = 1, used = 2", [CODE]),
    "a code used by nobody": ("UPDATE promo_codes SET used = 2", [CODE]),
}


@pytest.mark.parametrize(
    ("script", "broken"), PAYMENT_BREAKAGES.values(), ids=PAYMENT_BREAKAGES.keys()
)
async def test_each_breakage_of_payments_is_found(
    tmp_path: Path, script: str, broken: list[str]
) -> None:
    path = tmp_path / "bot.db"
    async with open_till(path, ReferralTerms(hold_s=0)) as till:
        await till.person(ANNA)
        await till.referrals.attach(BORIS, ANNA, language="ru")
        credited = await till.bought(ANNA)
        begun = await till.refunds.begin(credited.payment.payment_id, till.act())
        await till.refunds.failed(begun.refund.refund_id, "?")
        await till.refund(await till.bought(ANNA, "charge-2"))
        await till.pay(await till.order(ANNA), "charge-3", order_id="none")
        await till.bought(BORIS, "charge-4")
        await till.referrals.pay_due()
        await till.promo_codes.make("ten", 100, 10, None, till.act())
        await till.promo_codes.use("ten", ANNA)
        assert await broken_invariants(till.database) == []
    _break(path, script)
    async with Database.open(path) as database:
        lines = await broken_invariants(database)
    assert [line.partition(": {")[0] for line in lines] == broken


def _break(path: Path, script: str) -> None:
    """Run the script with every guard of the schema taken away."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        # A UNIQUE constraint cannot be dropped; the table is made anew without any.
        connection.executescript(
            "CREATE TABLE entries AS SELECT * FROM ledger; DROP TABLE ledger;"
            " ALTER TABLE entries RENAME TO ledger"
        )
        connection.executescript(script)
        connection.commit()
    finally:
        connection.close()
