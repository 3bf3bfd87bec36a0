"""What the schema itself refuses, however wrong the program is."""

import pytest

from storage.audit import broken_invariants
from storage.errors import StorageError
from storage.items import ItemStatus
from tests.unit.storage.shop import Shop

# Person 1 has an item in each of these states, numbered from 1 in this order.
STATES = [status for status in ItemStatus if status is not ItemStatus.CANCELLED]
QUEUED, FAILED = 1, 6

INSERT_ENTRY = (
    "INSERT INTO ledger (user_id, kind, amount, item_id, grant_key, granted_by, created_at) VALUES "
)
INSERT_JOB = (
    "INSERT INTO jobs (user_id, chat_id, message_id, model, prompt, params, options, price,"
    " language, created_at) VALUES "
)
INSERT_ITEM = "INSERT INTO items (job_id, user_id, position, cost) VALUES "

FORBIDDEN = {
    "a negative balance": ("UPDATE users SET balance = -1", "balance >= 0"),
    "a charge over the balance": (
        f"{INSERT_ENTRY} (2, 'grant', -1, NULL, 'k', 9, 0)",
        "balance >= 0",
    ),
    "a balance in words": ("UPDATE users SET balance = 'many'", "cannot store TEXT value"),
    "a second charge": (
        f"{INSERT_ENTRY} (1, 'charge', -79, {QUEUED}, NULL, NULL, 0)",
        "ledger.item_id, ledger.kind",
    ),
    "a second refund": (
        f"{INSERT_ENTRY} (1, 'refund', 79, {FAILED}, NULL, NULL, 0)",
        "ledger.item_id, ledger.kind",
    ),
    "a charge that gives": (
        f"{INSERT_ENTRY} (1, 'charge', 79, {QUEUED}, NULL, NULL, 0)",
        "not with this sign",
    ),
    "a refund that takes": (
        f"{INSERT_ENTRY} (1, 'refund', -79, {QUEUED}, NULL, NULL, 0)",
        "not with this sign",
    ),
    "a welcome that takes": (
        f"{INSERT_ENTRY} (1, 'welcome', -1, NULL, 'k', NULL, 0)",
        "not with this sign",
    ),
    "an entry of nothing": (f"{INSERT_ENTRY} (1, 'grant', 0, NULL, 'k', 9, 0)", "amount <> 0"),
    "an unknown kind": (f"{INSERT_ENTRY} (1, 'gift', 5, NULL, 'k', 9, 0)", "no such kind"),
    "a kind that changes its sign": ("UPDATE ledger_kinds SET sign = 0", "stays as it is"),
    "a kind that goes": ("DELETE FROM ledger_kinds WHERE kind = 'grant'", "stays as it is"),
    "a kind of sign 2": ("INSERT INTO ledger_kinds VALUES ('gift', 2)", "sign IN"),
    "a grant for an item": (
        f"{INSERT_ENTRY} (1, 'grant', 5, {QUEUED}, 'k', 9, 0)",
        "item_id IS NOT NULL",
    ),
    "a charge with a key": (
        f"{INSERT_ENTRY} (1, 'charge', -1, {QUEUED}, 'k', NULL, 0)",
        "grant_key IS NOT NULL",
    ),
    "a welcome of an admin's": (
        f"{INSERT_ENTRY} (1, 'welcome', 5, NULL, 'k', 9, 0)",
        "granted_by IS NULL",
    ),
    "a charge for no item": (
        f"{INSERT_ENTRY} (1, 'charge', -1, NULL, NULL, NULL, 0)",
        "item_id IS NOT NULL",
    ),
    "a charge for an item that is not": (
        f"{INSERT_ENTRY} (1, 'charge', -1, 999, NULL, NULL, 0)",
        "FOREIGN KEY",
    ),
    "a grant without a key": (
        f"{INSERT_ENTRY} (1, 'grant', 5, NULL, NULL, 9, 0)",
        "grant_key IS NOT NULL",
    ),
    "a grant of nobody's": (
        f"{INSERT_ENTRY} (1, 'grant', 5, NULL, 'k', NULL, 0)",
        "granted_by IS NOT NULL",
    ),
    "a grant booked twice": (
        f"{INSERT_ENTRY} (1, 'grant', 5, NULL, 'welcome:1', 9, 0)",
        "ledger.grant_key",
    ),
    "an entry of nobody": (f"{INSERT_ENTRY} (7, 'grant', 5, NULL, 'k', 9, 0)", "FOREIGN KEY"),
    "a changed entry": ("UPDATE ledger SET note = 'x'", "append-only"),
    "a removed entry": ("DELETE FROM ledger", "append-only"),
    "a removed item": ("DELETE FROM items WHERE status = 'queued'", "FOREIGN KEY"),
    "a removed person": ("DELETE FROM users WHERE user_id = 1", "FOREIGN KEY"),
    "the message's second job": (
        f"{INSERT_JOB} (1, 1, 10, 'midjourney-v7-fast', 'x', '{{}}', '{{}}', 79, 'ru', 0)",
        "jobs.chat_id, jobs.message_id",
    ),
    "a job of nobody": (
        f"{INSERT_JOB} (7, 1, 99, 'midjourney-v7-fast', 'x', '{{}}', '{{}}', 79, 'ru', 0)",
        "FOREIGN KEY",
    ),
    "a job of no model": (
        f"{INSERT_JOB} (1, 1, 99, 'other', 'x', '{{}}', '{{}}', 79, 'ru', 0)",
        "FOREIGN KEY",
    ),
    "params that are no object": (
        f"{INSERT_JOB} (1, 1, 99, 'midjourney-v7-fast', 'x', '[]', '{{}}', 79, 'ru', 0)",
        "json_type\\(params\\)",
    ),
    "options that are no object": (
        f"{INSERT_JOB} (1, 1, 99, 'midjourney-v7-fast', 'x', '{{}}', '1', 79, 'ru', 0)",
        "json_type\\(options\\)",
    ),
    "a job for nothing": (
        f"{INSERT_JOB} (1, 1, 99, 'midjourney-v7-fast', 'x', '{{}}', '{{}}', 0, 'ru', 0)",
        "price > 0",
    ),
    "a free model": ("UPDATE models SET price = 0", "price BETWEEN"),
    "a half enabled model": ("UPDATE models SET enabled = 2", "enabled IN"),
    "the same position twice": (
        f"{INSERT_ITEM} (1, 1, 1, 79)",
        "items.job_id, items.position",
    ),
    "position 0": (f"{INSERT_ITEM} (1, 1, 0, 79)", "position >= 1"),
    "a free item": (f"{INSERT_ITEM} (1, 1, 2, 0)", "cost > 0"),
    "an item of no job": (f"{INSERT_ITEM} (99, 1, 1, 79)", "FOREIGN KEY"),
    "an unknown state": (
        "UPDATE items SET status = 'lost' WHERE status = 'queued'",
        "status IN",
    ),
    "a third attempt": (
        "UPDATE items SET attempts = 3 WHERE status = 'submitting'",
        "attempts BETWEEN",
    ),
    "generating without a task": (
        "UPDATE items SET status = 'generating' WHERE status = 'submitting'",
        "task_id IS NOT NULL",
    ),
    "a task twice": (
        "UPDATE items SET task_id = 'task-4' WHERE status = 'generating'",
        "items.task_id",
    ),
    "ready without a URL": (
        "UPDATE items SET status = 'ready' WHERE status = 'generating'",
        "result_url IS NOT NULL",
    ),
    "delivered without a message": (
        "UPDATE items SET status = 'delivered', finished_at = 0 WHERE status = 'ready'",
        "message_id IS NOT NULL",
    ),
    "delivered and not finished": (
        "UPDATE items SET status = 'delivered', message_id = 5 WHERE status = 'ready'",
        "finished_at IS NOT NULL",
    ),
    "a message of what was not delivered": (
        "UPDATE items SET message_id = 5 WHERE status = 'ready'",
        "message_id IS NOT NULL",
    ),
    "failed for no reason": (
        "UPDATE items SET status = 'failed', finished_at = 0 WHERE status = 'ready'",
        "failure IS NOT NULL",
    ),
    "a reason without a failure": (
        "UPDATE items SET failure = 'x' WHERE status = 'ready'",
        "failure IS NOT NULL",
    ),
    "a delivered item that fails": (
        (
            "UPDATE items SET status = 'failed', failure = 'x', message_id = NULL"
            " WHERE status = 'delivered'"
        ),
        "stays ended",
    ),
    "a failed item that is delivered": (
        (
            "UPDATE items SET status = 'delivered', failure = NULL, message_id = 5, task_id = 't',"
            " result_url = 'u' WHERE status = 'failed'"
        ),
        "stays ended",
    ),
    "a failed item that is queued again": (
        (
            "UPDATE items SET status = 'queued', failure = NULL, finished_at = NULL"
            " WHERE status = 'failed'"
        ),
        "stays ended",
    ),
    "the same file twice": (
        "UPDATE items SET file_key = 'k' WHERE status IN ('ready', 'generating')",
        "items.file_key",
    ),
}


@pytest.mark.parametrize(("sql", "because"), FORBIDDEN.values(), ids=FORBIDDEN.keys())
async def test_forbidden(shop: Shop, sql: str, because: str) -> None:
    await shop.customer(1)
    await shop.customer(2, tokens=0)
    for number, status in enumerate(STATES):
        await shop.item(status, message_id=10 + number)
    before = await shop.everything()
    with pytest.raises(StorageError, match=because):
        await shop.run(sql)
    assert await shop.everything() == before
    assert await broken_invariants(shop.database) == []


async def test_a_new_kind_of_entry_is_a_row(shop: Shop) -> None:
    await shop.customer(1)
    await shop.run("INSERT INTO ledger_kinds (kind, sign) VALUES ('payment', 1), ('return', -1)")
    await shop.run(f"{INSERT_ENTRY} (1, 'payment', 500, NULL, 'stars:7', NULL, 0)")
    await shop.run(f"{INSERT_ENTRY} (1, 'return', -400, NULL, 'stars:7:back', NULL, 0)")
    for wrong, because in (
        ("'payment', -1, NULL, 'stars:8', NULL", "not with this sign"),
        ("'return', 1, NULL, 'stars:8', NULL", "not with this sign"),
        ("'payment', 500, NULL, 'stars:7', NULL", "ledger.grant_key"),
        ("'payment', 500, NULL, NULL, NULL", "grant_key IS NOT NULL"),
        ("'payment', 500, 1, 'stars:8', NULL", "item_id IS NOT NULL"),
    ):
        with pytest.raises(StorageError, match=because):
            await shop.run(f"{INSERT_ENTRY} (1, {wrong}, 0)")
    assert await shop.rows("SELECT balance FROM users") == [{"balance": 1100}]
    assert await broken_invariants(shop.database) == []
