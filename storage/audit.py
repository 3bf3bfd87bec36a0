"""Audit: the invariants of tokens and items, checked on a live database."""

from storage.database import Database

# What must hold, and a query for whatever breaks it.
INVARIANTS = (
    (
        "a balance is the sum of its ledger, and never negative",
        (
            "SELECT user_id, balance, total FROM (SELECT users.user_id, balance,"
            " coalesce(sum(amount), 0) AS total FROM users LEFT JOIN ledger USING (user_id)"
            " GROUP BY users.user_id) WHERE balance <> total OR balance < 0"
        ),
    ),
    (
        "an item is charged once, what it costs, to the one who asked for it",
        (
            "SELECT items.item_id, cost, count(entry_id) AS charges, sum(amount) AS charged"
            " FROM items LEFT JOIN ledger ON ledger.item_id = items.item_id"
            " AND kind = 'charge' AND ledger.user_id = items.user_id GROUP BY items.item_id"
            " HAVING charges <> 1 OR charged <> -cost"
        ),
    ),
    (
        "an item is refunded once and whole when it failed or was cancelled, else never",
        (
            "SELECT items.item_id, status, cost, count(entry_id) AS refunds,"
            " sum(amount) AS refunded"
            " FROM items LEFT JOIN ledger ON ledger.item_id = items.item_id"
            " AND kind = 'refund' AND ledger.user_id = items.user_id GROUP BY items.item_id"
            " HAVING refunds <> (status IN ('failed', 'cancelled'))"
            " OR (refunds AND refunded <> cost)"
        ),
    ),
    (
        "an item belongs to the person of its job and costs the job's price",
        (
            "SELECT item_id, items.user_id, cost FROM items JOIN jobs USING (job_id)"
            " WHERE items.user_id <> jobs.user_id OR cost <> price"
        ),
    ),
)


async def broken_invariants(database: Database) -> list[str]:
    """A line for each row that breaks an invariant; none when all is well."""
    return [
        f"{rule}: {dict(row)}" for rule, sql in INVARIANTS for row in await database.fetch_all(sql)
    ]
