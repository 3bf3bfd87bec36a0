"""Audit: the invariants of tokens, items and payments, checked on a live database."""

import sqlite3

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
    (
        "a payment is credited once, as its order says, to who paid; and not where it fits none",
        (
            "SELECT payments.payment_id, problem, payments.tokens, count(entry_id) AS credits,"
            " sum(ledger.amount) AS credited FROM payments"
            " LEFT JOIN payment_orders USING (order_id)"
            " LEFT JOIN ledger ON grant_key = 'payment:' || payments.payment_id"
            " AND kind = 'purchase' AND ledger.user_id = payments.user_id"
            " GROUP BY payments.payment_id HAVING credits <> (problem = '')"
            " OR (credits AND (credited <> payments.tokens"
            " OR payments.tokens IS NOT payment_orders.tokens))"
        ),
    ),
    (
        "what a refund took is in the ledger once, and is given again where the money stayed",
        (
            "SELECT * FROM (SELECT refund_id, state, tokens, tokens_taken, tokens_short,"
            " (SELECT coalesce(sum(amount), 0) FROM ledger WHERE kind = 'payment_refund' AND"
            " grant_key = 'payment_refund:' || refund_id AND ledger.user_id = payments.user_id)"
            " AS took, (SELECT coalesce(sum(amount), 0) FROM ledger WHERE kind ="
            " 'payment_refund_undo' AND grant_key = 'payment_refund_undo:' || refund_id"
            " AND ledger.user_id = payments.user_id) AS gave"
            " FROM payment_refunds JOIN payments USING (payment_id))"
            " WHERE tokens_taken + tokens_short <> tokens OR tokens_taken + took <> 0"
            " OR gave <> iif(state = 'failed', tokens_taken, 0)"
        ),
    ),
    (
        "the money of a payment went back as its refund says",
        (
            "SELECT payments.payment_id, refunded_at, count(refund_id) AS refunds FROM payments"
            " LEFT JOIN payment_refunds ON payment_refunds.payment_id = payments.payment_id"
            " AND state = 'done' GROUP BY payments.payment_id"
            " HAVING refunds <> (refunded_at IS NOT NULL)"
        ),
    ),
    (
        "no tokens are in the ledger for a payment, or a refund of one, that there is not",
        (
            "SELECT entry_id, kind, amount FROM ledger WHERE (kind = 'purchase' AND NOT EXISTS"
            " (SELECT 1 FROM payments WHERE payment_id = CAST(substr(grant_key, 9) AS INTEGER)))"
            " OR (kind = 'payment_refund' AND NOT EXISTS (SELECT 1 FROM payment_refunds"
            " WHERE refund_id = CAST(substr(grant_key, 16) AS INTEGER)))"
        ),
    ),
    (
        "a reward is in the ledger once, when it is paid, and taken back when it is undone",
        (
            "SELECT * FROM (SELECT payment_id, state, tokens, taken, paid_at,"
            " (SELECT coalesce(sum(amount), 0) FROM ledger WHERE kind = 'referral' AND"
            " grant_key = 'referral:' || payment_id AND user_id = inviter_id) AS gave,"
            " (SELECT coalesce(sum(amount), 0) FROM ledger WHERE kind = 'referral_undo' AND"
            " grant_key = 'referral_undo:' || payment_id AND user_id = inviter_id) AS took"
            " FROM referral_rewards) WHERE gave <> iif(paid_at IS NULL, 0, tokens)"
            " OR taken + took <> 0 OR (state = 'paid') > (paid_at IS NOT NULL)"
        ),
    ),
    (
        "a promo code was used as often as it gave tokens, and no oftener than it may be",
        (
            "SELECT promo_codes.code, used, max_uses, count(entry_id) AS given FROM promo_codes"
            " LEFT JOIN promo_uses ON promo_uses.code = promo_codes.code"
            " LEFT JOIN ledger ON grant_key = 'promo:' || use_id AND kind = 'promo'"
            " AND ledger.user_id = promo_uses.user_id GROUP BY promo_codes.code"
            " HAVING given <> used OR count(use_id) <> used OR used > max_uses"
        ),
    ),
)


async def broken_invariants(database: Database) -> list[str]:
    """A line for each row that breaks an invariant; none when all is well."""
    return [
        f"{rule}: {dict(row)}" for rule, sql in INVARIANTS for row in await database.fetch_all(sql)
    ]


def broken_in(connection: sqlite3.Connection) -> list[str]:
    """The same of a database of this version that nobody else uses, without an event loop."""
    connection.row_factory = sqlite3.Row
    return [f"{rule}: {dict(row)}" for rule, sql in INVARIANTS for row in connection.execute(sql)]
