"""Jobs and their items: charged when placed, moved from state to state, refunded when they fail.

Every step is a guarded UPDATE: "move on, only if still where I saw it". What moves money does so
in the same transaction.
"""

import hashlib
import logging
import sqlite3
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from providers.order import Order, Origin
from storage.announcements import Announcer, Listener, Moved, Placed
from storage.catalogue import Model, model_in
from storage.database import Database, fetch_one
from storage.errors import (
    InsufficientTokensError,
    ModelUnavailableError,
    PriceChangedError,
    StaleItemError,
    TooManyActiveItemsError,
)
from storage.inputs import forget_held
from storage.items import (
    OPEN,
    WAITING,
    Item,
    ItemStatus,
    JobView,
    Sent,
    read_item,
    read_job,
)
from storage.journal import Act, record
from storage.ledger import balance_in, charge, refund, see_user
from storage.maintenance import check_open
from storage.order_rows import COLUMNS, VALUES, row_of
from storage.prices import price_of

AGAIN_PAUSE_S = 5.0  # one repeat of a picture in so long: two presses of one thumb charge once

MESSAGES_KEPT = 5  # of the bot's that stand for one item, the latest, and the first one

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The result of a cancel: the items it ended, the tokens refunded, and what still runs."""

    moved: Sequence[Moved]
    refunded: int
    running: int
    balance: int


@dataclass(frozen=True, slots=True)
class PlacedJob:
    """A job that was charged just now."""

    job_id: int
    items: Sequence[Item]
    charged: int
    balance: int


class Jobs:
    """The tables `jobs` and `items`."""

    def __init__(self, database: Database, announcer: Announcer | None = None) -> None:
        self._database = database
        self._announcer = announcer or Announcer()

    def listen(self, *listeners: Listener) -> None:
        """Add listeners for each job that is placed and each item that moves."""
        self._announcer.listen(*listeners)

    async def replay(self, user_id: int | None = None) -> None:
        """Announce everything unfinished, of everybody or of one person, oldest first, as if
        it was placed just now: after a restart, or when a person is back."""
        for placed in await self._database.read(partial(_unfinished, user_id)):
            self._announcer.tell(placed)

    async def place(
        self,
        order: Order,
        origin: Origin,
        *,
        max_active_items: int,
        told_price: int | None = None,
        card_id: int | None = None,
    ) -> PlacedJob | None:
        """Charge the price of this moment for each item and create the job, or neither.

        The model's options of this moment go under the person's own, and under the named
        parameters.

        None, and nothing is charged, when the message already has its job: Telegram may deliver
        an update twice; or when the same button was pressed AGAIN_PAUSE_S ago or less.
        `card_id` is the message in which the person was asked, and said yes: the progress is told
        there, and a picture that came since and waits for words is not for this.

        Raises:
            MaintenanceError: no orders are taken for now.
            ModelUnavailableError: the model was switched off meanwhile.
            UnpricedValueError: a value that changes the cost has no price.
            PriceChangedError: an item costs more than the `told_price` now.
            TooManyActiveItemsError: with these the person would have too many unfinished items.
            InsufficientTokensError: the balance does not cover all items.
        """
        user_id, quantity = origin.user_id, order.quantity

        def work(tx: sqlite3.Connection) -> PlacedJob | None:
            if is_placed_in(tx, self._database.bot_id, origin):
                return None
            now = self._database.now()
            if origin.again_of is not None and _is_impatient(tx, order, origin, now):
                return None
            see_user(tx, user_id, origin.language, now)
            check_open(tx)
            model = _on_sale(tx, order.model)
            price = price_of(model, order)
            if told_price is not None and price > told_price:
                raise PriceChangedError(price)
            defaults = {k: value for k, value in model.options.items() if k not in order.named}
            _check_active(tx, user_id, quantity, max_active_items)
            balance = balance_in(tx, user_id)
            if balance < quantity * price:
                raise InsufficientTokensError(needed=quantity * price, balance=balance)
            cursor = tx.execute(
                f"INSERT INTO jobs ({COLUMNS}, bot_id, price, created_at, progress_message_id)"  # noqa: S608 - our own names
                f" VALUES ({VALUES}, :bot_id, :price, :now, :card_id)",
                {
                    **row_of(replace(order, options={**defaults, **order.options}), origin),
                    "bot_id": self._database.bot_id,
                    "price": price,
                    "now": now,
                    "card_id": card_id,
                },
            )
            job_id = int(cursor.lastrowid or 0)  # an INSERT has one
            if origin.in_private and card_id is None:
                forget_held(tx, user_id)
            elif origin.in_private and order.inputs:
                forget_held(tx, user_id, order.inputs[0])  # the rest the question has done
            tx.executemany(
                "INSERT INTO items (job_id, user_id, position, cost) VALUES (?, ?, ?, ?)",
                [(job_id, user_id, position, price) for position in range(1, quantity + 1)],
            )
            items = [read_item(row) for row in _items_of(tx, job_id)]
            charge(tx, user_id, [(item.item_id, item.cost) for item in items], now)
            return PlacedJob(job_id, items, quantity * price, balance - quantity * price)

        def then(placed: PlacedJob | None) -> None:
            if placed is not None:
                logger.info("job %d placed, %d item(s)", placed.job_id, len(placed.items))
                with_picture = bool(order.inputs)
                self._announcer.tell(Placed(placed.job_id, placed.items, with_picture, new=True))

        return await self._database.write(work, then)

    async def item(self, item_id: int) -> Item:
        """The item as it is now."""
        row = await self._database.fetch_one("SELECT * FROM items WHERE item_id = ?", (item_id,))
        if row is None:
            raise LookupError(f"item {item_id}")
        return read_item(row)

    async def owned(self, item_id: int, user_id: int) -> Item | None:
        """An item of that person's; None: there is no such item, or it is somebody else's."""
        row = await self._database.fetch_one(
            "SELECT * FROM items WHERE item_id = ? AND user_id = ?", (item_id, user_id)
        )
        return read_item(row) if row else None

    async def picture_at(
        self, chat_id: int, message_id: int, said: int | None = None
    ) -> int | None:
        """The item that a message of the bot's stands for: the picture, one sent again, its
        file, or a question about it. Where that is not noted, the item that the message is `said`
        to stand for, if it was asked for in this chat."""
        row = await self._database.fetch_one(
            "SELECT item_id FROM picture_messages WHERE chat_id = ?1 AND message_id = ?2"
            " UNION ALL SELECT item_id FROM items JOIN jobs USING (job_id)"
            " WHERE item_id = ?3 AND jobs.chat_id = ?1 LIMIT 1",
            (chat_id, message_id, said),
        )
        return row["item_id"] if row else None

    async def stands_for(self, chat_id: int, message_id: int, item_id: int) -> None:
        """Remember one more message of the bot's that stands for an item."""

        def work(tx: sqlite3.Connection) -> None:
            _stands_for(tx, chat_id, message_id, item_id)

        await self._database.write(work)

    async def view(self, job_id: int) -> JobView:
        """A job with its items and its owner's balance, for what is told to the person."""
        return await self._database.read(partial(_view, job_id))

    async def is_placed(self, chat_id: int, message_id: int) -> bool:
        """Whether the message has its job."""
        key = (self._database.bot_id, chat_id, message_id)
        return await self._database.fetch_one(PLACED, key) is not None

    async def highest_price(self, user_id: int, within_s: float) -> int:
        """What the person paid for an item, at most, in their last requests of so many seconds."""
        row = await self._database.fetch_one(
            "SELECT max(price) AS price FROM (SELECT price, created_at FROM jobs WHERE user_id = ?"
            " ORDER BY job_id DESC LIMIT 20) WHERE created_at > ?",
            (user_id, self._database.now() - within_s),
        )
        return int(row["price"] or 0) if row else 0

    async def close(self, job_id: int) -> None:
        """Record that the person was told the outcome: the job is closed."""
        await self._database.execute(
            "UPDATE jobs SET closed_at = ? WHERE job_id = ? AND closed_at IS NULL",
            (self._database.now(), job_id),
        )

    async def set_progress_message(self, job_id: int, message_id: int) -> None:
        """Store the id of the progress message, so that a restart edits it and sends no new one."""
        await self._database.execute(
            "UPDATE jobs SET progress_message_id = ? WHERE job_id = ?", (message_id, job_id)
        )

    async def input_uploaded(self, job_id: int, position: int, url: str) -> None:
        """Store where the provider can download the input picture of that position. Earlier URLs
        stay: what they lead to is removed when its person is forgotten."""
        await self._database.execute(
            "UPDATE jobs SET input_uploads ="
            " json_insert(input_uploads, '$[#]', json_array(?, ?, ?)) WHERE job_id = ?",
            (position, url, self._database.now(), job_id),
        )

    async def begin_submit(self, item: Item, *, create_after: float | None = None) -> Item:
        """Count an attempt before anything is sent: a crash in the middle leaves just that, and
        when the next attempt may be made (Unix seconds)."""
        return await self._move(
            item,
            WAITING,
            status=ItemStatus.SUBMITTING,
            attempts=item.attempts + 1,
            create_after=create_after,
        )

    async def create_lost(self, item: Item, *, create_after: float) -> Item:
        """Record that the answer was lost, and when the next attempt may be made."""
        return await self._move(item, {ItemStatus.SUBMITTING}, create_after=create_after)

    async def not_taken(self, item: Item, before: Item) -> Item:
        """The provider certainly created nothing: restore the item as it was `before`."""
        return await self._move(
            item,
            {ItemStatus.SUBMITTING},
            status=before.status,
            attempts=before.attempts,
            create_after=before.create_after,
        )

    async def task_created(self, item: Item, task_id: str) -> Item:
        """Store the provider's task id; from here on the task is never created again."""
        return await self._move(
            item,
            {ItemStatus.SUBMITTING},
            status=ItemStatus.GENERATING,
            task_id=task_id,
            submitted_at=self._database.now(),
            create_after=None,
        )

    async def result_ready(
        self,
        item: Item,
        result_url: str,
        *,
        drawn_s: float | None = None,
        credits: float | None = None,  # noqa: A002 - KIE's word
    ) -> Item:
        """Store that the provider has finished, and how long and how many credits it says that
        took."""
        return await self._move(
            item,
            {ItemStatus.GENERATING},
            status=ItemStatus.READY,
            result_url=result_url,
            drawn_s=drawn_s,
            credits=credits,
        )

    async def fetch_failed(self, item: Item) -> Item:
        """Record that the result could not be downloaded this time."""
        return await self._move(item, {ItemStatus.READY}, fetch_attempts=item.fetch_attempts + 1)

    async def result_moved(self, item: Item, result_url: str) -> Item:
        """Store the result's new URL at the provider."""
        return await self._move(item, {ItemStatus.READY}, result_url=result_url)

    async def file_kept(self, item: Item, file_key: str, *, to_store: bool) -> Item:
        """The picture was fetched and is ours now, on disk; from there it may have to be moved."""
        return await self._move(
            item,
            {ItemStatus.READY},
            file_key=file_key,
            store_after=self._database.now() if to_store else None,
        )

    async def sendings_lost(self, item_id: int, count: int) -> None:
        """So many sendings of the picture may have come into the chat: the answers were lost."""
        await self._database.execute(
            "UPDATE items SET lost_sendings = ? WHERE item_id = ?", (count, item_id)
        )

    async def delivered(self, item: Item, message_id: int, sent: Sent | None = None) -> Item:
        """Record the delivery; `sent` tells how the picture can be sent again."""
        return await self._move(
            item, {ItemStatus.READY}, sent, status=ItemStatus.DELIVERED, message_id=message_id
        )

    async def sent_again(self, item: Item, sent: Sent) -> None:
        """Record that the picture was sent once more."""

        def work(tx: sqlite3.Connection) -> None:
            _note_sent(tx, item, sent)

        await self._database.write(work)

    async def fail(self, item: Item, failure: str, detail: str, *, act: Act | None = None) -> Item:
        """End an item without a picture and give its tokens back, in one transaction; into the
        journal as well where it is an admin's act."""
        return await self._move(
            item, OPEN, act=act, status=ItemStatus.FAILED, failure=failure, failure_detail=detail
        )

    async def fail_waiting(self, job_id: int, failure: str, detail: str) -> None:
        """End all items of a job that were not sent to the provider, and refund each."""
        rows = await self._database.fetch_all(ITEMS_OF_JOB, (job_id,))
        for item in map(read_item, rows):
            if item.status is ItemStatus.QUEUED:
                with suppress(StaleItemError):  # it moved meanwhile, and is no longer waiting
                    await self.fail(item, failure, detail)

    async def cancel(self, user_id: int, job_id: int | None = None) -> Cancelled:
        """Cancel and refund the person's items that were not sent to the provider yet.

        Of one job, or of all. Safe to repeat: the second time there is nothing left to cancel.
        """

        def work(tx: sqlite3.Connection) -> Cancelled:
            rows = tx.execute(
                "SELECT * FROM items WHERE user_id = ? AND (? IS NULL OR job_id = ?)"
                " AND status NOT IN ('delivered', 'failed', 'cancelled')",
                (user_id, job_id, job_id),
            )
            active = [read_item(row) for row in rows]
            queued = [item for item in active if item.status is ItemStatus.QUEUED]
            now = self._database.now()
            tx.executemany(
                "UPDATE items SET status = 'cancelled', finished_at = ? WHERE item_id = ?",
                [(now, item.item_id) for item in queued],
            )
            for item in queued:
                refund(tx, user_id, item.item_id, item.cost, now)
            cancelled = ItemStatus.CANCELLED
            return Cancelled(
                moved=[
                    Moved(
                        item,
                        replace(item, status=cancelled, finished_at=now),
                        _model_of(tx, item),
                    )
                    for item in queued
                ],
                refunded=sum(item.cost for item in queued),
                running=len(active) - len(queued),
                balance=balance_in(tx, user_id),
            )

        def then(cancelled: Cancelled) -> None:
            for moved in cancelled.moved:
                self._announcer.tell(moved)

        return await self._database.write(work, then)

    async def recent_durations(self, limit: int) -> list[tuple[str, float, float | None]]:
        """Of the last pictures that were fetched at once: the model, seconds from the create to the
        picture in the chat, and of these what the provider took, as it says."""
        rows = await self._database.fetch_all(
            "SELECT jobs.model, items.finished_at - items.submitted_at AS seconds, drawn_s FROM"
            " (SELECT * FROM items WHERE status = 'delivered' AND fetch_attempts = 0"
            " ORDER BY item_id DESC LIMIT ?)"
            " AS items JOIN jobs USING (job_id) ORDER BY items.item_id",
            (limit,),
        )
        return [(row["model"], row["seconds"], row["drawn_s"]) for row in rows]

    async def _move(
        self,
        item: Item,
        seen: AbstractSet[ItemStatus],
        sent: Sent | None = None,
        act: Act | None = None,
        **changes: Any,
    ) -> Item:
        """Move the item on if it is still as the caller saw it, and was `seen` in a right state.

        Raises:
            StaleItemError: it is not; nothing was changed.
        """
        if item.status not in seen:
            raise StaleItemError(f"item {item.item_id} is {item.status}")
        moved = replace(item, **changes)
        if moved.status.ended:
            moved = replace(moved, finished_at=self._database.now())

        def work(tx: sqlite3.Connection) -> Moved:
            cursor = tx.execute(
                "UPDATE items SET status = ?, attempts = ?, create_after = ?, task_id = ?,"
                " submitted_at = ?, drawn_s = ?, credits = ?, result_url = ?,"
                " fetch_attempts = ?, file_key = ?, store_after = coalesce(?, store_after),"
                " message_id = ?, failure = ?, failure_detail = ?, finished_at = ?"
                " WHERE item_id = ? AND status = ? AND attempts = ? AND task_id IS ?"
                " AND file_key IS ?",
                (
                    moved.status,
                    moved.attempts,
                    moved.create_after,
                    moved.task_id,
                    moved.submitted_at,
                    moved.drawn_s,
                    moved.credits,
                    moved.result_url,
                    moved.fetch_attempts,
                    moved.file_key,
                    # Only when it was set just now: the uploader moves on by itself.
                    moved.store_after if moved.file_key != item.file_key else None,
                    moved.message_id,
                    moved.failure,
                    moved.failure_detail,
                    moved.finished_at,
                    item.item_id,
                    item.status,
                    item.attempts,
                    item.task_id,
                    item.file_key,
                ),
            )
            if cursor.rowcount == 0:
                raise StaleItemError(f"item {item.item_id} is no longer {item.status}")
            if moved.status in {ItemStatus.FAILED, ItemStatus.CANCELLED}:
                refund(tx, item.user_id, item.item_id, item.cost, self._database.now())
            if sent is not None:
                _note_sent(tx, item, sent)
            if act is not None:
                record(
                    tx,
                    act,
                    "fail",
                    subject=str(item.user_id),
                    before=f"image {item.item_id} {item.status}",
                    after=f"{moved.status}, refunded {item.cost}",
                    now=self._database.now(),
                )
            return Moved(item, moved, _model_of(tx, item))

        await self._database.write(work, self._announcer.tell)
        return moved


# Under one picture there are buttons for several models, and for several values of one.
SAME_BUTTON = "again_of = :again_of AND model = :model AND params = :params"
PLACED = "SELECT 1 FROM jobs WHERE bot_id = ? AND chat_id = ? AND message_id = ?"
UNFINISHED = (
    "SELECT job_id, input_file_id IS NOT NULL AS with_picture FROM jobs WHERE job_id IN"
    " (SELECT job_id FROM jobs WHERE closed_at IS NULL UNION SELECT job_id FROM items"
    " WHERE status NOT IN ('delivered', 'failed', 'cancelled'))"
    " AND (?1 IS NULL OR user_id = ?1) ORDER BY job_id"
)
ITEMS_OF_JOB = "SELECT * FROM items WHERE job_id = ? ORDER BY position"


def is_placed_in(tx: sqlite3.Connection, bot_id: int, origin: Origin) -> bool:
    """Whether the message has its job."""
    return fetch_one(tx, PLACED, (bot_id, origin.chat_id, origin.message_id)) is not None


def _unfinished(user_id: int | None, connection: sqlite3.Connection) -> list[Placed]:
    """Jobs with an unfinished item, and those whose outcome was not told yet."""
    return [
        Placed(
            row["job_id"],
            [read_item(each) for each in _items_of(connection, row["job_id"])],
            bool(row["with_picture"]),
        )
        for row in connection.execute(UNFINISHED, (user_id,)).fetchall()
    ]


def _model_of(tx: sqlite3.Connection, item: Item) -> str:
    row = fetch_one(tx, "SELECT model FROM jobs WHERE job_id = ?", (item.job_id,))
    return str(row["model"]) if row else ""


def _view(job_id: int, tx: sqlite3.Connection) -> JobView:
    # Items first: the balance is then at least as new, and has the refund of each that failed.
    items = [read_item(row) for row in _items_of(tx, job_id)]
    row = fetch_one(
        tx,
        "SELECT jobs.*, users.balance FROM jobs JOIN users USING (user_id) WHERE job_id = ?",
        (job_id,),
    )
    model = model_in(tx, row["model"]) if row else None
    if row is None or model is None:
        raise LookupError(f"job {job_id}")
    return JobView(read_job(row, len(items)), items, model, row["balance"])


def _on_sale(tx: sqlite3.Connection, slug: str) -> Model:
    """The model at the moment of charging, whatever the caller read before."""
    model = model_in(tx, slug)
    if model is None or not model.enabled:
        raise ModelUnavailableError(slug)
    return model


def _check_active(tx: sqlite3.Connection, user_id: int, quantity: int, limit: int) -> None:
    row = fetch_one(
        tx,
        "SELECT count(*) AS active FROM items WHERE user_id = ?"
        " AND status NOT IN ('delivered', 'failed', 'cancelled')",
        (user_id,),
    )
    active = int(row["active"]) if row else 0
    if active + quantity > limit:
        raise TooManyActiveItemsError(active=active, limit=limit)


def press_key(query_id: str) -> int:
    """A press of a button in place of a message id: below 0, as no message's is."""
    digest = hashlib.sha256(query_id.encode("utf-8", "surrogatepass")).digest()
    return -1 - int.from_bytes(digest[:7], "big")


def _is_impatient(tx: sqlite3.Connection, order: Order, origin: Origin, now: float) -> bool:
    """Whether that button was pressed a moment ago: a thumb that pressed twice."""
    # On both sides of now: the clock may have been put back since.
    row = fetch_one(
        tx,
        f"SELECT 1 FROM jobs WHERE {SAME_BUTTON}"  # noqa: S608 - our own words
        " AND created_at BETWEEN :now - :pause_s AND :now + :pause_s",
        {**row_of(order, origin), "now": now, "pause_s": AGAIN_PAUSE_S},
    )
    return row is not None


def _note_sent(tx: sqlite3.Connection, item: Item, sent: Sent) -> None:
    if sent.file_id:
        tx.execute(
            "UPDATE items SET sent_file_id = ?, sent_as = ? WHERE item_id = ? AND user_id > 0",
            (sent.file_id, sent.kind, item.item_id),
        )
    if sent.message_id:
        _stands_for(tx, sent.chat_id, sent.message_id, item.item_id)


def _stands_for(tx: sqlite3.Connection, chat_id: int, message_id: int, item_id: int) -> None:
    # Of a person who was forgotten while the message was on its way, nothing is kept.
    tx.execute(
        "INSERT OR REPLACE INTO picture_messages (chat_id, message_id, item_id)"
        " SELECT ?, ?, item_id FROM items WHERE item_id = ? AND user_id > 0",
        (chat_id, message_id, item_id),
    )
    tx.execute(
        "DELETE FROM picture_messages WHERE item_id = ?1 AND message_id NOT IN"
        " (SELECT message_id FROM picture_messages WHERE item_id = ?1"
        " ORDER BY message_id DESC LIMIT ?2) AND message_id IS NOT"
        " (SELECT message_id FROM items WHERE item_id = ?1)",
        (item_id, MESSAGES_KEPT),
    )


def _items_of(tx: sqlite3.Connection, job_id: int) -> Sequence[sqlite3.Row]:
    return list(tx.execute(ITEMS_OF_JOB, (job_id,)))
