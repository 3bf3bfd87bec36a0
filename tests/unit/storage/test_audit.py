"""The audit finds what the schema would have refused, had it been asked."""

import sqlite3
from pathlib import Path

import pytest

from storage.audit import INVARIANTS, broken_invariants
from storage.database import Database
from tests.unit.storage.shop import open_shop

BALANCE, CHARGE, REFUND, OWNER = (rule for rule, _ in INVARIANTS)

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
