"""Read-only rows of jobs and items, and the states of an item."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from providers.base import Media
from providers.order import Order, Origin
from storage.catalogue import Model
from storage.errors import UnpricedValueError
from storage.order_rows import order_in, origin_in
from storage.prices import price_of


class ItemStatus(StrEnum):
    """The state of an item."""

    QUEUED = "queued"  # paid, waiting for its turn
    SUBMITTING = "submitting"  # the create is on its way: nobody knows whether it was taken
    GENERATING = "generating"  # the provider's task id is known
    READY = "ready"  # the result is known: fetched, kept and sent from here
    DELIVERED = "delivered"  # Telegram took it
    FAILED = "failed"  # no picture; refunded
    CANCELLED = "cancelled"  # taken back before it was sent to the provider; refunded

    @property
    def ended(self) -> bool:
        """Whether nothing happens to the item any more."""
        return self in {ItemStatus.DELIVERED, ItemStatus.FAILED, ItemStatus.CANCELLED}


WAITING = frozenset({ItemStatus.QUEUED, ItemStatus.SUBMITTING})
LATE_ATTEMPTS = 3  # to fetch a result: some seconds
# As what Telegram took a result; a link: where it is, for it was too large.
SentAs = Literal["photo", "video", "document", "link"]
OPEN = frozenset(status for status in ItemStatus if not status.ended)


@dataclass(frozen=True, slots=True)
class InputUpload:
    """Where the provider finds a picture to start from; such an address may not last."""

    position: int  # among the order's inputs, from 0
    url: str
    uploaded_at: float


@dataclass(frozen=True, slots=True)
class Job:
    """An order that was charged."""

    job_id: int
    order: Order
    origin: Origin
    price: int  # of one item
    created_at: float
    closed_at: float | None
    progress_message_id: int | None
    uploads: Sequence[InputUpload]  # of what it starts from, the latest last


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a job, as it was when read."""

    item_id: int
    job_id: int
    user_id: int
    position: int
    cost: int
    status: ItemStatus
    attempts: int
    task_id: str | None
    submitted_at: float | None
    result_url: str | None
    file_key: str | None
    message_id: int | None
    failure: str | None
    failure_detail: str
    finished_at: float | None
    stored_url: str | None
    store_attempts: int
    store_after: float | None
    sent_file_id: str | None
    sent_as: SentAs | None
    drawn_s: float | None
    create_after: float | None
    fetch_attempts: int
    lost_sendings: int
    credits: float | None

    @property
    def comes_late(self) -> bool:
        """Whether the result exists, but its download keeps failing."""
        waits = self.status is ItemStatus.READY and self.file_key is None
        return waits and self.fetch_attempts >= LATE_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Sent:
    """A result as it came into a chat: its message, and Telegram's file to send it again by. The
    one is 0 and the other empty where Telegram's answer did not tell."""

    chat_id: int
    message_id: int
    file_id: str
    kind: SentAs


@dataclass(frozen=True, slots=True)
class JobView:
    """A job with its items in order and the balance now, for everything that is said about it."""

    job: Job
    items: Sequence[Item]
    model: Model
    balance: int

    @property
    def order(self) -> Order:
        """What was asked for."""
        return self.job.order

    @property
    def origin(self) -> Origin:
        """Who asked, and where."""
        return self.job.origin

    @property
    def price_now(self) -> int:
        """What an item would cost today; where its values are not on sale, what it did cost."""
        try:
            return price_of(self.model, replace(self.order, named=frozenset(self.model.options)))
        except UnpricedValueError:
            return self.job.price

    @property
    def media(self) -> Media:
        """What its items are."""
        return self.model.product.media

    @property
    def ended(self) -> bool:
        """Whether nothing happens to any of its items any more."""
        return all(item.status.ended for item in self.items)


def read_job(row: sqlite3.Row, quantity: int) -> Job:
    """The job in a row with at least all columns of `jobs`, and the number of its items."""
    return Job(
        job_id=row["job_id"],
        order=order_in(row, quantity),
        origin=origin_in(row),
        price=row["price"],
        created_at=row["created_at"],
        closed_at=row["closed_at"],
        progress_message_id=row["progress_message_id"],
        uploads=uploads_in(row),
    )


def uploads_in(row: sqlite3.Row) -> list[InputUpload]:
    """From a row of `jobs`: each that was made, the latest last."""
    uploads = [InputUpload(*each) for each in json.loads(row["input_uploads"])]
    if row["input_url"] is not None:  # made before there could be several
        uploads.insert(0, InputUpload(0, row["input_url"], row["input_uploaded_at"]))
    return uploads


def read_item(row: sqlite3.Row) -> Item:
    """The item in a row of `items`."""
    return Item(**{**dict(row), "status": ItemStatus(row["status"])})
