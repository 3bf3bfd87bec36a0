"""Payment orders: what was offered to a person, for which money, as it was told to them.

The id, of chance, is the payload of the invoice: nothing else of a payload is ever believed. Being
of chance, it is given to nobody else by a database that was restored from a backup.
"""

import hashlib
import secrets
import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from storage.database import Database, fetch_one
from storage.errors import PackUnavailableError
from storage.ledger import see_user
from storage.packs import pack_in

STARS, MANUAL = "stars", "manual"  # gateways
XTR = "XTR"  # Telegram's name for Stars, as a currency
PAYABLE_S = 3600.0  # an older invoice is not to be paid; what was paid for it is credited


class Refusal(StrEnum):
    """Why an order cannot be paid now."""

    UNKNOWN = "unknown"
    OTHER_PERSON = "other_person"
    OTHER_AMOUNT = "other_amount"
    TOO_OLD = "too_old"
    PACK_OFF = "pack_off"


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """An offer of so many `tokens`, bonus included. Times are Unix seconds."""

    order_id: str
    user_id: int
    pack: str
    gateway: str
    amount: int
    currency: str
    tokens: int
    language: str
    waiting: tuple[int, int] | None  # chat and message whose request lacked tokens
    made_at: float
    paid_at: float | None


class PaymentOrders:
    """The table `payment_orders`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(
        self,
        user_id: int,
        pack: str,
        *,
        language: str,
        waiting: tuple[int, int] | None = None,
        press: str | None = None,
        gateway: str = STARS,
    ) -> PaymentOrder:
        """Offer a pack, for Stars or by another gateway, as it is at this moment; once for each
        `press` of a button, whose id is of Telegram's chance.

        Raises:
            PackUnavailableError: it is not on sale.
        """
        now = self._database.now()
        order_id = None
        if press is not None:
            said = f"{self._database.bot_id} {user_id} {press}"
            order_id = hashlib.blake2b(said.encode(), digest_size=16).hexdigest()

        def work(tx: sqlite3.Connection) -> PaymentOrder:
            made = order_in(tx, order_id) if order_id is not None else None
            see_user(tx, user_id, language, now)
            return made or make_order(
                tx, user_id, pack, gateway, language, waiting, now, order_id=order_id
            )

        return await self._database.write(work)

    async def get(self, order_id: str) -> PaymentOrder | None:
        """The order of that id."""
        return await self._database.read(lambda connection: order_in(connection, order_id))

    async def refusal(
        self, order_id: str, user_id: int, amount: int, currency: str
    ) -> Refusal | None:
        """Why that person cannot pay this now; None: they can. Reads only, and so waits for no
        write: for pre_checkout_query."""

        def work(connection: sqlite3.Connection) -> Refusal | None:
            order = order_in(connection, order_id)
            if order is None:
                return Refusal.UNKNOWN
            if order.user_id != user_id:
                return Refusal.OTHER_PERSON
            if (order.amount, order.currency) != (amount, currency):
                return Refusal.OTHER_AMOUNT
            if self._database.now() - order.made_at > PAYABLE_S:
                return Refusal.TOO_OLD
            pack = pack_in(connection, order.pack)
            return None if pack is not None and pack.enabled else Refusal.PACK_OFF

        return await self._database.read(work)


def make_order(
    tx: sqlite3.Connection,
    user_id: int,
    slug: str,
    gateway: str,
    language: str,
    waiting: tuple[int, int] | None,
    now: float,
    *,
    order_id: str | None = None,
) -> PaymentOrder:
    """Offer a pack. What is paid past Telegram has a price that the gateway knows: it looks itself
    whether so much was paid, and credits the order's own amount, 0 of no currency.

    Raises:
        PackUnavailableError: it is not on sale.
    """
    pack = pack_in(tx, slug)
    if pack is None or not pack.enabled:
        raise PackUnavailableError(slug)
    order = PaymentOrder(
        order_id=order_id or secrets.token_hex(8),
        user_id=user_id,
        pack=slug,
        gateway=gateway,
        amount=pack.stars if gateway == STARS else 0,
        currency=XTR if gateway == STARS else "",
        tokens=pack.total,
        language=language,
        waiting=waiting,
        made_at=now,
        paid_at=None,
    )
    tx.execute(
        "INSERT INTO payment_orders (order_id, user_id, pack, gateway, amount, currency, tokens,"
        " language, waiting_chat_id, waiting_message_id, made_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order.order_id,
            user_id,
            slug,
            gateway,
            order.amount,
            order.currency,
            order.tokens,
            language,
            *(waiting or (None, None)),
            now,
        ),
    )
    return order


def order_in(tx: sqlite3.Connection, order_id: str) -> PaymentOrder | None:
    """An order as this transaction sees it."""
    row = fetch_one(tx, "SELECT * FROM payment_orders WHERE order_id = ?", (order_id,))
    if row is None:
        return None
    values = dict(row)
    chat_id, message_id = values.pop("waiting_chat_id"), values.pop("waiting_message_id")
    return PaymentOrder(**values, waiting=None if chat_id is None else (chat_id, message_id))
