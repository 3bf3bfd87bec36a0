"""Invitations: who was brought here by whom, and the inviter's share of what they buy.

A reward is pending from the payment on, is paid when the money can hardly go back any more, and is
undone when it does go back. Nothing is given for joining.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from storage.database import Database, fetch_one
from storage.ledger import balance_in, book, see_user, take_back

MONTH_S = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class ReferralTerms:
    """The share, how long it is held back, and the most that one may earn in MONTH_S."""

    percent: int = 10  # 0: there are no rewards
    hold_s: float = 21 * 86_400.0
    month_cap: int = 7900  # tokens


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward that was promised, paid or undone just now, with the inviter's balance."""

    inviter_id: int
    tokens: int
    balance: int
    language: str
    taken: int = 0  # back, of one that was paid and is undone


@dataclass(frozen=True, slots=True)
class Invited:
    """What a person's invitations came to: people, and tokens."""

    people: int
    pending: int
    paid: int


class Referrals:
    """The tables `referrals` and `referral_rewards`.

    `left_mark` is what stands in `left_people` for somebody who was forgotten.
    """

    def __init__(self, database: Database, left_mark: Callable[[int], str]) -> None:
        self._database = database
        self._left_mark = left_mark

    async def attach(self, user_id: int, inviter_id: int, *, language: str) -> bool:
        """Note who brought a person here, and give the person a row; returns whether that was
        done. Only for somebody who was never here, and so before anything else is done for them."""

        def work(tx: sqlite3.Connection) -> bool:
            known = fetch_one(
                tx,
                "SELECT 1 FROM users WHERE user_id = ?1"
                " UNION ALL SELECT 1 FROM left_people WHERE mark = ?2",
                (user_id, self._left_mark(user_id)),
            )
            # A row without a language is what stays of somebody who is banned and was forgotten.
            inviter = fetch_one(
                tx,
                "SELECT 1 FROM users WHERE user_id = ? AND user_id > 0 AND language <> ''",
                (inviter_id,),
            )
            if known is not None or inviter is None:
                return False
            now = self._database.now()
            see_user(tx, user_id, language, now)
            tx.execute(
                "INSERT INTO referrals (user_id, inviter_id, attached_at) VALUES (?, ?, ?)",
                (user_id, inviter_id, now),
            )
            return True

        return await self._database.write(work)

    async def invited(self, user_id: int) -> Invited:
        """What a person's invitations came to so far."""
        row = await self._database.fetch_one(
            "SELECT (SELECT count(*) FROM referrals WHERE inviter_id = ?1) AS people,"
            " (SELECT coalesce(sum(tokens), 0) FROM referral_rewards"
            " WHERE inviter_id = ?1 AND state = 'pending') AS pending,"
            " (SELECT coalesce(sum(tokens), 0) FROM referral_rewards"
            " WHERE inviter_id = ?1 AND state = 'paid') AS paid",
            (user_id,),
        )
        assert row is not None  # noqa: S101 - a SELECT of sums has one
        return Invited(**dict(row))

    async def pay_due(self, limit: int = 100) -> list[Reward]:
        """Pay what is due, and return it; a payment whose money is on its way back waits."""

        def work(tx: sqlite3.Connection) -> list[Reward]:
            now = self._database.now()
            rows = tx.execute(
                "SELECT payment_id, inviter_id, tokens FROM referral_rewards"
                " WHERE state = 'pending' AND due_at <= ? AND NOT EXISTS (SELECT 1 FROM"
                " payment_refunds WHERE payment_refunds.payment_id = referral_rewards.payment_id"
                " AND payment_refunds.state <> 'failed') ORDER BY due_at LIMIT ?",
                (now, limit),
            ).fetchall()
            for payment_id, inviter_id, tokens in rows:
                tx.execute(
                    "UPDATE referral_rewards SET state = 'paid', paid_at = ? WHERE payment_id = ?",
                    (now, payment_id),
                )
                book(tx, inviter_id, "referral", tokens, f"referral:{payment_id}", now)
            return [_reward(tx, row["inviter_id"], row["tokens"]) for row in rows]

        return await self._database.write(work)


def promise(
    tx: sqlite3.Connection,
    payment_id: int,
    user_id: int,
    tokens: int,
    terms: ReferralTerms,
    now: float,
) -> Reward | None:
    """Note the share of a payment's tokens for who invited the payer, in the transaction of that
    payment. None: nobody did, or they have earned enough."""
    referral = fetch_one(tx, "SELECT inviter_id FROM referrals WHERE user_id = ?", (user_id,))
    if referral is None:
        return None
    inviter_id = referral["inviter_id"]
    earned = fetch_one(
        tx,
        "SELECT coalesce(sum(tokens), 0) AS tokens FROM referral_rewards"
        " WHERE inviter_id = ? AND made_at > ? AND state <> 'undone'",
        (inviter_id, now - MONTH_S),
    )
    left = terms.month_cap - (earned["tokens"] if earned else 0)
    share = min(tokens * terms.percent // 100, left)
    if share <= 0:
        return None
    tx.execute(
        "INSERT INTO referral_rewards (payment_id, inviter_id, tokens, made_at, due_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (payment_id, inviter_id, share, now, now + terms.hold_s),
    )
    return _reward(tx, inviter_id, share)


def undo(tx: sqlite3.Connection, payment_id: int, now: float) -> Reward | None:
    """Undo a payment's reward, in the transaction by which the money has gone back; of what was
    paid, so much is taken as the inviter has left. None: there is nothing to tell."""
    row = fetch_one(
        tx,
        "SELECT inviter_id, tokens, state FROM referral_rewards"
        " WHERE payment_id = ? AND state <> 'undone'",
        (payment_id,),
    )
    if row is None:
        return None
    inviter_id, taken = row["inviter_id"], 0
    if row["state"] == "paid":
        key = f"referral_undo:{payment_id}"
        taken = take_back(tx, inviter_id, "referral_undo", row["tokens"], key, now)
    tx.execute(
        "UPDATE referral_rewards SET state = 'undone', taken = ? WHERE payment_id = ?",
        (taken, payment_id),
    )
    return _reward(tx, inviter_id, row["tokens"], taken)


def _reward(tx: sqlite3.Connection, inviter_id: int, tokens: int, taken: int = 0) -> Reward:
    row = fetch_one(tx, "SELECT language FROM users WHERE user_id = ?", (inviter_id,))
    language = row["language"] if row else ""
    return Reward(inviter_id, tokens, balance_in(tx, inviter_id), language, taken)
